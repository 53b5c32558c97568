// SPDX-License-Identifier: MIT
/* join - a process in namespaces that are there already */
#include "run/join.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/magic.h>
#include <linux/nsfs.h>
#include <linux/sched.h>
#include <sched.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <sys/vfs.h>
#include <sys/wait.h>
#include <unistd.h>

#include "lib/error.h"
#include "lib/fd.h"
#include "lib/text.h"
#include "run/kernel.h"
#include "run/procfs.h"

#define STACK_BYTES 32768

struct kind {
	const char *name;
	const char *file; /* in /proc/PID/ns */
	int flag;
};

static const struct kind kinds[OCI_NAMESPACE_COUNT] = {
	[OCI_NAMESPACE_USER] = { "user", "user", CLONE_NEWUSER },
	[OCI_NAMESPACE_PID] = { "pid", "pid", CLONE_NEWPID },
	[OCI_NAMESPACE_NETWORK] = { "network", "net", CLONE_NEWNET },
	[OCI_NAMESPACE_IPC] = { "ipc", "ipc", CLONE_NEWIPC },
	[OCI_NAMESPACE_UTS] = { "uts", "uts", CLONE_NEWUTS },
	[OCI_NAMESPACE_CGROUP] = { "cgroup", "cgroup", CLONE_NEWCGROUP },
	[OCI_NAMESPACE_TIME] = { "time", "time", CLONE_NEWTIME },
	[OCI_NAMESPACE_MOUNT] = { "mount", "mnt", CLONE_NEWNS },
};

/* What the process that joins tells; in memory that both see. */
struct outcome {
	pid_t pid; /* 0: none was made */
	int pid_fd;
	struct error err;
};

struct errand {
	const struct join *join;
	int late_fd; /* of the namespace that the new process joins itself */
	int report_fds[2]; /* where it tells when it cannot */
	struct clone_args args;
	void (*run)(void *context);
	void *context;
	sigset_t mask; /* the caller's */
	struct outcome *outcome;
};

static const char *name_of_flag(int flag)
{
	for (size_t i = 0; i < OCI_NAMESPACE_COUNT; i++) {
		if (kinds[i].flag == flag)
			return kinds[i].name;
	}
	return "other";
}

static bool is_same(const struct stat *a, const struct stat *b)
{
	return a->st_dev == b->st_dev && a->st_ino == b->st_ino;
}

static bool is_ours(const struct kind *kind, const struct stat *status)
{
	char path[48];
	struct stat own;

	(void)snprintf(path, sizeof(path), "/proc/self/ns/%s", kind->file);
	return stat(path, &own) == 0 && is_same(status, &own);
}

bool join_is_ours(enum oci_namespace_kind kind, const char *path)
{
	struct stat status;

	return stat(path, &status) == 0 && is_ours(&kinds[kind], &status);
}

/* Returns a descriptor; -EALREADY: it is the namespace that we are in. */
static int open_path(const struct kind *kind, const char *path,
	struct error *err)
{
	struct statfs file_system;
	struct stat status;
	int flag;

	if (path[0] != '/')
		return error_set(err, -EINVAL, "it is not an absolute path");

	/* without waiting for whatever it may be */
	auto_fd fd = open(path, O_RDONLY | O_CLOEXEC | O_NOCTTY | O_NONBLOCK);

	if (fd < 0 || fstatfs(fd, &file_system) < 0 || fstat(fd, &status) < 0)
		return error_set(err, -errno, "%s", strerror(errno));
	if (file_system.f_type != NSFS_MAGIC)
		return error_set(err, -EINVAL, "it is not a namespace");
	flag = ioctl(fd, NS_GET_NSTYPE);
	if (flag < 0)
		return error_set(err, -errno, "%s", strerror(errno));
	if (flag != kind->flag)
		return error_set(err, -EINVAL, "it is a namespace of kind '%s'",
			name_of_flag(flag));
	return is_ours(kind, &status) ? -EALREADY : fd_take(&fd);
}

int join_open(const struct oci_spec *spec, struct join *out, struct error *err)
{
	*out = JOIN_NONE;
	for (size_t i = 0; i < OCI_NAMESPACE_COUNT; i++) {
		const struct oci_namespace *wanted = &spec->namespaces[i];
		struct error reason = { .code = 0 };
		int fd;

		if (!wanted->is_asked || !wanted->path)
			continue;
		fd = open_path(&kinds[i], wanted->path, &reason);
		if (fd < 0 && fd != -EALREADY) {
			join_clear(out);
			return error_set(err, fd,
				"join the %s namespace '%s': %s", kinds[i].name,
				wanted->path, reason.text);
		}
		out->fds[i] = fd >= 0 ? fd : -1;
	}
	return 0;
}

