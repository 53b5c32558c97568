/* SPDX-License-Identifier: MIT */
/*
 * config - compose.yaml as data
 *
 * Loading is pure: text in, struct config and problems out; the only files
 * read are those the text names (env_file), through a folder descriptor. All
 * problems are collected, none stops the reading. Names and meanings follow
 * the Compose Specification (https://github.com/compose-spec/compose-spec).
 * Everything lives in the arena that the caller gives.
 */
#ifndef TARE_CONFIG_CONFIG_H
#define TARE_CONFIG_CONFIG_H

#include <stddef.h>

#include "config/service.h"

struct arena;
struct error;
struct problems;

enum config_limit {
	CONFIG_SERVICES_MAX = 1024,
	CONFIG_TEXT_MAX = 1 << 20, /* bytes of compose.yaml */
};

struct config {
	const char *name;               /* project name, or NULL */
	const struct service *services; /* in start order: dependencies first */
	size_t service_count;
	struct strings volumes; /* top-level names */
	const char *host_name;  /* NULL: not declared */
};

struct config_source {
	const char *name; /* as it stands in messages: "compose.yaml" */
	const char *text;
	size_t size;
	int folder_fd; /* for env_file and .env; -1: there is none */
};

/* The first of the usual names, such as compose.yaml, that is there, or NULL. */
const char *config_find_file(int folder_fd);

/*
 * Reads a config. Returns 0 when no problem is an error (out is filled then;
 * warnings may be there), -EINVAL when at least one is, -ENOMEM when the
 * arena's limit was reached. Empty text is an empty config.
 */
int config_load(const struct config_source *source, struct arena *arena,
	struct config *out, struct problems *problems);

#endif
