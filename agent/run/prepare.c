// SPDX-License-Identifier: MIT
/* prepare - what the maker of a container has ready before its process */
#include "run/prepare.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "lib/error.h"
#include "lib/fd.h"
#include "lib/text.h"
#include "run/container.h"
#include "run/dev.h"
#include "run/idmap.h"
#include "run/kernel.h"
#include "run/mount.h"
#include "run/oci.h"
#include "run/plan.h"
#include "run/protect.h"
#include "run/seccomp.h"
#include "run/step.h"

#define STATUS_BYTES 4096

/* Returns a mount that is ready, -ENOENT: the process makes it itself. */
static int make_ready(const struct oci_spec *spec,
	const struct oci_mount *mount, struct error *err)
{
	if (mount->is_remount)
		return -ENOENT;
	if (mount->kind == OCI_MOUNT_BIND)
		return mount_copy(spec, mount, err);
	if (!plan_needs_maker(spec, mount))
		return -ENOENT;
	return text_equal(mount->type, "sysfs")
		       ? mount_copy_host(mount, err)
		       : dev_make_folder(spec, mount, err);
}

/* Whoever has no rights here gets some in a user namespace of its own. */
static bool is_for_the_process(const struct oci_spec *spec, int code)
{
	return code == -EPERM && spec->namespaces[OCI_NAMESPACE_USER].is_asked;
}

/* Copies must be made here: in its own namespace the process may not. */
static int copy_mounts(struct stage *stage, struct error *err)
{
	const struct oci_spec *spec = stage->spec;

	if (spec->mount_count == 0)
		return 0;
	stage->mount_fds = malloc(spec->mount_count * sizeof(int));
	if (!stage->mount_fds)
		return error_set(err, -ENOMEM, "copy mounts: no memory");
	for (size_t i = 0; i < spec->mount_count; i++)
		stage->mount_fds[i] = -1;
	for (size_t i = 0; i < spec->mount_count; i++) {
		const struct oci_mount *mount = &spec->mounts[i];
		struct error reason = { .code = 0 };
		int fd = make_ready(spec, mount, &reason);

		stage->mount_fds[i] = fd < 0 ? -1 : fd;
		if (fd >= 0 || is_for_the_process(spec, fd) ||
			(fd == -ENOENT && !reason.text[0]))
			continue;
		return error_set(err, fd, "mount '%s' at '%s': %s",
			mount->source ? mount->source : "volume",
			mount->destination, reason.text);
	}
	return 0;
}

static int open_root(struct stage *stage, struct error *err)
{
	const struct oci_spec *spec = stage->spec;
	struct mount_attr attr = { .propagation = MS_PRIVATE };
	int fd;

	if (spec->rootfs_propagation & MS_SLAVE)
		attr.propagation = MS_SLAVE;
	if (!spec->root_path)
		fd = fcntl(spec->root_fd, F_DUPFD_CLOEXEC, 3);
	else
		fd = kernel_clone_mount(AT_FDCWD, spec->root_path,
			AT_RECURSIVE);
	if (fd < 0 && is_for_the_process(spec, -errno))
		return 0;
	if (fd < 0)
		return error_errno(err, "open the container root '%s'",
			spec->root_path ? spec->root_path : "");
	stage->root_fd = fd;
	if (kernel_mount_setattr(fd, AT_RECURSIVE, &attr) < 0)
		return error_errno(err, "make the container root private");
	return 0;
}

static int open_pipe(int *read_fd, int *write_fd, struct error *err)
{
	int fds[2];

	if (pipe2(fds, O_CLOEXEC) < 0)
		return error_errno(err, "make a pipe");
	*read_fd = fds[0];
	*write_fd = fds[1];
	return 0;
}

/* The user of a process as the host knows him. */
struct owner {
	uint32_t uid;
	uint32_t gid;
};

static int find_owner(const struct stage *stage, struct owner *out,
	struct error *err)
{
	const struct oci_user *user = &stage->process->user;

	if (!idmap_to_host(&stage->spec->uid_mappings, user->uid, &out->uid) ||
		!idmap_to_host(&stage->spec->gid_mappings, user->gid,
			&out->gid))
		return error_set(err, -EINVAL,
			"process.user: the mappings have no id for %" PRIu32
			":%" PRIu32,
			user->uid, user->gid);
	return 0;
}

/*
 * An output pipe whose reader never waits, as large as the kernel makes it: a
 * larger one would take 4 KiB more of an idle container. The user gets it, so that it may
 * open /dev/stdout again.
 */
static int open_output(const struct owner *owner, int *read_fd, int *write_fd,
	struct error *err)
{
	int result = open_pipe(read_fd, write_fd, err);

	if (result < 0)
		return result;
	result = fd_set_nonblocking(*read_fd, true);
	if (result < 0)
		return error_set(err, result, "set up a pipe: %s",
			strerror(-result));
	if (fchown(*write_fd, owner->uid, owner->gid) < 0)
		return error_errno(err, "give a pipe to user %" PRIu32,
			owner->uid);
	return 0;
}

static int open_stdin(const struct container_request *request,
	struct container *container, int *read_fd, struct error *err)
{
	if (request->keeps_stdin_open)
		return open_pipe(read_fd, &container->stdin_fd, err);
	*read_fd = open("/dev/null", O_RDONLY | O_CLOEXEC | O_NOCTTY);
	return *read_fd < 0 ? error_errno(err, "open '/dev/null'") : 0;
}

