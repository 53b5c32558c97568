// SPDX-License-Identifier: MIT
/* supervisor - makes the machine be what its config says, and keeps it so */
#include "supervise/supervisor.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/resource.h>
#include <sys/signalfd.h>
#include <unistd.h>

#include "lib/error.h"
#include "lib/fd.h"
#include "lib/log.h"
#include "lib/text.h"
#include "supervise/adopt.h"
#include "supervise/life.h"
#include "supervise/past.h"
#include "supervise/reload.h"
#include "supervise/tell.h"
#include "supervise/weaver.h"

#define HOSTNAME_DEFAULT "tare"
#define FILES_MAX        262144
#define AGAIN_MS         1000 /* without memory */

static void changed(struct supervisor *supervisor)
{
	if (supervisor->on_change)
		supervisor->on_change(supervisor);
}

static struct supervisor *of_host(const struct workload_host *host)
{
	/* the host is embedded in its supervisor and not constant itself */
	union {
		const struct workload_host *in;
		struct workload_host *out;
	} own = { .in = host };

	return container_of(own.out, struct supervisor, host);
}

static struct supervisor *of_workload(const struct workload *workload)
{
	return of_host(workload->host);
}

static struct workload *on_find(const struct workload_host *host,
	const char *service)
{
	return roster_find(&of_host(host)->roster, service);
}

/* A chore that runs for it knows where it is, and so does a check. */
static bool is_busy(const struct workload *workload)
{
	const struct chores *chores = &of_workload(workload)->chores;

	return health_is_busy(&workload->health) ||
	       (chores->owner == workload && job_is_running(&chores->job));
}

static void reload(struct supervisor *supervisor);

/*
 * To start a container takes a while, and to change its links, too, so there is
 * one a turn: signals, the heartbeat and the output of others have theirs in
 * between.
 */
static void on_turn(struct timer *timer)
{
	struct supervisor *supervisor =
		container_of(timer, struct supervisor, turn);
	bool has_unwanted;

	if (supervisor->is_stopping) {
		if (!roster_stop_all(&supervisor->roster))
			loop_stop(&supervisor->loop);
		return;
	}
	has_unwanted = roster_stop_unwanted(&supervisor->roster, is_busy);
	if (!has_unwanted && weaver_let_go(supervisor) < 0) {
		has_unwanted = true; /* the fabric knows them still */
		loop_arm(timer, AGAIN_MS);
	}
	if (reload_move_one(supervisor))
		loop_arm(timer, 0);
	tell_ready(supervisor);
	if (roster_start_one(&supervisor->roster))
		loop_arm(timer, 0);
	if (supervisor->wants_reload && !has_unwanted)
		reload(supervisor);
}

static void on_workload_change(struct workload *workload)
{
	struct supervisor *supervisor = of_workload(workload);

	tell_state(workload);
	weaver_mark(supervisor, workload);
	if (workload->state == STATE_RUNNING ||
		workload->state == STATE_FINISHED)
		past_write(supervisor->places.run_fd, workload);
	if (workload->state != STATE_STOPPING &&
		workload->state != STATE_PREPARING)
		life_keep(workload);
	tell_ready(supervisor);
	loop_arm(&supervisor->turn, 0);
	changed(supervisor);
}

static void on_workload_health(struct workload *workload)
{
	struct supervisor *supervisor = of_workload(workload);

	tell_health(workload);
	weaver_mark(supervisor, workload);
	life_keep(workload);
	loop_arm(&supervisor->turn, 0);
	changed(supervisor);
}

