// SPDX-License-Identifier: MIT
/*
 * unpack - makes the folder of a layer from its tar archive
 *
 * The folder that the last entry was in stays open, as the next one is mostly
 * in the same. Making something in a folder changes its time; so the time is
 * noted when a folder is entered and put back when it is left.
 */
#include "store/unpack.h"

#include <errno.h>
#include <fcntl.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>
#include <sys/xattr.h>
#include <unistd.h>

#include "lib/error.h"
#include "lib/fd.h"
#include "lib/text.h"
#include "store/path.h"
#include "store/tar.h"

#define COPY_BYTES      (256 * 1024)
#define WHITEOUT_PREFIX ".wh."
#define META_PREFIX     ".wh..wh."
#define OPAQUE_NAME     ".wh..wh..opq"
#define OPAQUE_XATTR    "trusted.overlay.opaque"
/* no O_NOFOLLOW: path_open refuses links, and by the name that says so */
#define FOLDER_FLAGS (O_RDONLY | O_DIRECTORY | O_CLOEXEC)

struct unpack {
	int root_fd;
	int parent_fd; /* the folder of the entry; -1: none is entered */
	struct timespec parent_mtime;
	char parent[PATH_BYTES]; /* its path, "" is the root */
	char path[PATH_BYTES];   /* of the entry */
	const char *name;        /* its last part, in path */
	char *buffer;
};

/* Of a symbolic link in the way; others are said by errno. */
static int open_error(int code, const char *path, struct error *err)
{
	if (code == -ELOOP)
		return error_set(err, code,
			"'%s' is or goes through a symbolic link",
			path_show(path).text);
	return error_set(err, code, "open '%s': %s", path_show(path).text,
		strerror(-code));
}

static int set_times(int fd, struct timespec mtime)
{
	const struct timespec times[2] = { mtime, mtime };

	return futimens(fd, times);
}

static int leave_parent(struct unpack *unpack, struct error *err)
{
	int result = 0;

	if (unpack->parent_fd >= 0 &&
		set_times(unpack->parent_fd, unpack->parent_mtime) < 0)
		result = error_errno(err, "set the time of '%s'",
			path_show(unpack->parent).text);
	fd_close(&unpack->parent_fd);
	return result;
}

static bool is_whiteout(const struct stat *status)
{
	return S_ISCHR(status->st_mode) && status->st_rdev == makedev(0, 0);
}

static int set_opaque(int fd, const char *name, struct error *err)
{
	if (fsetxattr(fd, OPAQUE_XATTR, "y", 1, 0) < 0)
		return error_errno(err, "mark '%s' as opaque",
			path_show(name).text);
	return 0;
}

static int open_child(int parent_fd, const char *name)
{
	return path_open(parent_fd, name, FOLDER_FLAGS);
}

/* A folder that the archive has not described (yet). */
static int make_folder(int parent_fd, const char *name, bool is_opaque,
	struct timespec mtime, struct error *err)
{
	auto_fd fd = -1;
	int result = 0;

	if (mkdirat(parent_fd, name, 0755) < 0)
		return error_errno(err, "make folder '%s'",
			path_show(name).text);
	fd = open_child(parent_fd, name);
	if (fd < 0)
		return open_error(fd, name, err);
	/* the umask does not count */
	if (fchmod(fd, 0755) < 0)
		return error_errno(err, "set the mode of '%s'",
			path_show(name).text);
	if (is_opaque)
		result = set_opaque(fd, name, err);
	if (result < 0)
		return result;
	if (set_times(fd, mtime) < 0)
		return error_errno(err, "set the time of '%s'",
			path_show(name).text);
	return fd_take(&fd);
}

/* Opens one folder on the way to an entry, and makes it when needed. */
static int step_into(int parent_fd, const char *name, struct timespec mtime,
	struct error *err)
{
	struct stat status;
	struct stat parent;
	bool was_whiteout = false;
	int fd = open_child(parent_fd, name);

	if (fd >= 0)
		return fd;
	if (fd == -ENOTDIR &&
		fstatat(parent_fd, name, &status, AT_SYMLINK_NOFOLLOW) == 0)
		was_whiteout = is_whiteout(&status);
	if (fd != -ENOENT && !was_whiteout)
		return open_error(fd, name, err);
	if (fstat(parent_fd, &parent) < 0)
		return error_errno(err, "look at a folder");
	if (was_whiteout && unlinkat(parent_fd, name, 0) < 0)
		return error_errno(err, "replace '%s'", path_show(name).text);
	fd = make_folder(parent_fd, name, was_whiteout, mtime, err);
	if (fd >= 0 && set_times(parent_fd, parent.st_mtim) < 0) {
		(void)close(fd); /* only opened */
		return error_errno(err, "set the time of a folder");
	}
	return fd;
}

