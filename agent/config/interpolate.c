// SPDX-License-Identifier: MIT
/* interpolate - variables in values */
#include "config/interpolate.h"

#include <stdbool.h>
#include <string.h>

#include "config/dotenv.h"
#include "config/reader.h"
#include "lib/text.h"

#define DEPTH_MAX 16

struct expansion {
	struct reader *reader;
	const struct variables *variables;
	struct mark mark;
	struct text out;
	const char *at;
	unsigned int depth;
	bool is_quiet; /* inside a part that is not used */
	bool has_failed;
};

static bool is_name_start(char c)
{
	return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '_';
}

static size_t name_length(const char *text)
{
	size_t length = 0;

	if (!is_name_start(*text))
		return 0;
	while (is_name_start(text[length]) ||
		(text[length] >= '0' && text[length] <= '9'))
		length++;
	return length;
}

static void add(struct expansion *x, const char *bytes, size_t size)
{
	if (!x->is_quiet)
		text_add_bytes(&x->out, bytes, size);
}

static void fail_unclosed(struct expansion *x, const char *name, int length)
{
	reader_error(x->reader, x->mark, "'${%.*s' has no closing '}'", length,
		name);
	x->has_failed = true;
}

static void add_variable(struct expansion *x, const char *name, size_t length)
{
	const char *value = variables_find(x->variables, name, length);

	if (value)
		add(x, value, strlen(value));
	else if (!x->is_quiet)
		reader_warn(x->reader, x->mark,
			"variable '%.*s' has no value in .env, an empty text is used",
			(int)length, name);
}

static void expand_dollar(struct expansion *x);

/* Expands up to the '}' that closes the variable, or the end of the text. */
static void expand_part(struct expansion *x, bool is_braced)
{
	unsigned int braces = 0;

	while (*x->at && !x->has_failed) {
		if (*x->at == '$') {
			expand_dollar(x);
			continue;
		}
		if (is_braced && *x->at == '}' && braces-- == 0)
			return;
		if (*x->at == '{')
			braces++;
		add(x, x->at++, 1);
	}
}

/* After the operator: the part up to '}', used or only stepped over. */
static void expand_operand(struct expansion *x, bool is_used)
{
	bool was_quiet = x->is_quiet;

	x->is_quiet = was_quiet || !is_used;
	expand_part(x, true);
	x->is_quiet = was_quiet;
}

static void fail_required(struct expansion *x, const char *name, int length)
{
	size_t before = x->out.used;

	expand_operand(x, true);
	if (x->is_quiet || x->has_failed)
		return;
	if (x->out.used > before)
		reader_error(x->reader, x->mark,
			"variable '%.*s' must be set in .env: %s", length, name,
			x->out.data + before);
	else
		reader_error(x->reader, x->mark,
			"variable '%.*s' must be set in .env", length, name);
	x->has_failed = true;
}

/* At the operator of "${NAME<operator>...}". */
static void expand_operator(struct expansion *x, const char *name,
	size_t length)
{
	const char *value = variables_find(x->variables, name, length);
	bool needs_text = *x->at == ':';
	bool has_value = value && (*value || !needs_text);
	char sign = x->at[needs_text];

	if (!sign || !strchr("-?+", sign)) {
		if (!*x->at) {
			fail_unclosed(x, name, (int)length);
			return;
		}
		reader_error(x->reader, x->mark,
			"'${%.*s' is followed by '%c'; write '}', or one of :- - :? ? :+ +",
			(int)length, name, *x->at);
		x->has_failed = true;
		return;
	}
	x->at += needs_text ? 2 : 1;
	if (sign == '+') {
		expand_operand(x, has_value);
		return;
	}
	if (!has_value && sign == '?') {
		fail_required(x, name, (int)length);
		return;
	}
	if (has_value)
		add(x, value, strlen(value));
	expand_operand(x, !has_value);
}

static void expand_braces(struct expansion *x)
{
	const char *name = x->at;
	size_t length = name_length(name);

	x->at += length;
	if (length == 0) {
		reader_error(x->reader, x->mark,
			"'${' must be followed by a name; write '$$' for a plain '$'");
		x->has_failed = true;
		return;
	}
	if (*x->at == '}')
		add_variable(x, name, length);
	else
		expand_operator(x, name, length);
	if (x->has_failed)
		return;
	if (*x->at != '}') {
		fail_unclosed(x, name, (int)length);
		return;
	}
	x->at++;
}

static void expand_dollar(struct expansion *x)
{
	size_t length = name_length(x->at + 1);

	if (x->at[1] == '$') {
		add(x, "$", 1);
		x->at += 2;
	} else if (length > 0) {
		add_variable(x, x->at + 1, length);
		x->at += 1 + length;
	} else if (x->at[1] == '{' && x->depth < DEPTH_MAX) {
		x->at += 2;
		x->depth++;
		expand_braces(x);
		x->depth--;
	} else if (x->at[1] == '{') {
		reader_error(x->reader, x->mark,
			"variables are nested more than %d deep", DEPTH_MAX);
		x->has_failed = true;
	} else {
		reader_error(x->reader, x->mark,
			"'$' must be followed by a variable's name; write '$$' for a plain '$'");
		x->has_failed = true;
	}
}

static bool fits(struct expansion *x)
{
	struct reader *reader = x->reader;

	reader->expanded_bytes += x->out.used;
	if (x->out.is_cut)
		reader_error(reader, x->mark,
			"with its variables replaced the value has more than %d bytes",
			READER_VALUE_MAX - 1);
	else if (reader->expanded_bytes > READER_EXPANDED_MAX)
		reader_error(reader, x->mark,
			"with all variables replaced the config has more than %d bytes",
			READER_EXPANDED_MAX);
	else
		return true;
	return false;
}

const char *interpolate(struct reader *reader, struct mark mark,
	const char *text, const struct variables *variables)
{
	struct expansion x = {
		.reader = reader,
		.variables = variables,
		.mark = mark,
		.at = text,
	};
	char *scratch;

	if (!strchr(text, '$'))
		return text;
	scratch = reader_scratch(reader);
	if (!scratch)
		return NULL;
	text_init(&x.out, scratch, READER_VALUE_MAX);
	expand_part(&x, false);
	if (x.has_failed || !fits(&x))
		return NULL;
	return reader_copy(reader, x.out.data, x.out.used);
}
