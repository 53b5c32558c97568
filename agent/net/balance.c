// SPDX-License-Identifier: MIT
/* balance - who gets the connections */
#include "net/balance.h"

#include <stdlib.h>

bool balance_is_ours(const struct topology *topology, size_t network)
{
	return topology->networks[network].driver == TOPOLOGY_BRIDGE;
}

/* NULL: the endpoint does not serve, or not in that family. */
static const struct address *
address_of(const struct topology_endpoint *endpoint, enum balance_family family)
{
	const struct address *address = family == BALANCE_IPV4
						? &endpoint->address4
						: &endpoint->address6;

	return endpoint->is_serving && address->family != 0 ? address : NULL;
}

const struct address *balance_nth(const struct topology *topology, size_t group,
	enum balance_family family, size_t nth)
{
	const struct topology_group *of = &topology->groups[group];

	if (!balance_is_ours(topology, of->network))
		return NULL;
	for (size_t i = 0; i < of->endpoint_count; i++) {
		const struct address *address =
			address_of(&topology->endpoints[of->endpoints[i]],
				family);

		if (address && nth-- == 0)
			return address;
	}
	return NULL;
}

static void count_serving(struct balance *balance,
	const struct topology *topology, enum balance_family family)
{
	for (size_t i = 0; i < topology->group_count; i++) {
		const struct topology_group *group = &topology->groups[i];
		uint16_t count = 0;

		for (size_t j = 0; j < group->endpoint_count; j++) {
			if (address_of(&topology->endpoints
						[group->endpoints[j]],
				    family))
				count++;
		}
		balance->serving[family][i] =
			balance_is_ours(topology, group->network) ? count : 0;
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
	count_serving(balance, topology, BALANCE_IPV4);
	count_serving(balance, topology, BALANCE_IPV6);
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
