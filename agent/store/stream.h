/* SPDX-License-Identifier: MIT */
/*
 * stream - the bytes of a blob, decompressed and summed in one pass
 *
 * A blob is a range of a file. Its first bytes say how it is compressed:
 * gzip (RFC 1952, several members), zstd (RFC 8878, several frames) or not at
 * all. Both sums, of the blob and of what comes out of it, are there when it
 * was read to its end.
 */
#ifndef TARE_STORE_STREAM_H
#define TARE_STORE_STREAM_H

#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

#include "store/digest.h"

struct error;
struct stream;

enum compression {
	COMPRESSION_ANY, /* nobody said */
	COMPRESSION_NONE,
	COMPRESSION_GZIP,
	COMPRESSION_ZSTD,
};

struct blob {
	int fd; /* read by pread(2) only */
	uint64_t offset;
	uint64_t size;
};

struct stream_options {
	enum compression declared; /* it must be so, unless ANY */
	uint64_t limit_bytes;      /* most bytes that may come out */
	void (*on_read)(void *context, uint64_t bytes); /* or NULL */
	void *context;
};

struct stream_sums {
	char blob[DIGEST_TEXT];
	char content[DIGEST_TEXT];
	uint64_t content_bytes;
};

/*
 * Starts to read; blob->fd stays the caller's and must outlive the stream.
 * Memory: two buffers of 128 KiB and a window of at most 32 MiB for zstd.
 */
int stream_open(const struct blob *blob, const struct stream_options *options,
	struct stream **out, struct error *err);

/* Reads up to size bytes. 0 is the end. Errors are sentences. */
ssize_t stream_read(struct stream *stream, void *buffer, size_t size,
	struct error *err);

/* Reads and sums what is left, and gives the sums. */
int stream_finish(struct stream *stream, struct stream_sums *out,
	struct error *err);

void stream_close(struct stream *stream); /* NULL is fine */

#endif
