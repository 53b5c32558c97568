// SPDX-License-Identifier: MIT
/* pool_room - is there an address for each container of a network? */
#include "config/pool_room.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/socket.h>

#include "config/addresses.h"
#include "config/draft.h"
#include "config/reader.h"
#include "lib/address.h"
#include "lib/text.h"

enum room_limit {
	/* 1,024 containers, as many services, 256 that are reserved */
	BITS_ENOUGH = 12,
};

/* What is given out, one flag for each address. */
struct room {
	const struct draft *draft;
	const struct network *network;
	const struct network_pool *pool;
	struct prefix range;
	bool has_range; /* declared as one */
	unsigned int bits;
	bool is_taken[1U << BITS_ENOUGH];
};

static unsigned int free_bits(const struct prefix *prefix)
{
	return (unsigned int)(8 * address_size(&prefix->address)) -
	       prefix->length;
}

/* The last bytes hold all of the number, as there are few bits. */
static void take(struct room *room, const struct address *address)
{
	size_t size = address_size(address);
	unsigned int number;

	if (address->family == 0 || !prefix_contains(&room->range, address))
		return;
	number = (unsigned int)address->bytes[size - 2] << 8 |
		 address->bytes[size - 1];
	room->is_taken[number & ((1U << room->bits) - 1)] = true;
}

/* The first and, in IPv4, the last of the subnet are of nobody. */
static void take_ends(struct room *room)
{
	struct address last = room->pool->subnet.address;
	size_t size = address_size(&last);

	take(room, &last);
	for (size_t bit = room->pool->subnet.length; bit < 8 * size; bit++)
		last.bytes[bit / 8] |= (uint8_t)(0x80U >> (bit % 8));
	if (last.family == AF_INET)
		take(room, &last);
}

static void take_reserved(struct room *room)
{
	const struct network_pool *pool = room->pool;
	struct address gateway = pool->gateway;

	if (gateway.family == 0)
		(void)prefix_nth(&pool->subnet, 1, &gateway);
	take(room, &gateway);
	for (size_t i = 0; i < pool->reserved_count; i++)
		take(room, &pool->reserved[i]);
}

/* Takes what services declare; returns how many others they need. */
static size_t take_declared(struct room *room)
{
	bool is_ipv4 = room->range.address.family == AF_INET;
	size_t needed = 0;

	for (size_t i = 0; i < room->draft->service_count; i++) {
		const struct draft_service *service = &room->draft->services[i];

		for (size_t k = 0; k < service->attachment_count; k++) {
			const struct attachment *own =
				&service->attachments[k].attachment;
			const struct address *address =
				is_ipv4 ? &own->ipv4_address
					: &own->ipv6_address;

			if (!text_equal(own->network, room->network->name))
				continue;
			take(room, address);
			if (address->family == 0)
				needed += service->replicas.count;
			needed += service->service.has_virtual_address &&
				  service->replicas.count > 0 &&
				  room->network->driver == NETWORK_BRIDGE;
		}
	}
	return needed;
}

/* The smallest from there on that has as many addresses. */
static struct prefix find_larger(const struct room *room, size_t count)
{
	struct prefix prefix = room->range;

	while (count > (size_t)1 << free_bits(&prefix))
		prefix.length--;
	return subnet_of(&prefix);
}

static void report(struct reader *reader, const struct room *room, size_t left,
	size_t needed)
{
	size_t size = (size_t)1 << room->bits;
	struct prefix prefix = find_larger(room, size - left + needed);
	bool is_range =
		room->has_range && prefix.length >= room->pool->subnet.length;
	char own[PREFIX_TEXT_SIZE];
	char larger[PREFIX_TEXT_SIZE];

	reader_push(reader, "networks");
	reader_push(reader, room->network->name);
	reader_push(reader, "ipam.config");
	reader_error(reader, room->pool->mark,
		"'%s' can give %zu of the %zu addresses that the services in the network need; write a larger %s, such as %s",
		prefix_print(&room->range, own), left, needed,
		is_range ? "ip_range" : "subnet",
		prefix_print(&prefix, larger));
	reader_pop(reader, 0);
}

static void check_room(struct reader *reader, struct room *room)
{
	size_t size = (size_t)1 << room->bits;
	size_t needed;
	size_t left = 0;

	take_ends(room);
	take_reserved(room);
	needed = take_declared(room);
	for (size_t i = 0; i < size; i++)
		left += !room->is_taken[i];
	if (needed > left)
		report(reader, room, left, needed);
}

void pool_room_check(struct reader *reader, const struct draft *draft)
{
	struct room *room = reader_alloc_tree(reader, 1, sizeof(*room));

	for (size_t i = 0; room && i < draft->network_count; i++) {
		const struct network *network = &draft->networks[i].network;

		for (size_t k = 0; k < network->pool_count; k++) {
			const struct network_pool *pool = &network->pools[k];
			bool has_range =
				pool->ip_range.length > pool->subnet.length;

			*room = (struct room){
				.draft = draft,
				.network = network,
				.pool = pool,
				.range = has_range ? pool->ip_range
						   : pool->subnet,
				.has_range = has_range,
			};
			room->bits = free_bits(&room->range);
			if (room->bits <= BITS_ENOUGH)
				check_room(reader, room);
		}
	}
}
