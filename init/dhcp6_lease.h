/* SPDX-License-Identifier: MIT */
/*
 * dhcp6_lease - what a DHCPv6 server gave, and the file that it is in.
 *
 * The client writes /run/tare/net/dhcp6/NAME.lease for netd and for the client
 * after it: lines of words, described in dhcp6.8. It belongs to a user without
 * rights, and is believed no more than what came over the wire.
 */
#ifndef INIT_DHCP6_LEASE_H
#define INIT_DHCP6_LEASE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "dhcp6_id.h"
#include "ip.h"

#define DHCP6_FOLDER        "/run/tare/net/dhcp6/"
#define DHCP6_USER          65531 /* the client's, and nobody else's */
#define DHCP6_ADDRESSES_MAX 4
#define DHCP6_SERVERS_MAX   3
#define DHCP6_WORDS_MAX     256
#define DHCP6_LEASE_MAX     2048 /* bytes of the file */
#define DHCP6_FOR_EVER      UINT32_MAX

struct dhcp6_address {
	struct ip ip;
	uint32_t preferred_s, valid_s; /* from the lease's time on */
};

/* what is known of names and of time; words are divided by single spaces */
struct dhcp6_names {
	struct ip servers[DHCP6_SERVERS_MAX];
	unsigned servers_count;
	char search[DHCP6_WORDS_MAX];
	char clocks[DHCP6_WORDS_MAX]; /* names or addresses */
};

struct dhcp6_lease {
	int64_t at_s; /* of lease_now_s(), when it was given */
	struct dhcp6_address addresses[DHCP6_ADDRESSES_MAX];
	unsigned count;      /* 0: names alone, or nothing */
	uint32_t t1_s, t2_s; /* when to renew it, and to rebind it */
	struct dhcp6_duid server;
	struct ip from; /* where the server's answer came from */
	struct dhcp6_names names;
};

/* how much of a time in seconds is left at now_s; DHCP6_FOR_EVER stays */
uint32_t dhcp6_lease_left(const struct dhcp6_lease *lease, uint32_t time_s,
	int64_t now_s);

/* which of its addresses this is; -1: none */
int dhcp6_lease_find(const struct dhcp6_lease *lease, const struct ip *ip);

/* take one of its addresses away; the last one gets its place */
void dhcp6_lease_remove(struct dhcp6_lease *lease, unsigned which);

/* an address that a server may give: of a host, and more than link-local */
bool dhcp6_lease_may_have(const struct ip *ip);

/* the content of a file; returns its length */
size_t dhcp6_lease_print(const struct dhcp6_lease *lease,
	char text[DHCP6_LEASE_MAX]);

/* Fill in the lease from text, which is changed. Returns 0 or -EBADMSG. */
int dhcp6_lease_parse(char *text, struct dhcp6_lease *lease);

/* The same of a file; or another negative errno. It is not waited for when it
 * is a pipe, and no link is followed. */
int dhcp6_lease_read(const char *path, struct dhcp6_lease *lease);

#endif
