// SPDX-License-Identifier: MIT
/* lib_text_test - buffers never overflow, numbers are strict, JSON is JSON */
#include "lib/text.h"

#include <errno.h>
#include <string.h>

#include "check.h"

static void test_text_appends_and_cuts(void)
{
	char buffer[8];
	struct text text;

	text_init(&text, buffer, sizeof(buffer));
	CHECK(text_equal(buffer, ""));
	text_add(&text, "%d-%s", 12, "ab");
	CHECK(text_equal(buffer, "12-ab") && text.used == 5);
	text_add_bytes(&text, "xy", 2);
	CHECK(text_equal(buffer, "12-abxy") && !text.is_cut);
	text_add_bytes(&text, "", 0);
	CHECK(!text.is_cut);
	text_add(&text, "!");
	CHECK(text.is_cut && text_equal(buffer, "12-abxy") && text.used == 7);
	text_add_bytes(&text, "z", 1);
	CHECK(text.is_cut && text.used == 7 && buffer[7] == '\0');
}

static void test_text_of_one_byte_stays_empty(void)
{
	char buffer[1];
	struct text text;

	text_init(&text, buffer, sizeof(buffer));
	text_add(&text, "a");
	text_add_bytes(&text, "b", 1);
	text_add_json(&text, "c", 1);
	CHECK(text.is_cut && text.used == 0 && buffer[0] == '\0');
}

static void test_bytes_are_cut_to_the_room(void)
{
	char buffer[4];
	struct text text;

	text_init(&text, buffer, sizeof(buffer));
	text_add_bytes(&text, "abcdef", 6);
	CHECK(text.is_cut && text_equal(buffer, "abc"));
}

static void test_json_escapes(void)
{
	static const struct {
		const char *label, *bytes;
		size_t size;
		const char *wanted;
	} rows[] = {
		/* clang-format off */
		{ "plain",              "abc",              3, "abc" },
		{ "quotes",             "a\"b\\c",          5, "a\\\"b\\\\c" },
		{ "named controls",     "\b\f\n\r\t",       5, "\\b\\f\\n\\r\\t" },
		{ "nul and escape",     "\0\x1b",           2, "\\u0000\\u001b" },
		{ "delete",             "\x7f",             1, "\\u007f" },
		{ "two bytes",          "\xc3\xa9",         2, "\xc3\xa9" },
		{ "four bytes",         "\xf0\x9f\x90\xb3", 4, "\xf0\x9f\x90\xb3" },
		{ "lone continuation",  "a\x80z",           3, "a\\ufffdz" },
		{ "cut sequence",       "\xe2\x82",         2, "\\ufffd\\ufffd" },
		{ "overlong slash",     "\xc0\xaf",         2, "\\ufffd\\ufffd" },
		{ "surrogate",          "\xed\xa0\x80",     3, "\\ufffd\\ufffd\\ufffd" },
		{ "above the last one", "\xf4\x90\x80\x80", 4, "\\ufffd\\ufffd\\ufffd\\ufffd" },
		{ "never a lead byte",  "\xff",             1, "\\ufffd" },
		/* clang-format on */
	};

	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		char buffer[64];
		struct text text;

		check_row(rows[i].label);
		text_init(&text, buffer, sizeof(buffer));
		text_add_json(&text, rows[i].bytes, rows[i].size);
		CHECK(text_equal(buffer, rows[i].wanted) && !text.is_cut);
	}
}

static void test_copy_says_when_it_did_not_fit(void)
{
	char out[4];

	CHECK(text_copy(out, sizeof(out), "abc") && text_equal(out, "abc"));
	CHECK(!text_copy(out, sizeof(out), "abcd") && text_equal(out, "abc"));
	CHECK(text_copy(out, sizeof(out), "") && text_equal(out, ""));
	out[0] = 'x';
	CHECK(!text_copy(out, 0, "") && out[0] == 'x');
}

static void test_starts_with(void)
{
	CHECK(text_starts_with("container", "con"));
	CHECK(text_starts_with("con", "con"));
	CHECK(text_starts_with("con", ""));
	CHECK(!text_starts_with("co", "con"));
	CHECK(!text_starts_with("Con", "con"));
}

static void test_numbers_are_strict(void)
{
	static const struct {
		const char *string;
		uint64_t max;
		int result;
		uint64_t value;
	} rows[] = {
		/* clang-format off */
		{ "0",                    9,          0,       0 },
		{ "007",                  9,          0,       7 },
		{ "65535",                65535,      0,       65535 },
		{ "65536",                65535,      -ERANGE, 0 },
		{ "18446744073709551615", UINT64_MAX, 0,       UINT64_MAX },
		{ "18446744073709551616", UINT64_MAX, -ERANGE, 0 },
		{ "99999999999999999999", UINT64_MAX, -ERANGE, 0 },
		{ "",                     9,          -EINVAL, 0 },
		{ "-1",                   9,          -EINVAL, 0 },
		{ "+1",                   9,          -EINVAL, 0 },
		{ " 1",                   9,          -EINVAL, 0 },
		{ "1 ",                   9,          -EINVAL, 0 },
		{ "0x1",                  9,          -EINVAL, 0 },
		{ "1.0",                  9,          -EINVAL, 0 },
		{ "99999999999999999999x", 9,         -EINVAL, 0 },
		/* clang-format on */
	};

	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		uint64_t value = 0;

		check_row(rows[i].string);
		CHECK(text_parse_u64(rows[i].string, rows[i].max, &value) ==
			rows[i].result);
		CHECK(value == rows[i].value);
	}
}

static void test_distance(void)
{
	static const struct {
		const char *a, *b;
		size_t distance;
	} rows[] = {
		/* clang-format off */
		{ "", "", 0 },           { "", "abc", 3 },
		{ "image", "image", 0 }, { "imagee", "image", 1 },
		{ "imge", "image", 1 },  { "imaeg", "image", 1 },
		{ "emage", "image", 1 }, { "ports", "mounts", 3 },
		{ "ca", "abc", 3 },      { "kitten", "sitting", 3 },
		/* clang-format on */
	};
	char longest[65], longer[66];

	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		check_row(rows[i].a);
		CHECK(text_distance(rows[i].a, rows[i].b) == rows[i].distance);
		CHECK(text_distance(rows[i].b, rows[i].a) == rows[i].distance);
	}
	check_row(NULL);
	memset(longest, 'a', 64);
	memset(longer, 'a', 65);
	longest[64] = longer[65] = '\0';
	CHECK(text_distance(longest, "") == 64);
	CHECK(text_distance(longest, longest) == 0);
	CHECK(text_distance(longer, longer) == 0);
	CHECK(text_distance(longer, longest) == SIZE_MAX);
}

int main(void)
{
	RUN(test_text_appends_and_cuts);
	RUN(test_text_of_one_byte_stays_empty);
	RUN(test_bytes_are_cut_to_the_room);
	RUN(test_json_escapes);
	RUN(test_copy_says_when_it_did_not_fit);
	RUN(test_starts_with);
	RUN(test_numbers_are_strict);
	RUN(test_distance);
	return check_done();
}
