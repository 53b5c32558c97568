// SPDX-License-Identifier: MIT
/* exec - the command "exec": one more process in a container */
#include <errno.h>
#include <fcntl.h>
#include <stdint.h>
#include <string.h>

#include "lib/error.h"
#include "lib/fd.h"
#include "lib/log.h"
#include "lib/text.h"
#include "oci/commands.h"
#include "oci/document.h"
#include "oci/foreground.h"
#include "oci/handle.h"
#include "oci/options.h"
#include "oci/passed.h"
#include "oci/user.h"
#include "run/inside.h"
#include "run/terminal.h"
#include "run/words.h"

static int no_memory(struct error *err)
{
	return error_set(err, -ENOMEM, "read the options: no memory");
}

/* The container's own process, or what --process says, to start from. */
static int load_base(struct handle *handle, const struct options *options,
	struct oci_process *out, struct error *err)
{
	const struct oci_spec *spec = &handle->spec;

	if (options->process)
		return document_load_process(options->process, &handle->arena,
			out, err);
	*out = spec->process;
	out->has_terminal = false;
	out->args = NULL;
	if (!spec->has_process)
		out->cwd = "/";
	return 0;
}

static int add_capabilities(const struct options *options,
	struct oci_process *process, struct error *err)
{
	for (size_t i = 0; i < options->caps.count; i++) {
		const char *name = options->caps.items[i];
		uint64_t number;

		if (!words_find(&words_capabilities, name, &number))
			return error_set(err, -EINVAL,
				"option '--cap': '%s' is no capability, such as CAP_KILL",
				name);
		process->has_capabilities = true;
		process->capabilities.bounding |= UINT64_C(1) << number;
		process->capabilities.permitted |= UINT64_C(1) << number;
		process->capabilities.effective |= UINT64_C(1) << number;
	}
	return 0;
}

static int add_groups(struct handle *handle, const struct options *options,
	struct oci_user *user, struct error *err)
{
	size_t had = user->additional_gid_count;
	uint32_t *gids = arena_array(&handle->arena, had + options->gids.count,
		sizeof(*gids));

	if (!gids)
		return no_memory(err);
	for (size_t i = 0; i < had; i++)
		gids[i] = user->additional_gids[i];
	for (size_t i = 0; i < options->gids.count; i++) {
		if (user_parse_id(options->gids.items[i], &gids[had + i]) < 0)
			return error_set(err, -EINVAL,
				"option '--additional-gids': '%s' is no group id",
				options->gids.items[i]);
	}
	user->additional_gids = gids;
	user->additional_gid_count = had + options->gids.count;
	return 0;
}

static int add_environment(struct handle *handle, const struct options *options,
	struct oci_process *process, struct error *err)
{
	for (size_t i = 0; i < options->env.count; i++) {
		const char *variable = options->env.items[i];
		int result;

		if (*variable == '=' || !strchr(variable, '='))
			return error_set(err, -EINVAL,
				"option '--env': '%s' is not NAME=VALUE",
				variable);
		result = passed_set_variable(&handle->arena, process, variable,
			err);
		if (result < 0)
			return result;
	}
	return 0;
}

static int add_arguments(struct handle *handle, const struct options *options,
	struct oci_process *process, struct error *err)
{
	size_t count = options->argument_count - 1;
	const char **args;

	if (count == 0 && process->args)
		return 0;
	if (count == 0)
		return error_set(err, -EINVAL,
			"no program given; write 'tare-oci exec ID PROGRAM' or '--process FILE'");
	args = arena_array(&handle->arena, count + 1, sizeof(*args));
	if (!args)
		return no_memory(err);
	for (size_t i = 0; i < count; i++)
		args[i] = options->arguments[i + 1];
	process->args = args;
	return 0;
}

static int make_process(struct handle *handle, const struct options *options,
	struct oci_process *out, struct error *err)
{
	int result = load_base(handle, options, out, err);

