// SPDX-License-Identifier: MIT
/* fields - fills a struct from a JSON object, one row per field */
#include "run/fields.h"

#include <assert.h>
#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "lib/arena.h"
#include "run/oci.h"
#include "run/words.h"

/* ---- scalars ---- */

struct number {
	bool is_negative;
	bool is_huge; /* magnitude does not hold it */
	uint64_t magnitude;
	char text[44]; /* for messages */
};

static void read_digits(const char *text, struct number *out)
{
	const char *at = text;

	out->is_negative = *at == '-';
	if (out->is_negative)
		at++;
	for (; *at; at++) {
		uint64_t digit = (uint64_t)(*at - '0');

		if (__builtin_mul_overflow(out->magnitude, 10,
			    &out->magnitude) ||
			__builtin_add_overflow(out->magnitude, digit,
				&out->magnitude))
			out->is_huge = true;
	}
}

static int read_number(struct fields_reader *reader, const json_t *value,
	struct number *out)
{
	const char *text = fields_number(value);

	memset(out, 0, sizeof(*out));
	if (json_is_integer(value)) {
		json_int_t integer = json_integer_value(value);

		out->is_negative = integer < 0;
		out->magnitude =
			integer < 0 ? 0 - (uint64_t)integer : (uint64_t)integer;
		(void)snprintf(out->text, sizeof(out->text), "%lld",
			(long long)integer);
		return 0;
	}
	if (!text)
		return fields_wrong_type(reader, value, "a number");
	if (strpbrk(text, ".eE"))
		return fields_error(reader, "%.40s is no whole number", text);
	read_digits(text, out);
	(void)snprintf(out->text, sizeof(out->text), "%.36s%s", text,
		strlen(text) > 36 ? "..." : "");
	return 0;
}

static bool is_under(const struct number *n, int64_t min)
{
	uint64_t least = min < 0 ? 0 - (uint64_t)min : (uint64_t)min;

	if (min < 0)
		return n->is_negative && (n->is_huge || n->magnitude > least);
	if (n->is_negative)
		return n->is_huge || n->magnitude > 0 || min > 0;
	return !n->is_huge && n->magnitude < least;
}

/* Is the number from min to max? */
static int check_range(struct fields_reader *reader, const struct number *n,
	int64_t min, uint64_t max)
{
	if (is_under(n, min))
		return fields_error(reader, "%s is under %" PRIi64, n->text,
			min);
	if (!n->is_negative && (n->is_huge || n->magnitude > max))
		return fields_error(reader, "%s is over %" PRIu64, n->text,
			max);
	return 0;
}

static uint64_t max_of(enum field_kind kind)
{
	switch (kind) {
	case FIELD_U16:
		return UINT16_MAX;
	case FIELD_U32:
	case FIELD_IDS:
		return UINT32_MAX;
	case FIELD_I32:
		return INT32_MAX;
	case FIELD_I64:
	case FIELD_NUMBER:
		return INT64_MAX;
	case FIELD_U64:
	case FIELD_BOOL:
	case FIELD_BOOL_NUMBER:
	case FIELD_TEXT:
	case FIELD_TEXTS:
	case FIELD_WORD:
	case FIELD_FLAGS:
	case FIELD_PAIRS:
	case FIELD_OBJECT:
	case FIELD_LIST:
	case FIELD_MAP:
	case FIELD_CUSTOM:
		break;
	}
	return UINT64_MAX;
}

/* The number that a row allows, as bits: two's complement when negative. */
static int read_bits(struct fields_reader *reader, const struct field *row,
	const json_t *value, uint64_t *out)
{
	struct number number;
	int result = read_number(reader, value, &number);

	if (result == 0)
		result = check_range(reader, &number, row->min,
			row->max ? row->max : max_of(row->kind));
	*out = number.is_negative ? 0 - number.magnitude : number.magnitude;
	return result;
}

