/* SPDX-License-Identifier: MIT */
/*
 * net_report - the networks of the machine as they are now, as data
 *
 *	net_files.c    reads what netd and the agent tell, in files; pure
 *	net_kernel.c   asks the kernel
 *	net_collect.c  does both, and counts connections
 *	net_show.h     prints it
 *
 * All strings and tables are in one arena.
 */
#ifndef TARE_CLI_NET_REPORT_H
#define TARE_CLI_NET_REPORT_H

#include <net/if.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "lib/address.h"

struct arena;
struct error;

enum net_report_limit {
	NET_FAMILIES = 2, /* IPv4, IPv6 */
	NET_LINKS_MAX = 8192,
	NET_ADDRESSES_MAX = 8192,
	NET_ROUTES_MAX = 2048,
	NET_NETWORKS_MAX = 512,
	NET_ENDPOINTS_MAX = 8192,
	NET_PORTS_MAX = 8192,
	NET_LEASES_MAX = 256,
	NET_SERVERS_MAX = 256,
	NET_NOTES_MAX = 32,
	NET_REPLICAS_MAX = 1024, /* of one port */
	NET_FILE_MAX = 8 << 20,  /* bytes of a file */
};

struct net_link {
	int index;
	char name[IFNAMSIZ];
	const char *kind;  /* "bridge", "veth"; "" of a card */
	const char *alias; /* "" without */
	const char *state; /* "up", "down", "no carrier" */
	const char *key;   /* public key of WireGuard, or NULL */
	uint8_t mac[6];    /* all 0: none */
	uint32_t mtu;
	bool is_bridge; /* of a network */
	bool is_port;   /* of a container */
};

struct net_address {
	int link; /* index of the kernel's */
	struct prefix prefix;
	const char *origin; /* "dhcp", "static"; "" when nobody tells */
};

struct net_lease {
	const char *link;
	struct address address, server;
	uint64_t seconds;
	bool is_kept; /* from the last boot: its server is silent */
};

/* A name server that was given over a link. */
struct net_server {
	const char *link;
	struct address address;
};

struct net_route {
	struct prefix destination; /* length 0: default */
	struct address via;
	int link;
	uint32_t metric;
	const char *origin; /* "dhcp", "kernel" */
	const char *kind;   /* "unicast", "unreachable" */
};

struct net_network {
	uint32_t number; /* as in the files; UINT32_MAX: not in them */
	const char *name;
	const char *driver;
	const char *link; /* bridge or parent, "" without */
	bool is_internal;
	bool is_there; /* its link is */
	struct prefix subnets[NET_FAMILIES];
	struct address gateways[NET_FAMILIES];
};

/* A container's place in one network, with its connections. */
struct net_endpoint {
	const char *container;
	const char *network; /* name, "" when nobody tells */
	const char *link;    /* the host's end, "" without */
	struct address addresses[NET_FAMILIES];
	uint64_t incoming; /* connections that it answers */
	uint64_t outgoing; /* connections that it began */
};

struct net_port {
	const char *protocol;
	struct address host; /* family 0: all */
	uint16_t published, target;
	const char *service; /* "-": in the machine's own network */
	const struct address *replicas;
	size_t replica_count;
};

struct net_report {
	struct arena *arena;
	struct net_link *links;
	size_t link_count;
	struct net_address *addresses;
	size_t address_count;
	struct net_lease *leases;
	size_t lease_count;
	struct net_server *servers;
	size_t server_count;
	struct net_route *routes;
	size_t route_count;
	struct net_network *networks;
	size_t network_count;
	struct net_endpoint *endpoints;
	size_t endpoint_count;
	struct net_port *ports;
	size_t port_count;
	const char *notes[NET_NOTES_MAX]; /* of netd */
	size_t note_count;
	const char *problems[NET_NOTES_MAX]; /* what could not be told */
	size_t problem_count;
	uint64_t connections; /* all of the machine */
	bool has_connections; /* the kernel told them */
};

/* Makes an empty one; the arena must outlive it. -ENOMEM. */
int net_report_init(struct net_report *report, struct arena *arena);

/* Says that something could not be told; what does not fit is left out. */
void net_report_add_problem(struct net_report *report, const char *format, ...)
	__attribute__((format(printf, 2, 3)));

/* The link of that index of the kernel's, or name; or NULL. */
struct net_link *net_report_link(const struct net_report *report, int index);
struct net_link *net_report_find(const struct net_report *report,
	const char *name);

/* 0 of IPv4, 1 of IPv6: where a struct has one of each. */
size_t net_report_family(const struct address *address);

#endif
