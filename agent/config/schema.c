// SPDX-License-Identifier: MIT
/* schema - every key of a config, one row each */
#include "config/schema.h"

#include <stdbool.h>

#include "config/draft.h"
#include "config/keys.h"
#include "config/names.h"

#define KIB ((uint64_t)1 << 10)
#define GIB ((uint64_t)1 << 30)
#define TIB ((uint64_t)1 << 40)

#define TABLE(name, place, list)                           \
	const struct schema_table name = {                 \
		.path = (place),                           \
		.rows = (list),                            \
		.count = sizeof(list) / sizeof((list)[0]), \
	}

/* clang-format off */

/* services.NAME.ports[n], long form */
#define FIELD(name) .offset = offsetof(struct long_port, name)
static const struct option port_rows[] = {
	{ "target",       KIND_TEXT, FIELD(target), 1, 11 },
	{ "published",    KIND_TEXT, FIELD(published), 1, 11, .zero_is_none = true },
	{ "protocol",     KIND_TEXT, FIELD(protocol), 1, 4, .zero_is_none = true },
	{ "host_ip",      KIND_TEXT, FIELD(host_ip), 1, 45, .zero_is_none = true },
	{ "mode",         KIND_TEXT, FIELD(mode), 1, 16 },
	{ "name",         KIND_SILENT, .note = "for people only" },
	{ "app_protocol", KIND_SILENT, .note = "for people only" },
};
#undef FIELD
TABLE(schema_port, "services.NAME.ports[]", port_rows);

/* services.NAME.volumes[n], long form */
#define FIELD(name) .offset = offsetof(struct long_mount, name)
static const struct option bind_rows[] = {
	{ "create_host_path", KIND_SILENT, .note = "files must be there" },
	{ "selinux",          KIND_SILENT, .note = "there is no SELinux" },
	{ "propagation",      KIND_NOT_YET, .note = "mounts are private, remove it" },
	{ "recursive",        KIND_SILENT, .note = "nothing is mounted below" },
};
static TABLE(bind_table, "services.NAME.volumes[].bind", bind_rows);

static const struct option named_rows[] = {
	{ "nocopy",  KIND_BOOL, FIELD(no_copy) },
	{ "labels",  KIND_IGNORED, .note = "labels of volumes are not kept" },
	{ "subpath", KIND_NOT_YET, .note = "declare a volume of its own" },
};
static TABLE(named_table, "services.NAME.volumes[].volume", named_rows);

static const struct option tmpfs_rows[] = {
	{ "size", KIND_BYTES, FIELD(size_bytes), 4 * KIB, TIB },
	{ "mode", KIND_MODE,  FIELD(mode) },
};
static TABLE(tmpfs_table, "services.NAME.volumes[].tmpfs", tmpfs_rows);

static const struct option mount_rows[] = {
	{ "type",        KIND_TEXT, FIELD(type), 1, 16 },
	{ "source",      KIND_TEXT, FIELD(source), 1, 255 },
	{ "target",      KIND_TEXT, FIELD(target), 1, 4095 },
	{ "read_only",   KIND_BOOL, FIELD(read_only) },
	{ "bind",        KIND_MAP, .table = &bind_table, .example = "{create_host_path: false}" },
	{ "volume",      KIND_MAP, .table = &named_table, .example = "{nocopy: true}" },
	{ "tmpfs",       KIND_MAP, .table = &tmpfs_table, .example = "{size: 64m}" },
	{ "consistency", KIND_SILENT, .note = "for other systems" },
	{ "image",       KIND_NOT_YET, .note = "copy the files into a named volume" },
};
#undef FIELD
TABLE(schema_mount, "services.NAME.volumes[]", mount_rows);

/* services.NAME.env_file[n], long form */
#define FIELD(name) .offset = offsetof(struct long_env_file, name)
static const struct option env_file_rows[] = {
	{ "path",     KIND_TEXT, FIELD(path), 1, 255 },
	{ "required", KIND_BOOL, FIELD(required) },
	{ "format",   KIND_TEXT, FIELD(format), 1, 16 },
};
#undef FIELD
TABLE(schema_env_file, "services.NAME.env_file[]", env_file_rows);

