/* SPDX-License-Identifier: MIT */
/*
 * hash - 64 bits that tell whether something is the same as before
 *
 * FNV-1a: against accidents, not against people.
 */
#ifndef TARE_LIB_HASH_H
#define TARE_LIB_HASH_H

#include <stddef.h>
#include <stdint.h>

#define HASH_START UINT64_C(0xcbf29ce484222325)

/* Goes on from hash with size more bytes. */
uint64_t hash_bytes(uint64_t hash, const void *bytes, size_t size);

/* The same with a string and its end; NULL is another value than "". */
uint64_t hash_string(uint64_t hash, const char *string);

#endif
