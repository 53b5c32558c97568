// SPDX-License-Identifier: MIT
/* pool - gives out subnets, addresses and names of links */
#include "net/pool.h"

#include <errno.h>
#include <string.h>
#include <sys/random.h>

#include "lib/arena.h"
#include "lib/error.h"
#include "lib/hash.h"
#include "net/pool_parts.h"

/* Lines of the book at most: of a network, an endpoint, a group. */
#define PER_NETWORK  5
#define PER_ENDPOINT 3
#define PER_GROUP    2

struct error *pool_first(const struct pool_work *work)
{
	return work->result < 0 ? NULL : work->err;
}

void pool_fail(struct pool_work *work, int code)
{
	if (work->result == 0)
		work->result = code;
}

void pool_note(struct pool_work *work, const struct book_entry *entry)
{
	work->after->entries[work->after->entry_count++] = *entry;
}

struct prefix *pool_subnet(struct topology_network *network, uint8_t family)
{
	return family == AF_INET ? &network->subnet4 : &network->subnet6;
}

struct address *pool_gateway(struct topology_network *network, uint8_t family)
{
	return family == AF_INET ? &network->gateway4 : &network->gateway6;
}

/*
 * As Docker's: two bytes of its own and the IPv4 address. Without one, other
 * first bytes, also of one network card and not assigned by a maker (IEEE
 * 802c), and a hash.
 */
static void give_mac(const struct topology *topology,
	struct topology_endpoint *endpoint)
{
	static const uint8_t none[sizeof(endpoint->mac)];
	const char *network = topology->networks[endpoint->network].name;
	uint8_t *mac = endpoint->mac;
	uint64_t hash;

	if (memcmp(mac, none, sizeof(none)) != 0)
		return;
	if (endpoint->address4.family) {
		mac[0] = 0x02;
		mac[1] = 0x42;
		memcpy(mac + 2, endpoint->address4.bytes, 4);
		return;
	}
	hash = hash_string(hash_string(HASH_START, network),
		endpoint->container);
	mac[0] = 0x06;
	memcpy(mac + 1, &hash, 5);
}

static bool is_too_large(const struct topology *topology)
{
	return topology->network_count > TOPOLOGY_NETWORKS_MAX ||
	       topology->endpoint_count > TOPOLOGY_ENDPOINTS_MAX ||
	       topology->group_count > TOPOLOGY_GROUPS_MAX;
}

int pool_fill(const struct pool_request *request, struct arena *arena,
	struct book *after, struct error *err)
{
	struct topology *topology = request->topology;
	struct pool_work work = {
		.request = request,
		.topology = topology,
		.arena = arena,
		.after = after,
		.err = err,
	};
	int result;

	*after = (struct book){ .ula = request->before->ula };
	if (is_too_large(topology))
		return error_set(err, -E2BIG,
			"there are over %d networks, %d containers in them or "
			"%d services",
			TOPOLOGY_NETWORKS_MAX, TOPOLOGY_ENDPOINTS_MAX,
			TOPOLOGY_GROUPS_MAX);
	after->entries = arena_array(arena,
		PER_NETWORK * topology->network_count +
			PER_ENDPOINT * topology->endpoint_count +
			PER_GROUP * topology->group_count,
		sizeof(*after->entries));
	result = after->entries ? pool_give_subnets(&work) : -ENOMEM;
	if (result == 0)
		result = pool_give_addresses(&work);
	if (result == 0)
		result = pool_give_names(&work);
	if (result < 0)
		return error_set(err, result, "give out addresses: no memory");
	for (size_t i = 0; i < topology->endpoint_count; i++)
		give_mac(topology, &topology->endpoints[i]);
	book_sort(after);
	return work.result;
}

int pool_make_ula(struct prefix *out)
{
	struct prefix ula = { .length = 48 };
	uint8_t *bytes = ula.address.bytes;
	ssize_t size = getrandom(bytes + 1, 5, 0);

	if (size != 5)
		return size < 0 ? -errno : -EIO;
	ula.address.family = AF_INET6;
	bytes[0] = 0xfd;
	*out = ula;
	return 0;
}
