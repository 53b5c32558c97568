// SPDX-License-Identifier: MIT
/* stream - the bytes of a blob, decompressed and summed in one pass */
#include "store/stream.h"

#define ZLIB_CONST /* for zlib.h */

#include <errno.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include <zlib.h>
#include <zstd.h>

#include "lib/error.h"

#define INPUT_BYTES     (128 * 1024)
#define ZSTD_WINDOW     25         /* log2: 32 MiB */
#define GZIP_WINDOW     (15 + 16)  /* largest window, gzip header only */
#define STREAM_READ_MAX (1U << 30) /* zlib counts in 32 bits */

struct stream {
	struct blob blob;
	struct stream_options options;
	enum compression compression;
	uint64_t done_bytes;    /* of the blob */
	uint64_t content_bytes; /* that came out */
	bool is_ended;
	bool is_in_frame; /* a gzip member or zstd frame is unfinished */
	struct digest_state blob_sum;
	struct digest_state content_sum;
	z_stream gzip;
	ZSTD_DStream *zstd;
	size_t used, filled; /* of input */
	unsigned char input[INPUT_BYTES];
};

/* Makes more input. Returns the bytes there, 0 at the end of the blob. */
static ssize_t fill(struct stream *stream, struct error *err)
{
	uint64_t left = stream->blob.size - stream->done_bytes;
	ssize_t count;

	if (stream->used < stream->filled)
		return (ssize_t)(stream->filled - stream->used);
	if (left == 0)
		return 0;
	do {
		count = pread(stream->blob.fd, stream->input,
			left < INPUT_BYTES ? (size_t)left : INPUT_BYTES,
			(off_t)(stream->blob.offset + stream->done_bytes));
	} while (count < 0 && errno == EINTR);
	if (count < 0)
		return error_errno(err, "read");
	if (count == 0)
		return error_set(err, -EBADMSG,
			"the file ends before its contents do");
	digest_add(&stream->blob_sum, stream->input, (size_t)count);
	stream->done_bytes += (uint64_t)count;
	stream->used = 0;
	stream->filled = (size_t)count;
	if (stream->options.on_read)
		stream->options.on_read(stream->options.context,
			(uint64_t)count);
	return count;
}

static enum compression detect(const unsigned char *bytes, size_t size)
{
	static const unsigned char zstd[] = { 0x28, 0xb5, 0x2f, 0xfd };
	/* RFC 8878, 3.1.2: a file may start with a skippable frame */
	static const unsigned char skip[] = { 0x2a, 0x4d, 0x18 };

	if (size >= 2 && bytes[0] == 0x1f && bytes[1] == 0x8b)
		return COMPRESSION_GZIP;
	if (size >= 4 && memcmp(bytes, zstd, 4) == 0)
		return COMPRESSION_ZSTD;
	if (size >= 4 && (bytes[0] & 0xf0) == 0x50 &&
		memcmp(bytes + 1, skip, 3) == 0)
		return COMPRESSION_ZSTD;
	return COMPRESSION_NONE;
}

static const char *name_of(enum compression compression)
{
	switch (compression) {
	case COMPRESSION_ANY:
		return "any";
	case COMPRESSION_NONE:
		return "a plain tar";
	case COMPRESSION_GZIP:
		return "gzip";
	case COMPRESSION_ZSTD:
		return "zstd";
	}
	abort();
}

static int start(struct stream *stream, struct error *err)
{
	ssize_t count = fill(stream, err);

	if (count < 0)
		return (int)count;
	stream->compression = detect(stream->input, (size_t)count);
	if (stream->options.declared != COMPRESSION_ANY &&
		stream->options.declared != stream->compression)
		return error_set(err, -EBADMSG,
			"its media type says %s, but it is %s",
			name_of(stream->options.declared),
			name_of(stream->compression));
	if (stream->compression == COMPRESSION_GZIP &&
		inflateInit2(&stream->gzip, GZIP_WINDOW) != Z_OK)
		return error_set(err, -ENOMEM, "no memory for gzip");
	if (stream->compression == COMPRESSION_ZSTD) {
		stream->zstd = ZSTD_createDStream();
		if (!stream->zstd ||
			ZSTD_isError(ZSTD_DCtx_setParameter(stream->zstd,
				ZSTD_d_windowLogMax, ZSTD_WINDOW)))
			return error_set(err, -ENOMEM, "no memory for zstd");
	}
	return 0;
}

int stream_open(const struct blob *blob, const struct stream_options *options,
	struct stream **out, struct error *err)
{
	struct stream *stream = calloc(1, sizeof(*stream));
	int result;

	if (!stream)
		return error_set(err, -ENOMEM, "no memory to read a blob");
	stream->blob = *blob;
	stream->options = *options;
	digest_start(&stream->blob_sum);
	digest_start(&stream->content_sum);
	result = start(stream, err);
	if (result < 0) {
		stream_close(stream);
		return result;
	}
	*out = stream;
	return 0;
}

