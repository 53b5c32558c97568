// SPDX-License-Identifier: MIT
/*
 * container - a process in namespaces, a cgroup and a root of its own
 *
 * The child reports over a pipe that execve(2) closes. What the parent reads
 * until end of file tells all:
 *   nothing               it died on the way
 *   a reason              a step failed
 *   "about to execute"    the program runs
 *   that, then a reason   the program could not be executed
 */
#include "run/container.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/sched.h>
#include <poll.h>
#include <signal.h>
#include <string.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "lib/error.h"
#include "lib/fd.h"
#include "lib/text.h"
#include "run/cgroup.h"
#include "run/devices.h"
#include "run/kernel.h"
#include "run/plan.h"
#include "run/seccomp.h"
#include "run/spec.h"
#include "run/step.h"

#define START_TIMEOUT_MS 10000
#define CLEAR_TIMEOUT_MS 500
#define PIPE_BYTES       (256 * 1024)
#define REPORTS_MAX      2

static void stage_init(struct stage *stage, const struct oci_spec *spec)
{
	*stage = (struct stage){
		.spec = spec,
		.host_dev_fd = -1,
		.stdout_fd = -1,
		.stderr_fd = -1,
		.report_fd = -1,
		.proc_fd = -1,
		.dev_fd = -1,
		.null_fd = -1,
		.empty_fd = -1,
	};
	for (size_t i = 0; i < SPEC_MOUNTS_MAX; i++)
		stage->mount_fds[i] = -1;
}

/* The parent's copies; those of the child go with the child. */
static void stage_clear(struct stage *stage)
{
	for (size_t i = 0; i < SPEC_MOUNTS_MAX; i++)
		fd_close(&stage->mount_fds[i]);
	fd_close(&stage->host_dev_fd);
	fd_close(&stage->stdout_fd);
	fd_close(&stage->stderr_fd);
	fd_close(&stage->report_fd);
}

/* Copies must be made here: in its own namespace the child may not any more. */
static int copy_mounts(struct stage *stage, struct error *err)
{
	for (size_t i = 0; i < stage->spec->mount_count; i++) {
		const struct oci_mount *mount = &stage->spec->mounts[i];

		if (!text_equal(mount->type, "bind"))
			continue;
		stage->mount_fds[i] = kernel_clone_mount(mount->source_fd, 0);
		if (stage->mount_fds[i] < 0)
			return error_errno(err, "copy the mount for '%s'",
				mount->destination);
	}
	return 0;
}

static int open_pipe(int *read_fd, int *write_fd, struct error *err)
{
	int fds[2];

	if (pipe2(fds, O_CLOEXEC) < 0)
		return error_errno(err, "make a pipe");
	*read_fd = fds[0];
	*write_fd = fds[1];
	return 0;
}

/* An output pipe whose reader never waits. */
static int open_output(int *read_fd, int *write_fd, struct error *err)
{
	int result = open_pipe(read_fd, write_fd, err);

	if (result < 0)
		return result;
	/* a small pipe works too; there may be a limit per user (pipe(7)) */
	(void)fcntl(*write_fd, F_SETPIPE_SZ, PIPE_BYTES);
	result = fd_set_nonblocking(*read_fd, true);
	return result < 0 ? error_set(err, result, "set up a pipe: %s",
				    strerror(-result))
			  : 0;
}

