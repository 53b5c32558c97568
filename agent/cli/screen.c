// SPDX-License-Identifier: MIT
/* screen - the status screen as text */
#include "cli/screen.h"

#include <stdarg.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>

#include "config/problem.h"
#include "lib/text.h"
#include "supervise/status.h"

#define BOLD   "\033[1m"
#define RED    "\033[31m"
#define GREEN  "\033[32m"
#define YELLOW "\033[33m"
#define PLAIN  "\033[0m"

#define INDENT       "    "
#define ERRORS_SHOWN 5
#define LINE_BYTES   (SCREEN_LINE_MAX + 32) /* with what colours it */

/* A screen that is being filled. */
struct canvas {
	const struct screen *screen;
	struct text *out;
	unsigned int used_rows;
};

void screen_add_recent(struct screen *screen, const char *line)
{
	if (screen->recent_count == SCREEN_RECENT_MAX) {
		memmove(screen->recent[0], screen->recent[1],
			sizeof(screen->recent) - sizeof(screen->recent[0]));
		screen->recent_count--;
	}
	(void)text_copy(screen->recent[screen->recent_count++], SCREEN_LINE_MAX,
		line);
}

void screen_format_age(unsigned long long age_ms, char *out, size_t size)
{
	unsigned long long seconds = age_ms / 1000;

	if (seconds < 120)
		(void)snprintf(out, size, "%llu s", seconds);
	else if (seconds < 120 * 60)
		(void)snprintf(out, size, "%llu min", seconds / 60);
	else if (seconds < 48 * 3600)
		(void)snprintf(out, size, "%llu h", seconds / 3600);
	else
		(void)snprintf(out, size, "%llu d", seconds / 86400);
}

void screen_format_memory(unsigned long long bytes, char *out, size_t size)
{
	double mib = (double)bytes / (1 << 20);

	if (bytes == 0)
		(void)snprintf(out, size, "-");
	else if (mib < 1000)
		(void)snprintf(out, size, "%.1fM", mib);
	else
		(void)snprintf(out, size, "%.1fG", mib / 1024);
}

/* A terminal obeys what it is shown: keep control characters from it. */
static void make_harmless(char *text)
{
	for (; *text; text++) {
		if ((unsigned char)*text < 0x20 || (unsigned char)*text >= 0x7f)
			*text = '?';
	}
}

/* Rows that can still be filled: on the screen, and in the text. */
static unsigned int rows_left(const struct canvas *canvas)
{
	unsigned int rows = canvas->screen->rows - canvas->used_rows;
	size_t room = (canvas->out->size - canvas->out->used) / LINE_BYTES;

	return room <= rows ? (unsigned int)(room > 0 ? room - 1 : 0) : rows;
}

/* One line in one colour, cut at the edge. */
static void add_line(struct canvas *canvas, const char *colour,
	const char *format, ...) __attribute__((format(printf, 3, 4)));

static void add_line(struct canvas *canvas, const char *colour,
	const char *format, ...)
{
	const struct screen *screen = canvas->screen;
	bool is_coloured = screen->has_colour && *colour;
	char line[SCREEN_LINE_MAX];
	va_list args;

	if (rows_left(canvas) == 0)
		return;
	va_start(args, format);
	(void)vsnprintf(line, sizeof(line), format, args);
	va_end(args);
	make_harmless(line);
	if (strlen(line) > screen->columns)
		line[screen->columns] = '\0';
	/* to clear the rest of a full line would take its last character */
	text_add(canvas->out, "%s%s%s%s%s", canvas->used_rows ? "\r\n" : "",
		is_coloured ? colour : "", line, is_coloured ? PLAIN : "",
		strlen(line) < screen->columns ? "\033[K" : "");
	canvas->used_rows++;
}

/* A sentence on as many lines as it needs, broken between words. */
static void add_sentence(struct canvas *canvas, const char *colour,
	const char *lead, const char *text)
{
	size_t columns = canvas->screen->columns;

	if (columns >= SCREEN_LINE_MAX)
		columns = SCREEN_LINE_MAX - 1;
	while (*text) {
		size_t room = columns - strlen(lead);
		size_t length = strlen(text);

		if (length > room) {
			length = room;
			while (length > room / 2 && text[length] != ' ')
				length--;
			if (text[length] != ' ')
				length = room;
		}
		add_line(canvas, colour, "%s%.*s", lead, (int)length, text);
		text += length;
		text += strspn(text, " ");
		lead = INDENT;
	}
}

static void add_head(struct canvas *canvas, const struct status *status)
{
	const char *colour = status->is_config_bad ? RED : "";
	char age[24];

	screen_format_age(status->uptime_ms, age, sizeof(age));
	add_line(canvas, BOLD, "%s   Tare %s  %s  up %s", status->hostname,
		status->version, status->machine, age);
	add_line(canvas, "", "%s", "");
	add_line(canvas, "", "Address  %s",
		*status->addresses ? status->addresses : "none yet");
	add_line(canvas, colour, "Config   %s", status->config);
	add_line(canvas, "", "Data     %s", status->data);
	for (size_t i = 0; i < status->note_count; i++)
		add_line(canvas, YELLOW, "Boot     %s", status->notes[i]);
}

