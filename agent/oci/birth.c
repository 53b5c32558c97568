// SPDX-License-Identifier: MIT
/* birth - a new container, from its bundle to its process */
#include "oci/birth.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include "lib/error.h"
#include "lib/fd.h"
#include "lib/log.h"
#include "lib/text.h"
#include "oci/document.h"
#include "oci/folder.h"
#include "oci/listener.h"
#include "oci/options.h"
#include "oci/passed.h"
#include "oci/shield.h"
#include "run/hook.h"
#include "run/seccomp.h"
#include "run/terminal.h"

#define FILTER_CACHE ".seccomp" /* beside the containers; no id has a dot */

static int read_bundle(struct birth *birth, struct error *err)
{
	const struct options *options = birth->options;
	const char *name = options->bundle ? options->bundle : ".";
	auto_fd fd = openat(AT_FDCWD, name, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	char link[32];
	char path[PATH_MAX];
	ssize_t length;
	size_t size;
	int result;

	if (fd < 0)
		return error_errno(err, "open the bundle '%s'", name);
	(void)snprintf(link, sizeof(link), "/proc/self/fd/%d", fd);
	length = readlink(link, path, sizeof(path) - 1);
	if (length < 0)
		return error_errno(err, "find the path of the bundle '%s'",
			name);
	path[length] = '\0';
	result = fd_read_file(fd,
		options->config ? options->config : FOLDER_CONFIG,
		DOCUMENT_SIZE_MAX, &birth->config, &size, err);
	if (result == -ENOENT && !options->config)
		return error_set(err, -ENOENT,
			"bundle '%s' has no config.json; 'tare-oci spec --bundle DIR' writes one",
			name);
	if (result < 0)
		return error_prefix(err, "bundle '%s'", name);
	return handle_parse_config(birth->config, size, path, &birth->handle,
		err);
}

static int check_terminal(const struct birth *birth, struct error *err)
{
	const struct options *options = birth->options;
	const struct oci_spec *spec = &birth->handle.spec;
	bool has_terminal = spec->has_process && spec->process.has_terminal;
	bool is_left = options->command == COMMAND_CREATE || options->detach;

	if (has_terminal && is_left && !options->console_socket &&
		!options->plan)
		return error_set(err, -EINVAL,
			"process.terminal is true: option '--console-socket' has to say who gets the terminal");
	if (has_terminal && !is_left && !options->console_socket &&
		!options->plan && !isatty(STDIN_FILENO))
		return error_set(err, -EINVAL,
			"process.terminal is true, but standard input is no terminal: set it to false, or use '--console-socket'");
	if (!has_terminal && options->console_socket)
		return error_set(err, -EINVAL,
			"option '--console-socket' is given, but process.terminal is false");
	return 0;
}

int birth_open(struct birth *birth, const struct options *options,
	struct error *err)
{
	int result;

	birth->options = options;
	birth->handle.id = options->arguments[0];
	result = folder_check_id(birth->handle.id, err);
	if (result == 0)
		result = read_bundle(birth, err);
	if (result == 0)
		result = check_terminal(birth, err);
	if (result == 0)
		result = passed_add_environment(options, &birth->handle.arena,
			&birth->handle.spec.process, err);
	if (result == 0)
		passed_warn(options, &birth->handle.spec.process);
	return result;
}

/* A path of any length fits when it goes through the descriptor. */
static int open_socket(struct birth *birth, struct error *err)
{
	struct sockaddr_un address = { .sun_family = AF_UNIX };
	auto_fd fd = socket(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0);

	(void)snprintf(address.sun_path, sizeof(address.sun_path),
		"/proc/self/fd/%d/" FOLDER_SOCKET, birth->handle.dir_fd);
	if (fd < 0 ||
		bind(fd, (const struct sockaddr *)&address, sizeof(address)) <
			0 ||
		listen(fd, 1) < 0)
		return error_errno(err, "make the socket for start");
	birth->socket_fd = fd_take(&fd);
	return 0;
}

/* All that there is to be before the process. */
static int prepare(struct birth *birth, struct error *err)
{
	struct handle *handle = &birth->handle;
	const struct options *options = birth->options;
	bool is_disabled = options->cgroup_manager &&
			   text_equal(options->cgroup_manager, "disabled");
	int result;

	handle->root_fd = folder_open_root(options->root, true, err);
	if (handle->root_fd < 0)
		return handle->root_fd;
	result = place_open(&handle->spec, handle->id, is_disabled,
		&birth->place, err);
	if (result < 0)
		return result;
	/* an ordinary user may not load a program, nor make a node */
	if (birth->place.root_fd >= 0 && folder_is_users())
		handle->spec.resources.allows_all_devices = true;
	if (options->console_socket) {
		birth->console_fd =
			terminal_connect(options->console_socket, err);
		if (birth->console_fd < 0)
			return birth->console_fd;
	}
	/* without one, filters are compiled each time */
	if (handle->spec.seccomp)
		birth->filter_cache_fd =
			seccomp_cache_open(handle->root_fd, FILTER_CACHE, NULL);
	handle->dir_fd = folder_make(handle->root_fd, handle->id, err);
	return handle->dir_fd < 0 ? handle->dir_fd : 0;
}

/* Called by the engine, while the process waits before it does anything. */
static int on_created(void *context, const struct container *container,
	struct error *err)
{
	struct birth *birth = context;
	struct handle *handle = &birth->handle;
	int result = state_create(&handle->state, handle->id, container->pid,
		&handle->spec, birth->place.path, err);

	if (result == 0 && container->cgroup_dir_fd >= 0)
		result = state_note_cgroup(&handle->state,
			container->cgroup_dir_fd, err);
	if (result == 0)
		result = state_save(&handle->state, handle->dir_fd, err);
	if (result == 0)
		result = handle_run_hooks(handle, OCI_HOOK_PRESTART,
			STATE_CREATING, err);
	if (result == 0)
		result = handle_run_hooks(handle, OCI_HOOK_CREATE_RUNTIME,
			STATE_CREATING, err);
	if (result == 0)
		result = passed_write_pid(birth->options, container->pid, err);
	return result;
}

/* For the hooks that the process runs itself. */
static char *describe(void *context, bool is_created)
{
	struct birth *birth = context;

	return state_print(&birth->handle.state,
		is_created ? STATE_CREATED : STATE_CREATING, NULL);
}

/* What the new process has to give away: its terminal, its filter. */
static int hand_out(struct birth *birth, struct error *err)
{
	struct container *container = &birth->handle.container;
	int result = 0;

	if (birth->console_fd >= 0)
		result = terminal_send(birth->console_fd,
			container->terminal_fd, err);
	if (result == 0 && container->listener_fd >= 0) {
		result = listener_send(&birth->handle, container->listener_fd,
			err);
		fd_close(&container->listener_fd);
	}
	return result;
}

static int make_process(struct birth *birth, struct error *err)
{
	struct handle *handle = &birth->handle;
	const struct container_request request = {
		.spec = &handle->spec,
		.cgroup_root_fd = birth->place.root_fd,
		.cgroup = birth->place.path,
		.filter_cache_fd = birth->filter_cache_fd,
		.io = CONTAINER_IO_INHERIT,
		.preserve_fds = passed_count(birth->options),
		.no_pivot = birth->options->no_pivot,
		.no_new_keyring = birth->options->no_new_keyring,
		.spent_mount_fd = shield_mount_fd(),
		.start_fd = birth->socket_fd,
		.on_created = on_created,
		.describe = describe,
		.context = birth,
	};
	int result = container_create(&request, &handle->container, err);

	if (result < 0)
		return result;
	log_debug("%s '%s': process %d",
		options_command_name(birth->options->command), handle->id,
		(int)handle->container.pid);
	return hand_out(birth, err);
}

static void log_place(const struct birth *birth)
{
	const struct handle *handle = &birth->handle;
	const struct oci_spec *spec = &handle->spec;
	const char *command = options_command_name(birth->options->command);

	if (birth->place.root_fd >= 0)
		log_debug("%s '%s': cgroup '%s'", command, handle->id,
			birth->place.path);
	else if (spec->resources.device_count > 0 &&
		 !spec->namespaces[OCI_NAMESPACE_USER].is_asked &&
		 !folder_is_users())
		log_warn(
			"%s '%s': it gets no cgroup2, so it may open every device of which it can make a node; going on",
			command, handle->id);
}

int birth_make(struct birth *birth, bool waits, struct error *err)
{
	int result;

	result = prepare(birth, err);
	if (result < 0)
		return result;
	log_place(birth);
	result = folder_write_first(birth->handle.dir_fd, FOLDER_CONFIG,
		birth->config, err);
	if (result == 0 && waits)
		result = open_socket(birth, err);
	if (result == 0)
		result = make_process(birth, err);
	if (result < 0)
		(void)birth_undo(birth, NULL); /* the first error is the one */
	else
		folder_unlock(birth->handle.dir_fd);
	return result;
}

int birth_undo(struct birth *birth, struct error *err)
{
	struct handle *handle = &birth->handle;
	int result =
		container_clear(&handle->container, birth->place.root_fd, err);

	if (result < 0)
		return result;
	result = folder_lock(handle->dir_fd, err);
	if (result == -ENOENT)
		return 0; /* somebody else has deleted it */
	if (result == 0)
		result = folder_remove(handle->root_fd, handle->id, err);
	/* they are run by who has removed it, nobody else */
	if (result < 0)
		return result;
	if (handle->state.json && handle->spec.hooks[OCI_HOOK_POSTSTOP].count) {
		auto_free char *text =
			state_print(&handle->state, STATE_STOPPED, NULL);
		struct error why;

		if (text && hook_run_each(&handle->spec, OCI_HOOK_POSTSTOP,
				    text, &why) < 0)
			log_warn("%s '%s': %s, going on",
				options_command_name(birth->options->command),
				handle->id, why.text);
	}
	return result;
}