static int open_stdio(struct stage *stage, struct container *container,
	struct error *err)
{
	struct owner owner;
	int result = find_owner(stage, &owner, err);

	if (result < 0 || stage->process->has_terminal ||
		stage->request->io == CONTAINER_IO_INHERIT)
		return result;
	result = open_stdin(stage->request, container, &stage->stdio_fds[0],
		err);
	if (result == 0)
		result = open_output(&owner, &container->stdout_fd,
			&stage->stdio_fds[1], err);
	if (result == 0)
		result = open_output(&owner, &container->stderr_fd,
			&stage->stdio_fds[2], err);
	return result;
}

/*
 * Which signals are ignored, as an execve(2) would hand that on. To ask for all
 * of them one by one would take longer.
 */
static int read_ignored(uint64_t *out, struct error *err)
{
	auto_fd fd =
		openat(AT_FDCWD, "/proc/self/status", O_RDONLY | O_CLOEXEC);
	char text[STATUS_BYTES];
	ssize_t size = fd < 0 ? -1 : read(fd, text, sizeof(text) - 1);
	const char *line;

	if (size < 0)
		return error_errno(err, "read '/proc/self/status'");
	text[size] = '\0';
	line = strstr(text, "\nSigIgn:");
	if (!line)
		return error_set(err, -EPROTO,
			"read '/proc/self/status': it names no signals");
	*out = strtoull(line + strlen("\nSigIgn:"), NULL, 16);
	return 0;
}

/* They are the caller's, and must be there before others get their numbers. */
static int check_preserved(unsigned int count, struct error *err)
{
	for (unsigned int i = 0; i < count; i++) {
		if (fcntl((int)(3 + i), F_GETFD) < 0)
			return error_errno(err, "hand on descriptor %u", 3 + i);
	}
	return 0;
}

/* In its own namespaces the process would have to trust another one. */
static bool writes_to_proc(const struct stage *stage)
{
	return stage->spec->sysctl_count > 0 ||
	       stage->spec->namespaces[OCI_NAMESPACE_TIME].is_asked ||
	       stage->process->apparmor_profile ||
	       stage->process->selinux_label;
}

/* Its hooks, and what it still has to copy, begin where it was made. */
static bool may_leave_folder(const struct stage *stage)
{
	const struct oci_spec *spec = stage->spec;

	for (size_t i = 0; i < spec->mount_count; i++) {
		if (spec->mounts[i].kind == OCI_MOUNT_BIND &&
			stage->mount_fds[i] < 0)
			return false;
	}
	return spec->hooks[OCI_HOOK_CREATE_CONTAINER].count == 0;
}

static int open_sources(struct stage *stage, struct error *err)
{
	const struct oci_spec *spec = stage->spec;
	int result = copy_mounts(stage, err);

	if (result == 0 && spec->copies_host_devices) {
		stage->host_dev_fd =
			open("/dev", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
		if (stage->host_dev_fd < 0)
			result = error_errno(err, "open '/dev'");
	}
	if (result == 0 && spec->masked_paths) {
		result = stage->null_fd = protect_open_null(err);
		if (is_for_the_process(spec, result))
			result = 0;
	}
	stage->may_leave_folder = result >= 0 && may_leave_folder(stage);
	return result < 0 ? result : 0;
}

static void init(struct stage *stage, const struct container_request *request,
	const struct oci_process *process)
{
	*stage = (struct stage){
		.spec = request->spec,
		.process = process,
		.request = request,
		.root_fd = -1,
		.null_fd = -1,
		.host_dev_fd = -1,
		.host_proc_fd = -1,
		.stdio_fds = { -1, -1, -1 },
		.channel_fd = -1,
		.terminal = TERMINAL_NONE,
		.proc_fd = -1,
		.dev_fd = -1,
		.new_dev_fd = -1,
		.empty_fd = -1,
		.null_copy_fd = -1,
	};
}

int prepare_process(struct stage *stage,
	const struct container_request *request,
	const struct oci_process *process, struct container *container,
	struct error *err)
{
	const struct oci_seccomp *profile = request->spec->seccomp;
	int cache_fd =
		request->filter_cache_fd > 0 ? request->filter_cache_fd : -1;
	int result = check_preserved(request->preserve_fds, err);

	init(stage, request, process);
	stage->container = container;
	if (result == 0 && profile)
		result =
			seccomp_program(profile, cache_fd, &stage->filter, err);
	if (result == 0)
		result = read_ignored(&stage->ignored, err);
	if (result == 0 && writes_to_proc(stage)) {
		stage->host_proc_fd =
			open("/proc", O_PATH | O_DIRECTORY | O_CLOEXEC);
		if (stage->host_proc_fd < 0)
			result = error_errno(err, "open '/proc'");
	}
	if (result == 0)
		result = open_stdio(stage, container, err);
	return result;
}

int prepare_root(struct stage *stage, struct error *err)
{
	int result = open_root(stage, err);

	return result < 0 ? result : open_sources(stage, err);
}

void prepare_clear(struct stage *stage)
{
	for (size_t i = 0; stage->mount_fds && i < stage->spec->mount_count;
		i++)
		fd_close(&stage->mount_fds[i]);
	free(stage->mount_fds);
	stage->mount_fds = NULL;
	for (int i = 0; i < 3; i++)
		fd_close(&stage->stdio_fds[i]);
	fd_close(&stage->host_dev_fd);
	fd_close(&stage->host_proc_fd);
	fd_close(&stage->null_fd);
	fd_close(&stage->root_fd);
	fd_close(&stage->channel_fd);
}
