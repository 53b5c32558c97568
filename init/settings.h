/* SPDX-License-Identifier: MIT */
/*
 * settings - the addresses and routes that an interface shall have, and what
 * is to be changed for that.
 *
 * Pure. What differs is changed and nothing else: an added route touches no
 * address, and no DHCP client.
 */
#ifndef INIT_SETTINGS_H
#define INIT_SETTINGS_H

#include <stdbool.h>
#include <stdint.h>

#include "inet.h"
#include "wanted.h"

#define SETTINGS_ROWS_MAX 256

struct dhcp_lease;
struct dhcp6_lease;

/* what of router advertisements is used */
enum settings_routers {
	SETTINGS_ROUTERS_NONE,
	SETTINGS_ROUTERS_ROUTES, /* beside DHCPv6, which has none */
	SETTINGS_ROUTERS_ALL,    /* and addresses of them (SLAAC) */
};

struct settings {
	int index; /* of the interface */
	enum settings_routers routers;
	uint32_t mtu; /* 0: as it is */
	struct inet_address addresses[SETTINGS_ROWS_MAX];
	struct inet_route routes[SETTINGS_ROWS_MAX];
	unsigned addresses_count, routes_count;
};

/* Of a block (-1: nothing is wanted), a lease or NULL, whose address is
 * valid for lease_s more, and one of DHCPv6 or NULL. Routes without a metric get that of the block, or
 * metric; index is the interface's. */
struct settings_source {
	const struct wanted *wanted;
	int block, index;
	const struct dhcp_lease *lease;
	const struct dhcp6_lease *lease6;
	int64_t now_s; /* of its clock */
	uint32_t lease_s, metric;
};
void settings_make(const struct settings_source *source,
	struct settings *settings);

/* the metric of routes without one */
uint32_t settings_metric(const struct settings_source *source);

/* What of ours is on the interface and should not be, and what is missing. Of
 * a kernel's own settings only those of router advertisements are removed, and
 * only without "auto". */
void settings_compare(const struct settings *settings, const struct inet *found,
	struct inet *remove, struct inet *add);

#endif