static int make_parents(struct unpack *unpack, const char *path,
	struct timespec mtime, struct error *err)
{
	auto_fd fd = path_open(unpack->root_fd, "", FOLDER_FLAGS);
	char part[PATH_PART_MAX + 1];

	if (fd < 0)
		return open_error(fd, ".", err);
	while (*path) {
		size_t length = strcspn(path, "/");
		int child;

		memcpy(part, path, length);
		part[length] = '\0';
		child = step_into(fd, part, mtime, err);
		if (child < 0)
			return child;
		fd_close(&fd);
		fd = child;
		path += length + (path[length] == '/');
	}
	return fd_take(&fd);
}

/* Splits unpack->path and opens the folder that the entry is in. */
static int enter_parent(struct unpack *unpack, struct timespec mtime,
	struct error *err)
{
	char *slash = strrchr(unpack->path, '/');
	size_t length = slash ? (size_t)(slash - unpack->path) : 0;
	struct stat status;
	int result;

	unpack->name = slash ? slash + 1 : unpack->path;
	if (unpack->parent_fd >= 0 && strlen(unpack->parent) == length &&
		memcmp(unpack->parent, unpack->path, length) == 0)
		return 0;
	result = leave_parent(unpack, err);
	if (result < 0)
		return result;
	memcpy(unpack->parent, unpack->path, length);
	unpack->parent[length] = '\0';
	result = path_open(unpack->root_fd, unpack->parent, FOLDER_FLAGS);
	if (result == -ENOENT || result == -ENOTDIR)
		result = make_parents(unpack, unpack->parent, mtime, err);
	else if (result < 0)
		result = open_error(result, unpack->parent, err);
	if (result < 0)
		return result;
	unpack->parent_fd = result;
	if (fstat(unpack->parent_fd, &status) < 0) {
		fd_close(&unpack->parent_fd);
		return error_errno(err, "look at '%s'",
			path_show(unpack->parent).text);
	}
	unpack->parent_mtime = status.st_mtim;
	return 0;
}

enum existing {
	EXISTING_NONE,
	EXISTING_FOLDER,   /* there, and left there for a folder */
	EXISTING_WHITEOUT, /* was there, and was removed */
};

/* Makes room for an entry. Returns an enum existing. */
static int remove_existing(struct unpack *unpack, bool keep_folder,
	struct error *err)
{
	struct stat status;

	if (fstatat(unpack->parent_fd, unpack->name, &status,
		    AT_SYMLINK_NOFOLLOW) < 0) {
		if (errno == ENOENT)
			return EXISTING_NONE;
		return error_errno(err, "look at it");
	}
	if (S_ISDIR(status.st_mode)) {
		int result;

		if (keep_folder)
			return EXISTING_FOLDER;
		result = fd_remove_tree(unpack->parent_fd, unpack->name, err);
		return result < 0 ? result : EXISTING_NONE;
	}
	if (unlinkat(unpack->parent_fd, unpack->name, 0) < 0)
		return error_errno(err, "replace it");
	return is_whiteout(&status) ? EXISTING_WHITEOUT : EXISTING_NONE;
}

static bool is_kept_xattr(const char *name)
{
	return text_equal(name, "security.capability") ||
	       (text_starts_with(name, "user.") &&
		       !text_starts_with(name, "user.overlay."));
}

static int set_xattrs(int fd, const struct tar_entry *entry, struct error *err)
{
	for (size_t i = 0; i < entry->xattr_count; i++) {
		const struct tar_xattr *xattr = &entry->xattrs[i];

		if (!is_kept_xattr(xattr->name))
			continue;
		if (fsetxattr(fd, xattr->name, xattr->value, xattr->size, 0) ==
			0)
			continue;
		/* not every file system has them, and they grant nothing */
		if (errno == ENOTSUP && text_starts_with(xattr->name, "user."))
			continue;
		return error_errno(err, "set xattr '%s'",
			path_show(xattr->name).text);
	}
	return 0;
}

/* Owner first: a change of owner takes set-id bits and capabilities away. */
static int set_metadata(int fd, const struct tar_entry *entry,
	struct error *err)
{
	int result;

	if (fchown(fd, entry->uid, entry->gid) < 0)
		return error_errno(err, "set its owner");
	if (fchmod(fd, entry->mode) < 0)
		return error_errno(err, "set its mode");
	result = set_xattrs(fd, entry, err);
	if (result < 0)
		return result;
	if (set_times(fd, entry->mtime) < 0)
		return error_errno(err, "set its time");
	return 0;
}

static int put_file(struct unpack *unpack, const struct tar_entry *entry,
	struct tar_reader *reader, struct error *err)
{
	auto_fd fd = openat(unpack->parent_fd, unpack->name,
		O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0600);
	ssize_t count;

