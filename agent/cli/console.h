/* SPDX-License-Identifier: MIT */
/*
 * console - what stands on the machine's console
 *
 * At first every log line goes there as it is. The terminal is asked for its
 * size ("\033[6n", ECMA-48 DSR); when an answer comes, it is one that can draw,
 * and the status screen takes over, redrawn on change. A key pressed asks
 * again, so that a terminal attached later, or resized, is served as well.
 * The screen is drawn anew on each update, since the kernel and init write
 * there too. Nothing here waits for the terminal: what it does not take is
 * dropped, and no frame is drawn while it has not taken the last one.
 */
#ifndef TARE_CLI_CONSOLE_H
#define TARE_CLI_CONSOLE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "cli/screen.h"
#include "lib/loop.h"

struct error;
struct status;

enum console_limit {
	CONSOLE_QUEUE_BYTES = 32768,
	CONSOLE_REDRAW_MS = 200, /* at most five times a second */
	CONSOLE_ASK_MS = 1000,   /* between two questions for its size */
	CONSOLE_ANSWER_MAX = 64,
};

struct console {
	struct watch input;
	struct watch output;
	struct timer redraw;
	struct loop *loop;
	struct screen screen;
	bool is_screen; /* the terminal has answered */
	bool is_armed;
	bool is_stale; /* an update waits for the terminal */
	uint64_t asked_ms;
	size_t answer_used;
	char answer[CONSOLE_ANSWER_MAX]; /* the end of what came in */
	size_t queue_used;
	char queue[CONSOLE_QUEUE_BYTES];
	void (*fill)(struct status *out); /* where the status comes from */
};

/*
 * Opens the terminal at path for a zeroed struct and makes log lines go there.
 * With can_draw false it stays with plain lines and leaves the input alone (a
 * shell may be there). One console at a time.
 */
int console_open(struct console *console, struct loop *loop, const char *path,
	bool can_draw, void (*fill)(struct status *out), struct error *err);

/* Something that the status shows has changed. */
void console_update(struct console *console);

/* Leaves the screen for plain lines, for good; the last words follow. */
void console_leave(struct console *console);

/*
 * Pure: finds "\033[<rows>;<columns>R" in bytes; false when it is not there
 * or out of reason (under 5 x 20, over 500 x 500).
 */
bool console_parse_size(const char *bytes, size_t size, unsigned int *rows,
	unsigned int *columns);

#endif
