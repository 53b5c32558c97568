// SPDX-License-Identifier: MIT
/* reload - from one config to the next, by what has changed */
#include "supervise/reload.h"

#include <errno.h>

#include "lib/error.h"
#include "lib/log.h"
#include "lib/text.h"
#include "supervise/checkup.h"
#include "supervise/digest.h"
#include "supervise/life.h"
#include "supervise/supervisor.h"
#include "supervise/tether.h"

#define GUARD_MS 1000 /* until the kernel is asked again to take rules */

static void resize(struct workload *workload)
{
	const char *name = workload->service->name;
	struct error err;

	if (workload->container.pid <= 0)
		return; /* it starts with them */
	if (life_resize(workload, &err) < 0) {
		log_warn("%s: %s, its other limits stay", name, err.text);
		return;
	}
	log_info("%s: has new limits (pid %d)", name,
		(int)workload->container.pid);
	life_keep(workload);
}

void reload_compare(struct workload *workload)
{
	const struct service *service = workload->service;

	if (workload->recreate_digest == 0)
		return; /* it was never started */
	workload->is_moving = false;
	if (workload->recreate_digest != life_digest(workload)) {
		log_info("%s: its config has changed, starting it anew",
			service->name);
		workload_event(workload, EVENT_STOP);
		return;
	}
	/* or not: reload_move_one asks */
	workload->is_moving = workload->state == STATE_RUNNING;
	if (workload->live_digest != digest_service(service, DIGEST_LIVE)) {
		resize(workload);
	} else if (workload->state == STATE_FINISHED &&
		   state_should_restart(service, workload->exit_code,
			   UINT32_MAX)) {
		workload_event(workload, EVENT_STOP);
	}
}

/* Those that share its network have its addresses, too. */
static void renew_guests(struct supervisor *supervisor, const char *name)
{
	const struct workload *guest = NULL;

	while ((guest = roster_next(&supervisor->roster, guest))) {
		const struct service *service = guest->service;

		if (guest->state == STATE_RUNNING &&
			service->network_mode == NETWORK_MODE_SERVICE &&
			text_equal(service->network_of, name))
			life_renew_files(guest);
	}
}

static void move(struct supervisor *supervisor, struct workload *workload)
{
	const char *name = workload->service->name;
	struct error err;
	int result = fabric_guard(&supervisor->fabric, false, &err);

	if (result < 0) { /* the fabric has said it */
		loop_arm(&supervisor->turn, GUARD_MS);
		return;
	}
	workload->is_moving = false;
	/* files first, so that an agent that dies in between does all again */
	renew_guests(supervisor, name);
	result = life_settle(workload, &err);
	if (result == 0) {
		log_info("%s: is in other networks now (pid %d)", name,
			(int)workload->container.pid);
	} else if (result != -ESRCH) {
		log_warn("%s: change its networks: %s, starting it anew", name,
			err.text);
		workload_event(workload, EVENT_STOP);
	}
}

static bool is_to_move(struct supervisor *supervisor,
	const struct workload *workload)
{
	return workload->is_moving && workload->state == STATE_RUNNING &&
	       !tether_is_settled(&supervisor->fabric, workload->service);
}

bool reload_move_one(struct supervisor *supervisor)
{
	struct workload *workload = NULL;

	while ((workload = roster_next(&supervisor->roster, workload))) {
		if (!is_to_move(supervisor, workload)) {
			workload->is_moving = false;
			continue;
		}
		move(supervisor, workload);
		return !workload->is_moving;
	}
	return false;
}

static void add(struct supervisor *supervisor, const struct service *service)
{
	struct workload *workload;
	struct error err;

	if (roster_add(&supervisor->roster, &supervisor->host, service,
		    &workload, &err) < 0)
		log_error("%s: %s, it is not started", service->name, err.text);
}

void reload_apply(struct supervisor *supervisor, const struct config *config)
{
	struct roster *roster = &supervisor->roster;
	struct workload *workload = NULL;

	while ((workload = roster_next(roster, workload)))
		workload->is_wanted = false;
	for (size_t i = 0; i < config->service_count; i++) {
		const struct service *service = &config->services[i];

		workload = roster_find(roster, service->name);
		if (!workload) {
			add(supervisor, service);
			continue;
		}
		workload->is_wanted = true;
		workload->service = service;
		checkup_revise(workload);
	}
	workload = NULL;
	while ((workload = roster_next(roster, workload))) {
		if (workload->is_wanted)
			reload_compare(workload);
	}
}
