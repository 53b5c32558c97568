// SPDX-License-Identifier: MIT
/* health_state - whether a workload is healthy, and when to look again */
#include "supervise/health_state.h"

#include <stdbool.h>
#include <stdlib.h>

#include "supervise/health_rules.h"

static uint64_t add_ms(uint64_t time_ms, uint64_t more_ms)
{
	/* HEALTH_NEVER - 1 is as late as it gets */
	return more_ms < HEALTH_NEVER - 1 - time_ms ? time_ms + more_ms
						    : HEALTH_NEVER - 1;
}

static bool is_in_start_period(const struct health_state *state,
	const struct health_rules *rules, uint64_t time_ms)
{
	return state->status == HEALTH_STARTING &&
	       time_ms < add_ms(state->started_ms, rules->start_period_ms);
}

/* The wait from the end of a check to the next one. */
static void wait(struct health_state *state, const struct health_rules *rules,
	uint64_t now_ms)
{
	uint64_t wait_ms = is_in_start_period(state, rules, now_ms)
				   ? rules->start_interval_ms
				   : rules->interval_ms;

	state->due_ms = add_ms(now_ms, wait_ms);
}

/* An agent may die more often than a long interval ends: it looks soon. */
static void resume(struct health_state *state, const struct health_rules *rules,
	uint64_t now_ms)
{
	uint64_t wait_ms = rules->interval_ms < rules->start_interval_ms
				   ? rules->interval_ms
				   : rules->start_interval_ms;

	if (state->status == HEALTH_NONE)
		state->status = HEALTH_STARTING;
	state->due_ms = add_ms(now_ms, wait_ms);
}

static void fail(struct health_state *state, const struct health_rules *rules)
{
	if (is_in_start_period(state, rules, state->begun_ms))
		return;
	if (state->failures < UINT32_MAX)
		state->failures++;
	if (state->failures >= rules->retries)
		state->status = HEALTH_UNHEALTHY;
}

/* Whether an event can be, as things are. */
static bool makes_sense(const struct health_state *state,
	enum health_event event)
{
	switch (event) {
	case HEALTH_EVENT_STARTED:
	case HEALTH_EVENT_ADOPTED:
	case HEALTH_EVENT_STOPPED:
		return true;
	case HEALTH_EVENT_BEGUN:
	case HEALTH_EVENT_OK:
	case HEALTH_EVENT_FAILED:
	case HEALTH_EVENT_TIMED_OUT:
		return state->status != HEALTH_NONE;
	case HEALTH_EVENT_COUNT:
		return false;
	}
	abort();
}

struct health_state health_state_next(const struct health_state *state,
	const struct health_rules *rules, enum health_event event,
	uint64_t now_ms)
{
	struct health_state next = *state;

	if (!makes_sense(state, event))
		return next;
	switch (event) {
	case HEALTH_EVENT_STARTED:
		next = (struct health_state){ .status = HEALTH_STARTING,
			.started_ms = now_ms };
		wait(&next, rules, now_ms);
		break;
	case HEALTH_EVENT_ADOPTED:
		resume(&next, rules, now_ms);
		break;
	case HEALTH_EVENT_BEGUN:
		next.begun_ms = now_ms;
		next.due_ms = add_ms(now_ms, rules->timeout_ms);
		break;
	case HEALTH_EVENT_OK:
		next.status = HEALTH_HEALTHY;
		next.failures = 0;
		wait(&next, rules, now_ms);
		break;
	case HEALTH_EVENT_FAILED:
	case HEALTH_EVENT_TIMED_OUT:
		fail(&next, rules);
		wait(&next, rules, now_ms);
		break;
	case HEALTH_EVENT_STOPPED:
		next = (struct health_state){ .due_ms = HEALTH_NEVER };
		break;
	case HEALTH_EVENT_COUNT:
		break;
	}
	return next;
}

const char *health_status_name(enum health_status status)
{
	static const char *const names[HEALTH_COUNT] = {
		[HEALTH_NONE] = "",
		[HEALTH_STARTING] = "starting",
		[HEALTH_HEALTHY] = "healthy",
		[HEALTH_UNHEALTHY] = "unhealthy",
	};

	if (status >= HEALTH_COUNT)
		abort();
	return names[status];
}
