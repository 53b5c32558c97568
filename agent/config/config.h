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

#include "config/network.h"
#include "config/service.h"

struct arena;
struct error;
struct problems;

enum config_limit {
	CONFIG_SERVICES_MAX = 1024, /* replicas count */
	CONFIG_NETWORKS_MAX = 256,
	CONFIG_ATTACHMENTS_MAX = 4096, /* of all services */
	CONFIG_HOST_LINKS_MAX = 128,
	CONFIG_FIREWALL_MAX = 256, /* rules */
	CONFIG_TEXT_MAX = 1 << 20, /* bytes of compose.yaml */
};

struct config {
	const char *name;               /* project name, or NULL */
	const struct service *services; /* in start order: dependencies first */
	size_t service_count;
	struct strings volumes;         /* top-level names */
	const struct network *networks; /* declared, and "default" when used */
	size_t network_count;
	const char *host_name; /* NULL: not declared */
	const struct host_link *host_links;
	size_t host_link_count;
	const struct firewall_rule *firewall;
	size_t firewall_count;
	struct host_time host_time;
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
