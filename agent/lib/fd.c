// SPDX-License-Identifier: MIT
/* fd - file descriptors that close themselves, and whole reads and writes */
#include "lib/fd.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "lib/error.h"

#define TEMPORARY_PREFIX ".new-"

void fd_close(int *fd)
{
	int saved_errno = errno;

	if (*fd >= 0)
		(void)close(*fd); /* nothing to do: data is synced before */
	*fd = -1;
	errno = saved_errno;
}

void fd_cleanup(int *fd)
{
	fd_close(fd);
}

void fd_cleanup_dir(DIR **dir)
{
	int saved_errno = errno;

	if (*dir)
		(void)closedir(*dir);
	errno = saved_errno;
}

void fd_cleanup_free(void *pointer)
{
	int saved_errno = errno;

	free(*(void **)pointer);
	errno = saved_errno;
}

int fd_take(int *fd)
{
	int taken = *fd;

	*fd = -1;
	return taken;
}

int fd_write_all(int fd, const void *data, size_t size)
{
	const char *at = data;

	while (size > 0) {
		ssize_t written = write(fd, at, size);

		if (written < 0 && errno != EINTR)
			return -errno;
		if (written > 0) {
			at += written;
			size -= (size_t)written;
		}
	}
	return 0;
}

ssize_t fd_read_full(int fd, void *buffer, size_t size)
{
	size_t used = 0;

	while (used < size) {
		ssize_t count = read(fd, (char *)buffer + used, size - used);

		if (count < 0 && errno != EINTR)
			return -errno;
		if (count == 0)
			break;
		if (count > 0)
			used += (size_t)count;
	}
	return (ssize_t)used;
}

int fd_read_file(int dir_fd, const char *name, size_t limit, char **out,
	size_t *size_out, struct error *err)
{
	/* a FIFO must not block us, so look before reading */
	auto_fd fd = openat(dir_fd, name,
		O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY);
	struct stat status;
	char *buffer;
	ssize_t size;

	if (fd < 0)
		return error_errno(err, "open '%s'", name);
	if (fstat(fd, &status) < 0)
		return error_errno(err, "look at '%s'", name);
	if (!S_ISREG(status.st_mode))
		return error_set(err, -EINVAL,
			"read '%s': it is not a regular file", name);
	if (status.st_size < 0 || (size_t)status.st_size > limit)
		return error_set(err, -EFBIG,
			"read '%s': it has %lld bytes, the limit is %zu", name,
			(long long)status.st_size, limit);
	/* files of procfs say 0; leave room to see that a file has grown */
	buffer = malloc(limit < 65536 ? limit + 2 : (size_t)status.st_size + 2);
	if (!buffer)
		return error_set(err, -ENOMEM, "read '%s': no memory", name);
	size = fd_read_full(fd, buffer,
		limit < 65536 ? limit + 1 : (size_t)status.st_size + 1);
	if (size < 0 || (size_t)size > limit) {
		free(buffer);
		return error_set(err, size < 0 ? (int)size : -EFBIG,
			"read '%s': %s", name,
			size < 0 ? strerror((int)-size) : "it is too large");
	}
	buffer[size] = '\0';
	*out = buffer;
	if (size_out)
		*size_out = (size_t)size;
	return 0;
}

int fd_write_file(int dir_fd, const char *name, const char *text,
	struct error *err)
{
	auto_fd fd = openat(dir_fd, name, O_WRONLY | O_CLOEXEC | O_NOCTTY);
	int result;

	if (fd < 0)
		return error_errno(err, "open '%s'", name);
	result = fd_write_all(fd, text, strlen(text));
	if (result < 0)
		return error_set(err, result, "write '%s' to '%s': %s", text,
			name, strerror(-result));
	return 0;
}

static int write_and_sync(int dir_fd, const char *name, const void *data,
	size_t size, mode_t mode, struct error *err)
{
	auto_fd fd = openat(dir_fd, name,
		O_WRONLY | O_CREAT | O_TRUNC | O_NOFOLLOW | O_CLOEXEC, mode);
	int result;

	if (fd < 0)
		return error_errno(err, "create '%s'", name);
	result = fd_write_all(fd, data, size);
	if (result < 0)
		return error_set(err, result, "write '%s': %s", name,
			strerror(-result));
	if (fsync(fd) < 0)
		return error_errno(err, "sync '%s'", name);
	return 0;
}

