// SPDX-License-Identifier: MIT
/*
 * tar - reads a tar archive entry by entry, from any stream of bytes
 *
 * A header is one block of 512 bytes:
 *   0 name[100]  100 mode[8]  108 uid[8]  116 gid[8]  124 size[12]
 *   136 mtime[12]  148 checksum[8]  156 type  157 link[100]  257 magic[8]
 *   329 major[8]  337 minor[8]  345 prefix[155]
 * Content follows, padded to whole blocks. A block of zeros is the end.
 */
#include "store/tar.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "lib/error.h"
#include "store/path.h"
#include "store/pax.h"

#define NAME_AT      0
#define NAME_SIZE    100
#define MODE_AT      100
#define UID_AT       108
#define GID_AT       116
#define ID_SIZE      8
#define SIZE_AT      124
#define MTIME_AT     136
#define TIME_SIZE    12
#define CHECKSUM_AT  148
#define TYPE_AT      156
#define LINK_AT      157
#define MAGIC_AT     257
#define PREFIX_AT    345
#define PREFIX_SIZE  155
#define MODE_MASK    07777
#define SIZE_MAX_TAR ((uint64_t)INT64_MAX / 2)

struct tar_reader {
	struct tar_input input;
	uint64_t left;    /* unread content of the entry */
	uint64_t padding; /* behind it */
	bool has_end;
	bool has_long_path, has_long_link;
	struct pax pax;
	struct tar_entry entry;
	char long_path[TAR_PATH_BYTES];
	char long_link[TAR_PATH_BYTES];
	unsigned char block[TAR_BLOCK];
};

int tar_open(const struct tar_input *input, struct tar_reader **out,
	struct error *err)
{
	struct tar_reader *reader = calloc(1, sizeof(*reader));

	if (!reader)
		return error_set(err, -ENOMEM, "no memory to read a tar");
	reader->input = *input;
	*out = reader;
	return 0;
}

void tar_close(struct tar_reader *reader)
{
	if (!reader)
		return;
	pax_clear(&reader->pax);
	free(reader);
}

bool tar_has_end(const struct tar_reader *reader)
{
	return reader->has_end;
}

/* Reads size bytes unless the input ends before. */
static ssize_t read_full(struct tar_reader *reader, void *buffer, size_t size,
	struct error *err)
{
	size_t used = 0;

	while (used < size) {
		ssize_t count = reader->input.read(reader->input.context,
			(char *)buffer + used, size - used, err);

		if (count < 0)
			return count;
		if (count == 0)
			break;
		used += (size_t)count;
	}
	return (ssize_t)used;
}

static int skip(struct tar_reader *reader, uint64_t bytes, struct error *err)
{
	unsigned char scratch[4096];

	if (bytes == 0)
		return 0;
	if (reader->input.skip)
		return reader->input.skip(reader->input.context, bytes, err);
	while (bytes > 0) {
		size_t wanted = bytes < sizeof(scratch) ? (size_t)bytes
							: sizeof(scratch);
		ssize_t count = read_full(reader, scratch, wanted, err);

		if (count < 0)
			return (int)count;
		if ((size_t)count < wanted)
			return error_set(err, -EBADMSG,
				"the archive ends in the middle of a file");
		bytes -= wanted;
	}
	return 0;
}

static bool is_zero(const unsigned char *block)
{
	for (size_t i = 0; i < TAR_BLOCK; i++) {
		if (block[i])
			return false;
	}
	return true;
}

/* Octal with spaces around it; false when there is anything else. */
static bool parse_octal(const unsigned char *field, size_t size, int64_t *out)
{
	size_t at = 0;
	uint64_t value = 0;

	while (at < size && field[at] == ' ')
		at++;
	for (; at < size && field[at] >= '0' && field[at] <= '7'; at++) {
		if (value >> 59)
			return false;
		value = value << 3 | (uint64_t)(field[at] - '0');
	}
	while (at < size && (field[at] == ' ' || field[at] == '\0'))
		at++;
	*out = (int64_t)value;
	return at == size;
}

