// SPDX-License-Identifier: MIT
/* check - `tare check`: what is wrong with a compose file, on any machine */
#include "cli/check.h"

#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <string.h>

#include "cli/images.h"
#include "config/config.h"
#include "config/problem.h"
#include "lib/arena.h"
#include "lib/error.h"
#include "lib/fd.h"
#include "lib/text.h"
#include "run/oci.h"
#include "run/profile.h"

#define READ_LIMIT  (16 * CONFIG_TEXT_MAX)
#define ARENA_LIMIT (64 << 20)

/* The folder of path as a descriptor; *name gets the part after it. */
static int open_folder_of(const char *path, const char **name)
{
	const char *slash = strrchr(path, '/');
	char folder[4096];

	*name = slash ? slash + 1 : path;
	if (!slash)
		return open(".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (slash == path)
		return open("/", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if ((size_t)(slash - path) >= sizeof(folder))
		return -1;
	memcpy(folder, path, (size_t)(slash - path));
	folder[slash - path] = '\0';
	return open(folder, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
}

/* Of a folder, the file that a machine would read. */
static const char *file_of(const char *path, char *joined, size_t size)
{
	auto_fd folder_fd = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	const char *name;
	struct text text;

	if (folder_fd < 0)
		return path;
	name = config_find_file(folder_fd);
	text_init(&text, joined, size);
	text_add(&text, "%s%s%s", path,
		path[strlen(path) - 1] == '/' ? "" : "/",
		name ? name : "compose.yaml");
	return joined;
}

static void print_text(const struct problems *problems)
{
	for (size_t i = 0; i < problems->count; i++) {
		char line[700];
		struct text text;

		text_init(&text, line, sizeof(line));
		problem_print(&problems->items[i], &text);
		printf("%s\n", line);
	}
}

static void print_json_string(const char *name, const char *value)
{
	char escaped[6 * PATH_MAX + 256]; /* "\\u0001" */
	struct text text;

	text_init(&text, escaped, sizeof(escaped));
	text_add_json(&text, value, strlen(value));
	printf("\"%s\":\"%s\",", name, escaped);
}

static void print_json(const char *path, const struct problems *problems,
	bool is_good)
{
	printf("{");
	print_json_string("file", path);
	printf("\"valid\":%s,\"problems\":[", is_good ? "true" : "false");
	for (size_t i = 0; i < problems->count; i++) {
		const struct problem *problem = &problems->items[i];

		printf("%s{\"severity\":\"%s\",", i ? "," : "",
			problem->is_warning ? "warning" : "error");
		print_json_string("file", problem->file);
		print_json_string("path", problem->path);
		print_json_string("text", problem->text);
		printf("\"line\":%u,\"column\":%u}", problem->line,
			problem->column);
	}
	printf("],\"errors\":%zu,\"warnings\":%zu}\n", problems->error_count,
		problems->warning_count);
}

/* What 'security_opt: seccomp=FILE' names is read only at the start. */
static void check_profile(int folder_fd, const char *file,
	struct problems *problems)
{
	struct problem problem = { .is_warning = false };
	struct profile_source source = { .capabilities = 0 };
	auto_arena arena = { .limit_bytes = ARENA_LIMIT };
	struct oci_seccomp profile;
	auto_free char *text = NULL;
	struct error err;
	int result;

	result = fd_read_file(folder_fd, file, PROFILE_SIZE_MAX, &text,
		&source.size, &err);
	source.text = text;
	if (result == 0)
		result = profile_parse(&source, &arena, &profile, &err);
	if (result == 0)
		return;
	/* what does not fit is cut */
	(void)text_copy(problem.file, sizeof(problem.file), file);
	(void)text_copy(problem.text, sizeof(problem.text), err.text);
	problems_add(problems, &problem);
}

static void check_profiles(int folder_fd, const struct config *config,
	struct problems *problems)
{
	for (size_t i = 0; i < config->service_count; i++) {
		const char *file = config->services[i].seccomp_file;

		if (file && folder_fd >= 0)
			check_profile(folder_fd, file, problems);
	}
}

static const char *plural(size_t count)
{
	return count == 1 ? "" : "s";
}

/* "2 services"; where there are replicas, also how many containers. */
static void print_services(const struct config *config)
{
	size_t services = 0;

	for (size_t i = 0; i < config->service_count; i++)
		services += config->services[i].replica <= 1;
	printf("%zu service%s", services, plural(services));
	if (config->service_count > services)
		printf(", %zu containers", config->service_count);
}

static void print_summary(const char *path, const struct problems *problems,
	const struct config *config, bool is_good)
{
	size_t errors = problems->error_count;
	size_t warnings = problems->warning_count;

	if (is_good) {
		printf("%s is good: ", path);
		print_services(config);
		printf(", %zu warning%s\n", warnings, plural(warnings));
	} else {
		printf("%s has %zu error%s and %zu warning%s\n", path, errors,
			plural(errors), warnings, plural(warnings));
	}
}

/* One that cannot be read has no place in it to tell of. */
static void report_unread(const char *path, const char *name, bool as_json,
	struct problems *problems, const struct error *err)
{
	struct problem problem = { .is_warning = false };

	if (!as_json) {
		fprintf(stderr, "tare: %s\n", err->text);
		return;
	}
	/* what does not fit is cut */
	(void)text_copy(problem.file, sizeof(problem.file), name);
	(void)text_copy(problem.text, sizeof(problem.text), err->text);
	problems_add(problems, &problem);
	print_json(path, problems, false);
}

int check_file(const char *path, bool as_json)
{
	static struct problems problems; /* large */
	char joined[PATH_MAX + sizeof("/docker-compose.yaml")];
	auto_arena arena = { .limit_bytes = ARENA_LIMIT };
	struct config_source source = { 0 };
	auto_free char *text = NULL;
	struct config config = { 0 };
	struct error err;
	const char *name;
	auto_fd folder_fd = -1;
	bool is_good;

	path = file_of(path, joined, sizeof(joined));
	folder_fd = open_folder_of(path, &name);
	memset(&problems, 0, sizeof(problems));
	if (fd_read_file(AT_FDCWD, path, READ_LIMIT, &text, &source.size,
		    &err) < 0) {
		report_unread(path, name, as_json, &problems, &err);
		return 1;
	}
	source.name = name;
	source.text = text;
	source.folder_fd = folder_fd;
	is_good = config_load(&source, &arena, &config, &problems) == 0;
	if (is_good) {
		check_profiles(folder_fd, &config, &problems);
		images_check(folder_fd, name, &config, &problems);
	}
	is_good = is_good && problems.error_count == 0;
	if (as_json) {
		print_json(path, &problems, is_good);
		return !is_good;
	}
	print_text(&problems);
	print_summary(path, &problems, &config, is_good);
	return !is_good;
}
