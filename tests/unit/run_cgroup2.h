/* SPDX-License-Identifier: MIT */
/*
 * run_cgroup2 - cgroup v2 at /sys/fs/cgroup, in a mount namespace of our own
 */
#ifndef TARE_RUN_CGROUP2_H
#define TARE_RUN_CGROUP2_H

#include <linux/magic.h>
#include <sys/vfs.h>
#include <sys/wait.h>
#include <unistd.h>

#include "run/kernel.h"

static inline int cgroup2_shell(const char *command)
{
	int status = -1;
	pid_t pid = fork();

	if (pid == 0) {
		(void)execl("/bin/sh", "sh", "-ec", command, (char *)NULL);
		_exit(127);
	}
	return pid < 0 || waitpid(pid, &status, 0) != pid ? -1 : status;
}

/* NULL, or why it cannot be. The first call does it, the others ask. */
static inline const char *cgroup2_enter(void)
{
	static bool is_done;
	struct statfs status;

	if (is_done)
		return NULL;
	if (geteuid() != 0)
		return "needs root";
	if (kernel_unshare(0x00020000) < 0) /* CLONE_NEWNS */
		return "may not make a mount namespace";
	if (cgroup2_shell("mount --make-rprivate /") != 0)
		return "may not mount";
	if ((statfs("/sys/fs/cgroup", &status) < 0 ||
		    status.f_type != CGROUP2_SUPER_MAGIC) &&
		cgroup2_shell("umount -R /sys/fs/cgroup; "
			      "mount -t cgroup2 none /sys/fs/cgroup") != 0)
		return "cannot mount cgroup v2";
	is_done = true;
	return NULL;
}

#endif
