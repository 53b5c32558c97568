// SPDX-License-Identifier: MIT
/*
 * tests of document: files of cases, from JSON to an error or to values
 *
 * A file of data/oci/ holds cases:
 *	=== its name
 *	JSON that is laid over the smallest document that is right
 *	=> the error
 *	= a line of document_dump.h that must be there
 *	! a line of document_dump.h that must not be there
 * "=== raw: name" is not laid over anything, "=== process: name" and
 * "=== resources: name" are read by document_parse_process and _resources.
 */
#include "oci/document.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "check.h"
#include "document_dump.h"
#include "lib/arena.h"
#include "lib/error.h"
#include "lib/fd.h"
#include "oci/document_tables.h"
#include "run/profile.h"
#include "run/words.h"

#define DATA "tests/unit/data/oci"

static const char smallest[] =
	"{\"ociVersion\":\"1.2.0\",\"root\":{\"path\":\"rootfs\"},"
	"\"process\":{\"args\":[\"sh\"],\"cwd\":\"/\","
	"\"user\":{\"uid\":0,\"gid\":0}},"
	"\"linux\":{\"namespaces\":[{\"type\":\"mount\"}]}}";

static const char *const files[] = {
	DATA "/checks.txt",
	DATA "/linux.txt",
	DATA "/mounts.txt",
	DATA "/process.txt",
	DATA "/resources.txt",
	DATA "/seccomp.txt",
	DATA "/syntax.txt",
	DATA "/top.txt",
	DATA "/types.txt",
};

enum {
	FILE_COUNT = sizeof(files) / sizeof(files[0]),
	EXPECTED_MAX = 96
};

static char *data[FILE_COUNT];
static char dump[65536];

struct case_text {
	const char *title;
	char *json;
	size_t size;
	char *expected[EXPECTED_MAX];
	size_t expected_count;
};

static bool has_line(const char *line)
{
	size_t length = strlen(line);

	for (const char *at = dump; *at; at = strchr(at, '\n') + 1) {
		if (strncmp(at, line, length) == 0 && at[length] == '\n')
			return true;
	}
	return false;
}

/* The smallest document with the case laid over it; freed by the caller. */
static char *lay_over(const struct case_text *text)
{
	auto_arena scratch = { .limit_bytes = 1 << 20 };
	json_t *base = json_loads(smallest, 0, NULL);
	struct error err = { 0 };
	json_t *top = NULL;
	json_t *copy;
	char *merged;

	CHECK(fields_parse(text->json, text->size, &scratch, &top, &err) == 0);
	copy = json_deep_copy(top); /* one that may be given back */
	CHECK(json_object_update_recursive(base, copy) == 0);
	merged = json_dumps(base, 0);
	json_decref(base);
	json_decref(copy);
	return merged;
}

static int parse(const struct case_text *text, struct arena *arena,
	struct text *out, struct error *err)
{
	struct oci_resources resources;
	struct oci_process process;
	struct oci_spec spec;
	bool is_raw = text_starts_with(text->title, "raw: ");
	auto_free char *merged = NULL;
	int result;

	if (text_starts_with(text->title, "process: ")) {
		result = document_parse_process(text->json, text->size, arena,
			&process, err);
		if (result == 0)
			dump_process(out, &process);
		return result;
	}
	if (text_starts_with(text->title, "resources: ")) {
		result = document_parse_resources(text->json, text->size, arena,
			&resources, err);
		if (result == 0)
			dump_resources(out, &resources);
		return result;
	}
	merged = is_raw ? NULL : lay_over(text);
	result = document_parse(is_raw ? text->json : merged,
		is_raw ? text->size : strlen(merged), arena, &spec, err);
	if (result == 0)
		dump_spec(out, &spec);
	return result;
}

/* With too little memory there is no result, and an error that says so. */
static void run_with_less(const struct case_text *text)
{
	int result = -ENOMEM;

	for (size_t limit = 16; result < 0; limit += 80) {
		auto_arena arena = { .limit_bytes = limit };
		struct error err = { 0 };
		struct text out;

		text_init(&out, dump, sizeof(dump));
		result = parse(text, &arena, &out, &err);
		if (result < 0 &&
			!CHECK(result == -ENOMEM &&
				strstr(err.text, "no memory") != NULL)) {
			printf("# with %zu bytes: %s\n", limit, err.text);
			return;
		}
	}
}

