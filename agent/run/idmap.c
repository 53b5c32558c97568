// SPDX-License-Identifier: MIT
/* idmap - ids of a user namespace and those of the host */
#include "run/idmap.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <linux/sched.h>
#include <signal.h>
#include <stddef.h>
#include <stdio.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#include "lib/error.h"
#include "lib/fd.h"
#include "lib/text.h"
#include "run/kernel.h"
#include "run/oci.h"

/* The kernel takes one write of at most a page (user_namespaces(7)). */
#define MAP_BYTES 4096

bool idmap_to_host(const struct oci_id_mappings *mappings, uint32_t id,
	uint32_t *out)
{
	for (size_t i = 0; i < mappings->count; i++) {
		const struct oci_id_mapping *map = &mappings->items[i];

		if (id >= map->container_id &&
			id - map->container_id < map->size) {
			*out = map->host_id + (id - map->container_id);
			return true;
		}
	}
	*out = id;
	return mappings->count == 0;
}

/* Writes one file of /proc/PID: 0 or -errno. */
static int write_file(pid_t pid, const char *name, const char *text)
{
	char path[48];

	(void)snprintf(path, sizeof(path), "/proc/%d/%s", (int)pid, name);

	auto_fd fd = open(path, O_WRONLY | O_CLOEXEC);

	return fd < 0 ? -errno : fd_write_all(fd, text, strlen(text));
}

static int write_map(pid_t pid, const char *name,
	const struct oci_id_mappings *mappings)
{
	char buffer[MAP_BYTES];
	struct text text;

	text_init(&text, buffer, sizeof(buffer));
	for (size_t i = 0; i < mappings->count; i++)
		text_add(&text, "%" PRIu32 " %" PRIu32 " %" PRIu32 "\n",
			mappings->items[i].container_id,
			mappings->items[i].host_id, mappings->items[i].size);
	return text.is_cut ? -E2BIG : write_file(pid, name, buffer);
}

static int map_error(const char *name, int code, struct error *err)
{
	return error_set(err, code, "write '%s': %s", name,
		code == -EPERM ? "the caller may map nothing but its own id"
			       : strerror(-code));
}

int idmap_write(pid_t pid, const struct oci_id_mappings *uids,
	const struct oci_id_mappings *gids, struct error *err)
{
	int result = write_map(pid, "uid_map", uids);

	if (result < 0)
		return map_error("uid_map", result, err);
	result = write_map(pid, "gid_map", gids);
	if (result == -EPERM) {
		result = write_file(pid, "setgroups", "deny");
		if (result == 0)
			result = write_map(pid, "gid_map", gids);
	}
	return result < 0 ? map_error("gid_map", result, err) : 0;
}

int idmap_open_process(pid_t pid, struct error *err)
{
	char path[48];
	int fd;

	(void)snprintf(path, sizeof(path), "/proc/%d/ns/user", (int)pid);
	fd = open(path, O_RDONLY | O_CLOEXEC);
	return fd < 0 ? error_errno(err, "open '%s'", path) : fd;
}

/* There to own a user namespace until somebody else holds it. */
static void hold(pid_t maker)
{
	(void)prctl(PR_SET_PDEATHSIG, SIGKILL);
	while (getppid() == maker)
		(void)pause();
	_exit(0);
}

int idmap_open(const struct oci_id_mappings *uids,
	const struct oci_id_mappings *gids, struct error *err)
{
	auto_fd pid_fd = -1;
	struct clone_args args = {
		.flags = CLONE_NEWUSER | CLONE_PIDFD,
		.pidfd = (uint64_t)(uintptr_t)&pid_fd,
		.exit_signal = SIGCHLD,
	};
	siginfo_t info;
	pid_t maker = getpid();
	pid_t pid = kernel_clone3(&args);
	int fd = -1;
	int result;

	if (pid == 0)
		hold(maker);
	if (pid < 0)
		return error_errno(err, "make a user namespace");
	result = idmap_write(pid, uids, gids, err);
	if (result == 0)
		fd = idmap_open_process(pid, err);
	(void)kernel_pidfd_send_signal(pid_fd, SIGKILL);
	while (waitid(P_PIDFD, (id_t)pid_fd, &info, WEXITED) < 0 &&
		errno == EINTR)
		;
	return result < 0 ? result : fd;
}

int idmap_apply(int mount_fd, int user_namespace_fd, unsigned int flags)
{
	const struct mount_attr attr = {
		.attr_set = MOUNT_ATTR_IDMAP,
		.userns_fd = (uint32_t)user_namespace_fd,
	};

	return kernel_mount_setattr(mount_fd, flags, &attr) < 0 ? -errno : 0;
}
