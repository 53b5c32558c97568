/* SPDX-License-Identifier: MIT */
/*
 * images - are the images of a config in the archives beside it?
 *
 * They may be on the data partition as well, which a laptop does not see: one
 * that is not there is a warning, and only where a folder images/ is.
 */
#ifndef TARE_CLI_IMAGES_H
#define TARE_CLI_IMAGES_H

struct config;
struct problems;

/*
 * Adds a warning for each image that no archive in folder_fd/images has, with
 * the names that are there, and for archives that cannot be read. They are read
 * by a process that has given up its rights, as the agent does it; `file` is
 * the config's name in messages.
 */
void images_check(int folder_fd, const char *file, const struct config *config,
	struct problems *problems);

#endif
