// SPDX-License-Identifier: MIT
/*
 * root_copy - fills a new volume with what the container root has there
 *
 * Everything goes by descriptors of folders and without following links, so
 * that no name in the image can lead out of it. Hard links within the copied
 * tree stay hard links while they fit in a table; later ones become copies.
 */
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/xattr.h>
#include <unistd.h>

#include "lib/error.h"
#include "lib/fd.h"
#include "lib/text.h"
#include "run/inside.h"
#include "run/root.h"

#define DEPTH_MAX    128
#define LINKS_MAX    512
#define NAMES_BYTES  4096
#define CHUNK_BYTES  (1 << 20)
#define BUFFER_BYTES 65536

/* A file with more than one name, and where its copy was first put. */
struct link {
	ino_t inode;
	dev_t device;
	char path[200]; /* below the volume */
};

struct copy {
	int volume_fd;
	struct link links[LINKS_MAX];
	size_t link_count;
	char path[PATH_MAX]; /* of what is copied now, below the volume */
	char buffer[BUFFER_BYTES];
	struct error *err;
};

static int fail(struct copy *copy, const char *what)
{
	return error_errno(copy->err, "copy '/%.100s' to a volume: %s",
		copy->path, what);
}

/* Attributes that the target's file system does not take are left out. */
static int copy_xattrs(struct copy *copy, int from, int to)
{
	char names[NAMES_BYTES];
	ssize_t size = flistxattr(from, names, sizeof(names));

	if (size < 0)
		return errno == ENOTSUP ? 0 : fail(copy, "list attributes");
	for (const char *name = names; name < names + size;
		name += strlen(name) + 1) {
		ssize_t length = fgetxattr(from, name, copy->buffer,
			sizeof(copy->buffer));

		if (length < 0)
			return fail(copy, "read an attribute");
		if (fsetxattr(to, name, copy->buffer, (size_t)length, 0) < 0 &&
			errno != ENOTSUP)
			return fail(copy, "set an attribute");
	}
	return 0;
}

/* The owner goes before the mode, as changing it takes set-id bits away. */
static int copy_status(struct copy *copy, int from, int to,
	const struct stat *status)
{
	struct timespec times[] = { status->st_atim, status->st_mtim };
	int result;

	if (fchown(to, status->st_uid, status->st_gid) < 0)
		return fail(copy, "set the owner");
	if (fchmod(to, status->st_mode & 07777) < 0)
		return fail(copy, "set the mode");
	result = copy_xattrs(copy, from, to);
	if (result == 0 && futimens(to, times) < 0)
		return fail(copy, "set the times");
	return result;
}

static int copy_by_hand(struct copy *copy, int from, int to)
{
	for (;;) {
		ssize_t count = read(from, copy->buffer, sizeof(copy->buffer));
		int result;

		if (count < 0 && errno == EINTR)
			continue;
		if (count <= 0)
			return count < 0 ? fail(copy, "read") : 0;
		result = fd_write_all(to, copy->buffer, (size_t)count);
		if (result < 0) {
			errno = -result;
			return fail(copy, "write");
		}
	}
}

static int copy_content(struct copy *copy, int from, int to)
{
	ssize_t count;

	do {
		count = copy_file_range(from, NULL, to, NULL, CHUNK_BYTES, 0);
	} while (count > 0 || (count < 0 && errno == EINTR));
	if (count == 0)
		return 0;
	/* not between these file systems; both stand where it stopped */
	return copy_by_hand(copy, from, to);
}

static int copy_file(struct copy *copy, int from_dir, int to_dir,
	const char *name, const struct stat *status)
{
	auto_fd from = openat(from_dir, name,
		O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_NOCTTY | O_CLOEXEC);
	auto_fd to = -1;
	int result;

	if (from < 0)
		return fail(copy, "open");
	to = openat(to_dir, name,
		O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0600);
	if (to < 0)
		return fail(copy, "create");
	result = copy_content(copy, from, to);
	return result < 0 ? result : copy_status(copy, from, to, status);
}

static int copy_link(struct copy *copy, int from_dir, int to_dir,
	const char *name, const struct stat *status)
{
	struct timespec times[] = { status->st_atim, status->st_mtim };
	ssize_t size = readlinkat(from_dir, name, copy->buffer,
		sizeof(copy->buffer) - 1);

	if (size < 0)
		return fail(copy, "read the link");
	copy->buffer[size] = '\0';
	if (symlinkat(copy->buffer, to_dir, name) < 0)
		return fail(copy, "make the link");
	if (fchownat(to_dir, name, status->st_uid, status->st_gid,
		    AT_SYMLINK_NOFOLLOW) < 0 ||
		utimensat(to_dir, name, times, AT_SYMLINK_NOFOLLOW) < 0)
		return fail(copy, "set owner and times");
	return 0;
}

