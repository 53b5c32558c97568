// SPDX-License-Identifier: MIT
/* tether - the links by which a container is in its networks */
#include "supervise/tether.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>

#include "config/service.h"
#include "lib/error.h"
#include "lib/fd.h"
#include "lib/hash.h"
#include "net/link.h"
#include "supervise/etc.h"
#include "supervise/fabric.h"

/* Whether it has an address, where there are some. */
static int check_place(const struct fabric *fabric,
	const struct topology_endpoint *endpoint, struct error *err)
{
	const struct pool_network *pool =
		&fabric->blueprint.pools[endpoint->network];

	if (endpoint->address4.family || endpoint->address6.family ||
		(!pool->has_ipv4 && !pool->has_ipv6))
		return 0;
	return error_set(err, -ENETUNREACH,
		"attach it to network '%s': there is no address for it",
		fabric->blueprint.topology.networks[endpoint->network].name);
}

/* *first and *count are its endpoints when it has a place in each network. */
static int find_places(const struct fabric *fabric,
	const struct service *service, size_t *first, size_t *count,
	struct error *err)
{
	const struct topology *topology = &fabric->blueprint.topology;
	const struct topology_endpoint *endpoints =
		blueprint_find(&fabric->blueprint, service->name, count);
	int result = 0;

	if (*count < service->attachment_count)
		return error_set(err, -ENETUNREACH,
			"attach it to its networks: they could not be made");
	*first = endpoints ? (size_t)(endpoints - topology->endpoints) : 0;
	for (size_t i = 0; result == 0 && i < *count; i++)
		result = check_place(fabric, &endpoints[i], err);
	return result;
}

/* What it waited for is to be found from its first step on. */
static bool waited_for_news(const struct fabric *fabric,
	const struct service *service)
{
	for (size_t i = 0; i < service->depends_on.count; i++) {
		size_t count;
		const struct topology_endpoint *endpoints =
			blueprint_find(&fabric->blueprint,
				service->depends_on.items[i], &count);

		for (size_t at = 0; at < count; at++) {
			if (endpoints[at].has_come)
				return true;
		}
	}
	return false;
}

int tether_attach(struct fabric *fabric, const struct service *service,
	pid_t pid, struct error *err)
{
	char path[32];
	auto_fd fd = -1;
	size_t first, count;
	int result;

	if (service->network_mode != NETWORK_MODE_OWN)
		return 0;
	result = fabric_guard(fabric, waited_for_news(fabric, service), err);
	if (result < 0)
		return result;
	(void)snprintf(path, sizeof(path), "/proc/%d/ns/net", (int)pid);
	fd = open(path, O_RDONLY | O_CLOEXEC);
	if (fd < 0)
		return error_errno(err, "open '%s'", path);
	result = find_places(fabric, service, &first, &count, err);
	for (size_t i = 0; result == 0 && i < count; i++)
		result = link_attach(&fabric->blueprint.topology, first + i, fd,
			err);
	return result;
}

bool tether_is_settled(struct fabric *fabric, const struct service *service)
{
	const struct topology *topology = &fabric->blueprint.topology;
	bool is_settled = true;
	size_t count;
	const struct topology_endpoint *endpoints =
		blueprint_find(&fabric->blueprint, service->name, &count);

	if (service->network_mode != NETWORK_MODE_OWN)
		return true;
	if (count > 0)
		fabric_compare(fabric);
	for (size_t i = 0; i < count; i++)
		is_settled &=
			fabric->is_settled[&endpoints[i] - topology->endpoints];
	return is_settled;
}

int tether_settle(struct fabric *fabric, const struct service *service,
	int namespace_fd, struct error *err)
{
	size_t first, count;
	int result = fabric_guard(fabric, false, err);

	if (result == 0)
		result = find_places(fabric, service, &first, &count, err);
	if (result == 0)
		result = link_settle(&fabric->blueprint.topology, first, count,
			namespace_fd, err);
	for (size_t i = 0; result == 0 && i < count; i++)
		fabric->is_settled[first + i] = true;
	return result;
}

/* The name and the default route of such a link are not in its digest. */
static uint64_t hash_endpoint(uint64_t hash, const struct topology *topology,
	const struct topology_endpoint *endpoint)
{
	uint64_t digest =
		link_digest(topology, (size_t)(endpoint - topology->endpoints));

	hash = hash_bytes(hash, &digest, sizeof(digest));
	hash = hash_string(hash, endpoint->name);
	return hash_bytes(hash, &endpoint->has_default_route, sizeof(bool));
}

uint64_t tether_digest(const struct fabric *fabric,
	const struct service *service)
{
	const struct topology *topology = &fabric->blueprint.topology;
	bool is_special = false;
	uint64_t hash = HASH_START;
	struct etc_net net;
	size_t count;
	const struct topology_endpoint *endpoints =
		blueprint_find(&fabric->blueprint, service->name, &count);

	if (service->network_mode != NETWORK_MODE_OWN &&
		service->network_mode != NETWORK_MODE_SERVICE)
		return 0;
	for (size_t i = 0; i < count; i++) {
		if (topology->networks[endpoints[i].network].driver ==
			TOPOLOGY_BRIDGE)
			continue;
		hash = hash_endpoint(hash, topology, &endpoints[i]);
		is_special = true;
	}
	/* its resolv.conf is another file, then */
	fabric_describe(fabric, service, &net);
	if (net.server_count == 0) {
		hash = hash_string(hash, "");
		is_special = true;
	}
	return is_special ? hash : 0;
}
