// SPDX-License-Identifier: MIT
/* workload - one entry of `services:`, kept as the config wants it */
#include "supervise/workload.h"

#include <errno.h>
#include <poll.h>
#include <signal.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>

#include "lib/arena.h"
#include "lib/log.h"
#include "lib/text.h"
#include "store/store.h"
#include "supervise/checkup.h"
#include "supervise/fabric.h"
#include "supervise/folders.h"
#include "supervise/keep.h"
#include "supervise/life.h"
#include "supervise/places.h"
#include "supervise/process.h"

#define ORPHAN_WAIT_MS 3000 /* for process 1 to say how one ended */
#define DRAIN_MS       250  /* for a program to accept what is on its way */

enum exit_code { /* as `docker run` and the shell have them */
	EXIT_NOT_STARTED = 125,
	EXIT_NOT_EXECUTABLE = 126,
	EXIT_NOT_FOUND = 127,
	EXIT_UNBORN = 127, /* of a process before its program */
};

static void set_reason(struct workload *workload, const char *text)
{
	(void)text_copy(workload->reason, sizeof(workload->reason), text);
}

static const char *name_of(const struct workload *workload)
{
	return workload->service->name;
}

/* The stop signal is the service's, else the image's, else SIGTERM. */
static int find_stop_signal(const struct service *service,
	const struct image *image)
{
	int number = service->stop_signal;

	if (number == 0 && *image->stop_signal)
		number = process_signal(image->stop_signal);
	return number > 0 ? number : SIGTERM;
}

static bool has_failed(const struct workload *workload, enum chore chore)
{
	return workload->failed & (1U << chore);
}

/*
 * Which chore comes next. An image whose archive is new or has changed is
 * unpacked first; when that fails, what was unpacked before is still good.
 */
static enum chore next_chore(const struct workload *workload, int found,
	const struct image *image)
{
	bool has_older = has_failed(workload, CHORE_IMAGE) &&
			 found == -EAGAIN && image->layer_count > 0;

	if (found < 0 && !has_older)
		return CHORE_IMAGE;
	return folders_are_made(workload->host->places, workload->service,
		       image)
		       ? CHORE_NONE
		       : CHORE_FOLDERS;
}

/* Looks the image up and has done what must be done before it can start. */
static enum event prepare(struct workload *workload)
{
	auto_arena arena = { 0 };
	struct image image = { .layer_count = 0 };
	enum event event = EVENT_FAIL; /* the reason is known */
	enum chore chore;
	struct error err;
	int result = store_find(workload->host->store, workload->service->image,
		&arena, &image, &err);

	workload->is_due = false;
	chore = next_chore(workload, result, &image);
	if (chore == CHORE_NONE) {
		if (result < 0)
			log_warn(
				"%s: %s, using the image that was there before",
				name_of(workload), workload->reason);
		event = EVENT_READY;
	} else if (!has_failed(workload, chore)) {
		if (chore == CHORE_FOLDERS || result == -EAGAIN)
			result = workload->host->want(workload, chore, &image,
				&err);
		if (result == 0)
			return EVENT_NONE;
		set_reason(workload, err.text);
	}
	workload->failed = 0;
	return event;
}

/* Everything up to execve(2); on error nothing is left behind. */
static int start(struct workload *workload, struct error *err)
{
	const struct workload_host *host = workload->host;
	auto_arena arena = { 0 };
	struct image image = { .layer_count = 0 };
	int result;

	/* what did not die in time at the last end must be gone by now */
	result = container_clear(&workload->container,
		host->places->workloads_fd, err);
	if (result < 0)
		return result;
	result = store_find(host->store, workload->service->image, &arena,
		&image, err);
	if (result < 0 && !(result == -EAGAIN && image.layer_count > 0))
		return result;
	workload->stop_signal = find_stop_signal(workload->service, &image);
	result = life_start(workload, &image, err);
	if (result == 0)
		checkup_start(workload, &image);
	return result;
}

/* What an end means: run again or not. */
static enum event judge_exit(struct workload *workload, int exit_code,
	uint64_t ran_ms)
{
	workload->exit_code = exit_code;
	if (exit_code == 0 || ran_ms >= BACKOFF_RESET_MS)
		workload->failures = 0;
	if (ran_ms >= BACKOFF_RESET_MS)
		workload->attempts = 0;
	if (exit_code != 0)
		workload->failures++;
	return state_should_restart(workload->service, exit_code,
		       workload->failures)
		       ? EVENT_EXIT_AGAIN
		       : EVENT_EXIT_DONE;
}

static enum event spawn(struct workload *workload)
{
	struct error err;
	int result = start(workload, &err);

