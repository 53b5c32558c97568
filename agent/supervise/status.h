/* SPDX-License-Identifier: MIT */
/*
 * status - how the machine is, at one moment, for whoever shows it
 *
 * Plain data: the console, and later the API, turn it into text.
 */
#ifndef TARE_SUPERVISE_STATUS_H
#define TARE_SUPERVISE_STATUS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "config/config.h"
#include "supervise/health_state.h"
#include "supervise/state.h"

struct problems;

enum status_limit {
	STATUS_NOTES_MAX = 6,
};

struct status_workload {
	const char *name;
	enum state state;
	enum health_status health; /* HEALTH_NONE: nothing is checked */
	uint32_t restarts;
	uint64_t memory_bytes; /* 0 when it does not run */
	uint64_t age_ms;       /* in this state */
	uint64_t retry_in_ms;  /* STATE_BACKOFF */
	int percent;        /* STATE_PREPARING: unpacked; -1: not unpacking */
	int exit_code;      /* of the last run; -1: none */
	const char *reason; /* why it does not run or is not healthy, or "" */
};

struct status {
	const char *version;
	char machine[16]; /* "x86_64" */
	char hostname[65];
	uint64_t uptime_ms;
	char addresses[256]; /* "" while there is none */
	char config[400];    /* a sentence on the config that is in force */
	bool is_config_bad;
	const struct problems *problems;
	char data[96];                     /* "disk, 1.2 GiB free of 2.0 GiB" */
	char notes[STATUS_NOTES_MAX][200]; /* failed boot steps */
	size_t note_count;
	struct status_workload workloads[CONFIG_SERVICES_MAX];
	size_t workload_count;
};

#endif
