/* SPDX-License-Identifier: MIT */
/*
 * say - one line for the person at the console, and notes that last.
 *
 * A line is "tare: <subject>: <text>", at most SAY_MAX bytes; longer text is
 * cut. Lines go to standard error, which is the console for all our programs.
 * errno is kept, so "%m" may be used and a caller may report first and decide
 * afterwards.
 */
#ifndef INIT_SAY_H
#define INIT_SAY_H

#define SAY_MAX 256

/* where notes are kept: shown on the status screen, gone at the next boot */
extern const char *say_notes_path;

/* print one line; text without "tare:", subject or newline */
__attribute__((format(printf, 2, 3))) void say(const char *subject,
	const char *format, ...);

/* print one line and keep it in the notes: a step that failed or was skipped */
__attribute__((format(printf, 2, 3))) void note(const char *subject,
	const char *format, ...);

#endif