	if (fd < 0)
		return error_errno(err, "make the file");
	while ((count = tar_read(reader, unpack->buffer, COPY_BYTES, err)) >
		0) {
		int result = fd_write_all(fd, unpack->buffer, (size_t)count);

		if (result < 0)
			return error_set(err, result, "write: %s",
				strerror(-result));
	}
	return count < 0 ? (int)count : set_metadata(fd, entry, err);
}

static int put_folder(struct unpack *unpack, const struct tar_entry *entry,
	enum existing existing, struct error *err)
{
	auto_fd fd = -1;
	int result;

	if (existing != EXISTING_FOLDER &&
		mkdirat(unpack->parent_fd, unpack->name, 0700) < 0)
		return error_errno(err, "make the folder");
	fd = open_child(unpack->parent_fd, unpack->name);
	if (fd < 0)
		return open_error(fd, unpack->name, err);
	if (existing == EXISTING_WHITEOUT) {
		result = set_opaque(fd, unpack->name, err);
		if (result < 0)
			return result;
	}
	return set_metadata(fd, entry, err);
}

static int put_symbolic_link(struct unpack *unpack,
	const struct tar_entry *entry, struct error *err)
{
	const struct timespec times[2] = { entry->mtime, entry->mtime };

	if (symlinkat(entry->link, unpack->parent_fd, unpack->name) < 0)
		return error_errno(err, "make the link");
	if (fchownat(unpack->parent_fd, unpack->name, entry->uid, entry->gid,
		    AT_SYMLINK_NOFOLLOW) < 0)
		return error_errno(err, "set its owner");
	if (utimensat(unpack->parent_fd, unpack->name, times,
		    AT_SYMLINK_NOFOLLOW) < 0)
		return error_errno(err, "set its time");
	return 0;
}

static int put_fifo(struct unpack *unpack, const struct tar_entry *entry,
	struct error *err)
{
	const struct timespec times[2] = { entry->mtime, entry->mtime };

	if (mknodat(unpack->parent_fd, unpack->name, S_IFIFO | 0600, 0) < 0)
		return error_errno(err, "make the FIFO");
	/* we made it, and nobody else writes here: it is not a link */
	if (fchownat(unpack->parent_fd, unpack->name, entry->uid, entry->gid,
		    AT_SYMLINK_NOFOLLOW) < 0)
		return error_errno(err, "set its owner");
	if (fchmodat(unpack->parent_fd, unpack->name, entry->mode, 0) < 0)
		return error_errno(err, "set its mode");
	if (utimensat(unpack->parent_fd, unpack->name, times,
		    AT_SYMLINK_NOFOLLOW) < 0)
		return error_errno(err, "set its time");
	return 0;
}

/* Opens the folder of a hard link's target; *name is the target's last part. */
static int open_target(struct unpack *unpack, char *target, const char **name,
	struct error *err)
{
	char *slash = strrchr(target, '/');
	int fd;

	*name = slash ? slash + 1 : target;
	if (slash)
		*slash = '\0';
	fd = path_open(unpack->root_fd, slash ? target : "", FOLDER_FLAGS);
	return fd < 0 ? open_error(fd, target, err) : fd;
}

/* The target must be in this layer, and neither folder nor whiteout. */
static int put_hard_link(struct unpack *unpack, const struct tar_entry *entry,
	struct error *err)
{
	char target[PATH_BYTES];
	const char *name;
	struct stat status;
	int result = path_clean(entry->link, target, err);

	if (result < 0)
		return error_prefix(err, "hard link to '%s'",
			path_show(entry->link).text);
	if (text_equal(target, unpack->path))
		return 0;

	auto_fd fd = open_target(unpack, target, &name, err);

	if (fd < 0)
		return error_prefix(err, "hard link");
	if (fstatat(fd, name, &status, AT_SYMLINK_NOFOLLOW) < 0)
		return error_errno(err, "hard link to '%s'",
			path_show(entry->link).text);
	if (S_ISDIR(status.st_mode) || is_whiteout(&status))
		return error_set(err, -EINVAL,
			"hard link to '%s', which is not a file",
			path_show(entry->link).text);
	result = remove_existing(unpack, false, err);
	if (result < 0)
		return result;
	if (linkat(fd, name, unpack->parent_fd, unpack->name, 0) < 0)
		return error_errno(err, "hard link to '%s'",
			path_show(entry->link).text);
	return 0;
}

/*
 * ".wh.name" hides what lower layers have of that name. What this layer has is
 * not hidden: a folder of it stays, cut off from those below.
 */
