// SPDX-License-Identifier: MIT
/* hash_index - an open hash table of the numbers of rows */
#include "lib/hash_index.h"

#include <errno.h>
#include <string.h>

#include "lib/arena.h"

/* FNV's low bits are its best; at most half of the slots are used. */
void hash_index_clear(struct hash_index *index, uint32_t *slots, size_t size)
{
	memset(slots, 0, size * sizeof(*slots));
	*index = (struct hash_index){ slots, size - 1, size / 2 };
}

int hash_index_init(struct hash_index *index, struct arena *arena, size_t count)
{
	size_t size = 2;
	uint32_t *slots;

	while (size < count * 2)
		size *= 2;
	slots = arena_array(arena, size, sizeof(*slots));
	*index = (struct hash_index){ slots, size - 1, slots ? size / 2 : 0 };
	return slots ? 0 : -ENOMEM;
}

void hash_index_add(struct hash_index *index, uint64_t hash, size_t number)
{
	size_t at = hash & index->mask;

	while (index->slots[at] != 0)
		at = (at + 1) & index->mask;
	index->slots[at] = (uint32_t)number + 1;
	index->room--;
}

size_t hash_index_next(const struct hash_index *index, uint64_t *at)
{
	uint32_t slot;

	if (!index->slots)
		return SIZE_MAX;
	slot = index->slots[*at & index->mask];
	(*at)++;
	return slot == 0 ? SIZE_MAX : slot - 1;
}
