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

/* A number of replicas, and where it stands. */
struct draft_count {
	bool is_set;
	uint32_t count;
	struct mark mark;
};

/* Marks are those of the values, for what is checked at the end. */
struct draft_attachment {
	struct attachment attachment;
	struct mark ipv4_mark, ipv6_mark, mac_mark;
};

struct draft_link {
	struct service_link link;
	struct mark mark;
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
	bool has_mode;              /* `network_mode:` is there */
	const char *container_name; /* one more alias, everywhere */
	struct draft_attachment *attachments;
	size_t attachment_count;
	uint8_t mac[6]; /* `mac_address:` */
	struct address *dns;
	size_t dns_count;
	struct extra_host *extra_hosts;
	size_t extra_host_count;
	struct draft_link *links;
	size_t link_count;
	struct draft_count scale;    /* `scale:` */
	struct draft_count deployed; /* `deploy.replicas:` */
	struct draft_count replicas; /* what both say: 1 */
	const char *endpoint_mode;
	bool disables_health; /* `healthcheck: {disable: true}` */
};

/* networks.NAME.ipam.config[] */
struct draft_pool {
	struct network_pool pool;
	bool has_subnet; /* perhaps a wrong one */
	struct mark gateway_mark, range_mark;
	const struct node *aux; /* the map of what is reserved */
};

/* networks.NAME */
struct draft_network {
	struct network network;
	const struct node *node; /* of all its keys, or NULL */
	const char *driver;
	const char *given_name;
	const char *ipam_driver;
	bool is_external;
	/* what an external one is: NETWORK_MODE_HOST or _NONE; else _OWN */
	enum network_mode stands_for;
	/* of driver_opts */
	struct mark mode_mark, parent_mark;
	struct network_pool *pools;
	size_t pool_count;
};

/* host.network.NAME.routes[] */
struct draft_route {
	struct host_route route;
	bool has_to; /* perhaps a wrong one */
	bool is_wrong;
};

/* host.firewall[] */
struct draft_rule {
	struct firewall_rule rule;
	bool has_port; /* perhaps a wrong one, as the others */
	bool has_from;
};

/* host.network.NAME */
struct draft_host_link {
	struct host_link link;
	const struct node *node; /* of all its keys, or NULL */
	struct prefix *addresses;
	struct mark *address_marks;
	struct mark word_marks[3]; /* of "dhcp", "dhcp6" and "auto" */
	struct mark gateway4_mark, gateway6_mark;
	struct host_route *routes;
	struct host_peer *peers;
	size_t allowed_count; /* of all peers */
	struct mark *member_marks;
	struct mark parent_mark;
};

struct draft {
	struct config config;
	struct draft_service *services; /* in the order of the file */
	size_t service_count;
	struct draft_network *networks; /* in the order of the file */
	size_t network_count;
	struct draft_host_link *host_links;
	size_t host_link_count;
	struct firewall_rule *firewall;
	size_t firewall_count;
};

#endif
