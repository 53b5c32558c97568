// SPDX-License-Identifier: MIT
/* encoding - is this text that a YAML reader can take? */
#include "config/encoding.h"

#include <string.h>

#include "config/config.h"
#include "config/reader.h"

size_t encoding_decode(const char *bytes, size_t size, uint32_t *point)
{
	static const struct {
		unsigned char mask, lead;
		uint32_t least;
	} forms[] = {
		{ 0x80, 0x00, 0x0 },
		{ 0xe0, 0xc0, 0x80 },
		{ 0xf0, 0xe0, 0x800 },
		{ 0xf8, 0xf0, 0x10000 },
	};
	const unsigned char *at = (const unsigned char *)bytes;
	size_t form = 0;
	uint32_t value;

	while (form < 4 && (at[0] & forms[form].mask) != forms[form].lead)
		form++;
	if (form == 4 || form + 1 > size)
		return 0;
	value = at[0] & (unsigned char)~forms[form].mask;
	for (size_t i = 1; i <= form; i++) {
		if ((at[i] & 0xc0) != 0x80)
			return 0;
		value = value << 6 | (at[i] & 0x3f);
	}
	if (value < forms[form].least || value > 0x10ffff ||
		(value >= 0xd800 && value <= 0xdfff))
		return 0;
	*point = value;
	return form + 1;
}

/* c-printable, without the byte order mark inside a text */
static bool is_readable(uint32_t point)
{
	if (point < 0x20)
		return point == '\t' || point == '\n' || point == '\r';
	if (point >= 0x7f && point < 0xa0)
		return point == 0x85;
	return point != 0xfeff && point != 0xfffe && point != 0xffff;
}

static bool is_utf16(const char *text, size_t size)
{
	return size >= 2 && (memcmp(text, "\xff\xfe", 2) == 0 ||
				    memcmp(text, "\xfe\xff", 2) == 0 ||
				    (text[0] == '\0') != (text[1] == '\0'));
}

/* How many bytes of a line can be told at a glance: printable, of ASCII. */
static size_t plain_length(const char *text, size_t size)
{
	size_t length = 0;

	while (length < size && text[length] >= 0x20 && text[length] < 0x7f)
		length++;
	return length;
}

bool encoding_check(struct reader *reader, const char **text, size_t *size)
{
	struct mark mark = { 1, 1 };
	size_t at = 0;

	if (is_utf16(*text, *size)) {
		reader_error(reader, mark,
			"the file is UTF-16, save it as UTF-8");
		return false;
	}
	if (*size >= 3 && memcmp(*text, "\xef\xbb\xbf", 3) == 0) {
		*text += 3;
		*size -= 3;
	}
	while (at < *size) {
		uint32_t point = 0;
		size_t length = plain_length(*text + at, *size - at);

		at += length;
		mark.column += (uint32_t)length;
		if (at == *size)
			break;
		length = encoding_decode(*text + at, *size - at, &point);
		if (length == 0) {
			reader_error(reader, mark,
				"the byte 0x%02x is not UTF-8, save the file as UTF-8",
				(unsigned int)(unsigned char)(*text)[at]);
			return false;
		}
		if (!is_readable(point)) {
			reader_error(reader, mark,
				"the character U+%04X cannot stand in a text file, remove it",
				(unsigned int)point);
			return false;
		}
		at += length;
		mark.column++;
		if (point == '\n' ||
			(point == '\r' && (at == *size || (*text)[at] != '\n')))
			mark = (struct mark){ mark.line + 1, 1 };
	}
	return true;
}
