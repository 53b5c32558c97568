// SPDX-License-Identifier: MIT
/* cgroup - a container's folder in cgroupfs v2 */
#include "run/cgroup.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <poll.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "lib/error.h"
#include "lib/fd.h"
#include "lib/text.h"
#include "run/spec.h"

#define PATH_SIZE  96
#define DEPTH_MAX  64
#define COUNT(set) (sizeof(set) / sizeof((set)[0]))

static const char *const controllers[] = { "cpu", "memory", "pids" };

static int check_path(const char *path, struct error *err)
{
	const char *at = path;

	while (*at) {
		size_t length = strcspn(at, "/");

		if (length == 0 || at[0] == '.')
			break;
		at += length;
		if (at[0] == '/' && at[1])
			at++;
	}
	if (*at || !*path || strlen(path) >= PATH_SIZE)
		return error_set(err, -EINVAL,
			"make cgroup '%s': that is no path for one", path);
	return 0;
}

/* Reads a small file whole; 0 bytes when it cannot be read. */
static void read_text(int dir_fd, const char *file, char *out, size_t size)
{
	auto_fd fd = openat(dir_fd, file, O_RDONLY | O_CLOEXEC);
	ssize_t count = fd < 0 ? 0 : fd_read_full(fd, out, size - 1);

	out[count < 0 ? 0 : count] = '\0';
}

static bool has_word(const char *list, const char *word)
{
	size_t length = strlen(word);

	for (const char *at = list; *at; at += strspn(at, " \n")) {
		size_t here = strcspn(at, " \n");

		if (here == length && memcmp(at, word, length) == 0)
			return true;
		at += here;
	}
	return false;
}

/*
 * Hands the controllers down to the children of dir_fd. Whether one was needed
 * shows when a limit is written, so a refusal is no error yet.
 */
static void enable_controllers(int dir_fd)
{
	char available[256];
	char enabled[256];

	read_text(dir_fd, "cgroup.controllers", available, sizeof(available));
	read_text(dir_fd, "cgroup.subtree_control", enabled, sizeof(enabled));
	for (size_t i = 0; i < COUNT(controllers); i++) {
		char change[16];

		if (!has_word(available, controllers[i]) ||
			has_word(enabled, controllers[i]))
			continue;
		(void)snprintf(change, sizeof(change), "+%s", controllers[i]);
		(void)fd_write_file(dir_fd, "cgroup.subtree_control", change,
			NULL); /* see above */
	}
}

static int set_limit(int dir_fd, const char *path, const char *file,
	const char *value, struct error *err)
{
	char controller[16];
	int result = fd_write_file(dir_fd, file, value, err);

	if (result == 0)
		return 0;
	if (result != -ENOENT) {
		(void)error_prefix(err, "limit cgroup '%s'", path);
		return result;
	}
	(void)snprintf(controller, sizeof(controller), "%.*s",
		(int)strcspn(file, "."), file);
	return error_set(err, -EOPNOTSUPP,
		"limit cgroup '%s': there is no %s controller here for '%s'",
		path, controller, file);
}

static int set_cpu(int dir_fd, const char *path,
	const struct oci_resources *resources, struct error *err)
{
	char value[64];
	int result = 0;

	if (resources->cpu_quota_us) {
		uint64_t period_us = resources->cpu_period_us
					     ? resources->cpu_period_us
					     : 100000;

		(void)snprintf(value, sizeof(value), "%" PRIu64 " %" PRIu64,
			resources->cpu_quota_us, period_us);
		result = set_limit(dir_fd, path, "cpu.max", value, err);
	}
	if (result == 0 && resources->cpu_weight) {
		(void)snprintf(value, sizeof(value), "%" PRIu64,
			resources->cpu_weight);
		result = set_limit(dir_fd, path, "cpu.weight", value, err);
	}
	return result;
}

static int set_limits(int dir_fd, const char *path,
	const struct oci_resources *resources, struct error *err)
{
	char value[32];
	int result = 0;

	if (resources->memory_max_bytes) {
		(void)snprintf(value, sizeof(value), "%" PRIu64,
			resources->memory_max_bytes);
		result = set_limit(dir_fd, path, "memory.max", value, err);
	}
	/* out of memory, a container dies as a whole, limit or not */
	if (faccessat(dir_fd, "memory.oom.group", F_OK, 0) == 0 && result == 0)
		result = set_limit(dir_fd, path, "memory.oom.group", "1", err);
	if (result == 0)
		result = set_cpu(dir_fd, path, resources, err);
	if (result == 0 && resources->pids_max >= 0) {
		(void)snprintf(value, sizeof(value), "%" PRId64,
			resources->pids_max);
		result = set_limit(dir_fd, path, "pids.max", value, err);
	}
	return result;
}

/* Makes the folders above path's last one; they get controllers to hand on. */
static int make_parents(int workloads_fd, const char *path, struct error *err)
{
	char part[PATH_SIZE];

	(void)text_copy(part, sizeof(part), path); /* its length was checked */
	enable_controllers(workloads_fd);
	for (char *slash = strchr(part, '/'); slash;
		slash = strchr(slash + 1, '/')) {
		auto_fd fd = -1;

		*slash = '\0';
		if (mkdirat(workloads_fd, part, 0755) < 0 && errno != EEXIST)
			return error_errno(err, "make cgroup '%s'", part);
		fd = openat(workloads_fd, part,
			O_RDONLY | O_DIRECTORY | O_CLOEXEC);
		if (fd < 0)
			return error_errno(err, "open cgroup '%s'", part);
		enable_controllers(fd);
		*slash = '/';
	}
	return 0;
}

