/* SPDX-License-Identifier: MIT */
/*
 * survey - the networks of the machine as they are now, as data
 *
 * For what shows it to people and programs: made from the kernel, and from the
 * files of docs/networking.md in /run/tare/net.
 *
 * All strings and tables are in one arena.
 */
#ifndef TARE_NET_SURVEY_H
#define TARE_NET_SURVEY_H

#include <net/if.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "lib/address.h"

struct arena;
struct error;

#define SURVEY_FOLDER "/run/tare/net"

enum survey_limit {
	SURVEY_FAMILIES = 2, /* IPv4, IPv6 */
	SURVEY_LINKS_MAX = 8192,
	SURVEY_ADDRESSES_MAX = 8192,
	SURVEY_ROUTES_MAX = 2048,
	SURVEY_NETWORKS_MAX = 512,
	SURVEY_SERVICES_MAX = 8192,
	SURVEY_ENDPOINTS_MAX = 8192,
	SURVEY_PORTS_MAX = 8192,
	SURVEY_LEASES_MAX = 256,
	SURVEY_SERVERS_MAX = 256,
	SURVEY_NOTES_MAX = 32,
	SURVEY_REPLICAS_MAX = 1024, /* of one port */
	SURVEY_FILE_MAX = 8 << 20,  /* bytes of a file */
};

struct survey_link {
	int index; /* -1: it is not there, and waits for another */
	char name[IFNAMSIZ];
	const char *kind;  /* "bridge", "veth"; "" of a card */
	const char *alias; /* "" without */
	const char *state; /* "up", "down", "no carrier",
			    * "waits for eth0" */
	const char *key;   /* public key of WireGuard, or NULL */
	uint8_t mac[6];    /* all 0: none */
	uint32_t mtu;
	bool is_bridge; /* of a network */
	bool is_port;   /* of a container */
};

struct survey_address {
	int link; /* index of the kernel's */
	struct prefix prefix;
	const char *origin; /* "dhcp", "static"; "" when nobody tells */
};

struct survey_lease {
	const char *link;
	struct address address, server;
	uint64_t seconds;
	bool is_kept; /* from the last boot: its server is silent */
};

/* A name server that was given over a link. */
struct survey_server {
	const char *link;
	struct address address;
};

struct survey_route {
	struct prefix destination; /* length 0: default */
	struct address via;
	int link;
	uint32_t metric;
	const char *origin; /* "dhcp", "kernel" */
	const char *kind;   /* "unicast", "unreachable" */
};

struct survey_network {
	uint32_t number; /* as in the files; UINT32_MAX: not in them */
	const char *name;
	const char *driver;
	const char *link; /* bridge or parent, "" without */
	bool is_internal;
	bool is_there; /* its link is */
	struct prefix subnets[SURVEY_FAMILIES];
	struct address gateways[SURVEY_FAMILIES];
};

/* What a name stands for in one network. */
struct survey_service {
	const char *name;
	const char *network;
	struct address virtuals[SURVEY_FAMILIES];
	size_t replicas, serving;
};

/* A container's place in one network, with its connections. */
struct survey_endpoint {
	const char *container;
	const char *network; /* name, "" when nobody tells */
	const char *link;    /* the host's end, "" without */
	const char *state;   /* "serves", "runs" (gets no new connections),
			      * "stopped", "" when nobody tells */
	struct address addresses[SURVEY_FAMILIES];
	uint64_t incoming; /* connections that it answers */
	uint64_t outgoing; /* connections that it began */
};

struct survey_port {
	const char *protocol;
	struct address host; /* family 0: all */
	uint16_t published, target;
	const char *service; /* "-": in the machine's own network */
	const struct address *replicas;
	size_t replica_count;
};

struct survey {
	struct arena *arena;
	struct survey_link *links;
	size_t link_count;
	struct survey_address *addresses;
	size_t address_count;
	struct survey_lease *leases;
	size_t lease_count;
	struct survey_server *servers;
	size_t server_count;
	struct survey_route *routes;
	size_t route_count;
	struct survey_network *networks;
	size_t network_count;
	struct survey_service *services;
	size_t service_count;
	struct survey_endpoint *endpoints;
	size_t endpoint_count;
	struct survey_port *ports;
	size_t port_count;
	const char *notes[SURVEY_NOTES_MAX]; /* of netd */
	size_t note_count;
	const char *problems[SURVEY_NOTES_MAX]; /* what could not be told */
	size_t problem_count;
	uint64_t connections; /* all of the machine */
	uint64_t offloaded;   /* of them in the flow table */
	bool has_connections; /* the kernel told them */
};

/*
 * Fills survey, for the network namespace of the caller and the files in
 * folder. What is not there or cannot be read is one of survey->problems, the
 * rest is told. -ENOMEM when there is no memory for it. The process must have
 * CAP_NET_ADMIN to see connections.
 */
int survey_take(struct survey *survey, const char *folder, struct arena *arena);

/* Makes an empty one; the arena must outlive it. -ENOMEM. */
int survey_init(struct survey *survey, struct arena *arena);

/* Says that something could not be told; what does not fit is left out. */
void survey_add_problem(struct survey *survey, const char *format, ...)
	__attribute__((format(printf, 2, 3)));

/* The link of that index of the kernel's, or name; or NULL. */
struct survey_link *survey_find_link(const struct survey *survey, int index);
struct survey_link *survey_find_name(const struct survey *survey,
	const char *name);

/*
 * Whether it says nothing to anybody: off, without an address, declared by
 * nobody, as those that a driver of the kernel makes (dummy0, sit0, tunl0).
 */
bool survey_is_spare(const struct survey *survey,
	const struct survey_link *link);

/* 0 of IPv4, 1 of IPv6: where a struct has one of each. */
size_t survey_family(const struct address *address);

#endif
