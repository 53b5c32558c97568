// SPDX-License-Identifier: MIT
/*
 * tests of config: files of cases, from text to problems and fields
 *
 * A file of data/config/ holds cases:
 *	=== its name
 *	the text of compose.yaml
 *	--- the name of a file beside it
 *	its text
 *	=> a problem, as it prints; all of them, in order
 *	= a line of config_dump.h that must be there
 *	! a line of config_dump.h that must not be there
 */
#include "config/config.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "check.h"
#include "config/problem.h"
#include "config_dump.h"
#include "lib/arena.h"
#include "lib/error.h"
#include "lib/fd.h"

#define DATA "tests/unit/data/config"

struct case_text {
	char *yaml;
	size_t yaml_size;
	char *expected[PROBLEMS_MAX];
	size_t expected_count;
	char *fields[128];
	size_t field_count;
};

static struct problems problems;
static char dump[65536];

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

static bool check_problem(size_t index, const char *expected)
{
	char buffer[640];
	struct text text;

	text_init(&text, buffer, sizeof(buffer));
	if (index < problems.count)
		problem_print(&problems.items[index], &text);
	if (text_equal(buffer, expected))
		return true;
	printf("# is:     %s\n# should: %s\n", buffer, expected);
	return false;
}

/* Is there that line in the dump? */
static bool has_field(const char *line)
{
	size_t length = strlen(line);

	for (const char *at = dump; *at; at = strchr(at, '\n') + 1) {
		if (strncmp(at, line, length) == 0 && at[length] == '\n')
			return true;
	}
	return false;
}

static void run(const struct case_text *text, int folder_fd)
{
	auto_arena arena = { .limit_bytes = 4 << 20 };
	struct config_source source = { "compose.yaml", text->yaml,
		text->yaml_size, folder_fd };
	struct config config;
	struct text out;
	int result;

	memset(&problems, 0, sizeof(problems));
	result = config_load(&source, &arena, &config, &problems);
	CHECK(result == (problems.error_count ? -EINVAL : 0));
	CHECK(problems.count == text->expected_count);
	for (size_t i = 0; i < text->expected_count; i++)
		CHECK(check_problem(i, text->expected[i]));
	for (size_t i = text->expected_count; i < problems.count; i++)
		CHECK(check_problem(i, "(nothing)"));
	text_init(&out, dump, sizeof(dump));
	dump_config(&out, &config);
	CHECK(!out.is_cut);
	for (size_t i = 0; i < text->field_count; i++) {
		bool should = text->fields[i][0] == '=';

		if (!CHECK(has_field(text->fields[i] + 2) == should))
			printf("# field: %s\n%s", text->fields[i], dump);
	}
}

/* Does the line end a file, and say something about it? */
static bool is_verdict(const char *line)
{
	return text_starts_with(line, "=== ") ||
	       text_starts_with(line, "--- ") ||
	       text_starts_with(line, "=> ") || text_starts_with(line, "= ") ||
	       text_starts_with(line, "! ");
}

/* Writes lines up to the next one that begins otherwise; returns that. */
static char *write_file(int folder_fd, const char *name, char **at)
{
	auto_fd fd = openat(folder_fd, name,
		O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0644);
	char *line = next_line(at);

	CHECK(fd >= 0);
	for (; line && !is_verdict(line); line = next_line(at)) {
		CHECK(fd_write_all(fd, line, strlen(line)) == 0);
		CHECK(fd_write_all(fd, "\n", 1) == 0);
	}
	return line;
}

/* Runs the case whose first line after "===" is at *at; returns the next. */
static char *run_case(char *title, char **at)
{
	char folder[] = "/tmp/tare-config-XXXXXX";
	struct case_text text = { 0 };
	struct error err;
	char *line;

	if (!CHECK(mkdtemp(folder) != NULL))
		return NULL;
	auto_fd folder_fd = open(folder, O_RDONLY | O_DIRECTORY | O_CLOEXEC);

	check_row(title);
	line = write_file(folder_fd, "compose.yaml", at);
	CHECK(fd_read_file(folder_fd, "compose.yaml", 1 << 20, &text.yaml,
		      &text.yaml_size, &err) == 0);
	while (line && strncmp(line, "=== ", 4) != 0) {
		if (strncmp(line, "--- ", 4) == 0) {
			line = write_file(folder_fd, line + 4, at);
			continue;
		}
		if (strncmp(line, "=> ", 3) == 0 &&
			text.expected_count < PROBLEMS_MAX)
			text.expected[text.expected_count++] = line + 3;
		else if (*line && text.field_count < 128)
			text.fields[text.field_count++] = line;
		line = next_line(at);
	}
	run(&text, folder_fd);
	free(text.yaml);
	CHECK(fd_remove_tree(AT_FDCWD, folder, &err) == 0);
	return line;
}

static void run_file(const char *name)
{
	char *bytes = NULL;
	struct error err;
	char *line;
	char *at;
	int cases = 0;

	if (!CHECK(fd_read_file(AT_FDCWD, name, 1 << 20, &bytes, NULL, &err) ==
		    0)) {
		printf("# %s\n", err.text);
		return;
	}
	at = bytes;
	for (line = next_line(&at); line && strncmp(line, "=== ", 4) != 0;)
		line = next_line(&at);
	for (; line; cases++)
		line = run_case(line + 4, &at);
	printf("# %d cases in %s\n", cases, name);
	CHECK(cases > 0);
	free(bytes);
}

static void test_syntax(void)
{
	run_file(DATA "/syntax.txt");
}

static void test_problems(void)
{
	run_file(DATA "/problems.txt");
}

static void test_fields(void)
{
	run_file(DATA "/fields.txt");
}

static void test_isolation(void)
{
	run_file(DATA "/isolation.txt");
}

static void test_networks(void)
{
	run_file(DATA "/networks.txt");
}

static void test_reach(void)
{
	run_file(DATA "/reach.txt");
}

static void test_host(void)
{
	run_file(DATA "/host.txt");
}

static void test_subnets(void)
{
	run_file(DATA "/subnets.txt");
}

static void test_parents(void)
{
	run_file(DATA "/parents.txt");
}

static void test_interpolation(void)
{
	run_file(DATA "/interpolation.txt");
}

int main(void)
{
	RUN(test_syntax);
	RUN(test_problems);
	RUN(test_fields);
	RUN(test_isolation);
	RUN(test_networks);
	RUN(test_reach);
	RUN(test_host);
	RUN(test_subnets);
	RUN(test_parents);
	RUN(test_interpolation);
	return check_done();
}
