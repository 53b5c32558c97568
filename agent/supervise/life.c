// SPDX-License-Identifier: MIT
/* life - a workload's process: started, kept for the next agent, taken over */
#include "supervise/life.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/epoll.h>

#include "lib/arena.h"
#include "lib/error.h"
#include "lib/fd.h"
#include "lib/hash.h"
#include "lib/log.h"
#include "lib/text.h"
#include "run/cgroup.h"
#include "run/limits.h"
#include "run/range.h"
#include "supervise/checkup.h"
#include "supervise/digest.h"
#include "supervise/etc.h"
#include "supervise/fabric.h"
#include "supervise/found.h"
#include "supervise/launch.h"
#include "supervise/nodes.h"
#include "supervise/places.h"
#include "supervise/resources.h"
#include "supervise/tether.h"
#include "supervise/workload.h"

static const char *name_of(const struct workload *workload)
{
	return workload->service->name;
}

/* What is kept of it, without a process. */
static struct keep_entry describe(const struct workload *workload,
	enum state state)
{
	struct keep_entry entry = {
		.exit_code = workload->exit_code,
		.first_id = workload->first_id,
		.stop_signal = workload->stop_signal,
		.stop_grace_ms = workload->service->stop_grace_ms,
		.recreate_digest = workload->recreate_digest,
		.live_digest = workload->live_digest,
		.state = state,
		.restarts = workload->restarts,
		.failures = workload->failures,
		.attempts = workload->attempts,
		.since_ms = workload->since_ms,
		.health = workload->health.state.status,
	};

	(void)text_copy(entry.name, sizeof(entry.name), name_of(workload));
	(void)text_copy(entry.reason, sizeof(entry.reason), workload->reason);
	return entry;
}

static void put(const struct workload *workload, const struct keep_entry *entry,
	const int fds[KEEP_FDS])
{
	struct error err;

	if (keep_put(workload->host->keep, entry, fds, &err) < 0)
		log_warn("%s: %s, an agent after this one will look for it",
			name_of(workload), err.text);
}

/* With the process, and what its log is fed from. */
static void fill(struct keep_entry *entry, int fds[KEEP_FDS],
	const struct container *container, const struct log_source *source)
{
	entry->pid = container->pid;
	entry->start_ticks = found_start_ticks(container->pid);
	entry->process_inode = found_inode(container->pid_fd);
	(void)text_copy(entry->cgroup, sizeof(entry->cgroup),
		container->cgroup);
	fds[KEEP_FD_PROCESS] = container->pid_fd;
	fds[KEEP_FD_STDOUT] = source->outputs[0];
	fds[KEEP_FD_STDERR] = source->outputs[1];
	fds[KEEP_FD_STDIN] = container->stdin_fd;
	fds[KEEP_FD_TERMINAL] = container->terminal_fd;
	fds[KEEP_FD_SPOOL_OUT] = source->spools[0];
	fds[KEEP_FD_SPOOL_ERR] = source->spools[1];
	fds[KEEP_FD_CGROUP] = container->cgroup_dir_fd;
}

void life_keep(const struct workload *workload)
{
	struct keep_entry entry = describe(workload, workload->state);
	int fds[KEEP_FDS] = KEEP_NO_FDS;
	struct log_source source;

	for (size_t i = 0; i < LOG_STREAMS; i++) {
		const struct log_stream *stream = &workload->log.streams[i];

		source.outputs[i] = stream->watch.fd;
		source.spools[i] = stream->spool.fd;
	}
	if (workload->state == STATE_RUNNING ||
		workload->state == STATE_STOPPING)
		fill(&entry, fds, &workload->container, &source);
	put(workload, &entry, fds);
}

void life_keep_end(const struct workload *workload, enum state next)
{
	struct keep_entry entry = describe(workload, next);
	const int fds[KEEP_FDS] = KEEP_NO_FDS;

	put(workload, &entry, fds);
}

uint64_t life_digest(const struct workload *workload)
{
	uint64_t digest = digest_service(workload->service, DIGEST_RECREATE);
	uint64_t networks =
		tether_digest(workload->host->fabric, workload->service);

	return networks ? hash_bytes(digest, &networks, sizeof(networks))
			: digest;
}

/* Start. */

struct birth {
	struct workload *workload;
	struct log_source source;
};

static int keep_created(void *context, const struct container *container,
	struct error *err)
{
	struct birth *birth = context;
	struct workload *workload = birth->workload;
	struct keep_entry entry = describe(workload, STATE_PREPARING);
	int fds[KEEP_FDS] = KEEP_NO_FDS;
	struct log_source source = birth->source;

	source.outputs[0] = container->stdout_fd;
	source.outputs[1] = container->stderr_fd;
	fill(&entry, fds, container, &source);
	entry.restarts += workload->has_ever_run;
	entry.health = HEALTH_STARTING; /* or it is not checked at all */
	int result = tether_attach(workload->host->fabric, workload->service,
		container->pid, err);

