/* SPDX-License-Identifier: MIT */
/* file - small files, whole */
#include "file.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <string.h>

ssize_t file_read(const char *path, char *text, size_t size)
{
	auto_fd fd = open(path, O_RDONLY | O_CLOEXEC);
	if (fd < 0)
		return -errno;

	size_t length = 0;
	while (length < size - 1) {
		ssize_t got = read(fd, text + length, size - 1 - length);
		if (got < 0 && errno == EINTR)
			continue;
		if (got < 0)
			return -errno;
		if (got == 0)
			break;
		length += (size_t)got;
	}
	if (length > 0 && text[length - 1] == '\n')
		length--;
	text[length] = '\0';
	return (ssize_t)length;
}

int file_write(const char *path, const char *text)
{
	auto_fd fd = open(path, O_WRONLY | O_CLOEXEC);
	if (fd < 0)
		return -errno;
	return write(fd, text, strlen(text)) < 0 ? -errno : 0;
}

int file_write_all(int fd, const void *bytes, size_t length)
{
	for (const char *at = bytes; length > 0;) {
		ssize_t written = write(fd, at, length);
		if (written < 0 && errno == EINTR)
			continue;
		if (written < 0)
			return -errno;
		at += written;
		length -= (size_t)written;
	}
	return 0;
}

/* the new name is only safe once its directory is on the disk */
static int sync_directory_of(const char *path)
{
	char directory[PATH_MAX];
	const char *slash = strrchr(path, '/');
	if (!slash || slash == path)
		return -EINVAL;

	int length = snprintf(directory, sizeof(directory), "%.*s",
		(int)(slash - path), path);
	if (length < 0 || length >= (int)sizeof(directory))
		return -ENAMETOOLONG;
	auto_fd fd = open(directory, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (fd < 0)
		return -errno;
	return fsync(fd) < 0 ? -errno : 0;
}

static int write_synced(const char *path, const void *bytes, size_t length,
	mode_t mode)
{
	auto_fd fd = open(path,
		O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC | O_NOFOLLOW, mode);
	if (fd < 0)
		return -errno;
	int result = file_write_all(fd, bytes, length);
	if (result < 0)
		return result;
	return fsync(fd) < 0 ? -errno : 0;
}

int file_replace(const char *path, const void *bytes, size_t length,
	mode_t mode)
{
	char beside[PATH_MAX];
	int printed = snprintf(beside, sizeof(beside), "%s.new", path);
	if (printed < 0 || printed >= (int)sizeof(beside))
		return -ENAMETOOLONG;

	int result = write_synced(beside, bytes, length, mode);
	if (result == 0 && rename(beside, path) < 0)
		result = -errno;
	if (result < 0) {
		(void)unlink(beside); /* the first error is the one to tell */
		return result;
	}
	return sync_directory_of(path);
}
