/* SPDX-License-Identifier: MIT */
/*
 * dhcp - what a DHCP server said, as far as we believe it.
 *
 * udhcpc hands the server's answer to us in environment variables. They come
 * from whoever answered first on the wire: each value is taken only when it is
 * well-formed and makes sense, and nothing is ever handed to a shell.
 */
#ifndef INIT_DHCP_H
#define INIT_DHCP_H

#include <stdint.h>

#include "nl.h"

#define DHCP_ROUTES_MAX  32
#define DHCP_SERVERS_MAX 3 /* as many as a resolver asks */
#define DHCP_SEARCH_MAX  256

struct dhcp_lease {
	struct nl_address address;
	struct nl_route routes[DHCP_ROUTES_MAX];
	unsigned routes_count;
	uint32_t servers[DHCP_SERVERS_MAX]; /* of names */
	unsigned servers_count;
	char search[DHCP_SEARCH_MAX]; /* domains, divided by single spaces */
	uint32_t mtu;                 /* 0: as it is */
};

/* as getenv(3); tests have their own */
typedef const char *dhcp_lookup(const char *name);

/* Fill in the lease. Returns NULL, or why there is none: then nothing of it is
 * used. Optional values that are wrong are left out, and *ignored names the
 * last such variable, or is NULL. */
const char *dhcp_parse(struct dhcp_lease *lease, dhcp_lookup *lookup,
	const char **ignored);

#endif
