/* SPDX-License-Identifier: MIT */
/*
 * network - what a config says of networks, and of the host's own
 *
 * The names are those of the Compose Specification (05-services.md,
 * 06-networks.md), with units. Zero is "not declared" unless a comment says
 * otherwise. Everything is in the arena of the config.
 */
#ifndef TARE_CONFIG_NETWORK_H
#define TARE_CONFIG_NETWORK_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "config/service.h"
#include "lib/address.h"

enum network_driver {
	NETWORK_BRIDGE,
	NETWORK_MACVLAN,
	NETWORK_IPVLAN,
};

/* networks.NAME.ipam.config[] */
struct network_pool {
	struct prefix subnet;
	struct address gateway;
	struct prefix ip_range;         /* dynamic addresses are from here */
	const struct address *reserved; /* aux_addresses: never given out */
	size_t reserved_count;
	struct mark mark;
};

/* networks.NAME; the one named "default" is always there when it is used */
struct network {
	const char *name;
	enum network_driver driver;
	bool is_internal;
	bool has_ipv4; /* true when not declared */
	bool has_ipv6;
	bool is_routed; /* driver_opts nat: "false": no NAT on the way out */
	bool allows_metadata; /* driver_opts metadata: "true" */
	const char *parent;   /* driver_opts parent: macvlan, ipvlan */
	const char *mode;     /* driver_opts mode: "bridge", "l2" ... or NULL */
	uint32_t mtu;
	const struct network_pool *pools; /* at most one of each family */
	size_t pool_count;
	struct mark mark;
};

/* host.network.NAME */
enum host_link_kind {
	HOST_LINK_DEVICE, /* one that is there: by name, "en*", or mac */
	HOST_LINK_VLAN,
	HOST_LINK_BOND,
	HOST_LINK_BRIDGE,
	HOST_LINK_WIREGUARD,
};

enum host_address_flag {
	HOST_DHCP4 = 1, /* address: dhcp */
	HOST_DHCP6 = 2, /* address: dhcp6; and routes of routers */
	HOST_AUTO6 = 4, /* address: auto; SLAAC, also with dhcp */
};

struct host_route {
	struct prefix to;   /* family 0: default */
	struct address via; /* family 0: on the link */
	uint64_t metric;
	struct mark mark;
};

struct host_peer {              /* of WireGuard */
	const char *public_key; /* base64, 44 characters */
	const char *endpoint;   /* ADDRESS:PORT or NAME:PORT, or NULL */
	const char **allowed;   /* prefixes as texts */
	size_t allowed_count;
	uint64_t keepalive_s;
	const char *preshared_key_file; /* below the config folder, or NULL */
	struct mark mark;
};

struct host_link {
	const char *name; /* a name or pattern with '*' and '?' */
	enum host_link_kind kind;
	uint8_t mac[6];                 /* match: by it; all 0: by name */
	unsigned int flags;             /* enum host_address_flag */
	const struct prefix *addresses; /* static ones */
	size_t address_count;
	struct address gateway4, gateway6;
	const struct host_route *routes;
	size_t route_count;
	uint64_t metric;
	uint64_t mtu;
	struct address dns[8];
	size_t dns_count;
	struct strings search;
	const char *parent; /* VLAN: over this */
	uint64_t vlan_id;
	struct strings members; /* bond, bridge */
	const char *bond_mode;  /* "active-backup", "802.3ad" */
	uint64_t listen_port;   /* WireGuard */
	const struct host_peer *peers;
	size_t peer_count;
	struct mark mark;
};

/* host.firewall[]: what else may come in */
struct firewall_rule {
	struct prefix from;             /* family 0: anybody */
	const char *protocol;           /* "tcp", "udp", "sctp"; NULL: every */
	uint16_t first_port, last_port; /* 0: every */
	struct mark mark;
};

struct host_time {
	bool is_off; /* servers: none */
	struct strings servers;
};

#endif
