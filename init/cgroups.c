/* SPDX-License-Identifier: MIT */
/* cgroups - who may use how much: the groups, their controllers and limits */
#include "cgroups.h"

#include <errno.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "file.h"
#include "say.h"

#define ROOT            "/sys/fs/cgroup"
#define PATH_MAX_LENGTH 128

/* switched on one by one: one that is missing must not take all others down */
static const char *const controllers[] = { "+cpu", "+memory", "+pids", "+io",
	"+cpuset" };

/* groups whose children are accounted apart */
static const char *const parents[] = { ROOT, ROOT "/system",
	ROOT "/workloads" };

static const char *const groups[] = { ROOT "/init", ROOT "/system",
	ROOT "/system/agent", ROOT "/system/netd", ROOT "/system/dns",
	ROOT "/system/disks", ROOT "/system/shell", ROOT "/system/time",
	ROOT "/workloads" };

/* Memory that is used below memory.min is never taken away: a workload that
 * eats everything does not push the system's own pages out. */
static const struct setting {
	const char *file, *value;
} settings[] = {
	{ ROOT "/init/memory.min", "1M" },
	{ ROOT "/init/cpu.weight", "10000" },
	{ ROOT "/system/memory.min", "16M" },
	{ ROOT "/system/cpu.weight", "1000" },
	{ ROOT "/system/agent/memory.min", "12M" },
	{ ROOT "/system/netd/memory.min", "1M" },
	{ ROOT "/system/dns/memory.min", "1M" },
	{ ROOT "/system/disks/memory.min", "1M" },
	{ ROOT "/init/cgroup.procs", "1" },
};

static bool write_noted(const char *path, const char *value)
{
	int result = file_write(path, value);

	if (result < 0)
		note("setup", "write '%s' to '%s': %s", value, path,
			strerror(-result));
	return result == 0;
}

/* one that the root does not give is missing everywhere: said once */
static void enable_controller(const char *controller)
{
	char path[PATH_MAX_LENGTH];

	for (size_t i = 0; i < sizeof(parents) / sizeof(*parents); i++) {
		(void)snprintf(path, sizeof(path), "%s/cgroup.subtree_control",
			parents[i]);
		if (!write_noted(path, controller))
			break;
	}
}

/* however many workloads fork without end, the system can still start a
 * process: they share three quarters of what the kernel allows */
static void limit_workload_processes(void)
{
	char text[32];

	if (file_read("/proc/sys/kernel/threads-max", text, sizeof(text)) <= 0)
		return;
	long most = strtol(text, NULL, 10);
	(void)snprintf(text, sizeof(text), "%ld", most / 4 * 3);
	(void)write_noted(ROOT "/workloads/pids.max", text);
}

void cgroups_make(void)
{
	for (size_t i = 0; i < sizeof(groups) / sizeof(*groups); i++)
		if (mkdir(groups[i], 0755) < 0 && errno != EEXIST)
			note("setup", "make the group '%s': %m", groups[i]);
	for (size_t i = 0; i < sizeof(controllers) / sizeof(*controllers); i++)
		enable_controller(controllers[i]);
	for (size_t i = 0; i < sizeof(settings) / sizeof(*settings); i++)
		(void)write_noted(settings[i].file, settings[i].value);
	limit_workload_processes();
}
