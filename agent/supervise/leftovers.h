/* SPDX-License-Identifier: MIT */
/*
 * leftovers - cgroups of workloads that nobody has taken over
 *
 * Processes that a container left behind when it ended, and empty folders.
 */
#ifndef TARE_SUPERVISE_LEFTOVERS_H
#define TARE_SUPERVISE_LEFTOVERS_H

#include <stdbool.h>

struct error;

struct leftovers {
	/* whether something in this folder of a service is to stay */
	bool (*is_kept)(void *context, const char *group);
	/* called with each that has processes, before they are killed */
	void (*on_leftover)(void *context, const char *group);
	void *context;
};

/*
 * Kills every process below workloads_fd (cgroup.kill) in folders that are not
 * kept, waits until they are gone and removes the cgroups, also those that were
 * made inside. Waits at most 5 seconds for all of them together; -ETIMEDOUT
 * then.
 */
int leftovers_end(int workloads_fd, const struct leftovers *leftovers,
	struct error *err);

#endif
