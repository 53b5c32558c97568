/* SPDX-License-Identifier: MIT */
/*
 * birth - a new container, from its bundle to its process
 *
 *   birth_open   the bundle and its config; nothing is made yet
 *   birth_make   state, cgroup, process, prestart and createRuntime hooks;
 *                the process executes its program, or waits for start
 *   birth_undo   all of that taken back
 *
 * An error of birth_make has undone everything itself. There is one birth in
 * the life of the program: what it holds open goes when that ends.
 */
#ifndef TARE_OCI_BIRTH_H
#define TARE_OCI_BIRTH_H

#include "oci/handle.h"
#include "oci/place.h"

struct error;
struct options;

struct birth {
	const struct options *options;
	struct handle
		handle; /* its container is ours: a child of this process */
	struct place place;
	char *config;        /* the text of config.json */
	bool waits;          /* for start, in the manner of create */
	int socket_fd;       /* at which it does that */
	int console_fd;      /* --console-socket */
	int filter_cache_fd; /* compiled seccomp filters, or -1 */
};

#define BIRTH_NONE                                                 \
	{                                                          \
		.handle = HANDLE_NONE, .place = { .root_fd = -1 }, \
		.socket_fd = -1, .console_fd = -1                  \
	}

/* Reads the bundle that options name. */
int birth_open(struct birth *birth, const struct options *options,
	struct error *err);

/* waits: its process waits for start. */
int birth_make(struct birth *birth, bool waits, struct error *err);

/* Kills it, removes its cgroup and state, runs poststop hooks. */
int birth_undo(struct birth *birth, struct error *err);

#endif
