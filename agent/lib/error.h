/* SPDX-License-Identifier: MIT */
/*
 * error - why something failed, as a sentence, by value
 *
 * A function that can fail returns 0 (or a useful non-negative number) or a
 * negative errno. Where a person needs the reason, its last parameter is a
 * struct error, filled before it returns. The struct has a fixed size and
 * holds no pointer: nothing is allocated, nothing is freed, and a child can
 * write it to its parent whole, as it is smaller than PIPE_BUF.
 *
 * The text is "doing 'thing': reason", lower case, without a full stop, and one
 * line: controls become '?'.
 */
#ifndef TARE_LIB_ERROR_H
#define TARE_LIB_ERROR_H

struct error {
	int code;       /* negative errno, 0 when nothing failed */
	char text[240]; /* always terminated; cut when it is longer */
};

/* Fills err (which may be NULL) and returns code, a negative errno. */
int error_set(struct error *err, int code, const char *format, ...)
	__attribute__((format(printf, 3, 4)));

/* As error_set with code -errno; appends ": " and what errno means. */
int error_errno(struct error *err, const char *format, ...)
	__attribute__((format(printf, 2, 3)));

/* Puts "context: " before the text of an error that is set; returns its code. */
int error_prefix(struct error *err, const char *format, ...)
	__attribute__((format(printf, 2, 3)));

#endif
