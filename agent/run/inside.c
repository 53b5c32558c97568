// SPDX-License-Identifier: MIT
/* inside - paths inside a container root, which nobody may trust */
#include "run/inside.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <linux/openat2.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "lib/fd.h"
#include "lib/text.h"
#include "run/kernel.h"

#define LINKS_MAX   40
#define RETRIES_MAX 64
#define SCOPED      (RESOLVE_IN_ROOT | RESOLVE_NO_MAGICLINKS)

/*
 * A path on its way: done has no link in it and is there, rest is still to be
 * looked at. Both are text, because ".." of a descriptor could lead anywhere.
 */
struct walk {
	int root_fd;
	enum inside_kind kind;
	bool allow_links;
	int links;
	char done[PATH_MAX];
	char rest[PATH_MAX];
};

static int open_inside(int root_fd, const char *path, int flags,
	uint64_t resolve)
{
	int fd = -1;

	/* EAGAIN: something was renamed meanwhile and ".." may be wrong */
	for (int i = 0; i < RETRIES_MAX; i++) {
		fd = kernel_openat2(root_fd, path, flags, resolve);
		if (fd >= 0 || (errno != EAGAIN && errno != EINTR))
			break;
	}
	return fd < 0 ? -errno : fd;
}

int inside_open(int root_fd, const char *path, int flags)
{
	return open_inside(root_fd, path, flags, SCOPED);
}

int inside_open_no_links(int root_fd, const char *path, int flags)
{
	return open_inside(root_fd, path, flags, SCOPED | RESOLVE_NO_SYMLINKS);
}

/* Takes the first component off rest; name has NAME_MAX + 1 bytes. */
static int next_component(struct walk *walk, char *name)
{
	size_t start = strspn(walk->rest, "/");
	size_t length = strcspn(walk->rest + start, "/");

	if (length > NAME_MAX)
		return -ENAMETOOLONG;
	memcpy(name, walk->rest + start, length);
	name[length] = '\0';
	start += length;
	start += strspn(walk->rest + start, "/");
	memmove(walk->rest, walk->rest + start, strlen(walk->rest + start) + 1);
	return 0;
}

static void drop_last(char *done)
{
	char *slash = strrchr(done, '/');

	if (slash)
		*slash = '\0';
}

/* Puts a link's text before what is still to be looked at. */
static int splice_link(struct walk *walk, int link_fd)
{
	char joined[PATH_MAX];
	char content[PATH_MAX];
	ssize_t size = readlinkat(link_fd, "", content, sizeof(content) - 1);
	struct text text;

	if (size < 0)
		return -errno;
	content[size] = '\0';
	if (!walk->allow_links || ++walk->links > LINKS_MAX)
		return -ELOOP;
	text_init(&text, joined, sizeof(joined));
	text_add(&text, "%s/%s", content, walk->rest);
	if (text.is_cut)
		return -ENAMETOOLONG;
	if (content[0] == '/')
		walk->done[0] = '\0';
	memcpy(walk->rest, joined, text.used + 1);
	return 0;
}

static int create(const struct walk *walk, const char *name)
{
	bool is_file = walk->kind == INSIDE_FILE && !walk->rest[0];
	auto_left_fd parent = inside_open_no_links(walk->root_fd,
		walk->done[0] ? walk->done : "/", O_PATH | O_DIRECTORY);
	int result;

	if (parent < 0)
		return parent;
	result = is_file ? mknodat(parent, name, S_IFREG | 0644, 0)
			 : mkdirat(parent, name, 0755);
	return result < 0 && errno != EEXIST ? -errno : 0;
}

/* Looks at done/name; makes it, follows it or moves on to it. */
static int enter(struct walk *walk, const char *name)
{
	char path[PATH_MAX];
	struct stat status;
	struct text text;
	int result = 0;

	text_init(&text, path, sizeof(path));
	text_add(&text, "%s/%s", walk->done, name);
	if (text.is_cut)
		return -ENAMETOOLONG;

	auto_left_fd fd =
		inside_open_no_links(walk->root_fd, path, O_PATH | O_NOFOLLOW);

	if (fd == -ENOENT)
		result = create(walk, name);
	if (result < 0)
		return result;
	if (fd == -ENOENT)
		fd = inside_open_no_links(walk->root_fd, path,
			O_PATH | O_NOFOLLOW);
	if (fd < 0)
		return fd;
	if (fstat(fd, &status) < 0)
		return -errno;
	if (S_ISLNK(status.st_mode))
		return splice_link(walk, fd);
	memcpy(walk->done, path, text.used + 1);
	return 0;
}

