/* SPDX-License-Identifier: MIT */
/*
 * balance - who gets the connections: the serving endpoints of each group, and
 * the ports of groups that something leads to
 *
 * Pure.
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

/* Where connections are led: one port of all replicas of a group. */
struct balance_target {
	uint16_t group;
	uint16_t port; /* 0: that which the connection has */
};

struct balance {
	/* of each group: endpoints that serve and have that family */
	uint16_t serving[BALANCE_FAMILIES][TOPOLOGY_GROUPS_MAX];
	struct balance_target targets[BALANCE_TARGETS_MAX]; /* each once */
	size_t target_count;
};

void balance_make(struct balance *balance, const struct topology *topology);

/* The address of the nth that serves, from 0; NULL: there are not so many. */
const struct address *balance_nth(const struct topology *topology, size_t group,
	enum balance_family family, size_t nth);

/* Whether packets of a network pass through the machine. */
bool balance_is_ours(const struct topology *topology, size_t network);

#endif
