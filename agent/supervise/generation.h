/* SPDX-License-Identifier: MIT */
/*
 * generation - which config counts: the one on the config partition or the
 * last good one
 *
 * A config without errors is copied, with the files beside it (images/ left
 * out), to config/good in the data folder, so that a bad one, or none, never
 * stops a machine. The copy is made in config/incoming, synced and exchanged
 * by one rename: it is the old one or the new one, whenever the power goes.
 */
#ifndef TARE_SUPERVISE_GENERATION_H
#define TARE_SUPERVISE_GENERATION_H

#include <stdbool.h>

struct arena;
struct config;
struct problems;

enum generation_origin {
	GENERATION_NONE,      /* no config at all: nothing runs */
	GENERATION_PARTITION, /* the config partition's */
	GENERATION_LAST_GOOD, /* the partition has none, or a bad one */
};

struct generation {
	enum generation_origin origin;
	bool is_partition_bad; /* it has a config, with errors */
	int folder_fd;  /* what the config's relative paths mean, or -1 */
	char file[32];  /* name of the file on the partition, or "" */
	char note[320]; /* a sentence when something is not as hoped */
};

/*
 * Chooses and loads. partition_fd is the folder where the config partition is
 * mounted, or -1. out and problems are always filled; config is empty when
 * there is none. The caller closes out->folder_fd.
 */
void generation_load(int partition_fd, int data_fd, struct arena *arena,
	struct generation *out, struct config *config,
	struct problems *problems);

#endif
