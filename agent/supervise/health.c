// SPDX-License-Identifier: MIT
/* health - looks now and then whether a workload is healthy */
#include "supervise/health.h"

#include <stdio.h>

#include "config/service.h"
#include "lib/error.h"
#include "lib/text.h"

#define BUSY_MS 1000 /* for a check to end whose program was killed */

static struct health *of_job(struct job *job)
{
	return container_of(job, struct health, job);
}

static void apply(struct health *health, enum health_event event)
{
	enum health_status last = health->state.status;
	uint64_t now_ms = loop_now_ms();
	uint64_t due_ms;

	health->state = health_state_next(&health->state, &health->rules, event,
		now_ms);
	due_ms = health->state.due_ms;
	if (due_ms == HEALTH_NEVER)
		loop_disarm(&health->timer);
	else
		loop_arm(&health->timer, due_ms > now_ms ? due_ms - now_ms : 0);
	if (health->state.status != last &&
		(health->state.status == HEALTH_HEALTHY ||
			health->state.status == HEALTH_UNHEALTHY))
		health->on_change(health);
}

static void fail(struct health *health, enum health_event event,
	const char *reason)
{
	(void)text_copy(health->reason, sizeof(health->reason), reason);
	apply(health, event);
}

static void on_end(struct job *job)
{
	struct health *health = of_job(job);

	if (!health->is_checking) {
		health->on_idle(health);
		return;
	}
	health->is_checking = false;
	if (job->result.code < 0) {
		fail(health, HEALTH_EVENT_FAILED, job->result.text);
		return;
	}
	health->reason[0] = '\0';
	apply(health, HEALTH_EVENT_OK);
}

static void on_progress(struct job *job)
{
	(void)job;
}

/*
 * What the check runs is killed, and its child, which waits for that, reaps it
 * and ends. One that was just about to start it gets BUSY_MS, then it is killed
 * itself, and what it has started by then goes to process 1.
 */
static void end_check(struct health *health)
{
	health->is_checking = false;
	/* fails when the container is gone, and all in it */
	(void)probe_kill(health->probe.container, NULL);
}

/* The child first: after it is gone nobody lets a program go. */
static void force_end(struct health *health)
{
	job_kill(&health->job);
	(void)probe_kill(health->probe.container, NULL);
	loop_arm(&health->timer, BUSY_MS);
}

static void begin(struct health *health)
{
	char what[128];
	struct error err;

	(void)snprintf(what, sizeof(what), "check '%s'",
		health->probe.service->name);
	apply(health, HEALTH_EVENT_BEGUN);
	if (job_start(&health->job, what, probe_perform, &health->probe, &err) <
		0)
		fail(health, HEALTH_EVENT_FAILED, err.text);
	else
		health->is_checking = true;
}

static void on_timer(struct timer *timer)
{
	struct health *health = container_of(timer, struct health, timer);
	char reason[64];

	if (health->is_checking) {
		end_check(health);
		(void)snprintf(reason, sizeof(reason), "no result within %g s",
			(double)health->rules.timeout_ms / 1000);
		fail(health, HEALTH_EVENT_TIMED_OUT, reason);
	} else if (job_is_running(&health->job)) {
		force_end(health);
	} else if (health->state.status != HEALTH_NONE) {
		begin(health);
	}
}

void health_init(struct health *health, struct loop *loop)
{
	job_init(&health->job, loop);
	health->job.list_fds = probe_list_fds;
	health->job.on_progress = on_progress;
	health->job.on_end = on_end;
	health->timer.watch.fd = -1;
	health->is_checking = false;
	health->state = (struct health_state){ .due_ms = HEALTH_NEVER };
	health->reason[0] = '\0';
}

int health_start(struct health *health, enum health_event event,
	const struct probe *probe, const struct health_rules *rules,
	struct error *err)
{
	int result = 0;

	if (!rules->is_checked) {
		health_stop(health);
		return 0;
	}
	if (health->timer.watch.fd < 0)
		result = loop_add_timer(health->job.loop, &health->timer,
			on_timer, err);
	if (result < 0)
		return result;
	if (health->is_checking)
		end_check(health);
	health->probe = *probe;
	health->rules = *rules;
	health->reason[0] = '\0';
	apply(health, event);
	return 0;
}

void health_stop(struct health *health)
{
	if (health->is_checking)
		end_check(health);
	health->reason[0] = '\0';
	if (health->timer.watch.fd >= 0)
		apply(health, HEALTH_EVENT_STOPPED);
	if (job_is_running(&health->job))
		loop_arm(&health->timer, BUSY_MS);
	health->state.status = HEALTH_NONE;
}

bool health_is_busy(const struct health *health)
{
	return job_is_running(&health->job);
}

void health_close(struct health *health)
{
	if (health->is_checking)
		end_check(health);
	job_cancel(&health->job);
	loop_remove(health->job.loop, &health->timer.watch);
	health->state = (struct health_state){ .due_ms = HEALTH_NEVER };
}
