// SPDX-License-Identifier: MIT
/* store - OCI images, unpacked once and shared */
#include "store/store.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "lib/arena.h"
#include "lib/error.h"
#include "lib/fd.h"
#include "lib/text.h"
#include "store/archive.h"
#include "store/folders.h"
#include "store/image.h"
#include "store/path.h"
#include "store/record.h"
#include "store/reference.h"

static int make_folders(const struct store *store, struct error *err)
{
	static const char *const names[] = { "incoming", "layers", "images",
		"refs" };
	int result = 0;

	for (size_t i = 0; i < sizeof(names) / sizeof(names[0]) && result == 0;
		i++)
		result = fd_make_dirs(store->dir_fd, names[i], 0700, err);
	return result;
}

/* Half-written records have names of their own (fd_replace_file). */
static int remove_unfinished(void *context, const char *name, struct error *err)
{
	const struct folders *folders = context;

	if (digest_is_hex(name))
		return 0;
	return fd_remove_tree(folders->refs_fd, name, err);
}

/* An import that outlived the last agent is left to finish. */
static int sweep(const struct store *store, struct error *err)
{
	struct folders folders;
	int result = folders_open(store, &folders, err);

	if (result == 0) {
		result = folders_lock(&folders, err);
		if (result == 0)
			result = folders_sweep(&folders, err);
		if (result == 0)
			result = folders_visit(folders.refs_fd,
				remove_unfinished, &folders, err);
		if (result == -EBUSY)
			result = 0;
	}
	folders_close(&folders);
	return result;
}

int store_open(struct store *store, const char *path, struct error *err)
{
	int result;

	*store = (struct store){ .dir_fd = -1 };
	if (*path != '/' || !text_copy(store->path, sizeof(store->path), path))
		return error_set(err, -EINVAL,
			"open the store '%s': not a short absolute path", path);
	result = fd_make_dirs(AT_FDCWD, path, 0700, err);
	if (result < 0)
		return error_prefix(err, "open the store '%s'", path);
	store->dir_fd = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (store->dir_fd < 0)
		return error_errno(err, "open the store '%s'", path);
	result = make_folders(store, err);
	if (result == 0)
		result = sweep(store, err);
	if (result < 0) {
		store_close(store);
		return error_prefix(err, "open the store '%s'", path);
	}
	return 0;
}

void store_close(struct store *store)
{
	fd_close(&store->dir_fd);
	store->source_count = 0;
}

int store_add_source(struct store *store, const char *path, struct error *err)
{
	if (store->source_count >= STORE_SOURCES_MAX)
		return error_set(err, -E2BIG,
			"look for images in '%s': more than %d folders", path,
			STORE_SOURCES_MAX);
	if (!text_copy(store->sources[store->source_count],
		    sizeof(store->sources[0]), path))
		return error_set(err, -ENAMETOOLONG,
			"look for images in '%s': the path is too long",
			path_show(path).text);
	store->source_count++;
	return 0;
}

static int list_layers(const struct store *store, const struct folders *folders,
	const struct image_config *config, struct arena *arena,
	struct image *out)
{
	size_t count = config->diff_id_count;

	out->layers = arena_array(arena, count + 1, sizeof(*out->layers));
	if (!out->layers)
		return -ENOMEM;
	for (size_t i = 0; i < count; i++) {
		const char *id = config->chain_ids[count - 1 - i];

		if (!folders_have_layer(folders, id))
			return -ENOENT;
		out->layers[i] = arena_format(arena, "%s/layers/%s",
			store->path, digest_hex(id));
		if (!out->layers[i])
			return -ENOMEM;
	}
	out->layer_count = count;
	return 0;
}

/* Reads an image that was imported; -ENOENT when a part of it is not there. */
static int load_image(const struct store *store, const struct folders *folders,
	const char *digest, struct arena *arena, struct image *out)
{
	struct image_config config;
	char have[DIGEST_TEXT];
	char *text;
	size_t size;
	int result = fd_read_file(folders->images_fd, digest_hex(digest),
		ARCHIVE_TEXT_MAX, &text, &size, NULL);

	if (result < 0)
		return result;
	digest_of(text, size, have);
	if (!text_equal(digest, have))
		result = -ENOENT; /* damaged since: it is made again */
	if (result == 0)
		result = image_parse(text, size, arena, &config, NULL);
	free(text);
	if (result < 0)
		return result;
	*out = config.image;
	(void)text_copy(out->digest, sizeof(out->digest), digest);
	return list_layers(store, folders, &config, arena, out);
}

static bool is_unchanged(const struct record *record)
{
	struct archive_stamp now;
	int result = archive_stamp(AT_FDCWD, record->source, &now);

	/* an archive may be removed once it is unpacked */
	if (result == -ENOENT || result == -ENOTDIR)
		return true;
	return result == 0 && now.size == record->stamp.size &&
	       now.inode == record->stamp.inode &&
	       now.mtime_ns == record->stamp.mtime_ns;
}

static int find(const struct store *store, const struct folders *folders,
	const struct reference *wanted, struct arena *arena, struct image *out)
{
	char full[REFERENCE_TEXT];
	char name[RECORD_NAME];
	struct record record;
	int result;

	reference_format(wanted, full);
	record_name(full, name);
	result = record_load(folders->refs_fd, name, &record, NULL);
	if (result == 0)
		result = load_image(store, folders, record.image, arena, out);
	if (result == -ENOENT || result == -EBADMSG || result == -ENOTDIR) {
		*out = (struct image){ .layer_count = 0 };
		return -EAGAIN;
	}
	return result == 0 && !is_unchanged(&record) ? -EAGAIN : result;
}

int store_find(const struct store *store, const char *reference,
	struct arena *arena, struct image *out, struct error *err)
{
	struct reference wanted;
	struct folders folders;
	int result = reference_parse(reference, &wanted, err);

	*out = (struct image){ .layer_count = 0 };
	if (result < 0)
		return result;
	result = folders_open(store, &folders, err);
	if (result == 0) {
		result = find(store, &folders, &wanted, arena, out);
		if (result == -EAGAIN)
			(void)error_set(err, result,
				"image '%s' is not unpacked yet", reference);
		else if (result < 0)
			(void)error_set(err, result, "look up image '%s': %s",
				reference, strerror(-result));
	}
	folders_close(&folders);
	return result;
}
