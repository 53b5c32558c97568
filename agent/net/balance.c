// SPDX-License-Identifier: MIT
/* balance - who gets the connections */
#include "net/balance.h"

#include <stdlib.h>

static const struct address none;

const struct address *balance_address(const struct topology_endpoint *endpoint,
	enum balance_family family)
{
	if (!endpoint->is_serving)
		return &none;
	return family == BALANCE_IPV4 ? &endpoint->address4
				      : &endpoint->address6;
}

bool balance_is_ours(const struct topology *topology, size_t network)
{
	return topology->networks[network].driver == TOPOLOGY_BRIDGE;
}

static uint32_t count_serving(const struct topology *topology,
	const struct topology_group *group, enum balance_family family)
{
	uint32_t count = 0;

	if (!balance_is_ours(topology, group->network))
		return 0;
	for (size_t i = 0; i < group->endpoint_count; i++) {
		const struct topology_endpoint *endpoint =
			&topology->endpoints[group->endpoints[i]];

		if (balance_address(endpoint, family)->family != 0)
			count++;
	}
	return count;
}

static void share_out(struct balance *balance, const struct topology *topology,
	enum balance_family family)
{
	uint32_t next = 0;

	for (size_t i = 0; i < topology->group_count; i++) {
		struct balance_share *share = &balance->shares[family][i];

		share->first = next;
		share->count =
			count_serving(topology, &topology->groups[i], family);
		next += share->count;
	}
}

static int compare_targets(const void *left, const void *right)
{
	const struct balance_target *a = left;
	const struct balance_target *b = right;

	if (a->group != b->group)
		return a->group < b->group ? -1 : 1;
	return a->port - b->port;
}

static void add_target(struct balance *balance, size_t group, uint16_t port)
{
	balance->targets[balance->target_count++] = (struct balance_target){
		.group = (uint16_t)group,
		.port = port,
	};
}

static void drop_doubles(struct balance *balance)
{
	struct balance_target *targets = balance->targets;
	size_t kept = 0;

	for (size_t i = 0; i < balance->target_count; i++) {
		if (kept == 0 ||
			compare_targets(&targets[i], &targets[kept - 1]) != 0)
			targets[kept++] = targets[i];
	}
	balance->target_count = kept;
}

void balance_make(struct balance *balance, const struct topology *topology)
{
	share_out(balance, topology, BALANCE_IPV4);
	share_out(balance, topology, BALANCE_IPV6);
	balance->target_count = 0;
	for (size_t i = 0; i < topology->port_count; i++) {
		const struct topology_port *port = &topology->ports[i];

		if (port->group != SIZE_MAX)
			add_target(balance, port->group, port->target);
	}
	for (size_t i = 0; i < topology->group_count; i++) {
		const struct topology_group *group = &topology->groups[i];

		if (group->virtual4.family != 0 || group->virtual6.family != 0)
			add_target(balance, i, 0);
	}
	qsort(balance->targets, balance->target_count,
		sizeof(*balance->targets), compare_targets);
	drop_doubles(balance);
}
