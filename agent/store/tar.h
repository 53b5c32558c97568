/* SPDX-License-Identifier: MIT */
/*
 * tar - reads a tar archive entry by entry, from any stream of bytes
 *
 * ustar and pax (POSIX.1-2017, pax, "EXTENDED DESCRIPTION"), with GNU's long
 * names and base-256 numbers (GNU tar manual, "Basic Tar Format"). pax keys:
 * path, linkpath, size, uid, gid, mtime, SCHILY.xattr.*; others are ignored.
 * GNU sparse files are refused. Names are as in the archive: not safe to use.
 */
#ifndef TARE_STORE_TAR_H
#define TARE_STORE_TAR_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>
#include <time.h>

struct error;
struct tar_reader;

enum tar_limit {
	TAR_BLOCK = 512,
	TAR_PATH_BYTES = 4096, /* of a name with its terminator */
	TAR_PAX_MAX = 1 << 20, /* bytes of one extended header */
	TAR_XATTRS_MAX = 64,   /* of one entry */
};

enum tar_type {
	TAR_FILE,
	TAR_HARD_LINK,
	TAR_SYMBOLIC_LINK,
	TAR_CHAR_DEVICE,
	TAR_BLOCK_DEVICE,
	TAR_FOLDER,
	TAR_FIFO,
};

struct tar_xattr {
	const char *name;
	const void *value;
	size_t size;
};

struct tar_entry {
	enum tar_type type;
	char path[TAR_PATH_BYTES];
	char link[TAR_PATH_BYTES]; /* target of either kind of link */
	uint64_t size;             /* of a file's content, else 0 */
	uint32_t uid, gid;
	uint32_t mode; /* permission bits, set-id and sticky */
	struct timespec mtime;
	struct tar_xattr xattrs[TAR_XATTRS_MAX]; /* gone at the next entry */
	size_t xattr_count;
};

/* Where the bytes come from. */
struct tar_input {
	/* up to size bytes, 0 at the end, or -errno with a sentence */
	ssize_t (*read)(void *context, void *buffer, size_t size,
		struct error *err);
	/* leaves bytes out; NULL: they are read instead */
	int (*skip)(void *context, uint64_t bytes, struct error *err);
	void *context;
};

int tar_open(const struct tar_input *input, struct tar_reader **out,
	struct error *err);
void tar_close(struct tar_reader *reader); /* NULL is fine */

/*
 * Goes on to the next entry. 1: *out points to it until the next call; 0: the
 * archive ended; -errno: it is damaged, and err says how.
 */
int tar_next(struct tar_reader *reader, const struct tar_entry **out,
	struct error *err);

/* Reads content of the entry; 0 at its end. Early ends are errors. */
ssize_t tar_read(struct tar_reader *reader, void *buffer, size_t size,
	struct error *err);

/* Whether the archive ended with the block of zeros that marks its end. */
bool tar_has_end(const struct tar_reader *reader);

#endif
