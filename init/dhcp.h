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

#define DHCP_ROUTES_MAX  32
#define DHCP_SERVERS_MAX 3 /* as many as a resolver asks */
#define DHCP_CLOCKS_MAX  4
#define DHCP_SEARCH_MAX  256
#define DHCP_NAME_MAX    254
#define DHCP_FOR_EVER    UINT32_MAX /* seconds, as the kernel says it */

/* addresses are in network byte order */
struct dhcp_address {
	uint32_t ip;
	uint8_t prefix;
	uint32_t lease_s; /* how long it is valid */
};

struct dhcp_route {
	uint32_t destination;
	uint8_t prefix;
	uint32_t gateway; /* 0: the destination is on the link */
};

struct dhcp_lease {
	struct dhcp_address address;
	struct dhcp_route routes[DHCP_ROUTES_MAX];
	unsigned routes_count;
	uint32_t servers[DHCP_SERVERS_MAX]; /* of names */
	unsigned servers_count;
	char search[DHCP_SEARCH_MAX]; /* domains, divided by single spaces */
	uint32_t mtu;                 /* 0: as it is */
	uint32_t server;              /* that gave it; 0: it did not say */
	uint32_t clocks[DHCP_CLOCKS_MAX]; /* servers of time */
	unsigned clocks_count;
	char hostname[DHCP_NAME_MAX]; /* "": none */
};

/* as getenv(3); tests have their own */
typedef const char *dhcp_lookup(const char *name);

/* Fill in the lease. Returns NULL, or why there is none: then nothing of it is
 * used. Optional values that are wrong are left out, and *ignored names the
 * last such variable, or is NULL. */
const char *dhcp_parse(struct dhcp_lease *lease, dhcp_lookup *lookup,
	const char **ignored);

#endif