	if (result == 0)
		result = add_arguments(handle, options, out, err);
	if (result == 0 && options->user)
		result = user_parse(options->user, &out->user, err);
	if (result == 0 && options->gids.count)
		result = add_groups(handle, options, &out->user, err);
	if (result == 0)
		result = add_capabilities(options, out, err);
	if (result == 0)
		result = add_environment(handle, options, out, err);
	if (result == 0)
		result = passed_add_environment(options, &handle->arena, out,
			err);
	if (options->cwd)
		out->cwd = options->cwd;
	if (options->apparmor)
		out->apparmor_profile = options->apparmor;
	if (options->process_label)
		out->selinux_label = options->process_label;
	if (result == 0 && options->process)
		passed_warn(options, out);
	out->has_terminal |= options->tty;
	out->no_new_privileges |= options->no_new_privileges;
	return result;
}

static int check(const struct handle *handle, const struct options *options,
	const struct oci_process *process, struct error *err)
{
	if (handle->status == STATE_STOPPED)
		return handle_wrong_status(handle, "running", err);
	if (handle->status == STATE_PAUSED && !options->ignore_paused)
		return error_set(err, -EBUSY,
			"the container is paused; resume it, or use '--ignore-paused'");
	if (process->has_terminal && options->detach &&
		!options->console_socket)
		return error_set(err, -EINVAL,
			"option '--console-socket' has to say who gets the terminal");
	if (!process->has_terminal && options->console_socket)
		return error_set(err, -EINVAL,
			"option '--console-socket' is given, but no terminal is asked for");
	if (*process->cwd != '/')
		return error_set(err, -EINVAL,
			"option '--cwd': '%s' is not an absolute path",
			process->cwd);
	return 0;
}

/* --cgroup: one below the container's, which has to be there. */
static int enter_cgroup(struct handle *handle, const struct options *options,
	struct error *err)
{
	struct container *container = &handle->container;
	const char *path = options->cgroup;
	int fd;

	if (!path || !*path)
		return 0;
	path += strspn(path, "/");
	if (container->cgroup_dir_fd < 0)
		return error_set(err, -ENOENT,
			"option '--cgroup': the container has no cgroup");
	fd = inside_open(container->cgroup_dir_fd, *path ? path : ".",
		O_RDONLY | O_DIRECTORY);
	if (fd < 0)
		return error_set(err, fd, "option '--cgroup': open '%s': %s",
			path, strerror(-fd));
	fd_close(&container->cgroup_dir_fd);
	container->cgroup_dir_fd = fd;
	return 0;
}

static int start(struct handle *handle, const struct options *options,
	const struct oci_process *process, struct container *out,
	struct error *err)
{
	const struct container_exec_request request = {
		.container = &handle->container,
		.spec = &handle->spec,
		.process = process,
		.io = CONTAINER_IO_INHERIT,
		.preserve_fds = passed_count(options),
	};
	auto_fd console_fd = -1;
	int result;

	if (options->console_socket) {
		console_fd = terminal_connect(options->console_socket, err);
		if (console_fd < 0)
			return console_fd;
	}
	if (!options->detach)
		foreground_begin();
	result = container_exec(&request, out, err);
	if (result < 0)
		return foreground_report(options, result, err);
	log_debug("exec '%s': process %d", handle->id, (int)out->pid);
	if (console_fd >= 0)
		result = terminal_send(console_fd, out->terminal_fd, err);
	if (result == 0)
		result = passed_write_pid(options, out->pid, err);
	if (result < 0)
		(void)container_clear(out, -1, NULL);
	return result;
}

int command_exec(const struct options *options, struct error *err)
{
	auto_handle handle = HANDLE_NONE;
	struct container container = CONTAINER_NONE;
	struct oci_process process;
	int result = handle_open(&handle, options, false, err);

	if (result == 0)
		result = handle_load_spec(&handle, err);
	if (result == 0)
		result = make_process(&handle, options, &process, err);
	if (result == 0)
		result = check(&handle, options, &process, err);
	if (result < 0)
		return result;
	result = handle_find_processes(&handle, err);
	if (result < 0)
		return result;
	if (handle.container.pid_fd < 0)
		return err->code; /* it has ended: the words are there */
	/* outside it a process would have neither limits nor rules for devices */
	if (*handle.state.cgroup && handle.container.cgroup_dir_fd < 0)
		return error_set(err, -ENOENT,
			"the container's cgroup '%s' cannot be found here",
			handle.state.cgroup);
	result = enter_cgroup(&handle, options, err);
	if (result == 0)
		result = start(&handle, options, &process, &container, err);
	if (result != 0 || options->detach)
		return result;
	return foreground_wait(&container, err);
}
