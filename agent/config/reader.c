// SPDX-License-Identifier: MIT
/* reader - what is known while a config is read */
#include "config/reader.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "config/interpolate.h"
#include "config/node.h"
#include "config/problem.h"
#include "lib/arena.h"
#include "lib/text.h"

bool node_is_null(const struct node *node)
{
	static const char *const words[] = { "", "~", "null", "Null", "NULL" };

	if (node->kind != NODE_SCALAR || !node->is_plain)
		return false;
	for (size_t i = 0; i < sizeof(words) / sizeof(words[0]); i++) {
		if (text_equal(node->text, words[i]))
			return true;
	}
	return false;
}

const char *node_kind_name(const struct node *node)
{
	switch (node->kind) {
	case NODE_SCALAR:
		return node_is_null(node) ? "empty" : "a single value";
	case NODE_LIST:
		return "a list";
	case NODE_MAP:
		return "a map";
	}
	return "?";
}

struct mark node_find_mark(const struct node *map, const char *path,
	struct mark other)
{
	while (map && *path) {
		size_t length = strcspn(path, ".");
		const struct entry *e =
			map->kind == NODE_MAP ? map->first : NULL;

		while (e &&
			(strncmp(e->key, path, length) != 0 || e->key[length]))
			e = e->next;
		if (!e)
			return other;
		other = e->mark;
		map = e->value;
		path += length + (path[length] == '.');
	}
	return other;
}

size_t reader_push(struct reader *reader, const char *key)
{
	size_t before = reader->path_used;
	struct text path = {
		.data = reader->path,
		.size = sizeof(reader->path),
		.used = before,
	};

	/* of each key of a file: twice as fast as a format is */
	text_add_bytes(&path, ".", before > 0);
	text_add_bytes(&path, key, strlen(key));
	reader->path_used = path.used;
	return before;
}

size_t reader_push_index(struct reader *reader, size_t index)
{
	size_t before = reader->path_used;
	struct text path = {
		.data = reader->path,
		.size = sizeof(reader->path),
		.used = before,
	};

	text_add(&path, "[%zu]", index);
	reader->path_used = path.used;
	return before;
}

void reader_pop(struct reader *reader, size_t path_used)
{
	reader->path_used = path_used;
	reader->path[path_used] = '\0';
}

__attribute__((format(printf, 4, 0))) static void report(struct reader *reader,
	bool is_warning, struct mark mark, const char *format, va_list args)
{
	struct problem problem = {
		.is_warning = is_warning,
		.line = mark.line,
		.column = mark.column,
	};

	/* what does not fit is cut */
	(void)text_copy(problem.file, sizeof(problem.file), reader->file);
	(void)text_copy(problem.path, sizeof(problem.path), reader->path);
	(void)vsnprintf(problem.text, sizeof(problem.text), format, args);
	problems_add(reader->problems, &problem);
}

void reader_error(struct reader *reader, struct mark mark, const char *format,
	...)
{
	va_list args;

	va_start(args, format);
	report(reader, false, mark, format, args);
	va_end(args);
}

void reader_warn(struct reader *reader, struct mark mark, const char *format,
	...)
{
	va_list args;

	va_start(args, format);
	report(reader, true, mark, format, args);
	va_end(args);
}

void *reader_alloc(struct reader *reader, size_t count, size_t size)
{
	void *memory = arena_array(reader->arena, count, size);

	if (!memory)
		reader->is_out_of_memory = true;
	return memory;
}

void *reader_alloc_tree(struct reader *reader, size_t count, size_t size)
{
	void *memory = arena_array(reader->tree, count, size);

	if (!memory)
		reader->is_out_of_memory = true;
	return memory;
}

char *reader_copy(struct reader *reader, const char *text, size_t size)
{
	char *copy = arena_copy(reader->arena, text, size);

	if (!copy)
		reader->is_out_of_memory = true;
	return copy;
}

char *reader_scratch(struct reader *reader)
{
	if (!reader->scratch)
		reader->scratch =
			reader_alloc_tree(reader, 1, READER_VALUE_MAX);
	return reader->scratch;
}

void *reader_grow(struct reader *reader, void *items, size_t count, size_t size)
{
	void *larger;

	if (count & (count - 1))
		return items;
	larger = reader_alloc(reader, count ? 2 * count : 1, size);
	if (larger && count)
		memcpy(larger, items, count * size);
	return larger;
}

void reader_append(struct reader *reader, struct strings *strings,
	const char *item)
{
	const char **items = reader_grow(reader, strings->items, strings->count,
		sizeof(*items));

	if (!items)
		return;
	items[strings->count++] = item;
	strings->items = items;
}

const char *reader_text(struct reader *reader, const struct node *node,
	const char *expected)
{
	if (node->is_broken)
		return NULL;
	if (node->kind != NODE_SCALAR || node_is_null(node)) {
		reader_error(reader, node->mark, "this is %s, write %s",
			node_kind_name(node), expected);
		return NULL;
	}
	return interpolate(reader, node->mark, node->text, reader->variables);
}

static bool is_kind(struct reader *reader, const struct node *node,
	enum node_kind kind, const char *expected)
{
	if (node->kind == kind)
		return true;
	if (!node->is_broken)
		reader_error(reader, node->mark, "this is %s, write %s",
			node_kind_name(node), expected);
	return false;
}

bool reader_is_map(struct reader *reader, const struct node *node,
	const char *expected)
{
	return is_kind(reader, node, NODE_MAP, expected);
}

bool reader_is_list(struct reader *reader, const struct node *node,
	const char *expected)
{
	return is_kind(reader, node, NODE_LIST, expected);
}