/* services.NAME.depends_on.NAME */
#define FIELD(name) .offset = offsetof(struct long_dependency, name)
static const struct option dependency_rows[] = {
	{ "condition", KIND_TEXT, FIELD(condition), 1, 64 },
	{ "restart",   KIND_BOOL, FIELD(restart) },
	{ "required",  KIND_BOOL, FIELD(required) },
};
#undef FIELD
TABLE(schema_dependency, "services.NAME.depends_on.NAME", dependency_rows);

/* services.NAME.devices[n], long form */
#define FIELD(name) .offset = offsetof(struct long_device, name)
static const struct option device_rows[] = {
	{ "source",      KIND_TEXT, FIELD(source), 1, 4095 },
	{ "target",      KIND_TEXT, FIELD(target), 1, 4095 },
	{ "permissions", KIND_TEXT, FIELD(permissions), 1, 3 },
};
#undef FIELD
TABLE(schema_device, "services.NAME.devices[]", device_rows);

/* services.NAME.blkio_config and the items of its lists */
#define FIELD(name) .offset = offsetof(struct long_block, name)
static const struct option block_weight_rows[] = {
	{ "path",   KIND_TEXT, FIELD(path), 1, 4095, .check = name_check_device },
	{ "weight", KIND_COUNT, FIELD(value), 10, 1000 },
};
TABLE(schema_block_weight, "services.NAME.blkio_config.weight_device[]", block_weight_rows);

static const struct option block_bps_rows[] = {
	{ "path", KIND_TEXT, FIELD(path), 1, 4095, .check = name_check_device },
	{ "rate", KIND_BYTES, FIELD(value), 1, TIB },
};
TABLE(schema_block_bps, "services.NAME.blkio_config.device_read_bps[]", block_bps_rows);

static const struct option block_iops_rows[] = {
	{ "path", KIND_TEXT, FIELD(path), 1, 4095, .check = name_check_device },
	{ "rate", KIND_COUNT, FIELD(value), 1, UINT32_MAX },
};
#undef FIELD
TABLE(schema_block_iops, "services.NAME.blkio_config.device_read_iops[]", block_iops_rows);

#define FIELD(name) .offset = offsetof(struct draft_service, service.name)
static const struct option block_rows[] = {
	{ "weight",            KIND_COUNT, FIELD(block_weight), 10, 1000 },
	{ "weight_device",     KIND_CUSTOM, .read = read_weight_device },
	{ "device_read_bps",   KIND_CUSTOM, .read = read_read_bps },
	{ "device_read_iops",  KIND_CUSTOM, .read = read_read_iops },
	{ "device_write_bps",  KIND_CUSTOM, .read = read_write_bps },
	{ "device_write_iops", KIND_CUSTOM, .read = read_write_iops },
};
#undef FIELD
static TABLE(block_table, "services.NAME.blkio_config", block_rows);

/* services.NAME.deploy */
#define FIELD(name) .offset = offsetof(struct draft_service, deploy.name)
static const struct option limits_rows[] = {
	{ "cpus",   KIND_MILLI, FIELD(cpus_milli), 10, 8192000, .zero_is_none = true },
	{ "memory", KIND_BYTES, FIELD(memory_bytes), 1024 * KIB, 64 * TIB },
	{ "pids",   KIND_CUSTOM, .read = read_deploy_pids },
};
static TABLE(limits_table, "services.NAME.deploy.resources.limits", limits_rows);

static const struct option reservations_rows[] = {
	{ "memory",            KIND_BYTES, FIELD(reserved_memory_bytes), 1024 * KIB, 64 * TIB },
	{ "cpus",              KIND_IGNORED, .note = "CPUs are shared by 'cpu_shares:', not reserved" },
	{ "devices",           KIND_NOT_YET, .note = "write 'devices:' in the service" },
	{ "generic_resources", KIND_NOT_YET, .note = "remove it" },
};
#undef FIELD
static TABLE(reservations_table, "services.NAME.deploy.resources.reservations", reservations_rows);

static const struct option resources_rows[] = {
	{ "limits",       KIND_MAP, .table = &limits_table, .example = "{cpus: 0.5, memory: 128m}" },
	{ "reservations", KIND_MAP, .table = &reservations_table, .example = "{memory: 64m}" },
};
static TABLE(resources_table, "services.NAME.deploy.resources", resources_rows);

