/* SPDX-License-Identifier: MIT */
/* key - WireGuard's keys, as base64 in text and on the disk */
#include "key.h"

#include <errno.h>
#include <string.h>
#include <sys/random.h>
#include <sys/types.h>

#include "file.h"

static const char digits[] =
	"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";

/* 43 digits of 6 bits are 258: the last two must be 0, and "=" fills up */
bool key_parse(const char *text, uint8_t key[KEY_BYTES])
{
	uint32_t bits = 0;
	unsigned count = 0, made = 0;

	if (strlen(text) != KEY_TEXT_MAX - 1 || text[KEY_TEXT_MAX - 2] != '=')
		return false;
	for (unsigned i = 0; i < KEY_TEXT_MAX - 2; i++) {
		const char *digit = strchr(digits, text[i]);
		if (!digit)
			return false;
		bits = bits << 6 | (uint32_t)(digit - digits);
		count += 6;
		if (count >= 8) {
			count -= 8;
			key[made++] = (uint8_t)(bits >> count);
			bits &= (1U << count) - 1;
		}
	}
	return bits == 0;
}

void key_print(const uint8_t key[KEY_BYTES], char text[KEY_TEXT_MAX])
{
	uint32_t bits = 0;
	unsigned count = 0, made = 0;

	for (unsigned i = 0; i < KEY_BYTES; i++) {
		bits = bits << 8 | key[i];
		count += 8;
		while (count >= 6) {
			count -= 6;
			text[made++] = digits[bits >> count & 63];
		}
	}
	text[made++] = digits[bits << (6 - count) & 63];
	text[made++] = '=';
	text[made] = '\0';
}

static int make(const char *path, uint8_t key[KEY_BYTES])
{
	char text[KEY_TEXT_MAX];

	if (getrandom(key, KEY_BYTES, 0) != KEY_BYTES)
		return -errno;
	/* a number that Curve25519 multiplies with (RFC 7748, section 5) */
	key[0] &= 248;
	key[31] = (uint8_t)((key[31] & 127) | 64);
	key_print(key, text);
	int result = file_replace(path, text, KEY_TEXT_MAX - 1, 0600);
	explicit_bzero(text, sizeof(text));
	return result;
}

int key_load(const char *path, uint8_t key[KEY_BYTES])
{
	char text[KEY_TEXT_MAX + 2];
	ssize_t length = file_read(path, text, sizeof(text));

	if (length == -ENOENT)
		return make(path, key);
	if (length < 0)
		return (int)length;
	int result = key_parse(text, key) ? 0 : -EBADMSG;
	explicit_bzero(text, sizeof(text));
	return result;
}