/* A number field: octal, or GNU's base-256 when the first bit is set. */
static bool parse_number(const unsigned char *field, size_t size, int64_t *out)
{
	bool is_negative = field[0] == 0xff;
	uint64_t value = is_negative ? UINT64_MAX : 0;

	if (!(field[0] & 0x80))
		return parse_octal(field, size, out);
	if (field[0] != 0x80 && field[0] != 0xff)
		return false;
	for (size_t i = 1; i < size; i++) {
		uint64_t top = value >> 55;

		if (top != (is_negative ? 0x1ff : 0))
			return false;
		value = value << 8 | field[i];
	}
	*out = (int64_t)value;
	return true;
}

/* Some old programs summed signed bytes, so both sums are right. */
static bool is_checksum_right(const unsigned char *block)
{
	int64_t want;
	int64_t sum = 0;
	int64_t signed_sum = 0;

	for (size_t i = 0; i < TAR_BLOCK; i++) {
		bool is_field = i >= CHECKSUM_AT && i < CHECKSUM_AT + ID_SIZE;
		int value = is_field ? ' ' : block[i];

		sum += value;
		signed_sum += value < 128 ? value : value - 256;
	}
	return parse_octal(block + CHECKSUM_AT, ID_SIZE, &want) &&
	       (want == sum || want == signed_sum);
}

/* 1: a header is in reader->block, 0: the end. */
static int read_header(struct tar_reader *reader, struct error *err)
{
	ssize_t count = read_full(reader, reader->block, TAR_BLOCK, err);

	if (count < 0)
		return (int)count;
	if (count == 0)
		return 0;
	if (count < TAR_BLOCK)
		return error_set(err, -EBADMSG,
			"the archive ends in the middle of a header");
	if (is_zero(reader->block)) {
		reader->has_end = true;
		return 0;
	}
	if (!is_checksum_right(reader->block))
		return error_set(err, -EBADMSG,
			"a header of the tar archive is damaged (checksum)");
	return 1;
}

static int header_size(const struct tar_reader *reader, uint64_t *out,
	struct error *err)
{
	int64_t size;

	if (!parse_number(reader->block + SIZE_AT, TIME_SIZE, &size) ||
		size < 0 || (uint64_t)size > SIZE_MAX_TAR)
		return error_set(err, -EBADMSG,
			"a header of the tar archive has a bad size");
	*out = (uint64_t)size;
	return 0;
}

static uint64_t padding_of(uint64_t size)
{
	return (TAR_BLOCK - size % TAR_BLOCK) % TAR_BLOCK;
}

/* Reads the content of a header about the next header, terminated. */
static int read_extension(struct tar_reader *reader, char *buffer, size_t limit,
	size_t *size_out, struct error *err)
{
	uint64_t size = 0;
	ssize_t count;
	int result = header_size(reader, &size, err);

	if (result < 0)
		return result;
	if (size >= limit)
		return error_set(err, -E2BIG,
			"an extended header has %llu bytes, the limit is %zu",
			(unsigned long long)size, limit - 1);
	count = read_full(reader, buffer, (size_t)size, err);
	if (count < 0)
		return (int)count;
	if ((uint64_t)count < size)
		return error_set(err, -EBADMSG,
			"the archive ends in the middle of a header");
	buffer[size] = '\0';
	*size_out = (size_t)size;
	return skip(reader, padding_of(size), err);
}

static int read_long_name(struct tar_reader *reader, char *buffer, bool *has,
	struct error *err)
{
	size_t size;
	int result = read_extension(reader, buffer, TAR_PATH_BYTES, &size, err);

	if (result == 0)
		*has = true;
	return result;
}

