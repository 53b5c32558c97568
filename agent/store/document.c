// SPDX-License-Identifier: MIT
/* document - JSON documents of an archive, and what is common to them */
#include "store/document.h"

#include <errno.h>
#include <stdlib.h>

#include "lib/arena.h"
#include "lib/error.h"
#include "store/archive.h"
#include "store/path.h"

json_t *document_load(const struct archive *archive, const struct part *part,
	struct error *err)
{
	char *text;
	size_t size;
	json_error_t why;
	json_t *root;

	if (archive_read(archive, part->name, part->size, part->digest, &text,
		    &size, err) < 0)
		return NULL;
	root = json_loadb(text, size, JSON_REJECT_DUPLICATES, &why);
	free(text);
	if (!root)
		(void)error_set(err, -EBADMSG, "'%s' is not JSON: line %d: %s",
			path_show(part->name).text, why.line,
			path_show(why.text).text);
	return root;
}

const char *document_string(const json_t *object, const char *key)
{
	return json_string_value(json_object_get(object, key));
}

int document_part(struct archive *archive, const json_t *descriptor,
	const char *what, struct part *out, struct error *err)
{
	const char *digest = document_string(descriptor, "digest");
	const json_t *size = json_object_get(descriptor, "size");

	if (!digest || !digest_is_valid(digest))
		return error_set(err, -EBADMSG,
			"%s has no sha256 digest (it says '%s')", what,
			path_show(digest ? digest : "").text);
	if (!json_is_integer(size) || json_integer_value(size) < 0)
		return error_set(err, -EBADMSG, "%s has no size", what);
	*out = (struct part){ .size = (uint64_t)json_integer_value(size) };
	(void)text_copy(out->digest, sizeof(out->digest), digest);
	out->name = arena_format(&archive->arena, "blobs/sha256/%s",
		digest_hex(digest));
	if (!out->name)
		return error_set(err, -ENOMEM, "no memory for its parts");
	return 0;
}
