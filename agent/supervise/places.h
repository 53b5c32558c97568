/* SPDX-License-Identifier: MIT */
/*
 * places - the folders that everything in the agent refers to
 */
#ifndef TARE_SUPERVISE_PLACES_H
#define TARE_SUPERVISE_PLACES_H

#include <stddef.h>
#include <stdint.h>

struct error;

/* Folders, all absolute. */
struct places_paths {
	const char *config; /* where the config partition is mounted */
	const char *data;
	const char *run;    /* runtime files of the agent: /run/tare */
	const char *cgroup; /* the workloads' folder in cgroupfs */
};

/* The same, open; what is not open is -1. */
struct places {
	const char *data_path;
	int data_fd;
	int config_fd; /* what a config's relative paths mean */
	int run_fd;
	int log_fd;
	int workloads_fd;
	uint64_t memory_bytes; /* of the machine */
};

#define PLACES_NONE ((struct places){ NULL, -1, -1, -1, -1, -1, 0 })

/*
 * Opens the folders of data, run (made when it is not there), cgroup, and the
 * log folder in data. config_fd is left to who chooses the config.
 */
int places_open(const struct places_paths *paths, struct places *out,
	struct error *err);

void places_close(struct places *places);

#endif
