// SPDX-License-Identifier: MIT
/* environ - environment, env_file and labels: lists of NAME=value */
#include <errno.h>
#include <stdbool.h>
#include <string.h>

#include "config/dotenv.h"
#include "config/draft.h"
#include "config/keys.h"
#include "config/names.h"
#include "config/node.h"
#include "config/paths.h"
#include "config/reader.h"
#include "config/schema.h"
#include "config/walk.h"
#include "lib/error.h"
#include "lib/text.h"

#define VARIABLES_MAX 4096

/*
 * Names without a value, which have the one of .env. Those that have none there
 * are told together: some services pass on hundreds that may be set.
 */
struct missing {
	struct mark mark; /* of the first */
	size_t count;
	size_t shown;
	struct text names;
	char buffer[120];
};

static void add_missing(struct missing *missing, const char *name,
	struct mark mark)
{
	size_t room = sizeof(missing->buffer) - strlen(missing->buffer);
	bool is_first = missing->count++ == 0;

	if (is_first)
		missing->mark = mark;
	else if (missing->shown + 1 < missing->count ||
		 strlen(", ") + strlen(name) >= room)
		return;
	text_add(&missing->names, is_first ? "%.60s" : ", %s", name);
	missing->shown++;
}

static void report_missing(struct reader *reader, const struct missing *missing)
{
	size_t more = missing->count - missing->shown;

	if (missing->count == 1)
		reader_warn(reader, missing->mark,
			"'%s' has no value here nor in .env, it is left out",
			missing->buffer);
	else if (more > 0)
		reader_warn(reader, missing->mark,
			"%s and %zu more have no value here nor in .env, they are left out",
			missing->buffer, more);
	else if (missing->count > 0)
		reader_warn(reader, missing->mark,
			"%s have no value here nor in .env, they are left out",
			missing->buffer);
}

/* Without missing, no value is an empty one. */
static void set_missing(struct reader *reader, struct variables *out,
	const char *name, struct mark mark, struct missing *missing)
{
	const char *value = "";

	if (missing) {
		value = variables_find(reader->variables, name, strlen(name));
		if (!value)
			value = variables_find(out, name, strlen(name));
		if (!value) {
			add_missing(missing, name, mark);
			return;
		}
	}
	variables_set(reader, out, name, value);
}

static void read_pair(struct reader *reader, const struct entry *entry,
	struct variables *out, struct missing *missing)
{
	const char *wrong = name_check_variable(entry->key);
	const char *value;

	if (wrong && missing) {
		reader_error(reader, entry->mark, "'%.60s' %s", entry->key,
			wrong);
		return;
	}
	if (!entry->value->is_broken && node_is_null(entry->value)) {
		set_missing(reader, out, entry->key, entry->mark, missing);
		return;
	}
	value = reader_text(reader, entry->value, "a text");
	if (value)
		variables_set(reader, out, entry->key, value);
}

static void read_item(struct reader *reader, const struct node *node,
	struct variables *out, struct missing *missing)
{
	const char *text = reader_text(reader, node, "NAME=value");
	size_t length = text ? strcspn(text, "=") : 0;
	const char *wrong;
	const char *name;

	if (!text)
		return;
	name = reader_copy(reader, text, length);
	if (!name)
		return;
	wrong = name_check_variable(name);
	if (wrong && (missing || !*name))
		reader_error(reader, node->mark, "'%.60s' %s", text, wrong);
	else if (text[length])
		variables_set(reader, out, name, text + length + 1);
	else
		set_missing(reader, out, name, node->mark, missing);
}

static void read_all(struct reader *reader, const struct node *node,
	struct variables *out, struct missing *missing)
{
	size_t index = 0;

	if (node->kind != NODE_MAP &&
		!reader_is_list(reader, node,
			"a map, such as {NAME: value}, or a list, such as [NAME=value]"))
		return;
	for (const struct entry *e = node->first; e; e = e->next) {
		size_t path = e->key ? reader_push(reader, e->key)
				     : reader_push_index(reader, index++);

		if (e->key)
			read_pair(reader, e, out, missing);
		else
			read_item(reader, e->value, out, missing);
		reader_pop(reader, path);
	}
}

