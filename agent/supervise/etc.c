// SPDX-License-Identifier: MIT
/* etc - files of /etc that are each container's own */
#include "supervise/etc.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "config/service.h"
#include "lib/arena.h"
#include "lib/error.h"
#include "lib/fd.h"

static int write_file(int dir_fd, const char *name, const char *text,
	struct error *err)
{
	auto_fd fd = openat(dir_fd, name,
		O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC | O_NOFOLLOW, 0644);
	int result = fd < 0 ? -errno : fd_write_all(fd, text, strlen(text));

	return result < 0 ? error_set(err, result, "write '%s': %s", name,
				    strerror(-result))
			  : 0;
}

int etc_write(int dir_fd, const struct service *service, struct arena *arena,
	struct error *err)
{
	char own[65] = "";
	const char *hostname =
		service->hostname ? service->hostname : service->name;
	const char *hosts;
	const char *name;
	int result;

	/* with 'uts: host' it is the machine's */
	if (service->has_host_uts && gethostname(own, sizeof(own) - 1) == 0)
		hostname = own;
	hosts = arena_format(arena,
		"127.0.0.1\tlocalhost\n::1\tlocalhost ip6-localhost\n"
		"127.0.1.1\t%s\n",
		hostname);
	name = arena_format(arena, "%s\n", hostname);
	if (!hosts || !name)
		return error_set(err, -ENOMEM, "start: no memory");
	result = write_file(dir_fd, "hosts", hosts, err);
	return result < 0 ? result : write_file(dir_fd, "hostname", name, err);
}
