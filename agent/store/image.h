/* SPDX-License-Identifier: MIT */
/*
 * image - reads the config of an OCI image (image-spec, config.md)
 */
#ifndef TARE_STORE_IMAGE_H
#define TARE_STORE_IMAGE_H

#include <stddef.h>

#include "store/store.h"

/* What a config says beyond what containers need. */
struct image_config {
	struct image image;    /* without digest and layers */
	const char **diff_ids; /* valid digests, the lowest layer first */
	/* each names a layer and all below it (config.md, "Layer ChainID") */
	const char **chain_ids;
	size_t diff_id_count;
};

/* The architecture of this program, in the words of OCI: "amd64". */
const char *image_architecture(void);

/*
 * Reads a config, which has size bytes. Everything in out is in the arena. An
 * image for another machine is -ENOEXEC; errors say what is wrong.
 */
int image_parse(const char *text, size_t size, struct arena *arena,
	struct image_config *out, struct error *err);

#endif
