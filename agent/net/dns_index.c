// SPDX-License-Identifier: MIT
/* dns_index - an open hash table of the numbers of rows */
#include "net/dns_index.h"

#include <errno.h>

#include "lib/arena.h"

/* FNV's low bits are its best; at most half of the slots are used. */
int dns_index_init(struct dns_index *index, struct arena *arena, size_t count)
{
	size_t size = 2;

	while (size < count * 2)
		size *= 2;
	index->slots = arena_array(arena, size, sizeof(*index->slots));
	index->mask = size - 1;
	return index->slots ? 0 : -ENOMEM;
}

void dns_index_add(struct dns_index *index, uint64_t hash, size_t number)
{
	size_t at = hash & index->mask;

	while (index->slots[at] != 0)
		at = (at + 1) & index->mask;
	index->slots[at] = (uint32_t)number + 1;
}

size_t dns_index_next(const struct dns_index *index, uint64_t *at)
{
	uint32_t slot;

	if (!index->slots)
		return SIZE_MAX;
	slot = index->slots[*at & index->mask];
	(*at)++;
	return slot == 0 ? SIZE_MAX : slot - 1;
}
