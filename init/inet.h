/* SPDX-License-Identifier: MIT */
/*
 * inet - addresses and routes of interfaces.
 *
 * What netd sets carries its mark (INET_OURS as the address's or the route's
 * protocol; RTPROT_DHCP for routes of a lease), so that it is known again
 * after a restart, and what others set is left alone. All take a socket of
 * nl_open and return 0 or a negative errno.
 */
#ifndef INIT_INET_H
#define INIT_INET_H

#include <stdbool.h>
#include <stdint.h>

#include "ip.h"

struct nlmsghdr;

#define INET_OURS     84
#define INET_ROWS_MAX 512
#define INET_FOR_EVER UINT32_MAX

struct inet_address {
	int index; /* of its interface */
	struct ip_prefix at;
	uint32_t valid_s, preferred_s; /* INET_FOR_EVER */
	uint8_t protocol;              /* as the kernel has it: who set it */
};

struct inet_route {
	int index;
	struct ip_prefix to;
	struct ip via; /* none: on the link */
	uint32_t metric;
	uint8_t protocol;
};

/* a list of both; what is more than fits is left out */
struct inet {
	struct inet_address addresses[INET_ROWS_MAX];
	struct inet_route routes[INET_ROWS_MAX];
	unsigned addresses_count, routes_count;
};

/* all addresses, and the routes of the main table that are ours, a lease's, a
 * router's or a default */
int inet_list(int fd, struct inet *inet);

/* add, or renew the time of; remove */
int inet_address_set(int fd, const struct inet_address *address);
int inet_address_remove(int fd, const struct inet_address *address);
int inet_route_set(int fd, const struct inet_route *route);
int inet_route_remove(int fd, const struct inet_route *route);

/* Does a message of the kernel's say that another host has an address (RFC
 * 4862, 5.4)? Then that is *ip. */
bool inet_is_duplicate(const struct nlmsghdr *message, struct ip *ip);

bool inet_route_equal(const struct inet_route *a, const struct inet_route *b);

/* Does the neighbour answer? inet_ask makes the kernel ask it now, inet_forget
 * makes it unknown, inet_answers tells whether it is known to be there. */
int inet_ask(int fd, int index, const struct ip *ip);
int inet_forget(int fd, int index, const struct ip *ip);
int inet_answers(int fd, int index, const struct ip *ip);

#endif
