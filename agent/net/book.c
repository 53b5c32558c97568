// SPDX-License-Identifier: MIT
/* book - what was given out to networks, containers and services */
#include "net/book.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>

#include "lib/arena.h"
#include "lib/error.h"
#include "lib/text.h"

#define WORDS_MAX  4
#define LINE_EXTRA 80 /* of a printed line, besides its two names */

/* A kind of line: "WORD NETWORK KEY VALUE". */
static const struct form {
	const char *word;
	enum book_kind kind;
} forms[] = {
	{ "subnet", BOOK_SUBNET },
	{ "last", BOOK_LAST },
	{ "container", BOOK_CONTAINER },
	{ "service", BOOK_SERVICE },
	{ "link", BOOK_LINK },
};
#define FORM_COUNT (sizeof(forms) / sizeof(forms[0]))

struct reader {
	char *at;  /* rest of the text, which is changed */
	char *end; /* of the text: its terminator */
	size_t line;
	char *words[WORDS_MAX];
	size_t word_count;
};

/* ---- entries ------------------------------------------------------------- */

static int compare_numbers(uint32_t a, uint32_t b)
{
	return a == b ? 0 : a < b ? -1 : 1;
}

/* By all that tells one entry from another: not by value. */
static int compare_owners(const struct book_entry *a,
	const struct book_entry *b)
{
	int result = compare_numbers(a->kind, b->kind);

	if (result == 0)
		result = strcmp(a->network, b->network);
	if (result == 0)
		result = strcmp(a->key, b->key);
	if (result == 0)
		result = compare_numbers(a->prefix.address.family,
			b->prefix.address.family);
	return result;
}

int book_compare(const struct book_entry *a, const struct book_entry *b)
{
	int result = compare_owners(a, b);

	if (result == 0)
		result =
			address_compare(&a->prefix.address, &b->prefix.address);
	if (result == 0)
		result = compare_numbers(a->prefix.length, b->prefix.length);
	return result == 0 ? compare_numbers(a->attempt, b->attempt) : result;
}

static int compare_entries(const void *a, const void *b)
{
	return book_compare(a, b);
}

static int compare_to_find(const void *a, const void *b)
{
	return compare_owners(a, b);
}

const struct book_entry *book_find(const struct book *book,
	const struct book_entry *like)
{
	if (book->entry_count == 0)
		return NULL;
	return bsearch(like, book->entries, book->entry_count,
		sizeof(*book->entries), compare_to_find);
}

void book_sort(struct book *book)
{
	struct book_entry *entries = book->entries;
	size_t count = 0;

	if (book->entry_count == 0)
		return;
	qsort(entries, book->entry_count, sizeof(*entries), compare_entries);
	for (size_t i = 1; i < book->entry_count; i++) {
		if (compare_owners(&entries[count], &entries[i]) != 0)
			entries[++count] = entries[i];
	}
	book->entry_count = count + 1;
}

/* A name of before is not copied once more: entries are sorted. */
static const char *copy_name(const char *name, const char *before,
	const char *copy_before, struct arena *arena)
{
	return before && text_equal(name, before) ? copy_before
						  : arena_string(arena, name);
}

int book_copy(const struct book *book, struct arena *arena, struct book *out)
{
	struct book copy = { .ula = book->ula };
	const struct book_entry *last = NULL;

	*out = copy;
	copy.entries =
		arena_array(arena, book->entry_count, sizeof(*copy.entries));
	if (!copy.entries)
		return -ENOMEM;
	for (size_t i = 0; i < book->entry_count; i++) {
		const struct book_entry *entry = &book->entries[i];
		struct book_entry *own = &copy.entries[copy.entry_count++];
		const struct book_entry *before = i > 0 ? own - 1 : NULL;

		*own = *entry;
		own->network =
			copy_name(entry->network, last ? last->network : NULL,
				before ? before->network : NULL, arena);
		own->key = copy_name(entry->key, last ? last->key : NULL,
			before ? before->key : NULL, arena);
		if (!own->network || !own->key)
			return -ENOMEM;
		last = entry;
	}
	*out = copy;
	return 0;
}

/* ---- reading ------------------------------------------------------------- */

/*
 * Cuts the next line into words, comment lines passed over; false at the end
 * of the text, and where a line has no end. More words than anybody knows are
 * one more than WORDS_MAX.
 */
static bool next_line(struct reader *reader)
{
	char *line, *end;

	do {
		line = reader->at;
		end = memchr(line, '\n', (size_t)(reader->end - line));
		if (!end)
			return false;
		*end = '\0';
		reader->at = end + 1;
		reader->line++;
	} while (*line == '#');
	reader->word_count = 0;
	for (char *space = line; space; line = space + 1) {
		space = strchr(line, ' ');
		if (space)
			*space = '\0';
		if (reader->word_count < WORDS_MAX)
			reader->words[reader->word_count] = line;
		if (reader->word_count++ == WORDS_MAX || !space)
			break;
	}
	return true;
}

static bool is_name(const char *name)
{
	size_t length = strlen(name);

	if (length == 0 || length > BOOK_NAME_MAX)
		return false;
	for (; *name; name++) {
		if ((unsigned char)*name <= ' ' || *name == 0x7f)
			return false;
	}
	return true;
}

