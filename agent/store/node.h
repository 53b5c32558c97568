/* SPDX-License-Identifier: MIT */
/*
 * node - what files of a layer have in common: times and overlayfs's marks
 */
#ifndef TARE_STORE_NODE_H
#define TARE_STORE_NODE_H

#include <stdbool.h>
#include <time.h>

struct error;
struct stat;

/* Opens a folder below dir_fd without following a link (path_open). */
int node_open_folder(int dir_fd, const char *path);

/* The sentence for what node_open_folder returned; returns code. */
int node_open_error(int code, const char *path, struct error *err);

/* Sets the time of last change; that of last access is the same. */
int node_set_time(int fd, struct timespec mtime, const char *path,
	struct error *err);

/* A character device 0:0 hides what lower layers have of its name. */
bool node_is_whiteout(const struct stat *status);

/* An opaque folder hides what lower layers have in it. 1, 0 or -errno. */
int node_is_opaque(int fd, struct error *err);
int node_set_opaque(int fd, const char *path, struct error *err);

#endif
