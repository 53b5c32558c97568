// SPDX-License-Identifier: MIT
/* blueprint - which networks, places in them and ports a config wants */
#include "supervise/blueprint.h"

#include <errno.h>
#include <limits.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>

#include "config/config.h"
#include "lib/arena.h"
#include "lib/error.h"
#include "lib/hash.h"
#include "lib/hash_index.h"
#include "lib/text.h"
#include "supervise/firewall.h"

#define NONE SIZE_MAX

struct work {
	const struct blueprint_source *source;
	struct arena *arena;
	struct blueprint *out;
	uint64_t *network_hashes;  /* of the name of each */
	struct hash_index by_base; /* and by network: groups */
	size_t *next;              /* of each endpoint: the next of its group */
	size_t *first;             /* of each group */
};

/* ---- networks ------------------------------------------------------------ */

static void read_pools(const struct network *network,
	struct topology_network *out, struct pool_network *pool)
{
	for (size_t i = 0; i < network->pool_count; i++) {
		const struct network_pool *own = &network->pools[i];
		bool is_v6 = own->subnet.address.family == AF_INET6;

		*(is_v6 ? &out->subnet6 : &out->subnet4) = own->subnet;
		*(is_v6 ? &out->gateway6 : &out->gateway4) = own->gateway;
		*(is_v6 ? &pool->range6 : &pool->range4) = own->ip_range;
		*(is_v6 ? &pool->reserved6 : &pool->reserved4) =
			(struct pool_list){ own->reserved,
				own->reserved_count };
	}
}

static enum topology_driver driver_of(const struct network *network)
{
	switch (network->driver) {
	case NETWORK_BRIDGE:
		break;
	case NETWORK_MACVLAN:
		return TOPOLOGY_MACVLAN;
	case NETWORK_IPVLAN:
		return TOPOLOGY_IPVLAN;
	}
	return TOPOLOGY_BRIDGE;
}

static size_t find_network(const struct work *work, const char *name)
{
	const struct topology *topology = &work->out->topology;
	uint64_t hash = hash_string(HASH_START, name);

	for (size_t i = 0; i < topology->network_count; i++) {
		if (work->network_hashes[i] == hash &&
			text_equal(topology->networks[i].name, name))
			return i;
	}
	return NONE;
}

static void add_network(struct work *work, const struct network *network)
{
	struct topology *topology = &work->out->topology;
	size_t number = topology->network_count++;
	struct pool_network *pool = &work->out->pools[number];

	topology->networks[number] = (struct topology_network){
		.name = network->name,
		.driver = driver_of(network),
		.parent = network->parent,
		.mode = network->mode,
		.mtu = network->mtu,
		.is_internal = network->is_internal,
		.is_routed = network->is_routed,
		.allows_metadata = network->allows_metadata,
	};
	pool->has_ipv4 = network->has_ipv4;
	pool->has_ipv6 = network->has_ipv6;
	read_pools(network, &topology->networks[number], pool);
	work->network_hashes[number] = hash_string(HASH_START, network->name);
}

static bool overlaps(const struct prefix *a, const struct prefix *b)
{
	return a->address.family && b->address.family && prefix_overlaps(a, b);
}

/* Whether what it declares is another's now, which comes first. */
static bool has_lost(const struct topology *topology,
	const struct network *network)
{
	for (size_t i = 0; i < network->pool_count; i++) {
		const struct prefix *subnet = &network->pools[i].subnet;

		for (size_t j = 0; j < topology->network_count; j++) {
			if (overlaps(subnet, &topology->networks[j].subnet4) ||
				overlaps(subnet,
					&topology->networks[j].subnet6))
				return true;
		}
	}
	return false;
}

static bool is_attached(const struct service *service, const char *network)
{
	for (size_t i = 0; i < service->attachment_count; i++) {
		if (text_equal(service->attachments[i].network, network))
			return true;
	}
	return false;
}

