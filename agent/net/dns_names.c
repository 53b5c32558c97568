// SPDX-License-Identifier: MIT
/* dns_names - who may ask, and what is called how */
#include "net/dns_names.h"

#include <sys/socket.h>

#include "lib/hash.h"

uint32_t dns_names_domain(uint32_t network)
{
	return ~network;
}

static uint64_t hash_address(const struct address *address)
{
	return hash_bytes(HASH_START, address->bytes, address_size(address));
}

static uint64_t hash_row(uint32_t network, const struct dns_name *name)
{
	return hash_bytes(hash_bytes(HASH_START, name->bytes, name->size),
		&network, sizeof(network));
}

static uint64_t hash_owned(const struct address *owner,
	const struct dns_name *name)
{
	return hash_bytes(hash_address(owner), name->bytes, name->size);
}

static uint64_t hash_place(uint32_t network, const struct address *address)
{
	return hash_bytes(hash_address(address), &network, sizeof(network));
}

static void fill_rows(struct dns_names *names)
{
	for (size_t i = 0; i < names->client_count; i++)
		hash_index_add(&names->client_index,
			hash_address(&names->clients[i].address), i);
	for (size_t i = 0; i < names->row_count; i++)
		hash_index_add(&names->row_index,
			hash_row(names->rows[i].network, names->rows[i].name),
			i);
	for (size_t i = 0; i < names->alias_count; i++)
		hash_index_add(&names->alias_index,
			hash_owned(&names->aliases[i].client,
				names->aliases[i].name),
			i);
	for (size_t i = 0; i < names->pointer_count; i++)
		hash_index_add(&names->pointer_index,
			hash_address(&names->pointers[i].address), i);
}

/* The same address is in many lines: each place is indexed once, or a busy
 * network would make one long row of slots. */
static void fill_places(struct dns_names *names)
{
	for (size_t i = 0; i < names->place_count; i++) {
		const struct dns_place *place = &names->places[i];
		uint64_t hash = hash_place(place->network, &place->address);
		uint64_t at = hash;
		size_t other;

		do {
			other = hash_index_next(&names->place_index, &at);
		} while (other != SIZE_MAX &&
			 (names->places[other].network != place->network ||
				 address_compare(&names->places[other].address,
					 &place->address) != 0));
		if (other == SIZE_MAX)
			hash_index_add(&names->place_index, hash, i);
	}
}

void dns_names_index(struct dns_names *names)
{
	fill_rows(names);
	fill_places(names);
}

void dns_names_clear(struct dns_names *names)
{
	arena_clear(&names->arena);
	*names = (struct dns_names){ .listen_count = 0 };
}

const struct dns_client *dns_names_client(const struct dns_names *names,
	const struct address *address)
{
	uint64_t at = hash_address(address);
	size_t number;

	while ((number = hash_index_next(&names->client_index, &at)) !=
		SIZE_MAX) {
		if (address_compare(&names->clients[number].address, address) ==
			0)
			return &names->clients[number];
	}
	return NULL;
}

struct search {
	const struct dns_names *names;
	const struct dns_client *client;
	struct dns_entry *out;
	size_t max, count;
};

/* Adds all rows of one network and one name; returns whether there is one. */
static bool add_rows(struct search *search, uint32_t network,
	const struct dns_name *name)
{
	const struct dns_names *names = search->names;
	uint64_t at = hash_row(network, name);
	bool has_found = false;
	size_t number;

	while ((number = hash_index_next(&names->row_index, &at)) != SIZE_MAX) {
		const struct dns_row *row = &names->rows[number];

		if (row->network != network || !dns_name_equal(row->name, name))
			continue;
		has_found = true;
		if (search->count < search->max)
			search->out[search->count++] = row->entry;
	}
	return has_found;
}

static void search_name(struct search *search, const struct dns_name *name)
{
	const struct dns_client *client = search->client;

	for (size_t i = 0; i < client->network_count; i++)
		(void)add_rows(search, client->networks[i], name);
}

/* "web.shop" is "web" in the networks whose domain is "shop". */
static void search_below(struct search *search, const struct dns_name *domain,
	const struct dns_name *name)
{
	struct search own = { .names = search->names };

	for (size_t i = 0; i < search->client->network_count; i++) {
		uint32_t network = search->client->networks[i];

		if (add_rows(&own, dns_names_domain(network), domain))
			(void)add_rows(search, network, name);
	}
}

static void search_domains(struct search *search, const struct dns_name *name)
{
	const struct dns_names *names = search->names;
	struct dns_name rest;

	for (size_t i = 0; i < names->domain_count; i++) {
		if (dns_name_is_below(name, &names->domains[i], &rest) &&
			rest.size > 1)
			search_below(search, &names->domains[i], &rest);
	}
}

static const struct dns_name *alias_of(const struct dns_names *names,
	const struct address *client, const struct dns_name *name)
{
	uint64_t at = hash_owned(client, name);
	size_t number;

	while ((number = hash_index_next(&names->alias_index, &at)) !=
		SIZE_MAX) {
		const struct dns_alias *alias = &names->aliases[number];

		if (address_compare(&alias->client, client) == 0 &&
			dns_name_equal(alias->name, name))
			return alias->target;
	}
	return NULL;
}

size_t dns_names_find(const struct dns_names *names,
	const struct dns_client *client, const struct dns_name *name,
	struct dns_entry *out, size_t max)
{
	struct search search = { names, client, out, max, 0 };
	const struct dns_name *target = alias_of(names, &client->address, name);

	if (target)
		search_name(&search, target);
	if (search.count == 0)
		search_name(&search, name);
	if (search.count == 0)
		search_domains(&search, name);
	return search.count;
}

static bool is_placed(const struct dns_names *names, uint32_t network,
	const struct address *address)
{
	uint64_t at = hash_place(network, address);
	size_t number;

	while ((number = hash_index_next(&names->place_index, &at)) !=
		SIZE_MAX) {
		const struct dns_place *place = &names->places[number];

		if (place->network == network &&
			address_compare(&place->address, address) == 0)
			return true;
	}
	return false;
}

const struct dns_name *dns_names_pointer(const struct dns_names *names,
	const struct dns_client *client, const struct address *address)
{
	uint64_t at = hash_address(address);
	size_t number;
	bool is_near = false;

	for (size_t i = 0; i < client->network_count && !is_near; i++)
		is_near = is_placed(names, client->networks[i], address);
	while (is_near && (number = hash_index_next(&names->pointer_index,
				   &at)) != SIZE_MAX) {
		if (address_compare(&names->pointers[number].address,
			    address) == 0)
			return names->pointers[number].name;
	}
	return NULL;
}

bool dns_names_is_own(const struct dns_names *names,
	const struct address *address)
{
	for (size_t i = 0; i < names->listen_count; i++) {
		if (address_compare(&names->listen[i], address) == 0)
			return true;
	}
	return false;
}
