// SPDX-License-Identifier: MIT
/* parent - the folder of a layer that entries are put into */
#include "store/parent.h"

#include <errno.h>
#include <fcntl.h>
#include <stdbool.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "lib/error.h"
#include "lib/fd.h"
#include "store/lower.h"
#include "store/node.h"

/* Of a folder that the archive has not described (yet). */
static int set_metadata(int fd, const struct lower *lower, const char *path,
	struct timespec mtime, struct error *err)
{
	struct stat status = { .st_mode = 0755, .st_mtim = mtime };

	if (lower && lower_find(lower, path, &status, err) < 0)
		return err->code;
	/* the umask does not count */
	if (fchown(fd, status.st_uid, status.st_gid) < 0 ||
		fchmod(fd, status.st_mode & 07777) < 0)
		return error_errno(err, "set owner and mode of '%s'",
			path_show(path).text);
	return node_set_time(fd, status.st_mtim, path, err);
}

/* A step on the way to a folder whose parents may not be there yet. */
struct step {
	const struct lower *lower; /* NULL: hidden by what this layer has */
	char path[PATH_BYTES];     /* of the folder that is stepped into */
	const char *name;          /* its last part */
	struct timespec mtime;     /* for a new one */
};

static int make_folder(int parent_fd, struct step *step, bool is_opaque,
	struct error *err)
{
	auto_fd fd = -1;
	int result = 0;

	if (mkdirat(parent_fd, step->name, 0700) < 0)
		return error_errno(err, "make folder '%s'",
			path_show(step->path).text);
	fd = node_open_folder(parent_fd, step->name);
	if (fd < 0)
		return node_open_error(fd, step->path, err);
	if (is_opaque) {
		step->lower = NULL;
		result = node_set_opaque(fd, step->path, err);
	}
	if (result == 0)
		result = set_metadata(fd, step->lower, step->path, step->mtime,
			err);
	return result < 0 ? result : fd_take(&fd);
}

/* Opens one folder on the way to an entry, and makes it when needed. */
static int step_into(int parent_fd, struct step *step, struct error *err)
{
	struct stat status;
	struct stat parent;
	bool was_whiteout = false;
	int fd = node_open_folder(parent_fd, step->name);
	int result;

	if (fd >= 0)
		return fd;
	if (fd == -ENOTDIR && fstatat(parent_fd, step->name, &status,
				      AT_SYMLINK_NOFOLLOW) == 0)
		was_whiteout = node_is_whiteout(&status);
	if (fd != -ENOENT && !was_whiteout)
		return node_open_error(fd, step->path, err);
	if (fstat(parent_fd, &parent) < 0)
		return error_errno(err, "look at a folder");
	if (was_whiteout && unlinkat(parent_fd, step->name, 0) < 0)
		return error_errno(err, "replace '%s'",
			path_show(step->path).text);
	fd = make_folder(parent_fd, step, was_whiteout, err);
	if (fd < 0)
		return fd;
	result = node_set_time(parent_fd, parent.st_mtim, step->path, err);
	if (result < 0)
		fd_close(&fd);
	return result < 0 ? result : fd;
}

/* Goes from *fd into the folder that step names. */
static int walk(int *fd, struct step *step, struct error *err)
{
	int child = step_into(*fd, step, err);
	int opaque;

	if (child < 0)
		return child;
	fd_close(fd);
	*fd = child;
	opaque = node_is_opaque(child, err);
	if (opaque > 0)
		step->lower = NULL;
	return opaque < 0 ? opaque : 0;
}

static int make_parents(const struct parent *parent, struct timespec mtime,
	struct error *err)
{
	auto_fd fd = node_open_folder(parent->root_fd, "");
	struct step step = { .lower = parent->lower, .mtime = mtime };
	size_t length = 0;

	if (fd < 0)
		return node_open_error(fd, ".", err);
	while (parent->path[length]) {
		size_t start = length + (parent->path[length] == '/');
		int result;

		length = start + strcspn(parent->path + start, "/");
		memcpy(step.path, parent->path, length);
		step.path[length] = '\0';
		step.name = step.path + start;
		result = walk(&fd, &step, err);
		if (result < 0)
			return result;
	}
	return fd_take(&fd);
}

int parent_init(struct parent *parent, int root_fd, const struct lower *lower,
	struct error *err)
{
	const struct timespec epoch = { .tv_sec = 0 };

	*parent =
		(struct parent){ .root_fd = root_fd, .lower = lower, .fd = -1 };
	return set_metadata(root_fd, lower, "", epoch, err);
}

/* Opens the folder that parent->path names and notes its time. */
static int open_parent(struct parent *parent, struct timespec mtime,
	struct error *err)
{
	struct stat status;
	int fd = node_open_folder(parent->root_fd, parent->path);

	if (fd == -ENOENT || fd == -ENOTDIR)
		fd = make_parents(parent, mtime, err);
	else if (fd < 0)
		return node_open_error(fd, parent->path, err);
	if (fd < 0)
		return fd;
	parent->fd = fd;
	if (fstat(fd, &status) < 0) {
		fd_close(&parent->fd);
		return error_errno(err, "look at '%s'",
			path_show(parent->path).text);
	}
	parent->mtime = status.st_mtim;
	return 0;
}

int parent_enter(struct parent *parent, const char *path, struct timespec mtime,
	const char **name, struct error *err)
{
	const char *slash = strrchr(path, '/');
	size_t length = slash ? (size_t)(slash - path) : 0;
	int result;

	*name = slash ? slash + 1 : path;
	if (parent->fd >= 0 && strlen(parent->path) == length &&
		memcmp(parent->path, path, length) == 0)
		return 0;
	result = parent_leave(parent, err);
	if (result < 0)
		return result;
	memcpy(parent->path, path, length);
	parent->path[length] = '\0';
	return open_parent(parent, mtime, err);
}

int parent_leave(struct parent *parent, struct error *err)
{
	int result = 0;

	if (parent->fd >= 0)
		result = node_set_time(parent->fd, parent->mtime, parent->path,
			err);
	fd_close(&parent->fd);
	return result;
}
