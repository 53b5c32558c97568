// SPDX-License-Identifier: MIT
/* text - strings in buffers of a fixed size, and strict number parsing */
#include "lib/text.h"

#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#define DISTANCE_MAX 64

void text_init(struct text *text, char *buffer, size_t size)
{
	*text = (struct text){ .data = buffer, .size = size };
	buffer[0] = '\0';
}

void text_add(struct text *text, const char *format, ...)
{
	size_t room = text->size - text->used;
	va_list args;
	int length;

	va_start(args, format);
	length = vsnprintf(text->data + text->used, room, format, args);
	va_end(args);
	if (length < 0 || (size_t)length >= room) {
		text->is_cut = true;
		text->used = length < 0 ? text->used : text->size - 1;
		text->data[text->used] = '\0';
		return;
	}
	text->used += (size_t)length;
}

void text_add_bytes(struct text *text, const char *bytes, size_t size)
{
	size_t room = text->size - text->used - 1;

	if (size > room) {
		text->is_cut = true;
		size = room;
	}
	if (size)
		memcpy(text->data + text->used, bytes, size);
	text->used += size;
	text->data[text->used] = '\0';
}

/* Length of the UTF-8 sequence at bytes (RFC 3629), 0 when it is not one. */
static size_t utf8_length(const unsigned char *bytes, size_t size)
{
	static const struct {
		unsigned char mask, lead;
		size_t length;
		uint32_t least;
	} forms[] = {
		{ 0x80, 0x00, 1, 0x0 },
		{ 0xe0, 0xc0, 2, 0x80 },
		{ 0xf0, 0xe0, 3, 0x800 },
		{ 0xf8, 0xf0, 4, 0x10000 },
	};

	for (size_t i = 0; i < sizeof(forms) / sizeof(forms[0]); i++) {
		uint32_t point = bytes[0] & (unsigned char)~forms[i].mask;

		if ((bytes[0] & forms[i].mask) != forms[i].lead)
			continue;
		if (forms[i].length > size)
			return 0;
		for (size_t k = 1; k < forms[i].length; k++) {
			if ((bytes[k] & 0xc0) != 0x80)
				return 0;
			point = point << 6 | (bytes[k] & 0x3f);
		}
		if (point < forms[i].least || point > 0x10ffff ||
			(point >= 0xd800 && point <= 0xdfff))
			return 0;
		return forms[i].length;
	}
	return 0;
}

static void add_json_char(struct text *text, char c)
{
	static const char plain[] = "\"\\\b\f\n\r\t";
	static const char letter[] = "\"\\bfnrt";
	const char *found = c ? strchr(plain, c) : NULL;

	if (found)
		text_add(text, "\\%c", letter[found - plain]);
	else if ((unsigned char)c < 0x20 || c == 0x7f)
		text_add(text, "\\u%04x", (unsigned int)(unsigned char)c);
	else
		text_add_bytes(text, &c, 1);
}

void text_add_json(struct text *text, const char *bytes, size_t size)
{
	size_t at = 0;

	while (at < size) {
		const unsigned char *here = (const unsigned char *)bytes + at;
		size_t length = utf8_length(here, size - at);

		if (length == 0) {
			text_add(text, "\\ufffd");
			length = 1;
		} else if (length == 1) {
			add_json_char(text, bytes[at]);
		} else {
			text_add_bytes(text, bytes + at, length);
		}
		at += length;
	}
}

bool text_copy(char *out, size_t size, const char *string)
{
	size_t length = strlen(string);
	bool fits = length < size;

	if (size == 0)
		return false;
	if (!fits)
		length = size - 1;
	memcpy(out, string, length);
	out[length] = '\0';
	return fits;
}

bool text_equal(const char *a, const char *b)
{
	return strcmp(a, b) == 0;
}

bool text_starts_with(const char *string, const char *prefix)
{
	return strncmp(string, prefix, strlen(prefix)) == 0;
}

int text_parse_u64(const char *string, uint64_t max, uint64_t *out)
{
	uint64_t value = 0;

	if (!*string)
		return -EINVAL;
	for (const char *c = string; *c; c++) {
		if (*c < '0' || *c > '9')
			return -EINVAL;
	}
	for (const char *c = string; *c; c++) {
		uint64_t digit = (uint64_t)(*c - '0');

		if (value > (UINT64_MAX - digit) / 10)
			return -ERANGE;
		value = value * 10 + digit;
	}
	if (value > max)
		return -ERANGE;
	*out = value;
	return 0;
}

static size_t least(size_t a, size_t b)
{
	return a < b ? a : b;
}

/* Optimal string alignment: three rows of the table are enough. */
size_t text_distance(const char *a, const char *b)
{
	size_t rows[3][DISTANCE_MAX + 1];
	size_t length_a = strlen(a);
	size_t length_b = strlen(b);

	if (length_a > DISTANCE_MAX || length_b > DISTANCE_MAX)
		return text_equal(a, b) ? 0 : SIZE_MAX;
	for (size_t k = 0; k <= length_b; k++)
		rows[0][k] = k;
	for (size_t i = 1; i <= length_a; i++) {
		size_t *now = rows[i % 3];
		const size_t *last = rows[(i - 1) % 3];
		const size_t *before = rows[(i + 1) % 3];

		now[0] = i;
		for (size_t k = 1; k <= length_b; k++) {
			size_t cost = a[i - 1] != b[k - 1];

			now[k] = least(last[k - 1] + cost,
				least(last[k], now[k - 1]) + 1);
			if (i > 1 && k > 1 && a[i - 1] == b[k - 2] &&
				a[i - 2] == b[k - 1])
				now[k] = least(now[k], before[k - 2] + 1);
		}
	}
	return rows[length_a % 3][length_b];
}