static void run(const struct case_text *text)
{
	auto_arena arena = { .limit_bytes = 16 << 20 };
	struct error err = { 0 };
	struct text out;
	bool wants_error = false;
	int result;

	text_init(&out, dump, sizeof(dump));
	result = parse(text, &arena, &out, &err);
	CHECK(result == 0 || result == -EINVAL);
	CHECK(!out.is_cut);
	for (size_t i = 0; i < text->expected_count; i++) {
		const char *line = text->expected[i];

		if (text_starts_with(line, "=> ")) {
			wants_error = true;
			if (!CHECK(result < 0 &&
				    text_equal(err.text, line + 3)))
				printf("# is:     %s\n# should: %s\n", err.text,
					line + 3);
		} else if (!CHECK(has_line(line + 2) == (*line == '='))) {
			printf("# line: %s\n%s", line, dump);
		}
	}
	if (!CHECK(wants_error == (result < 0)))
		printf("# error: %s\n", err.text);
	CHECK(text->expected_count > 0);
	if (result == 0)
		run_with_less(text);
}

/* Cuts the line at *at off; NULL at the end. */
static char *next_line(char **at)
{
	char *line = *at;
	char *end;

	if (!*line)
		return NULL;
	end = strchr(line, '\n');
	*at = end ? end + 1 : line + strlen(line);
	if (end)
		*end = '\0';
	return line;
}

static bool is_verdict(const char *line)
{
	return text_starts_with(line, "=> ") || text_starts_with(line, "= ") ||
	       text_starts_with(line, "! ");
}

/* Runs the case whose title has been read; returns the next title or NULL. */
static char *run_case(char *title, char **at)
{
	struct case_text text = { .title = title, .json = *at };
	char *end = *at;
	char *line = next_line(at);

	for (; line && !is_verdict(line); line = next_line(at)) {
		end = line + strlen(line);
		*end++ = '\n';
	}
	/* the line end before the verdict is no part of the text */
	text.size = end > text.json ? (size_t)(end - text.json) - 1 : 0;
	for (; line && !text_starts_with(line, "=== "); line = next_line(at)) {
		if (*line && text.expected_count < EXPECTED_MAX)
			text.expected[text.expected_count++] = line;
	}
	check_row(title);
	run(&text);
	return line;
}

static void run_file(const char *name)
{
	char *bytes = NULL;
	struct error err;
	int cases = 0;
	char *line;
	char *at;

	if (!CHECK(fd_read_file(AT_FDCWD, name, 1 << 20, &bytes, NULL, &err) ==
		    0))
		return;
	at = bytes;
	for (line = next_line(&at); line && !text_starts_with(line, "=== ");)
		line = next_line(&at);
	for (; line; cases++)
		line = run_case(line + 4, &at);
	printf("# %d cases in %s\n", cases, name);
	CHECK(cases > 0);
	free(bytes);
}

static void test_cases(void)
{
	for (size_t i = 0; i < FILE_COUNT; i++)
		run_file(files[i]);
}

/* ---- is there a case for everything? ---- */

static bool is_shown(const char *word)
{
	char quoted[80];

	(void)snprintf(quoted, sizeof(quoted), "\"%s\"", word);
	for (size_t i = 0; i < FILE_COUNT; i++) {
		if (data[i] && strstr(data[i], quoted))
			return true;
	}
	return false;
}

static size_t check_table(const struct fields *table)
{
	size_t count = table->count;

	for (size_t i = 0; i < table->count; i++) {
		const struct field *row = &table->rows[i];

		check_row(row->key);
		CHECK(is_shown(row->key));
		for (size_t k = 0; row->words && k < row->words->count; k++) {
			check_row(row->words->items[k].text);
			CHECK(is_shown(row->words->items[k].text));
		}
		if (row->table)
			count += check_table(row->table);
	}
	return count;
}

static void test_shows_every_field(void)
{
	struct error err;
	const char *option;

	for (size_t i = 0; i < FILE_COUNT; i++)
		CHECK(fd_read_file(AT_FDCWD, files[i], 1 << 20, &data[i], NULL,
			      &err) == 0);
	CHECK(!is_shown("no such field"));
	printf("# %zu fields\n", check_table(&document_fields));
	for (size_t i = 0; i < words_capabilities.count; i++) {
		check_row(words_capabilities.items[i].text);
		CHECK(is_shown(words_capabilities.items[i].text));
	}
	for (size_t i = 0; (option = document_mount_option(i)); i++) {
		check_row(option);
		CHECK(is_shown(option));
	}
	for (size_t i = 0; i < FILE_COUNT; i++)
		free(data[i]);
}