	return result < 0 ? result
			  : keep_put(workload->host->keep, &entry, fds, err);
}

static int make_spools(struct log_source *source, struct error *err)
{
	for (size_t i = 0; i < LOG_STREAMS; i++) {
		source->spools[i] = spool_create(err);
		if (source->spools[i] < 0)
			return source->spools[i];
	}
	return 0;
}

static void watch_exit(struct workload *workload)
{
	struct watch *watch = &workload->exit_watch;
	struct error err;

	watch->on_ready = workload_on_exit;
	watch->fd = fcntl(workload->container.pid_fd, F_DUPFD_CLOEXEC, 0);
	if (watch->fd >= 0 &&
		loop_add(workload->host->loop, watch, EPOLLIN, &err) == 0)
		return;
	fd_close(&watch->fd);
	log_warn("%s: watch its process: %s", name_of(workload),
		strerror(errno));
}

/* The first of the ids that a workload's users are. */
static uint32_t ids_of(struct workload *workload)
{
	if (workload->first_id == 0)
		workload->first_id = range_take(workload->host->ranges);
	return workload->first_id;
}

/* Its own ids, or those of the service whose user namespace it shares. */
static uint32_t shared_ids_of(struct workload *workload)
{
	const char *name = workload->service->users_of;
	struct workload *other =
		name ? workload->host->find(workload->host, name) : NULL;

	return ids_of(other ? other : workload);
}

static pid_t find_pid(void *context, const char *service)
{
	const struct workload *workload = context;
	const struct workload *other =
		workload->host->find(workload->host, service);

	/* of one that process 1 has reaped the number may be another's now */
	return other && other->state == STATE_RUNNING &&
			       !workload_has_ended(other)
		       ? other->container.pid
		       : 0;
}

static int create(struct workload *workload, const struct image *image,
	struct birth *birth, struct error *err)
{
	const struct workload_host *host = workload->host;
	struct launch_request request = {
		.places = host->places,
		.service = workload->service,
		.image = image,
		.first_id = shared_ids_of(workload),
		.find_pid = find_pid,
		.context = workload,
	};
	struct launch launch;
	int result;

	fabric_describe(host->fabric, workload->service, &request.net);
	result = launch_prepare(&request, &launch, err);

	if (result < 0)
		return result;
	result = container_create(
		&(struct container_request){
			.spec = &launch.spec,
			.cgroup_root_fd = host->places->workloads_fd,
			.cgroup = launch.cgroup,
			.prunes_cgroups = true,
			.keeps_stdin_open = workload->service->keeps_stdin_open,
			.on_created = keep_created,
			.context = birth,
		},
		&workload->container, err);
	launch_clear(&launch);
	return result;
}

static void take_outputs(struct container *container, struct log_source *source)
{
	source->outputs[0] = fd_take(&container->stdout_fd);
	source->outputs[1] = fd_take(&container->stderr_fd);
	/* the kept end of a terminal is the container's, the log's its own */
	if (container->terminal_fd >= 0 && source->outputs[0] < 0) {
		source->outputs[0] =
			fcntl(container->terminal_fd, F_DUPFD_CLOEXEC, 0);
		(void)fd_set_nonblocking(source->outputs[0], true);
	}
}

int life_start(struct workload *workload, const struct image *image,
	struct error *err)
{
	struct birth birth = { workload,
		{ .outputs = { -1, -1 }, .spools = { -1, -1 } } };
	int result;

	workload->recreate_digest = life_digest(workload);
	workload->live_digest = digest_service(workload->service, DIGEST_LIVE);
	workload->is_adopted = false;
	workload->is_unborn = false;
	workload->is_moving = false;
	result = make_spools(&birth.source, err);
	if (result == 0)
		result = create(workload, image, &birth, err);
	if (result < 0) {
		fd_close(&birth.source.spools[0]);
		fd_close(&birth.source.spools[1]);
		return result;
	}
	take_outputs(&workload->container, &birth.source);
	watch_exit(workload);
	result = log_file_attach(&workload->log, &birth.source, err);
	if (result == 0)
		return 0;
	loop_remove(workload->host->loop, &workload->exit_watch);
	log_file_detach(&workload->log);
	(void)container_clear(&workload->container,
		workload->host->places->workloads_fd,
		NULL); /* the next start tries again */
	return result;
}

/* Adoption. */

void life_remember(struct workload *workload, const struct keep_entry *entry)
{
	workload->has_ever_run = true;
	workload->restarts = entry->restarts;
	workload->failures = entry->failures;
	workload->attempts = entry->attempts;
	workload->exit_code = entry->exit_code;
	(void)text_copy(workload->reason, sizeof(workload->reason),
		entry->reason);
}

