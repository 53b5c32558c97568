/* SPDX-License-Identifier: MIT */
/*
 * archive - named files in a folder or in a tar file, read where they are
 *
 * An OCI image layout is either; a `docker save` archive is a tar file. A tar
 * file is scanned once, headers only; what it holds is then read from it by
 * offset, so nothing is unpacked to be read.
 */
#ifndef TARE_STORE_ARCHIVE_H
#define TARE_STORE_ARCHIVE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "lib/arena.h"
#include "store/stream.h"

struct archive_entry;
struct error;

enum archive_limit {
	ARCHIVE_ENTRIES_MAX = 16384,
	ARCHIVE_TEXT_MAX = 4 << 20, /* bytes of one JSON document */
};

struct archive {
	const char *name; /* its file name, for bare tags */
	int fd;
	bool is_folder;
	bool is_cut; /* a tar file without a mark at its end */
	const struct archive_entry *entries; /* of a tar, newest first */
	struct arena arena;
};

/*
 * Identifies a state of an archive: when it is the same, so are its contents.
 * A folder's is that of its index.json, which names all else by digest.
 */
struct archive_stamp {
	uint64_t size;
	uint64_t inode; /* 0 on FAT, where it means nothing */
	int64_t mtime_ns;
};

/*
 * Opens dir_fd/name. -ENOMSG: it is neither a tar file nor a folder with an
 * index.json, so it is no archive of ours. archive_close it, whatever this
 * returns.
 */
int archive_open(struct archive *archive, int dir_fd, const char *name,
	struct error *err);
void archive_close(struct archive *archive);

int archive_stamp(int dir_fd, const char *name, struct archive_stamp *out);

/* The range of a file in it; *out has a descriptor of its own to close.
 * -ENOENT without a sentence when there is none of that name. */
int archive_find(const struct archive *archive, const char *name,
	struct blob *out, struct error *err);

/*
 * Reads a whole file of it into a new, terminated buffer that the caller
 * frees, and checks size (unless UINT64_MAX) and digest (unless "").
 */
int archive_read(const struct archive *archive, const char *name, uint64_t size,
	const char *digest, char **out, size_t *size_out, struct error *err);

#endif
