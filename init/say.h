/* SPDX-License-Identifier: MIT */
/*
 * say - one line for the person at the console, and notes that last.
 *
 * A line is "tare: <subject>: <text>", at most SAY_MAX bytes; longer text is
 * cut. Lines go to standard error, which is the console for all our programs.
 * Who cannot take a line loses it: nobody waits.
 * errno is kept, so "%m" may be used and a caller may report first and decide
 * afterwards.
 */
#ifndef INIT_SAY_H
#define INIT_SAY_H

#include <stdbool.h>

#define SAY_MAX 256

/* where notes are kept: shown on the status screen, gone at the next boot */
extern const char *say_notes_path;

/* print one line; text without "tare:", subject or newline */
#define say(subject, ...) say_line(false, subject, __VA_ARGS__)

/* print one line and keep it in the notes: a step that failed or was skipped */
#define note(subject, ...) say_line(true, subject, __VA_ARGS__)

__attribute__((format(printf, 3, 4))) void say_line(bool is_note,
	const char *subject, const char *format, ...);

#endif
