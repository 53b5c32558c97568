// SPDX-License-Identifier: MIT
/* cgroup_spec - limits of spec.h, until oci.h takes its place */
#include <errno.h>
#include <inttypes.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "lib/error.h"
#include "lib/fd.h"
#include "run/cgroup.h"
#include "run/spec.h"

static int set_limit(int dir_fd, const char *path, const char *file,
	const char *value, struct error *err)
{
	char controller[16];
	int result = fd_write_file(dir_fd, file, value, err);

	if (result == 0)
		return 0;
	if (result != -ENOENT) {
		(void)error_prefix(err, "limit cgroup '%s'", path);
		return result;
	}
	(void)snprintf(controller, sizeof(controller), "%.*s",
		(int)strcspn(file, "."), file);
	return error_set(err, -EOPNOTSUPP,
		"limit cgroup '%s': there is no %s controller here for '%s'",
		path, controller, file);
}

static int set_cpu(int dir_fd, const char *path,
	const struct oci_resources *resources, struct error *err)
{
	char value[64];
	int result = 0;

	if (resources->cpu_quota_us) {
		uint64_t period_us = resources->cpu_period_us
					     ? resources->cpu_period_us
					     : 100000;

		(void)snprintf(value, sizeof(value), "%" PRIu64 " %" PRIu64,
			resources->cpu_quota_us, period_us);
		result = set_limit(dir_fd, path, "cpu.max", value, err);
	}
	if (result == 0 && resources->cpu_weight) {
		(void)snprintf(value, sizeof(value), "%" PRIu64,
			resources->cpu_weight);
		result = set_limit(dir_fd, path, "cpu.weight", value, err);
	}
	return result;
}

static int set_limits(int dir_fd, const char *path,
	const struct oci_resources *resources, struct error *err)
{
	char value[32];
	int result = 0;

	if (resources->memory_max_bytes) {
		(void)snprintf(value, sizeof(value), "%" PRIu64,
			resources->memory_max_bytes);
		result = set_limit(dir_fd, path, "memory.max", value, err);
	}
	/* out of memory, a container dies as a whole, limit or not */
	if (faccessat(dir_fd, "memory.oom.group", F_OK, 0) == 0 && result == 0)
		result = set_limit(dir_fd, path, "memory.oom.group", "1", err);
	if (result == 0)
		result = set_cpu(dir_fd, path, resources, err);
	if (result == 0 && resources->pids_max >= 0) {
		(void)snprintf(value, sizeof(value), "%" PRId64,
			resources->pids_max);
		result = set_limit(dir_fd, path, "pids.max", value, err);
	}
	return result;
}

int cgroup_create(int workloads_fd, const char *path,
	const struct oci_resources *resources, struct error *err)
{
	auto_fd fd = -1;
	int result;

	if (strlen(path) >= 96) /* what struct container keeps of it */
		return error_set(err, -EINVAL,
			"make cgroup '%s': that is no path for one", path);
	fd = cgroup_make(workloads_fd, path, err);
	result = fd < 0 ? fd : set_limits(fd, path, resources, err);
	if (result == 0)
		return fd_take(&fd);
	if (fd >= 0) {
		(void)cgroup_remove(workloads_fd, path, NULL);
		(void)cgroup_prune(workloads_fd, path, NULL);
	}
	return result;
}
