// SPDX-License-Identifier: MIT
/* supervisor - makes the machine be what its config says, and keeps it so */
#include "supervise/supervisor.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/signalfd.h>
#include <unistd.h>

#include "lib/error.h"
#include "lib/fd.h"
#include "lib/log.h"
#include "lib/text.h"
#include "supervise/leftovers.h"
#include "supervise/past.h"

#define HOSTNAME_DEFAULT "tare"

static void changed(struct supervisor *supervisor)
{
	if (supervisor->on_change)
		supervisor->on_change(supervisor);
}

static struct supervisor *of_workload(const struct workload *workload)
{
	/* the host is embedded in its supervisor and not constant itself */
	union {
		const struct workload_host *in;
		struct workload_host *out;
	} host = { .in = workload->host };

	return container_of(host.out, struct supervisor, host);
}

static struct workload *find_workload(struct supervisor *supervisor,
	const char *name)
{
	for (size_t i = 0; i < supervisor->workload_count; i++) {
		struct workload *workload = &supervisor->workloads[i];

		if (text_equal(workload->service->name, name))
			return workload;
	}
	return NULL;
}

/* Workloads. */

static bool depends_on(const struct service *service, const char *name)
{
	for (size_t i = 0; i < service->depends_on.count; i++) {
		if (text_equal(service->depends_on.items[i], name))
			return true;
	}
	return false;
}

static bool can_start(struct supervisor *supervisor, struct workload *workload)
{
	const struct strings *names = &workload->service->depends_on;

	if (!workload->is_wanted || workload->state != STATE_STOPPED)
		return false;
	for (size_t i = 0; i < names->count; i++) {
		const struct workload *other =
			find_workload(supervisor, names->items[i]);

		if (other && !other->has_started)
			return false;
	}
	return true;
}

static bool is_active(const struct workload *workload)
{
	return workload->state != STATE_STOPPED &&
	       workload->state != STATE_FINISHED;
}

/* While stopping: nothing that depends on it is active any more. */
static bool can_stop(const struct supervisor *supervisor,
	const struct workload *workload)
{
	if (!is_active(workload) || workload->state == STATE_STOPPING)
		return false;
	for (size_t i = 0; i < supervisor->workload_count; i++) {
		const struct workload *other = &supervisor->workloads[i];

		if (is_active(other) &&
			depends_on(other->service, workload->service->name))
			return false;
	}
	return true;
}

/* Stops what nothing needs any more; true while something is active. */
static bool stop_some(struct supervisor *supervisor)
{
	bool has_active = false;

	for (size_t i = 0; i < supervisor->workload_count; i++) {
		struct workload *workload = &supervisor->workloads[i];

		if (can_stop(supervisor, workload))
			workload_event(workload, EVENT_STOP);
		has_active |= is_active(workload);
	}
	return has_active;
}

/* Starts the first that may; false when there is none. */
static bool start_one(struct supervisor *supervisor)
{
	for (size_t i = 0; i < supervisor->workload_count; i++) {
		struct workload *workload = &supervisor->workloads[i];

		if (workload->state == STATE_PREPARING && workload->is_due)
			workload_event(workload, EVENT_RETRY);
		else if (can_start(supervisor, workload))
			workload_event(workload, EVENT_START);
		else
			continue;
		return true;
	}
	return false;
}

/*
 * To start a container takes a while, so there is one a turn: signals, the
 * heartbeat and the output of others have theirs in between.
 */
static void on_turn(struct timer *timer)
{
	struct supervisor *supervisor =
		container_of(timer, struct supervisor, turn);

	if (!supervisor->is_stopping && start_one(supervisor))
		loop_arm(timer, 0);
	if (supervisor->is_stopping && !stop_some(supervisor))
		loop_stop(&supervisor->loop);
}

static void say_ready(struct supervisor *supervisor)
{
	size_t running = 0;

	for (size_t i = 0; i < supervisor->workload_count; i++) {
		const struct workload *workload = &supervisor->workloads[i];

		if (workload->state == STATE_RUNNING ||
			(workload->state == STATE_FINISHED &&
				workload->exit_code == 0))
			running++;
	}
	if (supervisor->is_ready || running < supervisor->workload_count)
		return;
	supervisor->is_ready = true;
	log_info("ready: %zu of %zu workloads running", running,
		supervisor->workload_count);
}

/* One line on the console for each change of a workload. */
static void say_state(const struct workload *workload)
{
	const char *name = workload->service->name;
	const char *reason = workload->reason;
	double retry_s = (double)workload->retry_ms / 1000;

	switch (workload->state) {
	case STATE_RUNNING:
		log_info("%s: running (pid %d)", name,
			(int)workload->container.pid);
		break;
	case STATE_BACKOFF:
		log_warn("%s: %s, starting again in %g s", name, reason,
			retry_s);
		break;
	case STATE_FINISHED:
		if (workload->exit_code == 0)
			log_info("%s: %s, finished", name, reason);
		else
			log_warn("%s: %s, not starting it again", name, reason);
		break;
	case STATE_STOPPED:
		log_info("%s: stopped", name);
		break;
	case STATE_STOPPING:
		log_info("%s: stopping", name);
		break;
	case STATE_PREPARING: /* on_want_image speaks when it takes long */
	case STATE_COUNT:
		break;
	}
}

