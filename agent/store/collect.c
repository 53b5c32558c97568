// SPDX-License-Identifier: MIT
/*
 * collect - removes what no reference needs any more
 *
 * From the top down, so that nothing ever names what is not there: records,
 * then images that no record names, then layers that no image names. A layer
 * is moved to incoming/ before it is removed, so it goes whole.
 */
#include "store/store.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "lib/arena.h"
#include "lib/error.h"
#include "lib/fd.h"
#include "lib/text.h"
#include "store/folders.h"
#include "store/image.h"
#include "store/record.h"
#include "store/reference.h"

#define ARENA_MAX (32U << 20)

/* A set of names, which are all 64 digits long. */
struct names {
	const char **items;
	size_t count, room;
};

struct collect {
	const struct store *store;
	struct folders folders;
	struct arena arena;
	const char *const *keep;
	size_t keep_count;
	struct names images; /* that a kept record names */
	struct names layers; /* that a kept image names */
};

static bool has_name(const struct names *names, const char *name)
{
	for (size_t i = 0; i < names->count; i++) {
		if (text_equal(names->items[i], name))
			return true;
	}
	return false;
}

static int add_name(struct collect *collect, struct names *names,
	const char *name, struct error *err)
{
	if (has_name(names, name))
		return 0;
	if (names->count == names->room) {
		size_t room = names->room ? names->room * 2 : 64;
		const char **items =
			arena_array(&collect->arena, room, sizeof(*items));

		if (!items)
			return error_set(err, -ENOMEM, "no memory");
		if (names->count)
			memcpy(items, names->items,
				names->count * sizeof(*items));
		names->items = items;
		names->room = room;
	}
	names->items[names->count] = arena_string(&collect->arena, name);
	if (!names->items[names->count++])
		return error_set(err, -ENOMEM, "no memory");
	return 0;
}

static bool is_kept_reference(const struct collect *collect, const char *full)
{
	for (size_t i = 0; i < collect->keep_count; i++) {
		struct reference reference;
		char text[REFERENCE_TEXT];

		if (reference_parse(collect->keep[i], &reference, NULL) < 0)
			continue;
		reference_format(&reference, text);
		if (text_equal(text, full))
			return true;
	}
	return false;
}

static int remove_file(int dir_fd, const char *name, struct error *err)
{
	if (unlinkat(dir_fd, name, 0) < 0 && errno != ENOENT)
		return error_errno(err, "remove '%s'", name);
	return 0;
}

/* Notes what a record needs, or removes it. */
static int visit_record(void *context, const char *name, struct error *err)
{
	struct collect *collect = context;
	struct record record;
	int result = record_load(collect->folders.refs_fd, name, &record, err);

	if (result < 0 && result != -EBADMSG && result != -EFBIG)
		return result;
	if (result == 0 && is_kept_reference(collect, record.reference))
		return add_name(collect, &collect->images,
			digest_hex(record.image), err);
	return remove_file(collect->folders.refs_fd, name, err);
}

static int note_layers(struct collect *collect, const char *name,
	struct error *err)
{
	struct image_config config;
	char *text;
	size_t size;
	int result = fd_read_file(collect->folders.images_fd, name,
		ARCHIVE_TEXT_MAX, &text, &size, err);

	if (result < 0)
		return result;
	result = image_parse(text, size, &collect->arena, &config, err);
	free(text);
	/* a damaged config is made again by the next import */
	if (result == -EBADMSG)
		return remove_file(collect->folders.images_fd, name, err);
	for (size_t i = 0; i < config.diff_id_count && result == 0; i++)
		result = add_name(collect, &collect->layers,
			digest_hex(config.chain_ids[i]), err);
	return result;
}

static int visit_image(void *context, const char *name, struct error *err)
{
	struct collect *collect = context;

	if (has_name(&collect->images, name))
		return note_layers(collect, name, err);
	return remove_file(collect->folders.images_fd, name, err);
}

static int visit_layer(void *context, const char *name, struct error *err)
{
	struct collect *collect = context;
	const struct folders *folders = &collect->folders;

	if (has_name(&collect->layers, name))
		return 0;
	if (renameat(folders->layers_fd, name, folders->incoming_fd, name) < 0)
		return error_errno(err, "move layer '%s' away", name);
	return 0;
}

/* Each step is on the disk before the next one relies on it. */
static int collect_all(struct collect *collect, struct error *err)
{
	const struct folders *folders = &collect->folders;
	int result = folders_sweep(folders, err);

	if (result == 0)
		result = folders_visit(folders->refs_fd, visit_record, collect,
			err);
	if (result == 0 && fsync(folders->refs_fd) < 0)
		result = error_errno(err, "sync the records");
	if (result == 0)
		result = folders_visit(folders->images_fd, visit_image, collect,
			err);
	if (result == 0 && fsync(folders->images_fd) < 0)
		result = error_errno(err, "sync the images");
	if (result == 0)
		result = folders_visit(folders->layers_fd, visit_layer, collect,
			err);
	if (result == 0 && fsync(folders->layers_fd) < 0)
		result = error_errno(err, "sync the layers");
	if (result == 0)
		result = folders_sweep(folders, err);
	return result;
}

int store_collect(const struct store *store, const char *const *keep,
	size_t keep_count, struct error *err)
{
	struct collect collect = {
		.store = store,
		.arena = { .limit_bytes = ARENA_MAX },
		.keep = keep,
		.keep_count = keep_count,
	};
	int result = folders_open(store, &collect.folders, err);

	if (result == 0)
		result = folders_lock(&collect.folders, err);
	if (result == 0)
		result = collect_all(&collect, err);
	folders_close(&collect.folders);
	arena_clear(&collect.arena);
	if (result < 0)
		return error_prefix(err, "clean up the store '%s'",
			store->path);
	return 0;
}
