/* SPDX-License-Identifier: MIT */
/* timekeeper - busybox ntpd, which sets the clock by servers on the network */
#include "timekeeper.h"

#include <linux/capability.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "say.h"

#define PROGRAM "/bin/busybox"
#define GROUP   "/sys/fs/cgroup/system/time"

static _Noreturn void become(char *servers)
{
	static char name[] = "ntpd", stay[] = "-n", peer[] = "-p";
	char *argv[2 * TIMEKEEPER_COUNT + 3] = { name, stay };
	unsigned count = 2;

	for (char *at = servers; *at && count < 2 * TIMEKEEPER_COUNT + 2;) {
		char *space = strchr(at, ' ');
		argv[count++] = peer;
		argv[count++] = at;
		if (!space)
			break;
		*space = '\0';
		at = space + 1;
	}
	if (child_drop_rights(CAP_SYS_TIME) < 0)
		note("time", "give up rights: %m");
	else
		(void)execv(PROGRAM, argv);
	note("time", "run '" PROGRAM " ntpd': %m");
	_exit(127);
}

void timekeeper_run(struct timekeeper *keeper, const char *servers,
	int64_t now_ms, int64_t *next_ms)
{
	if (strcmp(keeper->servers, servers) != 0) {
		child_stop(&keeper->child);
		(void)snprintf(keeper->servers, sizeof(keeper->servers), "%s",
			servers);
	}
	if (!*keeper->servers || !child_is_due(&keeper->child, now_ms, next_ms))
		return;
	pid_t pid = child_start(&keeper->child, GROUP);
	if (pid == 0)
		become(keeper->servers);
	if (pid < 0)
		note("time", "start the client of time: %m");
}
