/* SPDX-License-Identifier: MIT */
/*
 * range - host ids for user namespaces, 65,536 for each, none used twice
 *
 * Range n begins at host id 65536 * (16 + n), far above the ids of people and
 * services (RANGE_FIRST is 1,048,576). A set says which ones are taken; pure.
 */
#ifndef TARE_RUN_RANGE_H
#define TARE_RUN_RANGE_H

#include <stdint.h>

enum range_limit {
	RANGE_COUNT = 4096,
	RANGE_SIZE = 65536,
	RANGE_FIRST = 16 * RANGE_SIZE,
};

/* Zeroed, all ranges are free. */
struct range_set {
	uint64_t taken[RANGE_COUNT / 64];
};

/* Takes the lowest free range; returns its first id, or 0: none is left. */
uint32_t range_take(struct range_set *set);

/* Gives a range back by its first id; 0 and foreign ids are ignored. */
void range_give(struct range_set *set, uint32_t first_id);

/*
 * Takes the range that somebody has already. -EINVAL: no range begins at
 * first_id; -EBUSY: it is taken.
 */
int range_mark(struct range_set *set, uint32_t first_id);

#endif
