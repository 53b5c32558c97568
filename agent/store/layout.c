// SPDX-License-Identifier: MIT
/*
 * layout - finds an image in an OCI image layout (image-spec, image-layout.md)
 *
 * index.json lists manifests by digest. An entry may be an index itself, one
 * manifest per platform; deeper nesting is refused. A document that could be
 * read as both a manifest and an index is refused, and so is one whose
 * mediaType is not the one that its descriptor promised (CVE-2021-41190).
 */
#include "store/layout.h"

#include <errno.h>
#include <jansson.h>

#include "lib/error.h"
#include "store/archive.h"
#include "store/document.h"
#include "store/image.h"
#include "store/path.h"
#include "store/reference.h"

#define NAME_KEY       "org.opencontainers.image.ref.name"
#define CONTAINERD_KEY "io.containerd.image.name"

enum kind {
	KIND_MANIFEST,
	KIND_INDEX,
	KIND_CONFIG,
	KIND_LAYER,
};

static const struct media_type {
	const char *name;
	enum kind kind;
	enum compression compression;
} media_types[] = {
	/* clang-format off */
	{ "application/vnd.oci.image.manifest.v1+json",
		KIND_MANIFEST, COMPRESSION_NONE },
	{ "application/vnd.docker.distribution.manifest.v2+json",
		KIND_MANIFEST, COMPRESSION_NONE },
	{ "application/vnd.oci.image.index.v1+json",
		KIND_INDEX, COMPRESSION_NONE },
	{ "application/vnd.docker.distribution.manifest.list.v2+json",
		KIND_INDEX, COMPRESSION_NONE },
	{ "application/vnd.oci.image.config.v1+json",
		KIND_CONFIG, COMPRESSION_NONE },
	{ "application/vnd.docker.container.image.v1+json",
		KIND_CONFIG, COMPRESSION_NONE },
	{ "application/vnd.oci.image.layer.v1.tar",
		KIND_LAYER, COMPRESSION_NONE },
	{ "application/vnd.oci.image.layer.v1.tar+gzip",
		KIND_LAYER, COMPRESSION_GZIP },
	{ "application/vnd.oci.image.layer.v1.tar+zstd",
		KIND_LAYER, COMPRESSION_ZSTD },
	{ "application/vnd.oci.image.layer.nondistributable.v1.tar",
		KIND_LAYER, COMPRESSION_NONE },
	{ "application/vnd.oci.image.layer.nondistributable.v1.tar+gzip",
		KIND_LAYER, COMPRESSION_GZIP },
	{ "application/vnd.oci.image.layer.nondistributable.v1.tar+zstd",
		KIND_LAYER, COMPRESSION_ZSTD },
	{ "application/vnd.docker.image.rootfs.diff.tar",
		KIND_LAYER, COMPRESSION_NONE },
	{ "application/vnd.docker.image.rootfs.diff.tar.gzip",
		KIND_LAYER, COMPRESSION_GZIP },
	{ "application/vnd.docker.image.rootfs.diff.tar.zstd",
		KIND_LAYER, COMPRESSION_ZSTD },
	{ "application/vnd.docker.image.rootfs.foreign.diff.tar.gzip",
		KIND_LAYER, COMPRESSION_GZIP },
	/* clang-format on */
};

static const struct media_type *find_type(const char *name)
{
	size_t count = sizeof(media_types) / sizeof(media_types[0]);

	for (size_t i = 0; name && i < count; i++) {
		if (text_equal(media_types[i].name, name))
			return &media_types[i];
	}
	return NULL;
}

void layout_add_name(struct text *names, const char *name)
{
	text_add(names, "%s%s", names->used ? ", " : "", path_show(name).text);
}

/* The type that a descriptor promises, which must be of that kind. */
static const struct media_type *promised(const json_t *descriptor,
	const char *what, enum kind kind, struct error *err)
{
	const char *name = document_string(descriptor, "mediaType");
	const struct media_type *type = find_type(name);

	if (type && type->kind == kind)
		return type;
	(void)error_set(err, -EBADMSG,
		"%s has media type '%s', which is not one of a container image",
		what, path_show(name ? name : "").text);
	return NULL;
}

