/* SPDX-License-Identifier: MIT */
/*
 * trial - a new config of the network is tried; one that loses it is undone.
 *
 *            changed, dark: use
 *              +------+
 *              v      |   changed: try              lost: restore
 *             IDLE ---+-----------------> RUNNING ----------------> REFUSED
 *              ^                           |  ^ |                     |
 *              +---------------------------+  +-+ changed: try        |
 *                     works: keep              ^---------------------+
 *                                                changed: try
 *
 * "Dark" is a network that did not work before: nothing can be lost by a new
 * config. A config that was refused is not tried again until it changes. Pure.
 */
#ifndef INIT_TRIAL_H
#define INIT_TRIAL_H

#include <stdbool.h>
#include <stdint.h>

#define TRIAL_MS 30000

enum trial_state {
	TRIAL_IDLE,
	TRIAL_RUNNING,
	TRIAL_REFUSED,
	TRIAL_STATES,
};

enum trial_event {
	TRIAL_CHANGED,
	TRIAL_CHANGED_DARK,
	TRIAL_WORKS, /* the time is up, and all is there */
	TRIAL_LOST,  /* the time is up, and something is not */
	TRIAL_EVENTS,
};

enum trial_action {
	TRIAL_NOTHING,
	TRIAL_USE,     /* use the new config, which is the good one now */
	TRIAL_TRY,     /* use it, keep the good one, begin the time */
	TRIAL_KEEP,    /* the one in use is the good one now */
	TRIAL_RESTORE, /* use the good one */
};

struct trial_step {
	enum trial_action action;
	enum trial_state state;
};

/* what works of the machine's network */
struct trial_health {
	bool has_carrier, has_address, has_gateway; /* one that answers */
};

struct trial_step trial_next(enum trial_state state, enum trial_event event);

/* When a trial that began at began_ms, of length_ms, is judged. A switch that
 * looks for loops passes nothing for 30 s after a carrier came up (IEEE 802.1D),
 * so one of the trial's own, at carrier_ms, gives it half as long again from
 * then on; but no trial is longer than three times its length. */
int64_t trial_deadline(int64_t began_ms, int64_t length_ms, int64_t carrier_ms);

/* is there nothing that could be lost? */
bool trial_is_dark(const struct trial_health *health);

/* the name of what was there before and is not now, or NULL */
const char *trial_loss(const struct trial_health *before,
	const struct trial_health *now);

#endif