static int read_pax(struct tar_reader *reader, struct error *err)
{
	uint64_t size;
	size_t got;
	char *text;
	int result = header_size(reader, &size, err);

	if (result < 0)
		return result;
	if (size > TAR_PAX_MAX)
		return error_set(err, -E2BIG,
			"an extended header has %llu bytes, the limit is %d",
			(unsigned long long)size, TAR_PAX_MAX);
	text = malloc((size_t)size + 1);
	if (!text)
		return error_set(err, -ENOMEM, "no memory to read a tar");
	result = read_extension(reader, text, (size_t)size + 1, &got, err);
	if (result < 0) {
		free(text);
		return result;
	}
	return pax_parse(&reader->pax, text, got, err);
}

/* Global headers (git writes its commit there) say nothing about files. */
static int skip_global(struct tar_reader *reader, struct error *err)
{
	uint64_t size;
	int result = header_size(reader, &size, err);

	if (result < 0)
		return result;
	return skip(reader, size + padding_of(size), err);
}

/* Handles a header that only describes the next one: 1 done, 0 not one. */
static int read_meta(struct tar_reader *reader, struct error *err)
{
	int result;

	switch (reader->block[TYPE_AT]) {
	case 'x':
		result = read_pax(reader, err);
		break;
	case 'g':
		result = skip_global(reader, err);
		break;
	case 'L':
		result = read_long_name(reader, reader->long_path,
			&reader->has_long_path, err);
		break;
	case 'K':
		result = read_long_name(reader, reader->long_link,
			&reader->has_long_link, err);
		break;
	default:
		return 0;
	}
	return result < 0 ? result : 1;
}

static size_t field_length(const unsigned char *field, size_t size)
{
	size_t length = 0;

	while (length < size && field[length])
		length++;
	return length;
}

static void set_names(struct tar_reader *reader)
{
	const unsigned char *block = reader->block;
	struct tar_entry *entry = &reader->entry;
	const char *path = reader->has_long_path ? reader->long_path : NULL;
	const char *link = reader->has_long_link ? reader->long_link : NULL;
	size_t used = 0;
	size_t length;

	path = reader->pax.path ? reader->pax.path : path;
	link = reader->pax.link ? reader->pax.link : link;
	if (path) {
		memcpy(entry->path, path, strlen(path) + 1);
	} else {
		if (memcmp(block + MAGIC_AT, "ustar", 6) == 0)
			used = field_length(block + PREFIX_AT, PREFIX_SIZE);
		memcpy(entry->path, block + PREFIX_AT, used);
		if (used)
			entry->path[used++] = '/';
		length = field_length(block + NAME_AT, NAME_SIZE);
		memcpy(entry->path + used, block + NAME_AT, length);
		entry->path[used + length] = '\0';
	}
	if (link) {
		memcpy(entry->link, link, strlen(link) + 1);
	} else {
		length = field_length(block + LINK_AT, NAME_SIZE);
		memcpy(entry->link, block + LINK_AT, length);
		entry->link[length] = '\0';
	}
}

static int set_type(struct tar_reader *reader, struct error *err)
{
	struct tar_entry *entry = &reader->entry;
	unsigned char type = reader->block[TYPE_AT];
	size_t length = strlen(entry->path);

	switch (type) {
	case '\0':
	case '0':
	case '7':
		/* before ustar, a slash at the end was what made a folder */
		entry->type = length > 0 && entry->path[length - 1] == '/'
				      ? TAR_FOLDER
				      : TAR_FILE;
		return 0;
	case '1':
		entry->type = TAR_HARD_LINK;
		return 0;
	case '2':
		entry->type = TAR_SYMBOLIC_LINK;
		return 0;
	case '3':
		entry->type = TAR_CHAR_DEVICE;
		return 0;
	case '4':
		entry->type = TAR_BLOCK_DEVICE;
		return 0;
	case '5':
		entry->type = TAR_FOLDER;
		return 0;
	case '6':
		entry->type = TAR_FIFO;
		return 0;
	case 'S':
		return error_set(err, -EOPNOTSUPP,
			"'%s' is stored sparse, which images must not do",
			path_show(entry->path).text);
	default:
		return error_set(err, -EOPNOTSUPP,
			"'%s' is of an unknown kind (tar type 0x%02x)",
			path_show(entry->path).text, (unsigned int)type);
	}
}

