/* SPDX-License-Identifier: MIT */
/*
 * layout - finds an image in an OCI image layout (image-spec, image-layout.md)
 */
#ifndef TARE_STORE_LAYOUT_H
#define TARE_STORE_LAYOUT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "lib/text.h"
#include "store/store.h"
#include "store/stream.h"

struct archive;
struct reference;

/* A file of an archive that an image is made of. */
struct part {
	const char *name;         /* in the archive */
	char digest[DIGEST_TEXT]; /* "" when nobody said */
	uint64_t size;            /* UINT64_MAX when nobody said */
	enum compression compression;
};

/* Where the parts of one image are. Names are in the arena of the archive. */
struct parts {
	struct part config;
	struct part layers[STORE_LAYERS_MAX]; /* the lowest first */
	size_t layer_count;
};

/*
 * Looks for the wanted image by what its archive calls it. 1: out is filled;
 * 0: it is not there, and the names that are there were added to names;
 * -errno: the layout is damaged in a way that matters.
 */
int layout_find(struct archive *archive, const struct reference *wanted,
	struct parts *out, struct text *names, struct error *err);

/* Adds one name to a list of names for a message. */
void layout_add_name(struct text *names, const char *name);

#endif
