/* SPDX-License-Identifier: MIT */
/*
 * draft - a config that is still being read
 */
#ifndef TARE_CONFIG_DRAFT_H
#define TARE_CONFIG_DRAFT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "config/config.h"

struct node;

struct dependency {
	const char *key; /* that says so: "depends_on" */
	const char *name;
	struct mark mark;
	enum dependency_condition condition;
	bool is_optional; /* "required: false": may be missing */
};

/* deploy.resources, until it is merged with the keys of the service */
struct deploy {
	uint64_t cpus_milli;
	uint64_t memory_bytes;
	uint64_t reserved_memory_bytes;
	int64_t pids;
};

struct draft_service {
	struct service service;
	const struct node *node; /* of all its keys, or NULL */
	struct deploy deploy;
	bool asks_host_users;           /* has_host_users, by its own keys */
	const struct node *environment; /* read last: it goes over env_file */
	const struct node *env_file;
	struct volume_mount *mounts;
	size_t mount_count;
	struct port *ports;
	size_t port_count;
	struct dependency *dependencies;
	size_t dependency_count;
	struct device *devices;
	size_t device_count;
	struct device_rule *device_rules;
	size_t device_rule_count;
	struct sysctl *sysctls;
	size_t sysctl_count;
	struct block_limit *block_limits;
	size_t block_limit_count;
	struct ulimit *ulimits;
	size_t ulimit_count;
};

struct draft {
	struct config config;
	struct draft_service *services; /* in the order of the file */
	size_t service_count;
};

#endif
