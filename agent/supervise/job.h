/* SPDX-License-Identifier: MIT */
/*
 * job - something that takes long, in a child of its own
 *
 * The child reports progress and its end over a pipe; the loop never waits for
 * it. What parses bytes from outside gives up what it does not need there
 * (store/sandbox.h), so what the child says is not trusted either.
 */
#ifndef TARE_SUPERVISE_JOB_H
#define TARE_SUPERVISE_JOB_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

#include "lib/error.h"
#include "lib/loop.h"

/* To be called now and then with what is done and what there is in all. */
typedef void job_progress_fn(void *context, uint64_t done, uint64_t total);

/* The work, done in the child. 0, or negative errno with *err. */
typedef int job_fn(const void *work, job_progress_fn *progress, void *context,
	struct error *err);

enum job_limit {
	JOB_FDS_MAX = 16,
};

struct job {
	struct watch watch; /* the pipe; fd -1: no job is running */
	struct loop *loop;
	pid_t pid;
	char what[128];
	uint64_t done;
	uint64_t total;
	struct error result; /* code 0: done */
	/*
	 * In the child: which descriptors besides 0 to 2 the work needs, at most
	 * JOB_FDS_MAX (-1: none). All others are closed. May be NULL: none is.
	 */
	size_t (*list_fds)(const void *work, int *out);
	void (*on_progress)(struct job *job);
	void (*on_end)(struct job *job);
};

/* Prepares a struct job that runs nothing. */
void job_init(struct job *job, struct loop *loop);

bool job_is_running(const struct job *job);

/*
 * Starts run(work) in a child. on_end is called once when it has ended. what
 * says what it does, for an error: "unpack 'nginx'".
 */
int job_start(struct job *job, const char *what, job_fn *run, const void *work,
	struct error *err);

/*
 * Kills a running job and does not wait: on_end follows as soon as the kernel
 * lets go of it, which takes as long as the disk when it is writing there.
 */
void job_kill(const struct job *job);

/* Kills and reaps a running job, without on_end. */
void job_cancel(struct job *job);

#endif
