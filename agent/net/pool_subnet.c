// SPDX-License-Identifier: MIT
/* pool_subnet - subnets that nobody has, and the gateways in them */
#include <arpa/inet.h>
#include <errno.h>
#include <string.h>

#include "lib/arena.h"
#include "lib/error.h"
#include "net/pool_parts.h"

#define NUMBERS6_MAX 0xffff /* of /64s in the machine's /48; 0 is not used */

/* Automatic IPv4 subnets, in this order (RFC 1918). */
static const struct block {
	uint32_t first;
	uint8_t length;
	uint32_t count;
} blocks[] = {
	{ 0xac120000, 16, 14 },  /* 172.18.0.0/16 to 172.31.0.0/16 */
	{ 0xc0a80000, 20, 16 },  /* 192.168.0.0/20 to 192.168.240.0/20 */
	{ 0x0a000000, 16, 256 }, /* 10.0.0.0/16 to 10.255.0.0/16 */
};
#define BLOCK_COUNT (sizeof(blocks) / sizeof(blocks[0]))

/* What nothing new may overlap. */
struct taken {
	struct prefix *prefixes;
	size_t count;
	uint32_t next4, next6; /* candidates: those before are not free */
};

static bool overlaps_any(const struct taken *taken, const struct prefix *prefix)
{
	for (size_t i = 0; i < taken->count; i++) {
		if (prefix_overlaps(&taken->prefixes[i], prefix))
			return true;
	}
	return false;
}

static void take(struct taken *taken, const struct prefix *prefix)
{
	taken->prefixes[taken->count++] = *prefix;
}

static bool is_wanted(const struct pool_work *work, size_t index,
	uint8_t family)
{
	const struct pool_network *network = &work->request->networks[index];

	return family == AF_INET ? network->has_ipv4 : network->has_ipv6;
}

/* ---- candidates ---------------------------------------------------------- */

static struct prefix block_nth(const struct block *block, uint32_t number)
{
	uint32_t bits = htonl(block->first + (number << (32 - block->length)));
	struct prefix prefix = { .address.family = AF_INET,
		.length = block->length };

	memcpy(prefix.address.bytes, &bits, sizeof(bits));
	return prefix;
}

/* The candidate of that number of all blocks; false: there is none. */
static bool nth4(uint32_t number, struct prefix *out)
{
	for (size_t i = 0; i < BLOCK_COUNT; i++) {
		if (number < blocks[i].count) {
			*out = block_nth(&blocks[i], number);
			return true;
		}
		number -= blocks[i].count;
	}
	return false;
}

static bool find4(struct taken *taken, struct prefix *out)
{
	while (nth4(taken->next4, out)) {
		if (!overlaps_any(taken, out))
			return true;
		taken->next4++;
	}
	return false;
}

static bool find6(struct taken *taken, const struct prefix *ula,
	struct prefix *out)
{
	*out = *ula;
	out->length = 64;
	for (; taken->next6 < NUMBERS6_MAX; taken->next6++) {
		uint32_t number = taken->next6 + 1;

		out->address.bytes[6] = (uint8_t)(number >> 8);
		out->address.bytes[7] = (uint8_t)number;
		if (!overlaps_any(taken, out))
			return true;
	}
	return false;
}

/* Whether a subnet of the book can be one of ours: a file may say anything. */
static bool is_automatic(const struct prefix *prefix, const struct prefix *ula)
{
	if (prefix->address.family == AF_INET6)
		return prefix->length == 64 &&
		       prefix_contains(ula, &prefix->address);
	for (size_t i = 0; i < BLOCK_COUNT; i++) {
		const struct prefix first = block_nth(&blocks[i], 0);
		const struct prefix last =
			block_nth(&blocks[i], blocks[i].count - 1);

		if (prefix->length == first.length &&
			address_compare(&prefix->address, &first.address) >=
				0 &&
			address_compare(&prefix->address, &last.address) <= 0)
			return true;
	}
	return false;
}

/* ---- giving -------------------------------------------------------------- */

