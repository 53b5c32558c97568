/* SPDX-License-Identifier: MIT */
/*
 * passed - what a caller hands to a new process, besides 0 to 2
 *
 * Descriptors: LISTEN_FDS of sd_listen_fds(3) and then --preserve-fds, from 3
 * on. And what it gets back: --pid-file.
 */
#ifndef TARE_OCI_PASSED_H
#define TARE_OCI_PASSED_H

#include <sys/types.h>

struct arena;
struct error;
struct oci_process;
struct options;

/*
 * Puts /dev/null where 0, 1 or 2 is closed. What we open would be there, and
 * then be the container's.
 */
int passed_fill_standard(struct error *err);

/* How many descriptors stay open, from 3 on. */
unsigned int passed_count(const struct options *options);

/* Warns of capabilities that have no bit here, and are left out. */
void passed_warn(const struct options *options,
	const struct oci_process *process);

/* Checks that they are open, and tells the process of LISTEN_FDS. */
int passed_add_environment(const struct options *options, struct arena *arena,
	struct oci_process *process, struct error *err);

/* Sets NAME=value in the environment, in the place of one that is there. */
int passed_set_variable(struct arena *arena, struct oci_process *process,
	const char *variable, struct error *err);

/* Writes --pid-file, if there is one. */
int passed_write_pid(const struct options *options, pid_t pid,
	struct error *err);

#endif