/* Those of before that somebody who leaves is in. */
static void add_last_networks(struct work *work)
{
	const struct blueprint_source *source = work->source;
	struct topology *topology = &work->out->topology;
	size_t count = source->last ? source->last->network_count : 0;

	for (size_t i = 0; i < count; i++) {
		const struct network *network = &source->last->networks[i];
		size_t user = 0;

		while (user < source->leaving_count &&
			!is_attached(source->leaving[user], network->name))
			user++;
		if (user == source->leaving_count ||
			topology->network_count == TOPOLOGY_NETWORKS_MAX ||
			find_network(work, network->name) != NONE ||
			has_lost(topology, network))
			continue;
		add_network(work, network);
	}
}

static int add_networks(struct work *work)
{
	const struct blueprint_source *source = work->source;
	const struct config *config = source->config;
	struct arena *arena = work->arena;
	size_t count = config->network_count + 1 +
		       (source->last ? source->last->network_count : 0);

	work->out->topology.networks =
		arena_array(arena, count, sizeof(struct topology_network));
	work->out->pools = arena_array(arena, count, sizeof(*work->out->pools));
	work->network_hashes =
		arena_array(arena, count, sizeof(*work->network_hashes));
	if (!work->out->topology.networks || !work->out->pools ||
		!work->network_hashes)
		return -ENOMEM;
	for (size_t i = 0; i < config->network_count; i++)
		add_network(work, &config->networks[i]);
	add_last_networks(work);
	return 0;
}

/* ---- endpoints ----------------------------------------------------------- */

/* The attachment that leads outside: of the highest priority, then the first. */
static size_t find_way_out(const struct work *work,
	const struct service *service)
{
	const struct topology_network *networks = work->out->topology.networks;
	size_t best = NONE;

	for (size_t i = 0; i < service->attachment_count; i++) {
		const struct attachment *own = &service->attachments[i];
		size_t network = find_network(work, own->network);

		if (network == NONE || networks[network].is_internal)
			continue;
		if (best == NONE ||
			own->gw_priority >
				service->attachments[best].gw_priority)
			best = i;
	}
	return best;
}

static void add_endpoint(struct work *work, const struct service *service,
	size_t index, size_t network)
{
	struct topology *topology = &work->out->topology;
	const struct attachment *own = &service->attachments[index];
	size_t number = topology->endpoint_count++;
	struct topology_endpoint *out = &topology->endpoints[number];

	*out = (struct topology_endpoint){
		.network = network,
		.container = service->name,
		.address4 = own->ipv4_address,
		.address6 = own->ipv6_address,
	};
	memcpy(out->mac, own->mac, sizeof(out->mac));
	if (own->interface_name)
		(void)text_copy(out->name, sizeof(out->name),
			own->interface_name);
	else
		(void)snprintf(out->name, sizeof(out->name), "eth%u",
			(unsigned int)index);
	work->out->services[number] = service;
}

static bool has_own_network(const struct service *service)
{
	return service->network_mode == NETWORK_MODE_OWN;
}

/* The first endpoint of a service, or NONE. */
static size_t first_of(const struct blueprint *blueprint, const char *service)
{
	uint64_t at = hash_string(HASH_START, service);
	size_t first;

	do
		first = hash_index_next(&blueprint->by_service, &at);
	while (first != NONE &&
		!text_equal(blueprint->topology.endpoints[first].container,
			service));
	return first;
}

static void add_endpoints_of(struct work *work, const struct service *service)
{
	struct topology *topology = &work->out->topology;
	size_t first = topology->endpoint_count;
	size_t way;

	if (!has_own_network(service))
		return;
	way = find_way_out(work, service);
	for (size_t i = 0; i < service->attachment_count; i++) {
		size_t network =
			find_network(work, service->attachments[i].network);

		if (network == NONE)
			continue;
		add_endpoint(work, service, i, network);
		topology->endpoints[topology->endpoint_count - 1]
			.has_default_route = i == way;
	}
	if (topology->endpoint_count > first)
		hash_index_add(&work->out->by_service,
			hash_string(HASH_START, service->name), first);
}

static size_t count_attachments(const struct blueprint_source *source)
{
	size_t count = 0;

	for (size_t i = 0; i < source->config->service_count; i++)
		count += source->config->services[i].attachment_count;
	for (size_t i = 0; i < source->leaving_count; i++)
		count += source->leaving[i]->attachment_count;
	return count;
}

