// SPDX-License-Identifier: MIT
/* store_tar_test - tar headers of every kind, and damaged ones */
#include "store/tar.h"

#include <errno.h>

#include "check.h"
#include "lib/error.h"
#include "store_build.h"

struct memory {
	const unsigned char *at;
	size_t left;
	size_t step; /* most bytes of one read */
};

static ssize_t read_memory(void *context, void *buffer, size_t size,
	struct error *err)
{
	struct memory *memory = context;

	(void)err;
	size = size < memory->left ? size : memory->left;
	size = size < memory->step ? size : memory->step;
	if (size)
		memcpy(buffer, memory->at, size);
	memory->at += size;
	memory->left -= size;
	return (ssize_t)size;
}

/* A reader of these bytes; the caller closes it. */
static struct tar_reader *open_bytes(struct memory *memory,
	const struct build *tar)
{
	const struct tar_input input = { read_memory, NULL, memory };
	struct tar_reader *reader = NULL;

	*memory = (struct memory){ tar->bytes, tar->size, SIZE_MAX };
	if (tar_open(&input, &reader, NULL) < 0)
		build_die("tar_open");
	return reader;
}

/* Reads everything: the number of entries, or the first error. */
static int read_all(const struct build *tar, struct error *err)
{
	struct memory memory;
	struct tar_reader *reader = open_bytes(&memory, tar);
	const struct tar_entry *entry;
	char buffer[700];
	int count = 0;
	int result;

	*err = (struct error){ .code = 0 };
	while ((result = tar_next(reader, &entry, err)) > 0) {
		ssize_t got;

		count++;
		while ((got = tar_read(reader, buffer, sizeof(buffer), err)) >
			0)
			;
		if (got < 0) {
			result = (int)got;
			break;
		}
	}
	tar_close(reader);
	CHECK(result >= 0 || err->text[0]);
	return result < 0 ? result : count;
}

/* Reads the first entry of an archive; false when there is none. */
static bool first_entry(const struct build *tar, struct tar_entry *out)
{
	struct memory memory;
	struct tar_reader *reader = open_bytes(&memory, tar);
	const struct tar_entry *entry;
	bool found = tar_next(reader, &entry, NULL) > 0;

	if (found)
		*out = *entry; /* its xattrs are gone with the reader */
	tar_close(reader);
	return found;
}

static void test_plain_entries(void)
{
	struct build tar = { .size = 0 };
	struct tar_entry entry;
	struct error err;

	(void)build_tar(&tar, (struct build_entry){ .type = '0',
				      .path = "a/b",
				      .mode = 04755,
				      .uid = 1000,
				      .gid = 2000000,
				      .mtime = 1700000000,
				      .content = "hello",
				      .size = 5 });
	build_folder(&tar, "c/");
	build_link(&tar, '2', "d", "../e");
	build_link(&tar, '1', "f", "a/b");
	build_end(&tar);
	CHECK(read_all(&tar, &err) == 4);
	CHECK(first_entry(&tar, &entry));
	CHECK(entry.type == TAR_FILE && entry.size == 5);
	CHECK(strcmp(entry.path, "a/b") == 0);
	CHECK(entry.mode == 04755 && entry.uid == 1000);
	CHECK(entry.gid == 2000000 && entry.mtime.tv_sec == 1700000000);
	build_clear(&tar);
}

static void test_small_reads_give_the_same(void)
{
	struct build tar = { .size = 0 };
	struct memory memory;
	struct tar_reader *reader;
	const struct tar_entry *entry;
	char buffer[8];

	build_file(&tar, "a", "hello");
	build_file(&tar, "b", "world!");
	build_end(&tar);
	reader = open_bytes(&memory, &tar);
	memory.step = 3;
	CHECK(tar_next(reader, &entry, NULL) == 1);
	CHECK(tar_next(reader, &entry, NULL) == 1);
	CHECK(strcmp(entry->path, "b") == 0);
	CHECK(tar_read(reader, buffer, sizeof(buffer), NULL) == 3);
	CHECK(memcmp(buffer, "wor", 3) == 0);
	CHECK(!tar_has_end(reader));
	CHECK(tar_next(reader, &entry, NULL) == 0);
	CHECK(tar_has_end(reader));
	tar_close(reader);
	build_clear(&tar);
}

