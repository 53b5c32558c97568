// SPDX-License-Identifier: MIT
/* yaml_words - what libyaml found, in plain words */
#include "config/yaml_words.h"

#include <stdbool.h>
#include <string.h>

#include "config/config.h"
#include "config/encoding.h"
#include "config/reader.h"
#include "lib/text.h"

/* Which of libyaml's two places helps a person */
enum place {
	PLACE_PROBLEM,
	PLACE_CONTEXT, /* where the thing that went wrong began */
};

struct words {
	const char *problem; /* as libyaml says it */
	const char *context; /* how its context begins; NULL: any */
	enum place place;
	const char *text; /* %u, when there, is the context's line */
};

#define TAG "a value that starts with '!' needs quotes; tags are not read"
#define NAME \
	"a name must follow '&' or '*'; a value that starts so needs quotes"
#define PERCENT \
	"a line that starts with '%%' is a YAML directive, and only '%%YAML 1.2' is known"
#define ESCAPE \
	"this is no escape that double quotes know; write '\\\\' for a backslash, or use single quotes"
#define TOKEN "found character that cannot start any token" /* libyaml's */
#define TAB   "a tab cannot indent, use spaces"

/* clang-format off */
static const struct words all_words[] = {
	{ "block sequence entries are not allowed in this context", NULL, PLACE_PROBLEM,
	  "a list item cannot stand here; start it on a line of its own, indented" },
	{ "mapping keys are not allowed in this context", NULL, PLACE_PROBLEM,
	  "a '? ' cannot stand here; put a value that starts so in quotes" },
	{ "could not find expected ':'", NULL, PLACE_CONTEXT,
	  "there is no ': ' after this key; write 'key: value'" },
	{ "found unexpected end of stream", "while scanning a quoted", PLACE_CONTEXT,
	  "this quote is never closed" },
	{ "found unexpected document indicator", "while scanning a quoted", PLACE_CONTEXT,
	  "this quote is not closed before the line of '---' or '...'" },
	{ "did not find expected key", "while parsing a block mapping", PLACE_PROBLEM,
	  "this does not continue the map that starts in line %u; check the indentation and quotes" },
	{ "did not find expected '-' indicator", NULL, PLACE_PROBLEM,
	  "this does not continue the list that starts in line %u; check the indentation and quotes" },
	{ "did not find expected ',' or ']'", NULL, PLACE_CONTEXT,
	  "in the list that this '[' starts a ',' or the ']' is missing" },
	{ "did not find expected ',' or '}'", NULL, PLACE_CONTEXT,
	  "in the map that this '{' starts a ',' or the '}' is missing" },
	{ "did not find expected node content", NULL, PLACE_PROBLEM,
	  "a value is missing here" },
	{ "did not find expected <document start>", NULL, PLACE_PROBLEM,
	  "this does not continue the document; check the indentation" },
	{ "found unexpected ':'", NULL, PLACE_PROBLEM,
	  "a ':' cannot stand here; put the value in quotes" },
	{ "found unknown escape character", NULL, PLACE_PROBLEM, ESCAPE },
	{ "did not find expected hexdecimal number", NULL, PLACE_PROBLEM, ESCAPE },
	{ "found invalid Unicode character escape code", NULL, PLACE_PROBLEM, ESCAPE },
	{ "did not find expected alphabetic or numeric character", NULL, PLACE_CONTEXT, NAME },
	{ "did not find expected comment or line break", NULL, PLACE_PROBLEM,
	  "only a comment can follow '|' or '>' on their line" },
	{ "found an indentation indicator equal to 0", NULL, PLACE_PROBLEM,
	  "the digit after '|' or '>' is from 1 to 9" },
	{ "found a tab character where an indentation space is expected", NULL, PLACE_PROBLEM, TAB },
	{ "found a tab character that violates indentation", NULL, PLACE_PROBLEM, TAB },
	{ "found undefined tag handle", NULL, PLACE_PROBLEM, TAG },
	{ "did not find expected '!'", NULL, PLACE_CONTEXT, TAG },
	{ "did not find expected tag URI", NULL, PLACE_CONTEXT, TAG },
	{ "did not find the expected '>'", NULL, PLACE_CONTEXT, TAG },
	{ "did not find URI escaped octet", NULL, PLACE_CONTEXT, TAG },
	{ "found an incorrect leading UTF-8 octet", NULL, PLACE_CONTEXT, TAG },
	{ "found an incorrect trailing UTF-8 octet", NULL, PLACE_CONTEXT, TAG },
	{ "did not find expected whitespace or line break", "while scanning a tag", PLACE_CONTEXT, TAG },
	{ "did not find expected whitespace or line break", NULL, PLACE_CONTEXT, PERCENT },
	{ "found unknown directive name", NULL, PLACE_CONTEXT, PERCENT },
	{ "could not find expected directive name", NULL, PLACE_CONTEXT, PERCENT },
	{ "found unexpected non-alphabetical character", NULL, PLACE_CONTEXT, PERCENT },
	{ "found extremely long version number", NULL, PLACE_CONTEXT, PERCENT },
	{ "did not find expected version number", NULL, PLACE_CONTEXT, PERCENT },
	{ "did not find expected digit or '.' character", NULL, PLACE_CONTEXT, PERCENT },
	{ "did not find expected whitespace", NULL, PLACE_CONTEXT, PERCENT },
	{ "found incompatible YAML document", NULL, PLACE_PROBLEM, PERCENT },
	{ "found duplicate %YAML directive", NULL, PLACE_PROBLEM, PERCENT },
	{ "found duplicate %TAG directive", NULL, PLACE_PROBLEM, PERCENT },
};
/* clang-format on */

