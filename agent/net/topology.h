/* SPDX-License-Identifier: MIT */
/*
 * topology - all networks of the machine as they are to be, as data
 *
 * Pure: made from the config and from what was given out before (by the layer
 * above), read by ruleset.h, names.h and link.h, which bring the kernel and the
 * name server in line with it. Whatever a field points to is its maker's.
 *
 *   network    an entry of `networks:`; a bridge with a gateway on it
 *   endpoint   the place of one container in one network
 *   group      what one name stands for in one network: the replicas of a
 *              service, with a virtual address when they share one
 *   port       one published port of the machine, and where it leads
 */
#ifndef TARE_NET_TOPOLOGY_H
#define TARE_NET_TOPOLOGY_H

#include <net/if.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "lib/address.h"

enum topology_limit {
	TOPOLOGY_NETWORKS_MAX = 256,
	TOPOLOGY_ENDPOINTS_MAX = 4096,
	TOPOLOGY_GROUPS_MAX = 4096,
	TOPOLOGY_PORTS_MAX = 8192,
	TOPOLOGY_RULES_MAX = 1024,
	TOPOLOGY_UPLINKS_MAX = 64,
};

enum topology_driver {
	TOPOLOGY_BRIDGE,
	TOPOLOGY_MACVLAN,
	TOPOLOGY_IPVLAN,
};

struct topology_network {
	const char *name; /* as in the config */
	enum topology_driver driver;
	char bridge[IFNAMSIZ];          /* "tb" and 8 hexadecimal digits */
	const char *parent;             /* macvlan, ipvlan */
	const char *mode;               /* of those, or NULL */
	struct prefix subnet4, subnet6; /* family 0: none */
	struct address gateway4, gateway6;
	uint32_t mtu; /* 0: the kernel's */
	bool is_internal;
	bool is_routed; /* leaves without NAT */
	bool allows_metadata;
};

struct topology_endpoint {
	size_t network;        /* index */
	const char *container; /* "web", "web-2" */
	char link[IFNAMSIZ];   /* the host's end: "tv" and 8 digits */
	char name[IFNAMSIZ];   /* the container's: "eth0" */
	uint8_t mac[6];
	struct address address4, address6;
	bool has_default_route;
	bool is_running;
	bool has_come; /* runs, and neither rules nor names have it yet */
	bool has_left; /* runs no more, and flows may still lead to it */
	bool is_serving; /* runs, is healthy, does not stop: gets new connections */
};

struct topology_group {
	size_t network;
	const char *service;
	bool has_virtual; /* is to have a virtual address (see pool.h) */
	struct address virtual4, virtual6; /* family 0: dnsrr */
	const size_t *endpoints;           /* its replicas, indices */
	size_t endpoint_count;
	const char *const *names; /* besides the service: aliases */
	size_t name_count;
};

enum topology_protocol {
	TOPOLOGY_TCP = 6, /* as in IP headers */
	TOPOLOGY_UDP = 17,
	TOPOLOGY_SCTP = 132,
};

struct topology_port {
	enum topology_protocol protocol;
	struct address host; /* family 0: every address of the machine */
	uint16_t published;
	uint16_t target;
	size_t group; /* index; SIZE_MAX: a service in the host's own network */
};

/* What else may come in from outside (host.firewall). */
struct topology_rule {
	struct prefix from;             /* family 0: anybody */
	uint8_t protocol;               /* 0: every */
	uint16_t first_port, last_port; /* 0: every */
};

struct topology {
	struct topology_network *networks;
	size_t network_count;
	struct topology_endpoint *endpoints;
	size_t endpoint_count;
	struct topology_group *groups;
	size_t group_count;
	struct topology_port *ports;
	size_t port_count;
	const struct topology_rule *rules;
	size_t rule_count;
	const char (*uplinks)[IFNAMSIZ]; /* of the machine, see link.h */
	size_t uplink_count;             /* 0: connections take no fast path */
};

#endif
