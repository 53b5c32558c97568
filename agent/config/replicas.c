// SPDX-License-Identifier: MIT
/* replicas - a service that is several containers */
#include "config/replicas.h"

#include <inttypes.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>

#include "config/draft.h"
#include "config/keys.h"
#include "config/names.h"
#include "config/node.h"
#include "config/reader.h"
#include "lib/text.h"

static void read_count(struct reader *reader, const struct node *node,
	struct draft_count *out)
{
	const char *text = reader_text(reader, node, "a whole number");
	uint64_t count = 0;

	if (!text)
		return;
	if (text_parse_u64(text, CONFIG_SERVICES_MAX, &count) < 0) {
		reader_error(reader, node->mark,
			"'%.60s' is wrong, write a number from 0 to %d", text,
			CONFIG_SERVICES_MAX);
		return;
	}
	*out = (struct draft_count){ true, (uint32_t)count, node->mark };
}

void read_scale(struct reader *reader, const struct node *node, void *base)
{
	read_count(reader, node, &((struct draft_service *)base)->scale);
}

void read_replicas(struct reader *reader, const struct node *node, void *base)
{
	read_count(reader, node, &((struct draft_service *)base)->deployed);
}

static void settle_endpoint(struct reader *reader, struct draft_service *draft)
{
	const char *mode = draft->endpoint_mode;
	size_t path = reader_push(reader, "deploy.endpoint_mode");

	draft->service.has_virtual_address =
		mode ? text_equal(mode, "vip") : draft->replicas.count > 1;
	if (mode && !text_equal(mode, "vip") && !text_equal(mode, "dnsrr"))
		reader_error(reader,
			node_find_mark(draft->node, "deploy.endpoint_mode",
				draft->service.mark),
			"'%.60s' is unknown, write vip or dnsrr", mode);
	reader_pop(reader, path);
}

void replicas_settle(struct reader *reader, struct draft_service *draft)
{
	const struct draft_count *scale = &draft->scale;
	const struct draft_count *deployed = &draft->deployed;

	draft->replicas = (struct draft_count){ false, 1, draft->service.mark };
	if (scale->is_set)
		draft->replicas = *scale;
	if (deployed->is_set)
		draft->replicas = *deployed;
	if (scale->is_set && deployed->is_set &&
		scale->count != deployed->count) {
		size_t path = reader_push(reader, "deploy.replicas");

		reader_error(reader, deployed->mark,
			"this is not what 'scale:' says, at line %u, column %u; remove one of them",
			scale->mark.line, scale->mark.column);
		reader_pop(reader, path);
	}
	draft->service.base = draft->service.name;
	draft->service.replica = 1;
	draft->service.replica_count = draft->replicas.count;
	settle_endpoint(reader, draft);
}

static void say(struct reader *reader, const struct draft_service *draft,
	struct mark mark, const char *key, const char *what)
{
	reader_push(reader, "services");
	reader_push(reader, draft->service.name);
	reader_push(reader, key);
	reader_error(reader, mark, "%s", what);
	reader_pop(reader, 0);
}

static const char *key_of(const struct draft_service *draft)
{
	return draft->deployed.is_set ? "deploy.replicas" : "scale";
}

static const struct draft_service *find(const struct draft *draft,
	const char *name)
{
	for (size_t i = 0; i < draft->service_count; i++) {
		if (text_equal(draft->services[i].service.name, name))
			return &draft->services[i];
	}
	return NULL;
}

/* The replicas of `draft` have names like "web-2": is `other` one of them? */
static bool is_replica_name(const struct draft_service *draft,
	const char *other)
{
	const char *name = draft->service.name;
	size_t length = strlen(name);
	uint64_t number = 0;

	return text_starts_with(other, name) && other[length] == '-' &&
	       other[length + 1] != '0' &&
	       text_parse_u64(other + length + 1, draft->replicas.count,
		       &number) == 0 &&
	       number > 1;
}

static void check_names(struct reader *reader, const struct draft *all,
	const struct draft_service *draft)
{
	char name[96];
	char what[240];

	(void)snprintf(name, sizeof(name), "%.63s-%u", draft->service.name,
		draft->replicas.count);
	if (name_check_service(draft->service.name) == NULL &&
		name_check_service(name) != NULL) {
		(void)snprintf(what, sizeof(what),
			"the name of the last replica, '%.75s', is longer than 63 characters; give the service a shorter one",
			name);
		say(reader, draft, draft->replicas.mark, key_of(draft), what);
	}
	for (size_t i = 0; i < all->service_count; i++) {
		const struct service *other = &all->services[i].service;

		if (!is_replica_name(draft, other->name))
			continue;
		(void)snprintf(what, sizeof(what),
			"one of the replicas has the name '%.63s', as the service at line %u, column %u; rename one of them",
			other->name, other->mark.line, other->mark.column);
		say(reader, draft, draft->replicas.mark, key_of(draft), what);
	}
}