static void test_gnu_long_names(void)
{
	struct build tar = { .size = 0 };
	struct tar_entry entry;
	struct error err;
	char name[301];
	char target[251];

	memset(name, 'n', 300);
	memset(target, 't', 250);
	name[300] = target[250] = '\0';
	(void)build_tar(&tar, (struct build_entry){ .type = 'L',
				      .path = "././@LongLink",
				      .content = name,
				      .size = 301 });
	(void)build_tar(&tar, (struct build_entry){ .type = 'K',
				      .path = "././@LongLink",
				      .content = target,
				      .size = 251 });
	build_link(&tar, '2', "short", "short");
	build_end(&tar);
	CHECK(read_all(&tar, &err) == 1 && first_entry(&tar, &entry));
	CHECK(strcmp(entry.path, name) == 0);
	CHECK(strcmp(entry.link, target) == 0);
	build_clear(&tar);
}

static void test_ustar_prefix(void)
{
	struct build tar = { .size = 0 };
	struct tar_entry entry;

	build_file(&tar, "name", "x");
	memcpy(tar.bytes + 345, "some/prefix", 11);
	build_sum(tar.bytes);
	CHECK(first_entry(&tar, &entry));
	CHECK(strcmp(entry.path, "some/prefix/name") == 0);
	/* GNU tar keeps other things there */
	memcpy(tar.bytes + 257, "ustar  ", 8);
	build_sum(tar.bytes);
	CHECK(first_entry(&tar, &entry));
	CHECK(strcmp(entry.path, "name") == 0);
	build_clear(&tar);
}

static void test_base_256_numbers(void)
{
	struct build tar = { .size = 0 };
	struct tar_entry entry;
	struct error err;

	build_folder(&tar, "a");
	memcpy(tar.bytes + 108, "\x80\0\0\0\x7f\xff\xff\xf0", 8);
	memcpy(tar.bytes + 136,
		"\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff"
		"\xfe",
		12);
	build_sum(tar.bytes);
	CHECK(first_entry(&tar, &entry));
	CHECK(entry.uid == 0x7ffffff0 && entry.mtime.tv_sec == -2);
	/* a negative owner, and the one that means "leave it" */
	memset(tar.bytes + 108, 0xff, 8);
	build_sum(tar.bytes);
	CHECK(read_all(&tar, &err) == -EBADMSG);
	memcpy(tar.bytes + 108, "\x80\0\0\0\xff\xff\xff\xff", 8);
	build_sum(tar.bytes);
	CHECK(read_all(&tar, &err) == -EBADMSG);
	CHECK(strstr(err.text, "owner"));
	build_clear(&tar);
}

static void test_bad_sizes(void)
{
	static const char *const sizes[] = { "\xff\xff\xff\xff\xff\xff\xff\xff"
					     "\xff\xff\xff\xff",
		"\x80\0\0\1\0\0\0\0\0\0\0\0",
		"\x80\0\0\0\x7f\xff\xff\xff\xff"
		"\xff\xff\xff",
		"12x4        ", "0000000009 ", "-1          " };

	for (size_t i = 0; i < sizeof(sizes) / sizeof(sizes[0]); i++) {
		struct build tar = { .size = 0 };
		struct error err;

		build_file(&tar, "a", "x");
		memcpy(tar.bytes + 124, sizes[i], 12);
		build_sum(tar.bytes);
		CHECK(read_all(&tar, &err) == -EBADMSG);
		build_clear(&tar);
	}
}

static void test_pax_overrides(void)
{
	struct build tar = { .size = 0 };
	struct build records = { .size = 0 };
	struct tar_entry entry;
	struct error err;

	build_record(&records, "path", "long/name", 9);
	build_record(&records, "size", "3", 1);
	build_record(&records, "uid", "70000", 5);
	build_record(&records, "gid", "80000", 5);
	build_record(&records, "mtime", "1700000000.25", 13);
	build_record(&records, "comment", "what=ever\n", 10);
	build_record(&records, "SCHILY.xattr.user.a", "\0\n=", 3);
	(void)build_tar(&tar, (struct build_entry){ .type = 'x',
				      .path = "pax",
				      .content = records.bytes,
				      .size = records.size });
	(void)build_tar(&tar, (struct build_entry){ .type = '0',
				      .path = "short",
				      .content = "abc",
				      .size = 3 });
	build_file(&tar, "next", "");
	build_end(&tar);
	CHECK(read_all(&tar, &err) == 2 && first_entry(&tar, &entry));
	CHECK(strcmp(entry.path, "long/name") == 0 && entry.size == 3);
	CHECK(entry.uid == 70000 && entry.gid == 80000);
	CHECK(entry.mtime.tv_sec == 1700000000);
	CHECK(entry.mtime.tv_nsec == 250000000);
	CHECK(entry.xattr_count == 1 && entry.xattrs[0].size == 3);
	build_clear(&records);
	build_clear(&tar);
}

