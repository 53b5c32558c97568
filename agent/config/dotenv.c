// SPDX-License-Identifier: MIT
/* dotenv - files of NAME=value lines, as Compose reads .env and env_file */
#include "config/dotenv.h"

#include <errno.h>
#include <stdint.h>
#include <string.h>

#include "config/config.h"
#include "config/encoding.h"
#include "config/interpolate.h"
#include "config/reader.h"
#include "lib/error.h"
#include "lib/fd.h"
#include "lib/text.h"

struct scanner {
	struct reader *reader;
	struct variables *out;
	const char *at;
	const char *line_start;
	uint32_t line;
	bool is_raw;
};

static size_t bucket_of(const char *name, size_t length)
{
	uint32_t hash = 2166136261U; /* FNV-1a */

	for (size_t i = 0; i < length; i++)
		hash = (hash ^ (unsigned char)name[i]) * 16777619U;
	return hash % DOTENV_BUCKETS;
}

static struct variable *find(const struct variables *variables,
	const char *name, size_t length)
{
	struct variable *v = variables->buckets[bucket_of(name, length)];

	while (v && (strncmp(v->name, name, length) != 0 || v->name[length]))
		v = v->next_in_bucket;
	return v;
}

const char *variables_find(const struct variables *variables, const char *name,
	size_t length)
{
	for (; variables; variables = variables->parent) {
		const struct variable *v = find(variables, name, length);

		if (v)
			return v->value;
	}
	return NULL;
}

void variables_set(struct reader *reader, struct variables *variables,
	const char *name, const char *value)
{
	size_t bucket = bucket_of(name, strlen(name));
	struct variable *v = find(variables, name, strlen(name));

	if (v) {
		v->value = value;
		return;
	}
	v = reader_alloc(reader, 1, sizeof(*v));
	if (!v)
		return;
	*v = (struct variable){ .name = name, .value = value };
	v->next_in_bucket = variables->buckets[bucket];
	variables->buckets[bucket] = v;
	if (variables->last)
		variables->last->next = v;
	else
		variables->first = v;
	variables->last = v;
	variables->count++;
}

static struct mark here(const struct scanner *s)
{
	return (struct mark){ s->line, (uint32_t)(s->at - s->line_start) + 1 };
}

static void skip_line(struct scanner *s)
{
	while (*s->at && *s->at != '\n')
		s->at++;
	if (!*s->at)
		return;
	s->at++;
	s->line++;
	s->line_start = s->at;
}

static void skip_blanks(struct scanner *s)
{
	while (*s->at == ' ' || *s->at == '\t' || *s->at == '\r')
		s->at++;
}

static bool is_name_char(char c)
{
	return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') ||
	       (c >= '0' && c <= '9') || strchr("_.-", c);
}

/* The bytes that a backslash and c stand for in double quotes. */
static size_t unescape(char c, char out[2])
{
	static const char letters[] = "nrt";
	static const char controls[] = "\n\r\t";
	const char *found = strchr(letters, c);

	if (found) {
		out[0] = controls[found - letters];
		return 1;
	}
	if (c == '$') { /* interpolation makes it one again */
		out[0] = out[1] = '$';
		return 2;
	}
	out[0] = c;
	return 1;
}

/* A value in quotes; at the opening one. NULL: not closed. */
static const char *scan_quoted(struct scanner *s)
{
	struct mark mark = here(s);
	const char quote = *s->at++;
	char *scratch = reader_scratch(s->reader);
	struct text value;

	if (!scratch)
		return NULL;
	text_init(&value, scratch, READER_VALUE_MAX);
	while (*s->at && *s->at != quote) {
		char bytes[2] = { *s->at, 0 };
		size_t size = 1;

		if (quote == '"' && *s->at == '\\' && s->at[1])
			size = unescape(*++s->at, bytes);
		text_add_bytes(&value, bytes, size);
		s->at++;
		if (s->at[-1] == '\n') {
			s->line++;
			s->line_start = s->at;
		}
	}
	if (!*s->at) {
		reader_error(s->reader, mark, "this quote is never closed");
		return NULL;
	}
	s->at++;
	return reader_copy(s->reader, value.data, value.used);
}

/* A value without quotes: up to the line's end or a comment. */
static const char *scan_plain(struct scanner *s)
{
	const char *start = s->at;
	size_t size = strcspn(start, "\n");

	for (size_t i = 0; !s->is_raw && i < size; i++) {
		if (start[i] == '#' &&
			(i == 0 || start[i - 1] == ' ' || start[i - 1] == '\t'))
			size = i;
	}
	s->at += size;
	while (size > 0 && strchr(" \t\r", start[size - 1]))
		size--;
	return reader_copy(s->reader, start, size);
}

static void scan_value(struct scanner *s, const char *name)
{
	struct mark mark = here(s);
	char quote = *s->at;
	const char *value;

	if (!s->is_raw && (quote == '"' || quote == '\''))
		value = scan_quoted(s);
	else
		value = scan_plain(s);
	if (value && !s->is_raw && quote != '\'')
		value = interpolate(s->reader, mark, value, s->out);
	if (value)
		variables_set(s->reader, s->out, name, value);
	skip_blanks(s);
	if (*s->at && *s->at != '\n' && *s->at != '#' && value)
		reader_error(s->reader, here(s),
			"text follows the closing quote, put all of the value in quotes");
}

static void scan_line(struct scanner *s)
{
	struct mark mark;
	const char *name;
	size_t length = 0;

	skip_blanks(s);
	if (!*s->at || *s->at == '\n' || *s->at == '#')
		return;
	if (text_starts_with(s->at, "export ")) {
		s->at += strlen("export ");
		skip_blanks(s);
	}
	mark = here(s);
	while (s->at[length] && is_name_char(s->at[length]))
		length++;
	name = reader_copy(s->reader, s->at, length);
	if (!name)
		return;
	s->at += length;
	skip_blanks(s);
	if (length == 0 || (*s->at && *s->at != '\n' && *s->at != '=')) {
		reader_error(s->reader, mark,
			"this line is not NAME=value; a comment starts with '#'");
		return;
	}
	if (*s->at == '=') {
		s->at++;
		skip_blanks(s);
		scan_value(s, name);
		return;
	}
	variables_set(s->reader, s->out, name,
		variables_find(s->out, name, length));
}

static void scan(struct reader *reader, const char *text, bool is_raw,
	struct variables *out)
{
	struct scanner s = {
		.reader = reader,
		.out = out,
		.at = text,
		.line_start = text,
		.line = 1,
		.is_raw = is_raw,
	};

	while (*s.at && !reader->is_out_of_memory) {
		scan_line(&s);
		skip_line(&s);
	}
}

int dotenv_read(struct reader *reader, const char *name, bool is_raw,
	struct variables *out, struct error *err)
{
	const char *outer_file = reader->file;
	auto_free char *bytes = NULL;
	const char *text;
	size_t size = 0;
	int result = fd_read_file(reader->folder_fd, name, DOTENV_BYTES_MAX,
		&bytes, &size, err);

	if (result == -ENOMEM)
		reader->is_out_of_memory = true;
	if (result < 0)
		return result;
	reader->file = name;
	text = bytes;
	if (encoding_check(reader, &text, &size))
		scan(reader, text, is_raw, out);
	reader->file = outer_file;
	return 0;
}
