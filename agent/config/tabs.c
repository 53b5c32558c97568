// SPDX-License-Identifier: MIT
/* tabs - a text that tabs indent, as if spaces did */
#include "config/tabs.h"

#include <string.h>
#include <yaml.h>

#include "config/reader.h"
#include "config/yaml_words.h"

#define SCANS_MAX 16 /* each finds one more tab that stands behind spaces */

struct tabs {
	char *text; /* the copy */
	size_t size;
	struct mark first;
	size_t line_count;
	size_t last_line;
};

enum scan_end {
	SCAN_WHOLE,
	SCAN_TAB,
	SCAN_OTHER, /* no YAML, or no memory */
};

/* The bytes in front of a line's first word: blanks, and signs of items. */
static size_t count_front(const char *line, const char *end)
{
	const char *at = line;

	while (at < end && strchr(" \t-?", *at) && *at)
		at++;
	return (size_t)(at - line);
}

static const char *next_line(const char *line, const char *end)
{
	const char *newline = memchr(line, '\n', (size_t)(end - line));

	return newline ? newline + 1 : end;
}

static bool has_tab(const char *line, const char *end)
{
	return memchr(line, '\t', count_front(line, end)) != NULL;
}

static bool has_tabs(const char *text, size_t size)
{
	const char *end = text + size;

	if (!memchr(text, '\t', size))
		return false;
	for (const char *line = text; line < end; line = next_line(line, end)) {
		if (has_tab(line, end))
			return true;
	}
	return false;
}

/* Are there lines that spaces indent? How wide a tab is to be there is open. */
static bool is_mixed(const char *text, size_t size)
{
	const char *end = text + size;

	for (const char *line = text; line < end; line = next_line(line, end)) {
		if (*line == ' ')
			return true;
	}
	return false;
}

static enum scan_end scan_events(struct reader *reader, yaml_parser_t *parser,
	const struct tabs *tabs)
{
	yaml_event_t event;
	bool has_more = true;

	while (has_more) {
		if (!yaml_parser_parse(parser, &event)) {
			reader->is_out_of_memory |=
				parser->error == YAML_MEMORY_ERROR;
			return yaml_words_is_tab(parser, tabs->text, tabs->size)
				       ? SCAN_TAB
				       : SCAN_OTHER;
		}
		has_more = event.type != YAML_STREAM_END_EVENT;
		yaml_event_delete(&event);
	}
	return SCAN_WHOLE;
}

/* How far libyaml comes, and what stops it. */
static enum scan_end scan(struct reader *reader, const struct tabs *tabs,
	yaml_mark_t *stop)
{
	yaml_parser_t parser;
	enum scan_end end;

	if (!yaml_parser_initialize(&parser)) {
		reader->is_out_of_memory = true;
		return SCAN_OTHER;
	}
	yaml_parser_set_encoding(&parser, YAML_UTF8_ENCODING);
	yaml_parser_set_input_string(&parser, (const unsigned char *)tabs->text,
		tabs->size);
	end = scan_events(reader, &parser, tabs);
	*stop = parser.problem_mark;
	yaml_parser_delete(&parser);
	return end;
}

static void clean_line(struct tabs *tabs, char *line, size_t number)
{
	size_t front = count_front(line, tabs->text + tabs->size);

	for (size_t i = 0; i < front; i++) {
		if (line[i] == '\t')
			line[i] = ' ';
	}
	tabs->line_count++;
	if (number > tabs->last_line)
		tabs->last_line = number;
}

/* Cleans the line of the mark, and all below that begin with a tab. */
static bool clean_lines(struct tabs *tabs, yaml_mark_t mark)
{
	const char *end = tabs->text + tabs->size;
	size_t number = mark.line + 1;
	char *line = tabs->text;

	for (size_t i = 0; i < mark.line && line < end; i++)
		line += next_line(line, end) - line;
	if (!has_tab(line, end))
		return false;
	if (tabs->line_count == 0)
		tabs->first = (struct mark){ (uint32_t)number,
			(uint32_t)mark.column + 1 };
	clean_line(tabs, line, number);
	for (line += next_line(line, end) - line; line < end;
		line += next_line(line, end) - line) {
		number++;
		if (*line == '\t')
			clean_line(tabs, line, number);
	}
	return true;
}

static void report(struct reader *reader, const struct tabs *tabs)
{
	size_t more = tabs->line_count - 1;

	if (more > 0)
		reader_error(reader, tabs->first,
			"a tab cannot indent, use spaces; so do %zu more, up to line %zu",
			more, tabs->last_line);
	else
		reader_error(reader, tabs->first,
			"a tab cannot indent, use spaces");
}

bool tabs_replace(struct reader *reader, const char **text, size_t size)
{
	struct tabs tabs = { .size = size };
	enum scan_end end = SCAN_TAB;
	yaml_mark_t stop;

	if (!has_tabs(*text, size))
		return true;
	tabs.text = reader_alloc_tree(reader, size + 1, 1);
	if (!tabs.text)
		return false;
	memcpy(tabs.text, *text, size);
	for (size_t i = 0; end == SCAN_TAB && i < SCANS_MAX; i++) {
		end = scan(reader, &tabs, &stop);
		if (end == SCAN_TAB && !clean_lines(&tabs, stop))
			end = SCAN_OTHER;
	}
	if (reader->is_out_of_memory)
		return false;
	if (tabs.line_count == 0)
		return true;
	report(reader, &tabs);
	if (end != SCAN_WHOLE || is_mixed(*text, size))
		return false;
	*text = tabs.text;
	return true;
}
