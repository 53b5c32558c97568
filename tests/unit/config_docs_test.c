// SPDX-License-Identifier: MIT
/*
 * tests of the man page: it names every key of the schema, and no other
 *
 * A key stands in tare-compose.5 as ".It Cm key" where it is explained, or as
 * ".Cm key" in the lists of those that do nothing.
 */
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>

#include "check.h"
#include "config/schema.h"
#include "config/synonyms.h"
#include "lib/error.h"
#include "lib/fd.h"
#include "lib/text.h"

#define PAGE "agent/config/tare-compose.5"

static char *page;

/* Is there a line that starts with prefix and goes on with word alone? */
static bool has_line(const char *prefix, const char *word)
{
	size_t length = strlen(word);

	for (const char *line = page; line; line = strchr(line, '\n')) {
		line += *line == '\n';
		if (!text_starts_with(line, prefix) ||
			strncmp(line + strlen(prefix), word, length) != 0)
			continue;
		if (strchr(" \n", line[strlen(prefix) + length]))
			return true;
	}
	return false;
}

static bool is_explained(enum option_kind kind)
{
	return kind < KIND_SILENT;
}

static void test_every_key_is_named(void)
{
	for (size_t i = 0; schema_tables[i]; i++) {
		const struct schema_table *table = schema_tables[i];

		for (size_t k = 0; k < table->count; k++) {
			const struct option *row = &table->rows[k];
			bool is_there =
				has_line(is_explained(row->kind) ? ".It Cm "
								 : ".Cm ",
					row->key);

			check_row(row->key);
			if (!CHECK(is_there))
				printf("# in %s\n", table->path);
			if (row->preset)
				CHECK(has_line(".Cm ", row->preset));
		}
	}
}

static bool is_key(const char *word, size_t length)
{
	for (size_t i = 0; schema_tables[i]; i++) {
		for (size_t k = 0; k < schema_tables[i]->count; k++) {
			const char *key = schema_tables[i]->rows[k].key;

			if (strncmp(key, word, length) == 0 && !key[length])
				return true;
		}
	}
	return false;
}

static void test_no_other_key_is_explained(void)
{
	for (const char *line = page; line; line = strchr(line, '\n')) {
		line += *line == '\n';
		if (!text_starts_with(line, ".It Cm "))
			continue;
		line += strlen(".It Cm ");
		check_row("the line after .It Cm");
		if (!CHECK(is_key(line, strcspn(line, " \n"))))
			printf("# %.*s\n", (int)strcspn(line, "\n"), line);
	}
}

/* "{KEY: ...}" begins with a key of the table. */
static bool is_example(const struct schema_table *table, const char *example)
{
	size_t length = strcspn(example + 1, ":");

	for (size_t i = 0; *example == '{' && i < table->count; i++) {
		const char *key = table->rows[i].key;

		if (strncmp(key, example + 1, length) == 0 && !key[length])
			return is_explained(table->rows[i].kind) ||
			       table->rows[i].kind == KIND_SILENT;
	}
	return false;
}

/* A row says all that its kind needs. */
static void test_rows_are_whole(void)
{
	for (size_t i = 0; schema_tables[i]; i++) {
		const struct schema_table *table = schema_tables[i];

		for (size_t k = 0; k < table->count; k++) {
			const struct option *row = &table->rows[k];

			check_row(row->key);
			CHECK(is_explained(row->kind) != !!row->note);
			CHECK((row->kind == KIND_CUSTOM) == !!row->read);
			CHECK((row->kind == KIND_MAP) == !!row->table);
			CHECK((row->kind == KIND_MAP) == !!row->example);
			CHECK(!row->example ||
				is_example(row->table, row->example));
			CHECK(row->min <= row->max);
			for (size_t other = 0; other < k; other++)
				CHECK(!text_equal(table->rows[other].key,
					row->key));
		}
	}
}

/* What others call a key is none of ours. */
static void test_synonyms_are_no_keys(void)
{
	for (size_t i = 0; schema_tables[i]; i++) {
		const struct schema_table *table = schema_tables[i];

		for (size_t k = 0; k < table->count; k++) {
			check_row(table->rows[k].key);
			CHECK(!synonym_advice(table->path, table->rows[k].key));
		}
	}
	CHECK(synonym_advice("host", "hostname"));
	CHECK(!synonym_advice("host", "dhcp"));
}

int main(void)
{
	struct error err;

	if (fd_read_file(AT_FDCWD, PAGE, 1 << 20, &page, NULL, &err) < 0) {
		printf("Bail out! %s\n", err.text);
		return 1;
	}
	RUN(test_every_key_is_named);
	RUN(test_no_other_key_is_explained);
	RUN(test_rows_are_whole);
	RUN(test_synonyms_are_no_keys);
	free(page);
	return check_done();
}
