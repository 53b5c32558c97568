// SPDX-License-Identifier: MIT
#include "lib/alarm.h"

#include <stdlib.h>
#include <string.h>

#include "check.h"
#include "lib/error.h"

#define COUNT 100

struct owner {
	struct alarm alarm;
	int number;
	int rings;
};

static struct loop loop;
static struct alarms alarms;
static struct owner owners[COUNT];
static int order[COUNT];
static int rung;
static int last; /* the loop ends with so many */

static void on_ring(struct alarm *alarm)
{
	struct owner *owner = container_of(alarm, struct owner, alarm);

	owner->rings++;
	order[rung++] = owner->number;
	if (rung == last)
		loop_stop(&loop);
}

static void begin(void)
{
	struct error err;

	memset(owners, 0, sizeof(owners));
	rung = 0;
	if (loop_open(&loop, &err) < 0 || alarms_open(&alarms, &loop, &err) < 0)
		abort();
	for (int i = 0; i < COUNT; i++) {
		owners[i].number = i;
		owners[i].alarm.alarms = &alarms;
		owners[i].alarm.on_ring = on_ring;
	}
}

static void run(int count)
{
	struct error err;

	last = count;
	CHECK(loop_run(&loop, &err) == 0);
	CHECK(rung == count);
}

static void end(void)
{
	alarms_close(&alarms, &loop);
	CHECK(alarms.first == NULL);
	loop_close(&loop);
}

static void test_in_order(void)
{
	begin();
	/* 0, 7, 14 ... of 100: each once, not in order */
	for (int i = 0; i < COUNT; i++)
		alarm_set(&owners[i * 7 % COUNT].alarm,
			(uint64_t)(i * 7 % COUNT / 2));
	run(COUNT);
	for (int i = 0; i < COUNT; i++)
		CHECK(owners[i].rings == 1 && !owners[i].alarm.is_set);
	for (int i = 1; i < COUNT; i++)
		CHECK(owners[order[i - 1]].alarm.due_ms <=
			owners[order[i]].alarm.due_ms);
	end();
}

static void test_of_one_time_as_they_were_set(void)
{
	begin();
	for (int i = 0; i < 10; i++)
		alarm_set(&owners[i].alarm, 0);
	run(10);
	for (int i = 0; i < 10; i++)
		CHECK(order[i] == i);
	end();
}

static void test_never_early(void)
{
	uint64_t begin_ms;

	begin();
	begin_ms = loop_now_ms();
	alarm_set(&owners[0].alarm, 20);
	run(1);
	CHECK(loop_now_ms() >= begin_ms + 20);
	end();
}

/* The soonest goes away, and one that was set is set to another time. */
static void test_changes(void)
{
	begin();
	alarm_set(&owners[0].alarm, 0);
	alarm_set(&owners[1].alarm, 3600000);
	alarm_set(&owners[2].alarm, 1);
	alarm_cancel(&owners[0].alarm);
	alarm_cancel(&owners[0].alarm);
	alarm_set(&owners[2].alarm, 10);
	alarm_set(&owners[1].alarm, 1);
	run(2);
	CHECK(owners[0].rings == 0);
	CHECK(owners[order[0]].alarm.due_ms <= owners[order[1]].alarm.due_ms);
	CHECK(!alarms.first);
	end();
}

static void set_again(struct alarm *alarm)
{
	if (rung < 2)
		alarm_set(alarm, 1);
	alarm_cancel(&owners[1].alarm);
	on_ring(alarm);
}

static void test_from_within(void)
{
	begin();
	owners[0].alarm.on_ring = set_again;
	alarm_set(&owners[0].alarm, 0);
	alarm_set(&owners[1].alarm, 0);
	run(3);
	CHECK(owners[0].rings == 3 && owners[1].rings == 0);
	end();
}

static void test_closed_with_some(void)
{
	begin();
	alarm_set(&owners[0].alarm, 0);
	alarm_set(&owners[1].alarm, 0);
	end();
	CHECK(!owners[0].alarm.is_set && !owners[1].alarm.is_set);
	alarms.timer.watch.fd = -1;
	alarms_close(&alarms, &loop);
}

int main(void)
{
	RUN(test_in_order);
	RUN(test_of_one_time_as_they_were_set);
	RUN(test_never_early);
	RUN(test_changes);
	RUN(test_from_within);
	RUN(test_closed_with_some);
	return check_done();
}
