// SPDX-License-Identifier: MIT
/* roster - all workloads, by name, and which of them may start or stop next */
#include "supervise/roster.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>

#include "lib/error.h"
#include "lib/hash.h"
#include "lib/text.h"

struct workload *roster_find(struct roster *roster, const char *service)
{
	uint64_t at = hash_string(HASH_START, service);
	size_t place;

	while ((place = hash_index_next(&roster->names, &at)) != SIZE_MAX) {
		struct workload *workload = &roster->workloads[place];

		if (workload->service &&
			text_equal(workload->service->name, service))
			return workload;
	}
	return NULL;
}

static void index_place(struct roster *roster, size_t place)
{
	const char *name = roster->workloads[place].service->name;

	hash_index_add(&roster->names, hash_string(HASH_START, name), place);
}

struct workload *roster_next(struct roster *roster, const struct workload *last)
{
	size_t i = last ? (size_t)(last - roster->workloads) + 1 : 0;

	for (; i < roster->count; i++) {
		if (roster->workloads[i].service)
			return &roster->workloads[i];
	}
	return NULL;
}

/* Places that were given back are in the way then, or it is the first time. */
static void index_all(struct roster *roster)
{
	const struct workload *workload = NULL;

	hash_index_clear(&roster->names, roster->slots, ROSTER_SLOTS);
	while ((workload = roster_next(roster, workload)))
		index_place(roster, (size_t)(workload - roster->workloads));
}

int roster_add(struct roster *roster, const struct workload_host *host,
	const struct service *service, struct workload **out, struct error *err)
{
	size_t i = 0;

	while (i < roster->count && roster->workloads[i].service)
		i++;
	if (i == ROSTER_MAX)
		return error_set(err, -ENOSPC, "there are %d workloads already",
			ROSTER_MAX);
	workload_init(&roster->workloads[i], host, service);
	if (i == roster->count)
		roster->count++;
	if (roster->names.room > 0)
		index_place(roster, i);
	else
		index_all(roster);
	roster->workloads[i].is_wanted = true;
	*out = &roster->workloads[i];
	return 0;
}

static bool depends_on(const struct service *service, const char *name)
{
	for (size_t i = 0; i < service->depends_on.count; i++) {
		if (text_equal(service->depends_on.items[i], name))
			return true;
	}
	return false;
}

/* Whether what one waits for in another is so. */
static bool is_met(const struct workload *other,
	enum dependency_condition condition)
{
	switch (condition) {
	case DEPENDS_STARTED:
		return other->has_started;
	case DEPENDS_HEALTHY:
		return workload_is_serving(other);
	case DEPENDS_COMPLETED:
		return other->state == STATE_FINISHED && other->exit_code == 0;
	}
	abort();
}

/* For the screen: that one waits long for these may have a reason. */
static void say_waiting(struct workload *workload, const char *name,
	enum dependency_condition condition)
{
	static const char *const ends[] = {
		[DEPENDS_HEALTHY] = "be healthy",
		[DEPENDS_COMPLETED] = "finish with status 0",
	};

	if (condition == DEPENDS_STARTED)
		return;
	(void)snprintf(workload->reason, sizeof(workload->reason),
		"waits for '%s' to %s", name, ends[condition]);
}

static bool can_start(struct roster *roster, struct workload *workload)
{
	const struct service *service = workload->service;
	const struct strings *names = &service->depends_on;

	if (!workload->is_wanted || workload->state != STATE_STOPPED)
		return false;
	for (size_t i = 0; i < names->count; i++) {
		const struct workload *other =
			roster_find(roster, names->items[i]);
		enum dependency_condition condition =
			service->depends_conditions
				? service->depends_conditions[i]
				: DEPENDS_STARTED;

		if (!other || is_met(other, condition))
			continue;
		say_waiting(workload, names->items[i], condition);
		return false;
	}
	return true;
}

bool roster_is_active(const struct workload *workload)
{
	return workload->state != STATE_STOPPED &&
	       workload->state != STATE_FINISHED;
}

/* Nothing that depends on it is active any more. */
static bool can_stop(struct roster *roster, const struct workload *workload)
{
	const struct workload *other = NULL;

	if (!roster_is_active(workload) || workload->state == STATE_STOPPING)
		return false;
	while ((other = roster_next(roster, other))) {
		if (roster_is_active(other) &&
			depends_on(other->service, workload->service->name))
			return false;
	}
	return true;
}

bool roster_start_one(struct roster *roster)
{
	struct workload *workload = NULL;

	while ((workload = roster_next(roster, workload))) {
		if (workload->state == STATE_PREPARING && workload->is_due)
			workload_event(workload, EVENT_RETRY);
		else if (can_start(roster, workload))
			workload_event(workload, EVENT_START);
		else
			continue;
		return true;
	}
	return false;
}

/* One that was found again may have those of another, whose users it shares. */
static void give_ids(struct roster *roster, const struct workload *workload)
{
	const struct workload *other = NULL;

	while ((other = roster_next(roster, other))) {
		if (other != workload && other->first_id == workload->first_id)
			return;
	}
	range_give(&roster->ranges, workload->first_id);
}

bool roster_stop_unwanted(struct roster *roster,
	bool (*is_busy)(const struct workload *workload))
{
	struct workload *workload = NULL;
	bool has_some = false;

	while ((workload = roster_next(roster, workload))) {
		if (workload->is_wanted)
			continue;
		if (can_stop(roster, workload))
			workload_event(workload, EVENT_STOP);
		if (!roster_is_active(workload) && !is_busy(workload)) {
			give_ids(roster, workload);
			workload_forget(workload);
		} else {
			has_some = true;
		}
	}
	return has_some;
}

bool roster_stop_all(struct roster *roster)
{
	struct workload *workload = NULL;
	bool has_active = false;

	while ((workload = roster_next(roster, workload))) {
		if (can_stop(roster, workload))
			workload_event(workload, EVENT_STOP);
		has_active |= roster_is_active(workload);
	}
	return has_active;
}
