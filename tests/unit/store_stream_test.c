// SPDX-License-Identifier: MIT
/* store_stream_test - plain, gzip and zstd blobs, whole, damaged and hostile */
#include "store/stream.h"

#include <errno.h>
#include <sys/mman.h>

#include "check.h"
#include "lib/error.h"
#include "store_build.h"

#define NO_LIMIT (UINT64_C(1) << 40)

/* Reads all of a blob of these bytes; the result of the first failure. */
static int read_all(const struct build *bytes, struct stream_options options,
	struct stream_sums *sums, struct error *err)
{
	int fd = memfd_create("blob", MFD_CLOEXEC);
	struct blob blob = { .fd = fd, .offset = 3, .size = bytes->size };
	struct stream *stream = NULL;
	char buffer[1000];
	ssize_t count = 1;
	int result;

	if (fd < 0 || pwrite(fd, bytes->bytes, bytes->size, 3) !=
			      (ssize_t)bytes->size)
		build_die("memfd");
	*err = (struct error){ .code = 0 };
	result = stream_open(&blob, &options, &stream, err);
	while (result == 0 && count > 0) {
		count = stream_read(stream, buffer, sizeof(buffer), err);
		result = count < 0 ? (int)count : 0;
	}
	if (result == 0)
		result = stream_finish(stream, sums, err);
	stream_close(stream);
	(void)close(fd);
	CHECK((result == 0) == (err->text[0] == '\0'));
	return result;
}

static struct build make_content(size_t size)
{
	struct build content = { .size = 0 };
	uint32_t state = 1;

	for (size_t i = 0; i < size; i++) {
		unsigned char byte;

		state = state * 1664525 + 1013904223;
		byte = (unsigned char)(state >> 29);
		build_add(&content, &byte, 1);
	}
	return content;
}

static void check_sums(const struct build *blob, const struct build *content)
{
	const struct stream_options options = { .limit_bytes = NO_LIMIT };
	struct stream_sums sums;
	struct error err;
	char digest[DIGEST_TEXT];

	if (!CHECK(read_all(blob, options, &sums, &err) == 0)) {
		printf("# %s\n", err.text);
		return;
	}
	digest_of(blob->bytes, blob->size, digest);
	CHECK(strcmp(sums.blob, digest) == 0);
	digest_of(content->bytes, content->size, digest);
	CHECK(strcmp(sums.content, digest) == 0);
	CHECK(sums.content_bytes == content->size);
}

static void test_sums_of_every_size(void)
{
	static const size_t sizes[] = { 0, 1, 511, 512, 131072, 131073,
		1000000 };

	for (size_t i = 0; i < sizeof(sizes) / sizeof(sizes[0]); i++) {
		struct build content = make_content(sizes[i]);
		struct build gzip = build_gzip(&content);
		struct build zstd = build_zstd(&content);

		check_sums(&content, &content);
		check_sums(&gzip, &content);
		check_sums(&zstd, &content);
		build_clear(&zstd);
		build_clear(&gzip);
		build_clear(&content);
	}
}

static void test_known_sum(void)
{
	/* FIPS 180-2, appendix B.1 */
	char digest[DIGEST_TEXT];

	digest_of("abc", 3, digest);
	CHECK(strcmp(digest, "sha256:ba7816bf8f01cfea414140de5dae2223"
			     "b00361a396177a9cb410ff61f20015ad") == 0);
	CHECK(digest_is_valid(digest));
	digest[7] = 'B';
	CHECK(!digest_is_valid(digest));
	digest[7] = 'b';
	digest[70] = '\0';
	CHECK(!digest_is_valid(digest));
}

