/* SPDX-License-Identifier: MIT */
/*
 * text - a text that is made piece by piece, in memory of its maker's
 */
#ifndef INIT_TEXT_H
#define INIT_TEXT_H

#include <stddef.h>

struct text {
	char *bytes;
	size_t size; /* of the memory */
	size_t length;
};

/* Appends as printf(3) does; what does not fit is left out as a whole. */
__attribute__((format(printf, 2, 3))) void text_append(struct text *text,
	const char *format, ...);

#endif
