// SPDX-License-Identifier: MIT
/*
 * fields_json - JSON text for fields, with errors that say where
 *
 * jansson holds numbers of 64 bits with a sign, but RLIM_INFINITY is larger,
 * and "4294967296 is over 4294967295" is a better sentence than "too big
 * integer". So the text is scanned first: limits are checked, and numbers of
 * over 18 digits or with a fraction become marked texts. The same scan finds
 * line, column and JSON path of what jansson complains about.
 */
#include "run/fields.h"

#include <ctype.h>
#include <errno.h>
#include <setjmp.h>
#include <string.h>
#include <sys/auxv.h>

#include "lib/arena.h"
#include "lib/error.h"

struct level {
	bool is_list;
	bool wants_key;
	size_t index;
	size_t key, key_size; /* place of the last key in the text */
};

struct scan {
	const char *text;
	size_t size;
	size_t at;
	size_t line, line_start;
	size_t depth;
	size_t values;
	size_t long_numbers;
	struct level levels[FIELDS_DEPTH_MAX];
};

enum {
	PLAIN_DIGITS_MAX = 18,
	MARK_BYTES = 3
};

/* So much larger are values than their text, mostly. */
enum {
	TREE_RATIO = 8
};

#define NO_MEMORY "no memory for it, the document is too large"

static char char_at(const struct scan *scan, size_t at)
{
	return (char)(at < scan->size ? scan->text[at] : '\0');
}

static size_t skip_digits(const struct scan *scan, size_t at)
{
	while (isdigit((unsigned char)char_at(scan, at)))
		at++;
	return at;
}

/*
 * The end of the number at scan->at (RFC 8259, 6), or the same place: it is
 * not well-formed, which jansson will say.
 */
static size_t number_end(const struct scan *scan)
{
	size_t first = scan->at + (char_at(scan, scan->at) == '-');
	size_t at = skip_digits(scan, first);
	size_t digits;

	if (at == first || (char_at(scan, first) == '0' && at > first + 1))
		return scan->at;
	if (char_at(scan, at) == '.') {
		digits = at + 1;
		at = skip_digits(scan, digits);
		if (at == digits)
			return scan->at;
	}
	if (char_at(scan, at) == 'e' || char_at(scan, at) == 'E') {
		digits = at + 1;
		if (char_at(scan, digits) == '+' ||
			char_at(scan, digits) == '-')
			digits++;
		at = skip_digits(scan, digits);
		if (at == digits)
			return scan->at;
	}
	return at;
}

static bool is_long(const struct scan *scan, size_t end)
{
	const char *number = scan->text + scan->at;
	size_t size = end - scan->at;

	return size > PLAIN_DIGITS_MAX || memchr(number, '.', size) ||
	       memchr(number, 'e', size) || memchr(number, 'E', size);
}

static void skip_string(struct scan *scan)
{
	size_t start = ++scan->at;
	struct level *level =
		scan->depth ? &scan->levels[scan->depth - 1] : NULL;

	while (scan->at < scan->size && scan->text[scan->at] != '"' &&
		scan->text[scan->at] != '\n')
		scan->at += scan->text[scan->at] == '\\' ? 2 : 1;
	if (scan->at > scan->size)
		scan->at = scan->size;
	if (level && level->wants_key) {
		level->wants_key = false;
		level->key = start;
		level->key_size = scan->at - start;
	}
	if (char_at(scan, scan->at) == '"')
		scan->at++;
}

static int open_level(struct scan *scan, bool is_list)
{
	if (scan->depth == FIELDS_DEPTH_MAX)
		return -ELOOP;
	scan->levels[scan->depth++] =
		(struct level){ .is_list = is_list, .wants_key = !is_list };
	scan->values++;
	scan->at++;
	return 0;
}

static void next_item(struct scan *scan)
{
	struct level *level =
		scan->depth ? &scan->levels[scan->depth - 1] : NULL;

	scan->at++;
	scan->values++;
	if (!level)
		return;
	level->index++;
	level->wants_key = !level->is_list;
}

