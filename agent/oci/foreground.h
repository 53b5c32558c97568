/* SPDX-License-Identifier: MIT */
/*
 * foreground - waits for a process on behalf of who called us
 *
 * Signals that we get go to the process, its exit code is ours, and its
 * terminal is shown on the caller's.
 */
#ifndef TARE_OCI_FOREGROUND_H
#define TARE_OCI_FOREGROUND_H

struct container;
struct error;
struct options;

/* Before the process is made: from now on no signal is lost. */
void foreground_begin(void);

/*
 * Waits for the end of the container's process, which is a child of ours.
 * Returns its exit code as a shell counts it (128 + n for signal n).
 */
int foreground_wait(struct container *container, struct error *err);

/*
 * For an error of a start: says it and returns the exit status 127 when there
 * is no such program, 126 when it cannot be executed; else the error itself.
 */
int foreground_report(const struct options *options, int result,
	const struct error *err);

#endif
