/* SPDX-License-Identifier: MIT */
/*
 * inside - paths inside a container root, which nobody may trust
 *
 * Every lookup is openat2(2) with RESOLVE_IN_ROOT: a link, absolute or with
 * "..", never leads out, and links of procfs are not followed at all. What
 * comes back is a descriptor, so that nothing is looked up twice.
 */
#ifndef TARE_RUN_INSIDE_H
#define TARE_RUN_INSIDE_H

#include <stdbool.h>
#include <stddef.h>
#include <sys/types.h>

enum inside_kind {
	INSIDE_FOLDER,
	INSIDE_FILE,
};

/*
 * Opens path (absolute, as the container sees it) with flags of open(2).
 * Returns a descriptor or -errno.
 */
int inside_open(int root_fd, const char *path, int flags);

/* As inside_open, but a link anywhere in the path is -ELOOP. */
int inside_open_no_links(int root_fd, const char *path, int flags);

/*
 * Returns an O_PATH descriptor of path, made with its parents when it is not
 * there: folders get mode 0755, a file 0644. A link to something that is not
 * there is followed and its target is made. -EROFS, -ENOTDIR, -EISDIR as the
 * kernel says; -ELOOP after 40 links, or at the first one when links are not
 * allowed.
 */
int inside_make(int root_fd, const char *path, enum inside_kind kind,
	bool allow_links);

/*
 * Reads the regular file at path whole into a new, terminated buffer that the
 * caller frees. -EINVAL: it is not a regular file; -EFBIG: over limit bytes.
 */
int inside_read(int root_fd, const char *path, size_t limit, char **out);

#endif