/* Goes over one token, and what is between it and the next. 0 or -ELOOP. */
static int step(struct scan *scan, size_t *number)
{
	char c = scan->text[scan->at];

	*number = 0;
	if (c == '{' || c == '[')
		return open_level(scan, c == '[');
	if (c == '"') {
		skip_string(scan);
	} else if (c == ',') {
		next_item(scan);
	} else if (c == '-' || isdigit((unsigned char)c)) {
		size_t end = number_end(scan);

		if (end > scan->at && is_long(scan, end))
			*number = end - scan->at;
		scan->at = end > scan->at ? end : scan->at + 1;
	} else {
		if ((c == '}' || c == ']') && scan->depth)
			scan->depth--;
		if (c == '\n') {
			scan->line++;
			scan->line_start = scan->at + 1;
		}
		scan->at++;
	}
	return 0;
}

/* The path of what is at scan, as fields writes it. */
static void add_path(const struct scan *scan, struct text *path)
{
	for (size_t i = 0; i < scan->depth; i++) {
		const struct level *level = &scan->levels[i];
		char key[128];
		size_t size = level->key_size;

		if (level->is_list) {
			fields_add_index(path, level->index);
		} else if (level->key) {
			if (size >= sizeof(key))
				size = sizeof(key) - 1;
			memcpy(key, scan->text + level->key, size);
			key[size] = '\0';
			fields_add_key(path, key);
		}
	}
}

/* "line 3, column 7, in process.user: why" */
static int scan_error(const struct scan *scan, const char *why,
	struct error *err)
{
	char buffer[136];
	struct text path;

	text_init(&path, buffer, sizeof(buffer));
	add_path(scan, &path);
	return error_set(err, -EINVAL, "line %zu, column %zu%s%s: %s",
		scan->line, scan->at - scan->line_start + 1,
		path.used ? ", in " : "", buffer, why);
}

/* Checks the limits, counts what has to be marked. */
static int survey(struct scan *scan, struct error *err)
{
	while (scan->at < scan->size) {
		size_t number;

		if (step(scan, &number) < 0)
			return scan_error(scan,
				"this is nested over 32 levels deep", err);
		if (scan->values > FIELDS_VALUES_MAX)
			return scan_error(scan,
				"the document has over 200000 values", err);
		scan->long_numbers += number > 0;
	}
	return 0;
}

static void scan_init(struct scan *scan, const char *text, size_t size)
{
	memset(scan, 0, sizeof(*scan));
	scan->text = text;
	scan->size = size;
	scan->line = 1;
}

/*
 * Copies the text to out, with marks; stops when stop bytes are written. The
 * place of that in the original is then scan->at.
 */
static size_t mark_numbers(struct scan *scan, char *out, size_t stop)
{
	size_t used = 0;

	while (scan->at < scan->size && used < stop) {
		size_t start = scan->at;
		size_t number;

		(void)step(scan, &number); /* survey has been here */
		if (number && out) {
			out[used] = '"';
			out[used + 1] = FIELDS_NUMBER_MARK;
			memcpy(out + used + 2, scan->text + start, number);
			out[used + 2 + number] = '"';
		} else if (out) {
			memcpy(out + used, scan->text + start,
				scan->at - start);
		}
		used += scan->at - start + (number ? MARK_BYTES : 0);
	}
	return used;
}

/* Takes controls and our marks out of what jansson says. */
static void clean(char *text)
{
	bool is_marked = false;
	char *out = text;

	for (const char *at = text; *at; at++) {
		if (at[0] == '"' && at[1] == FIELDS_NUMBER_MARK) {
			is_marked = true;
			at++;
		} else if (at[0] == '"' && is_marked) {
			is_marked = false;
		} else {
			bool is_control = (unsigned char)*at < 0x20 ||
					  *at == FIELDS_NUMBER_MARK;

			*out++ = (char)(is_control ? '?' : *at);
		}
	}
	*out = '\0';
}

