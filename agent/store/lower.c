// SPDX-License-Identifier: MIT
/* lower - what the layers below a layer have */
#include "store/lower.h"

#include <errno.h>
#include <stdbool.h>
#include <string.h>

#include "lib/error.h"
#include "lib/fd.h"
#include "store/node.h"
#include "store/path.h"

enum sight {
	SIGHT_FOUND,
	SIGHT_THROUGH, /* the layer says nothing of it */
	SIGHT_HIDDEN,  /* the layer hides what is below */
};

/* Opens the first part of *path, goes on to the next. -errno as
 * node_open_folder. */
static int open_part(int fd, const char **path)
{
	char part[PATH_PART_MAX + 1];
	size_t length = strcspn(*path, "/");

	memcpy(part, *path, length);
	part[length] = '\0';
	*path += length + ((*path)[length] == '/');
	return node_open_folder(fd, part);
}

/* Returns an enum sight or -errno. */
static int look_in(int layer_fd, const char *path, struct stat *out,
	struct error *err)
{
	auto_fd fd = node_open_folder(layer_fd, "");
	bool hides = false;

	if (fd < 0)
		return error_set(err, fd, "open a lower layer: %s",
			strerror(-fd));
	while (*path) {
		int child = open_part(fd, &path);
		int opaque;

		/* a whiteout, a file or a link is in the way */
		if (child == -ENOTDIR || child == -ELOOP)
			return SIGHT_HIDDEN;
		if (child == -ENOENT)
			return hides ? SIGHT_HIDDEN : SIGHT_THROUGH;
		if (child < 0)
			return error_set(err, child,
				"open a folder of a lower layer: %s",
				strerror(-child));
		fd_close(&fd);
		fd = child;
		opaque = node_is_opaque(fd, err);
		if (opaque < 0)
			return opaque;
		hides = hides || opaque;
	}
	if (fstat(fd, out) < 0)
		return error_errno(err, "look at a folder of a lower layer");
	return SIGHT_FOUND;
}

int lower_find(const struct lower *lower, const char *path, struct stat *out,
	struct error *err)
{
	for (size_t i = lower->count; i-- > 0;) {
		int sight = look_in(lower->fds[i], path, out, err);

		if (sight < 0)
			return sight;
		if (sight != SIGHT_THROUGH)
			return sight == SIGHT_FOUND;
	}
	return 0;
}
