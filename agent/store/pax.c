// SPDX-License-Identifier: MIT
/*
 * pax - what a pax extended header says about the next entry of a tar archive
 *
 * A record is "LENGTH KEY=VALUE\n"; LENGTH is decimal and counts the whole
 * record. An empty value takes back what an earlier record said.
 */
#include "store/pax.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "lib/error.h"
#include "lib/text.h"
#include "store/path.h"

#define XATTR_PREFIX  "SCHILY.xattr."
#define SPARSE_PREFIX "GNU.sparse."
#define NS_DIGITS     9

/* A value that must be text: -EINVAL when it holds a NUL or is too long. */
static int set_path(const char **out, const char *value, size_t size,
	struct error *err)
{
	if (strlen(value) != size)
		return error_set(err, -EBADMSG, "a name has a NUL byte in it");
	if (size >= TAR_PATH_BYTES)
		return error_set(err, -ENAMETOOLONG,
			"a name is longer than %d bytes", TAR_PATH_BYTES - 1);
	*out = size ? value : NULL;
	return 0;
}

static int set_number(uint64_t *out, bool *has, const char *value,
	struct error *err)
{
	*has = *value != '\0';
	if (*has && text_parse_u64(value, INT64_MAX, out) < 0)
		return error_set(err, -EBADMSG, "'%s' is not a number",
			path_show(value).text);
	return 0;
}

/* "1700000000.123456789", "-1.5"; digits after the ninth are dropped. */
static int set_time(struct pax *pax, const char *value, struct error *err)
{
	bool is_negative = *value == '-';
	const char *digits = value + is_negative;
	size_t whole = strcspn(digits, ".");
	char seconds[24] = "";
	uint64_t count;
	long nanoseconds = 0;

	pax->has_mtime = *value != '\0';
	if (!pax->has_mtime)
		return 0;
	if (whole < sizeof(seconds))
		memcpy(seconds, digits, whole);
	if (text_parse_u64(seconds, INT64_MAX / 2, &count) < 0)
		return error_set(err, -EBADMSG, "'%s' is not a time",
			path_show(value).text);
	digits += whole + (digits[whole] == '.');
	for (size_t i = 0; i < NS_DIGITS; i++) {
		bool is_digit = *digits >= '0' && *digits <= '9';

		nanoseconds = nanoseconds * 10 + (is_digit ? *digits - '0' : 0);
		digits += is_digit;
	}
	pax->mtime.tv_sec = (time_t)count;
	pax->mtime.tv_nsec = nanoseconds;
	if (is_negative) {
		pax->mtime.tv_sec = -(time_t)count - (nanoseconds ? 1 : 0);
		pax->mtime.tv_nsec = nanoseconds ? 1000000000 - nanoseconds : 0;
	}
	return 0;
}

static int add_xattr(struct pax *pax, const char *name, const char *value,
	size_t size, struct error *err)
{
	struct tar_xattr *xattr;

	if (pax->xattr_count >= TAR_XATTRS_MAX)
		return error_set(err, -E2BIG, "more than %d xattrs",
			TAR_XATTRS_MAX);
	if (*name == '\0' || strlen(name) > PATH_PART_MAX)
		return error_set(err, -EBADMSG, "an xattr has a bad name");
	xattr = &pax->xattrs[pax->xattr_count++];
	*xattr = (struct tar_xattr){ name, value, size };
	return 0;
}

/* One record; key and value are terminated, the value may hold NULs. */
static int set_record(struct pax *pax, const char *key, const char *value,
	size_t size, struct error *err)
{
	if (text_equal(key, "path"))
		return set_path(&pax->path, value, size, err);
	if (text_equal(key, "linkpath"))
		return set_path(&pax->link, value, size, err);
	if (text_equal(key, "size"))
		return set_number(&pax->size, &pax->has_size, value, err);
	if (text_equal(key, "uid"))
		return set_number(&pax->uid, &pax->has_uid, value, err);
	if (text_equal(key, "gid"))
		return set_number(&pax->gid, &pax->has_gid, value, err);
	if (text_equal(key, "mtime"))
		return set_time(pax, value, err);
	if (text_starts_with(key, XATTR_PREFIX))
		return add_xattr(pax, key + strlen(XATTR_PREFIX), value, size,
			err);
	if (text_starts_with(key, SPARSE_PREFIX))
		return error_set(err, -EOPNOTSUPP,
			"a file is stored sparse, which images must not do");
	return 0;
}

/* The length that a record starts with, or 0 when there is none. */
static size_t record_length(const char *text, size_t left, size_t *digits)
{
	size_t length = 0;
	size_t at = 0;

	while (at < left && text[at] >= '0' && text[at] <= '9' && at < 8)
		length = length * 10 + (size_t)(text[at++] - '0');
	if (at == 0 || at >= left || text[at] != ' ' || length > left ||
		length < at + 2)
		return 0;
	*digits = at;
	return length;
}

int pax_parse(struct pax *pax, char *text, size_t size, struct error *err)
{
	size_t at = 0;

	pax_clear(pax);
	pax->text = text;
	text[size] = '\0';
	while (at < size) {
		size_t digits = 0;
		size_t length = record_length(text + at, size - at, &digits);
		char *key = text + at + digits + 1;
		char *end = text + at + length - 1;
		char *equals;
		int result;

		if (length == 0 || *end != '\n')
			return error_set(err, -EBADMSG,
				"an extended header is damaged");
		*end = '\0';
		equals = strchr(key, '=');
		if (!equals || equals == key)
			return error_set(err, -EBADMSG,
				"an extended header is damaged");
		*equals = '\0';
		result = set_record(pax, key, equals + 1,
			(size_t)(end - equals) - 1, err);
		if (result < 0)
			return result;
		at += length;
	}
	return 0;
}

void pax_clear(struct pax *pax)
{
	free(pax->text);
	*pax = (struct pax){ .text = NULL };
}
