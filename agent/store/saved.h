/* SPDX-License-Identifier: MIT */
/*
 * saved - finds an image in an archive made by `docker save`
 *
 * Such an archive has a manifest.json: a list of images, each with its config,
 * its names ("RepoTags") and its layers (github.com/moby/docker-image-spec).
 * Nothing there has a digest, but the config names its layers' diff_ids.
 */
#ifndef TARE_STORE_SAVED_H
#define TARE_STORE_SAVED_H

struct archive;
struct error;
struct parts;
struct reference;
struct text;

/* As layout_find. */
int saved_find(struct archive *archive, const struct reference *wanted,
	struct parts *out, struct text *names, struct error *err);

#endif