static void test_pax_is_for_one_entry(void)
{
	struct build tar = { .size = 0 };
	struct memory memory;
	struct tar_reader *reader;
	const struct tar_entry *entry;

	build_pax(&tar, "path", "one", 3);
	build_file(&tar, "a", "");
	build_file(&tar, "b", "");
	reader = open_bytes(&memory, &tar);
	CHECK(tar_next(reader, &entry, NULL) == 1);
	CHECK(strcmp(entry->path, "one") == 0);
	CHECK(tar_next(reader, &entry, NULL) == 1);
	CHECK(strcmp(entry->path, "b") == 0);
	tar_close(reader);
	build_clear(&tar);
}

static void test_negative_times(void)
{
	static const struct {
		const char *text;
		long seconds, nanoseconds;
	} rows[] = { { "-1.5", -2, 500000000 }, { "-3", -3, 0 },
		{ "0.000000001999", 0, 1 }, { "7.", 7, 0 } };

	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		struct build tar = { .size = 0 };
		struct tar_entry entry;

		check_row(rows[i].text);
		build_pax(&tar, "mtime", rows[i].text, strlen(rows[i].text));
		build_file(&tar, "a", "");
		CHECK(first_entry(&tar, &entry));
		CHECK(entry.mtime.tv_sec == rows[i].seconds);
		CHECK(entry.mtime.tv_nsec == rows[i].nanoseconds);
		build_clear(&tar);
	}
}

static void test_bad_pax(void)
{
	static const struct {
		const char *label, *text;
		size_t size;
	} rows[] = {
		{ "no length", "path=a\n", 7 },
		{ "length 0", "0 path=a\n", 9 },
		{ "too long", "99 path=a\n", 10 },
		{ "too short", "3 path=a\n", 9 },
		{ "no newline", "9 path=ab", 9 },
		{ "no equals", "8 pathab\n", 9 },
		{ "no key", "6 =ab\n", 6 },
		{ "huge", "99999999999999999999 path=a\n", 28 },
		{ "only digits", "12", 2 },
		{ "NUL in path", "11 path=a\0\n", 11 },
		{ "bad size", "12 size=-12\n", 12 },
		{ "bad uid", "10 uid=0x\n", 10 },
		{ "bad time", "14 mtime=soon\n", 14 },
		{ "sparse", "22 GNU.sparse.major=1\n", 22 },
		{ "no xattr name", "19 SCHILY.xattr.=a\n", 19 },
	};

	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		struct build tar = { .size = 0 };
		struct error err;
		int result;

		check_row(rows[i].label);
		(void)build_tar(&tar, (struct build_entry){ .type = 'x',
					      .path = "pax",
					      .content = rows[i].text,
					      .size = rows[i].size });
		build_file(&tar, "a", "");
		result = read_all(&tar, &err);
		CHECK(result == -EBADMSG || result == -EOPNOTSUPP);
		build_clear(&tar);
	}
}

static void test_limits_of_headers(void)
{
	struct build big = { .size = TAR_PAX_MAX + 1 };
	struct build tar = { .size = 0 };
	struct error err;

	big.bytes = malloc(big.size);
	if (!CHECK(big.bytes))
		return;
	memset(big.bytes, 'a', big.size);
	(void)build_tar(&tar, (struct build_entry){ .type = 'x',
				      .path = "pax",
				      .content = big.bytes,
				      .size = big.size });
	CHECK(read_all(&tar, &err) == -E2BIG);
	CHECK(strstr(err.text, "the limit is 1048576"));
	build_clear(&tar);
	(void)build_tar(&tar, (struct build_entry){ .type = 'L',
				      .path = "x",
				      .content = big.bytes,
				      .size = TAR_PATH_BYTES });
	CHECK(read_all(&tar, &err) == -E2BIG);
	build_clear(&tar);
	build_pax(&tar, "path", big.bytes, TAR_PATH_BYTES);
	CHECK(read_all(&tar, &err) == -ENAMETOOLONG);
	build_clear(&tar);
	/* a size that says more than there is must not be allocated */
	build_file(&tar, "a", "");
	tar.bytes[156] = 'x';
	memcpy(tar.bytes + 124, "\x80\0\0\0\x3f\xff\xff\xff\xff\xff\xff\xff",
		12);
	build_sum(tar.bytes);
	CHECK(read_all(&tar, &err) == -E2BIG);
	build_clear(&tar);
	build_clear(&big);
}

