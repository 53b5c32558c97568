/* SPDX-License-Identifier: MIT */
/*
 * crash - what process 1 does about a fault of its own.
 *
 * Only what is safe after memory went wrong happens here: system calls on
 * static bytes. The child that syncs shares nothing we wait for longer than
 * SYNC_S. Another fault in here restarts at once; the same one again ends
 * process 1, the kernel panics, and kernel.panic restarts.
 */
#include "crash.h"

#include <fcntl.h>
#include <signal.h>
#include <stddef.h>
#include <string.h>
#include <sys/reboot.h>
#include <sys/syscall.h>
#include <time.h>
#include <unistd.h>

#define SYNC_S 2
#define FAULTS (sizeof(faults) / sizeof(*faults))

static const struct {
	int signal;
	const char *line;
} faults[] = {
	{ SIGSEGV, "tare: init: crashed: bad memory access, rebooting\n" },
	{ SIGBUS, "tare: init: crashed: bus error, rebooting\n" },
	{ SIGILL, "tare: init: crashed: illegal instruction, rebooting\n" },
	{ SIGFPE, "tare: init: crashed: arithmetic error, rebooting\n" },
	{ SIGABRT, "tare: init: crashed: aborted, rebooting\n" },
};

/* the stack itself may be what is broken; one frame for each kind of fault
 * fits, however large the machine's registers are */
static char stack[32768];

static void tell(const char *path, int signal)
{
	int fd = open(path, O_WRONLY | O_NONBLOCK | O_CLOEXEC | O_NOCTTY);
	ssize_t written = 0;

	for (size_t i = 0; i < FAULTS; i++)
		if (faults[i].signal == signal)
			written = write(fd, faults[i].line,
				strlen(faults[i].line));
	(void)written;
}

static void handle(int signal, siginfo_t *info, void *context)
{
	static volatile sig_atomic_t is_crashing;
	(void)context;

	/* sent with kill(2) by somebody: no fault of ours, and not obeyed */
	if (info->si_code <= 0 && info->si_pid != getpid())
		return;
	if (getppid() != 0)
		_exit(127); /* a child before its exec is not process 1 */
	if (is_crashing)
		(void)reboot(RB_AUTOBOOT);
	is_crashing = 1;

	tell("/dev/console", signal);
	tell("/dev/kmsg", signal);
	/* not fork(): that runs code which may be what crashed */
	if (syscall(SYS_clone, SIGCHLD, 0, 0, 0, 0) == 0) {
		sync();
		_exit(0);
	}
	(void)nanosleep(&(struct timespec){ .tv_sec = SYNC_S }, NULL);
	(void)reboot(RB_AUTOBOOT);
	_exit(1); /* the kernel panics and restarts */
}

void crash_catch(void)
{
	const struct sigaction action = {
		.sa_sigaction = handle,
		.sa_flags = SA_SIGINFO | SA_ONSTACK,
	};
	const stack_t alternative = { .ss_sp = stack,
		.ss_size = sizeof(stack) };

	(void)sigaltstack(&alternative, NULL);
	for (size_t i = 0; i < FAULTS; i++)
		(void)sigaction(faults[i].signal, &action, NULL);
}