	if (result == 0) {
		workload->restarts += workload->has_ever_run;
		workload->has_started = true;
		workload->has_ever_run = true;
		set_reason(workload, "");
		return EVENT_NONE;
	}
	set_reason(workload, err.text);
	if (result == -ENOENT)
		return judge_exit(workload, EXIT_NOT_FOUND, 0);
	if (result == -EACCES || result == -ENOEXEC)
		return judge_exit(workload, EXIT_NOT_EXECUTABLE, 0);
	return judge_exit(workload, EXIT_NOT_STARTED, 0);
}

/* A workload that ends at once without failing must not spin either. */
static void arm_backoff(struct workload *workload)
{
	if (workload->attempts < UINT32_MAX)
		workload->attempts++;
	workload->retry_ms = state_backoff_ms(workload->attempts);
	alarm_set(&workload->alarm, workload->retry_ms);
}

static void send_stop(struct workload *workload)
{
	int number = workload->service->stop_signal;
	struct error err;

	workload->is_draining = false;
	/* that of the config as it is now, else as it was at the start */
	if (container_signal(&workload->container,
		    number > 0 ? number : workload->stop_signal, &err) < 0)
		log_warn("%s: %s, killing it after its grace time",
			name_of(workload), err.text);
	alarm_set(&workload->alarm, workload->service->stop_grace_ms);
}

/* What is on its way to one that others share the work with is to be accepted
 * yet: the kernel resets it when a program closes its listener. */
static void terminate(struct workload *workload)
{
	health_stop(&workload->health);
	workload->is_draining =
		fabric_drain(workload->host->fabric, workload->service);
	if (workload->is_draining)
		alarm_set(&workload->alarm, DRAIN_MS);
	else
		send_stop(workload);
}

static void kill_all(struct workload *workload)
{
	struct error err;

	if (container_kill(&workload->container, &err) < 0)
		log_warn("%s: %s", name_of(workload), err.text);
}

static enum event perform(struct workload *workload, enum action action)
{
	switch (action) {
	case ACTION_PREPARE:
		return prepare(workload);
	case ACTION_SPAWN:
		return spawn(workload);
	case ACTION_ARM_BACKOFF:
		arm_backoff(workload);
		return EVENT_NONE;
	case ACTION_TERMINATE:
		terminate(workload);
		return EVENT_NONE;
	case ACTION_KILL:
		kill_all(workload);
		return EVENT_NONE;
	case ACTION_CLEAN_UP:
		alarm_cancel(&workload->alarm);
		return EVENT_NONE;
	case ACTION_NONE:
		return EVENT_NONE;
	}
	abort();
}

/* An event may lead to the next one at once. */
void workload_event(struct workload *workload, enum event event)
{
	bool has_changed = false;

	while (event != EVENT_NONE) {
		struct transition next = state_next(workload->state, event);

		if (next.next != workload->state) {
			workload->since_ms = loop_now_ms();
			has_changed = true;
		}
		workload->state = next.next;
		event = perform(workload, next.action);
	}
	if (has_changed)
		workload->host->on_change(workload);
}

void workload_fail(struct workload *workload, enum chore chore,
	const struct error *why)
{
	set_reason(workload, why->text);
	workload->failed |= 1U << chore;
}

void workload_hurry(struct workload *workload)
{
	if (workload->state != STATE_STOPPING)
		return;
	workload->is_draining = false;
	alarm_set(&workload->alarm, 0);
}

/* "exited with status 1", "was killed by SIGKILL, out of memory ..." */
static void describe_exit(struct workload *workload, int exit_code, int number,
	uint64_t oom_kills)
{
	const char *name = process_signal_name(number);
	struct text text;

	text_init(&text, workload->reason, sizeof(workload->reason));
	if (number == 0)
		text_add(&text, "exited with status %d", exit_code);
	else if (name)
		text_add(&text, "was killed by SIG%s", name);
	else
		text_add(&text, "was killed by signal %d", number);
	if (oom_kills > 0)
		text_add(&text, ", out of memory");
	if (oom_kills > 0 && workload->service->mem_limit_bytes > 0)
		text_add(&text, " (mem_limit is %llu MiB)",
			(unsigned long long)(workload->service
						     ->mem_limit_bytes >>
					     20));
}

/*
 * How it ended is kept before anything is cleared away: an agent that dies in
 * between finds the process as it is here, or its end.
 */
