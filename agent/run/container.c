// SPDX-License-Identifier: MIT
/* container - a process in namespaces, a cgroup and a root of its own */
#include "run/container.h"

#include <errno.h>
#include <linux/sched.h>
#include <signal.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "lib/error.h"
#include "lib/fd.h"
#include "lib/text.h"
#include "run/cgroup.h"
#include "run/channel.h"
#include "run/device_filter.h"
#include "run/join.h"
#include "run/kernel.h"
#include "run/limits.h"
#include "run/oci.h"
#include "run/plan.h"
#include "run/prepare.h"
#include "run/step.h"

#define START_TIMEOUT_MS  10000
#define CLEAR_TIMEOUT_MS  500
#define FREEZE_TIMEOUT_MS 1000

/* Planned first, as what is wrong in the plan leaves nothing to undo. */
static int make_cgroup(const struct container_request *request,
	struct container *container, struct error *err)
{
	const struct oci_resources *resources = &request->spec->resources;
	struct limits limits;
	int result;
	int fd;

	if (request->cgroup_root_fd < 0)
		return 0;
	result = limits_plan(resources, &limits, err);
	if (result < 0)
		return result;
	fd = cgroup_make(request->cgroup_root_fd, request->cgroup, err);
	if (fd < 0)
		return fd;
	container->cgroup_dir_fd = fd;
	(void)text_copy(container->cgroup, sizeof(container->cgroup),
		request->cgroup); /* its length was checked */
	container->prunes_cgroups = request->prunes_cgroups;
	result = limits_apply(fd, &limits, err);
	if (result == 0)
		result = device_filter_apply(fd, resources, err);
	return result;
}

static uint64_t new_namespaces(const struct oci_spec *spec)
{
	/* those of cgroup and time are made by the process (plan.h) */
	static const uint64_t flags[OCI_NAMESPACE_COUNT] = {
		[OCI_NAMESPACE_USER] = CLONE_NEWUSER,
		[OCI_NAMESPACE_PID] = CLONE_NEWPID,
		[OCI_NAMESPACE_NETWORK] = CLONE_NEWNET,
		[OCI_NAMESPACE_IPC] = CLONE_NEWIPC,
		[OCI_NAMESPACE_UTS] = CLONE_NEWUTS,
		[OCI_NAMESPACE_MOUNT] = CLONE_NEWNS,
	};
	uint64_t set = 0;

	for (size_t i = 0; i < OCI_NAMESPACE_COUNT; i++) {
		if (spec->namespaces[i].is_asked && !spec->namespaces[i].path)
			set |= flags[i];
	}
	return set;
}

/* A process in the making, as its maker and it itself see it. */
struct birth {
	struct stage *stage;
	const struct plan *plan;
	struct join join;
	uint64_t namespaces;           /* CLONE_NEW* */
	int cgroup_fd;                 /* or -1 */
	const struct container *first; /* exec: whose company it joins */
	int channel_fd;                /* the maker's end */
};

/* Hooks that the process runs itself. */
static bool runs_hooks(const struct stage *stage)
{
	const struct oci_hooks *hooks = stage->spec->hooks;

	return stage->process == &stage->spec->process &&
	       (hooks[OCI_HOOK_CREATE_CONTAINER].count > 0 ||
		       hooks[OCI_HOOK_START_CONTAINER].count > 0);
}

static void run_process(void *context)
{
	struct birth *birth = context;
	struct stage *stage = birth->stage;
	struct error err = { .code = 0 };

	/* with our copy of the maker's end we would not see it end */
	fd_close(&birth->channel_fd);
	stage->wants_state = runs_hooks(stage);
	(void)step_run_process(stage, birth->plan, &err);
	/* there is nobody else to tell; silence tells something too */
	(void)channel_send(stage->channel_fd, REPORT_FAILED, &err, -1);
	_exit(127);
}

static pid_t clone_process(struct birth *birth, int *pid_fd, struct error *err)
{
	struct clone_args args = {
		.flags = CLONE_PIDFD | CLONE_CLEAR_SIGHAND | birth->namespaces,
		.pidfd = (uint64_t)(uintptr_t)pid_fd,
		.exit_signal = SIGCHLD,
	};
	pid_t pid;

	if (birth->cgroup_fd >= 0) {
		args.flags |= CLONE_INTO_CGROUP;
		args.cgroup = (uint32_t)birth->cgroup_fd;
	}
	if (!join_is_empty(&birth->join))
		return join_clone(&birth->join, &args, run_process, birth, err);
	pid = kernel_clone3(&args);
	if (pid == 0)
		run_process(birth);
	return pid < 0 ? error_errno(err, "make the container's process") : pid;
}

static int make_process(struct birth *birth, struct container *container,
	struct error *err)
{
	auto_fd inner_fd = -1;
	int pid_fd = -1;
	pid_t pid = clone_process(birth, &pid_fd, err);

