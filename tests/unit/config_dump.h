/* SPDX-License-Identifier: MIT */
/*
 * config_dump - a config as lines, for tests
 *
 * "web.image nginx", "web.command[0] sh" ...; what is not set has no line.
 */
#ifndef TARE_CONFIG_DUMP_H
#define TARE_CONFIG_DUMP_H

#include <inttypes.h>

#include "config/config.h"
#include "lib/text.h"

static inline void dump_text(struct text *out, const char *service,
	const char *field, const char *value)
{
	if (value)
		text_add(out, "%s.%s %s\n", service, field, value);
}

static inline void dump_number(struct text *out, const char *service,
	const char *field, int64_t value)
{
	if (value)
		text_add(out, "%s.%s %" PRId64 "\n", service, field, value);
}

static inline void dump_strings(struct text *out, const char *service,
	const char *field, const struct strings *strings)
{
	if (strings->is_set)
		text_add(out, "%s.%s.count %zu\n", service, field,
			strings->count);
	for (size_t i = 0; i < strings->count; i++)
		text_add(out, "%s.%s[%zu] %s\n", service, field, i,
			strings->items[i]);
}

static inline void dump_mounts(struct text *out, const struct service *service)
{
	static const char *const kinds[] = { "named", "file", "tmpfs" };

	for (size_t i = 0; i < service->volume_count; i++) {
		const struct volume_mount *m = &service->volumes[i];

		text_add(out, "%s.volumes[%zu] %s %s -> %s", service->name, i,
			kinds[m->kind], m->source ? m->source : "-", m->target);
		text_add(out, "%s%s", m->read_only ? " ro" : "",
			m->no_copy ? " nocopy" : "");
		if (m->tmpfs_size_bytes)
			text_add(out, " size=%" PRIu64, m->tmpfs_size_bytes);
		if (m->tmpfs_mode)
			text_add(out, " mode=%o", m->tmpfs_mode);
		if (m->tmpfs_uid || m->tmpfs_gid)
			text_add(out, " owner=%u:%u", m->tmpfs_uid,
				m->tmpfs_gid);
		text_add(out, "%s", m->tmpfs_exec ? " exec" : "");
		text_add(out, "\n");
	}
}

static inline void dump_ports(struct text *out, const struct service *service)
{
	if (service->port_count > 3)
		text_add(out, "%s.ports.count %zu\n", service->name,
			service->port_count);
	for (size_t i = 0; i < service->port_count; i++) {
		const struct port *p = &service->ports[i];

		text_add(out, "%s.ports[%zu] %s%s%u:%u/%s\n", service->name, i,
			p->host_ip ? p->host_ip : "", p->host_ip ? ":" : "",
			p->published, p->target, p->protocol);
	}
}

static inline void dump_share(struct text *out, const char *service,
	const char *field, const struct share *share)
{
	static const char *const modes[] = { NULL, "host", "service", "none" };

	if (share->mode == SHARE_SERVICE)
		text_add(out, "%s.%s service:%s\n", service, field,
			share->service);
	else
		dump_text(out, service, field, modes[share->mode]);
}

static inline void dump_devices(struct text *out, const struct service *s)
{
	for (size_t i = 0; i < s->device_count; i++)
		text_add(out, "%s.devices[%zu] %s -> %s %s\n", s->name, i,
			s->devices[i].source, s->devices[i].target,
			s->devices[i].access);
	for (size_t i = 0; i < s->device_rule_count; i++) {
		const struct device_rule *rule = &s->device_rules[i];

		text_add(out,
			"%s.device_rules[%zu] %c %" PRId64 ":%" PRId64 " %s\n",
			s->name, i, rule->type, rule->major, rule->minor,
			rule->access);
	}
	for (size_t i = 0; i < s->sysctl_count; i++)
		text_add(out, "%s.sysctls[%zu] %s = %s\n", s->name, i,
			s->sysctls[i].name, s->sysctls[i].value);
}

static inline void dump_isolation(struct text *out, const struct service *s)
{
	dump_number(out, s->name, "privileged", s->privileged);
	dump_number(out, s->name, "has_host_users", s->has_host_users);
	dump_text(out, s->name, "users_of", s->users_of);
	dump_share(out, s->name, "pid", &s->pid);
	dump_share(out, s->name, "ipc", &s->ipc);
	dump_number(out, s->name, "is_shm_shared", s->is_shm_shared);
	dump_number(out, s->name, "has_host_uts", s->has_host_uts);
	dump_number(out, s->name, "has_host_cgroup", s->has_host_cgroup);
	dump_text(out, s->name, "cgroup_parent", s->cgroup_parent);
	dump_number(out, s->name, "no_new_privileges", s->no_new_privileges);
	dump_number(out, s->name, "shows_system_paths", s->shows_system_paths);
	dump_number(out, s->name, "is_seccomp_off", s->is_seccomp_off);
	dump_text(out, s->name, "seccomp_file", s->seccomp_file);
	dump_strings(out, s->name, "cap_add", &s->cap_add);
	dump_strings(out, s->name, "cap_drop", &s->cap_drop);
	dump_devices(out, s);
}

