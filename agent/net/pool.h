/* SPDX-License-Identifier: MIT */
/*
 * pool - gives out subnets, addresses and names of links
 *
 * Pure, but for pool_make_ula. Who was given something keeps it as long as it
 * still fits, whoever else comes or goes: what was given before is a book (see
 * book.h). What is new gets the next number above the last one given, and
 * those below only after the last of the range.
 *
 *	layer above: topology of the config, with what is declared in it
 *	             + what networks ask for + the book of before
 *	pool_fill:   what is "none" in the topology is filled in; a new book
 *
 * Automatic subnets: IPv4 from 172.16.0.0/12 by /16 (from 172.18 on), then
 * 192.168.0.0/16 by /20, then 10.0.0.0/8 by /16; IPv6: a /64 of the machine's
 * own prefix (RFC 4193). They overlap nothing that is declared or taken.
 */
#ifndef TARE_NET_POOL_H
#define TARE_NET_POOL_H

#include <stdbool.h>
#include <stddef.h>

#include "lib/address.h"
#include "net/book.h"
#include "net/topology.h"

struct arena;
struct error;

struct pool_list {
	const struct address *addresses;
	size_t count;
};

/* What a network asks for, besides what its struct topology_network says. */
struct pool_network {
	bool has_ipv4, has_ipv6;      /* false: it has no addresses of these */
	struct prefix range4, range6; /* what is given out; 0: all the subnet */
	/* never given (aux_addresses) */
	struct pool_list reserved4, reserved6;
};

struct pool_request {
	struct topology *topology;           /* read and filled in */
	const struct pool_network *networks; /* as topology->networks */
	const struct prefix *taken;          /* see link_read_taken */
	size_t taken_count;
	const struct book *before;
};

/*
 * Fills in, where it is none (family 0, "", zeroes):
 *
 *	networks   subnet4/6, gateway4/6 (the first address), bridge
 *	endpoints  address4/6, mac, link; not name
 *	groups     virtual4/6 of those with has_virtual, in bridged networks
 *
 * *after is the new book, in the arena, with names that belong to the topology;
 * its ULA prefix is that of before, which must have one when a network with
 * IPv6 declares no subnet (else -EINVAL).
 *
 * What cannot be given stays none, the rest is given; err then says why of the
 * first, and its code is returned: -ENOSPC: nothing free, -EINVAL: an address
 * is declared that its subnet cannot have, -EEXIST: one that somebody else has.
 * -ENOMEM, -E2BIG: the topology is not to be used.
 *
 *	"give 'web-3' an address in network 'front': none of 192.0.2.0/28 is
 *	free, declare a larger subnet or ip_range"
 */
int pool_fill(const struct pool_request *request, struct arena *arena,
	struct book *after, struct error *err);

/* A new prefix fdXX:XXXX:XXXX::/48 (RFC 4193, 3.2.2), by getrandom(2). 0 or
 * -errno. */
int pool_make_ula(struct prefix *out);

#endif
