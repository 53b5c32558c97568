// SPDX-License-Identifier: MIT
/* handle - a container that exists, as a command takes hold of it */
#include "oci/handle.h"

#include <errno.h>

#include "lib/error.h"
#include "lib/fd.h"
#include "lib/text.h"
#include "oci/document.h"
#include "oci/folder.h"
#include "oci/options.h"
#include "oci/place.h"
#include "run/cgroup.h"
#include "run/hook.h"

#define ARENA_USUAL_BYTES (64 << 10)

int handle_open(struct handle *handle, const struct options *options,
	bool will_change, struct error *err)
{
	int result;

	handle->id = options->arguments[0];
	result = folder_check_id(handle->id, err);
	if (result < 0)
		return result;
	handle->root_fd = folder_open_root(options->root, false, err);
	if (handle->root_fd == -ENOENT)
		return error_set(err, -ENOENT, "container does not exist");
	if (handle->root_fd < 0)
		return handle->root_fd;
	handle->dir_fd = folder_open(handle->root_fd, handle->id, err);
	if (handle->dir_fd < 0)
		return handle->dir_fd;
	if (will_change) {
		result = folder_lock(handle->dir_fd, err);
		if (result < 0)
			return result;
	}
	result = state_load(&handle->state, handle->dir_fd, err);
	if (result < 0)
		return result;
	handle->status = state_find_status(&handle->state, handle->dir_fd);
	return 0;
}

int handle_parse_config(const char *text, size_t size, const char *bundle,
	struct handle *handle, struct error *err)
{
	struct oci_spec *spec = &handle->spec;
	int result;

	/* one request to the kernel in the place of many */
	(void)arena_reserve(&handle->arena, ARENA_USUAL_BYTES);
	result = document_parse(text, size, &handle->arena, spec, err);

	if (result < 0)
		return result;
	spec->bundle = arena_string(&handle->arena, bundle);
	if (spec->root_path && *spec->root_path != '/')
		spec->root_path = arena_format(&handle->arena, "%s/%s", bundle,
			spec->root_path);
	if (!spec->bundle)
		return error_set(err, -ENOMEM, "read its config: no memory");
	return 0;
}

int handle_load_spec(struct handle *handle, struct error *err)
{
	auto_free char *text = NULL;
	size_t size;
	int result = fd_read_file(handle->dir_fd, FOLDER_CONFIG,
		DOCUMENT_SIZE_MAX, &text, &size, err);

	if (result < 0)
		return error_prefix(err, "its copy of the config");
	/* without a state there is no bundle: enough to find what is left */
	result = handle_parse_config(text, size,
		handle->state.bundle ? handle->state.bundle : "/", handle, err);
	return result < 0 ? error_prefix(err, "its copy of the config") : 0;
}

int handle_find_processes(struct handle *handle, struct error *err)
{
	struct container *container = &handle->container;
	int fd = state_open_process(&handle->state, err);

	if (fd < 0 && fd != -ESRCH)
		return fd;
	if (fd >= 0) {
		container->pid = handle->state.pid;
		container->pid_fd = fd;
	}
	if (!*handle->state.cgroup)
		return 0;
	handle->cgroup_root_fd = place_open_root();
	if (handle->cgroup_root_fd < 0)
		return 0;
	(void)text_copy(container->cgroup, sizeof(container->cgroup),
		handle->state.cgroup);
	/* one that somebody removed is none */
	container->cgroup_dir_fd =
		cgroup_open(handle->cgroup_root_fd, container->cgroup, NULL);
	if (container->cgroup_dir_fd < 0) {
		container->cgroup_dir_fd = -1;
	} else if (!state_has_cgroup(&handle->state,
			   container->cgroup_dir_fd)) {
		/* nor is one that another container has made there since */
		fd_close(&container->cgroup_dir_fd);
		container->cgroup[0] = '\0';
	}
	return 0;
}

int handle_run_hooks(const struct handle *handle, enum oci_hook_kind kind,
	enum state_status status, struct error *err)
{
	auto_free char *text = NULL;

	if (handle->spec.hooks[kind].count == 0)
		return 0;
	text = state_print(&handle->state, status, NULL);
	if (!text)
		return error_set(err, -ENOMEM, "run hooks: no memory");
	return hook_run_all(&handle->spec, kind, text, err);
}

int handle_wrong_status(const struct handle *handle, const char *wanted,
	struct error *err)
{
	if (handle->status == STATE_STOPPED)
		return error_set(err, -ESRCH,
			"container not running: it is stopped, and has to be %s",
			wanted);
	return error_set(err, -EBUSY, "the container is %s, and has to be %s",
		state_status_name(handle->status), wanted);
}

/* Closes what is held; the container lives on. */
void handle_clear(struct handle *handle)
{
	struct container *container = &handle->container;

	fd_close(&container->pid_fd);
	fd_close(&container->stdin_fd);
	fd_close(&container->stdout_fd);
	fd_close(&container->stderr_fd);
	fd_close(&container->terminal_fd);
	fd_close(&container->listener_fd);
	fd_close(&container->cgroup_dir_fd);
	fd_close(&handle->cgroup_root_fd);
	fd_close(&handle->dir_fd);
	fd_close(&handle->root_fd);
	state_clear(&handle->state);
	arena_clear(&handle->arena);
}
