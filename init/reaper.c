/* SPDX-License-Identifier: MIT */
/*
 * reaper - process 1 of a container whose config says "init: true".
 *
 *     reaper PROGRAM [ARGUMENT...]
 *
 * Starts the program as its child, passes every signal on to it, takes away
 * whatever ends in the container, and ends as the program does. It lies in the
 * machine's root, and in the container by a read-only mount.
 */
#include <errno.h>
#include <signal.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

/* as a shell has them */
enum status {
	STATUS_USAGE = 2,
	STATUS_FAILURE = 125,
	STATUS_NOT_EXECUTABLE = 126,
	STATUS_NOT_FOUND = 127,
	STATUS_SIGNALLED = 128,
};

/* Faults of this program itself: they must not wait in a queue. */
static const int faults[] = { SIGFPE, SIGILL, SIGSEGV, SIGBUS, SIGABRT, SIGTRAP,
	SIGSYS };

/* stdio would be half of the program */
static void say(const char *text)
{
	ssize_t written = write(STDERR_FILENO, text, strlen(text));

	(void)written; /* there is nobody else to tell */
}

static int fail(const char *doing, const char *what)
{
	int code = errno;

	say("reaper: ");
	say(doing);
	say(what);
	say(": ");
	say(strerror(code));
	say("\n");
	return code == ENOENT ? STATUS_NOT_FOUND : STATUS_NOT_EXECUTABLE;
}

/* All signals wait until they are asked for; *before gets what was so. */
static void hold_signals(sigset_t *before)
{
	sigset_t held;

	(void)sigfillset(&held);
	for (size_t i = 0; i < sizeof(faults) / sizeof(*faults); i++)
		(void)sigdelset(&held, faults[i]);
	(void)sigprocmask(SIG_SETMASK, &held, before);
}

/* In the child: a group of its own, in front when there is a terminal. */
static int become(char **arguments, const sigset_t *signals)
{
	(void)setpgid(0, 0);
	/* SIGTTOU is held still; without a terminal there is nothing to do */
	(void)tcsetpgrp(STDIN_FILENO, getpgrp());
	(void)sigprocmask(SIG_SETMASK, signals, NULL);
	(void)execvp(arguments[0], arguments);
	return fail("execute ", arguments[0]);
}

/* Takes away all that have ended. True when child was among them. */
static int reap(pid_t child, int *status)
{
	int has_ended = 0;
	int ended_with;
	pid_t pid;

	while ((pid = waitpid(-1, &ended_with, WNOHANG)) > 0) {
		if (pid != child)
			continue;
		*status = WIFSIGNALED(ended_with)
				  ? STATUS_SIGNALLED + WTERMSIG(ended_with)
				  : WEXITSTATUS(ended_with);
		has_ended = 1;
	}
	return has_ended;
}

/* The others end with process 1, by the kernel. */
static int watch(pid_t child)
{
	sigset_t all;
	int status = STATUS_FAILURE;

	(void)sigfillset(&all);
	for (;;) {
		int signal = sigwaitinfo(&all, NULL);

		if (signal == SIGCHLD && reap(child, &status))
			return status;
		if (signal > 0 && signal != SIGCHLD)
			(void)kill(child, signal); /* it may have ended */
	}
}

int main(int count, char **arguments)
{
	sigset_t before;
	pid_t child;

	if (count < 2) {
		say("usage: reaper PROGRAM [ARGUMENT...]\n");
		return STATUS_USAGE;
	}
	hold_signals(&before);
	/* in the processes of another service somebody else is process 1 */
	(void)prctl(PR_SET_CHILD_SUBREAPER, 1);
	child = fork();
	if (child < 0) {
		(void)fail("start ", arguments[1]);
		return STATUS_FAILURE;
	}
	return child == 0 ? become(arguments + 1, &before) : watch(child);
}
