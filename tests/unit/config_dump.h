/* SPDX-License-Identifier: MIT */
/*
 * config_dump - a config as lines, for tests
 *
 * "web.image nginx", "web.command[0] sh" ...; what is not set has no line.
 */
#ifndef TARE_CONFIG_DUMP_H
#define TARE_CONFIG_DUMP_H

#include <inttypes.h>
#include <string.h>

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

		char host[ADDRESS_TEXT_SIZE];

		text_add(out, "%s.ports[%zu] %s%s%u:%u/%s\n", service->name, i,
			address_print(&p->host, host),
			p->host.family ? ":" : "", p->published, p->target,
			p->protocol);
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

static inline void dump_address(struct text *out, const char *service,
	const char *field, const struct address *address)
{
	char text[ADDRESS_TEXT_SIZE];

	if (address->family)
		dump_text(out, service, field, address_print(address, text));
}

static inline void dump_mac(struct text *out, const uint8_t mac[6])
{
	static const uint8_t none[6];

	if (memcmp(mac, none, sizeof(none)) != 0)
		text_add(out, " %02x:%02x:%02x:%02x:%02x:%02x", mac[0], mac[1],
			mac[2], mac[3], mac[4], mac[5]);
}

static inline void dump_attachment(struct text *out, const char *service,
	size_t index, const struct attachment *a)
{
	char four[ADDRESS_TEXT_SIZE], six[ADDRESS_TEXT_SIZE];

	text_add(out, "%s.attachments[%zu] %s", service, index, a->network);
	if (a->ipv4_address.family)
		text_add(out, " %s", address_print(&a->ipv4_address, four));
	if (a->ipv6_address.family)
		text_add(out, " %s", address_print(&a->ipv6_address, six));
	dump_mac(out, a->mac);
	if (a->priority)
		text_add(out, " priority=%" PRId64, a->priority);
	if (a->gw_priority)
		text_add(out, " gw_priority=%" PRId64, a->gw_priority);
	if (a->interface_name)
		text_add(out, " name=%s", a->interface_name);
	for (size_t i = 0; i < a->aliases.count; i++)
		text_add(out, " alias=%s", a->aliases.items[i]);
	text_add(out, "\n");
}

static inline void dump_health(struct text *out, const char *service,
	const struct healthcheck *health)
{
	dump_number(out, service, "health.is_disabled", health->is_disabled);
	dump_number(out, service, "health.is_shell", health->is_shell);
	dump_strings(out, service, "health.test", &health->test);
	dump_number(out, service, "health.interval_ms",
		(int64_t)health->interval_ms);
	dump_number(out, service, "health.timeout_ms",
		(int64_t)health->timeout_ms);
	dump_number(out, service, "health.start_period_ms",
		(int64_t)health->start_period_ms);
	dump_number(out, service, "health.start_interval_ms",
		(int64_t)health->start_interval_ms);
	dump_number(out, service, "health.retries", (int64_t)health->retries);
}

static inline void dump_reach(struct text *out, const struct service *s)
{
	static const char *const modes[] = { NULL, "none", "host", "service" };

	if (s->replica_count > 1)
		text_add(out, "%s.replica %u/%u of %s\n", s->name, s->replica,
			s->replica_count, s->base);
	dump_number(out, s->name, "has_virtual_address",
		s->has_virtual_address);
	dump_text(out, s->name, "network_mode", modes[s->network_mode]);
	dump_text(out, s->name, "network_of", s->network_of);
	for (size_t i = 0; i < s->attachment_count; i++)
		dump_attachment(out, s->name, i, &s->attachments[i]);
	for (size_t i = 0; i < s->dns_count; i++)
		dump_address(out, s->name, "dns", &s->dns[i]);
	dump_strings(out, s->name, "dns_search", &s->dns_search);
	dump_strings(out, s->name, "dns_opt", &s->dns_opt);
	for (size_t i = 0; i < s->extra_host_count; i++) {
		char text[ADDRESS_TEXT_SIZE];

		text_add(out, "%s.extra_hosts[%zu] %s %s\n", s->name, i,
			s->extra_hosts[i].name,
			s->extra_hosts[i].address.family
				? address_print(&s->extra_hosts[i].address,
					  text)
				: "host-gateway");
	}
	for (size_t i = 0; i < s->link_count; i++)
		text_add(out, "%s.links[%zu] %s as %s\n", s->name, i,
			s->links[i].service, s->links[i].alias);
	dump_strings(out, s->name, "expose", &s->expose);
	dump_health(out, s->name, &s->healthcheck);
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
	dump_reach(out, s);
	dump_isolation(out, s);
	dump_limits(out, s);
	dump_number(out, s->name, "stop_signal", s->stop_signal);
	dump_number(out, s->name, "stop_grace_ms", (int64_t)s->stop_grace_ms);
	dump_strings(out, s->name, "depends_on", &s->depends_on);
	for (size_t i = 0; i < s->depends_on.count; i++)
		text_add(out, "%s.depends_conditions[%zu] %d\n", s->name, i,
			(int)s->depends_conditions[i]);
	dump_strings(out, s->name, "labels", &s->labels);
	text_add(out, "%s.mark %u:%u\n", s->name, s->mark.line, s->mark.column);
}

static inline void dump_pool(struct text *out, const char *network,
	const struct network_pool *pool)
{
	char subnet[PREFIX_TEXT_SIZE], range[PREFIX_TEXT_SIZE];
	char text[ADDRESS_TEXT_SIZE];

	text_add(out, ".network %s pool %s", network,
		prefix_print(&pool->subnet, subnet));
	if (pool->gateway.family)
		text_add(out, " gateway=%s",
			address_print(&pool->gateway, text));
	if (pool->ip_range.address.family)
		text_add(out, " range=%s",
			prefix_print(&pool->ip_range, range));
	for (size_t i = 0; i < pool->reserved_count; i++)
		text_add(out, " reserved=%s",
			address_print(&pool->reserved[i], text));
	text_add(out, "\n");
}