static void put_bits(void *field, size_t size, uint64_t bits)
{
	uint8_t bits8 = (uint8_t)bits;
	uint16_t bits16 = (uint16_t)bits;
	uint32_t bits32 = (uint32_t)bits;

	if (size == sizeof(bits8))
		memcpy(field, &bits8, size);
	else if (size == sizeof(bits16))
		memcpy(field, &bits16, size);
	else if (size == sizeof(bits32))
		memcpy(field, &bits32, size);
	else
		memcpy(field, &bits, sizeof(bits));
}

static int read_integer(struct fields_reader *reader, const struct field *row,
	const json_t *value, void *field)
{
	struct oci_number number = { .is_set = true };
	uint64_t bits = 0;
	int result = read_bits(reader, row, value, &bits);

	if (result < 0)
		return result;
	number.value = (int64_t)bits;
	if (row->kind == FIELD_NUMBER)
		memcpy(field, &number, sizeof(number));
	else
		put_bits(field, row->size, bits);
	return 0;
}

static int read_bool(struct fields_reader *reader, const struct field *row,
	const json_t *value, void *field)
{
	struct oci_number number = OCI_NUMBER(json_is_true(value));
	bool is_true = json_is_true(value);

	if (!json_is_boolean(value))
		return fields_wrong_type(reader, value, "true or false");
	if (row->kind == FIELD_BOOL)
		memcpy(field, &is_true, sizeof(is_true));
	else
		memcpy(field, &number, sizeof(number));
	return 0;
}

int fields_read_word(struct fields_reader *reader, const json_t *value,
	const struct words *words, uint64_t *out)
{
	const char *text = json_string_value(value);
	int result = fields_want(reader, value, JSON_STRING);
	const char *near;

	if (result < 0 || words_find(words, text, out))
		return result;
	near = words_suggest(words, text);
	return fields_error(reader, "'%s' is no %s%s%s%s",
		fields_show(text).text, words->what,
		near ? ", did you mean '" : "", near ? near : "",
		near ? "'?" : "");
}

/* What the JSON holds, for as long as the arena. */
static int keep_text(struct fields_reader *reader, const char *text,
	size_t size, const char **out)
{
	*out = reader->shares_texts ? text
				    : arena_copy(reader->arena, text, size);
	return *out ? 0 : fields_no_memory(reader);
}

/* A text as a row allows it, in the arena. */
static int read_text(struct fields_reader *reader, const struct field *row,
	const json_t *value, const char **out)
{
	const char *text = json_string_value(value);
	int result = fields_want(reader, value, JSON_STRING);
	const char *wrong;

	if (result < 0)
		return result;
	if (row->max && json_string_length(value) > row->max)
		return fields_error(reader,
			"'%.20s...' is longer than %" PRIu64 " bytes",
			fields_show(text).text, row->max);
	if ((row->flags & FIELD_ABSOLUTE) && *text != '/')
		return fields_error(reader, "'%s' is no absolute path",
			fields_show(text).text);
	if (row->words && fields_read_word(reader, value, row->words, NULL) < 0)
		return -EINVAL;
	wrong = row->check ? row->check(text) : NULL;
	if (wrong)
		return fields_error(reader, "'%s' %s", fields_show(text).text,
			wrong);
	return keep_text(reader, text, json_string_length(value), out);
}

/* ---- lists ---- */

static int read_flags(struct fields_reader *reader, const struct field *row,
	const json_t *value, void *field)
{
	uint64_t all = 0;
	int result = fields_want(reader, value, JSON_ARRAY);

	for (size_t i = 0; i < json_array_size(value) && result == 0; i++) {
		size_t path = fields_push_index(reader, i);
		uint64_t one = 0;

		result = fields_read_word(reader, json_array_get(value, i),
			row->words, &one);
		if (result < 0)
			return result;
		all |= one;
		fields_pop(reader, path);
	}
	if (result == 0)
		put_bits(field, row->size, all);
	return result;
}

int fields_read_texts(struct fields_reader *reader, const json_t *value,
	const struct field *row, const char *const **out)
{
	size_t count = json_array_size(value);
	int result = fields_want(reader, value, JSON_ARRAY);
	const char **items;

	if (result < 0 || count == 0)
		return result;
	items = arena_array(reader->arena, count + 1, sizeof(*items));
	if (!items)
		return fields_no_memory(reader);
	for (size_t i = 0; i < count; i++) {
		size_t path = fields_push_index(reader, i);

		result = read_text(reader, row, json_array_get(value, i),
			&items[i]);
		if (result < 0)
			return result;
		fields_pop(reader, path);
	}
	*out = items;
	return 0;
}