static int put_whiteout(struct unpack *unpack, struct error *err)
{
	struct stat status;

	unpack->name += strlen(WHITEOUT_PREFIX);
	if (*unpack->name == '\0' || text_equal(unpack->name, ".") ||
		text_equal(unpack->name, ".."))
		return error_set(err, -EINVAL, "it hides no name");
	if (fstatat(unpack->parent_fd, unpack->name, &status,
		    AT_SYMLINK_NOFOLLOW) == 0) {
		if (!S_ISDIR(status.st_mode))
			return 0;

		auto_fd fd = open_child(unpack->parent_fd, unpack->name);

		return fd < 0 ? open_error(fd, unpack->name, err)
			      : set_opaque(fd, unpack->name, err);
	}
	if (mknodat(unpack->parent_fd, unpack->name, S_IFCHR | 0000,
		    makedev(0, 0)) < 0)
		return error_errno(err, "make a whiteout");
	return 0;
}

static int put_root(struct unpack *unpack, const struct tar_entry *entry,
	struct error *err)
{
	int result;

	if (entry->type != TAR_FOLDER)
		return error_set(err, -EINVAL,
			"it would replace the root and is not a folder");
	result = leave_parent(unpack, err);
	return result < 0 ? result : set_metadata(unpack->root_fd, entry, err);
}

static int put_by_type(struct unpack *unpack, const struct tar_entry *entry,
	struct tar_reader *reader, struct error *err)
{
	int existing = EXISTING_NONE;

	/* a hard link looks at its target before it makes room */
	if (entry->type != TAR_HARD_LINK)
		existing =
			remove_existing(unpack, entry->type == TAR_FOLDER, err);
	if (existing < 0)
		return existing;
	switch (entry->type) {
	case TAR_FILE:
		return put_file(unpack, entry, reader, err);
	case TAR_HARD_LINK:
		return put_hard_link(unpack, entry, err);
	case TAR_SYMBOLIC_LINK:
		return put_symbolic_link(unpack, entry, err);
	case TAR_FOLDER:
		return put_folder(unpack, entry, (enum existing)existing, err);
	case TAR_FIFO:
		return put_fifo(unpack, entry, err);
	case TAR_CHAR_DEVICE:
	case TAR_BLOCK_DEVICE:
		return error_set(err, -EPERM,
			"it is a device, which images may not bring");
	}
	abort();
}

/* Whether a folder on the way has a name that is kept for whiteouts. */
static bool has_whiteout_parent(const char *path)
{
	const char *slash = strrchr(path, '/');
	const char *found = text_starts_with(path, WHITEOUT_PREFIX)
				    ? path
				    : strstr(path, "/" WHITEOUT_PREFIX);

	return found && slash && found < slash;
}

static int put_entry(struct unpack *unpack, const struct tar_entry *entry,
	struct tar_reader *reader, struct error *err)
{
	int result = path_clean(entry->path, unpack->path, err);

	if (result < 0)
		return result;
	if (unpack->path[0] == '\0')
		return put_root(unpack, entry, err);
	if (entry->type == TAR_CHAR_DEVICE || entry->type == TAR_BLOCK_DEVICE)
		return put_by_type(unpack, entry, reader, err);
	if (has_whiteout_parent(unpack->path))
		return error_set(err, -EINVAL,
			"it is below a name that is kept for whiteouts");
	result = enter_parent(unpack, entry->mtime, err);
	if (result < 0)
		return result;
	if (text_equal(unpack->name, OPAQUE_NAME))
		return set_opaque(unpack->parent_fd, unpack->parent, err);
	if (text_starts_with(unpack->name, META_PREFIX))
		return 0; /* notes of aufs to itself */
	if (text_starts_with(unpack->name, WHITEOUT_PREFIX))
		return put_whiteout(unpack, err);
	return put_by_type(unpack, entry, reader, err);
}

static int put_all(struct unpack *unpack, struct tar_reader *reader,
	struct error *err)
{
	const struct tar_entry *entry;
	long count = 0;
	int result;

	while ((result = tar_next(reader, &entry, err)) > 0) {
		if (++count > UNPACK_ENTRIES_MAX)
			return error_set(err, -E2BIG,
				"it has more than %d entries",
				UNPACK_ENTRIES_MAX);
		result = put_entry(unpack, entry, reader, err);
		if (result < 0)
			return error_prefix(err, "'%s'",
				path_show(entry->path).text);
	}
	return result;
}

int unpack_layer(int dir_fd, struct tar_reader *reader, struct error *err)
{
	struct unpack *unpack = calloc(1, sizeof(*unpack));
	int result = -ENOMEM;
	int left;

	if (!unpack)
		return error_set(err, result, "no memory to unpack");
	unpack->root_fd = dir_fd;
	unpack->parent_fd = -1;
	unpack->buffer = malloc(COPY_BYTES);
	if (unpack->buffer)
		result = put_all(unpack, reader, err);
	else
		(void)error_set(err, result, "no memory to unpack");
	left = leave_parent(unpack, result < 0 ? NULL : err);
	free(unpack->buffer);
	free(unpack);
	return result < 0 ? result : left;
}