static inline void dump_network(struct text *out, const struct network *n)
{
	static const char *const drivers[] = { "bridge", "macvlan", "ipvlan" };

	text_add(out, ".network %s %s%s%s%s%s%s", n->name, drivers[n->driver],
		n->has_ipv4 ? " ipv4" : "", n->has_ipv6 ? " ipv6" : "",
		n->is_internal ? " internal" : "",
		n->is_routed ? " routed" : "",
		n->allows_metadata ? " metadata" : "");
	if (n->parent)
		text_add(out, " parent=%s", n->parent);
	if (n->mode)
		text_add(out, " mode=%s", n->mode);
	if (n->mtu)
		text_add(out, " mtu=%u", n->mtu);
	text_add(out, " mark=%u:%u\n", n->mark.line, n->mark.column);
	for (size_t i = 0; i < n->pool_count; i++)
		dump_pool(out, n->name, &n->pools[i]);
}

static inline void dump_peer(struct text *out, const char *link,
	const struct host_peer *peer)
{
	text_add(out,
		".link %s peer %s endpoint=%s keepalive=%" PRIu64 " file=%s",
		link, peer->public_key, peer->endpoint ? peer->endpoint : "-",
		peer->keepalive_s,
		peer->preshared_key_file ? peer->preshared_key_file : "-");
	for (size_t i = 0; i < peer->allowed_count; i++)
		text_add(out, " %s", peer->allowed[i]);
	text_add(out, "\n");
}

static inline void dump_link_kind(struct text *out, const struct host_link *l)
{
	static const char *const kinds[] = { "device", "vlan", "bond", "bridge",
		"wireguard" };

	text_add(out, ".link %s %s", l->name, kinds[l->kind]);
	dump_mac(out, l->mac);
	text_add(out, "%s%s%s", l->flags & HOST_DHCP4 ? " dhcp" : "",
		l->flags & HOST_DHCP6 ? " dhcp6" : "",
		l->flags & HOST_AUTO6 ? " auto" : "");
	if (l->metric)
		text_add(out, " metric=%" PRIu64, l->metric);
	if (l->mtu)
		text_add(out, " mtu=%" PRIu64, l->mtu);
	if (l->parent)
		text_add(out, " parent=%s id=%" PRIu64, l->parent, l->vlan_id);
	if (l->bond_mode)
		text_add(out, " mode=%s", l->bond_mode);
	if (l->listen_port)
		text_add(out, " port=%" PRIu64, l->listen_port);
	for (size_t i = 0; i < l->members.count; i++)
		text_add(out, " member=%s", l->members.items[i]);
	text_add(out, " mark=%u:%u\n", l->mark.line, l->mark.column);
}

static inline void dump_link(struct text *out, const struct host_link *l)
{
	char one[PREFIX_TEXT_SIZE], two[ADDRESS_TEXT_SIZE];

	dump_link_kind(out, l);
	for (size_t i = 0; i < l->address_count; i++)
		text_add(out, ".link %s address %s\n", l->name,
			prefix_print(&l->addresses[i], one));
	if (l->gateway4.family)
		text_add(out, ".link %s gateway %s\n", l->name,
			address_print(&l->gateway4, two));
	if (l->gateway6.family)
		text_add(out, ".link %s gateway %s\n", l->name,
			address_print(&l->gateway6, two));
	for (size_t i = 0; i < l->route_count; i++) {
		const struct host_route *r = &l->routes[i];

		text_add(out, ".link %s route %s via %s metric %" PRIu64 "\n",
			l->name,
			r->to.address.family ? prefix_print(&r->to, one)
					     : "default",
			r->via.family ? address_print(&r->via, two) : "-",
			r->metric);
	}
	for (size_t i = 0; i < l->dns_count; i++)
		text_add(out, ".link %s dns %s\n", l->name,
			address_print(&l->dns[i], two));
	for (size_t i = 0; i < l->search.count; i++)
		text_add(out, ".link %s search %s\n", l->name,
			l->search.items[i]);
	for (size_t i = 0; i < l->peer_count; i++)
		dump_peer(out, l->name, &l->peers[i]);
}

static inline void dump_host(struct text *out, const struct config *config)
{
	char from[PREFIX_TEXT_SIZE];

	for (size_t i = 0; i < config->host_link_count; i++)
		dump_link(out, &config->host_links[i]);
	for (size_t i = 0; i < config->firewall_count; i++) {
		const struct firewall_rule *rule = &config->firewall[i];

		text_add(out, ".firewall[%zu] from %s %s %u-%u\n", i,
			rule->from.address.family
				? prefix_print(&rule->from, from)
				: "anybody",
			rule->protocol ? rule->protocol : "every",
			rule->first_port, rule->last_port);
	}
	dump_number(out, ".time", "is_off", config->host_time.is_off);
	dump_strings(out, ".time", "servers", &config->host_time.servers);
}

static inline void dump_config(struct text *out, const struct config *config)
{
	dump_text(out, "", "name", config->name);
	dump_text(out, "", "host_name", config->host_name);
	dump_strings(out, "", "volumes", &config->volumes);
	for (size_t i = 0; i < config->network_count; i++)
		dump_network(out, &config->networks[i]);
	dump_host(out, config);
	text_add(out, ".order");
	for (size_t i = 0; i < config->service_count; i++)
		text_add(out, " %s", config->services[i].name);
	text_add(out, "\n");
	for (size_t i = 0; i < config->service_count; i++)
		dump_service(out, &config->services[i]);
}

#endif
