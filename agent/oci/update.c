// SPDX-License-Identifier: MIT
/* update - the commands "update", "pause" and "resume" */
#include <errno.h>

#include "lib/error.h"
#include "lib/text.h"
#include "oci/commands.h"
#include "oci/document.h"
#include "oci/folder.h"
#include "oci/handle.h"
#include "oci/options.h"
#include "run/cgroup.h"
#include "run/device_filter.h"
#include "run/limits.h"

/* Finds the container's cgroup, which it must have. */
static int find_cgroup(struct handle *handle, const char *what,
	struct error *err)
{
	int result;

	if (handle->status == STATE_STOPPED)
		return handle_wrong_status(handle, "running", err);
	result = handle_find_processes(handle, err);
	if (result < 0)
		return result;
	if (handle->container.cgroup_dir_fd < 0)
		return error_set(err, -EOPNOTSUPP,
			"the container has no cgroup to %s", what);
	return 0;
}

static int freeze(const struct options *options, bool is_frozen,
	struct error *err)
{
	auto_handle handle = HANDLE_NONE;
	int result = handle_open(&handle, options, true, err);

	if (result == 0)
		result = find_cgroup(&handle, is_frozen ? "freeze" : "thaw",
			err);
	if (result < 0)
		return result;
	if (!is_frozen && handle.status != STATE_PAUSED)
		return handle_wrong_status(&handle, "paused", err);
	return container_freeze(&handle.container, is_frozen, err);
}

int command_pause(const struct options *options, struct error *err)
{
	return freeze(options, true, err);
}

int command_resume(const struct options *options, struct error *err)
{
	return freeze(options, false, err);
}

/* What the options say; those of --resources are not looked at then. */
static void from_options(const struct options *options,
	struct oci_resources *out)
{
	*out = (struct oci_resources){
		.memory = {
			.limit = options->memory,
			.reservation = options->memory_reservation,
			.swap = options->memory_swap,
			.kernel = options->kernel_memory,
			.kernel_tcp = options->kernel_memory_tcp,
		},
		.cpu = {
			.shares = options->cpu_shares,
			.quota = options->cpu_quota,
			.burst = options->cpu_burst,
			.period = options->cpu_period,
			.realtime_runtime = options->cpu_rt_runtime,
			.realtime_period = options->cpu_rt_period,
			.idle = options->cpu_idle,
			.cpus = options->cpus,
			.mems = options->mems,
		},
		.pids_limit = options->pids_limit,
		.block_io.weight = options->blkio_weight,
	};
}

/* "swap" counts memory too: the limit in force is needed when none is given. */
static void add_memory_limit(int cgroup_fd, struct oci_memory *memory)
{
	uint64_t limit;

	if (!memory->swap.is_set || memory->swap.value < 0 ||
		memory->limit.is_set)
		return;
	limit = cgroup_read(cgroup_fd, "memory.max", NULL);
	if (limit > 0)
		memory->limit = OCI_NUMBER(limit);
}

int command_update(const struct options *options, struct error *err)
{
	auto_handle handle = HANDLE_NONE;
	struct oci_resources resources;
	struct limits limits;
	int cgroup_fd;
	int result = handle_open(&handle, options, true, err);

	if (result < 0)
		return result;
	if (options->l3_cache_schema || options->mem_bw_schema)
		return error_set(err, -EOPNOTSUPP,
			"Intel RDT is not supported: leave '--l3-cache-schema' and '--mem-bw-schema' out");
	from_options(options, &resources);
	if (options->resources)
		result = document_load_resources(options->resources,
			&handle.arena, &resources, err);
	if (result == 0)
		result = find_cgroup(&handle, "limit", err);
	if (result < 0)
		return result;
	cgroup_fd = handle.container.cgroup_dir_fd;
	add_memory_limit(cgroup_fd, &resources.memory);
	result = limits_plan(&resources, &limits, err);
	if (result == 0)
		result = limits_apply(cgroup_fd, &limits, err);
	if (result == 0 && resources.device_count > 0 && !folder_is_users())
		result = device_filter_replace(cgroup_fd, &resources, err);
	return result;
}