static int parse_value(const char *text, struct book_entry *entry)
{
	uint64_t number;

	switch (entry->kind) {
	case BOOK_SUBNET:
		if (prefix_parse(text, &entry->prefix) < 0)
			return -EINVAL;
		return prefix_is_clean(&entry->prefix) ? 0 : -EINVAL;
	case BOOK_LINK:
		if (text_parse_u64(text, UINT32_MAX, &number) < 0)
			return -EINVAL;
		entry->attempt = (uint32_t)number;
		return 0;
	case BOOK_LAST:
	case BOOK_CONTAINER:
	case BOOK_SERVICE:
		break;
	}
	return strchr(text, '/') ? -EINVAL : prefix_parse(text, &entry->prefix);
}

static int parse_ula(const char *text, struct prefix *ula)
{
	struct prefix found;

	if (prefix_parse(text, &found) < 0 || found.length != 48 ||
		!prefix_is_clean(&found) || found.address.bytes[0] != 0xfd ||
		found.address.family != AF_INET6)
		return -EINVAL;
	*ula = found;
	return 0;
}

static int parse_entry(const struct reader *reader, struct book *book)
{
	char *const *words = reader->words;
	const struct form *form = NULL;
	struct book_entry entry = { 0 };

	for (size_t i = 0; !form && i < FORM_COUNT; i++) {
		if (text_equal(words[0], forms[i].word))
			form = &forms[i];
	}
	if (!form)
		return 0;
	if (reader->word_count != 4 || !is_name(words[1]) ||
		!is_name(words[2]) || book->entry_count == BOOK_ENTRIES_MAX)
		return -EINVAL;
	entry.kind = form->kind;
	entry.network = words[1];
	entry.key = words[2];
	if (parse_value(words[3], &entry) < 0)
		return -EINVAL;
	book->entries[book->entry_count++] = entry;
	return 0;
}

/* 1: that was the last line. */
static int parse_line(const struct reader *reader, struct book *book)
{
	char *const *words = reader->words;

	if (reader->line == 1)
		return reader->word_count == 2 &&
				       text_equal(words[0], "version") &&
				       text_equal(words[1], "1")
			       ? 0
			       : -EINVAL;
	if (text_equal(words[0], "end"))
		return reader->word_count == 1 && reader->at == reader->end
			       ? 1
			       : -EINVAL;
	if (text_equal(words[0], "ula"))
		return reader->word_count == 2 ? parse_ula(words[1], &book->ula)
					       : -EINVAL;
	return parse_entry(reader, book);
}

static int parse_lines(struct reader *reader, struct book *book,
	struct error *err)
{
	while (next_line(reader)) {
		int result = parse_line(reader, book);

		if (result > 0)
			return 0;
		if (result < 0)
			return error_set(err, -EBADMSG,
				"line %zu: not one of addresses", reader->line);
	}
	return error_set(err, -EBADMSG, "line %zu: the end is missing",
		reader->line + 1);
}

static size_t count_lines(const char *text, size_t size)
{
	size_t count = 0;

	for (size_t i = 0; i < size; i++)
		count += text[i] == '\n';
	return count < BOOK_ENTRIES_MAX ? count : BOOK_ENTRIES_MAX;
}

int book_parse(const char *text, size_t size, struct arena *arena,
	struct book *out, struct error *err)
{
	struct book book = { 0 };
	struct reader reader = { 0 };
	int result;

	*out = book;
	if (size > BOOK_TEXT_MAX || (size > 0 && memchr(text, '\0', size)))
		return error_set(err, -EBADMSG, "it is too large, or no text");
	reader.at = arena_copy(arena, text, size);
	book.entries = arena_array(arena, count_lines(text, size) + 1,
		sizeof(*book.entries));
	if (!reader.at || !book.entries)
		return error_set(err, -ENOMEM, "no memory");
	reader.end = reader.at + size;
	result = parse_lines(&reader, &book, err);
	if (result < 0)
		return result;
	book_sort(&book);
	*out = book;
	return 0;
}

/* ---- writing ------------------------------------------------------------- */

static void print_value(const struct book_entry *entry, struct text *text)
{
	char own[PREFIX_TEXT_SIZE];

	if (entry->kind == BOOK_LINK)
		text_add(text, "%u", entry->attempt);
	else if (entry->kind == BOOK_SUBNET)
		text_add(text, "%s", prefix_print(&entry->prefix, own));
	else
		text_add(text, "%s",
			address_print(&entry->prefix.address, own));
}

static const char *word_of(enum book_kind kind)
{
	for (size_t i = 0; i < FORM_COUNT; i++) {
		if (forms[i].kind == kind)
			return forms[i].word;
	}
	abort();
}

static size_t text_room(const struct book *book)
{
	size_t size = 2 * LINE_EXTRA;

	for (size_t i = 0; i < book->entry_count; i++)
		size += LINE_EXTRA + strlen(book->entries[i].network) +
			strlen(book->entries[i].key);
	return size;
}

char *book_print(const struct book *book, struct arena *arena, size_t *size)
{
	size_t room = text_room(book);
	char *data = arena_alloc(arena, room);
	char own[PREFIX_TEXT_SIZE];
	struct text text;

	if (!data)
		return NULL;
	text_init(&text, data, room);
	text_add(&text, "version 1\n");
	if (book->ula.address.family)
		text_add(&text, "ula %s\n", prefix_print(&book->ula, own));
	for (size_t i = 0; i < book->entry_count; i++) {
		const struct book_entry *entry = &book->entries[i];

		text_add(&text, "%s %s %s ", word_of(entry->kind),
			entry->network, entry->key);
		print_value(entry, &text);
		text_add(&text, "\n");
	}
	text_add(&text, "end\n");
	*size = text.used;
	return data;
}
