/* SPDX-License-Identifier: MIT */
/*
 * state - what a workload does next
 *
 * Pure: a table of (state, event) -> (action, next state), the restart policy
 * and the back-off. workload.c carries the actions out.
 *
 *             START             READY
 *   STOPPED ---------> PREPARING -----> RUNNING ----EXIT_DONE----> FINISHED
 *      ^                ^  |  ^            | |
 *      |          TIMER |  |  |            | +--EXIT_AGAIN--+
 *      |                |  |FAIL           |                |
 *      |                |  v               | STOP           |
 *      +-----STOP----- BACKOFF <-----------|----------------+
 *      |                                   v
 *      +---------------EXIT------------ STOPPING (TIMER: kill)
 */
#ifndef TARE_SUPERVISE_STATE_H
#define TARE_SUPERVISE_STATE_H

#include <stdbool.h>
#include <stdint.h>

#include "config/config.h"

enum state {
	STATE_STOPPED,   /* not wanted, or it waits for what it depends on */
	STATE_PREPARING, /* its image is looked for, perhaps being unpacked */
	STATE_RUNNING,
	STATE_BACKOFF,
	STATE_STOPPING,
	STATE_FINISHED, /* it ended and its restart policy is content */
	STATE_COUNT,
};

enum event {
	EVENT_NONE,
	EVENT_START,      /* somebody wants it and its dependencies run */
	EVENT_READY,      /* the image is there */
	EVENT_RETRY,      /* an import has ended: look for the image again */
	EVENT_FAIL,       /* the image cannot be had now */
	EVENT_EXIT_AGAIN, /* it ended and is to run again */
	EVENT_EXIT_DONE,  /* it ended for good */
	EVENT_TIMER,
	EVENT_STOP,
	EVENT_COUNT,
};

enum action {
	ACTION_NONE,
	ACTION_PREPARE,
	ACTION_SPAWN,
	ACTION_ARM_BACKOFF,
	ACTION_TERMINATE,
	ACTION_KILL,
	ACTION_CLEAN_UP,
};

struct transition {
	enum action action;
	enum state next;
};

enum backoff_limit {
	BACKOFF_FIRST_MS = 500,
	BACKOFF_MAX_MS = 30000,
	BACKOFF_RESET_MS = 10000, /* having run this long is a success */
};

/* What to do; a pair that has no row is ignored (ACTION_NONE, same state). */
struct transition state_next(enum state state, enum event event);

/* "running" and so on, for people. */
const char *state_name(enum state state);

/*
 * Whether a workload that ended with exit_code after `failures` failures in a
 * row (this one included) runs again.
 */
bool state_should_restart(const struct service *service, int exit_code,
	uint32_t failures);

/* The wait before attempt n + 1, n from 1: 500 ms, doubling, at most 30 s. */
uint64_t state_backoff_ms(uint32_t attempts);

#endif
