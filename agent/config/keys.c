// SPDX-License-Identifier: MIT
/* keys - how the keys are read that need more than a row */
#include "config/keys.h"

#include <string.h>

#include "config/draft.h"
#include "config/node.h"
#include "config/reader.h"
#include "config/schema.h"
#include "config/walk.h"
#include "config/words.h"
#include "lib/text.h"

/* A command: a list of words, or one string that is split. */
static void read_words(struct reader *reader, const struct node *node,
	struct strings *out)
{
	const char *wrong;
	const char *text;

	out->is_set = true;
	for (const struct entry *e = node->kind == NODE_LIST ? node->first
							     : NULL;
		e; e = e->next) {
		text = reader_text(reader, e->value, "a word of the command");
		if (text)
			reader_append(reader, out, text);
	}
	if (node->kind == NODE_LIST)
		return;
	text = reader_text(reader, node,
		"a list of words, such as [\"nginx\", \"-g\", \"daemon off;\"]");
	wrong = text ? words_split(reader, text, out) : NULL;
	if (wrong)
		reader_error(reader, node->mark, "the command %s", wrong);
}

void read_command(struct reader *reader, const struct node *node, void *base)
{
	struct draft_service *draft = base;

	read_words(reader, node, &draft->service.command);
}

void read_entrypoint(struct reader *reader, const struct node *node, void *base)
{
	struct draft_service *draft = base;

	read_words(reader, node, &draft->service.entrypoint);
}

void read_restart(struct reader *reader, const struct node *node, void *base)
{
	static const struct {
		const char *word;
		enum restart_policy policy;
	} rows[] = {
		{ "no", RESTART_NO },
		{ "always", RESTART_ALWAYS },
		{ "on-failure", RESTART_ON_FAILURE },
		{ "unless-stopped", RESTART_UNLESS_STOPPED },
	};
	static const char expected[] =
		"no, always, on-failure, on-failure:N or unless-stopped";
	struct service *service = &((struct draft_service *)base)->service;
	const char *text = reader_text(reader, node, expected);
	uint64_t max = 0;

	if (!text)
		return;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		if (text_equal(text, rows[i].word)) {
			service->restart = rows[i].policy;
			return;
		}
	}
	if (text_starts_with(text, "on-failure:") &&
		text_parse_u64(text + strlen("on-failure:"), 1000000, &max) ==
			0) {
		service->restart = RESTART_ON_FAILURE;
		service->restart_max = (uint32_t)max;
		return;
	}
	reader_error(reader, node->mark,
		"'%.60s' is no restart policy, write %s", text, expected);
}

static void add_dependency(struct reader *reader, struct draft_service *draft,
	const struct dependency *dependency)
{
	struct dependency *grown;

	for (size_t i = 0; i < draft->dependency_count; i++) {
		if (text_equal(draft->dependencies[i].name, dependency->name))
			return;
	}
	grown = reader_grow(reader, draft->dependencies,
		draft->dependency_count, sizeof(*grown));
	if (!grown)
		return;
	grown[draft->dependency_count++] = *dependency;
	draft->dependencies = grown;
}

static bool find_condition(const char *name, enum dependency_condition *out)
{
	static const char *const names[] = {
		[DEPENDS_STARTED] = "service_started",
		[DEPENDS_HEALTHY] = "service_healthy",
		[DEPENDS_COMPLETED] = "service_completed_successfully",
	};

	for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
		if (text_equal(name, names[i])) {
			*out = (enum dependency_condition)i;
			return true;
		}
	}
	return false;
}

static void read_condition(struct reader *reader, const struct entry *entry,
	struct draft_service *draft)
{
	struct long_dependency options = { .required = true };
	struct dependency dependency = { "depends_on", entry->key, entry->mark,
		DEPENDS_STARTED, false };
	const struct node *node = entry->value;

	if (!reader_is_map(reader, node, "{condition: service_started}"))
		return;
	walk_map(reader, node, &schema_dependency, &options);
	if (options.condition &&
		!find_condition(options.condition, &dependency.condition))
		reader_error(reader, node->mark,
			"the condition '%.60s' is unknown; write "
			"service_started, service_healthy or "
			"service_completed_successfully",
			options.condition);
	if (options.restart)
		reader_warn(reader, node->mark,
			"'restart: true' is not done yet, ignored");
	dependency.is_optional = !options.required;
	add_dependency(reader, draft, &dependency);
}

void read_depends_on(struct reader *reader, const struct node *node, void *base)
{
	struct draft_service *draft = base;
	size_t index = 0;

	if (node->kind != NODE_MAP &&
		!reader_is_list(reader, node,
			"a list of services, such as [db]"))
		return;
	for (const struct entry *e = node->first; e; e = e->next) {
		size_t path = e->key ? reader_push(reader, e->key)
				     : reader_push_index(reader, index++);
		struct dependency dependency = { "depends_on", NULL, e->mark,
			DEPENDS_STARTED, false };

		if (e->key) {
			read_condition(reader, e, draft);
		} else {
			dependency.name = reader_text(reader, e->value,
				"the name of a service, or a map in place of the list, such as {db: {condition: service_healthy}}");
			if (dependency.name)
				add_dependency(reader, draft, &dependency);
		}
		reader_pop(reader, path);
	}
}
