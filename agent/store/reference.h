/* SPDX-License-Identifier: MIT */
/*
 * reference - names of OCI images, as people write them and in full
 *
 * "nginx" means "docker.io/library/nginx:latest". The grammar and the
 * defaults are those of github.com/distribution/reference.
 */
#ifndef TARE_STORE_REFERENCE_H
#define TARE_STORE_REFERENCE_H

#include <stdbool.h>
#include <stddef.h>

#include "store/digest.h"

struct error;

enum reference_limit {
	REFERENCE_NAME_MAX = 255, /* host and path together */
	REFERENCE_TAG_MAX = 128,
	REFERENCE_TEXT =
		REFERENCE_NAME_MAX + REFERENCE_TAG_MAX + DIGEST_TEXT + 8,
};

struct reference {
	char name[REFERENCE_NAME_MAX + 1]; /* "docker.io/library/nginx" */
	char tag[REFERENCE_TAG_MAX + 1];   /* "" only when there is a digest */
	char digest[DIGEST_TEXT];          /* "" when not said */
	bool is_short; /* no host was written: docker.io is our guess */
};

/* Parses what a person wrote. -EINVAL with a sentence that names it. */
int reference_parse(const char *text, struct reference *out, struct error *err);

/* Writes the full form, which names the image in the store. */
void reference_format(const struct reference *reference,
	char out[REFERENCE_TEXT]);

/*
 * Whether an image that calls itself text is the wanted one: same full name
 * and tag. A wanted name without a host also means one of "localhost/", as
 * buildah and podman name what they build. A text that is no reference is not.
 */
bool reference_matches(const struct reference *wanted, const char *text);

/*
 * Whether a bare tag (umoci and skopeo write only that into a layout) in an
 * archive with this file name is the wanted one: the file name without its
 * endings is the last part of the wanted name, and the tags are equal.
 */
bool reference_matches_tag(const struct reference *wanted, const char *tag,
	const char *file_name);

#endif
