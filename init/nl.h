/* SPDX-License-Identifier: MIT */
/*
 * nl - the kernel's network settings, by rtnetlink(7).
 *
 * Addresses are in network byte order, as the kernel and inet_pton(3) have
 * them. All return 0 (or what they say) or a negative errno.
 */
#ifndef INIT_NL_H
#define INIT_NL_H

#include <linux/netlink.h>
#include <linux/rtnetlink.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct nl_address {
	uint32_t ip;
	uint8_t prefix;
	uint32_t lease_s; /* how long it is valid */
};

struct nl_route {
	uint32_t destination;
	uint8_t prefix;
	uint32_t gateway; /* 0: the destination is on the link */
};

/* called for each message of an answer; the attributes begin at attributes */
typedef void nl_visit(const struct nlmsghdr *message, void *context);

/* what follows the head of a message, and of an attribute */
static inline const void *nl_body(const struct nlmsghdr *message)
{
	return (const char *)message + NLMSG_HDRLEN;
}

static inline const void *nl_value(const struct rtattr *attribute)
{
	return (const char *)attribute + RTA_LENGTH(0);
}

/* a socket that also hears of the given groups (RTMGRP_...) */
int nl_open(uint32_t groups);

/* ask for everything of a kind (RTM_GETLINK ...) and visit each message */
int nl_dump(int fd, uint16_t kind, uint8_t family, nl_visit *visit,
	void *context);

/* the attribute of a kind within length bytes from first, or NULL */
const struct rtattr *nl_attribute(const void *first, size_t length,
	uint16_t kind);

/* switch an interface on, and set its MTU unless that is 0 */
int nl_link_set(int fd, int interface, uint32_t mtu);

/* add the address or renew its time; remove it */
int nl_address_set(int fd, int interface, const struct nl_address *address);
int nl_address_remove(int fd, int interface, const struct nl_address *address);

/* add or replace a route of DHCP's; remove it */
int nl_route_set(int fd, int interface, const struct nl_route *route);
int nl_route_remove(int fd, int interface, const struct nl_route *route);

#endif