static struct mark to_mark(yaml_mark_t mark)
{
	return (struct mark){ (uint32_t)mark.line + 1,
		(uint32_t)mark.column + 1 };
}

/* The line of a mark, split at it. */
struct split {
	const char *before;
	size_t before_size;
	const char *after; /* at the mark */
	size_t after_size; /* up to the end of the text */
};

static struct split split_at(const char *text, size_t size, yaml_mark_t mark)
{
	size_t line = 0;
	size_t at = 0;

	for (size_t i = 0; i < mark.index && at < size; i++) {
		uint32_t point = 0;
		size_t length = encoding_decode(text + at, size - at, &point);

		at += length ? length : 1;
		if (text[at - 1] == '\n')
			line = at;
	}
	return (struct split){ text + line, at - line, text + at, size - at };
}

/* The last byte before the mark that is no blank, '\0' when there is none. */
static char last_before(const struct split *split)
{
	size_t size = split->before_size;

	while (size > 0 && strchr(" \t", split->before[size - 1]))
		size--;
	if (size == 0)
		return '\0';
	return split->before[size - 1];
}

static bool fits(const struct words *words, const yaml_parser_t *parser)
{
	if (!text_equal(words->problem, parser->problem))
		return false;
	return !words->context ||
	       (parser->context &&
		       text_starts_with(parser->context, words->context));
}

static void report_token(struct reader *reader, struct mark mark,
	const struct split *split)
{
	const char *first = split->after_size ? split->after : "?";

	if (*first == '\t')
		reader_error(reader, mark, TAB);
	else
		reader_error(reader, mark,
			"a value cannot start with '%.1s', put it in quotes",
			first);
}

/* A ": " in a value, or a key right below a text that was no key. */
static void report_colon(struct reader *reader, struct mark mark,
	const struct split *split)
{
	if (memmem(split->before, split->before_size, ": ", 2) ||
		memchr(split->before, '=', split->before_size))
		reader_error(reader, mark,
			"a ':' cannot stand here; put a value that holds ': ' in quotes");
	else
		reader_error(reader, mark,
			"a key cannot stand here; end the line above with ':', or check the indentation");
}

/* What does not continue a map or list; false: nothing more is known of it. */
static bool report_misfit(struct reader *reader, struct mark mark,
	const struct split *split)
{
	char last = last_before(split);

	if (last == '"' || last == '\'') {
		reader_error(reader, mark,
			"text follows the closing quote; put all of the value in quotes");
		return true;
	}
	if (last == ']' || last == '}') {
		reader_error(reader, mark,
			"text follows the closing '%c'; put all of the value in quotes, or start a new line",
			last);
		return true;
	}
	if (split->after_size > 1 && split->after[0] == '-' &&
		split->after[1] == ' ') {
		reader_error(reader, mark,
			"a list item cannot stand beside keys; put it below a key that ends with ':', or write 'key: value'");
		return true;
	}
	return false;
}

/* Those whose meaning depends on what stands there; false: it is none. */
static bool report_by_text(struct reader *reader, const yaml_parser_t *parser,
	const struct split *split)
{
	struct mark mark = to_mark(parser->problem_mark);
	const char *problem = parser->problem;

	if (text_equal(problem, TOKEN))
		report_token(reader, mark, split);
	else if (text_equal(problem,
			 "mapping values are not allowed in this context"))
		report_colon(reader, mark, split);
	else if (text_equal(problem, "did not find expected key") ||
		 text_equal(problem, "did not find expected '-' indicator"))
		return report_misfit(reader, mark, split);
	else
		return false;
	return true;
}

bool yaml_words_is_tab(const yaml_parser_t *parser, const char *text,
	size_t size)
{
	struct split split;

	if (parser->error != YAML_SCANNER_ERROR)
		return false;
	if (text_starts_with(parser->problem, "found a tab character"))
		return true;
	split = split_at(text, size, parser->problem_mark);
	return split.after_size > 0 && *split.after == '\t' &&
	       text_equal(parser->problem, TOKEN);
}

void yaml_words_report(struct reader *reader, const yaml_parser_t *parser,
	const char *text, size_t size)
{
	struct mark problem = to_mark(parser->problem_mark);
	struct mark context = to_mark(parser->context_mark);
	struct split split;

	if (parser->error == YAML_MEMORY_ERROR) {
		reader->is_out_of_memory = true;
		return;
	}
	split = split_at(text, size, parser->problem_mark);
	if (report_by_text(reader, parser, &split))
		return;
	for (size_t i = 0; i < sizeof(all_words) / sizeof(all_words[0]); i++) {
		const struct words *words = &all_words[i];

		if (!fits(words, parser))
			continue;
		if (words->place == PLACE_CONTEXT)
			problem = context;
#pragma GCC diagnostic push
#pragma GCC diagnostic ignored "-Wformat-nonliteral"
		reader_error(reader, problem, words->text, context.line);
#pragma GCC diagnostic pop
		return;
	}
	reader_error(reader, problem, "this is not YAML: %s", parser->problem);
}
