/* SPDX-License-Identifier: MIT */
/* content - what the data partition holds, told from its bytes alone */
#include "content.h"

#include <endian.h>
#include <errno.h>
#include <stddef.h>
#include <string.h>
#include <unistd.h>

#define EDGE_BYTES (1024U * 1024U) /* looked at, at both ends */
#define MARK_BYTES 512U

/* ext4's superblock, as far as we need it (kernel, fs/ext4/ext4.h) */
#define SUPERBLOCK_AT      1024U
#define SUPERBLOCK_BYTES   1024U
#define BLOCKS_AT          0x04U
#define LOG_BLOCK_BYTES_AT 0x18U
#define MAGIC_AT           0x38U
#define MAGIC              0xef53U
#define LABEL_AT           0x78U
#define BLOCKS_HIGH_AT     0x150U
#define BLOCKS_PER_GROUP   32768U

static const char mark[] = "tare: a file system is being made here";

static int read_at(int fd, void *bytes, size_t length, uint64_t at)
{
	ssize_t got = pread(fd, bytes, length, (off_t)at);
	if (got < 0)
		return -errno;
	return (size_t)got == length ? 0 : -EIO;
}

/* 1 when all bytes are the same, as a new or erased disk has it */
static int is_blank(int fd, uint64_t from, uint64_t length)
{
	static uint8_t bytes[65536];
	int blank = -1;

	for (uint64_t at = from; at < from + length;) {
		size_t step = sizeof(bytes);
		if (from + length - at < step)
			step = (size_t)(from + length - at);
		int result = read_at(fd, bytes, step, at);
		if (result < 0)
			return result;
		if (blank < 0 && (bytes[0] == 0x00 || bytes[0] == 0xff))
			blank = bytes[0];
		for (size_t i = 0; i < step; i++)
			if (bytes[i] != blank)
				return 0;
		at += step;
	}
	return 1;
}

static uint32_t get32(const uint8_t *bytes)
{
	uint32_t value;

	memcpy(&value, bytes, sizeof(value));
	return le32toh(value);
}

static bool is_superblock(const uint8_t *bytes)
{
	return (get32(bytes + MAGIC_AT) & 0xffff) == MAGIC;
}

/* what a superblock says of its file system's size, 0 if it is none */
static uint64_t ext4_bytes(const uint8_t *superblock)
{
	uint32_t log_bytes = get32(superblock + LOG_BLOCK_BYTES_AT);
	if (!is_superblock(superblock) || log_bytes > 6)
		return 0;
	uint64_t blocks = get32(superblock + BLOCKS_AT) |
			  (uint64_t)get32(superblock + BLOCKS_HIGH_AT) << 32;
	return blocks << (10 + log_bytes);
}

/* The first superblock, or, where that is lost, a copy that says it is ours. */
static int has_ext4(int fd, uint64_t bytes)
{
	static const unsigned groups[] = { 1, 3, 5, 7 };
	uint8_t superblock[SUPERBLOCK_BYTES];

	int result = read_at(fd, superblock, sizeof(superblock), SUPERBLOCK_AT);
	if (result < 0 || is_superblock(superblock))
		return result < 0 ? result : 1;

	for (size_t i = 0; i < sizeof(groups) / sizeof(*groups); i++) {
		uint64_t at = (uint64_t)groups[i] * BLOCKS_PER_GROUP *
			      CONTENT_BLOCK_BYTES;
		if (at + sizeof(superblock) > bytes)
			break;
		result = read_at(fd, superblock, sizeof(superblock), at);
		if (result < 0)
			return result;
		if (is_superblock(superblock) &&
			memcmp(superblock + LABEL_AT, "tare-data", 10) == 0)
			return 1;
	}
	return 0;
}

/* A whole file system of another size is not the one that was being made: the
 * partition had another end since, and the mark is older than what is here. */
static int has_mark(int fd, uint64_t bytes)
{
	uint8_t sector[MARK_BYTES], superblock[SUPERBLOCK_BYTES];

	int result = read_at(fd, sector, sizeof(sector), bytes - MARK_BYTES);
	if (result < 0 || memcmp(sector, mark, sizeof(mark)) != 0)
		return result;
	result = read_at(fd, superblock, sizeof(superblock), SUPERBLOCK_AT);
	if (result < 0)
		return result;
	uint64_t have = ext4_bytes(superblock);
	return have == 0 ||
	       have == content_usable_blocks(bytes) * CONTENT_BLOCK_BYTES;
}

int content_of(int fd, uint64_t bytes)
{
	if (bytes < 4ULL * EDGE_BYTES)
		return -ENOSPC;

	int result = has_mark(fd, bytes);
	if (result != 0)
		return result < 0 ? result : CONTENT_UNFINISHED;
	result = has_ext4(fd, bytes);
	if (result != 0)
		return result < 0 ? result : CONTENT_EXT4;
	result = is_blank(fd, 0, EDGE_BYTES);
	if (result == 1)
		result = is_blank(fd, bytes - EDGE_BYTES, EDGE_BYTES);
	if (result < 0)
		return result;
	return result == 1 ? CONTENT_BLANK : CONTENT_FOREIGN;
}

int content_mark(int fd, uint64_t bytes, bool is_unfinished)
{
	uint8_t sector[MARK_BYTES] = { 0 };

	if (is_unfinished)
		memcpy(sector, mark, sizeof(mark));
	ssize_t put =
		pwrite(fd, sector, sizeof(sector), (off_t)(bytes - MARK_BYTES));
	if (put < 0)
		return -errno;
	if (put != (ssize_t)sizeof(sector))
		return -EIO;
	return fsync(fd) < 0 ? -errno : 0;
}

uint64_t content_usable_blocks(uint64_t bytes)
{
	return (bytes - CONTENT_TAIL_BYTES) / CONTENT_BLOCK_BYTES;
}

uint64_t content_ext4_bytes(int fd)
{
	uint8_t superblock[SUPERBLOCK_BYTES];

	if (read_at(fd, superblock, sizeof(superblock), SUPERBLOCK_AT) < 0)
		return 0;
	return ext4_bytes(superblock);
}