/* Two members or frames, one after the other, are one stream. */
static void test_several_members(void)
{
	struct build content = make_content(5000);
	struct build twice = { .size = 0 };
	struct build gzip = build_gzip(&content);
	struct build zstd = build_zstd(&content);
	static const unsigned char skippable[] = { 0x50, 0x2a, 0x4d, 0x18, 2, 0,
		0, 0, 'a', 'b' };
	struct build framed = { .size = 0 };

	build_add(&framed, skippable, sizeof(skippable));
	build_add(&framed, zstd.bytes, zstd.size);
	build_add(&framed, zstd.bytes, zstd.size);
	build_add(&twice, content.bytes, content.size);
	build_add(&twice, content.bytes, content.size);
	build_add(&gzip, gzip.bytes, gzip.size);
	check_sums(&gzip, &twice);
	check_sums(&framed, &twice);
	build_clear(&framed);
	build_clear(&zstd);
	build_clear(&gzip);
	build_clear(&twice);
	build_clear(&content);
}

static void check_cut(struct build blob)
{
	const struct stream_options options = { .limit_bytes = NO_LIMIT };
	size_t whole = blob.size;

	/* with four bytes or fewer it is not recognised and is plain data */
	for (blob.size = 5; blob.size < whole; blob.size++) {
		struct stream_sums sums;
		struct error err;

		if (!CHECK(read_all(&blob, options, &sums, &err) == -EBADMSG))
			return;
		if (!CHECK(strstr(err.text, "early") ||
			    strstr(err.text, "cannot be read")))
			return;
	}
}

static void test_cut_anywhere(void)
{
	struct build content = make_content(3000);
	struct build gzip = build_gzip(&content);
	struct build zstd = build_zstd(&content);

	check_cut(gzip);
	check_cut(zstd);
	build_clear(&zstd);
	build_clear(&gzip);
	build_clear(&content);
}

static void test_file_shorter_than_blob(void)
{
	const struct stream_options options = { .limit_bytes = NO_LIMIT };
	int fd = memfd_create("blob", MFD_CLOEXEC);
	struct blob blob = { .fd = fd, .size = 4096 };
	struct stream *stream = NULL;
	struct stream_sums sums;
	struct error err;

	CHECK(fd >= 0 && ftruncate(fd, 1000) == 0);
	if (CHECK(stream_open(&blob, &options, &stream, &err) == 0))
		CHECK(stream_finish(stream, &sums, &err) == -EBADMSG);
	CHECK(strstr(err.text, "ends before"));
	stream_close(stream);
	(void)close(fd);
}

static void test_data_after_the_end(void)
{
	const struct stream_options options = { .limit_bytes = NO_LIMIT };
	struct build content = make_content(3000);
	struct build gzip = build_gzip(&content);
	struct build zstd = build_zstd(&content);
	struct stream_sums sums;
	struct error err;

	build_add(&gzip, "more data", 9);
	build_add(&zstd, "more data", 9);
	CHECK(read_all(&gzip, options, &sums, &err) == -EBADMSG);
	CHECK(strstr(err.text, "gzip"));
	CHECK(read_all(&zstd, options, &sums, &err) == -EBADMSG);
	CHECK(strstr(err.text, "zstd"));
	build_clear(&zstd);
	build_clear(&gzip);
	build_clear(&content);
}

/* Every byte changed: never more than an error, mostly one. */
static void test_damaged_anywhere(void)
{
	const struct stream_options options = { .limit_bytes = NO_LIMIT };
	struct build content = make_content(600);
	struct build gzip = build_gzip(&content);
	unsigned int noticed = 0;
	char digest[DIGEST_TEXT];

	digest_of(content.bytes, content.size, digest);
	for (size_t i = 2; i < gzip.size; i++) {
		struct stream_sums sums = { .content = "" };
		struct error err;

		gzip.bytes[i] ^= 0x10;
		if (read_all(&gzip, options, &sums, &err) < 0)
			noticed++;
		else /* in the header, which holds a time and such */
			CHECK(strcmp(sums.content, digest) == 0);
		gzip.bytes[i] ^= 0x10;
	}
	CHECK(noticed > gzip.size - 12);
	build_clear(&gzip);
	build_clear(&content);
}

