/* SPDX-License-Identifier: MIT */
/*
 * shutdown - from a running machine to a stopped one, in at most 15 s.
 *
 * init becomes this program: it is process 1, has every process as its
 * descendant and all signals blocked, so that further requests are ignored.
 *
 *     shutdown reboot|poweroff|halt AGENT-PID
 *
 * Each step ends early when there is nothing left to wait for, and none that
 * fails or hangs keeps the next one from being done.
 */
#include <errno.h>
#include <fcntl.h>
#include <mntent.h>
#include <signal.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mount.h>
#include <sys/reboot.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "clock.h"
#include "say.h"
#include "watchdog.h"

#define AGENT_MS   10000 /* the grace of all workloads together */
#define TERM_MS    1000
#define KILL_MS    500
#define UNMOUNT_MS 2000
#define FINISH_MS  1000

#define MOUNTS_MAX 64

static const struct way {
	const char *name, *line;
	unsigned command;
} ways[] = {
	{ "reboot", "rebooting",
		(unsigned)RB_AUTOBOOT }, /* for unknown names, too */
	{ "poweroff", "powering off", (unsigned)RB_POWER_OFF },
	{ "halt", "halting", (unsigned)RB_HALT_SYSTEM },
};

/* reap until pid has ended (-1: until there are no children); false when the
 * time is over */
static bool wait_for(pid_t pid, int limit_ms)
{
	int64_t deadline_ms = clock_ms() + limit_ms;
	sigset_t child;

	(void)sigemptyset(&child);
	(void)sigaddset(&child, SIGCHLD);
	for (;;) {
		pid_t ended;
		while ((ended = waitpid(-1, NULL, WNOHANG)) > 0)
			if (ended == pid)
				return true;
		int64_t left_ms = deadline_ms - clock_ms();
		if (ended < 0 || left_ms <= 0)
			return ended < 0;
		const struct timespec left = { .tv_sec = left_ms / 1000,
			.tv_nsec = left_ms % 1000 * 1000000 };
		(void)sigtimedwait(&child, NULL, &left);
	}
}

static void signal_everyone(int signal)
{
	(void)kill(-1, signal);  /* ESRCH: nobody left, all the better */
	(void)kill(-1, SIGCONT); /* a stopped process ends only once it runs */
}

static void stop_processes(pid_t agent)
{
	if (agent > 0 && kill(agent, SIGTERM) == 0) {
		(void)kill(agent, SIGCONT);
		if (!wait_for(agent, AGENT_MS))
			say("shutdown", "the agent did not end in %d s",
				AGENT_MS / 1000);
	}
	int fd = open("/sys/fs/cgroup/workloads/cgroup.kill",
		O_WRONLY | O_CLOEXEC);
	if (fd >= 0 && write(fd, "1", 1) < 0)
		say("shutdown", "end the workloads: %m");

	signal_everyone(SIGTERM);
	if (wait_for(-1, TERM_MS))
		return;
	signal_everyone(SIGKILL);
	if (!wait_for(-1, KILL_MS))
		say("shutdown", "some processes did not end");
}

/* newest mounts first, so that what lies on top goes before what it lies on */
static void unmount_data(void)
{
	static char targets[MOUNTS_MAX][128];
	int count = 0;
	FILE *mounts = setmntent("/proc/mounts", "re");

	for (struct mntent *entry; mounts && (entry = getmntent(mounts));)
		if ((strcmp(entry->mnt_dir, "/data") == 0 ||
			    strncmp(entry->mnt_dir, "/data/", 6) == 0) &&
			count < MOUNTS_MAX)
			(void)snprintf(targets[count++], sizeof(*targets), "%s",
				entry->mnt_dir);
	while (count-- > 0)
		if (umount2(targets[count], UMOUNT_NOFOLLOW) < 0)
			say("shutdown", "unmount '%s': %m", targets[count]);
	if (mount(NULL, "/data", NULL, MS_REMOUNT | MS_RDONLY, NULL) < 0 &&
		errno != EINVAL)
		say("shutdown", "make '/data' read-only: %m");
	sync(); /* reaches the disk's own cache, too */
}

static const struct way *find_way(const char *name)
{
	for (size_t i = 0; name && i < sizeof(ways) / sizeof(*ways); i++)
		if (strcmp(ways[i].name, name) == 0)
			return &ways[i];
	return &ways[0];
}

/* reboot(2) ends its caller when the machine cannot be switched off, and the
 * kernel panics when that is process 1: a child calls it */
static _Noreturn void finish(const struct way *way)
{
	/* they go on running, so that a machine which hangs in here is reset;
	 * one that is switched off has no time any more, a halted one has */
	watchdog_pet();
	if (way->command == (unsigned)RB_HALT_SYSTEM)
		watchdog_close();
	if (fork() == 0) {
		(void)reboot((int)way->command);
		_exit(1);
	}
	while (way->command == (unsigned)RB_HALT_SYSTEM)
		(void)pause();
	(void)wait_for(-1, FINISH_MS);
	(void)reboot(RB_AUTOBOOT);
	for (;;)
		(void)pause();
}

int main(int argc, char **argv)
{
	const struct way *way = find_way(argc > 1 ? argv[1] : NULL);
	long agent = argc > 2 ? strtol(argv[2], NULL, 10) : 0;

	if (getpid() != 1) {
		(void)dprintf(STDERR_FILENO,
			"shutdown: only process 1 may run this\n");
		return 1;
	}
	say("shutdown", "%s", way->line);
	watchdog_pet();
	stop_processes((pid_t)agent);
	watchdog_pet();

	/* a disk that hangs may hang a child, not us */
	pid_t child = fork();
	if (child == 0) {
		unmount_data();
		_exit(0);
	}
	if (child < 0 || !wait_for(child, UNMOUNT_MS))
		say("shutdown", "unmounting '/data' did not finish");
	finish(way);
}