/* These return the bytes put into buffer; 0 means: call again, or ended. */

static ssize_t read_plain(struct stream *stream, void *buffer, size_t size)
{
	size_t there = stream->filled - stream->used;
	size_t count = there < size ? there : size;

	memcpy(buffer, stream->input + stream->used, count);
	stream->used += count;
	return (ssize_t)count;
}

static ssize_t read_gzip(struct stream *stream, void *buffer, size_t size,
	struct error *err)
{
	z_stream *gzip = &stream->gzip;
	int result;

	if (!stream->is_in_frame && inflateReset(gzip) != Z_OK)
		return error_set(err, -EBADMSG, "cannot restart gzip");
	stream->is_in_frame = true;
	gzip->next_in = stream->input + stream->used;
	gzip->avail_in = (uInt)(stream->filled - stream->used);
	gzip->next_out = buffer;
	gzip->avail_out = (uInt)size;
	result = inflate(gzip, Z_NO_FLUSH);
	stream->used = stream->filled - gzip->avail_in;
	if (result == Z_STREAM_END)
		stream->is_in_frame = false;
	else if (result == Z_MEM_ERROR)
		return error_set(err, -ENOMEM, "no memory for gzip");
	else if (result != Z_OK && result != Z_BUF_ERROR)
		return error_set(err, -EBADMSG, "its gzip data is damaged: %s",
			gzip->msg ? gzip->msg : "unexpected data");
	return (ssize_t)(size - gzip->avail_out);
}

static ssize_t read_zstd(struct stream *stream, void *buffer, size_t size,
	struct error *err)
{
	ZSTD_inBuffer in = { stream->input, stream->filled, stream->used };
	ZSTD_outBuffer out = { buffer, size, 0 };
	size_t result = ZSTD_decompressStream(stream->zstd, &out, &in);

	stream->used = in.pos;
	if (ZSTD_isError(result))
		return error_set(err, -EBADMSG,
			"its zstd data cannot be read: %s%s",
			ZSTD_getErrorName(result),
			strstr(ZSTD_getErrorName(result), "memory")
				? " (the limit is a window of 32 MiB)"
				: "");
	stream->is_in_frame = result != 0;
	return (ssize_t)out.pos;
}

static ssize_t decompress(struct stream *stream, void *buffer, size_t size,
	struct error *err)
{
	if (stream->compression == COMPRESSION_GZIP)
		return read_gzip(stream, buffer, size, err);
	if (stream->compression == COMPRESSION_ZSTD)
		return read_zstd(stream, buffer, size, err);
	return read_plain(stream, buffer, size);
}

/* The next bytes, at least one unless the blob has ended. */
static ssize_t next_bytes(struct stream *stream, void *buffer, size_t size,
	struct error *err)
{
	ssize_t count = 0;

	while (count == 0) {
		ssize_t there = fill(stream, err);

		if (there < 0)
			return there;
		/* output may be held back when all input is used */
		if (there == 0 && !stream->is_in_frame)
			break;
		count = decompress(stream, buffer, size, err);
		if (there == 0)
			break;
	}
	if (count == 0 && stream->is_in_frame)
		return error_set(err, -EBADMSG,
			"its compressed data ends too early");
	return count;
}

ssize_t stream_read(struct stream *stream, void *buffer, size_t size,
	struct error *err)
{
	ssize_t count;

	if (stream->is_ended || size == 0)
		return 0;
	if (size > STREAM_READ_MAX)
		size = STREAM_READ_MAX;
	count = next_bytes(stream, buffer, size, err);
	if (count < 0)
		return count;
	if (count == 0)
		stream->is_ended = true;
	stream->content_bytes += (uint64_t)count;
	if (stream->content_bytes > stream->options.limit_bytes)
		return error_set(err, -EFBIG,
			"it unpacks to more than %llu MiB, which is all there "
			"is room for",
			(unsigned long long)stream->options.limit_bytes >> 20);
	digest_add(&stream->content_sum, buffer, (size_t)count);
	return count;
}

int stream_finish(struct stream *stream, struct stream_sums *out,
	struct error *err)
{
	unsigned char *scratch = malloc(INPUT_BYTES);
	ssize_t count = 1;

	if (!scratch)
		return error_set(err, -ENOMEM, "no memory to read a blob");
	while (count > 0)
		count = stream_read(stream, scratch, INPUT_BYTES, err);
	free(scratch);
	if (count < 0)
		return (int)count;
	digest_finish(&stream->blob_sum, out->blob);
	digest_finish(&stream->content_sum, out->content);
	out->content_bytes = stream->content_bytes;
	return 0;
}

void stream_close(struct stream *stream)
{
	if (!stream)
		return;
	if (stream->compression == COMPRESSION_GZIP)
		(void)inflateEnd(&stream->gzip); /* frees in any state */
	(void)ZSTD_freeDStream(stream->zstd);    /* NULL is fine */
	free(stream);
}
