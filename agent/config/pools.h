/* SPDX-License-Identifier: MIT */
/*
 * pools - the subnets of networks
 */
#ifndef TARE_CONFIG_POOLS_H
#define TARE_CONFIG_POOLS_H

#include <stddef.h>

struct address;
struct draft;
struct draft_network;
struct mark;
struct network;
struct network_pool;
struct reader;

/* Whether the network has addresses of the families of its pools. */
void pools_check(struct reader *reader, const struct draft_network *network);

/* Reports subnets of two networks that overlap. */
void pools_check_all(struct reader *reader, const struct draft *draft);

/* The pool of that family, or NULL. */
const struct network_pool *pool_find(const struct network *network, int family);

/*
 * What keeps an address from being a container's in that pool, for a message
 * "'ADDRESS' ...", or NULL.
 */
const char *pool_refuses(const struct network_pool *pool,
	const struct address *address);

#endif
