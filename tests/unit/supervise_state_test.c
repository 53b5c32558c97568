// SPDX-License-Identifier: MIT
/* tests of supervise/state: every pair of state and event, policy, back-off */
#include "supervise/state.h"

#include "check.h"

static void test_every_pair_stays_in_range(void)
{
	for (int s = 0; s < STATE_COUNT; s++) {
		for (int e = 0; e < EVENT_COUNT; e++) {
			struct transition t =
				state_next((enum state)s, (enum event)e);

			CHECK(t.next >= 0 && t.next < STATE_COUNT);
			/* what is ignored changes nothing and does nothing */
			if (t.next == (enum state)s)
				CHECK(t.action == ACTION_NONE ||
					t.action == ACTION_PREPARE ||
					t.action == ACTION_KILL);
		}
	}
}

/* After STOP nothing runs again unless START comes. */
static void walk_without_start(enum state state, int depth)
{
	if (depth == 0)
		return;
	for (int e = 0; e < EVENT_COUNT; e++) {
		struct transition t;

		if (e == EVENT_START)
			continue;
		t = state_next(state, (enum event)e);
		CHECK(t.action != ACTION_SPAWN);
		CHECK(t.action != ACTION_PREPARE);
		if (t.next != state)
			walk_without_start(t.next, depth - 1);
	}
}

static void test_stop_is_final(void)
{
	for (int s = 0; s < STATE_COUNT; s++) {
		struct transition t = state_next((enum state)s, EVENT_STOP);

		if (s == STATE_STOPPED || s == STATE_STOPPING)
			continue;
		CHECK(t.next == STATE_STOPPED || t.next == STATE_STOPPING);
		walk_without_start(t.next, 4);
	}
}

static void test_a_life(void)
{
	static const struct {
		enum event event;
		enum action action;
		enum state state;
	} steps[] = {
		{ EVENT_START, ACTION_PREPARE, STATE_PREPARING },
		{ EVENT_RETRY, ACTION_PREPARE, STATE_PREPARING },
		{ EVENT_READY, ACTION_SPAWN, STATE_RUNNING },
		{ EVENT_EXIT_AGAIN, ACTION_ARM_BACKOFF, STATE_BACKOFF },
		{ EVENT_TIMER, ACTION_PREPARE, STATE_PREPARING },
		{ EVENT_FAIL, ACTION_ARM_BACKOFF, STATE_BACKOFF },
		{ EVENT_TIMER, ACTION_PREPARE, STATE_PREPARING },
		{ EVENT_READY, ACTION_SPAWN, STATE_RUNNING },
		{ EVENT_STOP, ACTION_TERMINATE, STATE_STOPPING },
		{ EVENT_TIMER, ACTION_KILL, STATE_STOPPING },
		{ EVENT_EXIT_AGAIN, ACTION_CLEAN_UP, STATE_STOPPED },
		{ EVENT_START, ACTION_PREPARE, STATE_PREPARING },
		{ EVENT_READY, ACTION_SPAWN, STATE_RUNNING },
		{ EVENT_EXIT_DONE, ACTION_CLEAN_UP, STATE_FINISHED },
		{ EVENT_TIMER, ACTION_NONE, STATE_FINISHED },
	};
	enum state state = STATE_STOPPED;

	for (size_t i = 0; i < sizeof(steps) / sizeof(steps[0]); i++) {
		struct transition t = state_next(state, steps[i].event);

		CHECK(t.action == steps[i].action);
		CHECK(t.next == steps[i].state);
		state = t.next;
	}
}

static void test_policy(void)
{
	static const struct {
		const char *label;
		enum restart_policy policy;
		uint32_t max;
		int exit_code;
		uint32_t failures;
		bool is_restarted;
	} rows[] = {
		{ "no", RESTART_NO, 0, 1, 1, false },
		{ "always after 0", RESTART_ALWAYS, 0, 0, 0, true },
		{ "always after 137", RESTART_ALWAYS, 0, 137, 9, true },
		{ "unless-stopped", RESTART_UNLESS_STOPPED, 0, 0, 0, true },
		{ "on-failure after 0", RESTART_ON_FAILURE, 0, 0, 0, false },
		{ "on-failure", RESTART_ON_FAILURE, 0, 2, 100, true },
		{ "on-failure:3, third", RESTART_ON_FAILURE, 3, 2, 3, true },
		{ "on-failure:3, fourth", RESTART_ON_FAILURE, 3, 2, 4, false },
	};

	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		struct service service = { .restart = rows[i].policy,
			.restart_max = rows[i].max };

		check_row(rows[i].label);
		CHECK(state_should_restart(&service, rows[i].exit_code,
			      rows[i].failures) == rows[i].is_restarted);
	}
}

static void test_backoff(void)
{
	CHECK(state_backoff_ms(0) == 500);
	CHECK(state_backoff_ms(1) == 500);
	CHECK(state_backoff_ms(2) == 1000);
	CHECK(state_backoff_ms(6) == 16000);
	CHECK(state_backoff_ms(7) == 30000);
	CHECK(state_backoff_ms(UINT32_MAX) == 30000);
}

int main(void)
{
	RUN(test_every_pair_stays_in_range);
	RUN(test_stop_is_final);
	RUN(test_a_life);
	RUN(test_policy);
	RUN(test_backoff);
	return check_done();
}
