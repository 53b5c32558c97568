/* SPDX-License-Identifier: MIT */
/*
 * step - carrying out a plan: first its maker, then the new process
 */
#ifndef TARE_RUN_STEP_H
#define TARE_RUN_STEP_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

#include "run/terminal.h"

struct container;
struct container_request;
struct error;
struct oci_process;
struct oci_spec;
struct plan;
struct sock_fprog;

/*
 * What the maker has prepared, and what the new process, which gets a copy,
 * finds on its way. Descriptors that are not there are -1; those of the new
 * process go with execve(2) or exit.
 */
struct stage {
	const struct oci_spec *spec;
	const struct oci_process *process;
	const struct container_request *request;
	const struct container *container;

	const struct sock_fprog *filter; /* NULL: none */
	/*
	 * The container root as a mount, and one per mount of the spec: copies
	 * for bind mounts, and what plan_needs_maker. -1: whoever has no right
	 * to make copies leaves that to the process.
	 */
	int root_fd;
	int *mount_fds;
	int null_fd;           /* a mount of /dev/null, for masks */
	int host_dev_fd;       /* for STEP_HOST_NODES */
	int host_proc_fd;      /* for what is written to /proc, or -1 */
	int stdio_fds[3];      /* -1: what is there stays */
	bool may_leave_folder; /* nothing is relative to where it begins */
	int channel_fd;        /* to the maker, later to who starts it */
	uint64_t ignored;      /* signals that must not be, bit n - 1 for n */

	/* what hooks are told of a container being created, and of one that is */
	bool wants_state;
	const char *creating;
	const char *created;
	struct terminal terminal;

	int proc_fd;      /* the root of our own procfs */
	int dev_fd;       /* the container's /dev */
	int new_dev_fd;   /* what is mounted at /dev and nobody else has seen */
	int empty_fd;     /* a mount that masks folders */
	int null_copy_fd; /* of null_fd, for the next mask */
	bool has_announced; /* that the program is about to be executed */
	bool has_used_empty;
	bool has_used_null;
};

/* The steps before STEP_GO: 0 or -errno, with what failed and why in err. */
int step_run_maker(struct stage *stage, const struct plan *plan,
	struct error *err);

/*
 * Those after it. Does not return when it could execute the program; else
 * returns -errno as above.
 */
int step_run_process(struct stage *stage, const struct plan *plan,
	struct error *err);

#endif