static int make_endpoints(struct blueprint *out, size_t count,
	struct arena *arena)
{
	out->topology.endpoints =
		arena_array(arena, count + 1, sizeof(struct topology_endpoint));
	out->services =
		arena_array(arena, count + 1, sizeof(const struct service *));
	out->groups = arena_array(arena, count + 1, sizeof(*out->groups));
	if (!out->topology.endpoints || !out->services || !out->groups)
		return -ENOMEM;
	return hash_index_init(&out->by_service, arena, count);
}

static int add_endpoints(struct work *work, struct error *err)
{
	const struct blueprint_source *source = work->source;
	size_t count = count_attachments(source);

	if (count > TOPOLOGY_ENDPOINTS_MAX)
		return error_set(err, -E2BIG,
			"the services are attached to networks %zu times, the limit is %d",
			count, TOPOLOGY_ENDPOINTS_MAX);
	if (make_endpoints(work->out, count, work->arena) < 0)
		return -ENOMEM;
	for (size_t i = 0; i < source->config->service_count; i++)
		add_endpoints_of(work, &source->config->services[i]);
	for (size_t i = 0; i < source->leaving_count; i++)
		add_endpoints_of(work, source->leaving[i]);
	return 0;
}

/* ---- groups -------------------------------------------------------------- */

static const char *base_of(const struct service *service)
{
	return service->base ? service->base : service->name;
}

static uint64_t hash_group(const char *base, size_t network)
{
	return hash_bytes(hash_string(HASH_START, base), &network,
		sizeof(network));
}

/* That of a service in a network, or NONE. */
static size_t find_group(const struct work *work, const char *base,
	size_t network)
{
	const struct topology_group *groups = work->out->topology.groups;
	uint64_t at = hash_group(base, network);
	size_t group;

	do
		group = hash_index_next(&work->by_base, &at);
	while (group != NONE &&
		(groups[group].network != network ||
			!text_equal(groups[group].service, base)));
	return group;
}

static const struct attachment *attachment_to(const struct service *service,
	const char *network)
{
	for (size_t i = 0; i < service->attachment_count; i++) {
		if (text_equal(service->attachments[i].network, network))
			return &service->attachments[i];
	}
	return NULL;
}

/* That of an endpoint; a new one when it is the first of it. */
static size_t take_group(struct work *work, const struct service *service,
	size_t network)
{
	struct topology *topology = &work->out->topology;
	const char *base = base_of(service);
	size_t group = find_group(work, base, network);

	if (group != NONE)
		return group;
	group = topology->group_count++;
	work->first[group] = NONE;
	topology->groups[group] = (struct topology_group){
		.network = network,
		.service = base,
	};
	hash_index_add(&work->by_base, hash_group(base, network), group);
	return group;
}

/* The last one that says so counts: one of the config, before who leaves. */
static void describe_group(struct topology *topology, size_t number,
	const struct service *service)
{
	struct topology_group *group = &topology->groups[number];
	const struct attachment *own =
		attachment_to(service, topology->networks[group->network].name);

	group->service = base_of(service);
	group->has_virtual = service->has_virtual_address;
	group->names = own ? own->aliases.items : NULL;
	group->name_count = own ? own->aliases.count : 0;
}

/* From the last to the first, so that each group's are in order. */
static void sort_endpoints(struct work *work)
{
	struct topology *topology = &work->out->topology;

	for (size_t i = topology->endpoint_count; i-- > 0;) {
		const struct service *service = work->out->services[i];
		size_t network = topology->endpoints[i].network;
		size_t group = take_group(work, service, network);

		describe_group(topology, group, service);
		work->out->groups[i] = group;
		work->next[i] = work->first[group];
		work->first[group] = i;
		topology->groups[group].endpoint_count++;
	}
}

static int list_endpoints(struct work *work)
{
	struct topology *topology = &work->out->topology;

	for (size_t i = 0; i < topology->group_count; i++) {
		size_t *list = arena_array(work->arena,
			topology->groups[i].endpoint_count, sizeof(*list));
		size_t at = work->first[i];

		if (!list)
			return -ENOMEM;
		topology->groups[i].endpoints = list;
		for (; at != NONE; at = work->next[at])
			*list++ = at;
	}
	return 0;
}