/* 1: ours and theirs differ; 0: they are one, or the kernel has none. */
static int differs(int proc_fd, pid_t pid, const struct kind *kind)
{
	char path[48];
	struct stat ours;
	struct stat theirs;

	(void)snprintf(path, sizeof(path), "self/ns/%s", kind->file);
	if (fstatat(proc_fd, path, &ours, 0) < 0)
		return errno == ENOENT ? 0 : -errno;
	(void)snprintf(path, sizeof(path), "%d/ns/%s", (int)pid, kind->file);
	if (fstatat(proc_fd, path, &theirs, 0) < 0)
		return errno == ENOENT ? -ESRCH : -errno;
	return !is_same(&ours, &theirs);
}

/* The cgroup's by a descriptor, as it is joined on its own (late_fd). */
static int add_kind(int proc_fd, pid_t pid, size_t kind, struct join *out)
{
	char path[48];
	int result = differs(proc_fd, pid, &kinds[kind]);

	if (result <= 0)
		return result;
	if (kind != OCI_NAMESPACE_CGROUP) {
		out->flags |= (uint64_t)kinds[kind].flag;
		return 0;
	}
	(void)snprintf(path, sizeof(path), "%d/ns/%s", (int)pid,
		kinds[kind].file);
	out->fds[kind] = openat(proc_fd, path, O_RDONLY | O_CLOEXEC);
	if (out->fds[kind] < 0)
		return errno == ENOENT ? -ESRCH : -errno;
	return 0;
}

int join_open_process(int pid_fd, pid_t pid, struct join *out,
	struct error *err)
{
	auto_fd proc_fd = open("/proc", O_PATH | O_DIRECTORY | O_CLOEXEC);
	int result = proc_fd < 0 ? -errno : procfs_check(proc_fd);

	*out = JOIN_NONE;
	if (result < 0)
		return error_set(err, result, "look at '/proc': %s",
			strerror(-result));
	for (size_t i = 0; result >= 0 && i < OCI_NAMESPACE_COUNT; i++)
		result = add_kind(proc_fd, pid, i, out);
	/* only now is it sure whose namespaces were looked at */
	if (result >= 0 && kernel_pidfd_send_signal(pid_fd, 0) < 0)
		result = -errno;
	if (result < 0) {
		join_clear(out);
		return error_set(err, result,
			"join the namespaces of process %d: %s", (int)pid,
			result == -ESRCH ? "it has ended" : strerror(-result));
	}
	out->pid_fd = pid_fd;
	return 0;
}

bool join_is_empty(const struct join *join)
{
	for (size_t i = 0; i < OCI_NAMESPACE_COUNT; i++) {
		if (join->fds[i] >= 0)
			return false;
	}
	return join->flags == 0;
}

void join_clear(struct join *join)
{
	for (size_t i = 0; i < OCI_NAMESPACE_COUNT; i++)
		fd_close(&join->fds[i]);
	*join = JOIN_NONE;
}

/*
 * Rights over a namespace come from the user namespace that it belongs to: our
 * own, which is left for good, or the joined one. What may not be joined
 * before may be joined after it.
 */
static int join_paths(const struct join *join, int late_fd, struct error *err)
{
	bool changes_user = join->fds[OCI_NAMESPACE_USER] >= 0;
	bool done[OCI_NAMESPACE_COUNT] = {
		[OCI_NAMESPACE_CGROUP] = late_fd >= 0,
	};

	for (size_t i = 1; changes_user && i < OCI_NAMESPACE_COUNT; i++)
		done[i] = join->fds[i] >= 0 &&
			  setns(join->fds[i], kinds[i].flag) == 0;
	for (size_t i = 0; i < OCI_NAMESPACE_COUNT; i++) {
		if (join->fds[i] < 0 || done[i])
			continue;
		if (setns(join->fds[i], kinds[i].flag) < 0)
			return error_errno(err, "join the %s namespace",
				kinds[i].name);
	}
	return 0;
}

static int join_all(const struct join *join, int late_fd, struct error *err)
{
	int result = join_paths(join, late_fd, err);

	if (result == 0 && join->flags &&
		setns(join->pid_fd, (int)join->flags) < 0)
		return error_errno(err, "join the container's namespaces");
	return result;
}

