/* SPDX-License-Identifier: MIT */
/*
 * step - carrying out a plan, in the process that becomes the container
 */
#ifndef TARE_RUN_STEP_H
#define TARE_RUN_STEP_H

#include "run/spec.h"

struct error;
struct plan;
struct sock_fprog;

/* What the new process has in hand; descriptors that are not there are -1. */
struct stage {
	const struct oci_spec *spec;

	/* made by its parent */
	const struct sock_fprog *filter; /* NULL: none */
	int mount_fds[SPEC_MOUNTS_MAX];  /* detached copies for bind mounts */
	int host_dev_fd;                 /* for STEP_HOST_NODES */
	int stdout_fd;
	int stderr_fd;
	int report_fd; /* a struct error whose code is 0: about to execute */

	/* made on the way, and gone with execve(2) or exit */
	int proc_fd;  /* the root of our own procfs */
	int dev_fd;   /* the root of our own /dev */
	int null_fd;  /* our own /dev/null, O_PATH */
	int empty_fd; /* the first mount that masks a folder */
};

/*
 * Carries out all steps. Does not return when it could execute the program;
 * else returns -errno, with what failed and why in err.
 */
int step_run_all(struct stage *stage, const struct plan *plan,
	struct error *err);

#endif
