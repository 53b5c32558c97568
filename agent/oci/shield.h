/* SPDX-License-Identifier: MIT */
/*
 * shield - this program's file, out of a container's reach
 *
 * A container can make us execute "/proc/self/exe", or open /proc/PID/exe of a
 * process of ours that is on its way into it, and then write to the file
 * (CVE-2019-5736). So the program executes itself again from a read-only mount
 * that nobody else has, or from a sealed copy in memory where it may not mount.
 */
#ifndef TARE_OCI_SHIELD_H
#define TARE_OCI_SHIELD_H

struct error;

/*
 * Returns 0 in a process whose program cannot be written to, and does not
 * return in one where it could. To be called before anything else is done.
 */
int shield_raise(char **argv, struct error *err);

/*
 * The read-only mount that this process was executed from, or -1. Closing it
 * waits for the kernel, so it may be given to a container to take along.
 */
int shield_mount_fd(void);

#endif
