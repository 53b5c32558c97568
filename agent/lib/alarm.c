// SPDX-License-Identifier: MIT
/* alarm - any number of times to be told of, by one descriptor */
#include "lib/alarm.h"

#include <stddef.h>

static void arm(struct alarms *alarms)
{
	uint64_t now_ms = loop_now_ms();
	uint64_t due_ms;

	if (!alarms->first) {
		loop_disarm(&alarms->timer);
		return;
	}
	due_ms = alarms->first->due_ms;
	loop_arm(&alarms->timer, now_ms < due_ms ? due_ms - now_ms : 0);
}

static void on_timer(struct timer *timer)
{
	struct alarms *alarms = container_of(timer, struct alarms, timer);
	struct alarm *alarm = alarms->first;

	/* a timer may be early by what its clock is finer than ours */
	if (!alarm || alarm->due_ms > loop_now_ms()) {
		arm(alarms);
		return;
	}
	alarm_cancel(alarm);
	alarm->on_ring(alarm);
}

int alarms_open(struct alarms *alarms, struct loop *loop, struct error *err)
{
	alarms->first = NULL;
	return loop_add_timer(loop, &alarms->timer, on_timer, err);
}

void alarms_close(struct alarms *alarms, struct loop *loop)
{
	while (alarms->first) {
		struct alarm *alarm = alarms->first;

		alarms->first = alarm->next;
		alarm->is_set = false;
	}
	loop_remove(loop, &alarms->timer.watch);
}

void alarm_set(struct alarm *alarm, uint64_t delay_ms)
{
	struct alarms *alarms = alarm->alarms;
	struct alarm **at = &alarms->first;

	alarm_cancel(alarm);
	alarm->is_set = true;
	alarm->due_ms = loop_now_ms() + delay_ms;
	while (*at && (*at)->due_ms <= alarm->due_ms)
		at = &(*at)->next;
	alarm->next = *at;
	*at = alarm;
	if (alarms->first == alarm)
		arm(alarms);
}

void alarm_cancel(struct alarm *alarm)
{
	struct alarm **at = &alarm->alarms->first;

	if (!alarm->is_set)
		return;
	while (*at != alarm)
		at = &(*at)->next;
	*at = alarm->next;
	alarm->is_set = false;
	if (at == &alarm->alarms->first)
		arm(alarm->alarms);
}