static void test_many_xattrs(void)
{
	struct build records = { .size = 0 };
	struct build tar = { .size = 0 };
	struct error err;

	for (int i = 0; i <= TAR_XATTRS_MAX; i++)
		build_record(&records, "SCHILY.xattr.user.a", "b", 1);
	(void)build_tar(&tar, (struct build_entry){ .type = 'x',
				      .path = "pax",
				      .content = records.bytes,
				      .size = records.size });
	build_file(&tar, "a", "");
	CHECK(read_all(&tar, &err) == -E2BIG);
	build_clear(&records);
	build_clear(&tar);
}

static void test_kinds(void)
{
	static const struct {
		char type;
		enum tar_type is;
		int result;
	} rows[] = { { '\0', TAR_FILE, 1 }, { '7', TAR_FILE, 1 },
		{ '3', TAR_CHAR_DEVICE, 1 }, { '4', TAR_BLOCK_DEVICE, 1 },
		{ '6', TAR_FIFO, 1 }, { 'S', TAR_FILE, -EOPNOTSUPP },
		{ 'V', TAR_FILE, -EOPNOTSUPP }, { 'g', TAR_FILE, 0 } };

	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		struct build tar = { .size = 0 };
		struct tar_entry entry;
		struct error err;

		(void)build_tar(&tar,
			(struct build_entry){ .type = rows[i].type,
				.path = "a" });
		CHECK(read_all(&tar, &err) == rows[i].result);
		if (rows[i].result == 1 && CHECK(first_entry(&tar, &entry)))
			CHECK(entry.type == rows[i].is);
		build_clear(&tar);
	}
}

/* Links and folders have no content even when their size says so. */
static void test_size_of_a_link_is_ignored(void)
{
	struct build tar = { .size = 0 };
	struct error err;

	build_link(&tar, '1', "a", "b");
	build_octal(tar.bytes + 124, 12, 5000);
	build_sum(tar.bytes);
	build_file(&tar, "c", "content");
	build_end(&tar);
	CHECK(read_all(&tar, &err) == 2);
	build_clear(&tar);
}

static void test_checksum(void)
{
	struct build tar = { .size = 0 };
	struct error err;

	build_file(&tar, "a", "x");
	tar.bytes[0] = 'b';
	CHECK(read_all(&tar, &err) == -EBADMSG);
	CHECK(strstr(err.text, "checksum"));
	build_clear(&tar);
}

static void test_cut_anywhere(void)
{
	struct build tar = { .size = 0 };
	size_t whole;

	build_pax(&tar, "path", "long", 4);
	build_file(&tar, "a", "content");
	build_folder(&tar, "b");
	whole = tar.size;
	for (tar.size = 1; tar.size < whole; tar.size++) {
		struct error err;
		int result = read_all(&tar, &err);

		/* between two entries only the digest can tell */
		if (tar.size == 2048)
			CHECK(result == 1);
		else if (tar.size == 1024)
			CHECK(result == 0);
		else if (!CHECK(result == -EBADMSG))
			break;
	}
	build_clear(&tar);
}

int main(void)
{
	RUN(test_plain_entries);
	RUN(test_small_reads_give_the_same);
	RUN(test_gnu_long_names);
	RUN(test_ustar_prefix);
	RUN(test_base_256_numbers);
	RUN(test_bad_sizes);
	RUN(test_pax_overrides);
	RUN(test_pax_is_for_one_entry);
	RUN(test_negative_times);
	RUN(test_bad_pax);
	RUN(test_limits_of_headers);
	RUN(test_many_xattrs);
	RUN(test_kinds);
	RUN(test_size_of_a_link_is_ignored);
	RUN(test_checksum);
	RUN(test_cut_anywhere);
	return check_done();
}
