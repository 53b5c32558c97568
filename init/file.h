/* SPDX-License-Identifier: MIT */
/*
 * file - small files, whole: settings of the kernel and state on the disk.
 *
 * All return 0 (or a length) or a negative errno.
 */
#ifndef INIT_FILE_H
#define INIT_FILE_H

#include <stddef.h>
#include <sys/syscall.h>
#include <sys/types.h>
#include <unistd.h>

static inline void auto_fd_close(const int *fd)
{
	if (*fd >= 0)
		(void)close(*fd);
}

/* a descriptor that is closed when its block ends */
#define auto_fd __attribute__((cleanup(auto_fd_close))) int

/* ioctl(2), whose second parameter is int in musl and long in glibc: no cast
 * pleases both */
static inline int file_control(int fd, unsigned request, void *argument)
{
	return (int)syscall(SYS_ioctl, fd, request, argument);
}

/* read at most size - 1 bytes of path into text and end it with NUL; a last
 * newline is cut off; returns the length */
ssize_t file_read(const char *path, char *text, size_t size);

/* write text to an existing file in one write, as sysctl and cgroups want */
int file_write(const char *path, const char *text);

/* replace path by the given bytes so that a power cut leaves the old content
 * or the new one: written beside it as "<path>.new", synced, renamed */
int file_replace(const char *path, const void *bytes, size_t length,
	mode_t mode);

/* write everything, whatever the kernel takes at a time */
int file_write_all(int fd, const void *bytes, size_t length);

#endif