/* Checks that a document can be read in one way only, and is what it should. */
static int check_document(const json_t *root, const char *what,
	const char *media_type, enum kind kind, struct error *err)
{
	const char *said = document_string(root, "mediaType");
	const json_t *version = json_object_get(root, "schemaVersion");

	if (!json_is_object(root))
		return error_set(err, -EBADMSG, "%s is not an object", what);
	if (json_object_get(root, "manifests") &&
		(json_object_get(root, "layers") ||
			json_object_get(root, "config")))
		return error_set(err, -EBADMSG,
			"%s could be both a manifest and an index", what);
	if (json_integer_value(version) != 2)
		return error_set(err, -EBADMSG, "%s has no schemaVersion 2",
			what);
	if (said && media_type && !text_equal(said, media_type))
		return error_set(err, -EBADMSG,
			"%s says that it is '%s', where '%s' was promised",
			what, path_show(said).text, path_show(media_type).text);
	if (!json_is_array(json_object_get(root,
		    kind == KIND_INDEX ? "manifests" : "layers")))
		return error_set(err, -EBADMSG, "%s has no list of %s", what,
			kind == KIND_INDEX ? "manifests" : "layers");
	return 0;
}

/* Whether an entry is for this machine; one that does not say may be. */
static bool is_for_us(const json_t *entry)
{
	const json_t *platform = json_object_get(entry, "platform");
	const char *system = document_string(platform, "os");
	const char *architecture = document_string(platform, "architecture");

	return (!system || text_equal(system, "linux")) &&
	       (!architecture ||
		       text_equal(architecture, image_architecture()));
}

/* Whether the archive calls this entry of index.json by the wanted name. */
static bool is_wanted(const struct archive *archive, const json_t *entry,
	const struct reference *wanted, struct text *names)
{
	const json_t *notes = json_object_get(entry, "annotations");
	const char *full = document_string(notes, CONTAINERD_KEY);
	const char *name = document_string(notes, NAME_KEY);
	const char *digest = document_string(entry, "digest");

	if (wanted->digest[0])
		name = digest;
	else if (full)
		name = full;
	layout_add_name(names, name ? name : "(an image without a name)");
	if (!name)
		return false;
	if (wanted->digest[0])
		return text_equal(wanted->digest, digest);
	return reference_matches(wanted, name) ||
	       (!full && reference_matches_tag(wanted, name, archive->name));
}

static int read_layers(struct archive *archive, const json_t *manifest,
	struct parts *out, struct error *err)
{
	const json_t *layers = json_object_get(manifest, "layers");

	out->layer_count = json_array_size(layers);
	if (out->layer_count > STORE_LAYERS_MAX)
		return error_set(err, -E2BIG,
			"it has %zu layers, the limit is %d", out->layer_count,
			STORE_LAYERS_MAX);
	for (size_t i = 0; i < out->layer_count; i++) {
		const json_t *layer = json_array_get(layers, i);
		const struct media_type *type =
			promised(layer, "a layer", KIND_LAYER, err);
		int result = -EBADMSG;

		if (type)
			result = document_part(archive, layer, "a layer",
				&out->layers[i], err);
		if (result < 0)
			return result;
		out->layers[i].compression = type->compression;
	}
	return 0;
}

static int read_manifest(struct archive *archive, const json_t *manifest,
	const char *media_type, struct parts *out, struct error *err)
{
	const json_t *config = json_object_get(manifest, "config");
	int result = check_document(manifest, "its manifest", media_type,
		KIND_MANIFEST, err);

	if (result < 0)
		return result;
	if (!promised(config, "its config", KIND_CONFIG, err))
		return -EBADMSG;
	result =
		document_part(archive, config, "its config", &out->config, err);
	return result < 0 ? result : read_layers(archive, manifest, out, err);
}

/* Loads the document that an entry names, which is of the kind it says. */
static json_t *load_entry(struct archive *archive, const json_t *entry,
	const char *what, struct error *err)
{
	struct part part;

	if (document_part(archive, entry, what, &part, err) < 0)
		return NULL;
	return document_load(archive, &part, err);
}

static int open_manifest(struct archive *archive, const json_t *entry,
	struct parts *out, struct error *err)
{
	const struct media_type *type =
		promised(entry, "its manifest", KIND_MANIFEST, err);
	json_t *manifest;
	int result;

