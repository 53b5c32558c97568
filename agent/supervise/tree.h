/* SPDX-License-Identifier: MIT */
/*
 * tree - folders compared and copied, files and folders only
 *
 * For the config partition: small, FAT, without links. Entries of another kind
 * are passed over. Depth is limited to TREE_DEPTH_MAX.
 */
#ifndef TARE_SUPERVISE_TREE_H
#define TARE_SUPERVISE_TREE_H

#include <stdbool.h>

struct error;

enum tree_limit {
	TREE_DEPTH_MAX = 8
};

/*
 * Copies what from_fd has into the empty folder to_fd. Names in left_out
 * (NULL-terminated) are left out at the top. 0 or negative errno.
 */
int tree_copy(int from_fd, int to_fd, const char *const *left_out,
	struct error *err);

/* Whether a copy of from_fd would be what to_fd has, byte by byte. */
bool tree_is_same(int from_fd, int to_fd, const char *const *left_out);

#endif
