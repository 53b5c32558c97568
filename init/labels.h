/* SPDX-License-Identifier: MIT */
/*
 * labels - domain names as they come over the wire (RFC 1035, 3.1), never
 * compressed: in router advertisements and in answers of DHCPv6.
 *
 * Only letters, digits and hyphens pass, so that what comes out can stand in
 * resolv.conf and in a list of words. Pure.
 */
#ifndef INIT_LABELS_H
#define INIT_LABELS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define LABELS_TEXT_MAX 256

/* One name that begins at *at, which is moved behind it; its length in text, 0
 * for the root (or padding), -1 when it is none. */
int labels_read(const uint8_t *bytes, size_t length, size_t *at,
	char name[LABELS_TEXT_MAX]);

/* All names from at to the end or to a root, divided by single spaces, as many
 * as fit; false when one is none: then the text is "". */
bool labels_read_all(const uint8_t *bytes, size_t length, size_t at,
	char names[LABELS_TEXT_MAX]);

#endif
