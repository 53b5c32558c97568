// SPDX-License-Identifier: MIT
/* search - goes through the sources of the store for an image */
#include "store/search.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "lib/arena.h"
#include "lib/error.h"
#include "lib/fd.h"
#include "lib/text.h"
#include "store/path.h"
#include "store/reference.h"
#include "store/saved.h"
#include "store/store.h"

#define NAMES_MAX 1024 /* archives in one source */

struct search {
	const struct reference *wanted;
	struct search_result *result;
	struct text names;   /* of images that were seen */
	struct error broken; /* what the first unreadable archive said */
};

static int compare_names(const void *a, const void *b)
{
	return strcmp(*(const char *const *)a, *(const char *const *)b);
}

/* The names in a folder, sorted, in the arena. */
static int list_folder(int dir_fd, struct arena *arena, const char ***out,
	size_t *count_out, struct error *err)
{
	auto_fd fd = openat(dir_fd, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	auto_dir dir = fd < 0 ? NULL : fdopendir(fd);
	const char **names = arena_array(arena, NAMES_MAX, sizeof(*names));
	const struct dirent *entry;
	size_t count = 0;

	if (!dir)
		return error_errno(err, "list it");
	(void)fd_take(&fd); /* dir closes it */
	if (!names)
		return error_set(err, -ENOMEM, "no memory to list it");
	while ((entry = readdir(dir))) {
		if (entry->d_name[0] == '.')
			continue;
		if (count >= NAMES_MAX)
			return error_set(err, -E2BIG,
				"it holds more than %d files", NAMES_MAX);
		names[count] = arena_string(arena, entry->d_name);
		if (!names[count++])
			return error_set(err, -ENOMEM, "no memory to list it");
	}
	qsort(names, count, sizeof(*names), compare_names);
	*out = names;
	*count_out = count;
	return 0;
}

static int find_in_archive(struct search *search, struct error *err)
{
	struct search_result *result = search->result;
	int found = layout_find(&result->archive, search->wanted,
		&result->parts, &search->names, err);

	/* newer `docker save` writes both; a folder is a layout only */
	if (found != 0 || result->archive.is_folder)
		return found;
	return saved_find(&result->archive, search->wanted, &result->parts,
		&search->names, err);
}

/* 1: found and left open, 0: not there, -errno: cannot be read. */
static int look_into(struct search *search, int dir_fd, struct error *err)
{
	struct search_result *result = search->result;
	/* noted first: a change while we read is then seen as one */
	int found = archive_stamp(dir_fd, result->name, &result->stamp);

	if (found < 0)
		return found == -ENOENT
			       ? 0
			       : error_set(err, found, "look at it: %s",
					 strerror(-found));
	found = archive_open(&result->archive, dir_fd, result->name, err);
	if (found == 0)
		found = find_in_archive(search, err);
	if (found <= 0)
		archive_close(&result->archive);
	return found == -ENOMSG ? 0 : found;
}

static void note_broken(struct search *search, const char *path,
	const struct error *why)
{
	if (search->broken.code)
		return;
	search->broken = *why;
	(void)error_prefix(&search->broken, "'%s'", path_show(path).text);
}

static int search_names(struct search *search, int dir_fd, const char *source,
	struct arena *arena, struct error *err)
{
	struct search_result *result = search->result;
	const char **names = NULL;
	size_t count = 0;
	int found = list_folder(dir_fd, arena, &names, &count, err);

	for (size_t i = 0; i < count && found == 0; i++) {
		struct error why = { .code = 0 };

		if (snprintf(result->path, sizeof(result->path), "%s/%s",
			    source, names[i]) >= (int)sizeof(result->path) ||
			!text_copy(result->name, sizeof(result->name),
				names[i]))
			continue;
		found = look_into(search, dir_fd, &why);
		if (found < 0) {
			note_broken(search, result->path, &why);
			found = 0;
		}
	}
	return found;
}

static int search_source(struct search *search, const char *source,
	struct error *err)
{
	auto_arena arena = { .limit_bytes = 1U << 20 };
	auto_fd fd =
		open(source, O_RDONLY | O_DIRECTORY | O_CLOEXEC | O_NONBLOCK);

	if (fd < 0)
		return errno == ENOENT ? 0 : error_errno(err, "open it");
	return search_names(search, fd, source, &arena, err);
}

/* Nobody has it: says what is wrong, or what is there. */
static int not_found(const struct search *search, const struct store *store,
	struct error *err)
{
	char where[160];
	struct text text;

	if (search->broken.code) {
		*err = search->broken;
		return err->code;
	}
	text_init(&text, where, sizeof(where));
	for (size_t i = 0; i < store->source_count; i++)
		text_add(&text, "%s%s", i ? " or " : "", store->sources[i]);
	if (!search->names.used)
		return error_set(err, -ENOENT,
			"no archive in %s has it; there is none at all", where);
	return error_set(err, -ENOENT, "no archive in %s has it; they have: %s",
		where, search->names.data);
}

int search_open(const struct store *store, const struct reference *wanted,
	struct search_result *out, struct error *err)
{
	char names[200];
	struct search search = { .wanted = wanted, .result = out };
	int found = 0;

	text_init(&search.names, names, sizeof(names));
	for (size_t i = 0; i < store->source_count && found == 0; i++) {
		struct error why = { .code = 0 };

		found = search_source(&search, store->sources[i], &why);
		if (found < 0) {
			note_broken(&search, store->sources[i], &why);
			found = 0;
		}
	}
	return found > 0 ? 0 : not_found(&search, store, err);
}

void search_close(struct search_result *result)
{
	archive_close(&result->archive);
}
