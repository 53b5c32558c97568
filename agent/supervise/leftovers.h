/* SPDX-License-Identifier: MIT */
/*
 * leftovers - containers of an agent that is gone
 *
 * An agent that was killed leaves its containers running with nobody who
 * reads their output. The next one ends them before it starts its own.
 */
#ifndef TARE_SUPERVISE_LEFTOVERS_H
#define TARE_SUPERVISE_LEFTOVERS_H

struct error;

/* Called with the name of each service that had processes. */
typedef void leftover_fn(void *context, const char *service);

/*
 * Kills every process below workloads_fd (cgroup.kill), waits until they are
 * gone and removes the cgroups, also those that were made inside. Waits at most
 * 5 seconds for all of them together; -ETIMEDOUT then.
 */
int leftovers_end(int workloads_fd, leftover_fn *on_leftover, void *context,
	struct error *err);

#endif
