/* SPDX-License-Identifier: MIT */
/*
 * keys - how the keys are read that need more than a row
 *
 * All are of the type of struct option's read: node is the key's value, base
 * the struct that the row's table fills. Problems are reported.
 */
#ifndef TARE_CONFIG_KEYS_H
#define TARE_CONFIG_KEYS_H

struct draft_service;
struct node;
struct reader;

/* schema_top: into struct draft (services.c, networks.c) */
void read_services(struct reader *reader, const struct node *node, void *base);
void read_volumes(struct reader *reader, const struct node *node, void *base);
void read_networks(struct reader *reader, const struct node *node, void *base);

/* schema_service: into struct draft_service (keys.c) */
void read_command(struct reader *reader, const struct node *node, void *base);
void read_entrypoint(struct reader *reader, const struct node *node,
	void *base);
void read_restart(struct reader *reader, const struct node *node, void *base);
void read_depends_on(struct reader *reader, const struct node *node,
	void *base);

/* isolate.c */
void read_network_mode(struct reader *reader, const struct node *node,
	void *base);
void read_pid(struct reader *reader, const struct node *node, void *base);
void read_ipc(struct reader *reader, const struct node *node, void *base);
void read_uts(struct reader *reader, const struct node *node, void *base);
void read_userns(struct reader *reader, const struct node *node, void *base);
void read_cgroup(struct reader *reader, const struct node *node, void *base);
void read_cap_add(struct reader *reader, const struct node *node, void *base);
void read_cap_drop(struct reader *reader, const struct node *node, void *base);
void read_security_opt(struct reader *reader, const struct node *node,
	void *base);
void read_group_add(struct reader *reader, const struct node *node, void *base);

/* devices.c, sysctls.c */
void read_devices(struct reader *reader, const struct node *node, void *base);
void read_device_rules(struct reader *reader, const struct node *node,
	void *base);
void read_sysctls(struct reader *reader, const struct node *node, void *base);

/* limits.c */
void read_pids_limit(struct reader *reader, const struct node *node,
	void *base);
void read_memswap_limit(struct reader *reader, const struct node *node,
	void *base);
void read_cpu_quota(struct reader *reader, const struct node *node, void *base);
void read_oom_score_adj(struct reader *reader, const struct node *node,
	void *base);
void read_ulimits(struct reader *reader, const struct node *node, void *base);
void read_weight_device(struct reader *reader, const struct node *node,
	void *base);
void read_read_bps(struct reader *reader, const struct node *node, void *base);
void read_read_iops(struct reader *reader, const struct node *node, void *base);
void read_write_bps(struct reader *reader, const struct node *node, void *base);
void read_write_iops(struct reader *reader, const struct node *node,
	void *base);
void read_deploy_pids(struct reader *reader, const struct node *node,
	void *base);

/* replicas.c */
void read_replicas(struct reader *reader, const struct node *node, void *base);
void read_scale(struct reader *reader, const struct node *node, void *base);

/* attachments.c: into struct draft_service, struct draft_attachment */
void read_attachments(struct reader *reader, const struct node *node,
	void *base);
void read_mac_address(struct reader *reader, const struct node *node,
	void *base);
void read_aliases(struct reader *reader, const struct node *node, void *base);
void read_ipv4_address(struct reader *reader, const struct node *node,
	void *base);
void read_ipv6_address(struct reader *reader, const struct node *node,
	void *base);
void read_attachment_mac(struct reader *reader, const struct node *node,
	void *base);
void read_priority(struct reader *reader, const struct node *node, void *base);
void read_gw_priority(struct reader *reader, const struct node *node,
	void *base);

/* networks.c, pools.c: into struct draft_network, struct draft_pool */
void read_driver_opts(struct reader *reader, const struct node *node,
	void *base);
void read_network_external(struct reader *reader, const struct node *node,
	void *base);
void read_pools(struct reader *reader, const struct node *node, void *base);
void read_subnet(struct reader *reader, const struct node *node, void *base);
void read_gateway(struct reader *reader, const struct node *node, void *base);
void read_ip_range(struct reader *reader, const struct node *node, void *base);
void read_aux_addresses(struct reader *reader, const struct node *node,
	void *base);

/* lookup.c */
void read_dns(struct reader *reader, const struct node *node, void *base);
void read_dns_search(struct reader *reader, const struct node *node,
	void *base);
void read_dns_opt(struct reader *reader, const struct node *node, void *base);
void read_extra_hosts(struct reader *reader, const struct node *node,
	void *base);
void read_links(struct reader *reader, const struct node *node, void *base);
void read_expose(struct reader *reader, const struct node *node, void *base);

/* health.c */
void read_health_test(struct reader *reader, const struct node *node,
	void *base);

/* schema_top: into struct draft (host_links.c, firewall.c) */
void read_host_network(struct reader *reader, const struct node *node,
	void *base);
void read_firewall(struct reader *reader, const struct node *node, void *base);
void read_time_servers(struct reader *reader, const struct node *node,
	void *base);

/* host_links.c, host_addresses.c, host_routes.c, wireguard.c: into struct
 * draft_host_link */
void read_match_mac(struct reader *reader, const struct node *node, void *base);
void read_vlan_parent(struct reader *reader, const struct node *node,
	void *base);
void read_members(struct reader *reader, const struct node *node, void *base);
void read_host_address(struct reader *reader, const struct node *node,
	void *base);
void read_host_gateway(struct reader *reader, const struct node *node,
	void *base);
void read_host_dns(struct reader *reader, const struct node *node, void *base);
void read_host_search(struct reader *reader, const struct node *node,
	void *base);
void read_routes(struct reader *reader, const struct node *node, void *base);
void read_peers(struct reader *reader, const struct node *node, void *base);

/* the same: into struct draft_route, struct host_peer */
void read_route_to(struct reader *reader, const struct node *node, void *base);
void read_route_via(struct reader *reader, const struct node *node, void *base);
void read_public_key(struct reader *reader, const struct node *node,
	void *base);
void read_endpoint(struct reader *reader, const struct node *node, void *base);
void read_allowed_ips(struct reader *reader, const struct node *node,
	void *base);
void read_preshared_key_file(struct reader *reader, const struct node *node,
	void *base);

/* firewall.c: into struct draft_rule */
void read_from(struct reader *reader, const struct node *node, void *base);
void read_rule_port(struct reader *reader, const struct node *node, void *base);
void read_rule_protocol(struct reader *reader, const struct node *node,
	void *base);

/* environ.c */
void read_environment(struct reader *reader, const struct node *node,
	void *base);
void read_env_file(struct reader *reader, const struct node *node, void *base);
void read_labels(struct reader *reader, const struct node *node, void *base);

/* Reads what read_environment and read_env_file have put aside. */
void finish_environment(struct reader *reader, struct draft_service *draft);

/* ports.c, mounts.c */
void read_ports(struct reader *reader, const struct node *node, void *base);
void read_mounts(struct reader *reader, const struct node *node, void *base);
void read_tmpfs(struct reader *reader, const struct node *node, void *base);

#endif
