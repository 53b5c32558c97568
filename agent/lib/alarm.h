/* SPDX-License-Identifier: MIT */
/*
 * alarm - any number of times to be told of, by one descriptor
 *
 * For what there may be a thousand of: to set an alarm is no system call unless
 * it is the soonest, and cannot fail. The list is in order, so it takes time
 * with the number of those that are set. Alarms of the same time go off in the
 * order in which they were set, one per turn of the loop: a handler may set,
 * cancel or free any of them, its own included.
 */
#ifndef TARE_LIB_ALARM_H
#define TARE_LIB_ALARM_H

#include <stdbool.h>
#include <stdint.h>

#include "lib/loop.h"

struct alarm;

struct alarms {
	struct timer timer;
	struct alarm *first; /* the soonest */
};

/* Embedded in its owner, zeroed but for these two. */
struct alarm {
	struct alarms *alarms;
	void (*on_ring)(struct alarm *alarm);

	bool is_set; /* this line and the next two are alarm.c's */
	uint64_t due_ms;
	struct alarm *next;
};

/* Prepares a list of none. 0 or -errno. */
int alarms_open(struct alarms *alarms, struct loop *loop, struct error *err);

/* None goes off any more; fine when timer.watch.fd is -1. */
void alarms_close(struct alarms *alarms, struct loop *loop);

/* Rings once after delay_ms of CLOCK_BOOTTIME (0: at once). Setting it again
 * replaces. */
void alarm_set(struct alarm *alarm, uint64_t delay_ms);

/* Fine when it is not set. */
void alarm_cancel(struct alarm *alarm);

#endif
