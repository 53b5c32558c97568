/* SPDX-License-Identifier: MIT */
/*
 * hash_index - an open hash table of the numbers of rows
 *
 * The rows and their keys are somebody else's: the table hands out the numbers
 * that a hash may stand for, and its owner compares. Nothing is taken out: a
 * row that is another one now is found under both hashes until the owner, when
 * there is no room left, clears the table and adds what is there.
 */
#ifndef TARE_LIB_HASH_INDEX_H
#define TARE_LIB_HASH_INDEX_H

#include <stddef.h>
#include <stdint.h>

struct arena;

struct hash_index {
	uint32_t *slots; /* number + 1; 0: free */
	size_t mask;
	size_t room; /* rows that may still be added */
};

/* Makes an empty table for count rows. 0 or -ENOMEM. */
int hash_index_init(struct hash_index *index, struct arena *arena,
	size_t count);

/* The same with slots of the caller's; size is a power of two, and half of it
 * is room. */
void hash_index_clear(struct hash_index *index, uint32_t *slots, size_t size);

/* There must be room. */
void hash_index_add(struct hash_index *index, uint64_t hash, size_t number);

/*
 * The next number that a hash may stand for, SIZE_MAX when there is no more.
 * *at begins as the hash. An index of zeros is an empty one.
 */
size_t hash_index_next(const struct hash_index *index, uint64_t *at);

#endif
