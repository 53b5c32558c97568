// SPDX-License-Identifier: MIT
/*
 * fuzz target of store: any bytes as a document of an archive, or as a name
 *
 * The first byte says which: index.json, a manifest or an index that index.json
 * names, manifest.json of `docker save`, the config of an image, a record of
 * the store, a reference, or the name of an entry.
 */
#include <errno.h>
#include <fcntl.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "lib/arena.h"
#include "lib/error.h"
#include "lib/fd.h"
#include "lib/text.h"
#include "store/archive.h"
#include "store/image.h"
#include "store/layout.h"
#include "store/path.h"
#include "store/record.h"
#include "store/reference.h"
#include "store/saved.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static int scratch_fd = -1;

static void require(bool is_true)
{
	if (!is_true)
		abort();
}

static void write_file(const char *path, const void *data, size_t size)
{
	int fd = openat(scratch_fd, path,
		O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);

	require(fd >= 0 && write(fd, data, size) == (ssize_t)size);
	(void)close(fd);
}

static void make_scratch(void)
{
	static char path[] = "/dev/shm/tare-fuzz-XXXXXX";

	require(mkdtemp(path) != NULL);
	scratch_fd = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	require(mkdirat(scratch_fd, "app", 0755) == 0);
	require(mkdirat(scratch_fd, "app/blobs", 0755) == 0);
	require(mkdirat(scratch_fd, "app/blobs/sha256", 0755) == 0);
}

typedef int find_fn(struct archive *archive, const struct reference *wanted,
	struct parts *out, struct text *names, struct error *err);

static void try_archive(find_fn *find)
{
	static struct parts parts;
	struct archive archive;
	struct reference wanted;
	struct error err = { .code = 0 };
	char buffer[200];
	struct text names;
	int result;

	text_init(&names, buffer, sizeof(buffer));
	require(reference_parse("app", &wanted, NULL) == 0);
	require(archive_open(&archive, scratch_fd, "app", &err) == 0);
	parts.layer_count = 0;
	err.code = 0;
	err.text[0] = '\0';
	result = find(&archive, &wanted, &parts, &names, &err);
	require(result >= 0 || err.text[0] != '\0');
	require(result <= 0 || parts.layer_count <= STORE_LAYERS_MAX);
	for (size_t i = 0; result > 0 && i < parts.layer_count; i++)
		require(parts.layers[i].name != NULL);
	archive_close(&archive);
}

/* The bytes are the document that index.json names, with that media type. */
static void try_nested(const char *type, const char *data, size_t size)
{
	char digest[DIGEST_TEXT];
	char path[128];
	char index[512];
	int length;

	digest_of(data, size, digest);
	(void)snprintf(path, sizeof(path), "app/blobs/sha256/%s",
		digest_hex(digest));
	write_file(path, data, size);
	length = snprintf(index, sizeof(index),
		"{\"schemaVersion\":2,\"manifests\":[{\"mediaType\":"
		"\"application/vnd.oci.image.%s.v1+json\",\"digest\":\"%s\","
		"\"size\":%zu,\"annotations\":{"
		"\"org.opencontainers.image.ref.name\":\"app\"}}]}",
		type, digest, size);
	write_file("app/index.json", index, (size_t)length);
	try_archive(layout_find);
	require(unlinkat(scratch_fd, path, 0) == 0);
}

static void try_config(const char *data, size_t size)
{
	auto_arena arena = { .limit_bytes = 16 << 20 };
	struct image_config config;
	struct error err = { .code = 0 };
	int result = image_parse(data, size, &arena, &config, &err);

	require((result < 0) == (err.text[0] != '\0'));
	for (size_t i = 0; result == 0 && i < config.diff_id_count; i++)
		require(digest_is_valid(config.diff_ids[i]) &&
			digest_is_valid(config.chain_ids[i]));
	for (size_t i = 0; result == 0 && i < config.image.volume_count; i++)
		require(config.image.volumes[i][0] == '/');
}

static void try_reference(const char *text)
{
	struct reference one;
	struct reference two;
	char full[REFERENCE_TEXT];
	char again[REFERENCE_TEXT];

	if (reference_parse(text, &one, NULL) < 0)
		return;
	reference_format(&one, full);
	require(reference_parse(full, &two, NULL) == 0);
	reference_format(&two, again);
	require(strcmp(full, again) == 0);
	require(!one.tag[0] || reference_matches(&one, full) || one.digest[0]);
	require(!strstr(one.name, "..") && full[0] != '/');
}

static void try_path(const char *text)
{
	char clean[PATH_BYTES];
	char again[PATH_BYTES];

	if (path_clean(text, clean, NULL) < 0)
		return;
	require(clean[0] != '/' && strlen(clean) < PATH_BYTES);
	require(strcmp(clean, "..") != 0 && !strstr(clean, "/../"));
	require(!text_starts_with(clean, "../"));
	require(path_clean(clean, again, NULL) == 0);
	require(strcmp(clean, again) == 0);
	require(strlen(path_show(text).text) <= PATH_SHOWN + 3);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct record record;
	char *text;

	if (size < 1 || size > 65536)
		return 0;
	if (scratch_fd < 0)
		make_scratch();
	text = malloc(size);
	require(text != NULL);
	memcpy(text, data + 1, size - 1);
	text[size - 1] = '\0';
	switch (data[0] % 8) {
	case 0:
		write_file("app/index.json", text, size - 1);
		try_archive(layout_find);
		break;
	case 1:
		try_nested("manifest", text, size - 1);
		break;
	case 2:
		try_nested("index", text, size - 1);
		break;
	case 3:
		write_file("app/index.json", "{}", 2);
		write_file("app/manifest.json", text, size - 1);
		try_archive(saved_find);
		break;
	case 4:
		try_config(text, size - 1);
		break;
	case 5:
		write_file("record", text, size - 1);
		(void)record_load(scratch_fd, "record", &record, NULL);
		break;
	case 6:
		try_reference(text);
		break;
	default:
		try_path(text);
		break;
	}
	free(text);
	return 0;
}
