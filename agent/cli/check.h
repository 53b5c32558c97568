/* SPDX-License-Identifier: MIT */
/*
 * check - `tare check`: what is wrong with a compose file, on any machine
 */
#ifndef TARE_CLI_CHECK_H
#define TARE_CLI_CHECK_H

#include <stdbool.h>

/*
 * Reads the file, or that of a folder, as a machine would, prints every problem to standard output,
 * one a line (or one JSON object), and says how many. Returns the exit status:
 * 0 when it is good (warnings allowed), 1 when it is not or cannot be read.
 */
int check_file(const char *path, bool as_json);

#endif