static const struct option deploy_rows[] = {
	{ "resources",       KIND_MAP, .table = &resources_table, .example = "{limits: {memory: 128m}}" },
	{ "replicas",        KIND_CUSTOM, .read = read_replicas },
	{ "endpoint_mode",   KIND_TEXT, .offset = offsetof(struct draft_service, endpoint_mode), 1, 16 },
	{ "labels",          KIND_SILENT, .note = "for the platform only" },
	{ "mode",            KIND_SILENT, .note = "there is one machine" },
	{ "placement",       KIND_IGNORED, .note = "there is one machine" },
	{ "rollback_config", KIND_IGNORED, .note = "a service is replaced at once" },
	{ "update_config",   KIND_IGNORED, .note = "a service is replaced at once" },
	{ "restart_policy",  KIND_NOT_YET, .note = "write 'restart:' in the service" },
};
static TABLE(deploy_table, "services.NAME.deploy", deploy_rows);

/* services.NAME.healthcheck */
#define FIELD(name) .offset = offsetof(struct draft_service, service.healthcheck.name)
static const struct option health_rows[] = {
	{ "test",           KIND_CUSTOM, .read = read_health_test },
	{ "interval",       KIND_DURATION, FIELD(interval_ms), 100, 86400000, .zero_means = "30s" },
	{ "timeout",        KIND_DURATION, FIELD(timeout_ms), 100, 86400000, .zero_means = "30s" },
	{ "retries",        KIND_COUNT, FIELD(retries), 1, 1000, .zero_means = "3" },
	{ "start_period",   KIND_DURATION, FIELD(start_period_ms), 0, 86400000 },
	{ "start_interval", KIND_DURATION, FIELD(start_interval_ms), 100, 86400000, .zero_means = "5s" },
	{ "disable",        KIND_BOOL, .offset = offsetof(struct draft_service, disables_health) },
};
#undef FIELD
static TABLE(health_table, "services.NAME.healthcheck", health_rows);

/* services.NAME.networks.NAME */
static const struct option attachment_rows[] = {
	{ "aliases",        KIND_CUSTOM, .read = read_aliases },
	{ "ipv4_address",   KIND_CUSTOM, .read = read_ipv4_address },
	{ "ipv6_address",   KIND_CUSTOM, .read = read_ipv6_address },
	{ "mac_address",    KIND_CUSTOM, .read = read_attachment_mac },
	{ "priority",       KIND_CUSTOM, .read = read_priority },
	{ "gw_priority",    KIND_CUSTOM, .read = read_gw_priority },
	{ "interface_name", KIND_TEXT, .offset = offsetof(struct draft_attachment, attachment.interface_name), 1, 63, .check = name_check_interface },
	{ "driver_opts",    KIND_IGNORED, .note = "no driver has options for one service" },
	{ "link_local_ips", KIND_NOT_YET, .note = "remove it" },
};
TABLE(schema_attachment, "services.NAME.networks.NAME", attachment_rows);

