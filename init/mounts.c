/* SPDX-License-Identifier: MIT */
/* mounts - the file systems of the kernel and the small ones in memory */
#include "mounts.h"

#include <errno.h>
#include <stddef.h>
#include <sys/mount.h>
#include <sys/stat.h>

#include "say.h"

#define QUIET (MS_NOSUID | MS_NODEV | MS_NOEXEC)

/* The root cannot be written, so all that changes lives in memory or in /data.
 * /dev is there already: the first stage needs it to say anything. */
static const struct mount_row {
	const char *target, *type, *options;
	unsigned long flags;
	bool required;
} rows[] = {
	/* clang-format off */
	{ "/proc",          "proc",     NULL,                 QUIET, true },
	{ "/sys",           "sysfs",    NULL,                 QUIET, true },
	{ "/run",           "tmpfs",    "mode=755,size=20%",  QUIET, true },
	{ "/sys/fs/cgroup", "cgroup2",
		"nsdelegate,memory_recursiveprot",            QUIET, false },
	{ "/dev/pts",       "devpts",   "mode=600,ptmxmode=666",
		MS_NOSUID | MS_NOEXEC, false },
	{ "/dev/shm",       "tmpfs",    "mode=1777,size=20%", QUIET, false },
	{ "/tmp",           "tmpfs",    "mode=1777,size=20%", QUIET, false },
	{ "/etc",           "tmpfs",    "mode=755,size=1m",   QUIET, false },
	{ "/var",           "tmpfs",    "mode=755,size=10%",  QUIET, false },
	/* clang-format on */
};

bool mounts_make(void)
{
	bool all_required = true;

	for (size_t i = 0; i < sizeof(rows) / sizeof(*rows); i++) {
		const struct mount_row *row = &rows[i];

		(void)mkdir(row->target, 0755); /* only those below /dev lack */
		if (mount(row->type, row->target, row->type, row->flags,
			    row->options) == 0)
			continue;
		note("boot", "mount '%s': %m", row->target);
		all_required = all_required && !row->required;
	}
	(void)mkdir("/run/tare", 0755); /* notes say so when it is missing */
	return all_required;
}