/* Is there that word, not as a part of another one? */
static bool has_word(const char *text, const char *word)
{
	static const char letters[] = "abcdefghijklmnopqrstuvwxyz"
				      "ABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_";
	size_t length = strlen(word);
	const char *at = text;

	while ((at = strstr(at, word))) {
		bool starts = at == text || !strchr(letters, at[-1]);

		if (starts && !strspn(at + length, letters))
			return true;
		at += length;
	}
	return false;
}

static void check_manual(const char *manual, const struct fields *table)
{
	for (size_t i = 0; i < table->count; i++) {
		check_row(table->rows[i].key);
		CHECK(has_word(manual, table->rows[i].key));
		if (table->rows[i].table)
			check_manual(manual, table->rows[i].table);
	}
}

static void test_every_field_is_documented(void)
{
	char *manual = NULL;
	struct error err;

	if (!CHECK(fd_read_file(AT_FDCWD, "docs/runtime-spec.md", 1 << 20,
			   &manual, NULL, &err) == 0))
		return;
	CHECK(!has_word(manual, "consoleSiz"));
	check_manual(manual, &document_fields);
	free(manual);
}

/* ---- files ---- */

static void write_file(const char *path, const void *bytes, size_t size)
{
	auto_fd fd = open(path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);

	CHECK(fd >= 0 && fd_write_all(fd, bytes, size) == 0);
}

static void test_loads_files(void)
{
	char folder[] = "/tmp/tare-document-XXXXXX";
	auto_arena arena = { .limit_bytes = 1 << 20 };
	auto_free char *large = calloc(1, DOCUMENT_SIZE_MAX + 1);
	struct oci_process process;
	struct oci_spec spec;
	struct error err;

	if (!CHECK(mkdtemp(folder) != NULL && large && chdir(folder) == 0))
		return;
	write_file("config.json", smallest, strlen(smallest));
	CHECK(document_load_spec(AT_FDCWD, "config.json", &arena, &spec,
		      &err) == 0);
	CHECK(text_equal(spec.root_path, "rootfs"));
	CHECK(document_load_process("config.json", &arena, &process, &err) ==
		-EINVAL);
	CHECK(text_equal(err.text, "config.json: cwd: is missing"));
	write_file("large", large, DOCUMENT_SIZE_MAX + 1);
	CHECK(document_load_spec(AT_FDCWD, "large", &arena, &spec, &err) ==
		-EFBIG);
	CHECK(document_load_process("./large", &arena, &process, &err) ==
		-EINVAL);
	CHECK(text_equal(err.text, "large: the document is over 4 MiB long"));
	CHECK(document_load_spec(AT_FDCWD, ".", &arena, &spec, &err) ==
		-EINVAL);
	CHECK(document_load_spec(AT_FDCWD, "none", &arena, &spec, &err) ==
		-ENOENT);
	CHECK(document_load_process("none", &arena, &process, &err) == -ENOENT);
	CHECK(document_load_process("/", &arena, &process, &err) == -EISDIR);
	CHECK(chdir("/") == 0);
	CHECK(fd_remove_tree(AT_FDCWD, folder, &err) == 0);
}

static void test_reads_standard_input(void)
{
	static const char text[] = "{\"pids\":{\"limit\":7}}";
	auto_arena arena = { .limit_bytes = 1 << 20 };
	auto_fd kept = fcntl(0, F_DUPFD_CLOEXEC, 3);
	struct oci_resources resources;
	struct error err;
	int pipe_fds[2];

	if (!CHECK(pipe(pipe_fds) == 0 && dup2(pipe_fds[0], 0) == 0))
		return;
	CHECK(fd_write_all(pipe_fds[1], text, strlen(text)) == 0);
	close(pipe_fds[1]);
	CHECK(document_load_resources("-", &arena, &resources, &err) == 0);
	CHECK(resources.pids_limit.is_set && resources.pids_limit.value == 7);
	close(pipe_fds[0]);
	CHECK(kept >= 0 ? dup2(kept, 0) == 0 : close(0) == 0);
}

int main(void)
{
	RUN(test_cases);
	RUN(test_shows_every_field);
	RUN(test_every_field_is_documented);
	RUN(test_reads_standard_input);
	RUN(test_loads_files); /* leaves the folder that it was started in */
	return check_done();
}
