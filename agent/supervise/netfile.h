/* SPDX-License-Identifier: MIT */
/*
 * netfile - files in the folder "net" of /data and of /run/tare
 */
#ifndef TARE_SUPERVISE_NETFILE_H
#define TARE_SUPERVISE_NETFILE_H

#include <stdbool.h>
#include <stddef.h>
#include <sys/types.h>

struct error;

struct netfile {
	int dir_fd; /* that "net" is in */
	const char *name;
	mode_t mode;
};

/*
 * Replaces the file by these bytes, unless they are what it has; a power cut
 * leaves the old or the new. The folder is made when it is not there.
 */
int netfile_write(const struct netfile *file, const char *text, size_t size,
	struct error *err);

/* As fd_read_file. */
int netfile_read(const struct netfile *file, size_t limit, char **out,
	size_t *size, struct error *err);

#endif
