// SPDX-License-Identifier: MIT
/* record - what a reference meant when it was last imported */
#include "store/record.h"

#include <errno.h>
#include <jansson.h>
#include <stdlib.h>
#include <string.h>

#include "lib/error.h"
#include "lib/fd.h"
#include "lib/text.h"

#define RECORD_MAX 4096 /* bytes of a file */

void record_name(const char *reference, char out[RECORD_NAME])
{
	char digest[DIGEST_TEXT];

	digest_of(reference, strlen(reference), digest);
	memcpy(out, digest_hex(digest), RECORD_NAME);
}

static bool read_string(const json_t *root, const char *key, char *out,
	size_t size)
{
	const char *value = json_string_value(json_object_get(root, key));

	return value && text_copy(out, size, value);
}

static bool read_number(const json_t *root, const char *key, int64_t *out)
{
	const json_t *value = json_object_get(root, key);

	*out = json_integer_value(value);
	return json_is_integer(value);
}

static bool read_record(const json_t *root, struct record *out)
{
	int64_t size = 0;
	int64_t inode = 0;
	bool is_whole =
		read_string(root, "reference", out->reference,
			sizeof(out->reference)) &&
		read_string(root, "image", out->image, sizeof(out->image)) &&
		read_string(root, "source", out->source, sizeof(out->source)) &&
		read_number(root, "size", &size) &&
		read_number(root, "mtime_ns", &out->stamp.mtime_ns) &&
		read_number(root, "inode", &inode);

	out->stamp.size = (uint64_t)size;
	out->stamp.inode = (uint64_t)inode;
	return is_whole && digest_is_valid(out->image);
}

int record_load(int refs_fd, const char *name, struct record *out,
	struct error *err)
{
	char *text;
	size_t size;
	json_t *root;
	bool is_whole;
	int result = fd_read_file(refs_fd, name, RECORD_MAX, &text, &size, err);

	if (result < 0)
		return result;
	*out = (struct record){ .source = "" };
	root = json_loadb(text, size, JSON_REJECT_DUPLICATES, NULL);
	free(text);
	is_whole = read_record(root, out);
	json_decref(root);
	if (!is_whole)
		return error_set(err, -EBADMSG, "read '%s': it is damaged",
			name);
	return 0;
}

static void add_string(struct text *text, const char *key, const char *value)
{
	text_add(text, "\"%s\": \"", key);
	text_add_json(text, value, strlen(value));
	text_add(text, "\", ");
}

int record_save(int refs_fd, const struct record *record, struct error *err)
{
	char buffer[RECORD_MAX];
	char name[RECORD_NAME];
	struct text text;

	text_init(&text, buffer, sizeof(buffer));
	text_add(&text, "{");
	add_string(&text, "reference", record->reference);
	add_string(&text, "image", record->image);
	add_string(&text, "source", record->source);
	text_add(&text,
		"\"size\": %lld, \"mtime_ns\": %lld, \"inode\": %lld}\n",
		(long long)record->stamp.size,
		(long long)record->stamp.mtime_ns,
		(long long)record->stamp.inode);
	if (text.is_cut)
		return error_set(err, -ENAMETOOLONG,
			"write a record: the path '%s' is too long",
			record->source);
	record_name(record->reference, name);
	return fd_replace_file(refs_fd, name, buffer, text.used, 0600, err);
}
