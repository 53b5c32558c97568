// SPDX-License-Identifier: MIT
/* problem - what is wrong with a config, for people */
#include "config/problem.h"

#include <string.h>

#include "config/encoding.h"
#include "lib/text.h"

/* Replaces what a terminal must not see; a sequence cut at the end goes too. */
static void clean(char *string)
{
	size_t size = strlen(string);
	size_t used = 0;

	for (size_t at = 0; at < size;) {
		uint32_t point = 0;
		size_t length = encoding_decode(string + at, size - at, &point);

		if (length == 0 || point < 0x20 ||
			(point >= 0x7f && point < 0xa0)) {
			string[used++] = '?';
			at += length ? length : 1;
			continue;
		}
		memmove(string + used, string + at, length);
		used += length;
		at += length;
	}
	string[used] = '\0';
}

static bool is_before(const struct problem *a, const struct problem *b)
{
	if (a->line != b->line)
		return a->line < b->line;
	return a->column < b->column;
}

/* Where a new problem goes: behind those of its file that are not later. */
static size_t find_place(const struct problems *problems,
	const struct problem *problem)
{
	size_t place = problems->count;
	bool has_file = false;

	for (size_t i = problems->count; i > 0; i--) {
		const struct problem *other = &problems->items[i - 1];

		if (!text_equal(other->file, problem->file))
			continue;
		if (!is_before(problem, other))
			return i;
		place = i - 1;
		has_file = true;
	}
	return has_file ? place : problems->count;
}

static void remove_item(struct problems *problems, size_t index)
{
	problems->count--;
	memmove(&problems->items[index], &problems->items[index + 1],
		(problems->count - index) * sizeof(problems->items[0]));
}

/* Makes room for an error by dropping the last warning, if there is one. */
static void drop_warning(struct problems *problems)
{
	for (size_t i = problems->count; i > 0; i--) {
		if (problems->items[i - 1].is_warning) {
			remove_item(problems, i - 1);
			return;
		}
	}
}

void problems_add(struct problems *problems, const struct problem *problem)
{
	size_t place;

	if (problem->is_warning)
		problems->warning_count++;
	else
		problems->error_count++;
	if (problems->count == PROBLEMS_MAX && !problem->is_warning)
		drop_warning(problems);
	place = find_place(problems, problem);
	if (place == PROBLEMS_MAX)
		return;
	if (problems->count == PROBLEMS_MAX) {
		if (problem->is_warning)
			return;
		remove_item(problems, PROBLEMS_MAX - 1);
	}
	memmove(&problems->items[place + 1], &problems->items[place],
		(problems->count - place) * sizeof(problems->items[0]));
	problems->items[place] = *problem;
	problems->count++;
	clean(problems->items[place].file);
	clean(problems->items[place].path);
	clean(problems->items[place].text);
}

void problem_print(const struct problem *problem, struct text *out)
{
	if (*problem->file)
		text_add(out, "%s:", problem->file);
	if (problem->line)
		text_add(out, "%u:%u:", problem->line, problem->column);
	if (*problem->file || problem->line)
		text_add(out, " ");
	if (*problem->path)
		text_add(out, "%s: ", problem->path);
	text_add(out, "%s%s", problem->is_warning ? "warning: " : "",
		problem->text);
}
