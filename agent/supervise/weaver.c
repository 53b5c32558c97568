// SPDX-License-Identifier: MIT
/* weaver - tells the fabric of networks what the supervisor has */
#include "supervise/weaver.h"

#include <errno.h>

#include "lib/error.h"
#include "lib/log.h"
#include "supervise/life.h"
#include "supervise/supervisor.h"
#include "supervise/uplink.h"

/* Those that run and are not in the config. */
static size_t list_leaving(struct supervisor *supervisor,
	const struct service *out[ROSTER_MAX])
{
	struct roster *roster = &supervisor->roster;
	const struct config *config = &supervisor->config;
	const struct workload *workload = NULL;
	bool stays[ROSTER_MAX] = { false }; /* by place */
	size_t count = 0;

	for (size_t i = 0; i < config->service_count; i++) {
		workload = roster_find(roster, config->services[i].name);
		if (workload)
			stays[workload - roster->workloads] = true;
	}
	workload = NULL;
	while ((workload = roster_next(roster, workload))) {
		if (!stays[workload - roster->workloads] &&
			roster_is_active(workload))
			out[count++] = workload->service;
	}
	return count;
}

/* One that is to be made anew is not where the new one will be. */
static bool is_in_place(const struct workload *workload)
{
	return (workload->state == STATE_RUNNING ||
		       workload->state == STATE_STOPPING) &&
	       workload->recreate_digest == life_digest(workload);
}

void weaver_mark(struct supervisor *supervisor, const struct workload *workload)
{
	bool is_running = is_in_place(workload);

	fabric_mark(&supervisor->fabric, workload->service, is_running,
		is_running && workload_is_serving(workload));
}

void weaver_mark_all(struct supervisor *supervisor)
{
	const struct workload *workload = NULL;

	while ((workload = roster_next(&supervisor->roster, workload)))
		weaver_mark(supervisor, workload);
}

int weaver_weave(struct supervisor *supervisor)
{
	static const struct service *leaving[ROSTER_MAX];
	struct blueprint_source source = {
		.config = &supervisor->config,
		.leaving = leaving,
		.leaving_count = list_leaving(supervisor, leaving),
		.last = &supervisor->last,
	};
	struct error err;
	int result = fabric_weave(&supervisor->fabric, &source);

	if (result == -E2BIG && source.leaving_count > 0) {
		log_warn("networks: those that stop leave theirs at once");
		source.leaving_count = 0;
		result = fabric_weave(&supervisor->fabric, &source);
	}
	if (result < 0)
		return result;
	supervisor->has_leaving = source.leaving_count > 0;
	weaver_mark_all(supervisor);
	if (uplink_write(&supervisor->config, &supervisor->places, &err) < 0)
		log_error("network of the machine: %s", err.text);
	return 0;
}

int weaver_let_go(struct supervisor *supervisor)
{
	return supervisor->has_leaving ? weaver_weave(supervisor) : 0;
}
