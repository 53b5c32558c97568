/* SPDX-License-Identifier: MIT */
/*
 * roster - all workloads, by name, and which of them may start or stop next
 *
 * A workload keeps its place from the day its service is in the config until
 * it is stopped after it is not: what watches it points there. A place whose
 * service is NULL is free.
 */
#ifndef TARE_SUPERVISE_ROSTER_H
#define TARE_SUPERVISE_ROSTER_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "config/config.h"
#include "lib/hash_index.h"
#include "run/range.h"
#include "supervise/workload.h"

struct error;

enum roster_limit {
	/* all may be new while all the old ones still stop */
	ROSTER_MAX = 2 * CONFIG_SERVICES_MAX,
	ROSTER_SLOTS = 4 * ROSTER_MAX,
};

struct roster {
	struct workload workloads[ROSTER_MAX];
	size_t count;            /* places that were ever taken */
	struct hash_index names; /* of the places */
	uint32_t slots[ROSTER_SLOTS];
	struct range_set ranges; /* of ids */
};

/* The workload of that service, or NULL. */
struct workload *roster_find(struct roster *roster, const char *service);

/* A new one, wanted; -ENOSPC when there is no place. */
int roster_add(struct roster *roster, const struct workload_host *host,
	const struct service *service, struct workload **out,
	struct error *err);

/* The next one after `last`, or after none; NULL at the end. */
struct workload *roster_next(struct roster *roster,
	const struct workload *last);

/* Whether it has anything that must be stopped. */
bool roster_is_active(const struct workload *workload);

/* Starts the first that may; false when there is none. */
bool roster_start_one(struct roster *roster);

/*
 * Stops what is not wanted and nothing active depends on, and forgets what has
 * stopped; is_busy says of one that it must stay. True while some are left.
 */
bool roster_stop_unwanted(struct roster *roster,
	bool (*is_busy)(const struct workload *workload));

/* Stops all in that order; true while something is active. */
bool roster_stop_all(struct roster *roster);

#endif