/* What jansson says, with the place in the text before marks. */
static int explain(const char *text, size_t size, json_error_t *why,
	struct error *err)
{
	struct scan scan;
	size_t stop = why->position > 0 ? (size_t)why->position : 0;
	enum json_error_code code = json_error_code(why);

	scan_init(&scan, text, size);
	(void)mark_numbers(&scan, NULL, stop);
	if (code == json_error_null_character ||
		code == json_error_null_byte_in_key)
		return scan_error(&scan, "a text cannot hold a NUL", err);
	clean(why->text);
	return scan_error(&scan, why->text, err);
}

/*
 * jansson asks for each value, key and text by itself and gives each back by
 * itself. In an arena that costs next to nothing, which is half of the time.
 *
 * When there is no more memory, jansson does not stop at once: it reads on in
 * a buffer that has not grown, over its end. So it is left by a jump, and what
 * it had is given back with the arena.
 */
static struct arena *in_use;
static jmp_buf out_of_memory;

static void *take(size_t size)
{
	void *memory = arena_alloc(in_use, size);

	if (!memory)
		longjmp(out_of_memory, 1);
	return memory;
}

static void give_back(void *memory)
{
	(void)memory; /* is given back with the arena */
}

/*
 * jansson's hashes start from a random number, so that nobody can write keys
 * that all have the same one. The kernel gave one at exec: no file is needed.
 */
static void seed_hashes(void)
{
	const char *random = (const char *)getauxval(AT_RANDOM);
	size_t seed = 0;

	/* the first half of the 16 bytes guards the stack */
	if (random)
		memcpy(&seed, random + 8, sizeof(seed));
	json_object_seed(seed); /* the first time only; 0: jansson finds one */
}

/* Without why: only if it is plain; else *out is NULL, and that is no error. */
static int load(const char *text, size_t size, struct arena *arena,
	json_t **out, json_error_t *why)
{
	volatile bool is_full = true;
	json_malloc_t old_malloc;
	json_free_t old_free;

	*out = NULL;
	json_get_alloc_funcs(&old_malloc, &old_free);
	seed_hashes();
	in_use = arena;
	json_set_alloc_funcs(take, give_back);
	if (setjmp(out_of_memory) == 0) {
		*out = why ? json_loadb(text, size, JSON_REJECT_DUPLICATES, why)
			   : fields_plain(text, size, arena);
		is_full = false;
	}
	json_set_alloc_funcs(old_malloc, old_free);
	in_use = NULL;
	return is_full ? -ENOMEM : 0;
}

/* As fields_parse for what is not plain. */
static int parse(const char *text, size_t size, struct arena *arena,
	json_t **out, struct error *err)
{
	struct scan scan;
	json_error_t why;
	char *marked = NULL;
	size_t marked_size;
	int result;

	scan_init(&scan, text, size);
	if (survey(&scan, err) < 0)
		return -EINVAL;
	marked_size = size + scan.long_numbers * MARK_BYTES;
	if (scan.long_numbers) {
		marked = arena_array(arena, marked_size, 1);
		if (!marked)
			return error_set(err, -ENOMEM, NO_MEMORY);
		scan_init(&scan, text, size);
		(void)mark_numbers(&scan, marked, SIZE_MAX); /* marked_size */
	}
	result = load(marked ? marked : text, marked_size, arena, out, &why);
	if (result < 0)
		return error_set(err, result, NO_MEMORY);
	return *out ? 0 : explain(text, size, &why, err);
}

int fields_parse(const char *text, size_t size, struct arena *arena,
	json_t **out, struct error *err)
{
	if (size <= SIZE_MAX / TREE_RATIO)
		arena_reserve(arena, size * TREE_RATIO);
	if (load(text, size, arena, out, NULL) == 0 && *out)
		return 0;
	return parse(text, size, arena, out, err);
}
