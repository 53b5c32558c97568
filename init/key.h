/* SPDX-License-Identifier: MIT */
/* key - WireGuard's keys, as base64 in text and on the disk */
#ifndef INIT_KEY_H
#define INIT_KEY_H

#include <stdbool.h>
#include <stdint.h>

#define KEY_BYTES    32
#define KEY_TEXT_MAX 45 /* 44 characters and NUL */

/* text of exactly 44 characters; false when it is none */
bool key_parse(const char *text, uint8_t key[KEY_BYTES]);
void key_print(const uint8_t key[KEY_BYTES], char text[KEY_TEXT_MAX]);

/* Read the private key of a file, or make one and keep it there, mode 0600,
 * on the disk when this returns. 0 or a negative errno; -EBADMSG for a file
 * that holds no key, which is never overwritten. */
int key_load(const char *path, uint8_t key[KEY_BYTES]);

#endif
