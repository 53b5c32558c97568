/* SPDX-License-Identifier: MIT */
/*
 * lines - the files in /run/tare/net: lines of words (docs/networking.md)
 */
#ifndef TARE_NET_LINES_H
#define TARE_NET_LINES_H

#include <stddef.h>

struct error;

enum lines_limit {
	LINES_WORDS_MAX = 2100, /* of one line; more are passed over */
};

/* Called with the words of each line but the first and the last. */
typedef void lines_fn(char **words, size_t count, void *context);

/*
 * Visits the lines of a terminated text, which is changed: words end where
 * spaces were. Comments and empty lines are passed over. -EBADMSG, and no line
 * is visited, when it has another version or does not end with "end".
 */
int lines_visit(char *text, lines_fn *visit, void *context, struct error *err);

#endif