static int add_groups(struct work *work, struct error *err)
{
	struct topology *topology = &work->out->topology;
	size_t count = topology->endpoint_count + 1;

	topology->groups =
		arena_array(work->arena, count, sizeof(*topology->groups));
	work->first = arena_array(work->arena, count, sizeof(*work->first));
	work->next = arena_array(work->arena, count, sizeof(*work->next));
	if (!topology->groups || !work->first || !work->next ||
		hash_index_init(&work->by_base, work->arena, count) < 0)
		return -ENOMEM;
	sort_endpoints(work);
	if (topology->group_count > TOPOLOGY_GROUPS_MAX)
		return error_set(err, -E2BIG,
			"the services have %zu names in networks, the limit is %d",
			topology->group_count, TOPOLOGY_GROUPS_MAX);
	return list_endpoints(work);
}

/* ---- ports --------------------------------------------------------------- */

/* Where what comes in for it goes: the network that it goes out by. */
static bool find_target(const struct work *work, const struct service *service,
	size_t *group)
{
	size_t way;

	*group = NONE;
	if (service->network_mode == NETWORK_MODE_HOST)
		return true;
	way = has_own_network(service) ? find_way_out(work, service) : NONE;
	if (way == NONE)
		return false;
	/* those in networks that are not there have no group */
	*group = find_group(work, base_of(service),
		find_network(work, service->attachments[way].network));
	return *group != NONE;
}

static void add_ports_of(struct work *work, const struct service *service)
{
	struct topology *topology = &work->out->topology;
	size_t group;

	if (service->replica > 1 || !find_target(work, service, &group))
		return;
	for (size_t i = 0; i < service->port_count; i++) {
		const struct port *port = &service->ports[i];

		topology->ports[topology->port_count++] =
			(struct topology_port){
				.protocol = firewall_protocol(port->protocol),
				.host = port->host,
				.published = port->published,
				.target = port->target,
				.group = group,
			};
	}
}

static int add_ports(struct work *work, struct error *err)
{
	const struct config *config = work->source->config;
	struct topology *topology = &work->out->topology;
	size_t count = 0;

	for (size_t i = 0; i < config->service_count; i++)
		count += config->services[i].port_count;
	if (count > TOPOLOGY_PORTS_MAX)
		return error_set(err, -E2BIG,
			"the services publish %zu ports, the limit is %d",
			count, TOPOLOGY_PORTS_MAX);
	topology->ports =
		arena_array(work->arena, count + 1, sizeof(*topology->ports));
	if (!topology->ports)
		return -ENOMEM;
	for (size_t i = 0; i < config->service_count; i++)
		add_ports_of(work, &config->services[i]);
	return 0;
}

int blueprint_make(const struct blueprint_source *source, struct arena *arena,
	struct blueprint *out, struct error *err)
{
	struct work work = { .source = source, .arena = arena, .out = out };
	int result;

	*out = (struct blueprint){ .project = source->config->name };
	result = add_networks(&work);
	if (result == 0)
		result = add_endpoints(&work, err);
	if (result == 0)
		result = add_groups(&work, err);
	if (result == 0)
		result = add_ports(&work, err);
	if (result == 0)
		result = firewall_make(source->config, arena, &out->topology);
	if (result == -ENOMEM)
		return error_set(err, result,
			"lay out the networks: no memory");
	return result;
}

struct topology_endpoint *blueprint_find(const struct blueprint *blueprint,
	const char *service, size_t *count)
{
	const struct topology *topology = &blueprint->topology;
	size_t first = first_of(blueprint, service);
	size_t end = first;

	*count = 0;
	if (first == NONE)
		return NULL;
	while (end < topology->endpoint_count &&
		blueprint->services[end] == blueprint->services[first])
		end++;
	*count = end - first;
	return &topology->endpoints[first];
}

const struct topology_endpoint *
blueprint_find_way_out(const struct blueprint *blueprint, const char *service)
{
	size_t count;
	const struct topology_endpoint *endpoints =
		blueprint_find(blueprint, service, &count);

	for (size_t i = 0; i < count; i++) {
		if (endpoints[i].has_default_route)
			return &endpoints[i];
	}
	return endpoints;
}
