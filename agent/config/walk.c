// SPDX-License-Identifier: MIT
/* walk - fills a struct from a map, by a table of the schema */
#include "config/walk.h"

#include <errno.h>
#include <inttypes.h>
#include <stdbool.h>
#include <string.h>

#include "config/names.h"
#include "config/node.h"
#include "config/reader.h"
#include "config/schema.h"
#include "config/synonyms.h"
#include "config/values.h"
#include "lib/text.h"

static const struct option *find_row(const struct schema_table *table,
	const char *key)
{
	for (size_t i = 0; i < table->count; i++) {
		if (text_equal(table->rows[i].key, key))
			return &table->rows[i];
	}
	return NULL;
}

/* What a value of that kind looks like, after "write ". */
static const char *describe(enum option_kind kind)
{
	switch (kind) {
	case KIND_BOOL:
		return "true or false";
	case KIND_COUNT:
		return "a whole number";
	case KIND_BYTES:
		return "a number with b, k, m or g, such as 64m";
	case KIND_DURATION:
		return "numbers with us, ms, s, m or h, such as 1m30s";
	case KIND_MILLI:
		return "a number such as 0.5";
	case KIND_MODE:
		return "permission bits in octal, such as 0755";
	case KIND_SIGNAL:
		return "a signal's name or number, such as SIGTERM";
	case KIND_TEXT:
	case KIND_MAP:
	case KIND_CUSTOM:
	case KIND_SILENT:
	case KIND_IGNORED:
	case KIND_NOT_YET:
	case KIND_NEVER:
		break;
	}
	return "a text";
}

static int set_text(struct reader *reader, const struct option *row,
	struct mark mark, const char *text, const char **field)
{
	const char *wrong = NULL;

	if (!*text && row->zero_is_none)
		return 0;
	if (strlen(text) < row->min)
		wrong = "is empty, give it a value or remove the key";
	else if (row->max && strlen(text) > row->max)
		reader_error(reader, mark,
			"'%.20s...' is longer than %" PRIu64 " characters",
			text, row->max);
	else if (row->check)
		wrong = row->check(text);
	if (wrong)
		reader_error(reader, mark, "'%.60s' %s", text, wrong);
	*field = text; /* a wrong one, too: it is not missing */
	return 0;
}

static int set_u64(const struct option *row, uint64_t value, uint64_t *field)
{
	bool is_none = value == 0 && (row->zero_is_none || row->zero_means);

	if (!is_none && (value < row->min || (row->max && value > row->max)))
		return -ERANGE;
	*field = value;
	return 0;
}

/* Puts a scalar where the row says. 0, or -EINVAL or -ERANGE: say so. */
static int set_value(struct reader *reader, const struct option *row,
	struct mark mark, const char *text, void *base)
{
	void *field = (char *)base + row->offset;
	uint64_t number = 0;
	int result = 0;

	switch (row->kind) {
	case KIND_TEXT:
		return set_text(reader, row, mark, text, field);
	case KIND_BOOL:
		return value_bool(text, field);
	case KIND_MODE:
		return value_mode(text, field);
	case KIND_SIGNAL:
		return value_signal(text, field);
	case KIND_COUNT:
		result = text_parse_u64(text, UINT64_MAX, &number);
		break;
	case KIND_BYTES:
		result = value_bytes(text, &number);
		break;
	case KIND_DURATION:
		result = value_duration(text, &number);
		break;
	case KIND_MILLI:
		result = value_milli(text, &number);
		break;
	case KIND_MAP:
	case KIND_CUSTOM:
	case KIND_SILENT:
	case KIND_IGNORED:
	case KIND_NOT_YET:
	case KIND_NEVER:
		return 0;
	}
	return result < 0 ? result : set_u64(row, number, field);
}

