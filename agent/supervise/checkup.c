// SPDX-License-Identifier: MIT
/* checkup - the health of a workload as its service and its image want it */
#include "supervise/checkup.h"

#include <errno.h>
#include <stdbool.h>

#include "lib/arena.h"
#include "lib/error.h"
#include "lib/log.h"
#include "store/store.h"
#include "supervise/workload.h"

/* Its own ids, or those of the service whose user namespace it shares. */
static uint32_t ids_of(const struct workload *workload)
{
	const struct workload_host *host = workload->host;
	const char *name = workload->service->users_of;
	const struct workload *other = name ? host->find(host, name) : NULL;

	return other ? other->first_id : workload->first_id;
}

static void say_unwatched(const struct workload *workload,
	const struct error *err)
{
	log_warn("%s: %s, its health is not watched", workload->service->name,
		err->text);
}

static void start(struct workload *workload, enum health_event event,
	const struct health_rules *rules)
{
	const struct probe probe = {
		.store = workload->host->store,
		.places = workload->host->places,
		.service = workload->service,
		.container = &workload->container,
		.first_id = ids_of(workload),
	};
	struct error err;

	workload->health.state.started_ms = workload->since_ms;
	if (health_start(&workload->health, event, &probe, rules, &err) < 0)
		say_unwatched(workload, &err);
}

/* What the image in the store says; false when that is not known. */
static bool find_rules(const struct workload *workload,
	struct health_rules *out)
{
	const struct service *service = workload->service;
	auto_arena arena = { 0 };
	struct image image = { .layer_count = 0 };
	struct error err;
	int result = store_find(workload->host->store, service->image, &arena,
		&image, &err);

	if (result < 0 && !(result == -EAGAIN && image.layer_count > 0)) {
		say_unwatched(workload, &err);
		return false;
	}
	health_rules_find(&service->healthcheck, &image.health, out);
	return true;
}

void checkup_start(struct workload *workload, const struct image *image)
{
	const struct healthcheck *own = &workload->service->healthcheck;
	struct health_rules rules;

	health_rules_find(own, &image->health, &rules);
	workload->health_digest = health_rules_digest(own);
	start(workload, HEALTH_EVENT_STARTED, &rules);
}

void checkup_adopt(struct workload *workload, enum health_status last)
{
	const struct healthcheck *own = &workload->service->healthcheck;
	struct health_rules rules;

	workload->health_digest = health_rules_digest(own);
	/* to look at the images of a thousand workloads takes its time */
	if (last == HEALTH_NONE && !own->test.is_set)
		return;
	(void)probe_kill(&workload->container, NULL);
	if (!workload->is_wanted || !find_rules(workload, &rules))
		return;
	workload->health.state.status = last;
	start(workload, HEALTH_EVENT_ADOPTED, &rules);
}

void checkup_revise(struct workload *workload)
{
	const struct healthcheck *own = &workload->service->healthcheck;
	uint64_t digest = health_rules_digest(own);
	struct health_rules rules;

	workload->health.probe.service = workload->service;
	if (workload->state != STATE_RUNNING ||
		digest == workload->health_digest ||
		!find_rules(workload, &rules))
		return;
	workload->health_digest = digest;
	start(workload, HEALTH_EVENT_ADOPTED, &rules);
}
