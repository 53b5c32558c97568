/* SPDX-License-Identifier: MIT */
/*
 * supervisor - makes the machine be what its config says, and keeps it so
 *
 * Joins config, store and run: loads the config, starts workloads after those
 * they depend on, one a turn of the loop, has chores done for them, and stops
 * everything in reverse order. One thread, one loop. It may die at any moment
 * and be started anew: what runs, runs on (keep.h, adopt.h, logs.h).
 */
#ifndef TARE_SUPERVISE_SUPERVISOR_H
#define TARE_SUPERVISE_SUPERVISOR_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "config/config.h"
#include "config/problem.h"
#include "lib/arena.h"
#include "lib/loop.h"
#include "store/store.h"
#include "supervise/chores.h"
#include "supervise/fabric.h"
#include "supervise/generation.h"
#include "supervise/keep.h"
#include "supervise/network.h"
#include "supervise/orphans.h"
#include "supervise/places.h"
#include "supervise/roster.h"

struct error;
struct status;
struct supervisor;

enum supervisor_limit {
	SUPERVISOR_STOP_MS = 10000, /* for all workloads together */
	SUPERVISOR_TICK_MS = 5000,  /* heartbeat */
	SUPERVISOR_CONFIG_BYTES = 4 << 20,
};

/* What process 1 gives the agent (init.8); -1: it has none. */
struct inheritance {
	int beat_fd;  /* heartbeats go there */
	int store_fd; /* keep.h */
	int queue_fd;
	int ended_fd; /* orphans.h */
};

#define INHERITANCE_NONE ((struct inheritance){ -1, -1, -1, -1 })

struct supervisor {
	const struct places_paths *paths;
	struct loop loop;
	struct store store;
	struct places places;
	struct workload_host host;
	struct arena arenas[2]; /* of the config, and of the next or the last */
	size_t arena;           /* which is the config's */
	struct config config;
	struct config last; /* the one before: what still stops is of it */
	struct problems problems;
	struct generation generation;
	struct roster roster;
	struct keep keep;
	struct orphans orphans;
	struct chores chores;
	struct network_watch network;
	struct fabric fabric;
	bool has_leaving; /* the fabric knows services of the config before */
	struct watch signal_watch;
	struct alarms alarms; /* of the workloads */
	struct timer tick;
	struct timer turn; /* something may be started or stopped */
	struct timer deadline;
	uint64_t opened_ms; /* when supervisor_open was called */
	int beat_fd;        /* heartbeat to init, or -1 */
	bool is_stopping;
	bool wants_reload; /* as soon as the last config's are gone */
	bool is_ready;     /* said once */
	/* something that the status shows has changed; may be NULL */
	void (*on_change)(struct supervisor *supervisor);
};

/*
 * Prepares a zeroed struct: opens the loop, the folders and the store, and
 * blocks SIGTERM, SIGINT and SIGHUP, which the loop handles. paths must outlive
 * it; what process 1 gave becomes its own.
 */
int supervisor_open(struct supervisor *supervisor,
	const struct places_paths *paths, const struct inheritance *inheritance,
	struct error *err);

/*
 * Loads the config, takes over what an earlier agent left, starts the workloads
 * and runs until SIGTERM or SIGINT; all workloads have ended when it returns 0.
 * SIGHUP loads the config again (reload.h). What is wrong with a config or a
 * workload is said, and is not an error.
 */
int supervisor_run(struct supervisor *supervisor, struct error *err);

/*
 * Closes everything that supervisor_open opened, also after it failed. No
 * workload runs any more then.
 */
void supervisor_close(struct supervisor *supervisor);

/* Where what is said of the present config lives. */
struct arena *supervisor_arena(struct supervisor *supervisor);

/* Fills out with the state of this moment; pointers in it stay the
 * supervisor's. */
void supervisor_status(const struct supervisor *supervisor, struct status *out);

#endif
