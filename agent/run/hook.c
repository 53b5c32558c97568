// SPDX-License-Identifier: MIT
/* hook - programs that the spec wants to be run on the way */
#include "run/hook.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <linux/sched.h>
#include <poll.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "lib/error.h"
#include "lib/fd.h"
#include "run/kernel.h"

#ifndef MFD_NOEXEC_SEAL
#define MFD_NOEXEC_SEAL 0x0008U /* linux/memfd.h, from Linux 6.3 */
#endif

/* A hook on its way. */
struct run {
	const struct oci_hook *hook;
	int input_fd;
	int report_read_fd; /* errno of execve(2); empty: it was executed */
	int report_write_fd;
	int pid_fd;
	pid_t pid;
};

static const char *const names[OCI_HOOK_COUNT] = {
	[OCI_HOOK_PRESTART] = "prestart",
	[OCI_HOOK_CREATE_RUNTIME] = "createRuntime",
	[OCI_HOOK_CREATE_CONTAINER] = "createContainer",
	[OCI_HOOK_START_CONTAINER] = "startContainer",
	[OCI_HOOK_POSTSTART] = "poststart",
	[OCI_HOOK_POSTSTOP] = "poststop",
};

const char *hook_name(enum oci_hook_kind kind)
{
	return names[kind];
}

/* A file in memory: who does not read it holds nobody up, and no SIGPIPE. */
static int open_input(const char *state)
{
	unsigned int flags = MFD_CLOEXEC | MFD_NOEXEC_SEAL;
	int fd = memfd_create("state", flags);
	int result;

	if (fd < 0 && errno == EINVAL)
		fd = memfd_create("state", MFD_CLOEXEC);
	if (fd < 0)
		return -errno;
	result = fd_write_all(fd, state, strlen(state));
	if (result == 0 && lseek(fd, 0, SEEK_SET) < 0)
		result = -errno;
	if (result < 0)
		fd_close(&fd);
	return result < 0 ? result : fd;
}

/* Does not return. */
static void become(const struct run *run)
{
	static char *const nothing[] = { NULL };
	const struct oci_hook *hook = run->hook;
	const char *path_only[] = { hook->path, NULL };
	const char *const *args = hook->args ? hook->args : path_only;
	char *const *env = (char *const *)(uintptr_t)hook->env;
	sigset_t none;
	int code;

	(void)setpgid(0, 0);
	for (int signal = 1; signal < NSIG; signal++)
		(void)kernel_default_signal(signal); /* not all can be set */
	(void)sigemptyset(&none);
	(void)sigprocmask(SIG_SETMASK, &none, NULL);
	(void)umask(022);
	if (dup2(run->input_fd, STDIN_FILENO) >= 0 &&
		kernel_close_on_exec_from(STDERR_FILENO + 1) == 0)
		(void)execve(hook->path, (char *const *)(uintptr_t)args,
			env ? env : nothing);
	code = errno;
	(void)fd_write_all(run->report_write_fd, &code, sizeof(code));
	_exit(127);
}

static int start(struct run *run, const char *state)
{
	struct clone_args args = {
		.flags = CLONE_PIDFD,
		.pidfd = (uint64_t)(uintptr_t)&run->pid_fd,
		.exit_signal = SIGCHLD,
	};
	int fds[2];

	run->input_fd = open_input(state);
	if (run->input_fd < 0)
		return run->input_fd;
	if (pipe2(fds, O_CLOEXEC) < 0)
		return -errno;
	run->report_read_fd = fds[0];
	run->report_write_fd = fds[1];
	run->pid = kernel_clone3(&args);
	if (run->pid == 0)
		become(run);
	if (run->pid < 0)
		return -errno;
	/* here too: it may have to be killed before it did so itself */
	(void)setpgid(run->pid, run->pid);
	fd_close(&run->report_write_fd);
	return 0;
}

static int64_t now_ms(void)
{
	struct timespec now;

	(void)clock_gettime(CLOCK_MONOTONIC, &now);
	return (int64_t)now.tv_sec * 1000 + now.tv_nsec / 1000000;
}