static int stage_prepare(struct stage *stage, struct container *container,
	int *report_fd, struct error *err)
{
	int result = 0;

	if (stage->spec->has_seccomp)
		result = seccomp_docker_program(stage->spec->process
							.capabilities.bounding,
			&stage->filter, err);
	if (result == 0)
		result = copy_mounts(stage, err);
	if (result == 0 && stage->spec->is_privileged) {
		stage->host_dev_fd =
			open("/dev", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
		if (stage->host_dev_fd < 0)
			result = error_errno(err, "open '/dev'");
	}
	if (result == 0)
		result = open_output(&container->stdout_fd, &stage->stdout_fd,
			err);
	if (result == 0)
		result = open_output(&container->stderr_fd, &stage->stderr_fd,
			err);
	if (result == 0)
		result = open_pipe(report_fd, &stage->report_fd, err);
	return result;
}

static int make_cgroup(const struct oci_spec *spec, int workloads_fd,
	struct container *container, struct error *err)
{
	int fd = cgroup_create(workloads_fd, spec->cgroup, &spec->resources,
		err);

	if (fd < 0)
		return fd;
	container->cgroup_dir_fd = fd;
	(void)text_copy(container->cgroup, sizeof(container->cgroup),
		spec->cgroup); /* its length was checked */
	if (spec->is_privileged)
		return 0;
	return devices_restrict(fd, err);
}

static uint64_t clone_flags(uint32_t namespaces)
{
	uint64_t flags = CLONE_PIDFD | CLONE_INTO_CGROUP | CLONE_NEWNS;

	if (namespaces & OCI_NAMESPACE_PID)
		flags |= CLONE_NEWPID;
	if (namespaces & OCI_NAMESPACE_UTS)
		flags |= CLONE_NEWUTS;
	if (namespaces & OCI_NAMESPACE_IPC)
		flags |= CLONE_NEWIPC;
	return flags;
}

static void run_child(struct stage *stage, const struct plan *plan)
{
	struct error err = { .code = 0 };

	(void)step_run_all(stage, plan, &err);
	/* there is nobody else to tell; an empty pipe tells something too */
	(void)fd_write_all(stage->report_fd, &err, sizeof(err));
	_exit(127);
}

static int make_process(struct stage *stage, const struct plan *plan,
	struct container *container, struct error *err)
{
	int pid_fd = -1;
	struct clone_args args = {
		.flags = clone_flags(stage->spec->namespaces),
		.pidfd = (uint64_t)(uintptr_t)&pid_fd,
		.exit_signal = SIGCHLD,
		.cgroup = (uint32_t)container->cgroup_dir_fd,
	};
	pid_t pid = kernel_clone3(&args);

	if (pid == 0)
		run_child(stage, plan);
	if (pid < 0)
		return error_errno(err, "make the container's process");
	container->pid = pid;
	container->pid_fd = pid_fd;
	return 0;
}

static int64_t now_ms(void)
{
	struct timespec now;

	(void)clock_gettime(CLOCK_MONOTONIC, &now);
	return (int64_t)now.tv_sec * 1000 + now.tv_nsec / 1000000;
}

/* Waits for a descriptor; -ETIMEDOUT after timeout_ms. */
static int wait_readable(int fd, int64_t timeout_ms)
{
	int64_t deadline_ms = now_ms() + timeout_ms;

	for (;;) {
		struct pollfd wait = { .fd = fd, .events = POLLIN };
		int64_t left_ms = deadline_ms - now_ms();
		int count = poll(&wait, 1, left_ms > 0 ? (int)left_ms : 0);

		if (count > 0)
			return 0;
		if (count < 0 && errno != EINTR)
			return -errno;
		if (count == 0 && left_ms <= 0)
			return -ETIMEDOUT;
	}
}

/* Reads until end of file; returns how many whole reports there are. */
static int read_reports(int fd, struct error *reports, struct error *err)
{
	size_t room = REPORTS_MAX * sizeof(*reports);
	size_t used = 0;
	int64_t deadline_ms = now_ms() + START_TIMEOUT_MS;

	while (used < room) {
		int result = wait_readable(fd, deadline_ms - now_ms());
		ssize_t count;

		if (result < 0)
			return error_set(err, result,
				"wait for the container's process: %s",
				strerror(-result));
		count = read(fd, (char *)reports + used, room - used);
		if (count < 0 && errno != EINTR)
			return error_errno(err,
				"read from the container's process");
		if (count == 0)
			break;
		used += count > 0 ? (size_t)count : 0;
	}
	return (int)(used / sizeof(*reports));
}

static int wait_started(const struct container *container, int report_fd,
	struct error *err)
{
	struct error reports[REPORTS_MAX];
	int count = read_reports(report_fd, reports, err);
	const struct error *last = &reports[count > 0 ? count - 1 : 0];

	if (count < 0)
		return count;
	if (count == 0 && cgroup_read(container->cgroup_dir_fd, "memory.events",
				  "oom_kill") > 0)
		return error_set(err, -ENOMEM,
			"start the container: its memory limit is too small "
			"to start in");
	if (count == 0)
		return error_set(err, -ECHILD,
			"start the container: its process died before it "
			"could execute the program");
	if (last->code == 0)
		return 0;
	*err = *last;
	err->text[sizeof(err->text) - 1] = '\0';
	return err->code;
}

static int start(struct stage *stage, int workloads_fd,
	struct container *container, struct error *err)
{
	struct plan plan;
	auto_fd report_fd = -1;
	int result = plan_make(stage->spec, &plan, err);

	if (result == 0)
		result = make_cgroup(stage->spec, workloads_fd, container, err);
	if (result == 0)
		result = stage_prepare(stage, container, &report_fd, err);
	if (result == 0)
		result = make_process(stage, &plan, container, err);
	stage_clear(stage);
	if (result == 0)
		result = wait_started(container, report_fd, err);
	return result;
}

int container_start(const struct oci_spec *spec, int workloads_fd,
	struct container *out, struct error *err)
{
	struct error own;
	struct stage stage;
	int result;

	err = err ? err : &own;
	*out = CONTAINER_NONE;
	stage_init(&stage, spec);
	result = start(&stage, workloads_fd, out, err);
	if (result < 0)
		(void)container_clear(out, workloads_fd, NULL); /* said why */
	return result;
}

int container_signal(const struct container *container, int signal,
	struct error *err)
{
	if (container->pid_fd < 0)
		return error_set(err, -ESRCH,
			"send signal %d: the container does not run", signal);
	if (kernel_pidfd_send_signal(container->pid_fd, signal) < 0)
		return error_errno(err, "send signal %d", signal);
	return 0;
}

int container_kill(const struct container *container, struct error *err)
{
	if (container->cgroup_dir_fd < 0)
		return container_signal(container, SIGKILL, err);
	return cgroup_kill(container->cgroup_dir_fd, err);
}

int container_reap(struct container *container, struct error *err)
{
	siginfo_t info = { .si_pid = 0 };

	if (container->pid_fd < 0 || container->pid == 0)
		return error_set(err, -ECHILD,
			"wait for the container: it does not run");
	if (waitid(P_PIDFD, (id_t)container->pid_fd, &info, WEXITED | WNOHANG) <
		0)
		return error_errno(err, "wait for process %d",
			(int)container->pid);
	if (info.si_pid == 0)
		return -EAGAIN;
	container->pid = 0;
	return info.si_code == CLD_EXITED ? info.si_status
					  : 128 + info.si_status;
}

void container_usage(const struct container *container,
	struct container_usage *out)
{
	int fd = container->cgroup_dir_fd;

	*out = (struct container_usage){ 0 };
	if (fd < 0)
		return;
	out->memory_bytes = cgroup_read(fd, "memory.current", NULL);
	out->cpu_us = cgroup_read(fd, "cpu.stat", "usage_usec");
	out->pids = cgroup_read(fd, "pids.current", NULL);
	out->oom_kills = cgroup_read(fd, "memory.events", "oom_kill");
}

/* Kills and reaps the first process; -EBUSY when it does not die in time. */
static int clear_process(struct container *container, struct error *err)
{
	int result;

	if (container->pid_fd < 0 || container->pid == 0)
		return 0;
	(void)kernel_pidfd_send_signal(container->pid_fd, SIGKILL);
	(void)wait_readable(container->pid_fd, CLEAR_TIMEOUT_MS);
	result = container_reap(container, err);
	if (result == -EAGAIN)
		return error_set(err, -EBUSY,
			"remove the container: process %d does not die",
			(int)container->pid);
	/* -ECHILD: somebody else reaped it */
	return result < 0 && result != -ECHILD ? result : 0;
}

int container_clear(struct container *container, int workloads_fd,
	struct error *err)
{
	int result;

	if (container->cgroup_dir_fd >= 0)
		(void)cgroup_kill(container->cgroup_dir_fd, NULL);
	result = clear_process(container, err);
	if (result < 0)
		return result;
	if (container->cgroup[0]) {
		if (container->cgroup_dir_fd >= 0)
			(void)cgroup_wait_empty(container->cgroup_dir_fd,
				CLEAR_TIMEOUT_MS);
		result = cgroup_remove(workloads_fd, container->cgroup, err);
		if (result == 0)
			result = cgroup_prune(workloads_fd, container->cgroup,
				err);
	}
	if (result < 0)
		return result;
	fd_close(&container->cgroup_dir_fd);
	fd_close(&container->stdout_fd);
	fd_close(&container->stderr_fd);
	fd_close(&container->pid_fd);
	*container = CONTAINER_NONE;
	return 0;
}