static void take_declared(struct pool_work *work, struct taken *taken)
{
	const struct topology *topology = work->topology;

	for (size_t i = 0; i < work->request->taken_count; i++)
		take(taken, &work->request->taken[i]);
	for (size_t i = 0; i < topology->network_count; i++) {
		take(taken, &topology->networks[i].subnet4);
		take(taken, &topology->networks[i].subnet6);
	}
}

/* What a network had before, if nothing that comes first is there now. */
static void keep_subnet(struct pool_work *work, size_t index, uint8_t family,
	struct taken *taken)
{
	struct topology_network *network = &work->topology->networks[index];
	struct prefix *subnet = pool_subnet(network, family);
	const struct book_entry like = { .kind = BOOK_SUBNET,
		.network = network->name,
		.key = "-",
		.prefix.address.family = family };
	const struct book_entry *found;

	if (!is_wanted(work, index, family) || subnet->address.family)
		return;
	found = book_find(work->request->before, &like);
	if (!found || overlaps_any(taken, &found->prefix) ||
		!is_automatic(&found->prefix, &work->request->before->ula))
		return;
	*subnet = found->prefix;
	take(taken, subnet);
}

static void find_subnet(struct pool_work *work, size_t index, uint8_t family,
	struct taken *taken)
{
	struct topology_network *network = &work->topology->networks[index];
	struct prefix *subnet = pool_subnet(network, family);
	const struct prefix *ula = &work->request->before->ula;
	struct prefix found;

	if (!is_wanted(work, index, family) || subnet->address.family)
		return;
	if (family == AF_INET6 && ula->address.family == 0) {
		pool_fail(work,
			error_set(pool_first(work), -EINVAL,
				"find an IPv6 subnet for network '%s': the "
				"machine has no prefix of its own",
				network->name));
		return;
	}
	if (!(family == AF_INET ? find4(taken, &found)
				: find6(taken, ula, &found))) {
		pool_fail(work,
			error_set(pool_first(work), -ENOSPC,
				"find a subnet for network '%s': none is free "
				"beside the host's routes and other networks; "
				"declare one in ipam.config",
				network->name));
		return;
	}
	*subnet = found;
	take(taken, subnet);
}

static void note_subnet(struct pool_work *work,
	const struct topology_network *network, const struct prefix *subnet)
{
	const struct book_entry entry = { .kind = BOOK_SUBNET,
		.network = network->name,
		.key = "-",
		.prefix = *subnet };

	pool_note(work, &entry);
}

static void give_gateway(struct pool_work *work,
	struct topology_network *network, uint8_t family)
{
	const struct prefix *subnet = pool_subnet(network, family);
	struct address *gateway = pool_gateway(network, family);
	char own[PREFIX_TEXT_SIZE];

	if (subnet->address.family == 0)
		return;
	note_subnet(work, network, subnet);
	if (gateway->family || prefix_nth(subnet, 1, gateway))
		return;
	pool_fail(work,
		error_set(pool_first(work), -ENOSPC,
			"find a gateway for network '%s': %s is too small, "
			"declare a larger subnet",
			network->name, prefix_print(subnet, own)));
}

int pool_give_subnets(struct pool_work *work)
{
	struct topology *topology = work->topology;
	struct taken taken = {
		.prefixes = arena_array(work->arena,
			work->request->taken_count +
				4 * topology->network_count,
			sizeof(*taken.prefixes)),
	};

	if (!taken.prefixes)
		return -ENOMEM;
	take_declared(work, &taken);
	for (size_t i = 0; i < POOL_FAMILIES * topology->network_count; i++)
		keep_subnet(work, i / POOL_FAMILIES,
			pool_families[i % POOL_FAMILIES], &taken);
	for (size_t i = 0; i < POOL_FAMILIES * topology->network_count; i++)
		find_subnet(work, i / POOL_FAMILIES,
			pool_families[i % POOL_FAMILIES], &taken);
	for (size_t i = 0; i < POOL_FAMILIES * topology->network_count; i++)
		give_gateway(work, &topology->networks[i / POOL_FAMILIES],
			pool_families[i % POOL_FAMILIES]);
	return 0;
}
