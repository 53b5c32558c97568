/* SPDX-License-Identifier: MIT */
/*
 * health - looks now and then whether a workload is healthy
 *
 * health_state.h decides when and what it means; the looking itself is done in
 * a child (probe.h), so that it never holds the loop. There is one at a time:
 * one that was killed and is not gone yet puts the next one off.
 */
#ifndef TARE_SUPERVISE_HEALTH_H
#define TARE_SUPERVISE_HEALTH_H

#include <stdbool.h>
#include <stdint.h>

#include "lib/loop.h"
#include "supervise/health_rules.h"
#include "supervise/health_state.h"
#include "supervise/job.h"
#include "supervise/probe.h"

struct error;

struct health {
	struct health_state state;
	struct health_rules rules;
	struct probe probe;
	struct timer timer; /* the next check, or the end of its time */
	struct job job;
	bool is_checking; /* the job's result counts */
	char reason[240]; /* of the last check that failed, for people; or "" */
	/* it has become healthy or unhealthy */
	void (*on_change)(struct health *health);
	/* a check that counted no more is gone: health_is_busy is false */
	void (*on_idle)(struct health *health);
};

/* Prepares a struct that checks nothing; the callbacks are the caller's. */
void health_init(struct health *health, struct loop *loop);

/*
 * Checks a workload that has just been started, or, with HEALTH_EVENT_ADOPTED, goes
 * on with one whose state has its last status and when it was started. What the
 * probe points to must outlive it. A check that runs is ended and does not
 * count. Rules without a test check nothing. On error nothing is checked.
 */
int health_start(struct health *health, enum health_event event,
	const struct probe *probe, const struct health_rules *rules,
	struct error *err);

/* Ends it, the check that runs with it; does not wait. Fine when it did. */
void health_stop(struct health *health);

/* Whether a check runs, or one that was killed is not gone yet. */
bool health_is_busy(const struct health *health);

/* Stops, waits for what is killed and closes all. */
void health_close(struct health *health);

#endif