static void adopt_log(struct workload *workload, int fds[KEEP_FDS])
{
	struct log_source source;
	struct error err = { 0 };
	int result = 0;

	workload->container.stdout_fd = fd_take(&fds[KEEP_FD_STDOUT]);
	workload->container.stderr_fd = fd_take(&fds[KEEP_FD_STDERR]);
	source.spools[0] = fd_take(&fds[KEEP_FD_SPOOL_OUT]);
	source.spools[1] = fd_take(&fds[KEEP_FD_SPOOL_ERR]);
	take_outputs(&workload->container, &source);
	for (size_t i = 0; result == 0 && i < LOG_STREAMS; i++) {
		if (source.spools[i] < 0)
			source.spools[i] = result = spool_create(&err);
		result = result < 0 ? result : 0;
	}
	if (result == 0)
		result = log_file_attach(&workload->log, &source, &err);
	if (result < 0)
		log_warn("%s: %s, what it prints is lost", name_of(workload),
			err.text);
}

void life_adopt(struct workload *workload, const struct keep_entry *entry,
	int fds[KEEP_FDS])
{
	struct container *container = &workload->container;

	life_remember(workload, entry);
	*container = CONTAINER_NONE;
	container->pid = entry->pid;
	container->pid_fd = fd_take(&fds[KEEP_FD_PROCESS]);
	container->stdin_fd = fd_take(&fds[KEEP_FD_STDIN]);
	container->terminal_fd = fd_take(&fds[KEEP_FD_TERMINAL]);
	container->prunes_cgroups = true;
	(void)text_copy(container->cgroup, sizeof(container->cgroup),
		entry->cgroup);
	container->cgroup_dir_fd = fd_take(&fds[KEEP_FD_CGROUP]);
	if (container->cgroup_dir_fd < 0)
		container->cgroup_dir_fd =
			cgroup_open(workload->host->places->workloads_fd,
				entry->cgroup, NULL);
	workload->is_adopted = true;
	workload->is_unborn = entry->state == STATE_PREPARING &&
			      !found_has_executed(entry->pid);
	workload->has_started = true;
	workload->state = STATE_RUNNING;
	workload->since_ms = entry->since_ms;
	workload->stop_signal = entry->stop_signal;
	workload->recreate_digest = entry->recreate_digest;
	workload->live_digest = entry->live_digest;
	workload->first_id = entry->first_id;
	/* one that another has, too, is the config's wish (userns of another) */
	(void)range_mark(workload->host->ranges, entry->first_id);
	watch_exit(workload);
	adopt_log(workload, fds);
	checkup_adopt(workload, entry->health < HEALTH_COUNT
					? (enum health_status)entry->health
					: HEALTH_STARTING);
}

static int plan_limits(const struct workload *workload, struct arena *arena,
	struct limits *out, struct error *err)
{
	auto_fd dev_fd = open("/dev", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	struct oci_resources resources = { .allows_all_devices = false };
	struct nodes nodes;
	int result;

	if (dev_fd < 0)
		return error_errno(err, "open '/dev'");
	result = nodes_find(dev_fd, workload->service, arena, &nodes, err);
	if (result < 0)
		return result;
	result = resources_fill(workload->service, &nodes,
		workload->host->places->memory_bytes, arena, &resources);
	if (result < 0)
		return error_set(err, result, "change its limits: no memory");
	return limits_plan_whole(&resources, out, err);
}

int life_resize(struct workload *workload, struct error *err)
{
	auto_arena arena = { 0 };
	static struct limits limits;
	int result = plan_limits(workload, &arena, &limits, err);

	if (result == 0)
		result = limits_apply(workload->container.cgroup_dir_fd,
			&limits, err);
	if (result < 0)
		return result;
	workload->live_digest = digest_service(workload->service, DIGEST_LIVE);
	return 0;
}

void life_renew_files(const struct workload *workload)
{
	const struct workload_host *host = workload->host;
	struct etc_net net;
	struct error err;

	fabric_describe(host->fabric, workload->service, &net);
	if (etc_renew(host->places->data_fd, workload->service, &net, &err) < 0)
		log_warn(
			"%s: %s, its files in /etc tell of networks that it was in",
			name_of(workload), err.text);
}

int life_settle(struct workload *workload, struct error *err)
{
	char path[32];
	auto_fd fd = -1;

	(void)snprintf(path, sizeof(path), "/proc/%d/ns/net",
		(int)workload->container.pid);
	fd = open(path, O_RDONLY | O_CLOEXEC);
	if (fd < 0)
		(void)error_errno(err, "open '%s'", path);
	/* of one that process 1 has reaped the number may be another's now */
	if (workload_has_ended(workload))
		return error_set(err, -ESRCH, "its process has ended");
	if (fd < 0)
		return err->code;
	/* first, so that who dies in between does both again */
	life_renew_files(workload);
	return tether_settle(workload->host->fabric, workload->service, fd,
		err);
}
