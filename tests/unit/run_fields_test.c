// SPDX-License-Identifier: MIT
/*
 * tests of fields: plain JSON is what jansson says it is
 *
 * What the walker does with it, oci_document_test and run_profile_test show.
 */
#include "run/fields.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "check.h"
#include "lib/arena.h"
#include "lib/error.h"
#include "lib/text.h"

#define LIST8(x) x x x x x x x x

/* Read without jansson, and as jansson does. */
static const char *const plain[] = {
	/* clang-format off */
	"{}",
	" \t\r\n[ ] \n",
	"[1]",
	"[-1,0,-0,999999999999999999,-999999999999999999]",
	"[true,false,null]",
	"{\"a\":{\"b\":[{\"c\":\"d\"}]},\"\":\"\"}",
	"[\"\", \"a b\", \"~ !#[]{}:,\"]",
	"[\"\\\"\", \"\\\\\", \"\\\\\\\\\", \"a\\\"\", \"\\\\\\\"x\", \"x\\\\\"]",
	"[\"\\/\\b\\f\\n\\r\\t\"]",
	"[\"\\u0001\\u003c\\u007f\"]",
	"{\"a\\nb\": \"\\n\"}",
	LIST8("[[[[") "7" LIST8("]]]]"),
	/* clang-format on */
};

/* Left to jansson, which takes some of them. */
static const struct {
	const char *text;
	bool is_json;
} other[] = {
	/* clang-format off */
	{ "", false }, { "7", false }, { "\"a\"", false }, { "{", false },
	{ "[1", false }, { "[1,]", false }, { "[,1]", false },
	{ "[1 2]", false }, { "[1]]", false }, { "[1] x", false },
	{ "{\"a\"}", false }, { "{\"a\":}", false }, { "{\"a\":1,}", false },
	{ "{\"a\":1 \"b\":2}", false }, { "{\"a\",1}", false },
	{ "{1:1}", false }, { "{\"a\":1,\"a\":1}", false }, { "[01]", false },
	{ "[-]", false }, { "[+1]", false }, { "[1.]", false },
	{ "[tru]", false }, { "[truex]", false }, { "[True]", false },
	{ "[\"a]", false }, { "[\"a\nb\"]", false }, { "[\"\\\"]", false },
	{ "[\"\\x\"]", false }, { "[\"\\u00\"]", false },
	{ "[\"\\u0000\"]", false }, { "[\"\xff\"]", false },
	{ "[\"\xc3\xa4\"]", true }, { "[\"\x7f\"]", true },
	{ "[\"\\u00e4\"]", true }, { "[\"\\u003C\"]", true },
	{ "[\"\\ud83d\\ude00\"]", true },
	{ "[1.5]", true },
	{ "[1e3]", true },
	{ "[1000000000000000000]", true },
	{ "[18446744073709551615]", true },
	{ LIST8("[[[[") "[7]" LIST8("]]]]"), false }, /* too deep */
	/* clang-format on */
};

static struct arena *in_use;

static void *take(size_t size)
{
	return arena_alloc(in_use, size);
}

static void give_back(void *memory)
{
	(void)memory;
}

/* Is it plain? If so, is it the same as jansson's? */
static bool is_plain_text(const char *text, size_t size)
{
	auto_arena scratch = { .limit_bytes = 1 << 20 };
	char *exact = malloc(size ? size : 1); /* reading over it is seen */
	json_malloc_t old_malloc;
	json_free_t old_free;
	json_t *value;

	json_get_alloc_funcs(&old_malloc, &old_free);
	in_use = &scratch;
	json_set_alloc_funcs(take, give_back);
	memcpy(exact, text, size);
	value = fields_plain(exact, size, &scratch);
	if (value) {
		json_t *same =
			json_loadb(text, size, JSON_REJECT_DUPLICATES, NULL);

		CHECK(same && json_equal(value, same));
		CHECK(same &&
			text_equal(json_dumps(value, 0), json_dumps(same, 0)));
	}
	json_set_alloc_funcs(old_malloc, old_free);
	free(exact);
	return value != NULL;
}

