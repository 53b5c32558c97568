/* SPDX-License-Identifier: MIT */
/*
 * reload - from one config to the next, by what has changed
 *
 *   the same          nothing happens to it
 *   other limits      its cgroup gets them, its process does not notice
 *   another service   it is stopped and started anew
 *   new, or gone      it is started, or stopped and forgotten
 */
#ifndef TARE_SUPERVISE_RELOAD_H
#define TARE_SUPERVISE_RELOAD_H

struct config;
struct supervisor;
struct workload;

/* Makes the roster want what the config says. */
void reload_apply(struct supervisor *supervisor, const struct config *config);

/* Does what a workload's present service asks of the one that runs. */
void reload_compare(struct workload *workload);

#endif
