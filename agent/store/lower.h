/* SPDX-License-Identifier: MIT */
/*
 * lower - what the layers below a layer have
 *
 * A layer may put a file in a folder that it does not describe. overlayfs
 * takes a folder's owner, mode and time from the topmost layer that has it, so
 * unpacking must give such a folder those of the one below.
 */
#ifndef TARE_STORE_LOWER_H
#define TARE_STORE_LOWER_H

#include <stddef.h>
#include <sys/stat.h>

struct error;

struct lower {
	const int *fds; /* folders of the layers, the lowest first */
	size_t count;
};

/*
 * Finds the folder that can be seen at path ("" is the root) through the
 * layers, with their whiteouts and opaque folders. 1: out is filled; 0: there
 * is none; -errno.
 */
int lower_find(const struct lower *lower, const char *path, struct stat *out,
	struct error *err);

#endif