/*
 * Up to room problems of one kind, in the upper half of the screen; how many
 * there were room for.
 */
static size_t add_some_problems(struct canvas *canvas,
	const struct problems *problems, bool is_warning, size_t room)
{
	size_t shown = 0;

	for (size_t i = 0; i < problems->count && shown < room; i++) {
		char line[600];
		struct text text;

		if (problems->items[i].is_warning != is_warning)
			continue;
		if (canvas->used_rows >= canvas->screen->rows / 2)
			break;
		text_init(&text, line, sizeof(line));
		problem_print(&problems->items[i], &text);
		add_sentence(canvas, is_warning ? YELLOW : RED, "", line);
		shown++;
	}
	return shown;
}

/* Errors first: they are why a config is not in force. */
static void add_problems(struct canvas *canvas, const struct problems *problems)
{
	size_t all = problems->error_count + problems->warning_count;
	size_t shown;

	if (problems->count == 0)
		return;
	add_line(canvas, "", "%s", "");
	shown = add_some_problems(canvas, problems, false, ERRORS_SHOWN);
	shown +=
		add_some_problems(canvas, problems, true, ERRORS_SHOWN - shown);
	if (all > shown)
		add_line(canvas, "", "... and %zu more: tare check shows all",
			all - shown);
}

static bool is_well(const struct status_workload *workload)
{
	return workload->state == STATE_RUNNING &&
	       workload->health != HEALTH_UNHEALTHY;
}

static const char *colour_of(const struct status_workload *workload)
{
	if (is_well(workload))
		return workload->health == HEALTH_STARTING ? "" : GREEN;
	if (workload->state == STATE_RUNNING ||
		workload->state == STATE_BACKOFF ||
		(workload->state == STATE_FINISHED && workload->exit_code != 0))
		return RED;
	return "";
}

static void describe_state(const struct status_workload *workload, char *out,
	size_t size)
{
	const char *name = state_name(workload->state);

	if (workload->state == STATE_BACKOFF)
		(void)snprintf(out, size, "starts again in %llu s",
			(unsigned long long)(workload->retry_in_ms + 999) /
				1000);
	else if (workload->percent >= 0)
		(void)snprintf(out, size, "unpacking %d %%", workload->percent);
	else if (workload->state == STATE_FINISHED)
		(void)snprintf(out, size, "%s (%d)", name, workload->exit_code);
	else if (workload->health != HEALTH_NONE)
		(void)snprintf(out, size, "%s (%s)", name,
			health_status_name(workload->health));
	else
		(void)snprintf(out, size, "%s", name);
}

static void add_workload(struct canvas *canvas,
	const struct status_workload *workload)
{
	char state[40];
	char memory[24];
	char age[24];

	describe_state(workload, state, sizeof(state));
	screen_format_memory(workload->memory_bytes, memory, sizeof(memory));
	screen_format_age(workload->age_ms, age, sizeof(age));
	add_line(canvas, colour_of(workload), "%-20.20s %-22s %8u %8s %8s",
		workload->name, state, workload->restarts, memory, age);
	if (*workload->reason && (workload->state != STATE_RUNNING ||
					 workload->health == HEALTH_UNHEALTHY))
		add_sentence(canvas, "", INDENT, workload->reason);
}

/* A screen that is too small hides no trouble. */
static void add_rest(struct canvas *canvas, const struct status *status,
	size_t first)
{
	size_t count = status->workload_count - first;
	size_t running = 0;

	for (size_t i = first; i < status->workload_count; i++)
		running += is_well(&status->workloads[i]);
	add_line(canvas, running < count ? YELLOW : "",
		"... and %zu more, %zu of them running", count, running);
}

static void add_workloads(struct canvas *canvas, const struct status *status)
{
	add_line(canvas, "", "%s", "");
	if (status->workload_count == 0) {
		add_line(canvas, "", "no workloads");
		return;
	}
	add_line(canvas, BOLD, "%-20s %-22s %8s %8s %8s", "WORKLOAD", "STATE",
		"RESTARTS", "MEMORY", "AGE");
	for (size_t i = 0; i < status->workload_count; i++) {
		if (rows_left(canvas) < 3 && i + 1 < status->workload_count) {
			add_rest(canvas, status, i);
			return;
		}
		add_workload(canvas, &status->workloads[i]);
	}
}

void screen_render(const struct screen *screen, const struct status *status,
	struct text *out)
{
	struct canvas canvas = { .screen = screen, .out = out };
	size_t first = 0;

	add_head(&canvas, status);
	add_problems(&canvas, status->problems);
	add_workloads(&canvas, status);
	add_line(&canvas, "", "%s", "");
	if (rows_left(&canvas) < screen->recent_count)
		first = screen->recent_count - rows_left(&canvas);
	for (size_t i = first; i < screen->recent_count; i++)
		add_line(&canvas, "", "%s", screen->recent[i]);
}
