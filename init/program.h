/* SPDX-License-Identifier: MIT */
/* program - run another program to its end, or to the end of its time */
#ifndef INIT_PROGRAM_H
#define INIT_PROGRAM_H

/* Run argv[0] with its output added to the file at output. Returns the exit
 * status, or a negative errno: -ETIMEDOUT when it was ended after limit_s,
 * -EINTR when a signal ended it, or why it could not start (127 when its file
 * cannot be run). */
int program_run(const char *const argv[], int limit_s, const char *output);

#endif