static inline void dump_limits(struct text *out, const struct service *s)
{
	static const char *const kinds[] = { "weight", "read_bps", "read_iops",
		"write_bps", "write_iops" };

	dump_number(out, s->name, "mem_limit", (int64_t)s->mem_limit_bytes);
	dump_number(out, s->name, "mem_reservation",
		(int64_t)s->mem_reservation_bytes);
	dump_number(out, s->name, "memswap_limit", s->memswap_limit_bytes);
	dump_number(out, s->name, "shm_size", (int64_t)s->shm_size_bytes);
	dump_number(out, s->name, "cpus_milli", (int64_t)s->cpus_milli);
	dump_number(out, s->name, "cpu_shares", (int64_t)s->cpu_shares);
	dump_number(out, s->name, "cpu_quota", s->cpu_quota_us);
	dump_number(out, s->name, "cpu_period", (int64_t)s->cpu_period_us);
	dump_text(out, s->name, "cpuset", s->cpuset);
	dump_number(out, s->name, "pids_limit", s->pids_limit);
	dump_number(out, s->name, "block_weight", (int64_t)s->block_weight);
	for (size_t i = 0; i < s->block_limit_count; i++)
		text_add(out, "%s.block_limits[%zu] %s %s %" PRIu64 "\n",
			s->name, i, kinds[s->block_limits[i].kind],
			s->block_limits[i].path, s->block_limits[i].value);
	for (size_t i = 0; i < s->ulimit_count; i++)
		text_add(out, "%s.ulimits[%zu] %d %" PRIu64 " %" PRIu64 "\n",
			s->name, i, s->ulimits[i].resource, s->ulimits[i].soft,
			s->ulimits[i].hard);
	dump_number(out, s->name, "oom_score_adj", s->oom_score_adj);
}

static inline void dump_service(struct text *out, const struct service *s)
{
	static const char *const policies[] = { "no", "on-failure", "always",
		"unless-stopped" };

	dump_text(out, s->name, "image", s->image);
	dump_strings(out, s->name, "entrypoint", &s->entrypoint);
	dump_strings(out, s->name, "command", &s->command);
	dump_strings(out, s->name, "environment", &s->environment);
	dump_text(out, s->name, "working_dir", s->working_dir);
	dump_text(out, s->name, "user", s->user);
	dump_text(out, s->name, "hostname", s->hostname);
	dump_text(out, s->name, "restart", policies[s->restart]);
	dump_number(out, s->name, "restart_max", s->restart_max);
	dump_mounts(out, s);
	dump_ports(out, s);
	dump_number(out, s->name, "read_only", s->read_only);
	dump_number(out, s->name, "has_init", s->has_init);
	dump_number(out, s->name, "has_terminal", s->has_terminal);
	dump_number(out, s->name, "keeps_stdin_open", s->keeps_stdin_open);
	dump_strings(out, s->name, "group_add", &s->group_add);
	dump_isolation(out, s);
	dump_limits(out, s);
	dump_number(out, s->name, "stop_signal", s->stop_signal);
	dump_number(out, s->name, "stop_grace_ms", (int64_t)s->stop_grace_ms);
	dump_strings(out, s->name, "depends_on", &s->depends_on);
	for (size_t i = 0; i < s->depends_on.count; i++)
		dump_number(out, s->name, "depends_conditions",
			s->depends_conditions[i]);
	dump_strings(out, s->name, "labels", &s->labels);
	text_add(out, "%s.mark %u:%u\n", s->name, s->mark.line, s->mark.column);
}

static inline void dump_config(struct text *out, const struct config *config)
{
	dump_text(out, "", "name", config->name);
	dump_text(out, "", "host_name", config->host_name);
	dump_strings(out, "", "volumes", &config->volumes);
	text_add(out, ".order");
	for (size_t i = 0; i < config->service_count; i++)
		text_add(out, " %s", config->services[i].name);
	text_add(out, "\n");
	for (size_t i = 0; i < config->service_count; i++)
		dump_service(out, &config->services[i]);
}

#endif
