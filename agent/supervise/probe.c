// SPDX-License-Identifier: MIT
/* probe - one look at whether a workload is healthy, by a program in it */
#include "supervise/probe.h"

#include <errno.h>
#include <poll.h>
#include <signal.h>
#include <stdbool.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "config/service.h"
#include "lib/arena.h"
#include "lib/error.h"
#include "lib/fd.h"
#include "run/cgroup.h"
#include "run/container.h"
#include "store/store.h"
#include "supervise/health_rules.h"
#include "supervise/launch.h"
#include "supervise/places.h"
#include "supervise/process.h"

#define CHUNK_BYTES 4096
#define PIPE_BYTES  (1 << 20) /* more than a pipe may have left at the end */

/* The end of what was printed. */
struct tail {
	char bytes[PROBE_OUTPUT_BYTES];
	size_t used;
};

int probe_kill(const struct container *container, struct error *err)
{
	auto_fd fd = -1;

	if (container->cgroup_dir_fd < 0)
		return 0;
	fd = cgroup_open(container->cgroup_dir_fd, PROBE_CGROUP, err);
	if (fd < 0)
		return fd == -ENOENT ? 0 : fd;
	return cgroup_kill(fd, err);
}

size_t probe_list_fds(const void *work, int *out)
{
	const struct probe *probe = work;
	const int fds[] = {
		probe->store->dir_fd,
		probe->places->config_fd,
		probe->places->data_fd,
		probe->container->pid_fd,
		probe->container->cgroup_dir_fd,
	};

	memcpy(out, fds, sizeof(fds));
	return sizeof(fds) / sizeof(fds[0]);
}

/* What a probe has left, of this agent or of one before it, goes. */
static void clear_cgroup(const struct container *container)
{
	auto_fd fd = container->cgroup_dir_fd < 0
			     ? -1
			     : cgroup_open(container->cgroup_dir_fd,
				       PROBE_CGROUP, NULL);

	if (fd < 0)
		return;
	(void)cgroup_kill(fd, NULL);
	(void)cgroup_wait_empty(fd, PROBE_CLEAR_MS);
	/* one that is not empty is told of by who makes the next */
	(void)cgroup_remove(container->cgroup_dir_fd, PROBE_CGROUP, NULL);
}

/* Output. */

static void keep_end(struct tail *tail, const char *bytes, size_t size)
{
	size_t over;

	if (size > sizeof(tail->bytes)) {
		bytes += size - sizeof(tail->bytes);
		size = sizeof(tail->bytes);
	}
	over = tail->used + size > sizeof(tail->bytes)
		       ? tail->used + size - sizeof(tail->bytes)
		       : 0;
	memmove(tail->bytes, tail->bytes + over, tail->used - over);
	memcpy(tail->bytes + tail->used - over, bytes, size);
	tail->used += size - over;
}

/* Returns what came; 0 when there is no more now. Closes one that ended. */
static size_t drain(int *fd, struct tail *tail)
{
	char chunk[CHUNK_BYTES];
	ssize_t size = *fd < 0 ? 0 : read(*fd, chunk, sizeof(chunk));

	if (size > 0)
		keep_end(tail, chunk, (size_t)size);
	else if (size == 0 || (errno != EAGAIN && errno != EINTR))
		fd_close(fd);
	return size > 0 ? (size_t)size : 0;
}

/* What was in the pipe when it ended; others may go on to write. */
static void drain_rest(int *fd, struct tail *tail)
{
	size_t total = 0;
	size_t size;

	while (total < PIPE_BYTES && (size = drain(fd, tail)) > 0)
		total += size;
}

/* The last line that has something in it. */
static int last_line(const struct tail *tail, const char **out)
{
	size_t end = tail->used;
	size_t start;

	while (end > 0 && (unsigned char)tail->bytes[end - 1] <= ' ')
		end--;
	for (start = end; start > 0 && tail->bytes[start - 1] != '\n';)
		start--;
	*out = tail->bytes + start;
	return (int)(end - start);
}

