/* SPDX-License-Identifier: MIT */
/*
 * screen - the status screen as text
 *
 * Pure: a struct status goes in, lines for a terminal of that size come out.
 * Whatever comes from outside is stripped of control characters first.
 */
#ifndef TARE_CLI_SCREEN_H
#define TARE_CLI_SCREEN_H

#include <stdbool.h>
#include <stddef.h>

struct status;
struct text;

enum screen_limit {
	SCREEN_RECENT_MAX = 8,
	SCREEN_LINE_MAX = 256,
};

struct screen {
	unsigned int columns;
	unsigned int rows;
	bool has_colour;
	/* last lines of the log, oldest first */
	char recent[SCREEN_RECENT_MAX][SCREEN_LINE_MAX];
	size_t recent_count;
};

/* Adds a line to the recent ones, dropping the oldest when full. */
void screen_add_recent(struct screen *screen, const char *line);

/*
 * Appends at most screen->rows lines, each ended by "\r\n" (the last one not),
 * each at most screen->columns wide, with "\033[K" to clear what was there. It
 * ends with whole lines, and room to spare, when out is too small for all.
 */
void screen_render(const struct screen *screen, const struct status *status,
	struct text *out);

/* "3 s", "12 min", "5 h", "9 d" */
void screen_format_age(unsigned long long age_ms, char *out, size_t size);

/* "12.3M", "1.5G", "-" for 0 */
void screen_format_memory(unsigned long long bytes, char *out, size_t size);

#endif
