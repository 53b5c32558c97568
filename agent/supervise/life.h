/* SPDX-License-Identifier: MIT */
/*
 * life - a workload's process: started, kept for the next agent, taken over
 *
 * A container exists, and waits, until its entry is in the store (keep.h); only
 * then does it run. So no container ever runs that the next agent would not
 * know. The entry says RUNNING once the program was executed; what it says
 * after the end of the process is put there before anything is cleared away.
 */
#ifndef TARE_SUPERVISE_LIFE_H
#define TARE_SUPERVISE_LIFE_H

#include <stdint.h>

#include "supervise/keep.h"
#include "supervise/state.h"

struct error;
struct image;
struct workload;

/* Of all that takes a new container when it changes (digest.h, tether.h). */
uint64_t life_digest(const struct workload *workload);

/* Starts the container, with its log; on error nothing is left behind. */
int life_start(struct workload *workload, const struct image *image,
	struct error *err);

/*
 * Goes on with the process of an entry as if this agent had started it; takes
 * the descriptors over. The state is RUNNING then. What cannot be had of it,
 * as its log, is said, and it runs on without.
 */
void life_adopt(struct workload *workload, const struct keep_entry *entry,
	int fds[KEEP_FDS]);

/* Takes over what an entry without a process says of the past. */
void life_remember(struct workload *workload, const struct keep_entry *entry);

/* Keeps the workload as it is, or as it is about to be without its process. */
void life_keep(const struct workload *workload);
void life_keep_end(const struct workload *workload, enum state next);

/* Gives the running container the limits that its service has now. */
int life_resize(struct workload *workload, struct error *err);

/*
 * Puts the running container into the networks that its service has now, with
 * its files in /etc. -ESRCH: its process has ended; others as tether_settle.
 */
int life_settle(struct workload *workload, struct error *err);

/* What its files in /etc say of networks is as it is now; what fails is said. */
void life_renew_files(const struct workload *workload);

#endif
