// SPDX-License-Identifier: MIT
/* reload - from one config to the next, by what has changed */
#include "supervise/reload.h"

#include "lib/error.h"
#include "lib/log.h"
#include "supervise/checkup.h"
#include "supervise/digest.h"
#include "supervise/life.h"
#include "supervise/supervisor.h"

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
	if (workload->recreate_digest != life_digest(workload)) {
		log_info("%s: its config has changed, starting it anew",
			service->name);
		workload_event(workload, EVENT_STOP);
	} else if (workload->live_digest !=
		   digest_service(service, DIGEST_LIVE)) {
		resize(workload);
	} else if (workload->state == STATE_FINISHED &&
		   state_should_restart(service, workload->exit_code,
			   UINT32_MAX)) {
		workload_event(workload, EVENT_STOP);
	}
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
