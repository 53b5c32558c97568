/* SPDX-License-Identifier: MIT */
/*
 * document - JSON documents of an archive, and what is common to them
 */
#ifndef TARE_STORE_DOCUMENT_H
#define TARE_STORE_DOCUMENT_H

#include <jansson.h>
#include <stdbool.h>

#include "store/layout.h"

struct archive;
struct error;

/*
 * Reads and parses a file of the archive, checked against size and digest of
 * the part. Returns a new reference, or NULL with the reason in err.
 */
json_t *document_load(const struct archive *archive, const struct part *part,
	struct error *err);

/* A string member, or NULL when it is absent or no string. */
const char *document_string(const json_t *object, const char *key);

/*
 * Reads a descriptor (image-spec, descriptor.md) as a part that lies in
 * "blobs/sha256/". what says in messages whose it is.
 */
int document_part(struct archive *archive, const json_t *descriptor,
	const char *what, struct part *out, struct error *err);

#endif
