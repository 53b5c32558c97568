/* SPDX-License-Identifier: MIT */
/*
 * probe - one look at whether a workload is healthy, by a program in it
 *
 * Whatever a container does to the program that is to judge it - frozen, out of
 * memory, a file system that never answers - is done to a child of the agent's
 * (job.h), which waits for it. The program and all it starts are in a cgroup
 * below the container's, by which they are ended: at once when probe_kill says
 * so, and what it leaves running when it has ended.
 *
 * An agent that dies takes that child along, and leaves the program, if it is
 * executed already, to end by itself or by the next agent's probe_kill; one
 * that is not yet executed ends, as nobody lets it go.
 */
#ifndef TARE_SUPERVISE_PROBE_H
#define TARE_SUPERVISE_PROBE_H

#include <stddef.h>
#include <stdint.h>

#include "supervise/job.h"

struct container;
struct error;
struct places;
struct service;
struct store;

#define PROBE_CGROUP "tare-health" /* below the container's */

enum probe_limit {
	PROBE_OUTPUT_BYTES = 4096, /* the end of it; the rest is dropped */
	PROBE_CLEAR_MS = 2000,     /* for what was killed to be gone */
};

struct probe {
	const struct store *store;
	const struct places *places;
	const struct service *service;
	const struct container *container;
	uint32_t first_id; /* of its users (launch.h) */
};

/*
 * A job_fn; work is a struct probe. Runs the test of the service, else of its
 * image, as the container's process is run, and waits for its end. 0: healthy;
 * else err is why not: "exit status 1: the last line that it printed".
 */
int probe_perform(const void *work, job_progress_fn *progress, void *context,
	struct error *err);

/* The descriptors that it needs: list_fds of struct job. */
size_t probe_list_fds(const void *work, int *out);

/* Kills what a probe runs in the container; fine when there is nothing. */
int probe_kill(const struct container *container, struct error *err);

#endif