/* Until the program ends; returns what waitid(2) says of it. */
static int wait_for_end(struct container *process, struct tail *tail,
	siginfo_t *info, struct error *err)
{
	for (;;) {
		struct pollfd waits[] = {
			{ .fd = process->pid_fd, .events = POLLIN },
			{ .fd = process->stdout_fd, .events = POLLIN },
			{ .fd = process->stderr_fd, .events = POLLIN },
		};

		if (poll(waits, 3, -1) < 0) {
			if (errno == EINTR)
				continue;
			return error_errno(err, "wait for the check");
		}
		if (waits[1].revents)
			(void)drain(&process->stdout_fd, tail);
		if (waits[2].revents)
			(void)drain(&process->stderr_fd, tail);
		if (waits[0].revents)
			break;
	}
	*info = (siginfo_t){ .si_pid = 0 };
	if (waitid(P_PIDFD, (id_t)process->pid_fd, info, WEXITED | WNOWAIT) < 0)
		return error_errno(err, "wait for the check");
	return 0;
}

static int judge(const siginfo_t *info, const struct tail *tail,
	struct error *err)
{
	const char *line;
	int length = last_line(tail, &line);
	const char *colon = length > 0 ? ": " : "";
	const char *name;

	if (info->si_code == CLD_EXITED && info->si_status == 0)
		return 0;
	if (info->si_code == CLD_EXITED)
		return error_set(err, -EIO, "exit status %d%s%.*s",
			info->si_status, colon, length, line);
	name = process_signal_name(info->si_status);
	return error_set(err, -EIO, "killed by %s%s%s%.*s", name ? "SIG" : "",
		name ? name : "a signal", colon, length, line);
}

/* Run. */

static int prepare(const struct probe *probe, struct arena *arena,
	struct launch *launch, struct error *err)
{
	struct image image = { .layer_count = 0 };
	int result = store_find(probe->store, probe->service->image, arena,
		&image, err);

	/* -EAGAIN: an older one, which is the one that runs */
	if (result < 0 && !(result == -EAGAIN && image.layer_count > 0))
		return result;
	result = launch_prepare_exec(
		&(struct launch_request){
			.places = probe->places,
			.service = probe->service,
			.image = &image,
			.first_id = probe->first_id,
		},
		probe->container->pid, launch, err);
	if (result < 0)
		return result;
	launch->spec.process.has_terminal = false;
	launch->spec.process.args =
		health_rules_arguments(&probe->service->healthcheck,
			&image.health, arena);
	if (launch->spec.process.args)
		return 0;
	launch_clear(launch);
	return error_set(err, -ENOENT, "there is no test");
}

static int start(const struct probe *probe, struct container *process,
	struct error *err)
{
	static struct launch launch; /* many mounts; this process has one */
	auto_arena arena = { 0 };
	auto_fd cgroup_fd = -1;
	int result = prepare(probe, &arena, &launch, err);

	if (result < 0)
		return result;
	if (probe->container->cgroup_dir_fd >= 0) {
		clear_cgroup(probe->container);
		result = cgroup_fd =
			cgroup_make(probe->container->cgroup_dir_fd,
				PROBE_CGROUP, err);
	}
	if (result >= 0)
		result = container_exec(
			&(struct container_exec_request){
				.container = probe->container,
				.spec = &launch.spec,
				.process = &launch.spec.process,
				.cgroup_fd = cgroup_fd,
			},
			process, err);
	launch_clear(&launch);
	return result;
}

int probe_perform(const void *work, job_progress_fn *progress, void *context,
	struct error *err)
{
	const struct probe *probe = work;
	struct container process = CONTAINER_NONE;
	static struct tail tail;
	siginfo_t info;
	int result = start(probe, &process, err);

	(void)progress;
	(void)context;
	if (result < 0) {
		clear_cgroup(probe->container);
		return error_prefix(err, "the check cannot be run");
	}
	tail.used = 0;
	result = wait_for_end(&process, &tail, &info, err);
	clear_cgroup(probe->container);
	drain_rest(&process.stdout_fd, &tail);
	drain_rest(&process.stderr_fd, &tail);
	(void)container_clear(&process, -1, NULL);
	return result < 0 ? result : judge(&info, &tail, err);
}