static int set_numbers(struct tar_reader *reader, struct error *err)
{
	const unsigned char *block = reader->block;
	struct tar_entry *entry = &reader->entry;
	const struct pax *pax = &reader->pax;
	int64_t mode, uid, gid, mtime;
	int result = header_size(reader, &entry->size, err);

	if (result < 0)
		return result;
	if (!parse_number(block + MODE_AT, ID_SIZE, &mode) ||
		!parse_number(block + UID_AT, ID_SIZE, &uid) ||
		!parse_number(block + GID_AT, ID_SIZE, &gid) ||
		!parse_number(block + MTIME_AT, TIME_SIZE, &mtime))
		return error_set(err, -EBADMSG,
			"the header of '%s' has a bad number",
			path_show(entry->path).text);
	uid = pax->has_uid ? (int64_t)pax->uid : uid;
	gid = pax->has_gid ? (int64_t)pax->gid : gid;
	/* the largest id means "no change" to chown(2) */
	if (uid < 0 || uid >= UINT32_MAX || gid < 0 || gid >= UINT32_MAX)
		return error_set(err, -EBADMSG,
			"the owner of '%s' is out of range",
			path_show(entry->path).text);
	if (pax->has_size && pax->size > SIZE_MAX_TAR)
		return error_set(err, -EBADMSG, "the size of '%s' is bad",
			path_show(entry->path).text);
	entry->size = pax->has_size ? pax->size : entry->size;
	entry->uid = (uint32_t)uid;
	entry->gid = (uint32_t)gid;
	entry->mode = (uint32_t)mode & MODE_MASK;
	entry->mtime = (struct timespec){ .tv_sec = (time_t)mtime };
	if (pax->has_mtime)
		entry->mtime = pax->mtime;
	return 0;
}

static int set_entry(struct tar_reader *reader, struct error *err)
{
	struct tar_entry *entry = &reader->entry;
	int result;

	set_names(reader);
	result = set_type(reader, err);
	if (result == 0)
		result = set_numbers(reader, err);
	if (result < 0)
		return result;
	/* other kinds have no content, whatever their size field says */
	if (entry->type != TAR_FILE)
		entry->size = 0;
	entry->xattr_count = reader->pax.xattr_count;
	memcpy(entry->xattrs, reader->pax.xattrs,
		entry->xattr_count * sizeof(entry->xattrs[0]));
	reader->left = entry->size;
	reader->padding = padding_of(entry->size);
	reader->has_long_path = false;
	reader->has_long_link = false;
	return 1;
}

int tar_next(struct tar_reader *reader, const struct tar_entry **out,
	struct error *err)
{
	int result = skip(reader, reader->left + reader->padding, err);

	reader->left = 0;
	reader->padding = 0;
	pax_clear(&reader->pax);
	if (result < 0)
		return result;
	for (;;) {
		result = read_header(reader, err);
		if (result <= 0)
			return result;
		result = read_meta(reader, err);
		if (result < 0)
			return result;
		if (result == 0)
			break;
	}
	*out = &reader->entry;
	return set_entry(reader, err);
}

ssize_t tar_read(struct tar_reader *reader, void *buffer, size_t size,
	struct error *err)
{
	ssize_t count;

	if (reader->left == 0)
		return 0;
	if (size > reader->left)
		size = (size_t)reader->left;
	count = reader->input.read(reader->input.context, buffer, size, err);
	if (count < 0)
		return count;
	if (count == 0)
		return error_set(err, -EBADMSG,
			"the archive ends in the middle of '%s'",
			path_show(reader->entry.path).text);
	reader->left -= (uint64_t)count;
	return count;
}
