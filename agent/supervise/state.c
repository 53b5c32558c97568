// SPDX-License-Identifier: MIT
/* state - what a workload does next */
#include "supervise/state.h"

#include <stddef.h>
#include <stdlib.h>

/* clang-format off */
static const struct row {
	enum state state; enum event event; struct transition result;
} rows[] = {
	{ STATE_STOPPED,   EVENT_START,      { ACTION_PREPARE,     STATE_PREPARING } },
	{ STATE_PREPARING, EVENT_READY,      { ACTION_SPAWN,       STATE_RUNNING   } },
	{ STATE_PREPARING, EVENT_RETRY,      { ACTION_PREPARE,     STATE_PREPARING } },
	{ STATE_PREPARING, EVENT_FAIL,       { ACTION_ARM_BACKOFF, STATE_BACKOFF   } },
	{ STATE_PREPARING, EVENT_STOP,       { ACTION_CLEAN_UP,    STATE_STOPPED   } },
	{ STATE_RUNNING,   EVENT_EXIT_AGAIN, { ACTION_ARM_BACKOFF, STATE_BACKOFF   } },
	{ STATE_RUNNING,   EVENT_EXIT_DONE,  { ACTION_CLEAN_UP,    STATE_FINISHED  } },
	{ STATE_RUNNING,   EVENT_STOP,       { ACTION_TERMINATE,   STATE_STOPPING  } },
	{ STATE_STOPPING,  EVENT_TIMER,      { ACTION_KILL,        STATE_STOPPING  } },
	{ STATE_STOPPING,  EVENT_EXIT_AGAIN, { ACTION_CLEAN_UP,    STATE_STOPPED   } },
	{ STATE_STOPPING,  EVENT_EXIT_DONE,  { ACTION_CLEAN_UP,    STATE_STOPPED   } },
	{ STATE_BACKOFF,   EVENT_TIMER,      { ACTION_PREPARE,     STATE_PREPARING } },
	{ STATE_BACKOFF,   EVENT_STOP,       { ACTION_CLEAN_UP,    STATE_STOPPED   } },
	{ STATE_FINISHED,  EVENT_STOP,       { ACTION_NONE,        STATE_STOPPED   } },
};
/* clang-format on */

struct transition state_next(enum state state, enum event event)
{
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		if (rows[i].state == state && rows[i].event == event)
			return rows[i].result;
	}
	return (struct transition){ ACTION_NONE, state };
}

const char *state_name(enum state state)
{
	static const char *const names[STATE_COUNT] = {
		[STATE_STOPPED] = "waiting",
		[STATE_PREPARING] = "preparing",
		[STATE_RUNNING] = "running",
		[STATE_BACKOFF] = "restarting",
		[STATE_STOPPING] = "stopping",
		[STATE_FINISHED] = "finished",
	};

	if (state >= STATE_COUNT)
		abort();
	return names[state];
}

bool state_should_restart(const struct service *service, int exit_code,
	uint32_t failures)
{
	switch (service->restart) {
	case RESTART_NO:
		return false;
	case RESTART_ON_FAILURE:
		return exit_code != 0 &&
		       (service->restart_max == 0 ||
			       failures <= service->restart_max);
	case RESTART_ALWAYS:
	case RESTART_UNLESS_STOPPED:
		return true;
	}
	abort();
}

uint64_t state_backoff_ms(uint32_t attempts)
{
	uint64_t delay = BACKOFF_FIRST_MS;

	while (attempts-- > 1 && delay < BACKOFF_MAX_MS)
		delay *= 2;
	return delay < BACKOFF_MAX_MS ? delay : BACKOFF_MAX_MS;
}
