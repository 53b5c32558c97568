// SPDX-License-Identifier: MIT
/*
 * import - unpacks an image of an archive into the store
 *
 * What is missing is made in incoming/ and checked there. When all is there
 * and whole, one syncfs(2) makes it durable, and renames make it visible:
 * layers first, then the config that names them, then the record that names
 * the config. A power cut between leaves layers that nobody uses yet.
 */
#include "store/import.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/statvfs.h>
#include <unistd.h>

#include "lib/arena.h"
#include "lib/error.h"
#include "lib/fd.h"
#include "lib/text.h"
#include "store/folders.h"
#include "store/image.h"
#include "store/lower.h"
#include "store/path.h"
#include "store/record.h"
#include "store/reference.h"
#include "store/sandbox.h"
#include "store/search.h"
#include "store/stream.h"
#include "store/tar.h"
#include "store/unpack.h"

#define CONFIG_NAME    "config"
#define ARENA_MAX      (32U << 20)
#define RESERVE_MAX    (UINT64_C(64) << 20) /* bytes left free on the disk */
#define RESERVE_PART   20                   /* or this part of it, if less */
#define PROGRESS_BYTES (UINT64_C(1) << 20)  /* between two calls */
#define SHORT_DIGEST   19                   /* "sha256:" and 12 digits */

struct import {
	const struct store *store;
	struct folders folders;
	struct search_result found;
	struct arena arena;
	struct image_config config;
	char image_digest[DIGEST_TEXT];
	char full_reference[REFERENCE_TEXT];
	store_progress_fn *progress;
	void *progress_context;
	uint64_t done_bytes, total_bytes;
	int layer_fds[STORE_LAYERS_MAX]; /* of those that are there */
	size_t layer_count;
};

static void note_progress(void *context, uint64_t bytes)
{
	struct import *import = context;

	uint64_t before = import->done_bytes;

	import->done_bytes += bytes;
	if (import->progress &&
		before / PROGRESS_BYTES != import->done_bytes / PROGRESS_BYTES)
		import->progress(import->progress_context, import->done_bytes,
			import->total_bytes);
}

/* Bytes that a layer may take: what is free, but for a reserve. */
static int room_left(const struct import *import, uint64_t *out,
	struct error *err)
{
	struct statvfs status;
	uint64_t reserve;
	uint64_t free_bytes;

	if (fstatvfs(import->folders.incoming_fd, &status) < 0)
		return error_errno(err, "look at the store's disk");
	reserve = (uint64_t)status.f_blocks * status.f_frsize / RESERVE_PART;
	reserve = reserve < RESERVE_MAX ? reserve : RESERVE_MAX;
	free_bytes = (uint64_t)status.f_bavail * status.f_frsize;
	*out = free_bytes > reserve ? free_bytes - reserve : 0;
	return 0;
}

static int check_sums(const struct part *part, const struct stream_sums *sums,
	const char *diff_id, struct error *err)
{
	if (part->digest[0] && !text_equal(part->digest, sums->blob))
		return error_set(err, -EBADMSG,
			"its bytes do not have that digest; the archive is "
			"damaged");
	if (!text_equal(diff_id, sums->content))
		return error_set(err, -EBADMSG,
			"it unpacks to other contents than the config's "
			"diff_id says");
	return 0;
}

static ssize_t read_stream(void *context, void *buffer, size_t size,
	struct error *err)
{
	return stream_read(context, buffer, size, err);
}

/* Unpacks a stream into the folder and checks both sums at its end. */
static int unpack_stream(const struct import *import, int dir_fd,
	struct stream *stream, const struct part *part, struct error *err)
{
	const struct tar_input input = { read_stream, NULL, stream };
	const struct lower lower = { import->layer_fds, import->layer_count };
	struct tar_reader *reader = NULL;
	struct stream_sums sums;
	int result = tar_open(&input, &reader, err);

	if (result == 0)
		result = unpack_layer(dir_fd, reader, &lower, err);
	if (result == 0)
		result = stream_finish(stream, &sums, err);
	if (result == 0)
		result = check_sums(part, &sums,
			import->config.diff_ids[import->layer_count], err);
	tar_close(reader);
	return result;
}

static int find_layer(const struct import *import, const struct part *part,
	struct blob *out, struct error *err)
{
	const struct archive *archive = &import->found.archive;
	int result = archive_find(archive, part->name, out, err);

