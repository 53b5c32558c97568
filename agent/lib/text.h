/* SPDX-License-Identifier: MIT */
/*
 * text - strings in buffers of a fixed size, and strict number parsing
 *
 * A struct text appends to a buffer that somebody else owns, always keeps it
 * terminated, and remembers when something did not fit.
 */
#ifndef TARE_LIB_TEXT_H
#define TARE_LIB_TEXT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct text {
	char *data;
	size_t size;
	size_t used; /* without the terminator */
	bool is_cut; /* something did not fit */
};

/* Starts an empty text in buffer, which has size > 0 bytes. */
void text_init(struct text *text, char *buffer, size_t size);

/* Appends formatted text; what does not fit is cut. */
void text_add(struct text *text, const char *format, ...)
	__attribute__((format(printf, 2, 3)));

/* Appends size bytes. */
void text_add_bytes(struct text *text, const char *bytes, size_t size);

/*
 * Appends bytes as the inside of a JSON string (RFC 8259): quotes, backslashes
 * and controls escaped, bytes that are not UTF-8 replaced by U+FFFD.
 */
void text_add_json(struct text *text, const char *bytes, size_t size);

/* Copies a string; false when it did not fit (then out is cut). */
bool text_copy(char *out, size_t size, const char *string);

bool text_equal(const char *a, const char *b);
bool text_starts_with(const char *string, const char *prefix);

/*
 * Parses all of string as a decimal number without sign, space or prefix.
 * 0, -EINVAL when it is not one, -ERANGE when it is above max.
 */
int text_parse_u64(const char *string, uint64_t max, uint64_t *out);

/*
 * Edits (insert, delete, replace, swap of neighbours) between two strings,
 * for "did you mean". Strings over 64 bytes give SIZE_MAX unless equal.
 */
size_t text_distance(const char *a, const char *b);

#endif
