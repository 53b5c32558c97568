/* SPDX-License-Identifier: MIT */
/*
 * path - names out of archives: made safe to use, and safe to print
 */
#ifndef TARE_STORE_PATH_H
#define TARE_STORE_PATH_H

#include <stddef.h>
#include <sys/types.h>

struct error;

enum path_limit {
	PATH_BYTES = 4096,    /* of a whole path, with its terminator */
	PATH_PART_MAX = 255,  /* of one component */
	PATH_DEPTH_MAX = 256, /* components */
	PATH_SHOWN = 100,     /* bytes of a name in a message */
};

/*
 * Cleans a path of an archive: "./a//b/" becomes "a/b", "." and "/" become "".
 * -EINVAL for an absolute path and for any "..", -ENAMETOOLONG for one that is
 * too long or too deep; err says what is wrong without naming the path.
 */
int path_clean(const char *name, char out[PATH_BYTES], struct error *err);

/*
 * Opens path below dir_fd ("" is dir_fd itself) and fails rather than leave
 * it: no "..", no link (-ELOOP), no other mount (-EXDEV). openat2(2). Returns
 * a descriptor or -errno.
 */
int path_open(int dir_fd, const char *path, int flags);

/*
 * As path_open, but links are followed as if dir_fd were the root.
 */
int path_open_in_root(int dir_fd, const char *path, int flags);

/* A copy of name for messages: cut, and without control characters. */
struct path_text {
	char text[PATH_SHOWN + 4];
};
struct path_text path_show(const char *name);

#endif