/* services.NAME */
#define FIELD(name) .offset = offsetof(struct draft_service, service.name)
static const struct option service_rows[] = {
	{ "image",             KIND_TEXT, FIELD(image), 1, 512, .check = name_check_image },
	{ "command",           KIND_CUSTOM, .read = read_command },
	{ "entrypoint",        KIND_CUSTOM, .read = read_entrypoint },
	{ "environment",       KIND_CUSTOM, .read = read_environment },
	{ "env_file",          KIND_CUSTOM, .read = read_env_file },
	{ "working_dir",       KIND_TEXT, FIELD(working_dir), 1, 4095, .check = name_check_path, .zero_is_none = true },
	{ "user",              KIND_TEXT, FIELD(user), 1, 255, .check = name_check_user, .zero_is_none = true },
	{ "container_name",    KIND_TEXT, .offset = offsetof(struct draft_service, container_name), 1, 63, .check = name_check_network, .zero_is_none = true },
	{ "hostname",          KIND_TEXT, FIELD(hostname), 1, 63, .check = name_check_hostname, .zero_is_none = true },
	{ "restart",           KIND_CUSTOM, .read = read_restart },
	{ "network_mode",      KIND_CUSTOM, .read = read_network_mode },
	{ "networks",          KIND_CUSTOM, .read = read_attachments },
	{ "mac_address",       KIND_CUSTOM, .read = read_mac_address },
	{ "dns",               KIND_CUSTOM, .read = read_dns },
	{ "dns_search",        KIND_CUSTOM, .read = read_dns_search },
	{ "dns_opt",           KIND_CUSTOM, .read = read_dns_opt },
	{ "extra_hosts",       KIND_CUSTOM, .read = read_extra_hosts },
	{ "links",             KIND_CUSTOM, .read = read_links },
	{ "expose",            KIND_CUSTOM, .read = read_expose },
	{ "healthcheck",       KIND_MAP, .table = &health_table, .example = "{test: \"curl -f http://localhost/\", interval: 10s}" },
	{ "ports",             KIND_CUSTOM, .read = read_ports },
	{ "volumes",           KIND_CUSTOM, .read = read_mounts },
	{ "tmpfs",             KIND_CUSTOM, .read = read_tmpfs },
	{ "read_only",         KIND_BOOL, FIELD(read_only) },
	{ "mem_limit",         KIND_BYTES, FIELD(mem_limit_bytes), 1024 * KIB, 64 * TIB },
	{ "cpus",              KIND_MILLI, FIELD(cpus_milli), 10, 8192000, .zero_is_none = true },
	{ "pids_limit",        KIND_CUSTOM, .read = read_pids_limit },
	{ "cap_add",           KIND_CUSTOM, .read = read_cap_add },
	{ "cap_drop",          KIND_CUSTOM, .read = read_cap_drop },
	{ "privileged",        KIND_BOOL, FIELD(privileged) },
	{ "security_opt",      KIND_CUSTOM, .read = read_security_opt },
	{ "stop_signal",       KIND_SIGNAL, FIELD(stop_signal) },
	{ "stop_grace_period", KIND_DURATION, FIELD(stop_grace_ms), 0, 86400000, .preset = "10s" },
	{ "depends_on",        KIND_CUSTOM, .read = read_depends_on },
	{ "labels",            KIND_CUSTOM, .read = read_labels },
	{ "init",              KIND_BOOL, FIELD(has_init) },
	{ "tty",               KIND_BOOL, FIELD(has_terminal) },
	{ "stdin_open",        KIND_BOOL, FIELD(keeps_stdin_open) },
	{ "group_add",         KIND_CUSTOM, .read = read_group_add },

	{ "userns_mode",       KIND_CUSTOM, .read = read_userns },
	{ "pid",               KIND_CUSTOM, .read = read_pid },
	{ "ipc",               KIND_CUSTOM, .read = read_ipc },
	{ "uts",               KIND_CUSTOM, .read = read_uts },
	{ "cgroup",            KIND_CUSTOM, .read = read_cgroup },
	{ "cgroup_parent",     KIND_TEXT, FIELD(cgroup_parent), 1, 63, .check = name_check_cgroup },
	{ "devices",           KIND_CUSTOM, .read = read_devices },
	{ "device_cgroup_rules", KIND_CUSTOM, .read = read_device_rules },
	{ "sysctls",           KIND_CUSTOM, .read = read_sysctls },

	{ "mem_reservation",   KIND_BYTES, FIELD(mem_reservation_bytes), 1024 * KIB, 64 * TIB },
	{ "memswap_limit",     KIND_CUSTOM, .read = read_memswap_limit },
	{ "shm_size",          KIND_BYTES, FIELD(shm_size_bytes), 4 * KIB, TIB },
	{ "cpu_shares",        KIND_COUNT, FIELD(cpu_shares), 2, 262144 },
	{ "cpu_quota",         KIND_CUSTOM, .read = read_cpu_quota },
	{ "cpu_period",        KIND_COUNT, FIELD(cpu_period_us), 1000, 1000000 },
	{ "cpuset",            KIND_TEXT, FIELD(cpuset), 1, 255, .check = name_check_cpus },
	{ "blkio_config",      KIND_MAP, .table = &block_table, .example = "{weight: 500}" },
	{ "ulimits",           KIND_CUSTOM, .read = read_ulimits },
	{ "oom_score_adj",     KIND_CUSTOM, .read = read_oom_score_adj },
	{ "deploy",            KIND_MAP, .table = &deploy_table, .example = "{replicas: 2}" },
	{ "scale",             KIND_CUSTOM, .read = read_scale },

	{ "build",             KIND_NEVER,
	  .note = "a Tare machine builds no images; build elsewhere and name the result with 'image:'" },
	{ "develop",           KIND_NEVER,
	  .note = "a Tare machine is no place to develop on; remove the key" },
	{ "provider",          KIND_NEVER,
	  .note = "a Tare machine runs no programs but those of images; use 'image:'" },
	{ "credential_spec",   KIND_NEVER, .note = "this is for Windows only; remove the key" },
	{ "isolation",         KIND_NEVER, .note = "this is for Windows only; remove the key" },
	{ "cpu_count",         KIND_NEVER, .note = "this is for Windows only; write 'cpus:'" },
	{ "cpu_percent",       KIND_NEVER, .note = "this is for Windows only; write 'cpus:'" },
	{ "cpu_rt_period",     KIND_NEVER, .note = "cgroup v2 has no such limit; write 'cpus:'" },
	{ "cpu_rt_runtime",    KIND_NEVER, .note = "cgroup v2 has no such limit; write 'cpus:'" },
	{ "mem_swappiness",    KIND_NEVER, .note = "cgroup v2 has no such setting, and there is no swap; remove the key" },
	{ "oom_kill_disable",  KIND_NEVER, .note = "cgroup v2 has no such setting; remove the key" },
	{ "runtime",           KIND_NEVER, .note = "the runtime is part of Tare; remove the key" },
	{ "storage_opt",       KIND_NEVER, .note = "there are no storage drivers; remove the key" },
	{ "use_api_socket",    KIND_NEVER, .note = "there is no Docker socket to give; remove the key" },
	{ "external_links",    KIND_NEVER, .note = "nothing runs outside of the config; remove the key" },

	{ "attach",            KIND_SILENT, .note = "there is no terminal to attach to" },
	{ "annotations",       KIND_IGNORED, .note = "annotations are not kept" },
	{ "logging",           KIND_IGNORED, .note = "logs go to the data partition, one file per service" },
	{ "platform",          KIND_IGNORED, .note = "the machine's own platform is used" },
	{ "pull_policy",       KIND_IGNORED, .note = "images come from archives, nothing is pulled yet" },
	{ "pull_refresh_after", KIND_IGNORED, .note = "images come from archives, nothing is pulled yet" },

	{ "configs",           KIND_NOT_YET, .note = "mount the file, write 'volumes: [\"./file:/path:ro\"]'" },
	{ "domainname",        KIND_NOT_YET, .note = "write it behind the 'hostname:'" },
	{ "extends",           KIND_NOT_YET, .note = "use an anchor and '<<: *name'" },
	{ "gpus",              KIND_NOT_YET, .note = "write 'devices:'" },
	{ "label_file",        KIND_NOT_YET, .note = "write 'labels:'" },
	{ "models",            KIND_NOT_YET, .note = "run the model server as a service" },
	{ "post_start",        KIND_NOT_YET, .note = "let the command do it" },
	{ "pre_stop",          KIND_NOT_YET, .note = "let the command do it when it gets its 'stop_signal:'" },
	{ "profiles",          KIND_NOT_YET, .note = "every service starts; remove the key, or the service" },
	{ "secrets",           KIND_NOT_YET, .note = "mount the file, write 'volumes: [\"./file:/run/secrets/name:ro\"]'" },
	{ "volumes_from",      KIND_NOT_YET, .note = "name the same volume in both services" },
};
#undef FIELD
TABLE(schema_service, "services.NAME", service_rows);

