// SPDX-License-Identifier: MIT
/*
 * fields_plain - jansson's values from JSON that is plain
 *
 * jansson takes a text apart byte by byte, through two function pointers each,
 * which was a tenth of the time of starting a container. What nearly every
 * document is made of is read here: objects, lists, ASCII texts, integers that
 * fit, true, false and null. Whatever else there is, an error above all, is
 * left to jansson, so this needs to be right only where it says yes.
 */
#include "run/fields.h"

#include <ctype.h>
#include <string.h>

#include "lib/arena.h"

struct plain {
	const char *at;
	const char *end;
	size_t depth;
	size_t values;
	struct arena *arena;
};

static json_t *read_value(struct plain *plain);

/* The next character behind white space, which stays; '\0' at the end. */
static char peek(struct plain *plain)
{
	while (plain->at < plain->end &&
		(*plain->at == ' ' || *plain->at == '\n' ||
			*plain->at == '\t' || *plain->at == '\r'))
		plain->at++;
	return (char)(plain->at < plain->end ? *plain->at : '\0');
}

/* May it stand in a text as it is? */
static bool is_ascii(char c)
{
	return (unsigned char)c >= 0x20 && (unsigned char)c < 0x7f;
}

/*
 * The size of the escape at at, which ends before close, or 0: it is not one
 * of the simple ones, such as \" and \u003c.
 */
static size_t read_escape(const char *at, const char *close, char *out)
{
	static const char letters[] = "\"\\/bfnrt";
	static const char meant[] = "\"\\/\b\f\n\r\t";
	static const char digits[] = "0123456789abcdef";
	const char *high, *low;

	if (at[1] != 'u') {
		const char *found = strchr(letters, at[1]);

		if (!found || !at[1])
			return 0;
		*out = meant[found - letters];
		return 2;
	}
	if (close - at < 6 || at[2] != '0' || at[3] != '0')
		return 0;
	high = memchr(digits, at[4], 8);
	low = memchr(digits, at[5], 16);
	if (!high || !low)
		return 0;
	*out = (char)((high - digits) << 4 | (low - digits));
	return *out ? 6 : 0;
}

/* The quote that closes the text at plain->at, or NULL. */
static const char *find_close(const struct plain *plain)
{
	const char *at = plain->at;

	while (at < plain->end && *at != '"')
		at += *at == '\\' ? 2 : 1;
	return at < plain->end ? at : NULL;
}

/* A text with escapes: what it means, in the arena. */
static const char *read_escaped(struct plain *plain, const char *start,
	size_t *size)
{
	const char *close = find_close(plain);
	size_t used = (size_t)(plain->at - start);
	char *text =
		close ? arena_copy(plain->arena, start, (size_t)(close - start))
		      : NULL;

	if (!text)
		return NULL;
	while (plain->at < close) {
		size_t length = 1;

		text[used] = *plain->at;
		if (*plain->at == '\\')
			length = read_escape(plain->at, close, &text[used]);
		else if (!is_ascii(*plain->at))
			length = 0;
		if (!length)
			return NULL;
		plain->at += length;
		used++;
	}
	plain->at++;
	*size = used;
	return text;
}

/* The text whose quote is at plain->at, or NULL; it is not terminated. */
static const char *read_text(struct plain *plain, size_t *size)
{
	const char *start = ++plain->at;

	for (; plain->at < plain->end; plain->at++) {
		char c = *plain->at;

		if (c == '"') {
			*size = (size_t)(plain->at++ - start);
			return start;
		}
		if (c == '\\')
			return read_escaped(plain, start, size);
		if (!is_ascii(c))
			return NULL;
	}
	return NULL;
}

static json_t *read_integer(struct plain *plain)
{
	enum {
		DIGITS_MAX = 18
	};
	bool is_negative = *plain->at == '-';
	const char *start = plain->at + is_negative;
	json_int_t value = 0;

	for (plain->at = start;
		plain->at < plain->end && isdigit((unsigned char)*plain->at);
		plain->at++) {
		if (plain->at - start == DIGITS_MAX)
			return NULL;
		value = value * 10 + (*plain->at - '0');
	}
	if (plain->at == start || (*start == '0' && plain->at > start + 1) ||
		(plain->at < plain->end && memchr(".eE", *plain->at, 3)))
		return NULL;
	return json_integer(is_negative ? -value : value);
}

static json_t *read_word(struct plain *plain)
{
	static const struct {
		const char *text;
		json_t *(*make)(void);
	} words[] = {
		{ "true", json_true },
		{ "false", json_false },
		{ "null", json_null },
	};

	for (size_t i = 0; i < 3; i++) {
		size_t size = strlen(words[i].text);

		if ((size_t)(plain->end - plain->at) < size ||
			memcmp(plain->at, words[i].text, size) != 0)
			continue;
		plain->at += size;
		return words[i].make();
	}
	return NULL;
}

/* Behind an item: is there another one? Sets *ends at the closing bracket. */
static bool next_item(struct plain *plain, char close, bool *ends)
{
	char c = peek(plain);

	*ends = c == close;
	plain->at++;
	plain->values += c == ',';
	return *ends || c == ',';
}

static json_t *read_list(struct plain *plain)
{
	json_t *list = json_array();
	bool ends = false;

	plain->at++;
	if (peek(plain) == ']') {
		plain->at++;
		return list;
	}
	while (!ends) {
		json_t *item = read_value(plain);

		if (!item || json_array_append_new(list, item) < 0 ||
			!next_item(plain, ']', &ends))
			return NULL;
	}
	return list;
}

static json_t *read_object(struct plain *plain)
{
	json_t *object = json_object();
	bool ends = false;

	plain->at++;
	if (peek(plain) == '}') {
		plain->at++;
		return object;
	}
	while (!ends) {
		const char *key;
		size_t size = 0;
		json_t *item;

		if (peek(plain) != '"')
			return NULL;
		key = read_text(plain, &size);
		if (!key || peek(plain) != ':' ||
			json_object_getn(object, key, size))
			return NULL;
		plain->at++;
		item = read_value(plain);
		if (!item ||
			json_object_setn_new_nocheck(object, key, size, item) <
				0 ||
			!next_item(plain, '}', &ends))
			return NULL;
	}
	return object;
}

static json_t *read_value(struct plain *plain)
{
	const char *text;
	json_t *value;
	size_t size = 0;
	char c = peek(plain);

	if (c == '"') {
		text = read_text(plain, &size);
		return text ? json_stringn_nocheck(text, size) : NULL;
	}
	if (c == '-' || isdigit((unsigned char)c))
		return read_integer(plain);
	if (c != '{' && c != '[')
		return read_word(plain);
	if (plain->depth == FIELDS_DEPTH_MAX)
		return NULL;
	plain->depth++;
	plain->values++;
	value = c == '{' ? read_object(plain) : read_list(plain);
	plain->depth--;
	return plain->values > FIELDS_VALUES_MAX ? NULL : value;
}

json_t *fields_plain(const char *text, size_t size, struct arena *arena)
{
	struct plain plain = { .at = text, .end = text + size, .arena = arena };
	char c = peek(&plain);
	json_t *root = c == '{' || c == '[' ? read_value(&plain) : NULL;

	return root && !peek(&plain) && plain.at == plain.end ? root : NULL;
}
