/* SPDX-License-Identifier: MIT */
/* labels - domain names as they come over the wire */
#include "labels.h"

#include <string.h>

#define LABEL_MAX 63

static bool is_letter(uint8_t c)
{
	return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') ||
	       (c >= '0' && c <= '9') || c == '-';
}

int labels_read(const uint8_t *bytes, size_t length, size_t *at,
	char name[LABELS_TEXT_MAX])
{
	size_t used = 0;

	while (*at < length && bytes[*at] != 0) {
		size_t label = bytes[(*at)++];
		if (label > LABEL_MAX || label > length - *at ||
			used + label + 2 > LABELS_TEXT_MAX || bytes[*at] == '-')
			return -1;
		if (used)
			name[used++] = '.';
		for (size_t i = 0; i < label; i++) {
			if (!is_letter(bytes[*at + i]))
				return -1;
			name[used++] = (char)bytes[*at + i];
		}
		*at += label;
	}
	if (*at >= length)
		return -1; /* it has no end */
	(*at)++;
	name[used] = '\0';
	return (int)used;
}

bool labels_read_all(const uint8_t *bytes, size_t length, size_t at,
	char names[LABELS_TEXT_MAX])
{
	char name[LABELS_TEXT_MAX];
	size_t used = 0;

	*names = '\0';
	while (at < length) {
		int size = labels_read(bytes, length, &at, name);
		if (size < 0) {
			*names = '\0';
			return false;
		}
		if (size == 0 || used + (size_t)size + 2 > LABELS_TEXT_MAX)
			break;
		if (used)
			names[used++] = ' ';
		memcpy(names + used, name, (size_t)size + 1);
		used += (size_t)size;
	}
	return true;
}
