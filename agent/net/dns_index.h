/* SPDX-License-Identifier: MIT */
/*
 * dns_index - an open hash table of the numbers of rows
 *
 * The rows and their keys are somebody else's: the table hands out the numbers
 * that a hash may stand for, and its owner compares.
 */
#ifndef TARE_NET_DNS_INDEX_H
#define TARE_NET_DNS_INDEX_H

#include <stddef.h>
#include <stdint.h>

struct arena;

struct dns_index {
	uint32_t *slots; /* number + 1; 0: free */
	size_t mask;
};

/* Makes an empty table for count rows. 0 or -ENOMEM. */
int dns_index_init(struct dns_index *index, struct arena *arena, size_t count);

void dns_index_add(struct dns_index *index, uint64_t hash, size_t number);

/*
 * The next number that a hash may stand for, SIZE_MAX when there is no more.
 * *at begins as the hash.
 */
size_t dns_index_next(const struct dns_index *index, uint64_t *at);

#endif
