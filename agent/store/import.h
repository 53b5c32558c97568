/* SPDX-License-Identifier: MIT */
/*
 * import - unpacks an image of an archive into the store
 */
#ifndef TARE_STORE_IMPORT_H
#define TARE_STORE_IMPORT_H

#include "store/store.h"

/* store_import without its sandbox. */
int import_image(const struct store *store, const char *reference,
	store_progress_fn *progress, void *context, struct error *err);

#endif
