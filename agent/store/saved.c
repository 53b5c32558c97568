// SPDX-License-Identifier: MIT
/* saved - finds an image in an archive made by `docker save` */
#include "store/saved.h"

#include <errno.h>
#include <jansson.h>
#include <stdio.h>
#include <string.h>

#include "lib/arena.h"
#include "lib/error.h"
#include "store/archive.h"
#include "store/document.h"
#include "store/reference.h"

static int set_part(struct archive *archive, const json_t *name,
	struct part *out, struct error *err)
{
	*out = (struct part){ .size = UINT64_MAX };
	if (!json_is_string(name))
		return error_set(err, -EBADMSG,
			"manifest.json is damaged: a name is not a string");
	out->name = arena_string(&archive->arena, json_string_value(name));
	if (!out->name)
		return error_set(err, -ENOMEM, "no memory for its parts");
	return 0;
}

/* "<hex>.json" and "blobs/sha256/<hex>" say the digest of the config. */
static void set_config_digest(struct part *config)
{
	const char *slash = strrchr(config->name, '/');
	const char *base = slash ? slash + 1 : config->name;
	size_t length = strcspn(base, ".");
	char digest[DIGEST_TEXT];

	(void)snprintf(digest, sizeof(digest), "sha256:%.*s",
		length < DIGEST_TEXT ? (int)length : 0, base);
	if (digest_is_valid(digest))
		memcpy(config->digest, digest, sizeof(digest));
}

static int read_image(struct archive *archive, const json_t *image,
	struct parts *out, struct error *err)
{
	const json_t *layers = json_object_get(image, "Layers");
	int result = set_part(archive, json_object_get(image, "Config"),
		&out->config, err);

	if (result < 0)
		return result;
	set_config_digest(&out->config);
	out->layer_count = json_array_size(layers);
	if (out->layer_count > STORE_LAYERS_MAX)
		return error_set(err, -E2BIG,
			"it has %zu layers, the limit is %d", out->layer_count,
			STORE_LAYERS_MAX);
	for (size_t i = 0; i < out->layer_count && result == 0; i++)
		result = set_part(archive, json_array_get(layers, i),
			&out->layers[i], err);
	return result;
}

static bool is_wanted(const json_t *image, const struct reference *wanted,
	struct text *names)
{
	const json_t *tags = json_object_get(image, "RepoTags");
	bool found = false;

	for (size_t i = 0; i < json_array_size(tags); i++) {
		const char *tag = json_string_value(json_array_get(tags, i));

		if (!tag)
			continue;
		layout_add_name(names, tag);
		/* a digest is one of a manifest, and here is none */
		found |= !wanted->digest[0] && reference_matches(wanted, tag);
	}
	if (json_array_size(tags) == 0)
		layout_add_name(names, "(an image without a name)");
	return found;
}

int saved_find(struct archive *archive, const struct reference *wanted,
	struct parts *out, struct text *names, struct error *err)
{
	const struct part part = { .name = "manifest.json",
		.size = UINT64_MAX };
	json_t *list = document_load(archive, &part, err);
	int result = 0;

	if (!list)
		return err->code == -ENOENT ? 0 : err->code;
	if (!json_is_array(list))
		result =
			error_set(err, -EBADMSG, "manifest.json is not a list");
	for (size_t i = 0; i < json_array_size(list) && result == 0; i++) {
		const json_t *image = json_array_get(list, i);

		if (!is_wanted(image, wanted, names))
			continue;
		result = read_image(archive, image, out, err);
		result = result < 0 ? result : 1;
	}
	json_decref(list);
	return result;
}
