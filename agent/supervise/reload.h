/* SPDX-License-Identifier: MIT */
/*
 * reload - from one config to the next, by what has changed
 *
 *   the same          nothing happens to it
 *   other limits      its cgroup gets them, its process does not notice
 *   other networks    its links change, what is connected over others goes on
 *   another service   it is stopped and started anew
 *   new, or gone      it is started, or stopped and forgotten
 */
#ifndef TARE_SUPERVISE_RELOAD_H
#define TARE_SUPERVISE_RELOAD_H

#include <stdbool.h>

struct config;
struct supervisor;
struct workload;

/* Makes the roster want what the config says. */
void reload_apply(struct supervisor *supervisor, const struct config *config);

/*
 * Does what a workload's present service asks of the one that runs; to change
 * its links takes a while, so that is left for a turn.
 */
void reload_compare(struct workload *workload);

/*
 * Changes the links of one whose networks have changed. What fails is said, and
 * the workload is started anew, unless the kernel takes no rules: then it keeps
 * what it has until later. True: there may be more to do at once.
 */
bool reload_move_one(struct supervisor *supervisor);

#endif
