/* SPDX-License-Identifier: MIT */
/*
 * init - process 1.
 *
 * It starts the watchdog, catches its own crash, starts the services of the
 * table in services.c, and then waits in one place for all that matters to it:
 * a signal (a child ended, somebody wants to stop the machine), the power
 * button, or the time to look after the services. It never exits, allocates
 * nothing and touches no disk. To stop the machine it becomes /sbin/shutdown.
 */
#include <errno.h>
#include <fcntl.h>
#include <linux/input.h>
#include <poll.h>
#include <signal.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <sys/reboot.h>
#include <sys/signalfd.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "crash.h"
#include "file.h"
#include "say.h"
#include "services.h"
#include "watchdog.h"

#define BUTTONS_MAX 4
#define INPUTS_MAX  16

/* what people and programs send to process 1 */
static const struct request {
	unsigned signal;
	const char *way, *reason;
} requests[] = {
	{ SIGTERM, "reboot", "asked to reboot" },
	{ SIGINT, "reboot", "ctrl-alt-del" },
	{ SIGUSR2, "poweroff", "asked to power off" },
	{ SIGPWR, "poweroff", "power is failing" },
	{ SIGUSR1, "halt", "asked to halt" },
};
#define REQUESTS (sizeof(requests) / sizeof(*requests))

/* signals first, then the power buttons */
static struct pollfd waits[1 + BUTTONS_MAX] = { { .fd = -1 } };
static nfds_t waits_count = 1;
static sigset_t signals; /* all but faults */

static int64_t now_ms(void)
{
	struct timespec now;

	(void)clock_gettime(CLOCK_MONOTONIC, &now);
	return now.tv_sec * 1000LL + now.tv_nsec / 1000000;
}

/* our own, so that a terminal that takes no output stops only its readers */
static void open_console(void)
{
	int fd = open("/dev/console", O_RDWR | O_NONBLOCK | O_NOCTTY);

	for (int copy = 0; fd >= 0 && copy <= STDERR_FILENO; copy++)
		(void)dup2(fd, copy);
	if (fd > STDERR_FILENO)
		(void)close(fd);
}

/* to be tried again when it fails: init without signals hears of nothing */
static void open_signals(void)
{
	waits[0] = (struct pollfd){ .fd = signalfd(-1, &signals,
					    SFD_CLOEXEC | SFD_NONBLOCK),
		.events = POLLIN };
	if (waits[0].fd < 0)
		say("init", "wait for signals: %m, trying again");
}

static bool has_power_key(int fd)
{
	uint8_t keys[KEY_MAX / 8 + 1] = { 0 };

	return file_control(fd, EVIOCGBIT(EV_KEY, sizeof(keys)), keys) >= 0 &&
	       keys[KEY_POWER / 8] & 1U << KEY_POWER % 8;
}

static void open_power_buttons(void)
{
	char path[32];

	for (int i = 0; i < INPUTS_MAX && waits_count <= BUTTONS_MAX; i++) {
		(void)snprintf(path, sizeof(path), "/dev/input/event%d", i);
		int fd = open(path, O_RDONLY | O_NONBLOCK | O_CLOEXEC);
		if (fd >= 0 && has_power_key(fd))
			waits[waits_count++] =
				(struct pollfd){ .fd = fd, .events = POLLIN };
		else if (fd >= 0)
			(void)close(fd);
	}
}

static _Noreturn void stop(const char *way, const char *reason)
{
	char agent[16];

	say("init", "%s", reason);
	(void)snprintf(agent, sizeof(agent), "%d", services_pid("agent"));
	(void)execl("/sbin/shutdown", "shutdown", way, agent, NULL);
	say("init", "run '/sbin/shutdown': %m, rebooting at once");
	(void)reboot(RB_AUTOBOOT);
	for (;;)
		(void)pause();
}

static void read_button(struct pollfd *button)
{
	struct input_event event;
	ssize_t got;

	while ((got = read(button->fd, &event, sizeof(event))) > 0)
		if (event.type == EV_KEY && event.code == KEY_POWER &&
			event.value == 1)
			stop("poweroff", "power button");
	if (got == 0 || errno != EAGAIN)
		button->fd = -1; /* unplugged */
}

static void read_signals(int fd)
{
	struct signalfd_siginfo info;

	while (read(fd, &info, sizeof(info)) == sizeof(info))
		for (size_t i = 0; i < REQUESTS; i++)
			if (info.ssi_signo == requests[i].signal)
				stop(requests[i].way, requests[i].reason);
}

static void reap(void)
{
	int status;
	pid_t pid;

	while ((pid = waitpid(-1, &status, WNOHANG)) > 0)
		services_reaped(pid, status, now_ms());
}

static void wait_until(int64_t wake_ms)
{
	int64_t left_ms = wake_ms - now_ms();

	if (poll(waits, waits_count, left_ms > 0 ? (int)left_ms : 0) <= 0)
		return;
	for (nfds_t i = 1; i < waits_count; i++)
		if (waits[i].revents)
			read_button(&waits[i]);
	read_signals(waits[0].fd);
}

int main(void)
{
	int64_t pet_ms = 0;

	watchdog_open();
	open_console();
	crash_catch(&signals);
	(void)sigprocmask(SIG_SETMASK, &signals, NULL);
	open_power_buttons();
	(void)reboot(RB_DISABLE_CAD); /* ctrl-alt-del asks us, by SIGINT */

	for (;;) {
		if (waits[0].fd < 0)
			open_signals();
		int64_t wake_ms = services_tick(now_ms());

		if (!services_healthy(now_ms()))
			stop("reboot", "cannot go on");
		if (now_ms() >= pet_ms) {
			watchdog_pet();
			pet_ms = now_ms() + WATCHDOG_PET_S * 1000;
		}
		wait_until(wake_ms < pet_ms ? wake_ms : pet_ms);
		reap();
	}
}