/* Spells variables out as "NAME=value". */
static void join(struct reader *reader, const struct variables *variables,
	struct mark mark, struct strings *out)
{
	out->is_set = true;
	if (variables->count > VARIABLES_MAX) {
		reader_error(reader, mark,
			"there are %zu variables, the limit is %d",
			variables->count, VARIABLES_MAX);
		return;
	}
	for (const struct variable *v = variables->first; v; v = v->next) {
		size_t name = strlen(v->name);
		size_t value = v->value ? strlen(v->value) : 0;
		char *joined;

		if (!v->value)
			continue;
		joined = reader_alloc(reader, 1, name + value + 2);
		if (!joined)
			return;
		memcpy(joined, v->name, name);
		joined[name] = '=';
		memcpy(joined + name + 1, v->value, value);
		reader_append(reader, out, joined);
	}
}

void read_environment(struct reader *reader, const struct node *node,
	void *base)
{
	(void)reader; /* finish_environment does it */
	((struct draft_service *)base)->environment = node;
}

void read_env_file(struct reader *reader, const struct node *node, void *base)
{
	(void)reader;
	((struct draft_service *)base)->env_file = node;
}

void read_labels(struct reader *reader, const struct node *node, void *base)
{
	struct service *service = &((struct draft_service *)base)->service;
	struct variables labels = { 0 };

	read_all(reader, node, &labels, NULL);
	join(reader, &labels, node->mark, &service->labels);
}

static void load_env_file(struct reader *reader, struct mark mark,
	const struct long_env_file *options, struct variables *out)
{
	bool is_raw = options->format && text_equal(options->format, "raw");
	const char *wrong = NULL;
	const char *path = path_in_folder(reader, options->path, &wrong);
	struct error err;
	int result;

	if (options->format && !is_raw)
		reader_error(reader, mark,
			"the format '%.60s' is unknown; write 'raw' or remove the key",
			options->format);
	if (wrong)
		reader_error(reader, mark, "'%.100s' %s", options->path, wrong);
	if (!path)
		return;
	if (reader->folder_fd < 0) {
		reader_error(reader, mark,
			"there is no folder to read '%.100s' from; write its lines into 'environment:'",
			options->path);
		return;
	}
	result = dotenv_read(reader, path, is_raw, out, &err);
	if (result == -ENOENT && options->required)
		reader_error(reader, mark,
			"the file '%.100s' is not there; put it beside the config",
			options->path);
	else if (result < 0 && result != -ENOENT)
		reader_error(reader, mark, "%s", err.text);
}

static void read_file_item(struct reader *reader, const struct node *node,
	struct variables *out)
{
	struct long_env_file options = { .required = true };

	if (node->kind == NODE_MAP) {
		walk_map(reader, node, &schema_env_file, &options);
		if (!options.path && !node->is_broken)
			reader_error(reader, node->mark,
				"the key 'path' is missing, write the file, such as {path: ./web.env}");
	} else {
		options.path = reader_text(reader, node,
			"the name of a file, such as ./web.env");
	}
	if (options.path)
		load_env_file(reader, node->mark, &options, out);
}

static void read_files(struct reader *reader, const struct node *node,
	struct variables *out)
{
	size_t index = 0;

	if (node->kind != NODE_LIST) {
		read_file_item(reader, node, out);
		return;
	}
	for (const struct entry *e = node->first; e; e = e->next) {
		size_t path = reader_push_index(reader, index++);

		read_file_item(reader, e->value, out);
		reader_pop(reader, path);
	}
}

void finish_environment(struct reader *reader, struct draft_service *draft)
{
	struct variables variables = { .parent = reader->variables };
	struct mark mark = draft->service.mark;
	struct missing missing = { 0 };
	size_t path;

	if (draft->env_file) {
		path = reader_push(reader, "env_file");
		mark = draft->env_file->mark;
		read_files(reader, draft->env_file, &variables);
		reader_pop(reader, path);
	}
	path = reader_push(reader, "environment");
	if (draft->environment) {
		mark = draft->environment->mark;
		text_init(&missing.names, missing.buffer,
			sizeof(missing.buffer));
		read_all(reader, draft->environment, &variables, &missing);
		report_missing(reader, &missing);
	}
	if (draft->environment || draft->env_file)
		join(reader, &variables, mark, &draft->service.environment);
	reader_pop(reader, path);
}
