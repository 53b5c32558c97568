/* SPDX-License-Identifier: MIT */
/*
 * init - process 1.
 *
 * It starts the watchdog, catches its own crash, starts the services of the
 * table in services.c, and then waits in one place for all that matters to it:
 * a signal (a child ended, somebody wants to stop the machine, the power
 * button was pressed), or the time to look after the services. It never exits,
 * allocates nothing and touches no disk. To stop the machine it becomes
 * /sbin/shutdown.
 */
#include <fcntl.h>
#include <linux/input.h>
#include <signal.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <sys/reboot.h>
#include <sys/wait.h>
#include <unistd.h>

#include "clock.h"
#include "crash.h"
#include "inherit.h"
#include "say.h"
#include "services.h"
#include "watchdog.h"

#define REAP_MAX 256 /* at a time */

/* what people and programs send to process 1 */
static const struct request {
	int signal;
	const char *way, *reason;
} requests[] = {
	{ SIGTERM, "reboot", "asked to reboot" },
	{ SIGINT, "reboot", "ctrl-alt-del" },
	{ SIGUSR2, "poweroff", "asked to power off" },
	{ SIGPWR, "poweroff", "power is failing" },
	{ SIGUSR1, "halt", "asked to halt" },
};
#define REQUESTS (sizeof(requests) / sizeof(*requests))

static sigset_t signals; /* that we wait for */

/* All others are left as they are: the kernel keeps from process 1 what it has
 * no handler for. */
static void block_signals(void)
{
	(void)sigemptyset(&signals);
	(void)sigaddset(&signals, SIGCHLD);
	(void)sigaddset(&signals, SIGIO); /* of the power buttons */
	for (size_t i = 0; i < REQUESTS; i++)
		(void)sigaddset(&signals, requests[i].signal);
	(void)sigprocmask(SIG_SETMASK, &signals, NULL);
}

static _Noreturn void stop(const char *way, const char *reason)
{
	char agent[16];

	say("init", "%s", reason);
	(void)snprintf(agent, sizeof(agent), "%d", services_pid("agent"));
	(void)execl("/sbin/shutdown", "shutdown", way, agent, NULL);
	say("init", "run '/sbin/shutdown': %m, rebooting at once");
	(void)reboot(RB_AUTOBOOT);
	_exit(1); /* the kernel panics and restarts */
}

static void read_button(int fd)
{
	struct input_event event;

	while (read(fd, &event, sizeof(event)) == sizeof(event))
		if (event.type == EV_KEY && event.code == KEY_POWER &&
			event.value == 1)
			stop("poweroff", "power button");
}

/* However fast children end, all else has its turn: true when some are left. */
static bool reap(void)
{
	for (int i = 0; i < REAP_MAX; i++) {
		int status;
		pid_t pid = waitpid(-1, &status, WNOHANG);
		if (pid <= 0)
			return false;
		services_reaped(pid, status, clock_ms());
	}
	return true;
}

static void wait_for_signal(int64_t limit_ms)
{
	const struct timespec limit = { .tv_sec = limit_ms / 1000,
		.tv_nsec = limit_ms % 1000 * 1000000 };
	int signal = sigtimedwait(&signals, NULL, &limit);

	for (size_t i = 0; i < REQUESTS; i++)
		if (signal == requests[i].signal)
			stop(requests[i].way, requests[i].reason);
	for (int i = 0; signal == SIGIO && i < INHERIT_BUTTONS; i++)
		read_button(INHERIT_BUTTON_FD + i);
}

int main(void)
{
	watchdog_open();
	/* a terminal that takes no output stops only its readers */
	(void)fcntl(STDERR_FILENO, F_SETFL, O_NONBLOCK);
	crash_catch();
	block_signals();
	(void)reboot(RB_DISABLE_CAD); /* ctrl-alt-del asks us, by SIGINT */

	for (;;) {
		bool has_more = reap();
		int64_t idle_ms = services_tick(clock_ms());

		if (!services_healthy(clock_ms()))
			stop("reboot", "cannot go on");
		watchdog_pet();
		wait_for_signal(has_more ? 0 : idle_ms);
	}
}
