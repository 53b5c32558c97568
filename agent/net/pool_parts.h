/* SPDX-License-Identifier: MIT */
/*
 * pool_parts - what the parts of pool_fill tell each other
 *
 *	pool_subnet.c    subnets and gateways
 *	pool_address.c   addresses of endpoints and groups
 *	pool_name.c      names of links
 */
#ifndef TARE_NET_POOL_PARTS_H
#define TARE_NET_POOL_PARTS_H

#include <sys/socket.h>

#include "net/pool.h"

struct pool_work {
	const struct pool_request *request;
	struct topology *topology;
	struct arena *arena;
	struct book *after; /* has room for all that can be noted */
	struct error *err;
	int result; /* the first failure */
};

/* The families, for loops over both. */
static const uint8_t pool_families[] = { AF_INET, AF_INET6 };
#define POOL_FAMILIES 2

/* Where err goes to: only the first failure is told; and that there was one. */
struct error *pool_first(const struct pool_work *work);
void pool_fail(struct pool_work *work, int code);

/* Adds an entry to the new book. */
void pool_note(struct pool_work *work, const struct book_entry *entry);

struct prefix *pool_subnet(struct topology_network *network, uint8_t family);
struct address *pool_gateway(struct topology_network *network, uint8_t family);

/* In order. 0 or -ENOMEM; what cannot be given is a pool_fail. */
int pool_give_subnets(struct pool_work *work);
int pool_give_addresses(struct pool_work *work);
int pool_give_names(struct pool_work *work);

#endif