/* volumes.NAME */
#define FIELD(name) .offset = offsetof(struct volume_options, name)
static const struct option volume_rows[] = {
	{ "driver",      KIND_TEXT, FIELD(driver), 1, 255 },
	{ "external",    KIND_BOOL, FIELD(external) },
	{ "labels",      KIND_IGNORED, .note = "labels of volumes are not kept" },
	{ "driver_opts", KIND_NOT_YET, .note = "all volumes are folders on the data partition, remove it" },
	{ "name",        KIND_NOT_YET, .note = "a volume has the name of its key" },
};
#undef FIELD
TABLE(schema_volume, "volumes.NAME", volume_rows);

/* networks.NAME.ipam.config[n] */
static const struct option pool_rows[] = {
	{ "subnet",        KIND_CUSTOM, .read = read_subnet },
	{ "gateway",       KIND_CUSTOM, .read = read_gateway },
	{ "ip_range",      KIND_CUSTOM, .read = read_ip_range },
	{ "aux_addresses", KIND_CUSTOM, .read = read_aux_addresses },
};
TABLE(schema_pool, "networks.NAME.ipam.config[]", pool_rows);

/* networks.NAME */
#define FIELD(name) .offset = offsetof(struct draft_network, name)
static const struct option ipam_rows[] = {
	{ "driver",  KIND_TEXT, FIELD(ipam_driver), 1, 63 },
	{ "config",  KIND_CUSTOM, .read = read_pools },
	{ "options", KIND_IGNORED, .note = "there are no options for giving out addresses" },
};
static TABLE(ipam_table, "networks.NAME.ipam", ipam_rows);

