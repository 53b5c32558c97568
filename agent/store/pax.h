/* SPDX-License-Identifier: MIT */
/*
 * pax - what a pax extended header says about the next entry of a tar archive
 */
#ifndef TARE_STORE_PAX_H
#define TARE_STORE_PAX_H

#include <stdbool.h>
#include <stddef.h>

#include "store/tar.h"

struct error;

struct pax {
	char *text; /* the records, owned here; values point into it */
	const char *path, *link;
	bool has_size, has_uid, has_gid, has_mtime;
	uint64_t size, uid, gid;
	struct timespec mtime;
	struct tar_xattr xattrs[TAR_XATTRS_MAX];
	size_t xattr_count;
};

/*
 * Takes the size bytes at text, which has one byte more for a terminator, and
 * which pax_clear frees, whatever this returns.
 */
int pax_parse(struct pax *pax, char *text, size_t size, struct error *err);
void pax_clear(struct pax *pax);

#endif
