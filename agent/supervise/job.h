/* SPDX-License-Identifier: MIT */
/*
 * job - importing an OCI image, in a child of its own
 *
 * Whatever parses bytes from outside does so in a short-lived child that has
 * given up what it does not need (store/sandbox.h). It reports progress and
 * its end over a pipe; the loop never waits for it.
 */
#ifndef TARE_SUPERVISE_JOB_H
#define TARE_SUPERVISE_JOB_H

#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

#include "lib/error.h"
#include "lib/loop.h"

struct store;

struct job {
	struct watch watch; /* the pipe; fd -1: no job is running */
	struct loop *loop;
	pid_t pid;
	char reference[256];
	uint64_t done_bytes;
	uint64_t total_bytes;
	struct error result; /* code 0: the image is in the store now */
	void (*on_progress)(struct job *job);
	void (*on_end)(struct job *job);
};

/* Prepares a struct job that runs nothing. */
void job_init(struct job *job, struct loop *loop);

bool job_is_running(const struct job *job);

/* Starts the import of reference. on_end is called once when it has ended. */
int job_start(struct job *job, const struct store *store, const char *reference,
	struct error *err);

/* Kills and reaps a running job, without on_end. */
void job_cancel(struct job *job);

#endif