	if (!type)
		return -EBADMSG;
	manifest = load_entry(archive, entry, "its manifest", err);
	if (!manifest)
		return err->code;
	result = read_manifest(archive, manifest, type->name, out, err);
	json_decref(manifest);
	return result;
}

/* Of an index of platforms, the manifest for this machine. */
static int choose_manifest(struct archive *archive, const json_t *index,
	struct parts *out, struct error *err)
{
	const json_t *manifests = json_object_get(index, "manifests");
	size_t count = json_array_size(manifests);

	for (size_t i = 0; i < count; i++) {
		const json_t *entry = json_array_get(manifests, i);
		const struct media_type *type =
			find_type(document_string(entry, "mediaType"));

		if (type && type->kind == KIND_MANIFEST && is_for_us(entry))
			return open_manifest(archive, entry, out, err);
	}
	return error_set(err, -ENOEXEC,
		"none of its %zu platforms is linux/%s, as this machine is",
		count, image_architecture());
}

/* Loads the index that an entry names; NULL when it is no index at all. */
static json_t *load_index(struct archive *archive, const json_t *entry,
	struct error *err)
{
	const char *name = document_string(entry, "mediaType");
	const struct media_type *type = find_type(name);
	json_t *index;

	*err = (struct error){ .code = 0 };
	if (!type || type->kind != KIND_INDEX)
		return NULL;
	index = load_entry(archive, entry, "its index", err);
	if (index &&
		check_document(index, "its index", name, KIND_INDEX, err) < 0) {
		json_decref(index);
		return NULL;
	}
	return index;
}

static int open_entry(struct archive *archive, const json_t *entry,
	struct parts *out, struct error *err)
{
	json_t *index = load_index(archive, entry, err);
	int result;

	if (!index && err->code)
		return err->code;
	if (!index)
		return open_manifest(archive, entry, out, err);
	result = choose_manifest(archive, index, out, err);
	json_decref(index);
	return result;
}

/* A digest may be that of one platform's manifest in an index. */
static int find_nested(struct archive *archive, const json_t *entry,
	const char *digest, struct parts *out, struct error *err)
{
	json_t *index = load_index(archive, entry, err);
	const json_t *manifests = json_object_get(index, "manifests");
	int result = err->code;

	for (size_t i = 0; i < json_array_size(manifests) && result == 0; i++) {
		const json_t *nested = json_array_get(manifests, i);
		const char *have = document_string(nested, "digest");

		if (!have || !text_equal(have, digest))
			continue;
		result = open_manifest(archive, nested, out, err);
		result = result < 0 ? result : 1;
	}
	json_decref(index);
	return result;
}

/*
 * With several entries of the wanted name, one for this machine is taken; when
 * there is none, that is the error.
 */
static int find_entry(struct archive *archive, const json_t *index,
	const struct reference *wanted, struct parts *out, struct text *names,
	struct error *err)
{
	const json_t *manifests = json_object_get(index, "manifests");
	bool is_for_others = false;
	int result = 0;

	for (size_t i = 0; i < json_array_size(manifests) && result == 0; i++) {
		const json_t *entry = json_array_get(manifests, i);

		if (!is_wanted(archive, entry, wanted, names)) {
			if (wanted->digest[0])
				result = find_nested(archive, entry,
					wanted->digest, out, err);
			continue;
		}
		is_for_others = !is_for_us(entry);
		if (is_for_others)
			continue;
		result = open_entry(archive, entry, out, err);
		result = result < 0 ? result : 1;
	}
	if (result != 0 || !is_for_others)
		return result;
	return error_set(err, -ENOEXEC,
		"none of its platforms is linux/%s, as this machine is",
		image_architecture());
}

int layout_find(struct archive *archive, const struct reference *wanted,
	struct parts *out, struct text *names, struct error *err)
{
	const struct part part = { .name = "index.json", .size = UINT64_MAX };
	json_t *index = document_load(archive, &part, err);
	int result;

	if (!index)
		return err->code == -ENOENT ? 0 : err->code;
	result = check_document(index, "index.json", NULL, KIND_INDEX, err);
	if (result == 0)
		result = find_entry(archive, index, wanted, out, names, err);
	json_decref(index);
	return result;
}