/* Writes a limit of the row as a config would say it. */
static void add_limit(struct text *out, const struct option *row,
	uint64_t value)
{
	static const char units[] = "kmgt";
	size_t unit = 0;

	if (row->kind == KIND_COUNT) {
		text_add(out, "%" PRIu64, value);
	} else if (row->kind == KIND_MILLI) {
		text_add(out, "%" PRIu64 ".%02" PRIu64, value / 1000,
			value % 1000 / 10);
	} else if (row->kind == KIND_DURATION) {
		const uint64_t second = 1000, hour = 3600000;

		if (value % second > 0)
			text_add(out, "%" PRIu64 "ms", value);
		else if (value < hour)
			text_add(out, "%" PRIu64 "s", value / second);
		else
			text_add(out, "%" PRIu64 "h", value / hour);
	} else {
		while (value >= 1024 && value % 1024 == 0 && unit < 4) {
			value /= 1024;
			unit++;
		}
		text_add(out, "%" PRIu64, value);
		if (unit)
			text_add(out, "%c", units[unit - 1]);
	}
}

/* "1s to 24h" */
static void add_limits(struct text *out, const struct option *row)
{
	if (row->kind == KIND_MODE) {
		text_add(out, "0 to 7777");
		return;
	}
	add_limit(out, row, row->min);
	text_add(out, " to ");
	add_limit(out, row, row->max);
}

static void report_range(struct reader *reader, const struct option *row,
	struct mark mark, const char *value)
{
	char buffer[80];
	struct text limits;

	text_init(&limits, buffer, sizeof(buffer));
	add_limits(&limits, row);
	reader_error(reader, mark, "'%.60s' is out of range, write %s", value,
		buffer);
}

/* Docker's 0 is no limit of 0, and not without end, but nothing said. */
static void warn_zero(struct reader *reader, const struct option *row,
	struct mark mark, const char *value)
{
	char buffer[80];
	struct text limits;

	text_init(&limits, buffer, sizeof(buffer));
	add_limits(&limits, row);
	reader_warn(reader, mark,
		"'%.60s' means what the image says, else %s, as without the key; write %s",
		value, row->zero_means, buffer);
}

static bool is_zero(const struct option *row, const void *base)
{
	const uint64_t *field =
		(const void *)((const char *)base + row->offset);

	return *field == 0;
}

static void read_scalar(struct reader *reader, const struct option *row,
	const struct node *node, void *base)
{
	const char *text = reader_text(reader, node, describe(row->kind));
	int result;

	if (!text)
		return;
	result = set_value(reader, row, node->mark, text, base);
	if (result == -EINVAL)
		reader_error(reader, node->mark, "'%.60s' is wrong, write %s",
			text, describe(row->kind));
	else if (result == -ERANGE)
		report_range(reader, row, node->mark, text);
	else if (row->zero_means && is_zero(row, base))
		warn_zero(reader, row, node->mark, text);
}

static void read_map(struct reader *reader, const struct option *row,
	const struct node *node, void *base)
{
	char buffer[160];
	struct text expected;

	text_init(&expected, buffer, sizeof(buffer));
	text_add(&expected, "a map, such as %s", row->example);
	if (reader_is_map(reader, node, buffer))
		walk_map(reader, node, row->table, base);
}

static void read_row(struct reader *reader, const struct option *row,
	const struct entry *entry, void *base)
{
	const struct node *node = entry->value;

	if (row->kind == KIND_NOT_YET) {
		reader_error(reader, entry->mark,
			"this key is not done yet; %s", row->note);
	} else if (row->kind == KIND_NEVER) {
		reader_error(reader, entry->mark, "%s", row->note);
	} else if (row->kind == KIND_IGNORED) {
		reader_warn(reader, entry->mark, "%s, ignored", row->note);
	} else if (node_is_null(node)) {
		reader_warn(reader, entry->mark,
			"this key has no value, ignored");
	} else if (row->kind == KIND_CUSTOM) {
		row->read(reader, node, base);
	} else if (row->kind == KIND_MAP) {
		read_map(reader, row, node, base);
	} else if (row->kind != KIND_SILENT) {
		read_scalar(reader, row, node, base);
	}
}