	if (result == -ENOENT)
		return error_set(err, result, "it is not in the archive%s",
			archive->is_cut ? ", which seems to be cut off" : "");
	if (result == 0 && part->size != UINT64_MAX && part->size != out->size)
		return error_set(err, -EBADMSG,
			"it has %llu bytes where %llu were promised",
			(unsigned long long)out->size,
			(unsigned long long)part->size);
	return result;
}

static int open_layer(int dir_fd, const char *chain_id, struct error *err)
{
	int fd = openat(dir_fd, digest_hex(chain_id),
		O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);

	return fd < 0 ? error_errno(err, "open its folder in the store") : fd;
}

/* Makes the next layer from its blob. Returns the layer's folder, open. */
static int unpack_blob(struct import *import, const struct blob *blob,
	const struct part *part, const char *chain_id, struct error *err)
{
	struct stream_options options = {
		.declared = part->compression,
		.on_read = note_progress,
		.context = import,
	};
	struct stream *stream = NULL;
	auto_fd dir_fd = -1;
	int result = room_left(import, &options.limit_bytes, err);

	if (result < 0)
		return result;
	if (mkdirat(import->folders.incoming_fd, digest_hex(chain_id), 0700) <
		0)
		return error_errno(err, "make its folder in the store");
	dir_fd = open_layer(import->folders.incoming_fd, chain_id, err);
	if (dir_fd < 0)
		return dir_fd;
	result = stream_open(blob, &options, &stream, err);
	if (result == 0)
		result = unpack_stream(import, dir_fd, stream, part, err);
	stream_close(stream);
	return result < 0 ? result : fd_take(&dir_fd);
}

static int unpack_part(struct import *import, const struct part *part,
	const char *chain_id, struct error *err)
{
	struct blob blob = { .fd = -1 };
	int result = find_layer(import, part, &blob, err);

	if (result == 0)
		result = unpack_blob(import, &blob, part, chain_id, err);
	fd_close(&blob.fd);
	return result;
}

static void count_bytes(struct import *import)
{
	const struct parts *parts = &import->found.parts;

	for (size_t i = 0; i < parts->layer_count; i++) {
		struct blob blob = { .fd = -1 };

		if (folders_have_layer(&import->folders,
			    import->config.chain_ids[i]))
			continue;
		/* what is wrong with it is said when it is unpacked */
		(void)archive_find(&import->found.archive,
			parts->layers[i].name, &blob, NULL);
		fd_close(&blob.fd);
		import->total_bytes += blob.size;
	}
}

/* Opens the next layer, which is unpacked unless it is there. */
static int take_layer(struct import *import, struct error *err)
{
	size_t at = import->layer_count;
	const struct part *part = &import->found.parts.layers[at];
	const char *id = import->config.chain_ids[at];
	const char *shown =
		part->digest[0] ? part->digest : import->config.diff_ids[at];
	int fd;

	if (folders_have_layer(&import->folders, id))
		fd = open_layer(import->folders.layers_fd, id, err);
	else
		fd = unpack_part(import, part, id, err);
	if (fd < 0)
		return error_prefix(err, "layer %.*s", SHORT_DIGEST, shown);
	import->layer_fds[import->layer_count++] = fd;
	return 0;
}

static int take_layers(struct import *import, struct error *err)
{
	int result = 0;

	count_bytes(import);
	while (result == 0 &&
		import->layer_count < import->found.parts.layer_count)
		result = take_layer(import, err);
	return result;
}

static void close_layers(struct import *import)
{
	while (import->layer_count > 0)
		fd_close(&import->layer_fds[--import->layer_count]);
}

static int write_config(const struct import *import, const char *text,
	size_t size, struct error *err)
{
	auto_fd fd = openat(import->folders.incoming_fd, CONFIG_NAME,
		O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0600);
	int result;

	if (fd < 0)
		return error_errno(err, "create '%s/incoming/" CONFIG_NAME "'",
			import->store->path);
	result = fd_write_all(fd, text, size);
	if (result < 0)
		return error_set(err, result, "write the image's config: %s",
			strerror(-result));
	return 0;
}