int fd_replace_file(int dir_fd, const char *name, const void *data, size_t size,
	mode_t mode, struct error *err)
{
	char temporary[300];
	int result;

	if (snprintf(temporary, sizeof(temporary), TEMPORARY_PREFIX "%s",
		    name) >= (int)sizeof(temporary))
		return error_set(err, -ENAMETOOLONG,
			"write '%s': name too long", name);
	result = write_and_sync(dir_fd, temporary, data, size, mode, err);
	if (result == 0 && renameat(dir_fd, temporary, dir_fd, name) < 0)
		result = error_errno(err, "rename '%s'", temporary);
	if (result == 0 && fsync(dir_fd) < 0)
		result = error_errno(err, "sync the folder of '%s'", name);
	if (result < 0)
		(void)unlinkat(dir_fd, temporary, 0); /* may not be there */
	return result;
}

int fd_make_dirs(int dir_fd, const char *path, mode_t mode, struct error *err)
{
	char part[512];
	size_t length = strlen(path);
	struct stat status;

	if (length == 0 || length >= sizeof(part))
		return error_set(err, -ENAMETOOLONG,
			"make folder '%s': bad length", path);
	memcpy(part, path, length + 1);
	for (size_t i = 1; i <= length; i++) {
		if (part[i] != '/' && part[i] != '\0')
			continue;
		part[i] = '\0';
		if (mkdirat(dir_fd, part, mode) < 0 && errno != EEXIST)
			return error_errno(err, "make folder '%s'", part);
		part[i] = path[i];
	}
	if (fstatat(dir_fd, path, &status, 0) < 0)
		return error_errno(err, "look at '%s'", path);
	if (!S_ISDIR(status.st_mode))
		return error_set(err, -ENOTDIR,
			"make folder '%s': something else has that name", path);
	return 0;
}

static int remove_children(int fd, dev_t device, struct error *err);

/* One entry of a folder: a file goes at once, a folder after its children. */
static int remove_entry(int dir_fd, const char *name, dev_t device,
	struct error *err)
{
	struct stat status;

	if (unlinkat(dir_fd, name, 0) == 0 || errno == ENOENT)
		return 0;
	if (errno != EISDIR && errno != EPERM)
		return error_errno(err, "remove '%s'", name);

	auto_fd fd = openat(dir_fd, name,
		O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);

	if (fd < 0)
		return error_errno(err, "open '%s' to remove it", name);
	if (fstat(fd, &status) < 0)
		return error_errno(err, "look at '%s'", name);
	if (device != 0 && status.st_dev != device)
		return error_set(err, -EXDEV,
			"remove '%s': something is mounted there", name);

	int result = remove_children(fd_take(&fd), status.st_dev, err);

	if (result < 0)
		return result;
	if (unlinkat(dir_fd, name, AT_REMOVEDIR) < 0 && errno != ENOENT)
		return error_errno(err, "remove folder '%s'", name);
	return 0;
}

/* Takes fd over. */
static int remove_children(int fd, dev_t device, struct error *err)
{
	auto_dir dir = fdopendir(fd);
	const struct dirent *entry;
	int result = 0;

	if (!dir) {
		result = error_errno(err, "list a folder to remove");
		(void)close(fd);
		return result;
	}
	while (result == 0 && (entry = readdir(dir))) {
		if (strcmp(entry->d_name, ".") == 0 ||
			strcmp(entry->d_name, "..") == 0)
			continue;
		result = remove_entry(dirfd(dir), entry->d_name, device, err);
	}
	return result;
}

int fd_remove_tree(int dir_fd, const char *name, struct error *err)
{
	return remove_entry(dir_fd, name, 0, err);
}

int fd_set_nonblocking(int fd, bool nonblocking)
{
	int flags = fcntl(fd, F_GETFL);

	if (flags < 0)
		return -errno;
	flags = nonblocking ? flags | O_NONBLOCK : flags & ~O_NONBLOCK;
	return fcntl(fd, F_SETFL, flags) < 0 ? -errno : 0;
}