static bool is_plain(const char *text)
{
	return is_plain_text(text, strlen(text));
}

static void test_plain(void)
{
	for (size_t i = 0; i < sizeof(plain) / sizeof(plain[0]); i++) {
		check_row(plain[i]);
		CHECK(is_plain(plain[i]));
	}
}

static void test_not_plain(void)
{
	for (size_t i = 0; i < sizeof(other) / sizeof(other[0]); i++) {
		auto_arena scratch = { .limit_bytes = 1 << 20 };
		struct error err = { 0 };
		json_t *value;
		int result;

		check_row(other[i].text);
		CHECK(!is_plain(other[i].text));
		result = fields_parse(other[i].text, strlen(other[i].text),
			&scratch, &value, &err);
		CHECK(result == (other[i].is_json ? 0 : -EINVAL));
		CHECK((value != NULL) == other[i].is_json);
		CHECK((err.text[0] != '\0') == !other[i].is_json);
	}
}

/* Every text that is cut off somewhere is refused, and nothing is read over. */
static void test_cut_off(void)
{
	for (size_t i = 0; i < sizeof(plain) / sizeof(plain[0]); i++) {
		size_t length = strlen(plain[i]);

		check_row(plain[i]);
		while (length && strchr(" \n", plain[i][length - 1]))
			length--;
		for (size_t cut = 0; cut < length; cut++) {
			char *text = strndup(plain[i], cut);

			CHECK(!is_plain(text));
			free(text);
		}
	}
}

/* What stands behind a NUL counts, too. */
static void test_sees_behind_a_nul(void)
{
	static const char text[] = "[]\0[";
	auto_arena scratch = { .limit_bytes = 1 << 20 };
	struct error err = { 0 };
	json_t *value;

	CHECK(is_plain_text(text, 2));
	CHECK(!is_plain_text(text, 3));
	CHECK(fields_parse(text, 2, &scratch, &value, &err) == 0);
	CHECK(fields_parse(text, 3, &scratch, &value, &err) == -EINVAL);
	CHECK(fields_parse(text, 4, &scratch, &value, &err) == -EINVAL);
}

/* "[0,0,...]" with so many items */
static char *make_list(size_t count)
{
	char *text = malloc(2 * count + 2);

	for (size_t i = 0; i < count; i++)
		memcpy(text + 1 + 2 * i, "0,", 2);
	text[0] = '[';
	text[2 * count] = ']';
	text[2 * count + 1] = '\0';
	return text;
}

static void test_limits(void)
{
	for (size_t extra = 0; extra < 2; extra++) {
		auto_arena scratch = { .limit_bytes = FIELDS_TREE_MAX };
		char *text = make_list(FIELDS_VALUES_MAX + extra);
		struct error err = { 0 };
		json_t *value;
		int result = fields_parse(text, strlen(text), &scratch, &value,
			&err);

		CHECK(result == (extra ? -EINVAL : 0));
		CHECK(!extra || strstr(err.text, "has over 200000 values"));
		free(text);
	}
}

static void test_says_when_memory_ends(void)
{
	static const char *const texts[] = { "[\"abc\",{\"def\":1}]",
		"[18446744073709551615,\"abc\",{\"def\":1}]" };

	for (size_t i = 0; i < 2; i++) {
		for (size_t limit = 16; limit < 1024; limit += 16) {
			auto_arena scratch = { .limit_bytes = limit };
			struct error err = { 0 };
			json_t *value;
			int result = fields_parse(texts[i], strlen(texts[i]),
				&scratch, &value, &err);

			CHECK(result == 0 || (result == -ENOMEM && !value));
			CHECK(result == 0 || strstr(err.text, "no memory"));
		}
	}
}

int main(void)
{
	RUN(test_plain);
	RUN(test_not_plain);
	RUN(test_cut_off);
	RUN(test_sees_behind_a_nul);
	RUN(test_limits);
	RUN(test_says_when_memory_ends);
	return check_done();
}
