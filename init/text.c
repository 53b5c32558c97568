// SPDX-License-Identifier: MIT
/* text - a text that is made piece by piece */
#include "text.h"

#include <stdarg.h>
#include <stdio.h>

void text_append(struct text *text, const char *format, ...)
{
	size_t room = text->size - text->length;
	va_list args;

	va_start(args, format);
	int length = vsnprintf(text->bytes + text->length, room, format, args);
	va_end(args);
	if (length > 0 && (size_t)length < room)
		text->length += (size_t)length;
	text->bytes[text->length] = '\0';
}
