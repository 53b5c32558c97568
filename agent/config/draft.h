/* SPDX-License-Identifier: MIT */
/*
 * draft - a config that is still being read
 */
#ifndef TARE_CONFIG_DRAFT_H
#define TARE_CONFIG_DRAFT_H

#include <stdbool.h>
#include <stddef.h>

#include "config/config.h"

struct node;

struct dependency {
	const char *name;
	struct mark mark;
	bool is_optional; /* "required: false": may be missing */
};

struct draft_service {
	struct service service;
	const struct node *environment; /* read last: it goes over env_file */
	const struct node *env_file;
	struct volume_mount *mounts;
	size_t mount_count;
	struct port *ports;
	size_t port_count;
	struct dependency *dependencies;
	size_t dependency_count;
};

struct draft {
	struct config config;
	struct draft_service *services; /* in the order of the file */
	size_t service_count;
};

#endif
