// SPDX-License-Identifier: MIT
/* procfs - files of a procfs that nobody has tampered with */
#include "run/procfs.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <linux/magic.h>
#include <linux/openat2.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/vfs.h>
#include <unistd.h>

#include "lib/fd.h"
#include "lib/text.h"
#include "run/kernel.h"

#define ROOT_INODE 1 /* PROC_ROOT_INO of the kernel */

int procfs_check(int proc_fd)
{
	struct statfs file_system;
	struct stat status;

	if (fstatfs(proc_fd, &file_system) < 0 || fstat(proc_fd, &status) < 0)
		return -errno;
	if (file_system.f_type != PROC_SUPER_MAGIC ||
		status.st_ino != ROOT_INODE)
		return -EPERM;
	return 0;
}

int procfs_open(int proc_fd, const char *path, int flags)
{
	int fd = procfs_check(proc_fd);

	if (fd < 0)
		return fd;
	fd = kernel_openat2(proc_fd, path, flags,
		RESOLVE_BENEATH | RESOLVE_NO_XDEV | RESOLVE_NO_SYMLINKS);
	return fd < 0 ? -errno : fd;
}

/* "self" is a link to the process's number there, or to nothing. */
int procfs_open_self(int proc_fd, const char *name, int flags)
{
	char path[64];
	char number[16];
	struct text text;
	int result = procfs_check(proc_fd);
	ssize_t size;

	if (result < 0)
		return result;
	size = readlinkat(proc_fd, "self", number, sizeof(number) - 1);
	if (size <= 0)
		return -ESRCH;
	number[size] = '\0';
	text_init(&text, path, sizeof(path));
	text_add(&text, "%s/%s", number, name);
	if (text.is_cut || strspn(number, "0123456789") != (size_t)size)
		return -EINVAL;
	return procfs_open(proc_fd, path, flags);
}

static int write_once(int fd, const char *data)
{
	size_t size = strlen(data);
	ssize_t written;

	if (fd < 0)
		return fd;
	do {
		written = write(fd, data, size);
	} while (written < 0 && errno == EINTR);
	if (written < 0)
		return -errno;
	return (size_t)written == size ? 0 : -EIO;
}

int procfs_write_self(int proc_fd, const char *name, const char *text)
{
	auto_fd fd = procfs_open_self(proc_fd, name, O_WRONLY);

	return write_once(fd, text);
}
