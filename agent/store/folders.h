/* SPDX-License-Identifier: MIT */
/*
 * folders - the folders of the store, and who may change them
 */
#ifndef TARE_STORE_FOLDERS_H
#define TARE_STORE_FOLDERS_H

#include <stdbool.h>

struct error;
struct store;

struct folders {
	int incoming_fd;
	int layers_fd;
	int images_fd;
	int refs_fd;
};

#define FOLDERS_NONE ((struct folders){ -1, -1, -1, -1 })

/* Opens all; folders_close them, whatever this returns. */
int folders_open(const struct store *store, struct folders *out,
	struct error *err);
void folders_close(struct folders *folders);

/*
 * Takes the lock of those who change the store; it ends with the descriptor.
 * -EBUSY when another process has it.
 */
int folders_lock(const struct folders *folders, struct error *err);

/* Removes all that is in incoming/. */
int folders_sweep(const struct folders *folders, struct error *err);

/* Calls visit with each name in a folder, until one returns < 0. */
int folders_visit(int dir_fd,
	int (*visit)(void *context, const char *name, struct error *err),
	void *context, struct error *err);

/* Whether the layer with this chain ID is there. */
bool folders_have_layer(const struct folders *folders, const char *chain_id);

#endif
