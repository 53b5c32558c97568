// SPDX-License-Identifier: MIT
/* range - host ids for user namespaces, 65,536 for each, none used twice */
#include "run/range.h"

#include <errno.h>
#include <stdbool.h>
#include <stddef.h>

#define WORD_BITS 64

static bool find_number(uint32_t first_id, uint32_t *number)
{
	*number = (first_id - RANGE_FIRST) / RANGE_SIZE;
	return first_id >= RANGE_FIRST && first_id % RANGE_SIZE == 0 &&
	       *number < RANGE_COUNT;
}

static uint64_t bit_of(uint32_t number)
{
	return (uint64_t)1 << number % WORD_BITS;
}

uint32_t range_take(struct range_set *set)
{
	for (uint32_t i = 0; i < RANGE_COUNT; i++) {
		if (set->taken[i / WORD_BITS] & bit_of(i))
			continue;
		set->taken[i / WORD_BITS] |= bit_of(i);
		return RANGE_FIRST + i * RANGE_SIZE;
	}
	return 0;
}

void range_give(struct range_set *set, uint32_t first_id)
{
	uint32_t number;

	if (find_number(first_id, &number))
		set->taken[number / WORD_BITS] &= ~bit_of(number);
}

int range_mark(struct range_set *set, uint32_t first_id)
{
	uint32_t number;

	if (!find_number(first_id, &number))
		return -EINVAL;
	if (set->taken[number / WORD_BITS] & bit_of(number))
		return -EBUSY;
	set->taken[number / WORD_BITS] |= bit_of(number);
	return 0;
}
