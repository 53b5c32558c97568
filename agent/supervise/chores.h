/* SPDX-License-Identifier: MIT */
/*
 * chores - what must be done before a workload can start, one at a time
 *
 * An image is unpacked, a workload's folders are made: both take as long as
 * the disk, so a child does them (job.h). Workloads that wait are asked again
 * when a chore has ended, whoever it was for.
 */
#ifndef TARE_SUPERVISE_CHORES_H
#define TARE_SUPERVISE_CHORES_H

#include <stdbool.h>

#include "supervise/job.h"
#include "supervise/workload.h"

struct error;
struct image;
struct places;
struct store;

struct chores {
	struct job job;
	const struct store *store;
	const struct places *places;
	/* the one that runs */
	enum chore kind;
	const struct workload *owner;
	const struct image *image; /* only valid in the child */
};

/* Prepares for work; job.on_progress and job.on_end are the caller's to set. */
void chores_init(struct chores *chores, struct loop *loop,
	const struct store *store, const struct places *places);

/*
 * Starts the chore for that workload, or nothing when another one runs, whose
 * end then tells it to ask again. image is what its folders are for.
 */
int chores_want(struct chores *chores, const struct workload *workload,
	enum chore kind, const struct image *image, struct error *err);

/* Whether the chore that runs, or has just ended, is for that workload. */
bool chores_serve(const struct chores *chores, const struct workload *workload);

#endif
