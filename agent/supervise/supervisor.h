/* SPDX-License-Identifier: MIT */
/*
 * supervisor - makes the machine be what its config says, and keeps it so
 *
 * Joins config, store and run: loads the config, starts workloads after those
 * they depend on, one a turn of the loop, has chores done for them, and stops
 * everything in reverse order. One thread, one loop.
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
#include "supervise/generation.h"
#include "supervise/network.h"
#include "supervise/places.h"
#include "supervise/workload.h"

struct error;
struct status;
struct supervisor;

enum supervisor_limit {
	SUPERVISOR_STOP_MS = 10000, /* for all workloads together */
	SUPERVISOR_TICK_MS = 5000,  /* heartbeat */
	SUPERVISOR_CONFIG_BYTES = 4 << 20,
};

struct supervisor {
	const struct places_paths *paths;
	struct loop loop;
	struct store store;
	struct places places;
	struct workload_host host;
	struct arena arena; /* of the config */
	struct config config;
	struct problems problems;
	struct generation generation;
	struct workload workloads[CONFIG_SERVICES_MAX];
	size_t workload_count;
	struct chores chores;
	struct network network;
	struct watch signal_watch;
	struct timer tick;
	struct timer turn; /* something may be started or stopped */
	struct timer deadline;
	int init_fd; /* heartbeat to init, or -1 */
	bool is_stopping;
	bool is_ready; /* said once */
	/* something that the status shows has changed; may be NULL */
	void (*on_change)(struct supervisor *supervisor);
};

/*
 * Prepares a zeroed struct: opens the loop, the folders and the store, and
 * blocks SIGTERM and SIGINT, which the loop handles. paths must outlive it.
 * init_fd is where heartbeats go, or -1.
 */
int supervisor_open(struct supervisor *supervisor,
	const struct places_paths *paths, int init_fd, struct error *err);

/*
 * Loads the config, ends what an earlier agent left, starts the workloads and
 * runs until SIGTERM or SIGINT; all workloads have ended when it returns 0.
 * What is wrong with a config or a workload is said, and is not an error.
 */
int supervisor_run(struct supervisor *supervisor, struct error *err);

/*
 * Closes everything that supervisor_open opened, also after it failed. No
 * workload runs any more then.
 */
void supervisor_close(struct supervisor *supervisor);

/* Fills out with the state of this moment; pointers in it stay the
 * supervisor's. */
void supervisor_status(const struct supervisor *supervisor, struct status *out);

#endif
