/* SPDX-License-Identifier: MIT */
/*
 * health_state - whether a workload is healthy, and when to look again
 *
 * Pure, and Docker's: (state, event, time) -> (state, when the next check is
 * due). health.c runs the checks.
 *
 *            STARTED                OK
 *   NONE ------------> STARTING ---------> HEALTHY <---+
 *     ^                    |                  |        | OK
 *     |                    | retries failures | as many|
 *     +--- STOPPED ---     +--------------> UNHEALTHY -+
 *          (from all)
 *
 * Failures are counted in a row. Those of a check that began within the start
 * period do not count, unless one has succeeded before.
 */
#ifndef TARE_SUPERVISE_HEALTH_STATE_H
#define TARE_SUPERVISE_HEALTH_STATE_H

#include <stdint.h>

struct health_rules;

enum health_status {
	HEALTH_NONE, /* it does not run, or nothing is checked */
	HEALTH_STARTING,
	HEALTH_HEALTHY,
	HEALTH_UNHEALTHY,
	HEALTH_COUNT,
};

enum health_event {
	HEALTH_EVENT_STARTED,
	HEALTH_EVENT_ADOPTED, /* it runs already: the status is the last known one */
	HEALTH_EVENT_BEGUN, /* a check has begun */
	HEALTH_EVENT_OK,
	HEALTH_EVENT_FAILED,
	HEALTH_EVENT_TIMED_OUT,
	HEALTH_EVENT_STOPPED, /* it ends, or nothing is checked any more */
	HEALTH_EVENT_COUNT,
};

#define HEALTH_NEVER UINT64_MAX

struct health_state {
	enum health_status status;
	uint32_t failures;   /* in a row, those that count */
	uint64_t started_ms; /* when the workload began to run */
	uint64_t begun_ms;   /* when the last check began */
	uint64_t due_ms;     /* of the next check, or of the end of the one
				that runs; HEALTH_NEVER: nothing is to be done */
};

/* All times are of one clock. An event that makes no sense is ignored. */
struct health_state health_state_next(const struct health_state *state,
	const struct health_rules *rules, enum health_event event,
	uint64_t now_ms);

/* "healthy" and so on, for people; "" for HEALTH_NONE. */
const char *health_status_name(enum health_status status);

#endif
