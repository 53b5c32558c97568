/* SPDX-License-Identifier: MIT */
/*
 * dns_names - who may ask, and what is called how
 *
 * The content of /run/tare/net/names, whose lines are in docs/networking.md.
 * All is in one arena and never changed: a new file is a new struct.
 */
#ifndef TARE_NET_DNS_NAMES_H
#define TARE_NET_DNS_NAMES_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "lib/address.h"
#include "lib/arena.h"
#include "lib/hash_index.h"
#include "net/dns_message.h"

struct error;

enum dns_names_limit {
	DNS_NAMES_FILE_MAX = 8 << 20,
	DNS_NAMES_MEMORY_MAX = 32 << 20,
	DNS_NAMES_LISTEN_MAX = 512,   /* two for each network */
	DNS_NAMES_NETWORKS_MAX = 256, /* of one client */
	DNS_SERVERS_MAX = 6,
};

/* Where a question is forwarded to. */
struct dns_servers {
	struct address list[DNS_SERVERS_MAX];
	size_t count;
};

struct dns_client {
	struct address address;
	const uint32_t *networks;
	size_t network_count;
	bool may_ask_outside;
	const struct dns_servers *servers; /* NULL: the machine's */
};

/* What a name stands for in one network. */
struct dns_entry {
	const struct address *addresses;
	size_t count;
};

struct dns_row {
	uint32_t network;
	const struct dns_name *name;
	struct dns_entry entry;
};

struct dns_alias {
	struct address client;
	const struct dns_name *name, *target;
};

struct dns_pointer {
	struct address address;
	const struct dns_name *name;
};

/* An address and a network that it is in. */
struct dns_place {
	uint32_t network;
	struct address address;
};

struct dns_names {
	struct arena arena;
	struct address *listen;
	size_t listen_count;
	struct dns_client *clients;
	size_t client_count;
	struct dns_row *rows; /* `name` and `domain` lines */
	size_t row_count;
	struct dns_alias *aliases;
	size_t alias_count;
	struct dns_pointer *pointers;
	size_t pointer_count;
	struct dns_place *places; /* which address is in which network */
	size_t place_count;
	struct hash_index client_index, row_index, alias_index, pointer_index;
	struct hash_index place_index;
	struct dns_name *domains; /* each once */
	size_t domain_count;
};

/*
 * Reads text, a whole file, which it changes. 0, or a negative errno with the
 * line in err; then names is empty.
 */
int dns_names_parse(struct dns_names *names, char *text, struct error *err);

void dns_names_clear(struct dns_names *names);

/* The client with that address, or NULL. */
const struct dns_client *dns_names_client(const struct dns_names *names,
	const struct address *address);

/*
 * What name stands for in the networks of the client, at most `max` entries.
 * Returns how many; 0: nothing.
 */
size_t dns_names_find(const struct dns_names *names,
	const struct dns_client *client, const struct dns_name *name,
	struct dns_entry *out, size_t max);

/* The name of an address in a network of the client's, or NULL. */
const struct dns_name *dns_names_pointer(const struct dns_names *names,
	const struct dns_client *client, const struct address *address);

/* What a domain has as its network in a row: no name can have that. */
uint32_t dns_names_domain(uint32_t network);

/* Fills the indexes, when the tables are full. */
void dns_names_index(struct dns_names *names);

/* Whether we answer on that address ourselves. */
bool dns_names_is_own(const struct dns_names *names,
	const struct address *address);

#endif
