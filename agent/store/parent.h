/* SPDX-License-Identifier: MIT */
/*
 * parent - the folder of a layer that entries are put into
 *
 * It stays open from one entry to the next, as the next one is mostly in the
 * same. Making something in a folder changes its time; so the time is noted
 * when a folder is entered and put back when it is left. Folders on the way
 * that are missing are made, as those in the layers below are.
 */
#ifndef TARE_STORE_PARENT_H
#define TARE_STORE_PARENT_H

#include <time.h>

#include "store/path.h"

struct error;
struct lower;

struct parent {
	int root_fd;               /* the layer's folder, of the caller */
	const struct lower *lower; /* the layers below, of the caller */
	int fd;                    /* -1: none is entered */
	struct timespec mtime;     /* to be put back */
	char path[PATH_BYTES];     /* "" is the root */
};

/* Makes the root of the layer like the one below, and enters nothing. */
int parent_init(struct parent *parent, int root_fd, const struct lower *lower,
	struct error *err);

/*
 * Enters the folder of the entry at path, which is clean; mtime is for new
 * folders that no layer below has. *name is set to the last part of path.
 * -ELOOP and -ENOTDIR: a link or something else is in the way.
 */
int parent_enter(struct parent *parent, const char *path, struct timespec mtime,
	const char **name, struct error *err);

/* Leaves the folder; fine when none is entered. */
int parent_leave(struct parent *parent, struct error *err);

#endif
