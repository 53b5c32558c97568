// SPDX-License-Identifier: MIT
/* ports - what `tare net` shows of the networks: the file /run/tare/net/ports */
#include "supervise/ports.h"

#include <stdbool.h>
#include <string.h>
#include <sys/socket.h>

#include "lib/address.h"
#include "lib/arena.h"
#include "lib/text.h"
#include "net/topology.h"

enum {
	LINE_MAX = 512, /* of a network; of a port without its replicas */
};

static const char *const drivers[] = {
	[TOPOLOGY_BRIDGE] = "bridge",
	[TOPOLOGY_MACVLAN] = "macvlan",
	[TOPOLOGY_IPVLAN] = "ipvlan",
};

static const char *protocol_name(enum topology_protocol protocol)
{
	switch (protocol) {
	case TOPOLOGY_TCP:
		return "tcp";
	case TOPOLOGY_UDP:
		return "udp";
	case TOPOLOGY_SCTP:
		return "sctp";
	}
	return "-";
}

static void add_subnet(const struct prefix *subnet,
	const struct address *gateway, struct text *text)
{
	char own[PREFIX_TEXT_SIZE];
	char other[ADDRESS_TEXT_SIZE];

	if (!subnet->address.family)
		return;
	text_add(text, " %s %s", prefix_print(subnet, own),
		gateway->family ? address_print(gateway, other) : "-");
}

static void add_network(const struct topology_network *network, size_t number,
	struct text *text)
{
	const char *link = network->driver == TOPOLOGY_BRIDGE ? network->bridge
							      : network->parent;

	text_add(text, "network %zu %s %s %s %s", number, network->name,
		drivers[network->driver], link && link[0] ? link : "-",
		network->is_internal ? "in" : "out");
	add_subnet(&network->subnet4, &network->gateway4, text);
	add_subnet(&network->subnet6, &network->gateway6, text);
	text_add(text, "\n");
}

static const char *state_of(const struct topology_endpoint *endpoint)
{
	if (!endpoint->is_running)
		return "stopped";
	return endpoint->is_serving ? "serves" : "runs";
}

static void add_virtual(const struct address *address, struct text *text)
{
	char own[ADDRESS_TEXT_SIZE];

	text_add(text, " %s",
		address->family ? address_print(address, own) : "-");
}

static void add_group(const struct topology *topology,
	const struct topology_group *group, struct text *text)
{
	text_add(text, "service %zu %s", group->network, group->service);
	add_virtual(&group->virtual4, text);
	add_virtual(&group->virtual6, text);
	text_add(text, "\n");
	for (size_t i = 0; i < group->endpoint_count; i++) {
		const struct topology_endpoint *endpoint =
			&topology->endpoints[group->endpoints[i]];

		text_add(text, "replica %zu %s %s %s\n", group->network,
			group->service, endpoint->container,
			state_of(endpoint));
	}
}

static void add_replica(const struct topology_port *port,
	const struct address *address, struct text *text)
{
	char own[ADDRESS_TEXT_SIZE];

	if (address->family &&
		(!port->host.family || port->host.family == address->family))
		text_add(text, " %s", address_print(address, own));
}

static void add_port(const struct topology *topology,
	const struct topology_port *port, struct text *text)
{
	const struct topology_group *group =
		port->group == SIZE_MAX ? NULL : &topology->groups[port->group];
	char own[ADDRESS_TEXT_SIZE];

	text_add(text, "port %s %s %u %s %u", protocol_name(port->protocol),
		port->host.family ? address_print(&port->host, own) : "-",
		port->published, group ? group->service : "-", port->target);
	for (size_t i = 0; group && i < group->endpoint_count; i++) {
		const struct topology_endpoint *endpoint =
			&topology->endpoints[group->endpoints[i]];

		if (!endpoint->is_serving)
			continue;
		add_replica(port, &endpoint->address4, text);
		add_replica(port, &endpoint->address6, text);
	}
	text_add(text, "\n");
}

/* Bytes that are enough. */
static size_t measure(const struct topology *topology)
{
	size_t lines = 2 + topology->network_count + topology->port_count +
		       topology->group_count;
	size_t addresses = 0;

	for (size_t i = 0; i < topology->group_count; i++)
		lines += topology->groups[i].endpoint_count;
	for (size_t i = 0; i < topology->port_count; i++) {
		size_t group = topology->ports[i].group;

		if (group != SIZE_MAX)
			addresses += topology->groups[group].endpoint_count;
	}
	return lines * LINE_MAX + 2 * addresses * ADDRESS_TEXT_SIZE;
}

char *ports_print(const struct topology *topology, struct arena *arena)
{
	size_t size = measure(topology);
	char *buffer = arena_alloc(arena, size);
	struct text text;

	if (!buffer)
		return NULL;
	text_init(&text, buffer, size);
	text_add(&text, "version 1\n");
	for (size_t i = 0; i < topology->network_count; i++)
		add_network(&topology->networks[i], i, &text);
	for (size_t i = 0; i < topology->group_count; i++)
		add_group(topology, &topology->groups[i], &text);
	for (size_t i = 0; i < topology->port_count; i++)
		add_port(topology, &topology->ports[i], &text);
	text_add(&text, "end\n");
	return text.is_cut ? NULL : buffer;
}
