// SPDX-License-Identifier: MIT
/* netd_trial_test - every state and event, and what a network can lose */
#include "trial.h"

#include <stddef.h>
#include <string.h>

#include "check.h"

static void test_all_pairs(void)
{
	for (int state = 0; state < TRIAL_STATES; state++)
		for (int event = 0; event < TRIAL_EVENTS; event++) {
			struct trial_step step =
				trial_next((enum trial_state)state,
					(enum trial_event)event);
			bool is_change = event == TRIAL_CHANGED ||
					 event == TRIAL_CHANGED_DARK;

			CHECK(step.state < TRIAL_STATES);
			/* a new config is always taken, never by itself */
			CHECK(is_change == (step.action == TRIAL_TRY ||
						   step.action == TRIAL_USE));
			/* a trial runs exactly after something is tried */
			CHECK((step.action == TRIAL_TRY) <=
				(step.state == TRIAL_RUNNING));
			/* only a trial restores or keeps */
			CHECK(step.action != TRIAL_RESTORE ||
				(state == TRIAL_RUNNING &&
					event == TRIAL_LOST));
			CHECK(step.action != TRIAL_KEEP ||
				(state == TRIAL_RUNNING &&
					event == TRIAL_WORKS));
			/* what was refused stays so until it changes */
			CHECK(state != TRIAL_REFUSED || is_change ||
				step.state == TRIAL_REFUSED);
		}
}

static void test_a_bad_one(void)
{
	struct trial_step step = trial_next(TRIAL_IDLE, TRIAL_CHANGED);

	CHECK(step.action == TRIAL_TRY);
	step = trial_next(step.state, TRIAL_LOST);
	CHECK(step.action == TRIAL_RESTORE);
	step = trial_next(step.state, TRIAL_WORKS);
	CHECK(step.action == TRIAL_NOTHING);
	step = trial_next(step.state, TRIAL_CHANGED);
	CHECK(step.action == TRIAL_TRY);
	step = trial_next(step.state, TRIAL_WORKS);
	CHECK(step.action == TRIAL_KEEP && step.state == TRIAL_IDLE);
}

static void test_losses(void)
{
	static const struct {
		struct trial_health before, now;
		const char *loss;
	} rows[] = {
		{ { 0, 0, 0 }, { 0, 0, 0 }, NULL },
		{ { 1, 1, 1 }, { 1, 1, 1 }, NULL },
		{ { 1, 1, 0 }, { 1, 1, 1 }, NULL },
		{ { 0, 0, 0 }, { 1, 1, 1 }, NULL },
		{ { 1, 1, 0 }, { 1, 1, 0 }, NULL }, /* never had a gateway */
		{ { 1, 1, 1 }, { 1, 1, 0 }, "gateway" },
		{ { 1, 1, 1 }, { 1, 0, 0 }, "address" },
		{ { 1, 1, 1 }, { 0, 0, 0 }, "carrier" },
		{ { 1, 0, 0 }, { 0, 0, 0 }, "carrier" },
	};

	for (size_t i = 0; i < sizeof(rows) / sizeof(*rows); i++) {
		const char *loss = trial_loss(&rows[i].before, &rows[i].now);
		check_row(rows[i].loss);
		CHECK(!!loss == !!rows[i].loss &&
			(!loss || !strcmp(loss, rows[i].loss)));
	}
	CHECK(trial_is_dark(&rows[0].before));
	CHECK(!trial_is_dark(&rows[8].before));
}

static void test_deadlines(void)
{
	CHECK(trial_deadline(1000, 30000, 0) == 31000);
	CHECK(trial_deadline(1000, 30000, 999) == 31000); /* of before */
	CHECK(trial_deadline(1000, 30000, 1000) == 46000);
	CHECK(trial_deadline(1000, 30000, 20000) == 65000);
	CHECK(trial_deadline(1000, 30000, 90000) == 91000);
}

int main(void)
{
	RUN(test_all_pairs);
	RUN(test_a_bad_one);
	RUN(test_losses);
	RUN(test_deadlines);
	return check_done();
}
