/* SPDX-License-Identifier: MIT */
/*
 * orphans - how processes ended whose agent was gone
 *
 * A workload that an earlier agent started is no child of this one: process 1
 * reaps it, and writes {int32 pid, int32 status} into a pipe (init/inherit.h).
 * A record is taken out only after it was told: an agent that dies in between
 * leaves it to the next one, which then may hear it twice.
 */
#ifndef TARE_SUPERVISE_ORPHANS_H
#define TARE_SUPERVISE_ORPHANS_H

#include <sys/types.h>

#include "lib/loop.h"

struct error;

struct orphans {
	struct loop *loop;
	struct watch watch; /* the pipe; fd -1: there is none */
	int copy[2];        /* a pipe of our own, to look without taking */
	/* a process was reaped; status as waitpid(2) has it */
	void (*on_orphan)(struct orphans *orphans, pid_t pid, int status);
};

#define ORPHANS_NONE ((struct orphans){ .watch.fd = -1, .copy = { -1, -1 } })

/*
 * Starts to follow, for an ORPHANS_NONE with on_orphan set. The descriptor
 * becomes its own; with -1 nobody tells.
 */
int orphans_open(struct orphans *orphans, struct loop *loop, int fd,
	struct error *err);

/* Tells what is there now. */
void orphans_read(struct orphans *orphans);

void orphans_close(struct orphans *orphans);

#endif
