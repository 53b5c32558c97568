/* SPDX-License-Identifier: MIT */
/* trial - a new config of the network is tried; one that loses it is undone */
#include "trial.h"

#include <stddef.h>

/* a pair that is missing means that nothing happens */
static const struct row {
	enum trial_state state;
	enum trial_event event;
	struct trial_step step;
} rows[] = {
	/* clang-format off */
	{ TRIAL_IDLE,    TRIAL_CHANGED,      { TRIAL_TRY,     TRIAL_RUNNING } },
	{ TRIAL_IDLE,    TRIAL_CHANGED_DARK, { TRIAL_USE,     TRIAL_IDLE    } },
	{ TRIAL_RUNNING, TRIAL_CHANGED,      { TRIAL_TRY,     TRIAL_RUNNING } },
	{ TRIAL_RUNNING, TRIAL_CHANGED_DARK, { TRIAL_TRY,     TRIAL_RUNNING } },
	{ TRIAL_RUNNING, TRIAL_WORKS,        { TRIAL_KEEP,    TRIAL_IDLE    } },
	{ TRIAL_RUNNING, TRIAL_LOST,         { TRIAL_RESTORE, TRIAL_REFUSED } },
	{ TRIAL_REFUSED, TRIAL_CHANGED,      { TRIAL_TRY,     TRIAL_RUNNING } },
	{ TRIAL_REFUSED, TRIAL_CHANGED_DARK, { TRIAL_USE,     TRIAL_IDLE    } },
	/* clang-format on */
};

struct trial_step trial_next(enum trial_state state, enum trial_event event)
{
	for (size_t i = 0; i < sizeof(rows) / sizeof(*rows); i++)
		if (rows[i].state == state && rows[i].event == event)
			return rows[i].step;
	return (struct trial_step){ TRIAL_NOTHING, state };
}

int64_t trial_deadline(int64_t began_ms, int64_t length_ms, int64_t carrier_ms)
{
	const int64_t first_ms = began_ms + length_ms;
	const int64_t late_ms = carrier_ms + length_ms + length_ms / 2;
	const int64_t last_ms = began_ms + 3 * length_ms;

	if (carrier_ms < began_ms || late_ms < first_ms)
		return first_ms;
	return late_ms < last_ms ? late_ms : last_ms;
}

bool trial_is_dark(const struct trial_health *health)
{
	return !health->has_carrier && !health->has_address &&
	       !health->has_gateway;
}

const char *trial_loss(const struct trial_health *before,
	const struct trial_health *now)
{
	if (before->has_carrier && !now->has_carrier)
		return "carrier";
	if (before->has_address && !now->has_address)
		return "address";
	if (before->has_gateway && !now->has_gateway)
		return "gateway";
	return NULL;
}
