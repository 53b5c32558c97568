// SPDX-License-Identifier: MIT
/* check - what only shows when all of a config has been read */
#include "config/check.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "config/alias_conflicts.h"
#include "config/draft.h"
#include "config/host_conflicts.h"
#include "config/names.h"
#include "config/network_conflicts.h"
#include "config/network_parents.h"
#include "config/networks.h"
#include "config/node.h"
#include "config/pool_room.h"
#include "config/port_conflicts.h"
#include "config/problem.h"
#include "config/reader.h"
#include "config/replicas.h"
#include "config/sharing.h"
#include "config/wiring.h"
#include "lib/text.h"

/* Makes the path "services.NAME" or "services.NAME.KEY". */
static void push_all(struct reader *reader, const char *service,
	const char *key)
{
	reader_push(reader, "services");
	reader_push(reader, service);
	if (key)
		reader_push(reader, key);
}

static void check_target(struct reader *reader,
	const struct draft_service *service, size_t index)
{
	const struct volume_mount *mount = &service->mounts[index];

	for (size_t i = 0; i < index; i++) {
		const struct volume_mount *other = &service->mounts[i];

		if (!text_equal(other->target, mount->target))
			continue;
		push_all(reader, service->service.name, NULL);
		reader_error(reader, mount->mark,
			"something is mounted at '%.100s' already, at line %u, column %u; mount elsewhere, or remove one of them",
			mount->target, other->mark.line, other->mark.column);
		reader_pop(reader, 0);
		return;
	}
}

/* Comparing thousands of names is for problems that are shown. */
static const char *suggest_volume(const struct reader *reader,
	const struct strings *volumes, const char *name)
{
	const char *best = NULL;
	size_t distance = 0;

	if (reader->problems->error_count > PROBLEMS_MAX)
		return NULL;
	for (size_t i = 0; i < volumes->count; i++)
		name_suggest(name, volumes->items[i], &best, &distance);
	return best;
}

static void check_volume(struct reader *reader, const struct strings *volumes,
	const struct draft_service *service, const struct volume_mount *mount)
{
	const char *best;

	if (mount->kind != VOLUME_NAMED)
		return;
	for (size_t i = 0; i < volumes->count; i++) {
		if (text_equal(volumes->items[i], mount->source))
			return;
	}
	best = suggest_volume(reader, volumes, mount->source);
	push_all(reader, service->service.name, "volumes");
	if (best)
		reader_error(reader, mount->mark,
			"the volume '%s' is not declared, did you mean '%s'?",
			mount->source, best);
	else
		reader_error(reader, mount->mark,
			"the volume '%s' is not declared; add '%s: {}' below the top-level 'volumes:'",
			mount->source, mount->source);
	reader_pop(reader, 0);
}

static void check_mounts(struct reader *reader, const struct draft *draft)
{
	for (size_t i = 0; i < draft->service_count; i++) {
		const struct draft_service *service = &draft->services[i];

		for (size_t k = 0; k < service->mount_count; k++) {
			check_target(reader, service, k);
			check_volume(reader, &draft->config.volumes, service,
				&service->mounts[k]);
		}
	}
}

static struct draft_service *find_service(const struct draft *draft,
	const char *name)
{
	for (size_t i = 0; i < draft->service_count; i++) {
		if (text_equal(draft->services[i].service.name, name))
			return &draft->services[i];
	}
	return NULL;
}

static void report_idle(struct reader *reader, const char *service,
	const struct dependency *dependency, const struct draft_service *target)
{
	push_all(reader, service, dependency->key);
	reader_error(reader, dependency->mark,
		"the service '%.63s' has 0 replicas and does not run, see line %u, column %u; give it one, or remove this",
		dependency->name, target->replicas.mark.line,
		target->replicas.mark.column);
	reader_pop(reader, 0);
}

static void report_missing(struct reader *reader, const struct draft *draft,
	const char *service, const struct dependency *dependency)
{
	const char *best = NULL;
	size_t distance = 0;

	for (size_t i = 0; i < draft->service_count; i++)
		name_suggest(dependency->name, draft->services[i].service.name,
			&best, &distance);
	push_all(reader, service, dependency->key);
	if (best)
		reader_error(reader, dependency->mark,
			"there is no service '%.63s', did you mean '%s'?",
			dependency->name, best);
	else
		reader_error(reader, dependency->mark,
			"there is no service '%.63s'; add it, or remove this",
			dependency->name);
	reader_pop(reader, 0);
}

/* As many as names; when there is no memory, nothing of the config is used. */
static void add_condition(struct reader *reader, struct service *service,
	enum dependency_condition **conditions, size_t count,
	enum dependency_condition condition)
{
	enum dependency_condition *grown =
		reader_grow(reader, *conditions, count, sizeof(*grown));

	if (!grown)
		return;
	grown[count] = condition;
	*conditions = grown;
	service->depends_conditions = grown;
}

