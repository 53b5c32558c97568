/* SPDX-License-Identifier: MIT */
/*
 * digest - SHA-256, and digests as the OCI image-spec writes them
 *
 * A digest is the text "sha256:" and 64 lower-case hexadecimal digits
 * (image-spec, descriptor.md). No other algorithm is accepted.
 */
#ifndef TARE_STORE_DIGEST_H
#define TARE_STORE_DIGEST_H

#include <stdbool.h>
#include <stddef.h>

#define DIGEST_TEXT 72 /* bytes for a digest with its terminator */

/* An unfinished sum; plain memory, nothing to free. */
struct digest_state {
	_Alignas(16) unsigned char opaque[128];
};

void digest_start(struct digest_state *state);
void digest_add(struct digest_state *state, const void *data, size_t size);
void digest_finish(struct digest_state *state, char out[DIGEST_TEXT]);

/* The digest of size bytes at once. */
void digest_of(const void *data, size_t size, char out[DIGEST_TEXT]);

bool digest_is_valid(const char *digest);
bool digest_is_hex(const char *hex);

/* The 64 digits of a valid digest. */
const char *digest_hex(const char *digest);

#endif
