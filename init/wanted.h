/* SPDX-License-Identifier: MIT */
/*
 * wanted - what the config wants of the host's network, as the agent wrote it.
 *
 * /run/tare/net/wanted is described in docs/networking.md. What belongs to a
 * link (addresses, routes, peers) is in tables for all, whose rows say which
 * link they are of. Pure: no descriptor is read or written here.
 */
#ifndef INIT_WANTED_H
#define INIT_WANTED_H

#include <net/if.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "ip.h"

#define WANTED_TEXT_MAX      65536
#define WANTED_LINKS_MAX     32
#define WANTED_ADDRESSES_MAX 128
#define WANTED_ROUTES_MAX    256
#define WANTED_SERVERS_MAX   32
#define WANTED_PEERS_MAX     64
#define WANTED_PREFIXES_MAX  128 /* of all peers */
#define WANTED_MEMBERS_MAX   8
#define WANTED_SEARCH_MAX    256
#define WANTED_TIME_MAX      512
#define WANTED_KEY_BYTES     32
#define WANTED_HOST_MAX      128

enum wanted_kind {
	WANTED_DEVICE, /* hardware, by name, pattern or MAC */
	WANTED_VLAN,
	WANTED_BOND,
	WANTED_BRIDGE,
	WANTED_WIREGUARD,
};

enum wanted_time {
	WANTED_TIME_DHCP,
	WANTED_TIME_SERVERS,
	WANTED_TIME_NONE,
};

struct wanted_link {
	enum wanted_kind kind;
	char name[IF_NAMESIZE]; /* a pattern for devices; "" with a MAC */
	bool has_mac;
	uint8_t mac[6];
	bool has_dhcp, has_dhcp6, has_auto;
	uint32_t metric, mtu;     /* 0: none said */
	char parent[IF_NAMESIZE]; /* of a VLAN */
	uint16_t vlan;
	bool is_802_3ad; /* else active-backup */
	char members[WANTED_MEMBERS_MAX][IF_NAMESIZE];
	unsigned members_count;
	uint16_t port; /* WireGuard's; 0: any */
	char search[WANTED_SEARCH_MAX];
};

struct wanted_address {
	unsigned link;
	struct ip_prefix at;
};

struct wanted_route {
	unsigned link;
	struct ip_prefix to;
	struct ip via; /* none: on the link */
	uint32_t metric;
};

struct wanted_server {
	unsigned link;
	struct ip ip;
};

struct wanted_peer {
	unsigned link;
	uint8_t key[WANTED_KEY_BYTES], shared[WANTED_KEY_BYTES];
	bool has_shared;
	struct ip endpoint;         /* none: it comes to us, or has a name */
	char host[WANTED_HOST_MAX]; /* the name, or "" */
	uint16_t port;
	uint16_t keepalive_s; /* 0: none */
};

struct wanted_prefix {
	unsigned peer;
	struct ip_prefix prefix;
};

struct wanted {
	struct wanted_link links[WANTED_LINKS_MAX];
	struct wanted_address addresses[WANTED_ADDRESSES_MAX];
	struct wanted_route routes[WANTED_ROUTES_MAX];
	struct wanted_server servers[WANTED_SERVERS_MAX];
	struct wanted_peer peers[WANTED_PEERS_MAX];
	struct wanted_prefix prefixes[WANTED_PREFIXES_MAX];
	unsigned links_count, addresses_count, routes_count, servers_count;
	unsigned peers_count, prefixes_count;
	enum wanted_time time;
	char time_servers[WANTED_TIME_MAX]; /* divided by single spaces */
};

/* a link of the kernel's, as far as it matters which block is its */
struct wanted_device {
	const char *name;
	const uint8_t *mac; /* 6 bytes, or NULL */
	bool is_wired;      /* hardware: what patterns and MACs can mean */
};

/* Fill in *wanted from length bytes, which need no NUL. Returns 0, -EAGAIN when
 * the last line is not "end" (it is not whole), or -EINVAL: then *line is the
 * number of the first line that is not understood. */
int wanted_parse(const char *text, size_t length, struct wanted *wanted,
	unsigned *line);

/* The block of a device, or -1: the first with its name or MAC, else the first
 * whose pattern matches. A file without any device block has every wired device
 * that is no member of a bond or bridge use DHCP and SLAAC: then it returns
 * links_count, the index of a block that wanted_parse added for that. */
int wanted_find(const struct wanted *wanted,
	const struct wanted_device *device);

/* is there a link, a parent or a member of this name? */
bool wanted_names(const struct wanted *wanted, const char *name);

/* does the name match the pattern, where '*' is any text and '?' any byte? */
bool wanted_matches(const char *pattern, const char *name);

#endif
