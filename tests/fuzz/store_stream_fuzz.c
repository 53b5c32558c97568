// SPDX-License-Identifier: MIT
/*
 * fuzz target of store: any bytes as a compressed blob
 *
 * Reading ends, never gives more than the limit, and the sum of the blob is
 * right whenever it is taken for whole.
 */
#include <fcntl.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "lib/error.h"
#include "store/stream.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

#define LIMIT (4U << 20)

static void require(bool is_true)
{
	if (!is_true)
		abort();
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static int fd = -1;
	static char buffer[65536];
	const struct stream_options options = { .limit_bytes = LIMIT };
	struct blob blob = { .size = size };
	struct stream *stream = NULL;
	struct stream_sums sums;
	struct error err = { .code = 0 };
	char digest[DIGEST_TEXT];
	ssize_t count = 1;
	uint64_t all = 0;
	int result;

	if (fd < 0)
		fd = memfd_create("blob", MFD_CLOEXEC);
	blob.fd = fd;
	require(ftruncate(fd, 0) == 0);
	require(pwrite(fd, data, size, 0) == (ssize_t)size);
	result = stream_open(&blob, &options, &stream, &err);
	while (result == 0 && count > 0) {
		count = stream_read(stream, buffer, sizeof(buffer), &err);
		all += count > 0 ? (uint64_t)count : 0;
		require(all <= LIMIT);
		result = count < 0 ? (int)count : 0;
	}
	if (result == 0)
		result = stream_finish(stream, &sums, &err);
	stream_close(stream);
	require((result < 0) == (err.text[0] != '\0'));
	digest_of(data, size, digest);
	require(result < 0 || strcmp(sums.blob, digest) == 0);
	require(result < 0 || sums.content_bytes == all);
	return 0;
}