/* A namespace is that of one container, so that replicas cannot be meant. */
static void check_shared(struct reader *reader, const struct draft *all,
	const struct draft_service *draft)
{
	const struct service *service = &draft->service;
	const struct {
		const char *key;
		const char *name;
		struct mark mark;
	} rows[] = {
		{ "pid", service->pid.service, service->pid.mark },
		{ "ipc", service->ipc.service, service->ipc.mark },
		{ "network_mode", service->network_of, service->network_mark },
	};

	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		const struct draft_service *target =
			rows[i].name ? find(all, rows[i].name) : NULL;
		char what[200];

		if (!target || target->replicas.count < 2)
			continue;
		(void)snprintf(what, sizeof(what),
			"'%.63s' has %u replicas, and which one is meant is not clear; it can have one, or this key goes",
			rows[i].name, target->replicas.count);
		say(reader, draft, rows[i].mark, rows[i].key, what);
	}
}

void replicas_check(struct reader *reader, const struct draft *draft)
{
	size_t containers = 0;
	size_t attachments = 0;

	for (size_t i = 0; i < draft->service_count; i++) {
		const struct draft_service *service = &draft->services[i];
		size_t count = service->replicas.count;
		char what[120];

		if (count > 1)
			check_names(reader, draft, service);
		check_shared(reader, draft, service);
		if (count > CONFIG_SERVICES_MAX - containers) {
			(void)snprintf(what, sizeof(what),
				"the services have more than %d replicas together, which is the limit; write less",
				CONFIG_SERVICES_MAX);
			say(reader, service, service->replicas.mark,
				key_of(service), what);
			return;
		}
		containers += count;
		attachments += count * service->attachment_count;
		if (attachments > CONFIG_ATTACHMENTS_MAX) {
			(void)snprintf(what, sizeof(what),
				"the services have more than %d places in networks together, which is the limit; write less",
				CONFIG_ATTACHMENTS_MAX);
			say(reader, service, service->service.network_mark,
				"networks", what);
			return;
		}
	}
}

/* The name of one replica; NULL: out of memory. */
static const char *name_replica(struct reader *reader, const char *base,
	uint32_t replica)
{
	char name[96];
	int length = snprintf(name, sizeof(name), "%.80s-%u", base, replica);

	return replica == 1 ? base : reader_copy(reader, name, (size_t)length);
}

/* One more that it waits for; `conditions` are those of depends_on. */
static void add_dependency(struct reader *reader, struct service *service,
	enum dependency_condition **conditions, const char *name,
	enum dependency_condition condition)
{
	enum dependency_condition *grown = reader_grow(reader, *conditions,
		service->depends_on.count, sizeof(*grown));

	if (!grown)
		return;
	grown[service->depends_on.count] = condition;
	*conditions = grown;
	reader_append(reader, &service->depends_on, name);
}

/* depends_on with all replicas in place of their base. */
static void expand_dependencies(struct reader *reader,
	const struct service *all, size_t count, struct service *service)
{
	const struct service old = *service;
	enum dependency_condition *conditions = NULL;

	service->depends_on =
		(struct strings){ .is_set = old.depends_on.is_set };
	for (size_t i = 0; i < old.depends_on.count; i++) {
		for (size_t k = 0; k < count; k++) {
			if (text_equal(all[k].base, old.depends_on.items[i]))
				add_dependency(reader, service, &conditions,
					all[k].name,
					old.depends_conditions
						? old.depends_conditions[i]
						: DEPENDS_STARTED);
		}
	}
	service->depends_conditions = conditions;
}

struct service *replicas_expand(struct reader *reader,
	const struct service *sorted, size_t *count)
{
	size_t total = 0;
	size_t used = 0;
	struct service *all;

	for (size_t i = 0; i < *count; i++)
		total += sorted[i].replica_count;
	all = reader_alloc(reader, total, sizeof(*all));
	if (!all)
		return NULL;
	for (size_t i = 0; i < *count; i++) {
		struct service service = sorted[i];
		size_t before = used;

		/* those that it depends on stand before it */
		expand_dependencies(reader, all, before, &service);
		for (uint32_t n = 1; n <= sorted[i].replica_count; n++) {
			all[used] = service;
			all[used].replica = n;
			all[used++].name =
				name_replica(reader, service.base, n);
		}
	}
	*count = total;
	return reader->is_out_of_memory ? NULL : all;
}
