/* SPDX-License-Identifier: MIT */
/*
 * search - goes through the sources of the store for an image
 */
#ifndef TARE_STORE_SEARCH_H
#define TARE_STORE_SEARCH_H

#include "store/archive.h"
#include "store/layout.h"

struct error;
struct reference;
struct store;

/* An image in an archive that is open. */
struct search_result {
	struct archive archive;
	struct archive_stamp stamp;
	struct parts parts;
	char path[512]; /* of the archive, absolute */
	char name[256]; /* its last part */
};

/*
 * Finds the image in the first archive that has it: sources in their order,
 * archives in the order of their names. search_close it when this returns 0.
 * -ENOENT: no archive has it, and err says which images there are; other
 * errors are those of the first archive that cannot be read.
 */
int search_open(const struct store *store, const struct reference *wanted,
	struct search_result *out, struct error *err);
void search_close(struct search_result *result);

#endif
