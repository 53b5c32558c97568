/* SPDX-License-Identifier: MIT */
/*
 * balance - who gets the connections: the serving endpoints of each group,
 * numbered, and what leads to them
 *
 * Pure. All endpoints that serve for some group stand in one line, those of a
 * group side by side, so that "one of numbers 4 to 7" is "one of the replicas
 * of web", and one map per family has the addresses of all.
 */
#ifndef TARE_NET_BALANCE_H
#define TARE_NET_BALANCE_H

#include <stdint.h>

#include "net/topology.h"

enum balance_family {
	BALANCE_IPV4,
	BALANCE_IPV6,
	BALANCE_FAMILIES,
};

enum balance_limit {
	/* each port, and the virtual address of each group */
	BALANCE_TARGETS_MAX = TOPOLOGY_PORTS_MAX + TOPOLOGY_GROUPS_MAX,
};

struct balance_share {
	uint32_t first, count; /* numbers in the line */
};

/* Where connections are led: one port of all replicas of a group. */
struct balance_target {
	uint16_t group;
	uint16_t port; /* 0: that which the connection has */
};

struct balance {
	struct balance_share shares[BALANCE_FAMILIES][TOPOLOGY_GROUPS_MAX];
	struct balance_target targets[BALANCE_TARGETS_MAX]; /* sorted, each
							       once */
	size_t target_count;
};

void balance_make(struct balance *balance, const struct topology *topology);

/* The address of an endpoint in a family; its family is 0 when there is none,
 * or when the endpoint does not serve. */
const struct address *balance_address(const struct topology_endpoint *endpoint,
	enum balance_family family);

/* Whether packets of a network pass through the machine. */
bool balance_is_ours(const struct topology *topology, size_t network);

#endif
