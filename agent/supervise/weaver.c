// SPDX-License-Identifier: MIT
/* weaver - tells the fabric of networks what the supervisor has */
#include "supervise/weaver.h"

#include "lib/error.h"
#include "lib/log.h"
#include "lib/text.h"
#include "supervise/supervisor.h"
#include "supervise/uplink.h"

static bool has_service(const struct config *config, const char *name)
{
	for (size_t i = 0; i < config->service_count; i++) {
		if (text_equal(config->services[i].name, name))
			return true;
	}
	return false;
}

/* Those that run and are not in the config. */
static size_t list_leaving(struct supervisor *supervisor,
	const struct service *out[ROSTER_MAX])
{
	const struct workload *workload = NULL;
	size_t count = 0;

	while ((workload = roster_next(&supervisor->roster, workload))) {
		if (roster_is_active(workload) &&
			!has_service(&supervisor->config,
				workload->service->name))
			out[count++] = workload->service;
	}
	return count;
}

void weaver_mark(struct supervisor *supervisor, const struct workload *workload)
{
	bool is_running = workload->state == STATE_RUNNING ||
			  workload->state == STATE_STOPPING;

	fabric_mark(&supervisor->fabric, workload->service, is_running,
		workload_is_serving(workload));
}

void weaver_mark_all(struct supervisor *supervisor)
{
	const struct workload *workload = NULL;

	while ((workload = roster_next(&supervisor->roster, workload)))
		weaver_mark(supervisor, workload);
}

void weaver_weave(struct supervisor *supervisor)
{
	static const struct service *leaving[ROSTER_MAX];
	const struct blueprint_source source = {
		.config = &supervisor->config,
		.leaving = leaving,
		.leaving_count = list_leaving(supervisor, leaving),
	};
	struct error err;

	supervisor->has_leaving = source.leaving_count > 0;
	if (uplink_write(&supervisor->config, &supervisor->places, &err) < 0)
		log_error("network of the machine: %s", err.text);
	fabric_weave(&supervisor->fabric, &source);
	weaver_mark_all(supervisor);
}

void weaver_let_go(struct supervisor *supervisor)
{
	if (supervisor->has_leaving)
		weaver_weave(supervisor);
}
