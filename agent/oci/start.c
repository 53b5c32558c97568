// SPDX-License-Identifier: MIT
/* start - the command "start": a created container executes its program */
#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include "lib/error.h"
#include "lib/fd.h"
#include "oci/commands.h"
#include "oci/folder.h"
#include "oci/handle.h"
#include "oci/listener.h"
#include "oci/options.h"

static int connect_to(int dir_fd, struct error *err)
{
	struct sockaddr_un address = { .sun_family = AF_UNIX };
	auto_fd fd = socket(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0);

	(void)snprintf(address.sun_path, sizeof(address.sun_path),
		"/proc/self/fd/%d/" FOLDER_SOCKET, dir_fd);
	if (fd < 0 || connect(fd, (const struct sockaddr *)&address,
			      sizeof(address)) < 0)
		return error_errno(err, "reach its process");
	return fd_take(&fd);
}

static int let_go(struct handle *handle, struct error *err)
{
	auto_fd socket_fd = connect_to(handle->dir_fd, err);
	auto_fd listener_fd = -1;
	int result;

	if (socket_fd < 0)
		return socket_fd;
	result = container_start(socket_fd, &listener_fd, err);
	if (result == 0 && listener_fd >= 0)
		result = listener_send(handle, listener_fd, err);
	return result;
}

int command_start(const struct options *options, struct error *err)
{
	auto_handle handle = HANDLE_NONE;
	int result = handle_open(&handle, options, true, err);

	if (result < 0)
		return result;
	if (handle.status != STATE_CREATED)
		return handle_wrong_status(&handle, "created", err);
	result = handle_load_spec(&handle, err);
	if (result < 0)
		return result;
	if (!handle.spec.has_process)
		return error_set(err, -EINVAL,
			"process is missing: there is nothing to execute");
	result = let_go(&handle, err);
	if (result < 0)
		return result;
	/* without the socket it is no longer "created" */
	if (unlinkat(handle.dir_fd, FOLDER_SOCKET, 0) < 0 && errno != ENOENT)
		return error_errno(err, "remove its socket");
	result = handle_run_hooks(&handle, OCI_HOOK_POSTSTART, STATE_RUNNING,
		err);
	if (result < 0) {
		/* the first error is the one */
		(void)handle_find_processes(&handle, NULL);
		(void)container_signal(&handle.container, SIGKILL, NULL);
	}
	return result;
}
