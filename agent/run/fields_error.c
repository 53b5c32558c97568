// SPDX-License-Identifier: MIT
/* fields_error - the path of what is read, and sentences about it */
#include "run/fields.h"

#include <assert.h>
#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "lib/error.h"

void fields_init(struct fields_reader *reader, struct arena *arena,
	struct error *err)
{
	reader->arena = arena;
	reader->err = err;
	reader->shares_texts = false;
	reader->depth = 0;
}

struct fields_shown fields_show(const char *text)
{
	enum {
		SHOWN_MAX = 60
	};
	struct fields_shown shown;
	struct text out;
	size_t length = strlen(text);
	size_t cut = length;

	text_init(&out, shown.text, sizeof(shown.text) - 4);
	if (cut > SHOWN_MAX) {
		cut = SHOWN_MAX;
		while (cut && (text[cut] & 0xc0) == 0x80)
			cut--;
	}
	text_add_json(&out, text, cut);
	if (out.is_cut || cut < length)
		memcpy(shown.text + out.used, "...", 4);
	return shown;
}

/* Is it as safe to read in a path as the specification's own keys are? */
static bool is_plain(const char *key)
{
	return *key && strlen(key) <= 40 &&
	       key[strspn(key, "abcdefghijklmnopqrstuvwxyz"
			       "ABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_-")] ==
		       '\0';
}

void fields_add_key(struct text *path, const char *key)
{
	if (is_plain(key))
		text_add(path, "%s%s", path->used ? "." : "", key);
	else
		text_add(path, "[\"%s\"]", fields_show(key).text);
}

void fields_add_index(struct text *path, size_t index)
{
	text_add(path, "[%zu]", index);
}

static size_t push(struct fields_reader *reader, const char *key, size_t index)
{
	size_t depth = reader->depth++;

	assert(depth < sizeof(reader->path) / sizeof(reader->path[0]));
	reader->path[depth] = (struct fields_step){ key, index };
	return depth;
}

size_t fields_push(struct fields_reader *reader, const char *key)
{
	return push(reader, key, 0);
}

size_t fields_push_index(struct fields_reader *reader, size_t index)
{
	return push(reader, NULL, index);
}

void fields_pop(struct fields_reader *reader, size_t depth)
{
	reader->depth = depth;
}

/* The path of what is being read; empty at the top. */
struct shown_path {
	char text[136];
};

static struct shown_path show_path(const struct fields_reader *reader)
{
	struct shown_path shown;
	struct text path;

	text_init(&path, shown.text, sizeof(shown.text));
	for (size_t i = 0; i < reader->depth; i++) {
		if (reader->path[i].key)
			fields_add_key(&path, reader->path[i].key);
		else
			fields_add_index(&path, reader->path[i].index);
	}
	return shown;
}

int fields_error(struct fields_reader *reader, const char *format, ...)
{
	char message[200];
	va_list args;

	va_start(args, format);
	(void)vsnprintf(message, sizeof(message), format,
		args); /* may be cut */
	va_end(args);
	return error_set(reader->err, -EINVAL, "%s%s%s", show_path(reader).text,
		reader->depth ? ": " : "", message);
}

int fields_error_at(struct fields_reader *reader, const char *key,
	const char *format, ...)
{
	char message[200];
	va_list args;

	va_start(args, format);
	(void)vsnprintf(message, sizeof(message), format,
		args); /* may be cut */
	va_end(args);
	(void)fields_push(reader, key); /* the error ends the reading */
	return fields_error(reader, "%s", message);
}

int fields_no_memory(struct fields_reader *reader)
{
	return error_set(reader->err, -ENOMEM,
		"%s: no memory for it, the document is too large",
		reader->depth ? show_path(reader).text : "the document");
}

const char *fields_number(const json_t *value)
{
	const char *text = json_string_value(value);
	const char *rest;

	if (!text || *text != FIELDS_NUMBER_MARK)
		return NULL;
	text++;
	rest = text + (*text == '-');
	rest += strspn(rest, "0123456789");
	return rest == text || (*rest && !strchr(".eE", *rest)) ? NULL : text;
}

static const char *describe(const json_t *value)
{
	if (fields_number(value))
		return "a number";
	switch (json_typeof(value)) {
	case JSON_OBJECT:
		return "an object";
	case JSON_ARRAY:
		return "a list";
	case JSON_STRING:
		return "a text";
	case JSON_INTEGER:
	case JSON_REAL:
		return "a number";
	case JSON_TRUE:
	case JSON_FALSE:
		return "true or false";
	case JSON_NULL:
		break;
	}
	return "null";
}

int fields_wrong_type(struct fields_reader *reader, const json_t *value,
	const char *wanted)
{
	return fields_error(reader, "is %s, not %s", describe(value), wanted);
}

int fields_want(struct fields_reader *reader, const json_t *value,
	json_type type)
{
	if (type == JSON_OBJECT && !json_is_object(value))
		return fields_wrong_type(reader, value, "an object");
	if (type == JSON_ARRAY && !json_is_array(value))
		return fields_wrong_type(reader, value, "a list");
	if (type == JSON_STRING &&
		(!json_is_string(value) || fields_number(value)))
		return fields_wrong_type(reader, value, "a text");
	return 0;
}