static void on_workload_change(struct workload *workload)
{
	struct supervisor *supervisor = of_workload(workload);

	say_state(workload);
	if (workload->state == STATE_RUNNING ||
		workload->state == STATE_FINISHED)
		past_write(supervisor->places.run_fd, workload);
	say_ready(supervisor);
	loop_arm(&supervisor->turn, 0);
	changed(supervisor);
}

static int on_want(struct workload *workload, enum chore chore,
	const struct image *image, struct error *err)
{
	return chores_want(&of_workload(workload)->chores, workload, chore,
		image, err);
}

static struct supervisor *of_job(struct job *job)
{
	return container_of(container_of(job, struct chores, job),
		struct supervisor, chores);
}

static void on_job_progress(struct job *job)
{
	changed(of_job(job));
}

/* All who wait are asked again, in their turn. */
static void on_job_end(struct job *job)
{
	struct supervisor *supervisor = of_job(job);
	const struct chores *chores = &supervisor->chores;

	for (size_t i = 0; i < supervisor->workload_count; i++) {
		struct workload *workload = &supervisor->workloads[i];

		if (workload->state != STATE_PREPARING)
			continue;
		if (job->result.code < 0 && chores_serve(chores, workload))
			workload_fail(workload, chores->kind, &job->result);
		workload->is_due = true;
	}
	loop_arm(&supervisor->turn, 0);
	changed(supervisor);
}

/* Events of the machine. */

static void begin_stop(struct supervisor *supervisor)
{
	if (supervisor->is_stopping)
		return;
	log_info("stopping all workloads");
	supervisor->is_stopping = true;
	job_kill(&supervisor->chores.job);
	loop_arm(&supervisor->deadline, SUPERVISOR_STOP_MS);
	loop_arm(&supervisor->turn, 0);
}

/* Time is up: no order any more, no grace. */
static void on_deadline(struct timer *timer)
{
	struct supervisor *supervisor =
		container_of(timer, struct supervisor, deadline);

	log_warn("stopping took over %d s, killing what is left",
		SUPERVISOR_STOP_MS / 1000);
	for (size_t i = 0; i < supervisor->workload_count; i++) {
		workload_event(&supervisor->workloads[i], EVENT_STOP);
		workload_hurry(&supervisor->workloads[i]);
	}
}

static void on_signal(struct watch *watch, uint32_t events)
{
	struct supervisor *supervisor =
		container_of(watch, struct supervisor, signal_watch);
	struct signalfd_siginfo info;

	(void)events;
	if (read(watch->fd, &info, sizeof(info)) != sizeof(info))
		return;
	if (info.ssi_signo == SIGTERM || info.ssi_signo == SIGINT)
		begin_stop(supervisor);
}

static void on_network_change(struct network *network)
{
	changed(container_of(network, struct supervisor, network));
}

static void on_tick(struct timer *timer)
{
	struct supervisor *supervisor =
		container_of(timer, struct supervisor, tick);

	/* init kills us when it hears nothing for long */
	if (supervisor->init_fd >= 0 && write(supervisor->init_fd, ".", 1) < 0)
		log_debug("heartbeat: %s", strerror(errno));
	loop_arm(timer, SUPERVISOR_TICK_MS);
	changed(supervisor);
}

/* Start. */

static int open_store(struct supervisor *supervisor,
	const struct places_paths *paths, struct error *err)
{
	char path[sizeof(supervisor->store.path)];
	int result;

	(void)snprintf(path, sizeof(path), "%s/store", paths->data);
	result = store_open(&supervisor->store, path, err);
	if (result < 0)
		return result;
	(void)snprintf(path, sizeof(path), "%s/images", paths->config);
	result = store_add_source(&supervisor->store, path, err);
	if (result < 0)
		return result;
	(void)snprintf(path, sizeof(path), "%s/images", paths->data);
	return store_add_source(&supervisor->store, path, err);
}

static int watch_signals(struct supervisor *supervisor, struct error *err)
{
	sigset_t signals;

	(void)sigemptyset(&signals);
	(void)sigaddset(&signals, SIGTERM);
	(void)sigaddset(&signals, SIGINT);
	(void)sigprocmask(SIG_BLOCK, &signals, NULL);
	(void)signal(SIGPIPE, SIG_IGN);
	supervisor->signal_watch.on_ready = on_signal;
	supervisor->signal_watch.fd = signalfd(-1, &signals, SFD_CLOEXEC);
	if (supervisor->signal_watch.fd < 0)
		return error_errno(err, "watch for signals");
	return loop_add(&supervisor->loop, &supervisor->signal_watch, EPOLLIN,
		err);
}

