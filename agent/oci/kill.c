// SPDX-License-Identifier: MIT
/* kill - the commands "kill" and "delete" */
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <unistd.h>

#include "lib/error.h"
#include "lib/fd.h"
#include "lib/log.h"
#include "oci/commands.h"
#include "oci/folder.h"
#include "oci/handle.h"
#include "oci/options.h"
#include "oci/place.h"
#include "oci/signals.h"
#include "run/cgroup.h"
#include "run/hook.h"

enum kill_limit {
	PROCESSES_MAX = 4096,
	EMPTY_TIMEOUT_MS = 2000,
};

/* Every process gets it once, as far as that can be told. */
static int signal_all(const struct handle *handle, int signal,
	struct error *err)
{
	static pid_t processes[PROCESSES_MAX];
	int cgroup_fd = handle->container.cgroup_dir_fd;
	int count;

	if (signal == SIGKILL)
		return cgroup_kill(cgroup_fd, err);
	count = cgroup_processes(cgroup_fd, processes, PROCESSES_MAX, err);
	if (count > PROCESSES_MAX)
		return error_set(err, -E2BIG,
			"it has %d processes, over %d: only KILL reaches all",
			count, PROCESSES_MAX);
	for (int i = 0; i < count; i++) {
		if (kill(processes[i], signal) < 0 && errno != ESRCH)
			return error_errno(err, "signal process %d",
				(int)processes[i]);
	}
	return count < 0 ? count : 0;
}

int command_kill(const struct options *options, struct error *err)
{
	auto_handle handle = HANDLE_NONE;
	int signal = signals_parse(options->argument_count > 1
					   ? options->arguments[1]
					   : "TERM",
		err);
	int result;

	if (signal < 0)
		return signal;
	result = handle_open(&handle, options, false, err);
	if (result < 0)
		return result;
	result = handle_find_processes(&handle, err);
	if (result < 0)
		return result;
	if (options->all && handle.container.cgroup_dir_fd >= 0)
		return signal_all(&handle, signal, err);
	if (handle.container.pid_fd < 0)
		return handle.status == STATE_STOPPED && options->all
			       ? 0
			       : err->code; /* it has ended, as err says */
	return container_signal(&handle.container, signal, err);
}

static void run_poststop(const struct handle *handle)
{
	struct error err;
	auto_free char *text = NULL;

	if (handle->spec.hooks[OCI_HOOK_POSTSTOP].count == 0)
		return;
	text = state_print(&handle->state, STATE_STOPPED, NULL);
	if (text &&
		hook_run_each(&handle->spec, OCI_HOOK_POSTSTOP, text, &err) < 0)
		log_warn("delete '%s': %s, going on", handle->id, err.text);
}

/*
 * Without a state the cgroup follows from the copy of the config, and that may
 * be another container's. A create that was killed before it wrote the state
 * has a process that ends by itself, so what is ours is empty soon.
 */
static int remove_unknown(struct handle *handle, struct error *err)
{
	struct place place = PLACE_NONE;
	auto_fd fd = -1;
	int result = handle_load_spec(handle, err);

	if (result == 0)
		result = place_open(&handle->spec, handle->id, false, &place,
			err);
	if (result < 0 || place.root_fd < 0)
		return result;
	fd = cgroup_open(place.root_fd, place.path, NULL);
	if (fd >= 0)
		(void)cgroup_wait_empty(fd, EMPTY_TIMEOUT_MS);
	/* not cgroup_remove: we have made none below it */
	if (fd >= 0 && unlinkat(place.root_fd, place.path, AT_REMOVEDIR) < 0 &&
		errno != ENOENT)
		result = error_errno(err, "remove cgroup '%s'", place.path);
	place_close(&place);
	return result;
}

/* Another try reads no more than this one: the file itself is wrong. */
static bool is_damaged(int result)
{
	return result == -EINPROGRESS || result == -EBADMSG ||
	       result == -EFBIG || result == -EINVAL || result == -ELOOP;
}

/* What cannot be read cannot be undone: --force removes what is left. */
static int remove_damaged(struct handle *handle, const char *why,
	struct error *err)
{
	struct error reason;

	if (remove_unknown(handle, &reason) < 0)
		log_warn("delete '%s': %s; %s; its processes, if any, go on",
			handle->id, why, reason.text);
	return folder_remove(handle->root_fd, handle->id, err);
}

static int remove_container(struct handle *handle, struct error *err)
{
	int result = handle_find_processes(handle, err);

	if (result < 0)
		return result;
	if (*handle->state.cgroup && handle->cgroup_root_fd < 0)
		log_warn(
			"delete '%s': no cgroup2 is mounted here, so its cgroup '%s' stays, with all that is in it",
			handle->id, handle->state.cgroup);
	result = container_clear(&handle->container, handle->cgroup_root_fd,
		err);
	if (result < 0)
		return result;
	result = folder_remove(handle->root_fd, handle->id, err);
	if (result == 0)
		run_poststop(handle);
	return result;
}

/* A command that hangs holds the lock: its process is ended first. */
static void end_early(const struct options *options)
{
	auto_handle handle = HANDLE_NONE;

	if (handle_open(&handle, options, false, NULL) < 0)
		return;
	if (handle_find_processes(&handle, NULL) == 0 &&
		handle.container.pid_fd >= 0)
		(void)container_signal(&handle.container, SIGKILL, NULL);
}

int command_delete(const struct options *options, struct error *err)
{
	auto_handle handle = HANDLE_NONE;
	int result;

	if (options->force)
		end_early(options);
	result = handle_open(&handle, options, true, err);
	if (result == -ENOENT && options->force)
		return 0;
	if (result < 0)
		return options->force && handle.dir_fd >= 0 &&
				       is_damaged(result)
			       ? remove_damaged(&handle, err->text, err)
			       : result;
	if (handle.status != STATE_STOPPED && !options->force)
		return error_set(err, -EBUSY,
			"the container is %s; kill it first, or use 'delete --force'",
			state_status_name(handle.status));
	/* without its hooks it can be removed as well */
	result = handle_load_spec(&handle, err);
	if (result < 0 && !options->force)
		return result;
	if (result < 0)
		handle.spec = (struct oci_spec){ .bundle = NULL };
	return remove_container(&handle, err);
}
