/* SPDX-License-Identifier: MIT */
/*
 * encoding - is this text that a YAML reader can take?
 */
#ifndef TARE_CONFIG_ENCODING_H
#define TARE_CONFIG_ENCODING_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct reader;

/*
 * Decodes the first code point of size > 0 bytes of UTF-8 (RFC 3629). Returns
 * its length, or 0 when it is none.
 */
size_t encoding_decode(const char *bytes, size_t size, uint32_t *point);

/*
 * Reports the first thing that makes text unreadable: UTF-16, bytes that are
 * not UTF-8, characters that YAML 1.2 (5.1, c-printable) does not allow. Steps
 * over a byte order mark. Returns whether it can be read.
 */
bool encoding_check(struct reader *reader, const char **text, size_t *size);

#endif