static int start_watches(struct supervisor *supervisor, struct error *err)
{
	int result = watch_signals(supervisor, err);

	if (result == 0)
		result = network_open(&supervisor->network, &supervisor->loop,
			supervisor->places.run_fd, err);
	if (result == 0)
		result = loop_add_timer(&supervisor->loop, &supervisor->tick,
			on_tick, err);
	if (result == 0)
		result = loop_add_timer(&supervisor->loop, &supervisor->turn,
			on_turn, err);
	if (result == 0)
		result = loop_add_timer(&supervisor->loop,
			&supervisor->deadline, on_deadline, err);
	if (result == 0)
		loop_arm(&supervisor->tick, 0);
	return result;
}

static void say_problems(const struct problems *problems)
{
	for (size_t i = 0; i < problems->count; i++) {
		char line[600];
		struct text text;

		text_init(&text, line, sizeof(line));
		problem_print(&problems->items[i], &text);
		if (problems->items[i].is_warning)
			log_warn("config: %s", line);
		else
			log_error("config: %s", line);
	}
}

static void load_config(struct supervisor *supervisor,
	const struct places_paths *paths)
{
	auto_fd partition_fd =
		open(paths->config, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	const struct generation *generation = &supervisor->generation;
	const char *hostname;

	supervisor->arena.limit_bytes = SUPERVISOR_CONFIG_BYTES;
	generation_load(partition_fd, supervisor->places.data_fd,
		&supervisor->arena, &supervisor->generation,
		&supervisor->config, &supervisor->problems);
	supervisor->places.config_fd = generation->folder_fd;
	say_problems(&supervisor->problems);
	if (*generation->note)
		log_warn("config: %s", generation->note);
	if (generation->origin == GENERATION_LAST_GOOD)
		log_warn("config: running the last good one");
	hostname = supervisor->config.host_name;
	if (!hostname)
		hostname = HOSTNAME_DEFAULT;
	if (sethostname(hostname, strlen(hostname)) < 0)
		log_warn("set the hostname: %s", strerror(errno));
	log_info("config: %zu workload%s", supervisor->config.service_count,
		supervisor->config.service_count == 1 ? "" : "s");
}

static void on_leftover(void *context, const char *service)
{
	(void)context;
	log_warn("%s: was running when the agent ended; ended, to start anew",
		service);
}

static int init_workloads(struct supervisor *supervisor, struct error *err)
{
	supervisor->host.loop = &supervisor->loop;
	supervisor->host.store = &supervisor->store;
	supervisor->host.places = &supervisor->places;
	supervisor->host.want = on_want;
	supervisor->host.on_change = on_workload_change;
	for (size_t i = 0; i < supervisor->config.service_count; i++) {
		struct workload *workload = &supervisor->workloads[i];
		int result = workload_init(workload, &supervisor->host,
			&supervisor->config.services[i], err);

		if (result < 0)
			return result;
		workload->is_wanted = true;
		past_read(supervisor->places.run_fd, workload);
		supervisor->workload_count++;
	}
	return 0;
}

int supervisor_open(struct supervisor *supervisor,
	const struct places_paths *paths, int init_fd, struct error *err)
{
	int result;

	supervisor->paths = paths;
	supervisor->init_fd = init_fd;
	supervisor->generation.folder_fd = -1;
	supervisor->store.dir_fd = -1;
	supervisor->signal_watch.fd = -1;
	supervisor->network = NETWORK_NONE;
	supervisor->network.on_change = on_network_change;
	supervisor->tick.watch.fd = -1;
	supervisor->turn.watch.fd = -1;
	supervisor->deadline.watch.fd = -1;
	chores_init(&supervisor->chores, &supervisor->loop, &supervisor->store,
		&supervisor->places);
	supervisor->chores.job.on_progress = on_job_progress;
	supervisor->chores.job.on_end = on_job_end;
	supervisor->places = PLACES_NONE;
	result = loop_open(&supervisor->loop, err);
	if (result < 0)
		return result;
	result = places_open(paths, &supervisor->places, err);
	if (result == 0)
		result = start_watches(supervisor, err);
	if (result == 0)
		result = open_store(supervisor, paths, err);
	return result;
}

int supervisor_run(struct supervisor *supervisor, struct error *err)
{
	int result;

	load_config(supervisor, supervisor->paths);
	result = init_workloads(supervisor, err);
	if (result < 0)
		return result;
	if (leftovers_end(supervisor->places.workloads_fd, on_leftover,
		    supervisor, err) < 0)
		log_warn("%s", err->text);
	say_ready(supervisor);
	loop_arm(&supervisor->turn, 0);
	changed(supervisor);
	return loop_run(&supervisor->loop, err);
}

void supervisor_close(struct supervisor *supervisor)
{
	struct loop *loop = &supervisor->loop;

	job_cancel(&supervisor->chores.job);
	for (size_t i = 0; i < supervisor->workload_count; i++)
		loop_remove(loop, &supervisor->workloads[i].timer.watch);
	loop_remove(loop, &supervisor->tick.watch);
	loop_remove(loop, &supervisor->turn.watch);
	loop_remove(loop, &supervisor->deadline.watch);
	loop_remove(loop, &supervisor->signal_watch);
	network_close(&supervisor->network);
	store_close(&supervisor->store);
	places_close(&supervisor->places);
	arena_clear(&supervisor->arena);
	loop_close(loop);
}