/* True when another name of this file was copied; then links to that copy. */
static bool link_to_copy(struct copy *copy, int to_dir, const char *name,
	const struct stat *status)
{
	for (size_t i = 0; i < copy->link_count; i++) {
		const struct link *link = &copy->links[i];

		if (link->inode == status->st_ino &&
			link->device == status->st_dev)
			return linkat(copy->volume_fd, link->path, to_dir, name,
				       0) == 0;
	}
	return false;
}

static void remember_link(struct copy *copy, const struct stat *status)
{
	struct link *link = &copy->links[copy->link_count];

	if (status->st_nlink < 2 || copy->link_count == LINKS_MAX ||
		!text_copy(link->path, sizeof(link->path), copy->path))
		return;
	link->inode = status->st_ino;
	link->device = status->st_dev;
	copy->link_count++;
}

static int copy_children(struct copy *copy, int from, int to,
	unsigned int depth);

static int copy_folder(struct copy *copy, int from_dir, int to_dir,
	const char *name, unsigned int depth)
{
	auto_fd from = openat(from_dir, name,
		O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
	auto_fd to = -1;

	if (from < 0)
		return fail(copy, "open");
	if (mkdirat(to_dir, name, 0700) < 0)
		return fail(copy, "make the folder");
	to = openat(to_dir, name,
		O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
	if (to < 0)
		return fail(copy, "open the new folder");
	return copy_children(copy, from, to, depth + 1);
}

/* Devices and sockets are nothing to keep in a volume. */
static int copy_entry(struct copy *copy, int from, int to, const char *name,
	unsigned int depth)
{
	struct stat status;
	int result;

	if (fstatat(from, name, &status, AT_SYMLINK_NOFOLLOW) < 0)
		return fail(copy, "look at it");
	if (S_ISDIR(status.st_mode))
		return copy_folder(copy, from, to, name, depth);
	if (S_ISLNK(status.st_mode))
		return copy_link(copy, from, to, name, &status);
	if (!S_ISREG(status.st_mode) || link_to_copy(copy, to, name, &status))
		return 0;
	result = copy_file(copy, from, to, name, &status);
	if (result == 0)
		remember_link(copy, &status);
	return result;
}

static int copy_named(struct copy *copy, int from, int to, const char *name,
	unsigned int depth)
{
	size_t length = strlen(copy->path);
	int size = snprintf(copy->path + length, sizeof(copy->path) - length,
		"%s%s", length ? "/" : "", name);
	int result;

	if (size < 0 || (size_t)size >= sizeof(copy->path) - length) {
		copy->path[length] = '\0';
		errno = ENAMETOOLONG;
		return fail(copy, "go deeper");
	}
	result = copy_entry(copy, from, to, name, depth);
	copy->path[length] = '\0';
	return result;
}

/* Copies what is in a folder, then the folder's own mode and times. */
static int copy_children(struct copy *copy, int from, int to,
	unsigned int depth)
{
	int list_fd = openat(from, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	auto_dir dir = list_fd < 0 ? NULL : fdopendir(list_fd);
	const struct dirent *entry;
	struct stat status;
	int result = 0;

	if (!dir) {
		result = fail(copy, "list");
		fd_close(&list_fd);
		return result;
	}
	if (depth > DEPTH_MAX) {
		errno = ELOOP;
		return fail(copy, "folders too deep");
	}
	while (result == 0 && (entry = readdir(dir))) {
		if (text_equal(entry->d_name, ".") ||
			text_equal(entry->d_name, ".."))
			continue;
		result = copy_named(copy, from, to, entry->d_name, depth);
	}
	if (result == 0 && fstat(from, &status) < 0)
		return fail(copy, "look at it");
	return result < 0 ? result : copy_status(copy, from, to, &status);
}

static bool is_empty(int dir_fd)
{
	int list_fd = openat(dir_fd, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	auto_dir dir = list_fd < 0 ? NULL : fdopendir(list_fd);
	const struct dirent *entry;

	if (!dir) {
		fd_close(&list_fd);
		return false;
	}
	while ((entry = readdir(dir))) {
		if (!text_equal(entry->d_name, ".") &&
			!text_equal(entry->d_name, "..") &&
			!text_equal(entry->d_name, "lost+found"))
			return false;
	}
	return true;
}

int root_copy_out(int root_fd, const char *path, int volume_fd,
	struct error *err)
{
	auto_fd from = inside_open(root_fd, path, O_RDONLY | O_DIRECTORY);
	struct copy *copy;
	int result;

	if (from == -ENOENT || from == -ENOTDIR)
		return 0;
	if (from < 0)
		return error_set(err, from, "open '%s' in the container: %s",
			path, strerror(-from));
	if (!is_empty(volume_fd))
		return 0;
	copy = calloc(1, sizeof(*copy));
	if (!copy)
		return error_set(err, -ENOMEM, "copy '%s' to a volume", path);
	copy->volume_fd = volume_fd;
	copy->err = err;
	result = copy_children(copy, from, volume_fd, 0);
	free(copy);
	return result;
}
