// SPDX-License-Identifier: MIT
/* fd - file descriptors that close themselves, and whole reads and writes */
#include "lib/fd.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/fs.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "lib/error.h"
#include "lib/text.h"

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

static int left_below;

void fd_leave_below(int limit)
{
	left_below = limit;
}

void fd_cleanup_left(int *fd)
{
	if (*fd >= left_below)
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
		if (written == 0)
			return -EIO; /* no progress: do not spin */
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

/*
 * Reads to the end of fd into a new, terminated buffer. Files of procfs say
 * that they have 0 bytes and others may grow, so guess is only that.
 */
static ssize_t read_to_end(int fd, size_t guess, size_t limit, char **out)
{
	size_t room = guess < 4096 ? 4096 : guess + 1;
	size_t used = 0;
	auto_free char *buffer = NULL;

	for (;;) {
		room = room > limit ? limit + 1 : room;

		char *larger = realloc(buffer, room + 1);
		ssize_t count;

		if (!larger)
			return -ENOMEM;
		buffer = larger;
		count = fd_read_full(fd, buffer + used, room - used);
		if (count < 0)
			return count;
		used += (size_t)count;
		if (used > limit)
			return -EFBIG;
		if (used < room)
			break;
		room *= 2;
	}
	buffer[used] = '\0';
	*out = buffer;
	buffer = NULL;
	return (ssize_t)used;
}

int fd_read_file(int dir_fd, const char *name, size_t limit, char **out,
	size_t *size_out, struct error *err)
{
	/* a FIFO must not block us, so look before reading */
	auto_fd fd = openat(dir_fd, name,
		O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY);
	struct stat status;
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
	size = read_to_end(fd, (size_t)status.st_size, limit, out);
	if (size == -EFBIG)
		return error_set(err, -EFBIG,
			"read '%s': it has more than %zu bytes", name, limit);
	if (size < 0)
		return error_set(err, (int)size, "read '%s': %s", name,
			strerror((int)-size));
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

/*
 * Removing a tree. What a container left behind may be deeper than the stack,
 * PATH_MAX or the limit on descriptors, so nothing here recurses: a folder
 * found in a folder below the top is moved up to the top, which is gone over
 * again until it is empty. Each folder moves at most once, so the work is in
 * proportion to the tree, with two descriptors at any depth; when power goes
 * in between, what is left is a tree that can be removed.
 */
struct removal {
	int top_fd;
	unsigned long long next_name;
	struct error *err;
};

typedef int folder_fn(struct removal *removal, int dir_fd, const char *name);

/* Removes the files in the folder fd (taken over), gives its folders away. */
static int empty_folder(struct removal *removal, int fd, folder_fn *on_folder)
{
	auto_dir dir = fdopendir(fd);
	const struct dirent *entry;
	bool was_empty;
	int result = 0;

	if (!dir) {
		result = error_errno(removal->err, "list a folder to remove");
		(void)close(fd);
		return result;
	}
	/* a listing may miss entries while others come and go: go over it again */
	do {
		rewinddir(dir);
		was_empty = true;
		while (result == 0 && (entry = readdir(dir))) {
			const char *name = entry->d_name;

			if (text_equal(name, ".") || text_equal(name, ".."))
				continue;
			was_empty = false;
			if (unlinkat(fd, name, 0) == 0 || errno == ENOENT)
				continue;
			result = errno == EISDIR ? on_folder(removal, fd, name)
						 : error_errno(removal->err,
							   "remove '%s'", name);
		}
	} while (result == 0 && !was_empty);
	return result;
}

static int move_up(struct removal *removal, int dir_fd, const char *name)
{
	char free_name[32];

	do {
		(void)snprintf(free_name, sizeof(free_name), "%llu",
			removal->next_name++);
		if (syscall(SYS_renameat2, dir_fd, name, removal->top_fd,
			    free_name, RENAME_NOREPLACE) == 0)
			return 0;
	} while (errno == EEXIST);
	return error_errno(removal->err, "move '%s' to remove it", name);
}

static int remove_folder(struct removal *removal, int dir_fd, const char *name,
	folder_fn *on_folder)
{
	int fd;
	int result;

	/* rmdir(2) knows a mount point (EBUSY) before anything in it is lost */
	if (unlinkat(dir_fd, name, AT_REMOVEDIR) == 0)
		return 0;
	if (errno != ENOTEMPTY && errno != EEXIST)
		return error_errno(removal->err, "remove folder '%s'", name);
	fd = openat(dir_fd, name,
		O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
	if (fd < 0)
		return error_errno(removal->err, "open '%s' to remove it",
			name);
	if (removal->top_fd < 0)
		removal->top_fd = fd;
	result = empty_folder(removal, fd, on_folder);
	if (result == 0 && unlinkat(dir_fd, name, AT_REMOVEDIR) < 0)
		result = error_errno(removal->err, "remove folder '%s'", name);
	return result;
}

static int dissolve(struct removal *removal, int dir_fd, const char *name)
{
	return remove_folder(removal, dir_fd, name, move_up);
}

int fd_remove_tree(int dir_fd, const char *name, struct error *err)
{
	struct removal removal = { .top_fd = -1, .err = err };

	if (unlinkat(dir_fd, name, 0) == 0 || errno == ENOENT)
		return 0;
	if (errno != EISDIR)
		return error_errno(err, "remove '%s'", name);
	return remove_folder(&removal, dir_fd, name, dissolve);
}

int fd_set_nonblocking(int fd, bool nonblocking)
{
	int flags = fcntl(fd, F_GETFL);

	if (flags < 0)
		return -errno;
	flags = nonblocking ? flags | O_NONBLOCK : flags & ~O_NONBLOCK;
	return fcntl(fd, F_SETFL, flags) < 0 ? -errno : 0;
}
