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
#include "run/container.h"
#include "run/kernel.h"
#include "run/mount.h"
#include "run/oci.h"
#include "run/protect.h"
#include "run/seccomp.h"
#include "run/step.h"

#ifndef AT_RECURSIVE
#define AT_RECURSIVE 0x8000 /* asm-generic/fcntl.h */
#endif
#define PIPE_BYTES   (256 * 1024)
#define STATUS_BYTES 4096

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
		if (spec->mounts[i].kind != OCI_MOUNT_BIND)
			continue;
		stage->mount_fds[i] = mount_copy(spec, &spec->mounts[i], err);
		if (stage->mount_fds[i] < 0)
			return stage->mount_fds[i];
	}
	return 0;
}

static int open_root(struct stage *stage, struct error *err)
{
	const struct mount_attr attr = { .propagation = MS_PRIVATE };
	const struct oci_spec *spec = stage->spec;
	int fd;

	if (!spec->root_path)
		fd = fcntl(spec->root_fd, F_DUPFD_CLOEXEC, 3);
	else
		fd = kernel_clone_mount(AT_FDCWD, spec->root_path,
			AT_RECURSIVE);
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

/*
 * An output pipe whose reader never waits. The user gets it, so that it may
 * open /dev/stdout again.
 */
static int open_output(const struct oci_user *user, int *read_fd, int *write_fd,
	struct error *err)
{
	int result = open_pipe(read_fd, write_fd, err);

	if (result < 0)
		return result;
	/* a small pipe works too; there may be a limit per user (pipe(7)) */
	(void)fcntl(*write_fd, F_SETPIPE_SZ, PIPE_BYTES);
	result = fd_set_nonblocking(*read_fd, true);
	if (result < 0)
		return error_set(err, result, "set up a pipe: %s",
			strerror(-result));
	if (fchown(*write_fd, user->uid, user->gid) < 0)
		return error_errno(err, "give a pipe to user %" PRIu32,
			user->uid);
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
	const struct oci_user *user = &stage->process->user;
	int result;

	if (stage->request->io == CONTAINER_IO_INHERIT)
		return 0;
	result = open_stdin(stage->request, container, &stage->stdio_fds[0],
		err);
	if (result == 0)
		result = open_output(user, &container->stdout_fd,
			&stage->stdio_fds[1], err);
	if (result == 0)
		result = open_output(user, &container->stderr_fd,
			&stage->stdio_fds[2], err);
	return result;
}

/*
 * Which signals are ignored, as an execve(2) would hand that on. To ask for all
 * of them one by one would take longer.
 */
static int read_ignored(uint64_t *out, struct error *err)
{
	auto_fd fd = open("/proc/self/status", O_RDONLY | O_CLOEXEC);
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
		stage->null_fd = protect_open_null(err);
		result = stage->null_fd < 0 ? stage->null_fd : 0;
	}
	return result;
}

int prepare_stage(struct stage *stage, const struct container_request *request,
	struct container *container, struct error *err)
{
	const struct oci_spec *spec = request->spec;
	int result;

	*stage = (struct stage){
		.spec = spec,
		.process = &spec->process,
		.request = request,
		.container = container,
		.root_fd = -1,
		.null_fd = -1,
		.host_dev_fd = -1,
		.stdio_fds = { -1, -1, -1 },
		.channel_fd = -1,
		.proc_fd = -1,
		.dev_fd = -1,
		.empty_fd = -1,
	};
	result = check_preserved(request->preserve_fds, err);
	if (result == 0 && spec->seccomp)
		result = seccomp_program(spec->seccomp,
			request->filter_cache_fd > 0 ? request->filter_cache_fd
						     : -1,
			&stage->filter, err);
	if (result == 0)
		result = read_ignored(&stage->ignored, err);
	if (result == 0)
		result = open_root(stage, err);
	if (result == 0)
		result = open_sources(stage, err);
	if (result == 0)
		result = open_stdio(stage, container, err);
	return result;
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
	fd_close(&stage->null_fd);
	fd_close(&stage->root_fd);
	fd_close(&stage->channel_fd);
}
