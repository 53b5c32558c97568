/* SPDX-License-Identifier: MIT */
/*
 * backoff - how long to wait before what ended is started again: 500 ms, twice
 * as long each time, at most 30 s; after a steady run the count starts anew.
 * One that worked, as its heartbeat said, is missed: it is back at once,
 * however often it ends, and in 200 ms when it ran for less than a second.
 */
#ifndef INIT_BACKOFF_H
#define INIT_BACKOFF_H

#include <stdint.h>

#define BACKOFF_WORKED_MS 20
#define BACKOFF_BRIEF_MS  200
#define BACKOFF_BRIEF     1000 /* ms that it ran */
#define BACKOFF_MIN_MS    500
#define BACKOFF_MAX_MS    30000
#define BACKOFF_STEADY_MS 30000

/* the same for one that worked */
static inline int backoff_worked_ms(int64_t ran_ms)
{
	return ran_ms < BACKOFF_BRIEF ? BACKOFF_BRIEF_MS : BACKOFF_WORKED_MS;
}

/* last_ms is what this returned before, 0 the first time; ran_ms is how long
 * the program ran since */
static inline int backoff_ms(int last_ms, int64_t ran_ms)
{
	if (last_ms == 0 || ran_ms >= BACKOFF_STEADY_MS)
		return BACKOFF_MIN_MS;
	return last_ms < BACKOFF_MAX_MS / 2 ? last_ms * 2 : BACKOFF_MAX_MS;
}

#endif
