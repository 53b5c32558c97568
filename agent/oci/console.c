// SPDX-License-Identifier: MIT
/* console - who gets the terminal of a container */
#include "oci/console.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <sys/socket.h>
#include <sys/un.h>

#include "lib/error.h"
#include "lib/fd.h"
#include "run/container.h"

int console_connect(const char *path, struct error *err)
{
	struct sockaddr_un address = { .sun_family = AF_UNIX };
	auto_fd file_fd = openat(AT_FDCWD, path, O_PATH | O_CLOEXEC);
	auto_fd fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);

	if (file_fd < 0)
		return error_errno(err, "open the socket '%s'", path);
	(void)snprintf(address.sun_path, sizeof(address.sun_path),
		"/proc/self/fd/%d", file_fd);
	if (fd < 0 || connect(fd, (const struct sockaddr *)&address,
			      sizeof(address)) < 0)
		return error_errno(err, "connect to the socket '%s'", path);
	return fd_take(&fd);
}

int console_send(int socket_fd, struct container *container, struct error *err)
{
	(void)socket_fd;
	(void)container;
	return error_set(err, -EOPNOTSUPP, "send the terminal: not yet");
}

int console_proxy(struct container *container, struct error *err)
{
	(void)container;
	return error_set(err, -EOPNOTSUPP, "show the terminal: not yet");
}