static void finish(struct workload *workload)
{
	struct error err = { 0 };
	enum event event = judge_exit(workload, workload->exit_code,
		loop_now_ms() - workload->since_ms);

	/* no run of its, so no policy of its; one that had run is gone, too,
	 * but did not end as those do whose maker is gone (container.c) */
	if (workload->is_unborn &&
		(workload->exit_code == EXIT_UNBORN ||
			workload->exit_code == EXIT_NOT_STARTED)) {
		set_reason(workload, "was being started when the agent ended");
		event = EVENT_EXIT_AGAIN;
	}

	health_stop(&workload->health);
	loop_remove(workload->host->loop, &workload->exit_watch);
	alarm_cancel(&workload->alarm);
	log_file_detach(&workload->log);
	life_keep_end(workload, state_next(workload->state, event).next);
	workload->has_ended = workload->is_draining = false;
	if (container_clear(&workload->container,
		    workload->host->places->workloads_fd, &err) < 0)
		log_warn("%s: %s", name_of(workload), err.text);
	workload_event(workload, event);
}

/* number: the signal that ended it, 0 for an exit, also one over 128 */
static void finish_with(struct workload *workload, int exit_code, int number)
{
	struct container_usage usage;

	container_usage(&workload->container, &usage);
	describe_exit(workload, exit_code, number, usage.oom_kills);
	workload->exit_code = number ? 128 + number : exit_code;
	finish(workload);
}

void workload_on_exit(struct watch *watch, uint32_t events)
{
	struct workload *workload =
		container_of(watch, struct workload, exit_watch);
	siginfo_t info = { .si_pid = 0 };

	(void)events;
	workload->is_draining = false;
	if (workload->is_adopted) { /* process 1 knows how */
		loop_remove(workload->host->loop, watch);
		workload->has_ended = true;
		alarm_set(&workload->alarm, ORPHAN_WAIT_MS);
		return;
	}
	/* a look only: it is reaped when its end is in the store */
	if (waitid(P_PIDFD, (id_t)workload->container.pid_fd, &info,
		    WEXITED | WNOHANG | WNOWAIT) == 0 &&
		info.si_pid == 0)
		return;
	if (info.si_pid == 0)
		finish_with(workload, EXIT_NOT_STARTED, 0);
	else if (info.si_code == CLD_EXITED)
		finish_with(workload, info.si_status, 0);
	else
		finish_with(workload, 0, info.si_status);
}

bool workload_is_serving(const struct workload *workload)
{
	enum health_status status = workload->health.state.status;

	return workload->state == STATE_RUNNING &&
	       (status == HEALTH_NONE || status == HEALTH_HEALTHY);
}

bool workload_has_ended(const struct workload *workload)
{
	struct pollfd wait = { .fd = workload->container.pid_fd,
		.events = POLLIN };

	return poll(&wait, 1, 0) == 1;
}

void workload_orphaned(struct workload *workload, int status)
{
	if (WIFEXITED(status))
		finish_with(workload, WEXITSTATUS(status), 0);
	else
		finish_with(workload, 0, WTERMSIG(status));
}

static void on_alarm(struct alarm *alarm)
{
	struct workload *workload = container_of(alarm, struct workload, alarm);

	if (workload->is_draining) {
		send_stop(workload);
		return;
	}
	if (!workload->has_ended) {
		workload_event(workload, EVENT_TIMER);
		return;
	}
	set_reason(workload, "ended while no agent ran, nobody knows how");
	workload->exit_code = EXIT_NOT_STARTED;
	finish(workload);
}

void workload_forget(struct workload *workload)
{
	struct error err;

	health_close(&workload->health);
	alarm_cancel(&workload->alarm);
	if (keep_forget(workload->host->keep, name_of(workload), &err) < 0)
		log_warn("%s: %s", name_of(workload), err.text);
	memset(workload, 0, sizeof(*workload));
}

static void on_health(struct health *health)
{
	struct workload *workload =
		container_of(health, struct workload, health);

	workload->host->on_health(workload);
}

static void on_idle(struct health *health)
{
	struct workload *workload =
		container_of(health, struct workload, health);

	workload->host->on_idle(workload);
}

void workload_init(struct workload *workload, const struct workload_host *host,
	const struct service *service)
{
	/* field by field: the log's buffers are pages better left untouched */
	workload->host = host;
	workload->service = service;
	workload->container = CONTAINER_NONE;
	workload->exit_watch.fd = -1;
	workload->exit_code = -1;
	workload->stop_signal = SIGTERM;
	workload->since_ms = loop_now_ms();
	health_init(&workload->health, host->loop);
	workload->health.on_change = on_health;
	workload->health.on_idle = on_idle;
	log_file_init(&workload->log, host->loop, host->places->log_fd,
		service->name);
	workload->alarm.alarms = host->alarms;
	workload->alarm.on_ring = on_alarm;
}
