// SPDX-License-Identifier: MIT
/* unpack - makes the folder of a layer from its tar archive */
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
#include "store/node.h"
#include "store/parent.h"
#include "store/path.h"
#include "store/tar.h"

#define COPY_BYTES      (256 * 1024)
#define WHITEOUT_PREFIX ".wh."
#define META_PREFIX     ".wh..wh."
#define OPAQUE_NAME     ".wh..wh..opq"

struct unpack {
	struct parent parent;  /* the folder of the entry */
	char path[PATH_BYTES]; /* of the entry */
	const char *name;      /* its last part, in path */
	char *buffer;
};

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

	if (fstatat(unpack->parent.fd, unpack->name, &status,
		    AT_SYMLINK_NOFOLLOW) < 0) {
		if (errno == ENOENT)
			return EXISTING_NONE;
		return error_errno(err, "look at it");
	}
	if (S_ISDIR(status.st_mode)) {
		int result;

		if (keep_folder)
			return EXISTING_FOLDER;
		result = fd_remove_tree(unpack->parent.fd, unpack->name, err);
		return result < 0 ? result : EXISTING_NONE;
	}
	if (unlinkat(unpack->parent.fd, unpack->name, 0) < 0)
		return error_errno(err, "replace it");
	return node_is_whiteout(&status) ? EXISTING_WHITEOUT : EXISTING_NONE;
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
	return node_set_time(fd, entry->mtime, entry->path, err);
}

static int put_file(struct unpack *unpack, const struct tar_entry *entry,
	struct tar_reader *reader, struct error *err)
{
	auto_fd fd = openat(unpack->parent.fd, unpack->name,
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
		mkdirat(unpack->parent.fd, unpack->name, 0700) < 0)
		return error_errno(err, "make the folder");
	fd = node_open_folder(unpack->parent.fd, unpack->name);
	if (fd < 0)
		return node_open_error(fd, unpack->name, err);
	if (existing == EXISTING_WHITEOUT) {
		result = node_set_opaque(fd, unpack->name, err);
		if (result < 0)
			return result;
	}
	return set_metadata(fd, entry, err);
}

static int put_symbolic_link(struct unpack *unpack,
	const struct tar_entry *entry, struct error *err)
{
	const struct timespec times[2] = { entry->mtime, entry->mtime };

	if (symlinkat(entry->link, unpack->parent.fd, unpack->name) < 0)
		return error_errno(err, "make the link");
	if (fchownat(unpack->parent.fd, unpack->name, entry->uid, entry->gid,
		    AT_SYMLINK_NOFOLLOW) < 0)
		return error_errno(err, "set its owner");
	if (utimensat(unpack->parent.fd, unpack->name, times,
		    AT_SYMLINK_NOFOLLOW) < 0)
		return error_errno(err, "set its time");
	return 0;
}

static int put_fifo(struct unpack *unpack, const struct tar_entry *entry,
	struct error *err)
{
	const struct timespec times[2] = { entry->mtime, entry->mtime };

	if (mknodat(unpack->parent.fd, unpack->name, S_IFIFO | 0600, 0) < 0)
		return error_errno(err, "make the FIFO");
	/* we made it, and nobody else writes here: it is not a link */
	if (fchownat(unpack->parent.fd, unpack->name, entry->uid, entry->gid,
		    AT_SYMLINK_NOFOLLOW) < 0)
		return error_errno(err, "set its owner");
	if (fchmodat(unpack->parent.fd, unpack->name, entry->mode, 0) < 0)
		return error_errno(err, "set its mode");
	if (utimensat(unpack->parent.fd, unpack->name, times,
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
	fd = node_open_folder(unpack->parent.root_fd, slash ? target : "");
	return fd < 0 ? node_open_error(fd, target, err) : fd;
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
	if (S_ISDIR(status.st_mode) || node_is_whiteout(&status))
		return error_set(err, -EINVAL,
			"hard link to '%s', which is not a file",
			path_show(entry->link).text);
	result = remove_existing(unpack, false, err);
	if (result < 0)
		return result;
	if (linkat(fd, name, unpack->parent.fd, unpack->name, 0) < 0)
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
	if (fstatat(unpack->parent.fd, unpack->name, &status,
		    AT_SYMLINK_NOFOLLOW) == 0) {
		if (!S_ISDIR(status.st_mode))
			return 0;

		auto_fd fd = node_open_folder(unpack->parent.fd, unpack->name);

		return fd < 0 ? node_open_error(fd, unpack->name, err)
			      : node_set_opaque(fd, unpack->name, err);
	}
	if (mknodat(unpack->parent.fd, unpack->name, S_IFCHR | 0000,
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
	result = parent_leave(&unpack->parent, err);
	return result < 0 ? result
			  : set_metadata(unpack->parent.root_fd, entry, err);
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
		break; /* put_entry has refused them */
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

/*
 * Tools that compare folders say of a folder that became a link both that, and
 * that each of its files is gone. The second follows from the first.
 */
static bool is_moot(const struct unpack *unpack, int result)
{
	return (result == -ELOOP || result == -ENOTDIR) &&
	       text_starts_with(unpack->name, WHITEOUT_PREFIX);
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
		return error_set(err, -EPERM,
			"it is a device, which images may not bring");
	if (has_whiteout_parent(unpack->path))
		return error_set(err, -EINVAL,
			"it is below a name that is kept for whiteouts");
	result = parent_enter(&unpack->parent, unpack->path, entry->mtime,
		&unpack->name, err);
	if (is_moot(unpack, result)) {
		*err = (struct error){ .code = 0 };
		return 0;
	}
	if (result < 0)
		return result;
	if (text_equal(unpack->name, OPAQUE_NAME))
		return node_set_opaque(unpack->parent.fd, unpack->parent.path,
			err);
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

int unpack_layer(int dir_fd, struct tar_reader *reader,
	const struct lower *lower, struct error *err)
{
	struct unpack *unpack = calloc(1, sizeof(*unpack));
	int result = -ENOMEM;
	int left;

	if (!unpack)
		return error_set(err, result, "no memory to unpack");
	unpack->buffer = malloc(COPY_BYTES);
	if (unpack->buffer)
		result = parent_init(&unpack->parent, dir_fd, lower, err);
	else
		(void)error_set(err, result, "no memory to unpack");
	if (result == 0) {
		result = put_all(unpack, reader, err);
		left = parent_leave(&unpack->parent, result < 0 ? NULL : err);
		result = result < 0 ? result : left;
	}
	free(unpack->buffer);
	free(unpack);
	return result;
}
