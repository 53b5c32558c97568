// SPDX-License-Identifier: MIT
/* leftovers - containers of an agent that is gone */
#include "supervise/leftovers.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <stdbool.h>
#include <stdint.h>
#include <string.h>
#include <unistd.h>

#include "lib/error.h"
#include "lib/fd.h"
#include "lib/loop.h"
#include "lib/text.h"

#define WAIT_MS   5000
#define DEPTH_MAX 16

/* cgroup.events says "populated 1" while there is a process at or below. */
static bool is_populated(int events_fd)
{
	char text[128] = "";
	ssize_t size = pread(events_fd, text, sizeof(text) - 1, 0);

	return size > 0 && strstr(text, "populated 1");
}

/* The kernel notifies a change of cgroup.events by POLLPRI. */
static int wait_empty(int dir_fd, const char *name, struct error *err)
{
	auto_fd fd = openat(dir_fd, "cgroup.events", O_RDONLY | O_CLOEXEC);
	uint64_t deadline = loop_now_ms() + WAIT_MS;
	struct pollfd poll_fd = { .fd = fd, .events = POLLPRI };

	if (fd < 0)
		return error_errno(err, "open cgroup.events of '%s'", name);
	while (is_populated(fd)) {
		uint64_t now = loop_now_ms();

		if (now >= deadline)
			return error_set(err, -ETIMEDOUT,
				"end what is left of '%s': still there after %d s",
				name, WAIT_MS / 1000);
		(void)poll(&poll_fd, 1, (int)(deadline - now));
	}
	return 0;
}

/* Removes a cgroup and those below it; they have no processes any more. */
static int remove_group(int parent_fd, const char *name, int depth,
	struct error *err)
{
	auto_fd fd = openat(parent_fd, name,
		O_RDONLY | O_DIRECTORY | O_CLOEXEC | O_NOFOLLOW);
	auto_fd list_fd = fd < 0 ? -1 : fcntl(fd, F_DUPFD_CLOEXEC, 0);
	auto_dir dir = list_fd < 0 ? NULL : fdopendir(list_fd);
	const struct dirent *entry;

	if (!dir || depth > DEPTH_MAX)
		return error_errno(err, "open cgroup '%s'", name);
	list_fd = -1; /* closed with dir */
	while ((entry = readdir(dir))) {
		int result;

		if (entry->d_type != DT_DIR || entry->d_name[0] == '.')
			continue;
		result = remove_group(fd, entry->d_name, depth + 1, err);
		if (result < 0)
			return result;
	}
	if (unlinkat(parent_fd, name, AT_REMOVEDIR) < 0)
		return error_errno(err, "remove cgroup '%s'", name);
	return 0;
}

static int end_service(int workloads_fd, const char *name,
	leftover_fn *on_leftover, void *context, struct error *err)
{
	auto_fd fd = openat(workloads_fd, name,
		O_RDONLY | O_DIRECTORY | O_CLOEXEC | O_NOFOLLOW);
	int result;

	if (fd < 0)
		return error_errno(err, "open cgroup '%s'", name);

	auto_fd events_fd = openat(fd, "cgroup.events", O_RDONLY | O_CLOEXEC);

	if (events_fd >= 0 && is_populated(events_fd))
		on_leftover(context, name);
	result = fd_write_file(fd, "cgroup.kill", "1", err);
	if (result == 0)
		result = wait_empty(fd, name, err);
	if (result == 0)
		result = remove_group(workloads_fd, name, 1, err);
	return result;
}

int leftovers_end(int workloads_fd, leftover_fn *on_leftover, void *context,
	struct error *err)
{
	auto_fd list_fd =
		openat(workloads_fd, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	auto_dir dir = list_fd < 0 ? NULL : fdopendir(list_fd);
	const struct dirent *entry;
	int result = 0;

	if (!dir)
		return error_errno(err, "list the workloads' cgroups");
	list_fd = -1; /* closed with dir */
	while ((entry = readdir(dir))) {
		int ended;

		if (entry->d_type != DT_DIR || entry->d_name[0] == '.')
			continue;
		ended = end_service(workloads_fd, entry->d_name, on_leftover,
			context, err);
		if (ended < 0)
			result = ended; /* the others are ended all the same */
	}
	return result;
}