static const struct option network_rows[] = {
	{ "driver",      KIND_TEXT, FIELD(driver), 1, 63 },
	{ "driver_opts", KIND_CUSTOM, .read = read_driver_opts },
	{ "internal",    KIND_BOOL, FIELD(network.is_internal) },
	{ "enable_ipv4", KIND_BOOL, FIELD(network.has_ipv4), .preset = "true" },
	{ "enable_ipv6", KIND_BOOL, FIELD(network.has_ipv6) },
	{ "ipam",        KIND_MAP, .table = &ipam_table, .example = "{config: [{subnet: 172.20.0.0/16}]}" },
	{ "external",    KIND_CUSTOM, .read = read_network_external },
	{ "name",        KIND_TEXT, FIELD(given_name), 1, 63, .check = name_check_network },
	{ "attachable",  KIND_SILENT, .note = "nothing runs outside of the config" },
	{ "labels",      KIND_IGNORED, .note = "labels of networks are not kept" },
};
#undef FIELD
TABLE(schema_network, "networks.NAME", network_rows);

/* host.network.NAME */
static const struct option route_rows[] = {
	{ "to",     KIND_CUSTOM, .read = read_route_to },
	{ "via",    KIND_CUSTOM, .read = read_route_via },
	{ "metric", KIND_COUNT, .offset = offsetof(struct draft_route, route.metric), 0, UINT32_MAX },
};
TABLE(schema_route, "host.network.NAME.routes[]", route_rows);

#define FIELD(name) .offset = offsetof(struct host_peer, name)
static const struct option peer_rows[] = {
	{ "public_key",         KIND_CUSTOM, .read = read_public_key },
	{ "endpoint",           KIND_CUSTOM, .read = read_endpoint },
	{ "allowed_ips",        KIND_CUSTOM, .read = read_allowed_ips },
	{ "keepalive",          KIND_COUNT, FIELD(keepalive_s), 0, UINT16_MAX },
	{ "preshared_key_file", KIND_CUSTOM, .read = read_preshared_key_file },
};
#undef FIELD
TABLE(schema_peer, "host.network.NAME.wireguard.peers[]", peer_rows);

#define FIELD(name) .offset = offsetof(struct draft_host_link, link.name)
static const struct option match_rows[] = {
	{ "mac", KIND_CUSTOM, .read = read_match_mac },
};
static TABLE(match_table, "host.network.NAME.match", match_rows);

static const struct option vlan_rows[] = {
	{ "parent", KIND_CUSTOM, .read = read_vlan_parent },
	{ "id",     KIND_COUNT, FIELD(vlan_id), 1, 4094 },
};
static TABLE(vlan_table, "host.network.NAME.vlan", vlan_rows);

static const struct option bond_rows[] = {
	{ "mode",    KIND_TEXT, FIELD(bond_mode), 1, 32 },
	{ "members", KIND_CUSTOM, .read = read_members },
};
static TABLE(bond_table, "host.network.NAME.bond", bond_rows);

static const struct option bridge_rows[] = {
	{ "members", KIND_CUSTOM, .read = read_members },
};
static TABLE(bridge_table, "host.network.NAME.bridge", bridge_rows);

static const struct option wireguard_rows[] = {
	{ "port",  KIND_COUNT, FIELD(listen_port), 1, UINT16_MAX },
	{ "peers", KIND_CUSTOM, .read = read_peers },
};
static TABLE(wireguard_table, "host.network.NAME.wireguard", wireguard_rows);

