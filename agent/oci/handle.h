/* SPDX-License-Identifier: MIT */
/*
 * handle - a container that exists, as a command takes hold of it
 */
#ifndef TARE_OCI_HANDLE_H
#define TARE_OCI_HANDLE_H

#include <stdbool.h>

#include "lib/arena.h"
#include "oci/state.h"
#include "run/container.h"
#include "run/oci.h"

struct error;
struct options;

struct handle {
	const char *id;
	int root_fd; /* the folder of all states */
	int dir_fd;  /* its own */
	struct state state;
	enum state_status status;
	struct arena arena;
	struct oci_spec spec; /* after handle_load_spec */
	int cgroup_root_fd;   /* after handle_find_processes, or -1 */
	struct container container;
};

/* Finds the container of the first argument; will_change: it gets locked. */
int handle_open(struct handle *handle, const struct options *options,
	bool will_change, struct error *err);

/* Reads the copy of config.json that was made when it was created. */
int handle_load_spec(struct handle *handle, struct error *err);

/*
 * Fills container: its first process, unless that ended, and its cgroup. An
 * error when it cannot be told whether that process goes on.
 */
int handle_find_processes(struct handle *handle, struct error *err);

/* Runs its hooks of a kind, which get its state with this status. */
int handle_run_hooks(const struct handle *handle, enum oci_hook_kind kind,
	enum state_status status, struct error *err);

/* As it is, with err set: "... is stopped; it has to be created". */
int handle_wrong_status(const struct handle *handle, const char *wanted,
	struct error *err);

void handle_clear(struct handle *handle);
#define auto_handle __attribute__((cleanup(handle_clear))) struct handle

#define HANDLE_NONE                                                           \
	{                                                                     \
		.root_fd = -1, .dir_fd = -1,                                  \
		.arena.limit_bytes = HANDLE_MEMORY_MAX, .cgroup_root_fd = -1, \
		.container = CONTAINER_NONE                                   \
	}

enum handle_limit {
	HANDLE_MEMORY_MAX = 64 << 20,
};

/*
 * config.json in the folder of its state, under a parser's limits; bundle and
 * root of *out are absolute.
 */
int handle_parse_config(const char *text, size_t size, const char *bundle,
	struct handle *handle, struct error *err);

#endif