static void test_bombs(void)
{
	const struct stream_options options = { .limit_bytes = 1 << 20 };
	struct build zeros = { .size = 64 << 20 };
	struct build gzip, zstd;
	struct stream_sums sums;
	struct error err;

	zeros.bytes = calloc(1, zeros.size);
	if (!CHECK(zeros.bytes))
		return;
	gzip = build_gzip(&zeros);
	zstd = build_zstd(&zeros);
	CHECK(gzip.size < 100000 && zstd.size < 100000);
	CHECK(read_all(&gzip, options, &sums, &err) == -EFBIG);
	CHECK(strstr(err.text, "more than 1 MiB"));
	CHECK(read_all(&zstd, options, &sums, &err) == -EFBIG);
	build_clear(&zstd);
	build_clear(&gzip);
	build_clear(&zeros);
}

/* A zstd frame that asks for a window of 128 MiB. */
static void test_zstd_window_is_limited(void)
{
	const struct stream_options options = { .limit_bytes = NO_LIMIT };
	struct build blob = { .size = 0 };
	struct stream_sums sums;
	struct error err;
	unsigned char out[4096];
	ZSTD_CCtx *context = ZSTD_createCCtx();
	ZSTD_inBuffer in = { "abc", 3, 0 };
	ZSTD_outBuffer to = { out, sizeof(out), 0 };

	(void)ZSTD_CCtx_setParameter(context, ZSTD_c_windowLog, 27);
	(void)ZSTD_compressStream2(context, &to, &in, ZSTD_e_flush);
	(void)ZSTD_compressStream2(context, &to, &in, ZSTD_e_end);
	(void)ZSTD_freeCCtx(context);
	build_add(&blob, out, to.pos);
	CHECK(read_all(&blob, options, &sums, &err) == -EBADMSG);
	CHECK(strstr(err.text, "32 MiB"));
	build_clear(&blob);
}

static void test_media_type_must_agree(void)
{
	struct build content = make_content(3000);
	struct build gzip = build_gzip(&content);
	struct stream_options options = { .limit_bytes = NO_LIMIT };
	struct stream_sums sums;
	struct error err;

	options.declared = COMPRESSION_GZIP;
	CHECK(read_all(&gzip, options, &sums, &err) == 0);
	CHECK(read_all(&content, options, &sums, &err) == -EBADMSG);
	CHECK(strcmp(err.text,
		      "its media type says gzip, but it is a plain tar") == 0);
	options.declared = COMPRESSION_NONE;
	CHECK(read_all(&content, options, &sums, &err) == 0);
	CHECK(read_all(&gzip, options, &sums, &err) == -EBADMSG);
	build_clear(&gzip);
	build_clear(&content);
}

static void count_bytes(void *context, uint64_t bytes)
{
	*(uint64_t *)context += bytes;
}

static void test_progress_adds_up(void)
{
	struct build content = make_content(300000);
	struct build gzip = build_gzip(&content);
	uint64_t seen = 0;
	struct stream_options options = { .limit_bytes = NO_LIMIT,
		.on_read = count_bytes,
		.context = &seen };
	struct stream_sums sums;
	struct error err;

	CHECK(read_all(&gzip, options, &sums, &err) == 0);
	CHECK(seen == gzip.size);
	build_clear(&gzip);
	build_clear(&content);
}

int main(void)
{
	RUN(test_known_sum);
	RUN(test_sums_of_every_size);
	RUN(test_several_members);
	RUN(test_cut_anywhere);
	RUN(test_file_shorter_than_blob);
	RUN(test_data_after_the_end);
	RUN(test_damaged_anywhere);
	RUN(test_bombs);
	RUN(test_zstd_window_is_limited);
	RUN(test_media_type_must_agree);
	RUN(test_progress_adds_up);
	return check_done();
}
