/* SPDX-License-Identifier: MIT */
/* child - programs that netd runs beside it */
#include "child.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/capability.h>
#include <linux/sched.h>
#include <signal.h>
#include <stddef.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "backoff.h"
#include "clock.h"
#include "file.h"

static void start_later(struct child *child)
{
	int64_t now = clock_ms();

	child->wait_ms = backoff_ms(child->wait_ms, now - child->started_ms);
	child->due_ms = now + child->wait_ms;
}

/* straight into the group when there is one; in ours it is better than not */
static pid_t fork_into(const char *cgroup)
{
	auto_fd group = cgroup ? open(cgroup, O_PATH | O_CLOEXEC) : -1;
	struct clone_args args = {
		.flags = CLONE_INTO_CGROUP,
		.exit_signal = SIGCHLD,
		.cgroup = (unsigned)group,
	};
	pid_t pid = -1;

	if (group >= 0)
		pid = (pid_t)syscall(SYS_clone3, &args, sizeof(args));
	return pid < 0 ? fork() : pid;
}

static void prepare(void)
{
	int null = open("/dev/null", O_RDWR);
	sigset_t none;

	(void)prctl(PR_SET_PDEATHSIG, SIGTERM);
	(void)sigemptyset(&none);
	(void)sigprocmask(SIG_SETMASK, &none, NULL);
	(void)dup2(null, STDIN_FILENO);
	(void)dup2(null, STDOUT_FILENO);
	(void)dup2(null, STDERR_FILENO);
}

int child_drop_rights(unsigned right)
{
	struct __user_cap_header_struct head = {
		.version = _LINUX_CAPABILITY_VERSION_3,
	};
	struct __user_cap_data_struct rights[2] = { 0 };

	rights[CAP_TO_INDEX(right)] = (struct __user_cap_data_struct){
		.effective = CAP_TO_MASK(right),
		.permitted = CAP_TO_MASK(right),
		.inheritable = CAP_TO_MASK(right),
	};
	/* the bounding set stays: nothing here can gain from it without a
	 * set-uid file, and there is none */
	if (prctl(PR_SET_KEEPCAPS, 1) < 0 ||
		setresgid(CHILD_USER, CHILD_USER, CHILD_USER) < 0 ||
		setresuid(CHILD_USER, CHILD_USER, CHILD_USER) < 0 ||
		syscall(SYS_capset, &head, rights) < 0 ||
		prctl(PR_CAP_AMBIENT, PR_CAP_AMBIENT_RAISE, right, 0, 0) < 0)
		return -1;
	return prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0);
}

pid_t child_start(struct child *child, const char *cgroup)
{
	child->started_ms = clock_ms();
	pid_t pid = fork_into(cgroup);
	if (pid == 0)
		prepare();
	child->pid = pid > 0 ? pid : 0;
	if (pid < 0) {
		int saved_errno = errno;
		start_later(child);
		errno = saved_errno;
	}
	return pid;
}

bool child_is_due(const struct child *child, int64_t now_ms, int64_t *next_ms)
{
	if (child->pid)
		return false;
	if (child->due_ms <= now_ms)
		return true;
	if (child->due_ms < *next_ms)
		*next_ms = child->due_ms;
	return false;
}

bool child_reaped(struct child *child, pid_t pid)
{
	if (pid <= 0 || child->pid != pid)
		return false;
	child->pid = 0;
	start_later(child);
	return true;
}

void child_stop(struct child *child)
{
	if (child->pid > 0)
		(void)kill(child->pid, SIGTERM);
	*child = (struct child){ 0 };
}
