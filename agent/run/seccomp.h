/* SPDX-License-Identifier: MIT */
/*
 * seccomp - the program that judges a container's system calls
 *
 * libseccomp compiles a profile to a binary tree, which takes it 2 ms for one
 * architecture and 10 ms for three. So programs are kept: in memory for the
 * agent, which starts many containers of few profiles, and in a folder for a
 * command that starts one. What is kept is found by the profile itself, byte
 * by byte, not by a digest of it.
 */
#ifndef TARE_RUN_SECCOMP_H
#define TARE_RUN_SECCOMP_H

#include <stdbool.h>

struct error;
struct oci_seccomp;
struct sock_fprog;

/*
 * Points *out to the program of a profile. cache_dir_fd, from
 * seccomp_cache_open, or -1, is where programs are kept for other processes.
 * *out belongs to this module and is valid until the next call.
 *
 * Names of system calls that libseccomp does not know are left out, as the
 * specification demands. A call of an architecture that the profile does not
 * name kills the process.
 */
int seccomp_program(const struct oci_seccomp *profile, int cache_dir_fd,
	const struct sock_fprog **out, struct error *err);

/*
 * Opens the folder dir_fd/name for programs, and makes it when it is not
 * there. One that others than we could write to is an error.
 */
int seccomp_cache_open(int dir_fd, const char *name, struct error *err);

/* Whether some call waits for a listener (SCMP_ACT_NOTIFY). */
bool seccomp_notifies(const struct oci_seccomp *profile);

#endif