/* What is there needs no walk, and links of procfs are refused. */
static int open_made(int root_fd, const char *path, enum inside_kind kind,
	bool allow_links)
{
	int flags = kind == INSIDE_FOLDER ? O_PATH | O_DIRECTORY : O_PATH;

	return allow_links ? inside_open(root_fd, path, flags)
			   : inside_open_no_links(root_fd, path, flags);
}

/*
 * The usual case, in few calls: only the last component is missing. It is made
 * where the parent is now; -ENOENT when the parent is missing too, or when the
 * name stands for something else than itself.
 */
static int make_last(int root_fd, const char *path, enum inside_kind kind,
	bool allow_links)
{
	char folder[PATH_MAX];
	auto_left_fd parent = -1;
	const char *name;
	int result;

	if (!text_copy(folder, sizeof(folder), path))
		return -ENAMETOOLONG;
	drop_last(folder);
	name = path + strlen(folder) + (path[strlen(folder)] == '/');
	if (!name[0] || text_equal(name, ".") || text_equal(name, ".."))
		return -ENOENT;
	parent = open_made(root_fd, folder[0] ? folder : "/", INSIDE_FOLDER,
		allow_links);
	if (parent < 0)
		return parent;
	result = kind == INSIDE_FILE ? mknodat(parent, name, S_IFREG | 0644, 0)
				     : mkdirat(parent, name, 0755);
	if (result < 0)
		return errno == EEXIST ? -ENOENT : -errno; /* a dangling link */
	return open_made(parent, name, kind, false);
}

int inside_make(int root_fd, const char *path, enum inside_kind kind,
	bool allow_links)
{
	struct walk walk = {
		.root_fd = root_fd,
		.kind = kind,
		.allow_links = allow_links,
	};
	char name[NAME_MAX + 1];
	int result = open_made(root_fd, path, kind, allow_links);

	if (result == -ENOENT)
		result = make_last(root_fd, path, kind, allow_links);
	if (result != -ENOENT)
		return result;
	if (!text_copy(walk.rest, sizeof(walk.rest), path))
		return -ENAMETOOLONG;
	result = 0;
	while (result == 0 && walk.rest[0]) {
		result = next_component(&walk, name);
		if (result < 0 || !name[0] || text_equal(name, "."))
			continue;
		if (text_equal(name, ".."))
			drop_last(walk.done);
		else
			result = enter(&walk, name);
	}
	if (result < 0)
		return result;
	return open_made(root_fd, walk.done[0] ? walk.done : "/", kind, false);
}

/* Opening could block or act (FIFO, device), so it happens after a look. */
static int open_regular(int root_fd, const char *path, size_t limit)
{
	char again[32];
	struct stat status;
	auto_left_fd fd = inside_open(root_fd, path, O_PATH);
	int result;

	if (fd < 0)
		return fd;
	if (fstat(fd, &status) < 0)
		return -errno;
	if (!S_ISREG(status.st_mode))
		return -EINVAL;
	if (status.st_size < 0 || (size_t)status.st_size > limit)
		return -EFBIG;
	(void)snprintf(again, sizeof(again), "/proc/self/fd/%d", fd);
	result = open(again, O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY);
	return result < 0 ? -errno : result;
}

int inside_read(int root_fd, const char *path, size_t limit, char **out)
{
	auto_left_fd fd = open_regular(root_fd, path, limit);
	struct stat status;
	char *buffer;
	ssize_t size;

	if (fd < 0)
		return fd;
	if (fstat(fd, &status) < 0)
		return -errno;
	if (status.st_size < 0 || (size_t)status.st_size > limit)
		return -EFBIG;
	buffer = malloc((size_t)status.st_size + 1);
	if (!buffer)
		return -ENOMEM;
	size = fd_read_full(fd, buffer, (size_t)status.st_size);
	if (size < 0) {
		free(buffer);
		return (int)size;
	}
	buffer[size] = '\0';
	*out = buffer;
	return 0;
}