/*
 * In the new process. Where cgroup namespaces bound what may be moved
 * (nsdelegate, cgroups(7)), who has joined one makes no process in a cgroup
 * there that comes from outside of it: ENOENT.
 */
static void join_late(const struct errand *errand)
{
	struct error err = { .code = 0 };

	if (errand->late_fd < 0)
		return;
	if (setns(errand->late_fd, CLONE_NEWCGROUP) < 0) {
		(void)error_errno(&err, "join the cgroup namespace");
		(void)!write(errand->report_fds[1], &err, sizeof(err));
		_exit(127);
	}
	(void)close(errand->report_fds[0]);
	(void)close(errand->report_fds[1]);
}

/* In the process that joins. */
static int run_errand(void *data)
{
	struct errand *errand = data;
	struct outcome *outcome = errand->outcome;
	pid_t pid;

	if (join_all(errand->join, errand->late_fd, &outcome->err) < 0)
		return 1;
	pid = kernel_clone3(&errand->args);
	if (pid == 0) {
		join_late(errand);
		(void)sigprocmask(SIG_SETMASK, &errand->mask, NULL);
		errand->run(errand->context);
		_exit(127);
	}
	if (pid < 0) {
		(void)error_errno(&outcome->err,
			"make the container's process");
		return 1;
	}
	outcome->err = (struct error){ .code = 0 };
	outcome->pid = pid;
	return 0;
}

/* The kernel refuses a time namespace to who shares its memory. */
static bool may_share_memory(const struct join *join)
{
	return join->fds[OCI_NAMESPACE_TIME] < 0 &&
	       !(join->flags & CLONE_NEWTIME);
}

/*
 * Runs a function in a process made for it and waits for its end. The stack is
 * part of our own, so that a new process, whose copy of it is its stack, has
 * as much room below as we have. The exit signal is what that one inherits
 * with CLONE_PARENT.
 */
static __attribute__((noinline)) int send_out(int (*work)(void *data),
	void *data, bool shares_memory)
{
	char stack[STACK_BYTES] __attribute__((aligned(16)));
	int flags = CLONE_FILES | CLONE_VFORK | SIGCHLD;
	pid_t pid;

	if (shares_memory)
		flags |= CLONE_VM;
	pid = clone(work, stack + sizeof(stack), flags, data);
	if (pid < 0)
		return -errno;
	/* ECHILD: whoever ignores SIGCHLD has nothing to wait for */
	while (waitpid(pid, NULL, __WALL) < 0 && errno == EINTR) {
	}
	return 0;
}

static int clone_with(struct errand *errand, struct error *err)
{
	int was_dumpable = prctl(PR_GET_DUMPABLE, 0, 0, 0, 0);
	sigset_t all;
	int result;

	(void)sigfillset(&all);
	if (sigprocmask(SIG_BLOCK, &all, &errand->mask) < 0)
		return error_errno(err, "make the container's process");
	result = prctl(PR_SET_DUMPABLE, 0, 0, 0, 0) < 0
			 ? -errno
			 : send_out(run_errand, errand,
				   may_share_memory(errand->join));
	if (was_dumpable == 1)
		(void)prctl(PR_SET_DUMPABLE, 1, 0, 0, 0);
	(void)sigprocmask(SIG_SETMASK, &errand->mask, NULL);
	if (result < 0)
		return error_set(err, result,
			"make a process that joins namespaces: %s",
			strerror(-result));
	return 0;
}

/* Until the new process has joined the last one; if it cannot, there is none. */
static void wait_late(struct errand *errand, struct outcome *outcome)
{
	struct error reason;
	ssize_t size;

	fd_close(&errand->report_fds[1]);
	do {
		size = read(errand->report_fds[0], &reason, sizeof(reason));
	} while (size < 0 && errno == EINTR);
	fd_close(&errand->report_fds[0]);
	if (outcome->pid == 0 || size != (ssize_t)sizeof(reason))
		return;
	outcome->err = reason;
	while (waitpid(outcome->pid, NULL, __WALL) < 0 && errno == EINTR) {
	}
	fd_close(&outcome->pid_fd);
	outcome->pid = 0;
}