	/* a cgroup that hands controllers down has none itself (cgroups(7)) */
	if (pid == -EBUSY && birth->first) {
		inner_fd = cgroup_open_process(birth->first->cgroup_dir_fd,
			birth->first->pid, err);
		birth->cgroup_fd = inner_fd;
		pid = inner_fd < 0 ? inner_fd
				   : clone_process(birth, &pid_fd, err);
	}
	if (pid < 0)
		return pid;
	container->pid = pid;
	container->pid_fd = pid_fd;
	fd_close(&birth->stage->channel_fd);
	return 0;
}

/* A process that dies for want of memory says nothing. */
static int explain(const struct container *container, struct error *err)
{
	if (err->code == -ECHILD && container->cgroup_dir_fd >= 0 &&
		cgroup_read(container->cgroup_dir_fd, "memory.events",
			"oom_kill") > 0)
		return error_set(err, -ENOMEM,
			"start the container: its memory limit is too small "
			"to start in");
	return err->code;
}

static int wait_started(const struct stage *stage, struct container *container,
	int channel_fd, struct error *err)
{
	struct channel_news news = { .terminal_fd = -1, .listener_fd = -1 };
	/* hooks take what time they are given by the spec */
	int timeout_ms = runs_hooks(stage) ? -1 : START_TIMEOUT_MS;
	int result = channel_listen(channel_fd, timeout_ms, &news, err);

	container->terminal_fd = news.terminal_fd;
	container->listener_fd = news.listener_fd;
	return result < 0 ? explain(container, err) : 0;
}

/* Lets it go, with what its hooks are to be told: two texts. */
static int let_go(const struct stage *stage, int channel_fd, struct error *err)
{
	const struct container_request *request = stage->request;
	auto_free char *creating = NULL;
	auto_free char *created = NULL;
	auto_free char *both = NULL;
	size_t size = 0;
	int result;

	if (runs_hooks(stage)) {
		if (request->describe) {
			creating = request->describe(request->context, false);
			created = request->describe(request->context, true);
		}
		if (!creating || !created ||
			asprintf(&both, "%s%c%s", creating, '\0', created) < 0)
			return error_set(err, -ENOMEM,
				"tell hooks the state of the container: there "
				"is none");
		size = strlen(creating) + strlen(created) + 2;
	}
	result = channel_go(channel_fd, both, size);
	if (result < 0 && result != -EPIPE) /* it says why it died */
		return error_set(err, result,
			"let the container's process go: %s",
			strerror(-result));
	return 0;
}

/* What fails for a process that died says less than the process did. */
static int find_reason(int channel_fd, int result, struct error *err)
{
	struct channel_news news = { .terminal_fd = -1, .listener_fd = -1 };
	struct error last = { .code = 0 };
	int said = channel_listen(channel_fd, 0, &news, &last);

	fd_close(&news.terminal_fd);
	fd_close(&news.listener_fd);
	if (said < 0 && said != -ETIMEDOUT && said != -ECHILD) {
		*err = last;
		return said;
	}
	return result;
}

/* From a prepared stage to a program that runs, or waits. */
static int run_plan(struct birth *birth, struct container *container,
	struct error *err)
{
	struct stage *stage = birth->stage;
	int fds[2];
	int result = channel_open(fds, err);

	if (result < 0)
		return result;
	birth->channel_fd = fds[0];
	stage->channel_fd = fds[1];
	result = make_process(birth, container, err);
	if (result == 0) {
		result = step_run_maker(stage, birth->plan, err);
		if (result < 0)
			result = find_reason(birth->channel_fd, result, err);
	}
	if (result == 0)
		result = let_go(stage, birth->channel_fd, err);
	if (result == 0)
		result = wait_started(stage, container, birth->channel_fd, err);
	fd_close(&birth->channel_fd);
	return result;
}

static int create(const struct container_request *request, struct stage *stage,
	struct container *container, struct error *err)
{
	const struct plan_options options = {
		.no_pivot = request->no_pivot,
		.no_new_keyring = request->no_new_keyring,
		.waits = request->start_fd > 0,
	};
	const struct oci_spec *spec = request->spec;
	struct plan plan;
	struct birth birth = {
		.stage = stage,
		.plan = &plan,
		.join = JOIN_NONE,
		.namespaces = new_namespaces(spec),
	};
	int result = plan_make(spec, &options, &plan, err);

	if (result == 0)
		result = join_open(spec, &birth.join, err);
	if (result == 0)
		result = make_cgroup(request, container, err);
	birth.cgroup_fd = container->cgroup_dir_fd;
	if (result == 0)
		result = prepare_process(stage, request, &spec->process,
			container, err);
	if (result == 0)
		result = prepare_root(stage, err);
	if (result == 0)
		result = run_plan(&birth, container, err);
	join_clear(&birth.join);
	return result;
}

int container_create(const struct container_request *request,
	struct container *out, struct error *err)
{
	struct error own;
	struct stage stage = { .request = NULL };
	int result;

	err = err ? err : &own;
	*out = CONTAINER_NONE;
	result = create(request, &stage, out, err);
	if (stage.request)
		prepare_clear(&stage);
	if (result < 0) /* err says why */
		(void)container_clear(out, request->cgroup_root_fd, NULL);
	return result;
}

/* Rights that the exec does not choose are those of the container. */
static struct oci_process complete(const struct container_exec_request *request)
{
	struct oci_process process = *request->process;
	const struct oci_process *first = &request->spec->process;