/* What a dead agent left is removed first, so that counters start at 0. */
static int make_leaf(int workloads_fd, const char *path, struct error *err)
{
	int result;

	if (mkdirat(workloads_fd, path, 0755) == 0)
		return 0;
	if (errno != EEXIST)
		return error_errno(err, "make cgroup '%s'", path);
	result = cgroup_remove(workloads_fd, path, err);
	if (result == 0)
		result = make_parents(workloads_fd, path, err);
	if (result == 0 && mkdirat(workloads_fd, path, 0755) < 0)
		return error_errno(err, "make cgroup '%s'", path);
	return result;
}

static int remove_empty_parents(int workloads_fd, const char *path,
	struct error *err)
{
	char part[PATH_SIZE];
	char *slash;

	(void)text_copy(part, sizeof(part), path);
	while ((slash = strrchr(part, '/'))) {
		*slash = '\0';
		if (unlinkat(workloads_fd, part, AT_REMOVEDIR) == 0 ||
			errno == ENOENT)
			continue;
		if (errno == EBUSY || errno == ENOTEMPTY)
			return 0; /* another container lives there */
		return error_errno(err, "remove cgroup '%s'", part);
	}
	return 0;
}

int cgroup_create(int workloads_fd, const char *path,
	const struct oci_resources *resources, struct error *err)
{
	auto_fd fd = -1;
	bool is_made = false;
	int result = check_path(path, err);

	if (result < 0)
		return result;
	result = make_parents(workloads_fd, path, err);
	if (result == 0) {
		result = make_leaf(workloads_fd, path, err);
		is_made = result == 0;
	}
	if (result == 0) {
		fd = openat(workloads_fd, path,
			O_RDONLY | O_DIRECTORY | O_CLOEXEC);
		if (fd < 0)
			result = error_errno(err, "open cgroup '%s'", path);
	}
	if (result == 0)
		result = set_limits(fd, path, resources, err);
	if (result < 0 && is_made)
		(void)cgroup_remove(workloads_fd, path, NULL); /* best effort */
	else if (result < 0)
		(void)remove_empty_parents(workloads_fd, path, NULL);
	return result < 0 ? result : fd_take(&fd);
}

/* Removes the cgroups in dir_fd that have no process. */
static int remove_children(int dir_fd, unsigned int depth)
{
	int copy = openat(dir_fd, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	auto_dir dir = copy < 0 ? NULL : fdopendir(copy);
	const struct dirent *entry;
	int result = 0;

	if (!dir) {
		result = -errno;
		fd_close(&copy);
		return result;
	}
	if (depth > DEPTH_MAX)
		return -ELOOP;
	while (result == 0 && (entry = readdir(dir))) {
		auto_fd child = -1;

		if (entry->d_type != DT_DIR || entry->d_name[0] == '.')
			continue;
		child = openat(dir_fd, entry->d_name,
			O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
		if (child < 0)
			return -errno;
		result = remove_children(child, depth + 1);
		if (result == 0 &&
			unlinkat(dir_fd, entry->d_name, AT_REMOVEDIR) < 0)
			result = -errno;
	}
	return result;
}

int cgroup_remove(int workloads_fd, const char *path, struct error *err)
{
	int result = check_path(path, err);

	if (result < 0)
		return result;
	if (unlinkat(workloads_fd, path, AT_REMOVEDIR) < 0 && errno != ENOENT) {
		auto_fd fd = openat(workloads_fd, path,
			O_RDONLY | O_DIRECTORY | O_CLOEXEC);

		if (fd < 0)
			return error_errno(err, "open cgroup '%s'", path);
		result = remove_children(fd, 0);
		if (result < 0 ||
			unlinkat(workloads_fd, path, AT_REMOVEDIR) < 0) {
			result = result < 0 ? result : -errno;
			return error_set(err, result, "remove cgroup '%s': %s",
				path, strerror(-result));
		}
	}
	return remove_empty_parents(workloads_fd, path, err);
}

int cgroup_kill(int dir_fd, struct error *err)
{
	return fd_write_file(dir_fd, "cgroup.kill", "1", err);
}

static int64_t now_ms(void)
{
	struct timespec now;

	(void)clock_gettime(CLOCK_MONOTONIC, &now);
	return (int64_t)now.tv_sec * 1000 + now.tv_nsec / 1000000;
}

int cgroup_wait_empty(int dir_fd, unsigned int timeout_ms)
{
	int64_t deadline_ms = now_ms() + timeout_ms;
	auto_fd fd = openat(dir_fd, "cgroup.events", O_RDONLY | O_CLOEXEC);
	char events[128];

	if (fd < 0)
		return -errno;
	for (;;) {
		struct pollfd wait = { .fd = fd, .events = POLLPRI };
		int64_t left_ms = deadline_ms - now_ms();
		ssize_t count = pread(fd, events, sizeof(events) - 1, 0);

		if (count < 0)
			return -errno;
		events[count] = '\0';
		if (strstr(events, "populated 0"))
			return 0;
		if (left_ms <= 0)
			return -ETIMEDOUT;
		if (poll(&wait, 1, (int)left_ms) < 0 && errno != EINTR)
			return -errno;
	}
}

uint64_t cgroup_read(int dir_fd, const char *file, const char *key)
{
	char content[1024];
	const char *at = content;
	size_t length = key ? strlen(key) : 0;

	read_text(dir_fd, file, content, sizeof(content));
	while (key && at) {
		if (strncmp(at, key, length) == 0 && at[length] == ' ')
			break;
		at = strchr(at, '\n');
		at = at ? at + 1 : NULL;
	}
	return at ? strtoull(at + length, NULL, 10) : 0;
}