pid_t join_clone(const struct join *join, struct clone_args *args,
	void (*run)(void *context), void *context, struct error *err)
{
	struct errand errand = { .join = join,
		.args = *args,
		.run = run,
		.context = context,
		.late_fd = join->fds[OCI_NAMESPACE_USER] < 0
				   ? join->fds[OCI_NAMESPACE_CGROUP]
				   : -1,
		.report_fds = { -1, -1 } };
	struct outcome outcome;
	int result;

	if (errand.late_fd >= 0 && pipe2(errand.report_fds, O_CLOEXEC) < 0)
		return error_errno(err, "make a pipe");
	errand.outcome = mmap(NULL, sizeof(outcome), PROT_READ | PROT_WRITE,
		MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	if (errand.outcome == MAP_FAILED) {
		result = error_errno(err, "make the container's process");
		fd_close(&errand.report_fds[0]);
		fd_close(&errand.report_fds[1]);
		return result;
	}
	*errand.outcome = (struct outcome){ .pid_fd = -1 };
	error_set(&errand.outcome->err, -ECHILD,
		"join the container's namespaces: the process that does it "
		"died");
	errand.args.flags |= CLONE_PARENT;
	errand.args.exit_signal = 0;
	errand.args.pidfd = (uint64_t)(uintptr_t)&errand.outcome->pid_fd;
	result = clone_with(&errand, err);
	outcome = *errand.outcome;
	(void)munmap(errand.outcome, sizeof(outcome));
	if (errand.late_fd >= 0)
		wait_late(&errand, &outcome);
	if (result < 0)
		return result;
	if (outcome.pid == 0) {
		if (err)
			*err = outcome.err;
		return outcome.err.code;
	}
	if (args->flags & CLONE_PIDFD)
		*(int *)(uintptr_t)args->pidfd = outcome.pid_fd;
	return outcome.pid;
}

struct visit {
	int fd;
	int flag;
	int (*work)(void *context);
	void *context;
	int result;
};

static int run_visit(void *data)
{
	struct visit *visit = data;

	visit->result = setns(visit->fd, visit->flag) < 0
				? -errno
				: visit->work(visit->context);
	return 0;
}

int join_visit(int fd, int flag, int (*work)(void *context), void *context)
{
	struct visit visit = { fd, flag, work, context, -ECHILD };
	sigset_t all;
	sigset_t before;
	int result;

	(void)sigfillset(&all);
	if (sigprocmask(SIG_BLOCK, &all, &before) < 0)
		return -errno;
	result = send_out(run_visit, &visit, true);
	(void)sigprocmask(SIG_SETMASK, &before, NULL);
	return result < 0 ? result : visit.result;
}

static void add_offset(struct text *text, const char *clock,
	const struct oci_time_offset *offset)
{
	if (offset && offset->is_set)
		text_add(text, "%s %lld %u\n", clock, (long long)offset->secs,
			offset->nanosecs);
}

/* The link there cannot be followed beneath, but the folder is verified. */
static int enter_new_time(int proc_fd, struct error *err)
{
	auto_fd folder_fd =
		procfs_open_self(proc_fd, "ns", O_PATH | O_DIRECTORY);
	int fd = folder_fd;

	if (folder_fd >= 0)
		fd = openat(folder_fd, "time_for_children",
			O_RDONLY | O_CLOEXEC);
	if (folder_fd >= 0 && fd < 0)
		fd = -errno;

	auto_fd time_fd = fd;

	if (time_fd < 0)
		return error_set(err, time_fd, "open it: %s",
			strerror(-time_fd));
	if (setns(time_fd, CLONE_NEWTIME) < 0)
		return error_errno(err, "enter it");
	return 0;
}

int join_new_time(int proc_fd, const struct oci_time_offset *monotonic,
	const struct oci_time_offset *boottime, struct error *err)
{
	char buffer[128];
	struct text text;
	int result = 0;

	text_init(&text, buffer, sizeof(buffer));
	add_offset(&text, "monotonic", monotonic);
	add_offset(&text, "boottime", boottime);
	if (kernel_unshare(CLONE_NEWTIME) < 0)
		return error_set(err, -errno, "%s",
			errno == EINVAL ? "the kernel has no time namespaces"
					: strerror(errno));
	if (text.used > 0)
		result = procfs_write_self(proc_fd, "timens_offsets", buffer);
	if (result < 0)
		return error_set(err, result, "set the offsets: %s",
			result == -ERANGE
				? "a clock would be negative or too large"
				: strerror(-result));
	return enter_new_time(proc_fd, err);
}