	if (!process.has_capabilities) {
		process.has_capabilities = first->has_capabilities;
		process.capabilities = first->capabilities;
	}
	return process;
}

static int execute_in(const struct container_exec_request *request,
	const struct container_request *own, struct stage *stage,
	struct container *out, struct error *err)
{
	const struct oci_process process = complete(request);
	struct plan plan;
	struct birth birth = {
		.stage = stage,
		.plan = &plan,
		.join = JOIN_NONE,
		.cgroup_fd = request->cgroup_fd > 0
				     ? request->cgroup_fd
				     : request->container->cgroup_dir_fd,
		.first = request->container,
	};
	int result = plan_make_exec(request->spec, &process, &plan, err);

	if (result == 0)
		result = join_open_process(request->container->pid_fd,
			request->container->pid, &birth.join, err);
	if (result == 0)
		result = prepare_process(stage, own, &process, out, err);
	if (result == 0)
		result = run_plan(&birth, out, err);
	join_clear(&birth.join);
	return result;
}

int container_exec(const struct container_exec_request *request,
	struct container *out, struct error *err)
{
	const struct container_request own = {
		.spec = request->spec,
		.cgroup_root_fd = -1,
		.filter_cache_fd = request->filter_cache_fd,
		.io = request->io,
		.keeps_stdin_open = request->keeps_stdin_open,
		.preserve_fds = request->preserve_fds,
	};
	struct error mine;
	struct stage stage = { .request = NULL };
	int result;

	err = err ? err : &mine;
	*out = CONTAINER_NONE;
	result = execute_in(request, &own, &stage, out, err);
	if (stage.request)
		prepare_clear(&stage);
	if (result < 0) /* err says why */
		(void)container_clear(out, -1, NULL);
	return result;
}

int container_start(int socket_fd, int *listener_fd, struct error *err)
{
	struct channel_news news = { .terminal_fd = -1, .listener_fd = -1 };
	struct error own;
	int result = channel_listen(socket_fd, -1, &news, err ? err : &own);

	fd_close(&news.terminal_fd);
	if (listener_fd)
		*listener_fd = fd_take(&news.listener_fd);
	fd_close(&news.listener_fd);
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

int container_freeze(const struct container *container, bool is_frozen,
	struct error *err)
{
	if (container->cgroup_dir_fd < 0)
		return error_set(err, -EOPNOTSUPP,
			"%s the container: it has no cgroup",
			is_frozen ? "stop" : "continue");
	return cgroup_freeze(container->cgroup_dir_fd, is_frozen,
		FREEZE_TIMEOUT_MS, err);
}

/* Kills and reaps the first process; -EBUSY when it does not die in time. */
static int clear_process(struct container *container, struct error *err)
{
	int result;

	if (container->pid_fd < 0 || container->pid == 0)
		return 0;
	(void)kernel_pidfd_send_signal(container->pid_fd, SIGKILL);
	/* who is not our child cannot be reaped, but its end can be seen */
	result = channel_wait_readable(container->pid_fd, CLEAR_TIMEOUT_MS);
	if (result == 0)
		result = container_reap(container, err);
	if (result == -EAGAIN || result == -ETIMEDOUT)
		return error_set(err, -EBUSY,
			"remove the container: process %d does not die",
			(int)container->pid);
	/* -ECHILD: somebody else reaped it */
	return result < 0 && result != -ECHILD ? result : 0;
}

/* Most are empty by now; in others something is left to be killed. */
static int clear_cgroup(struct container *container, int cgroup_root_fd,
	struct error *err)
{
	int result;

	if (!container->cgroup[0])
		return 0;
	result = cgroup_remove(cgroup_root_fd, container->cgroup, NULL);
	if (result < 0) {
		if (container->cgroup_dir_fd >= 0) {
			(void)cgroup_kill(container->cgroup_dir_fd, NULL);
			(void)cgroup_wait_empty(container->cgroup_dir_fd,
				CLEAR_TIMEOUT_MS);
		}
		result = cgroup_remove(cgroup_root_fd, container->cgroup, err);
	}
	if (result == 0 && container->prunes_cgroups)
		result = cgroup_prune(cgroup_root_fd, container->cgroup, err);
	return result;
}

int container_clear(struct container *container, int cgroup_root_fd,
	struct error *err)
{
	int result;

	/* all at once, so that none makes another one meanwhile */
	if (container->cgroup_dir_fd >= 0 &&
		(container->pid != 0 || !container->cgroup[0]))
		(void)cgroup_kill(container->cgroup_dir_fd, NULL);
	result = clear_process(container, err);
	if (result == 0)
		result = clear_cgroup(container, cgroup_root_fd, err);
	if (result < 0)
		return result;
	fd_close(&container->cgroup_dir_fd);
	fd_close(&container->stdin_fd);
	fd_close(&container->terminal_fd);
	fd_close(&container->listener_fd);
	fd_close(&container->stdout_fd);
	fd_close(&container->stderr_fd);
	fd_close(&container->pid_fd);
	*container = CONTAINER_NONE;
	return 0;
}