static int read_ids(struct fields_reader *reader, const struct field *row,
	const json_t *value, void *base)
{
	size_t count = json_array_size(value);
	int result = fields_want(reader, value, JSON_ARRAY);
	uint32_t *ids;

	if (result < 0 || count == 0)
		return result;
	ids = arena_array(reader->arena, count, sizeof(*ids));
	if (!ids)
		return fields_no_memory(reader);
	for (size_t i = 0; i < count; i++) {
		size_t path = fields_push_index(reader, i);
		uint64_t bits = 0;

		result =
			read_bits(reader, row, json_array_get(value, i), &bits);
		if (result < 0)
			return result;
		ids[i] = (uint32_t)bits;
		fields_pop(reader, path);
	}
	memcpy((char *)base + row->offset, &ids, sizeof(void *));
	memcpy((char *)base + row->count, &count, sizeof(count));
	return 0;
}

static int read_pairs(struct fields_reader *reader, const struct field *row,
	const json_t *value, void *base)
{
	size_t count = json_object_size(value);
	int result = fields_want(reader, value, JSON_OBJECT);
	struct oci_pair *pairs;
	struct oci_pair *pair;
	const char *key;
	json_t *item;

	if (result < 0 || count == 0)
		return result;
	pair = pairs = arena_array(reader->arena, count, sizeof(*pairs));
	if (!pairs)
		return fields_no_memory(reader);
	/* jansson's iterator wants an object that may be changed */
	json_object_foreach((json_t *)(uintptr_t)value, key, item)
	{
		size_t path = fields_push(reader, key);
		struct field text = { .max = row->max };
		const char *wrong = row->check ? row->check(key) : NULL;

		if (wrong)
			return fields_error(reader, "the key %s", wrong);
		result = keep_text(reader, key, strlen(key), &pair->key);
		if (result == 0)
			result = read_text(reader, &text, item, &pair->value);
		if (result < 0)
			return result;
		fields_pop(reader, path);
		pair++;
	}
	memcpy((char *)base + row->offset, &pairs, sizeof(void *));
	memcpy((char *)base + row->count, &count, sizeof(count));
	return 0;
}

enum {
	ITEM_MAX = 256
}; /* bytes of the struct of a list's table */

static size_t kept_size(const struct fields *table)
{
	return table->kept ? table->kept : table->size;
}

/* Reads one item of a list or a map; key, when not NULL, is its first member. */
static int read_item(struct fields_reader *reader, const struct fields *table,
	const json_t *value, const char *key, void *out)
{
	_Alignas(max_align_t) char item[ITEM_MAX] = { 0 };
	int result;

	assert(table->size <= sizeof(item));
	if (key)
		memcpy(item, &key, sizeof(key));
	result = fields_read(reader, value, table, item);
	if (result == 0)
		memcpy(out, item, kept_size(table));
	return result;
}

static int read_list(struct fields_reader *reader, const struct field *row,
	const json_t *value, void *base)
{
	size_t count = json_array_size(value);
	size_t size = kept_size(row->table);
	int result = fields_want(reader, value, JSON_ARRAY);
	char *items;

	if (result < 0 || count == 0)
		return result;
	if (row->max && count > row->max)
		return fields_error(reader, "has %zu entries, over %" PRIu64,
			count, row->max);
	items = arena_array(reader->arena, count, size);
	if (!items)
		return fields_no_memory(reader);
	for (size_t i = 0; i < count; i++) {
		size_t path = fields_push_index(reader, i);

		result = read_item(reader, row->table, json_array_get(value, i),
			NULL, items + i * size);
		if (result < 0)
			return result;
		fields_pop(reader, path);
	}
	memcpy((char *)base + row->offset, &items, sizeof(void *));
	memcpy((char *)base + row->count, &count, sizeof(count));
	return 0;
}

