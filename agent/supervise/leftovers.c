// SPDX-License-Identifier: MIT
/* leftovers - cgroups of workloads that nobody has taken over */
#include "supervise/leftovers.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdint.h>
#include <string.h>

#include "lib/error.h"
#include "lib/fd.h"
#include "lib/loop.h"
#include "run/cgroup.h"

#define WAIT_MS 5000 /* for all of them together */

/* The next folder in the listing that is not to stay, or NULL. */
static const char *next_group(DIR *dir, const struct leftovers *leftovers)
{
	const struct dirent *entry;

	while ((entry = readdir(dir))) {
		if (entry->d_type == DT_DIR && entry->d_name[0] != '.' &&
			!leftovers->is_kept(leftovers->context, entry->d_name))
			return entry->d_name;
	}
	return NULL;
}

static int open_group(int workloads_fd, const char *name, struct error *err)
{
	int fd = openat(workloads_fd, name,
		O_RDONLY | O_DIRECTORY | O_CLOEXEC | O_NOFOLLOW);

	return fd < 0 ? error_errno(err, "open cgroup '%s'", name) : fd;
}

static int kill_group(int workloads_fd, const char *name,
	const struct leftovers *leftovers, struct error *err)
{
	auto_fd fd = open_group(workloads_fd, name, err);

	if (fd < 0)
		return fd;
	if (cgroup_read(fd, "cgroup.events", "populated") > 0)
		leftovers->on_leftover(leftovers->context, name);
	return cgroup_kill(fd, err);
}

static int remove_group(int workloads_fd, const char *name,
	uint64_t deadline_ms, struct error *err)
{
	auto_fd fd = open_group(workloads_fd, name, err);
	uint64_t now_ms = loop_now_ms();
	uint64_t left_ms = now_ms < deadline_ms ? deadline_ms - now_ms : 0;
	int result;

	if (fd < 0)
		return fd;
	result = cgroup_wait_empty(fd, (unsigned int)left_ms);
	if (result < 0)
		return error_set(err, result,
			"end what is left of '%s': still there after %d s (%s)",
			name, WAIT_MS / 1000, strerror(-result));
	return cgroup_remove(workloads_fd, name, err);
}

int leftovers_end(int workloads_fd, const struct leftovers *leftovers,
	struct error *err)
{
	auto_fd list_fd =
		openat(workloads_fd, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	auto_dir dir = list_fd < 0 ? NULL : fdopendir(list_fd);
	uint64_t deadline_ms = loop_now_ms() + WAIT_MS;
	const char *name;
	int result = 0;

	if (!dir)
		return error_errno(err, "list the workloads' cgroups");
	list_fd = -1; /* closed with dir */
	/* all are killed before one is waited for; one error hides no other */
	while ((name = next_group(dir, leftovers))) {
		int killed = kill_group(workloads_fd, name, leftovers, err);

		result = killed < 0 ? killed : result;
	}
	rewinddir(dir);
	while ((name = next_group(dir, leftovers))) {
		int removed =
			remove_group(workloads_fd, name, deadline_ms, err);

		result = removed < 0 ? removed : result;
	}
	return result;
}