static void on_workload_idle(struct workload *workload)
{
	loop_arm(&of_workload(workload)->turn, 0);
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
	struct workload *workload = NULL;

	while ((workload = roster_next(&supervisor->roster, workload))) {
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
	fabric_rest(&supervisor->fabric);
	job_kill(&supervisor->chores.job);
	loop_arm(&supervisor->deadline, SUPERVISOR_STOP_MS);
	loop_arm(&supervisor->turn, 0);
}

/* Time is up: no order any more, no grace. */
static void on_deadline(struct timer *timer)
{
	struct supervisor *supervisor =
		container_of(timer, struct supervisor, deadline);
	struct workload *workload = NULL;

	log_warn("stopping took over %d s, killing what is left",
		SUPERVISOR_STOP_MS / 1000);
	while ((workload = roster_next(&supervisor->roster, workload))) {
		workload_event(workload, EVENT_STOP);
		workload_hurry(workload);
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
	if (info.ssi_signo == SIGHUP) {
		supervisor->wants_reload = true;
		loop_arm(&supervisor->turn, 0);
	} else {
		begin_stop(supervisor);
	}
}

static void on_orphan(struct orphans *orphans, pid_t pid, int status)
{
	struct supervisor *supervisor =
		container_of(orphans, struct supervisor, orphans);
	struct workload *workload = NULL;

	while ((workload = roster_next(&supervisor->roster, workload))) {
		if (workload->is_adopted && workload->container.pid == pid &&
			workload_has_ended(workload)) {
			workload_orphaned(workload, status);
			return;
		}
	}
}

static void on_network_change(struct network_watch *network)
{
	struct supervisor *supervisor =
		container_of(network, struct supervisor, network);

	/* whom it reaches has an address, mostly a new one: to hear of each
	 * link would be to hear of all that workloads have */
	fabric_see_links(&supervisor->fabric);
	changed(supervisor);
}

static void on_tick(struct timer *timer)
{
	struct supervisor *supervisor =
		container_of(timer, struct supervisor, tick);

	/* init kills us when it hears nothing for long */
	if (supervisor->beat_fd >= 0 && write(supervisor->beat_fd, ".", 1) < 0)
		log_debug("heartbeat: %s", strerror(errno));
	keep_tidy(&supervisor->keep);
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
	(void)sigaddset(&signals, SIGHUP);
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
		result = alarms_open(&supervisor->alarms, &supervisor->loop,
			err);
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

struct arena *supervisor_arena(struct supervisor *supervisor)
{
	return &supervisor->arenas[supervisor->arena];
}

static void set_hostname(const struct supervisor *supervisor)
{
	const char *hostname = supervisor->config.host_name;

	if (!hostname)
		hostname = HOSTNAME_DEFAULT;
	if (sethostname(hostname, strlen(hostname)) < 0)
		log_warn("set the hostname: %s", strerror(errno));
}

/* 0, or -ENOENT: there is none. */
static int load_config(struct supervisor *supervisor)
{
	auto_fd partition_fd = open(supervisor->paths->config,
		O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	struct arena *arena = supervisor_arena(supervisor);

	arena->limit_bytes = SUPERVISOR_CONFIG_BYTES;
	generation_load(partition_fd, supervisor->places.data_fd, arena,
		&supervisor->generation, &supervisor->config,
		&supervisor->problems);
	tell_config(supervisor);
	if (supervisor->generation.origin != GENERATION_NONE)
		return 0;
	/* what runs goes on with the files of its own config */
	fd_close(&supervisor->generation.folder_fd);
	return -ENOENT;
}

/* The config that was loaded is that of machine and networks from now on; on
 * error the one before is. */
static int take_config(struct supervisor *supervisor)
{
	struct places *places = &supervisor->places;
	auto_fd before_fd = places->config_fd;
	int result;

	places->config_fd = supervisor->generation.folder_fd;
	result = weaver_weave(supervisor);
	if (result < 0) {
		fd_close(&places->config_fd);
		supervisor->generation.folder_fd = -1;
		places->config_fd = fd_take(&before_fd);
		return result;
	}
	set_hostname(supervisor);
	return 0;
}

/*
 * The config as it is now takes the place of the one in force. None at all is
 * no config, and neither is one that there is no memory for: what runs, runs
 * on.
 */
static void reload(struct supervisor *supervisor)
{
	int result;

	supervisor->wants_reload = false;
	log_info("loading the config again");
	supervisor->last = supervisor->config;
	supervisor->arena = !supervisor->arena;
	/* the config before the last: nothing of it is wanted any more */
	arena_clear(supervisor_arena(supervisor));
	result = load_config(supervisor);
	if (result == 0)
		result = take_config(supervisor);
	if (result < 0) {
		log_warn("config: there is none, what runs stays");
		arena_clear(supervisor_arena(supervisor));
		supervisor->arena = !supervisor->arena;
		supervisor->config = supervisor->last;
		supervisor->last = (struct config){ .name = NULL };
		return;
	}
	reload_apply(supervisor, &supervisor->config);
	supervisor->is_ready = false;
	tell_ready(supervisor);
	loop_arm(&supervisor->turn, 0);
	changed(supervisor);
}

static void init_workloads(struct supervisor *supervisor)
{
	supervisor->host.loop = &supervisor->loop;
	supervisor->host.alarms = &supervisor->alarms;
	supervisor->host.store = &supervisor->store;
	supervisor->host.places = &supervisor->places;
	supervisor->host.keep = &supervisor->keep;
	supervisor->host.ranges = &supervisor->roster.ranges;
	supervisor->host.fabric = &supervisor->fabric;
	supervisor->host.find = on_find;
	supervisor->host.want = on_want;
	supervisor->host.on_change = on_workload_change;
	supervisor->host.on_health = on_workload_health;
	supervisor->host.on_idle = on_workload_idle;
	reload_apply(supervisor, &supervisor->config);
}

/* Descriptors of all workloads, of the kernel's default of 1,024 at first. */
static void raise_limits(void)
{
	struct rlimit files = { FILES_MAX, FILES_MAX };

	if (setrlimit(RLIMIT_NOFILE, &files) == 0 ||
		getrlimit(RLIMIT_NOFILE, &files) < 0)
		return;
	/* somebody gave us less: all of that, then */
	files.rlim_cur = files.rlim_max;
	if (setrlimit(RLIMIT_NOFILE, &files) < 0)
		log_warn("raise the limit of open files: %s", strerror(errno));
}

static void take_inheritance(struct supervisor *supervisor,
	const struct inheritance *inheritance)
{
	supervisor->beat_fd = inheritance->beat_fd;
	supervisor->keep.send_fd = inheritance->store_fd;
	supervisor->keep.queue_fd = inheritance->queue_fd;
	supervisor->orphans = ORPHANS_NONE;
	supervisor->orphans.on_orphan = on_orphan;
	supervisor->orphans.watch.fd = inheritance->ended_fd;
}

int supervisor_open(struct supervisor *supervisor,
	const struct places_paths *paths, const struct inheritance *inheritance,
	struct error *err)
{
	int result;

	supervisor->opened_ms = loop_now_ms();
	supervisor->paths = paths;
	supervisor->generation.folder_fd = -1;
	supervisor->store.dir_fd = -1;
	supervisor->signal_watch.fd = -1;
	supervisor->network = NETWORK_NONE;
	supervisor->network.on_change = on_network_change;
	supervisor->fabric.timer.watch.fd = -1;
	supervisor->fabric.rules.fd = -1;
	supervisor->alarms.timer.watch.fd = -1;
	supervisor->tick.watch.fd = -1;
	supervisor->turn.watch.fd = -1;
	supervisor->deadline.watch.fd = -1;
	chores_init(&supervisor->chores, &supervisor->loop, &supervisor->store,
		&supervisor->places);
	supervisor->chores.job.on_progress = on_job_progress;
	supervisor->chores.job.on_end = on_job_end;
	supervisor->places = PLACES_NONE;
	take_inheritance(supervisor, inheritance);
	raise_limits();
	result = loop_open(&supervisor->loop, err);
	if (result < 0)
		return result;
	result = places_open(paths, &supervisor->places, err);
	if (result == 0)
		result = fabric_open(&supervisor->fabric, &supervisor->loop,
			&supervisor->places, err);
	if (result == 0)
		result = keep_open(&supervisor->keep, inheritance->store_fd,
			inheritance->queue_fd, err);
	if (result == 0)
		result = orphans_open(&supervisor->orphans, &supervisor->loop,
			inheritance->ended_fd, err);
	if (result == 0)
		result = start_watches(supervisor, err);
	if (result == 0)
		result = open_store(supervisor, paths, err);
	return result;
}

int supervisor_run(struct supervisor *supervisor, struct error *err)
{
	int result = load_config(supervisor);

	/* with none at all there are the machine's rules */
	result = result == 0 ? take_config(supervisor)
			     : weaver_weave(supervisor);
	if (result < 0)
		return error_set(err, result, "make the networks: no memory");
	init_workloads(supervisor);
	adopt_all(supervisor);
	tell_ready(supervisor);
	loop_arm(&supervisor->turn, 0);
	changed(supervisor);
	return loop_run(&supervisor->loop, err);
}

void supervisor_close(struct supervisor *supervisor)
{
	struct loop *loop = &supervisor->loop;
	struct workload *workload = NULL;

	job_cancel(&supervisor->chores.job);
	while ((workload = roster_next(&supervisor->roster, workload)))
		health_close(&workload->health);
	alarms_close(&supervisor->alarms, loop);
	loop_remove(loop, &supervisor->tick.watch);
	loop_remove(loop, &supervisor->turn.watch);
	loop_remove(loop, &supervisor->deadline.watch);
	loop_remove(loop, &supervisor->signal_watch);
	network_close(&supervisor->network);
	fabric_close(&supervisor->fabric, loop);
	orphans_close(&supervisor->orphans);
	keep_close(&supervisor->keep);
	store_close(&supervisor->store);
	places_close(&supervisor->places);
	arena_clear(&supervisor->arenas[0]);
	arena_clear(&supervisor->arenas[1]);
	loop_close(loop);
}