static int read_map(struct fields_reader *reader, const struct field *row,
	const json_t *value, void *base)
{
	size_t count = json_object_size(value);
	size_t size = kept_size(row->table);
	int result = fields_want(reader, value, JSON_OBJECT);
	const char *key;
	json_t *item;
	char *items;
	char *at;

	if (result < 0 || count == 0)
		return result;
	at = items = arena_array(reader->arena, count, size);
	if (!items)
		return fields_no_memory(reader);
	json_object_foreach((json_t *)(uintptr_t)value, key, item)
	{
		size_t path = fields_push(reader, key);
		const char *wrong = row->check ? row->check(key) : NULL;
		const char *kept;

		if (wrong)
			return fields_error(reader, "the key %s", wrong);
		result = keep_text(reader, key, strlen(key), &kept);
		if (result == 0)
			result = read_item(reader, row->table, item, kept, at);
		if (result < 0)
			return result;
		fields_pop(reader, path);
		at += size;
	}
	memcpy((char *)base + row->offset, &items, sizeof(void *));
	memcpy((char *)base + row->count, &count, sizeof(count));
	return 0;
}

/* ---- objects ---- */

static int read_word(struct fields_reader *reader, const struct field *row,
	const json_t *value, void *field)
{
	uint64_t bits = 0;
	int result = fields_read_word(reader, value, row->words, &bits);

	if (result == 0)
		put_bits(field, row->size, bits);
	return result;
}

static int read_value(struct fields_reader *reader, const struct field *row,
	const json_t *value, void *base)
{
	void *field = (char *)base + row->offset;

	switch (row->kind) {
	case FIELD_BOOL:
	case FIELD_BOOL_NUMBER:
		return read_bool(reader, row, value, field);
	case FIELD_NUMBER:
	case FIELD_U16:
	case FIELD_U32:
	case FIELD_U64:
	case FIELD_I32:
	case FIELD_I64:
		return read_integer(reader, row, value, field);
	case FIELD_IDS:
		return read_ids(reader, row, value, base);
	case FIELD_TEXT:
		return read_text(reader, row, value, field);
	case FIELD_TEXTS:
		return fields_read_texts(reader, value, row, field);
	case FIELD_WORD:
		return read_word(reader, row, value, field);
	case FIELD_FLAGS:
		return read_flags(reader, row, value, field);
	case FIELD_PAIRS:
		return read_pairs(reader, row, value, base);
	case FIELD_OBJECT:
		return fields_read(reader, value, row->table, field);
	case FIELD_LIST:
		return read_list(reader, row, value, base);
	case FIELD_MAP:
		return read_map(reader, row, value, base);
	case FIELD_CUSTOM:
		return row->read(reader, value, base);
	}
	return 0;
}

/* Go writes fields that are not set as null, or as empty texts. */
static bool is_missing(const struct field *row, const json_t *value)
{
	bool is_text = row->kind == FIELD_TEXT || row->kind == FIELD_WORD;

	return !value || json_is_null(value) ||
	       (is_text && json_is_string(value) &&
		       json_string_length(value) == 0 &&
		       !(row->flags & FIELD_MAY_BE_EMPTY));
}

static int read_row(struct fields_reader *reader, const struct field *row,
	const json_t *value, void *base)
{
	size_t path;
	int result;

	if (is_missing(row, value) && !(row->flags & FIELD_REQUIRED))
		return 0;
	path = fields_push(reader, row->key);
	if (is_missing(row, value))
		return fields_error(reader, value && !json_is_null(value)
						    ? "is empty"
						    : "is missing");
	result = read_value(reader, row, value, base);
	if (result < 0)
		return result;
	if (row->has)
		*((bool *)base + row->has) = true;
	fields_pop(reader, path);
	return 0;
}

int fields_read(struct fields_reader *reader, const json_t *value,
	const struct fields *table, void *base)
{
	int result = fields_want(reader, value, JSON_OBJECT);

	for (size_t i = 0; i < table->count && result == 0; i++) {
		const struct field *row = &table->rows[i];

		result = read_row(reader, row, json_object_get(value, row->key),
			base);
	}
	if (result == 0 && table->finish)
		result = table->finish(reader, base);
	return result;
}
