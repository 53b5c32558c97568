/* SPDX-License-Identifier: MIT */
/* timekeeper - busybox ntpd, which sets the clock by servers on the network */
#include "timekeeper.h"

#include <linux/capability.h>
#include <stdio.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "say.h"

#define PROGRAM "/bin/busybox"
#define GROUP   "/sys/fs/cgroup/system/time"
#define USER_ID 65532 /* nobody else's on this machine */

/* only what adjtimex(2) and clock_settime(2) want, kept over exec */
static int drop_rights(void)
{
	struct __user_cap_header_struct head = {
		.version = _LINUX_CAPABILITY_VERSION_3,
	};
	const struct __user_cap_data_struct rights[2] = {
		[CAP_TO_INDEX(CAP_SYS_TIME)] = {
			.effective = CAP_TO_MASK(CAP_SYS_TIME),
			.permitted = CAP_TO_MASK(CAP_SYS_TIME),
			.inheritable = CAP_TO_MASK(CAP_SYS_TIME),
		},
	};

	/* the bounding set stays: nothing here can gain from it without a
	 * set-uid file, and there is none */
	if (prctl(PR_SET_KEEPCAPS, 1) < 0 ||
		setresgid(USER_ID, USER_ID, USER_ID) < 0 ||
		setresuid(USER_ID, USER_ID, USER_ID) < 0 ||
		syscall(SYS_capset, &head, rights) < 0 ||
		prctl(PR_CAP_AMBIENT, PR_CAP_AMBIENT_RAISE, CAP_SYS_TIME, 0,
			0) < 0)
		return -1;
	return prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0);
}

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
	if (drop_rights() < 0)
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
