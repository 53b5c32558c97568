/* SPDX-License-Identifier: MIT */
/*
 * paths - files of the config folder, and places in a container
 */
#ifndef TARE_CONFIG_PATHS_H
#define TARE_CONFIG_PATHS_H

#include <stdbool.h>

struct reader;

/* Is it a path ("./x", "/x", "~/x"), not the name of a volume? */
bool path_is_one(const char *text);

/*
 * The path below the config folder that text means: "./a", "a" and "/config/a"
 * are "a", "." is the folder itself. NULL: it is none, *wrong says why, for a
 * message; or memory ran out.
 */
const char *path_in_folder(struct reader *reader, const char *text,
	const char **wrong);

/* As above for an absolute path in a container: "/a//b/" is "/a/b". */
const char *path_in_container(struct reader *reader, const char *text,
	const char **wrong);

#endif