/* The path of the table that knows key, for a key that stands elsewhere. */
static const char *find_home(const char *key)
{
	const struct schema_table *const homes[] = { &schema_top,
		&schema_service };

	for (size_t i = 0; i < sizeof(homes) / sizeof(homes[0]); i++) {
		const struct option *row = find_row(homes[i], key);

		/* "name" and "version" can be of anything */
		if (row && (homes[i] != &schema_top ||
				   (row->kind != KIND_TEXT &&
					   row->kind != KIND_IGNORED)))
			return homes[i]->path;
	}
	return NULL;
}

static bool looks_like_service(const struct node *node)
{
	if (node->kind != NODE_MAP)
		return false;
	for (const struct entry *e = node->first; e; e = e->next) {
		if (text_equal(e->key, "image") || text_equal(e->key, "build"))
			return true;
	}
	return false;
}

static void report_unknown(struct reader *reader,
	const struct schema_table *table, const struct entry *entry)
{
	const char *advice = synonym_advice(table->path, entry->key);
	const char *home = find_home(entry->key);
	const char *best = NULL;
	size_t distance = 0;

	for (size_t i = 0; i < table->count; i++)
		name_suggest(entry->key, table->rows[i].key, &best, &distance);
	if (table == &schema_top && looks_like_service(entry->value))
		reader_error(reader, entry->mark,
			"unknown key; if it is a service, move it below 'services:'");
	else if (advice)
		reader_error(reader, entry->mark, "unknown key; %s", advice);
	else if (home && best && distance == 1)
		reader_error(reader, entry->mark,
			"unknown key, did you mean '%s'? '%s' %s%s", best,
			entry->key,
			*home ? "belongs into "
			      : "stands at the top of the file, without indentation",
			home);
	else if (home && !*home)
		reader_error(reader, entry->mark,
			"unknown key; '%s' stands at the top of the file, without indentation",
			entry->key);
	else if (home)
		reader_error(reader, entry->mark,
			"unknown key; '%s' belongs into %s", entry->key, home);
	else if (best)
		reader_error(reader, entry->mark,
			"unknown key, did you mean '%s'?", best);
	else
		reader_error(reader, entry->mark,
			"unknown key, remove it or start it with 'x-'");
}

void walk_presets(struct reader *reader, const struct schema_table *table,
	void *base)
{
	for (size_t i = 0; i < table->count; i++) {
		const struct option *row = &table->rows[i];
		struct mark nowhere = { 0, 0 };

		if (row->preset)
			(void)set_value(reader, row, nowhere, row->preset,
				base); /* a preset is always right */
	}
}

void walk_map(struct reader *reader, const struct node *map,
	const struct schema_table *table, void *base)
{
	for (const struct entry *e = map->first; e; e = e->next) {
		const struct option *row = find_row(table, e->key);
		size_t path;

		if (!row && text_starts_with(e->key, "x-"))
			continue;
		path = reader_push(reader, e->key);
		if (row)
			read_row(reader, row, e, base);
		else
			report_unknown(reader, table, e);
		reader_pop(reader, path);
	}
}

void *walk_names(struct reader *reader, const struct node *map,
	const struct walk_names *names, size_t *count)
{
	char *items;

	*count = 0;
	if (!reader_is_map(reader, map, names->example))
		return NULL;
	if (map->count > names->max) {
		reader_error(reader, map->mark,
			"there are %zu %s, the limit is %zu", map->count,
			names->what, names->max);
		return NULL;
	}
	items = reader_alloc_tree(reader, map->count + 1, names->size);
	for (const struct entry *e = map->first; items && e; e = e->next) {
		size_t path;

		if (text_starts_with(e->key, "x-"))
			continue;
		path = reader_push(reader, e->key);
		names->read(reader, e, items + (*count)++ * names->size);
		reader_pop(reader, path);
	}
	return items;
}
