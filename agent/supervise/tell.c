// SPDX-License-Identifier: MIT
/* tell - what the log and the console are told of workloads and config */
#include "supervise/tell.h"

#include <stddef.h>

#include "lib/log.h"
#include "lib/text.h"
#include "supervise/supervisor.h"

void tell_ready(struct supervisor *supervisor)
{
	const struct workload *workload = NULL;
	size_t running = 0;
	size_t wanted = 0;

	if (supervisor->is_ready)
		return;
	while ((workload = roster_next(&supervisor->roster, workload))) {
		wanted += workload->is_wanted;
		running += workload->is_wanted &&
			   ((workload->state == STATE_RUNNING &&
				    !workload->is_moving) ||
				   (workload->state == STATE_FINISHED &&
					   workload->exit_code == 0));
	}
	if (running < wanted)
		return;
	fabric_flush(&supervisor->fabric); /* who hears it finds them, too */
	supervisor->is_ready = true;
	log_info("ready: %zu of %zu workloads running", running, wanted);
}

void tell_state(const struct workload *workload)
{
	const char *name = workload->service->name;
	const char *reason = workload->reason;
	double retry_s = (double)workload->retry_ms / 1000;

	switch (workload->state) {
	case STATE_RUNNING:
		log_info("%s: running (pid %d)", name,
			(int)workload->container.pid);
		break;
	case STATE_BACKOFF:
		log_warn("%s: %s, starting again in %g s", name, reason,
			retry_s);
		break;
	case STATE_FINISHED:
		if (workload->exit_code == 0)
			log_info("%s: %s, finished", name, reason);
		else
			log_warn("%s: %s, not starting it again", name, reason);
		break;
	case STATE_STOPPED:
		log_info("%s: stopped", name);
		break;
	case STATE_STOPPING:
		log_info("%s: stopping", name);
		break;
	case STATE_PREPARING: /* on_want_image speaks when it takes long */
	case STATE_COUNT:
		break;
	}
}

void tell_health(const struct workload *workload)
{
	const struct health *health = &workload->health;
	const char *name = workload->service->name;

	if (health->state.status == HEALTH_UNHEALTHY)
		log_warn("%s: unhealthy: %s", name, health->reason);
	else
		log_info("%s: healthy", name);
}

static void say_problems(const struct problems *problems)
{
	for (size_t i = 0; i < problems->count; i++) {
		char line[600];
		struct text text;

		text_init(&text, line, sizeof(line));
		problem_print(&problems->items[i], &text);
		if (problems->items[i].is_warning)
			log_warn("config: %s", line);
		else
			log_error("config: %s", line);
	}
}

void tell_config(const struct supervisor *supervisor)
{
	const struct generation *generation = &supervisor->generation;

	say_problems(&supervisor->problems);
	if (*generation->note)
		log_warn("config: %s", generation->note);
	if (generation->origin == GENERATION_LAST_GOOD)
		log_warn("config: running the last good one");
	log_info("config: %zu workload%s", supervisor->config.service_count,
		supervisor->config.service_count == 1 ? "" : "s");
}