/* Reads the config of the image, and puts a copy of it in incoming/. */
static int take_config(struct import *import, struct error *err)
{
	const struct part *part = &import->found.parts.config;
	char *text;
	size_t size;
	int result = archive_read(&import->found.archive, part->name,
		part->size, part->digest, &text, &size, err);

	if (result < 0)
		return error_prefix(err, "its config");
	digest_of(text, size, import->image_digest);
	result = image_parse(text, size, &import->arena, &import->config, err);
	if (result == 0)
		result = write_config(import, text, size, err);
	free(text);
	if (result == 0 &&
		import->config.diff_id_count != import->found.parts.layer_count)
		return error_set(err, -EBADMSG,
			"it has %zu layers, but its config names %zu",
			import->found.parts.layer_count,
			import->config.diff_id_count);
	return result;
}

static int publish_layers(const struct import *import, struct error *err)
{
	const struct folders *folders = &import->folders;

	for (size_t i = 0; i < import->config.diff_id_count; i++) {
		const char *name = digest_hex(import->config.chain_ids[i]);

		if (renameat(folders->incoming_fd, name, folders->layers_fd,
			    name) < 0 &&
			errno != ENOENT) /* it was there before */
			return error_errno(err, "move a layer to '%s/layers'",
				import->store->path);
	}
	if (fsync(folders->layers_fd) < 0)
		return error_errno(err, "sync '%s/layers'",
			import->store->path);
	return 0;
}

static int publish(const struct import *import, struct error *err)
{
	const struct folders *folders = &import->folders;
	struct record record = { .stamp = import->found.stamp };
	int result;

	if (syncfs(folders->incoming_fd) < 0)
		return error_errno(err, "sync the disk of '%s'",
			import->store->path);
	result = publish_layers(import, err);
	if (result < 0)
		return result;
	if (renameat(folders->incoming_fd, CONFIG_NAME, folders->images_fd,
		    digest_hex(import->image_digest)) < 0)
		return error_errno(err, "move a config to '%s/images'",
			import->store->path);
	if (fsync(folders->images_fd) < 0)
		return error_errno(err, "sync '%s/images'",
			import->store->path);
	memcpy(record.reference, import->full_reference,
		sizeof(record.reference));
	memcpy(record.image, import->image_digest, sizeof(record.image));
	memcpy(record.source, import->found.path, sizeof(record.source));
	return record_save(folders->refs_fd, &record, err);
}

static int import_found(struct import *import, struct error *err)
{
	int result = take_config(import, err);

	if (result == 0)
		result = take_layers(import, err);
	if (result == 0)
		result = publish(import, err);
	return result;
}

static int import_locked(struct import *import, const char *reference,
	const struct reference *wanted, struct error *err)
{
	int result = folders_sweep(&import->folders, err);

	if (result < 0)
		return error_prefix(err, "import '%s'", reference);
	result = search_open(import->store, wanted, &import->found, err);
	if (result < 0)
		return error_prefix(err, "find image '%s'", reference);
	result = import_found(import, err);
	close_layers(import);
	search_close(&import->found);
	if (result < 0)
		(void)error_prefix(err, "unpack '%s' from '%s'", reference,
			path_show(import->found.path).text);
	/* what fails here is swept by the next import or start */
	(void)folders_sweep(&import->folders, NULL);
	return result;
}

int import_image(const struct store *store, const char *reference,
	store_progress_fn *progress, void *context, struct error *err)
{
	struct reference wanted;
	struct import *import;
	int result = reference_parse(reference, &wanted, err);

	if (result < 0)
		return result;
	import = calloc(1, sizeof(*import));
	if (!import)
		return error_set(err, -ENOMEM, "import '%s': no memory",
			reference);
	import->store = store;
	import->arena.limit_bytes = ARENA_MAX;
	import->progress = progress;
	import->progress_context = context;
	reference_format(&wanted, import->full_reference);
	result = folders_open(store, &import->folders, err);
	if (result == 0)
		result = folders_lock(&import->folders, err);
	if (result < 0)
		(void)error_prefix(err, "import '%s'", reference);
	else
		result = import_locked(import, reference, &wanted, err);
	folders_close(&import->folders);
	arena_clear(&import->arena);
	free(import);
	return result;
}

int store_import(struct store *store, const char *reference,
	store_progress_fn *progress, void *context, struct error *err)
{
	int result = sandbox_enter(store, err);

	if (result < 0)
		return error_prefix(err, "import '%s'", reference);
	return import_image(store, reference, progress, context, err);
}