/* -ETIMEDOUT: it still runs. */
static int wait_for_end(const struct run *run)
{
	int64_t timeout_ms = (int64_t)run->hook->timeout_s * 1000;
	int64_t deadline_ms = now_ms() + timeout_ms;

	for (;;) {
		struct pollfd wait = { .fd = run->pid_fd, .events = POLLIN };
		int64_t left_ms = timeout_ms > 0 ? deadline_ms - now_ms() : -1;
		int count;

		if (timeout_ms > 0 && left_ms < 0)
			return -ETIMEDOUT;
		count = poll(&wait, 1,
			left_ms > INT_MAX ? INT_MAX : (int)left_ms);
		if (count > 0)
			return 0;
		if (count < 0 && errno != EINTR)
			return -errno;
	}
}

static int judge(const struct run *run, const siginfo_t *info,
	struct error *err)
{
	int code = 0;

	if (fd_read_full(run->report_read_fd, &code, sizeof(code)) ==
		(ssize_t)sizeof(code))
		return error_set(err, -code, "execute it: %s", strerror(code));
	if (info->si_code != CLD_EXITED)
		return error_set(err, -ECHILD, "was killed by signal %d",
			info->si_status);
	if (info->si_status != 0)
		return error_set(err, -ECHILD, "exited with status %d",
			info->si_status);
	return 0;
}

static int finish(const struct run *run, struct error *err)
{
	siginfo_t info = { .si_pid = 0 };
	int result = wait_for_end(run);
	int reaped;

	if (result < 0) {
		(void)kill(-run->pid, SIGKILL);
		(void)kernel_pidfd_send_signal(run->pid_fd, SIGKILL);
	}
	do {
		reaped = waitid(P_PIDFD, (id_t)run->pid_fd, &info, WEXITED);
	} while (reaped < 0 && errno == EINTR);
	if (result == -ETIMEDOUT)
		return error_set(err, result, "timed out after %u s",
			run->hook->timeout_s);
	if (result == 0 && reaped < 0)
		result = -errno;
	if (result < 0)
		return error_set(err, result, "wait for it: %s",
			strerror(-result));
	return judge(run, &info, err);
}

static int run_one(const struct oci_hook *hook, const char *state,
	struct error *err)
{
	struct run run = { .hook = hook,
		.input_fd = -1,
		.report_read_fd = -1,
		.report_write_fd = -1,
		.pid_fd = -1 };
	int result;

	if (hook->path[0] != '/')
		return error_set(err, -EINVAL, "it is not an absolute path");
	result = start(&run, state);
	if (result < 0)
		error_set(err, result, "start it: %s", strerror(-result));
	else
		result = finish(&run, err);
	fd_close(&run.input_fd);
	fd_close(&run.report_read_fd);
	fd_close(&run.report_write_fd);
	fd_close(&run.pid_fd);
	return result;
}

static int run_hooks(const struct oci_spec *spec, enum oci_hook_kind kind,
	const char *state, bool goes_on, struct error *err)
{
	const struct oci_hooks *hooks = &spec->hooks[kind];
	int first = 0;

	for (size_t i = 0; i < hooks->count; i++) {
		struct error reason = { .code = 0 };
		int result =
			run_one(&hooks->items[i], state ? state : "", &reason);

		if (result < 0 && first == 0)
			first = error_set(err, result,
				"hook '%s' number %zu '%s': %s", names[kind],
				i + 1, hooks->items[i].path, reason.text);
		if (result < 0 && !goes_on)
			break;
	}
	return first;
}

int hook_run_all(const struct oci_spec *spec, enum oci_hook_kind kind,
	const char *state, struct error *err)
{
	return run_hooks(spec, kind, state, false, err);
}

int hook_run_each(const struct oci_spec *spec, enum oci_hook_kind kind,
	const char *state, struct error *err)
{
	return run_hooks(spec, kind, state, true, err);
}
