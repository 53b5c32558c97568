/* SPDX-License-Identifier: MIT */
/*
 * supervise_cases - files of cases: configs in, lines out
 *
 *	=== its name
 *	the text of compose.yaml
 *	--- last
 *	that of before: its services that are not in the other leave
 *	--- state
 *	web serving            or: running; what is not here does not run
 *	--- ask
 *	web db                 who asks for what
 *	= all lines that come out, in order
 *
 * All but the first part may be missing. What stands before the first name is
 * for people.
 */
#ifndef TARE_SUPERVISE_CASES_H
#define TARE_SUPERVISE_CASES_H

#include <fcntl.h>
#include <stdlib.h>
#include <string.h>

#include "check.h"
#include "config/config.h"
#include "config/problem.h"
#include "lib/arena.h"
#include "lib/error.h"
#include "lib/fd.h"
#include "lib/text.h"
#include "supervise/blueprint.h"

enum part {
	PART_CONFIG,
	PART_LAST,
	PART_STATE,
	PART_ASK,
	PART_LINES,
	PART_COUNT,
};

struct cases {
	char parts[PART_COUNT][16384];
	struct text texts[PART_COUNT];
};

/* Cuts the line at *at off; NULL at the end. */
static inline char *cases_line(char **at)
{
	char *line = *at;
	char *end;

	if (!*line)
		return NULL;
	end = strchr(line, '\n');
	*at = end ? end + 1 : line + strlen(line);
	if (end)
		*end = '\0';
	return line;
}

/* Puts the line to its part; which one the next is of. */
static inline enum part cases_sort(struct cases *cases, enum part part,
	const char *line)
{
	static const char *const heads[] = {
		[PART_LAST] = "--- last",
		[PART_STATE] = "--- state",
		[PART_ASK] = "--- ask",
	};

	for (enum part i = PART_LAST; i <= PART_ASK; i++) {
		if (text_equal(line, heads[i]))
			return i;
	}
	if (text_starts_with(line, "= "))
		text_add(&cases->texts[PART_LINES], "%s\n", line + 2);
	else
		text_add(&cases->texts[part], "%s\n", line);
	return part;
}

/* Calls run for each case of the file; at least one. */
static inline void cases_walk(const char *path,
	void (*run)(const struct cases *cases))
{
	static struct cases cases;
	auto_free char *bytes = NULL;
	enum part part = PART_CONFIG;
	size_t count = 0;
	char *line;
	char *at;

	if (!CHECK(fd_read_file(AT_FDCWD, path, 1 << 20, &bytes, NULL, NULL) ==
		    0))
		return;
	at = bytes;
	while ((line = cases_line(&at)) && !text_starts_with(line, "=== "))
		;
	while (line) {
		check_row(line + 4);
		for (enum part i = PART_CONFIG; i < PART_COUNT; i++)
			text_init(&cases.texts[i], cases.parts[i],
				sizeof(cases.parts[i]));
		part = PART_CONFIG;
		while ((line = cases_line(&at)) &&
			!text_starts_with(line, "=== "))
			part = cases_sort(&cases, part, line);
		run(&cases);
		count++;
	}
	CHECK(count > 0);
}

/* A config, which must be a good one. */
static inline bool cases_load(const char *yaml, struct arena *arena,
	struct config *out)
{
	static struct problems problems;
	struct config_source source = { "compose.yaml", yaml, strlen(yaml),
		-1 };

	memset(&problems, 0, sizeof(problems));
	arena->limit_bytes = 0;
	if (CHECK(config_load(&source, arena, out, &problems) == 0))
		return true;
	for (size_t i = 0; i < problems.count; i++)
		printf("# %s\n", problems.items[i].text);
	return false;
}

/* What the blueprint of a case is made from. */
struct cases_source {
	struct config config, last;
	const struct service *leaving[16];
	struct blueprint_source source;
};

static inline bool cases_has(const struct config *config, const char *name)
{
	for (size_t i = 0; i < config->service_count; i++) {
		if (text_equal(config->services[i].name, name))
			return true;
	}
	return false;
}

static inline bool cases_source(const struct cases *cases, struct arena *arena,
	struct cases_source *out)
{
	size_t count = 0;

	*out = (struct cases_source){ .source.config = &out->config };
	if (!cases_load(cases->parts[PART_CONFIG], arena, &out->config) ||
		!cases_load(cases->parts[PART_LAST], arena, &out->last))
		return false;
	for (size_t i = 0; i < out->last.service_count; i++) {
		const struct service *service = &out->last.services[i];

		if (!cases_has(&out->config, service->name))
			out->leaving[count++] = service;
	}
	out->source.leaving = out->leaving;
	out->source.leaving_count = count;
	out->source.last = &out->last;
	return true;
}

/* Compares, and shows both when they differ. */
static inline void cases_compare(const char *is, const char *should)
{
	if (!CHECK(text_equal(is, should)))
		printf("# is:\n%s# should:\n%s", is, should);
}

#endif