static const struct option host_link_rows[] = {
	{ "match",     KIND_MAP, .table = &match_table, .example = "{mac: \"52:54:00:12:34:56\"}" },
	{ "address",   KIND_CUSTOM, .read = read_host_address },
	{ "gateway",   KIND_CUSTOM, .read = read_host_gateway },
	{ "routes",    KIND_CUSTOM, .read = read_routes },
	{ "metric",    KIND_COUNT, FIELD(metric), 0, UINT32_MAX },
	{ "mtu",       KIND_COUNT, FIELD(mtu), 68, UINT16_MAX },
	{ "dns",       KIND_CUSTOM, .read = read_host_dns },
	{ "search",    KIND_CUSTOM, .read = read_host_search },
	{ "vlan",      KIND_MAP, .table = &vlan_table, .example = "{parent: eth0, id: 7}" },
	{ "bond",      KIND_MAP, .table = &bond_table, .example = "{members: [eth0, eth1]}" },
	{ "bridge",    KIND_MAP, .table = &bridge_table, .example = "{members: [eth0]}" },
	{ "wireguard", KIND_MAP, .table = &wireguard_table, .example = "{port: 51820}" },
};
#undef FIELD
TABLE(schema_host_link, "host.network.NAME", host_link_rows);

/* host.firewall[n] */
static const struct option rule_rows[] = {
	{ "from",     KIND_CUSTOM, .read = read_from },
	{ "port",     KIND_CUSTOM, .read = read_rule_port },
	{ "protocol", KIND_CUSTOM, .read = read_rule_protocol },
};
TABLE(schema_rule, "host.firewall[]", rule_rows);

static const struct option time_rows[] = {
	{ "servers", KIND_CUSTOM, .read = read_time_servers },
};
static TABLE(time_table, "host.time", time_rows);

#define FIELD(name) .offset = offsetof(struct draft, config.name)

/* host */
static const struct option host_rows[] = {
	{ "name",     KIND_TEXT, FIELD(host_name), 1, 63, .check = name_check_host },
	{ "network",  KIND_CUSTOM, .read = read_host_network },
	{ "firewall", KIND_CUSTOM, .read = read_firewall },
	{ "time",     KIND_MAP, .table = &time_table, .example = "{servers: [pool.ntp.org]}" },
	{ "api",      KIND_NOT_YET, .note = "there is no remote API, remove it" },
};
static TABLE(host_table, "host", host_rows);

/* the top of the file */
static const struct option top_rows[] = {
	{ "services", KIND_CUSTOM, .read = read_services },
	{ "volumes",  KIND_CUSTOM, .read = read_volumes },
	{ "networks", KIND_CUSTOM, .read = read_networks },
	{ "name",     KIND_TEXT, FIELD(name), 1, 63, .check = name_check_project },
	{ "host",     KIND_MAP, .table = &host_table, .example = "{name: edge-1}" },
	{ "version",  KIND_IGNORED, .note = "the key is obsolete" },
	{ "configs",  KIND_NOT_YET, .note = "put files beside the config and mount them, 'volumes: [\"./file:/path:ro\"]'" },
	{ "include",  KIND_NOT_YET, .note = "write all services into this file" },
	{ "models",   KIND_NOT_YET, .note = "run the model server as a service" },
	{ "secrets",  KIND_NOT_YET, .note = "put files beside the config and mount them, 'volumes: [\"./file:/run/secrets/name:ro\"]'" },
};
#undef FIELD
TABLE(schema_top, "", top_rows);

/* clang-format on */

const struct schema_table *const schema_tables[] = {
	&schema_top,
	&host_table,
	&schema_service,
	&schema_port,
	&schema_mount,
	&bind_table,
	&named_table,
	&tmpfs_table,
	&schema_env_file,
	&schema_dependency,
	&schema_device,
	&block_table,
	&schema_block_weight,
	&schema_block_bps,
	&schema_block_iops,
	&deploy_table,
	&resources_table,
	&limits_table,
	&reservations_table,
	&schema_volume,
	&health_table,
	&schema_network,
	&ipam_table,
	&schema_pool,
	&schema_attachment,
	&schema_host_link,
	&match_table,
	&vlan_table,
	&bond_table,
	&bridge_table,
	&wireguard_table,
	&schema_peer,
	&schema_route,
	&schema_rule,
	&time_table,
	NULL,
};