/* A condition that comes never, or at once. */
static void check_condition(struct reader *reader, const char *service,
	const struct dependency *dependency, const struct draft_service *target)
{
	bool is_again = target->service.restart == RESTART_ALWAYS ||
			target->service.restart == RESTART_UNLESS_STOPPED;
	struct mark mark;

	push_all(reader, service, dependency->key);
	if (dependency->condition == DEPENDS_COMPLETED && is_again) {
		mark = node_find_mark(target->node, "restart",
			target->service.mark);
		reader_error(reader, dependency->mark,
			"'%.63s' never finishes, since its 'restart:', at line %u, column %u, starts it again; write 'restart: on-failure' there",
			dependency->name, mark.line, mark.column);
	}
	if (dependency->condition == DEPENDS_HEALTHY &&
		target->service.healthcheck.is_disabled) {
		mark = node_find_mark(target->node, "healthcheck",
			target->service.mark);
		reader_warn(reader, dependency->mark,
			"'%.63s' is not tested, see line %u, column %u, and counts as healthy when it runs; write 'condition: service_started'",
			dependency->name, mark.line, mark.column);
	}
	reader_pop(reader, 0);
}

/* Keeps the dependencies that exist. */
static void resolve(struct reader *reader, const struct draft *draft,
	struct draft_service *service)
{
	enum dependency_condition *conditions = NULL;
	size_t kept = 0;

	for (size_t i = 0; i < service->dependency_count; i++) {
		const struct dependency *d = &service->dependencies[i];

		const struct draft_service *target =
			find_service(draft, d->name);

		if (target && target->replicas.count > 0) {
			reader_append(reader, &service->service.depends_on,
				d->name);
			add_condition(reader, &service->service, &conditions,
				kept, d->condition);
			check_condition(reader, service->service.name, d,
				target);
			service->dependencies[kept++] = *d;
		} else if (!d->is_optional && target) {
			report_idle(reader, service->service.name, d, target);
		} else if (!d->is_optional) {
			report_missing(reader, draft, service->service.name, d);
		}
	}
	service->dependency_count = kept;
	service->service.depends_on.is_set = kept > 0;
}

/* A depth-first walk that emits a service after its dependencies. */
struct sorter {
	struct reader *reader;
	struct draft *draft;
	struct service *sorted;
	size_t sorted_count;
	size_t chain[CONFIG_SERVICES_MAX]; /* from the start to here */
	size_t chain_length;
	bool is_done[CONFIG_SERVICES_MAX];
};

/* The dependency closes a circle with the chain's end from index on. */
static void report_circle(struct sorter *sorter, size_t index,
	const struct dependency *dependency)
{
	const struct draft_service *services = sorter->draft->services;
	size_t last = sorter->chain[sorter->chain_length - 1];
	char buffer[200];
	struct text circle;

	text_init(&circle, buffer, sizeof(buffer));
	for (size_t i = index; i < sorter->chain_length; i++)
		text_add(&circle, "%s -> ",
			services[sorter->chain[i]].service.name);
	text_add(&circle, "%s", dependency->name);
	push_all(sorter->reader, services[last].service.name, dependency->key);
	reader_error(sorter->reader, dependency->mark,
		"the services wait for each other: %s; remove one of these",
		buffer);
	reader_pop(sorter->reader, 0);
}

static void visit(struct sorter *sorter, size_t index);

static void follow(struct sorter *sorter, const struct dependency *dependency)
{
	const struct draft_service *target =
		find_service(sorter->draft, dependency->name);
	size_t index = (size_t)(target - sorter->draft->services);

	for (size_t i = 0; i < sorter->chain_length; i++) {
		if (sorter->chain[i] == index) {
			report_circle(sorter, i, dependency);
			return;
		}
	}
	visit(sorter, index);
}

/* At most CONFIG_SERVICES_MAX deep. */
static void visit(struct sorter *sorter, size_t index)
{
	const struct draft_service *service = &sorter->draft->services[index];

	if (sorter->is_done[index])
		return;
	sorter->chain[sorter->chain_length++] = index;
	for (size_t i = 0; i < service->dependency_count; i++)
		follow(sorter, &service->dependencies[i]);
	sorter->chain_length--;
	sorter->is_done[index] = true;
	sorter->sorted[sorter->sorted_count++] = service->service;
}

static void sort_services(struct reader *reader, struct draft *draft)
{
	struct sorter *sorter = reader_alloc_tree(reader, 1, sizeof(*sorter));
	struct service *services;
	size_t count;

	if (!sorter)
		return;
	sorter->reader = reader;
	sorter->draft = draft;
	sorter->sorted = reader_alloc_tree(reader, draft->service_count,
		sizeof(*sorter->sorted));
	if (!sorter->sorted)
		return;
	for (size_t i = 0; i < draft->service_count; i++)
		visit(sorter, i);
	count = sorter->sorted_count;
	services = replicas_expand(reader, sorter->sorted, &count);
	if (!services)
		return;
	sharing_check(reader, services, count);
	draft->config.services = services;
	draft->config.service_count = count;
}

void check_draft(struct reader *reader, struct draft *draft)
{
	wiring_check(reader, draft);
	alias_conflicts_check(reader, draft);
	replicas_check(reader, draft);
	port_conflicts_check(reader, draft);
	network_conflicts_check(reader, draft);
	host_conflicts_check(reader, draft);
	network_parents_check(reader, draft);
	pool_room_check(reader, draft);
	check_mounts(reader, draft);
	for (size_t i = 0; i < draft->service_count; i++)
		resolve(reader, draft, &draft->services[i]);
	networks_finish(reader, draft);
	if (!reader->is_out_of_memory)
		sort_services(reader, draft);
}
