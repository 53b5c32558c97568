/* SPDX-License-Identifier: MIT */
/*
 * timekeeper - busybox ntpd, which sets the clock by servers on the network.
 *
 * It runs while there are servers, as a user of its own with CAP_SYS_TIME and
 * nothing else. Nobody waits for it.
 */
#ifndef INIT_TIMEKEEPER_H
#define INIT_TIMEKEEPER_H

#include <stdint.h>

#include "child.h"

#define TIMEKEEPER_MAX   512
#define TIMEKEEPER_COUNT 8 /* servers that are asked */

struct timekeeper {
	struct child child;
	char servers[TIMEKEEPER_MAX]; /* that it asks */
};

/* Run it with these servers, names or addresses divided by single spaces, ""
 * for none; with others than before it is started anew. *next_ms is lowered to
 * when this is to be called again. */
void timekeeper_run(struct timekeeper *keeper, const char *servers,
	int64_t now_ms, int64_t *next_ms);

#endif
