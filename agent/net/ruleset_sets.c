// SPDX-License-Identifier: MIT
/* ruleset_sets - sets and maps of "inet tare", made of the topology */
#include <linux/netfilter.h>
#include <sys/socket.h>

#include "net/ruleset_parts.h"

#define COUNT(array) (sizeof(array) / sizeof((array)[0]))

/* Which networks, which ports: what `which` of a row means. */
enum which_network {
	NETWORK_ANY,
	NETWORK_INTERNAL,
	NETWORK_MASQUERADED,
	NETWORK_WITH_METADATA,
};

enum which_port {
	PORT_SERVED, /* leads to endpoints */
	PORT_IDLE,   /* none of them serves */
	PORT_HOST,   /* is of a service in the host's own network */
	PORT_STATES,
};

#define BOUND(family, state) ((family)*PORT_STATES + (state))

/*
 * Where clouds tell machines their secrets: AWS and those like it, its
 * containers, Alibaba, Azure; AWS and Google by IPv6.
 */
static const struct address metadata[] = {
	{ AF_INET, { 169, 254, 169, 254 } },
	{ AF_INET, { 169, 254, 170, 2 } },
	{ AF_INET, { 100, 100, 100, 200 } },
	{ AF_INET, { 168, 63, 129, 16 } },
	{ AF_INET6, { 0xfd, 0x00, 0x0e, 0xc2, [14] = 0x02, [15] = 0x54 } },
	{ AF_INET6, { 0xfd, 0x20, 0x00, 0xce, [14] = 0x02, [15] = 0x54 } },
};

static const uint8_t nfproto[] = { NFPROTO_IPV4, NFPROTO_IPV6 };

static bool network_is(const struct topology_network *network,
	enum which_network which)
{
	switch (which) {
	case NETWORK_ANY:
		return true;
	case NETWORK_INTERNAL:
		return network->is_internal;
	case NETWORK_MASQUERADED:
		return !network->is_internal && !network->is_routed;
	case NETWORK_WITH_METADATA:
		return network->allows_metadata;
	}
	return false;
}

static void list_bridges(struct filler *filler, const struct scene *scene,
	unsigned int which)
{
	for (size_t i = 0; i < scene->topology->network_count; i++) {
		const struct topology_network *network =
			&scene->topology->networks[i];
		struct nft_value key = { .size = 0 };

		if (!balance_is_ours(scene->topology, i) ||
			!network_is(network, which))
			continue;
		nft_value_link(&key, network->bridge);
		filler_add(filler, &key, NULL, NULL);
	}
}

/* Each bridge twice: in and out. */
static void list_within(struct filler *filler, const struct scene *scene,
	unsigned int which)
{
	(void)which; /* all */
	for (size_t i = 0; i < scene->topology->network_count; i++) {
		struct nft_value key = { .size = 0 };

		if (!balance_is_ours(scene->topology, i))
			continue;
		nft_value_link(&key, scene->topology->networks[i].bridge);
		nft_value_link(&key, scene->topology->networks[i].bridge);
		filler_add(filler, &key, NULL, NULL);
	}
}

static void list_metadata(struct filler *filler, const struct scene *scene,
	unsigned int family)
{
	(void)scene; /* it is the same everywhere */
	for (size_t i = 0; i < COUNT(metadata); i++) {
		struct nft_value key = { .size = 0 };

		if (metadata[i].family != family)
			continue;
		nft_value_address(&key, &metadata[i]);
		filler_add(filler, &key, NULL, NULL);
	}
}

static const struct address *gateway_of(const struct scene *scene, size_t i,
	enum balance_family family)
{
	const struct topology_network *network = &scene->topology->networks[i];
	static const struct address none;

	if (!balance_is_ours(scene->topology, i))
		return &none;
	return family == BALANCE_IPV4 ? &network->gateway4 : &network->gateway6;
}

/* A bridge with its gateway. */
static void list_gateways(struct filler *filler, const struct scene *scene,
	unsigned int family)
{
	for (size_t i = 0; i < scene->topology->network_count; i++) {
		const struct address *gateway = gateway_of(scene, i, family);
		struct nft_value key = { .size = 0 };

		if (gateway->family == 0)
			continue;
		nft_value_link(&key, scene->topology->networks[i].bridge);
		nft_value_address(&key, gateway);
		filler_add(filler, &key, NULL, NULL);
	}
}

/* From a bridge to its gateway. */
static void list_gateway_of(struct filler *filler, const struct scene *scene,
	unsigned int family)
{
	for (size_t i = 0; i < scene->topology->network_count; i++) {
		const struct address *gateway = gateway_of(scene, i, family);
		struct nft_value key = { .size = 0 };
		struct nft_value value = { .size = 0 };

		if (gateway->family == 0)
			continue;
		nft_value_link(&key, scene->topology->networks[i].bridge);
		nft_value_address(&value, gateway);
		filler_add(filler, &key, &value, NULL);
	}
}

static const struct address *virtual_of(const struct scene *scene, size_t i,
	enum balance_family family)
{
	const struct topology_group *group = &scene->topology->groups[i];
	static const struct address none;

	if (!balance_is_ours(scene->topology, group->network))
		return &none;
	return family == BALANCE_IPV4 ? &group->virtual4 : &group->virtual6;
}

/* The virtual addresses of groups that serve, or of those that do not. */
static void list_virtual(struct filler *filler, const struct scene *scene,
	unsigned int which)
{
	const enum balance_family family = which / PORT_STATES;
	const bool is_idle = which % PORT_STATES == PORT_IDLE;

	for (size_t i = 0; i < scene->topology->group_count; i++) {
		const struct address *address = virtual_of(scene, i, family);
		const struct balance_target target = { (uint16_t)i, 0 };
		size_t network = scene->topology->groups[i].network;
		struct nft_value key = { .size = 0 };
		char chain[RULESET_CHAIN_SIZE];

		if (address->family == 0 ||
			!filler_wants(filler,
				(scene->balance->serving[family][i] == 0) ==
					is_idle))
			continue;
		nft_value_link(&key, scene->topology->networks[network].bridge);
		nft_value_address(&key, address);
		ruleset_chain_name(chain, family, &target);
		filler_add(filler, &key, NULL, is_idle ? NULL : chain);
	}
}

static enum which_port state_of(const struct scene *scene,
	const struct topology_port *port, enum balance_family family)
{
	if (port->group == SIZE_MAX)
		return PORT_HOST;
	return scene->balance->serving[family][port->group] > 0 ? PORT_SERVED
								: PORT_IDLE;
}

/* 0.0.0.0 and :: are every address of one family. */
static bool is_every(const struct address *address)
{
	for (size_t i = 0; i < address_size(address); i++) {
		if (address->bytes[i] != 0)
			return false;
	}
	return true;
}

static enum balance_family family_of(const struct address *address)
{
	return address->family == AF_INET ? BALANCE_IPV4 : BALANCE_IPV6;
}

/* One that is served leads to a chain. */
static void add_port(struct filler *filler, struct nft_value *key,
	const struct topology_port *port, enum balance_family family,
	enum which_port state)
{
	const struct balance_target target = {
		.group = (uint16_t)port->group,
		.port = port->target,
	};
	bool has_chain = filler->nft && state == PORT_SERVED;
	char chain[RULESET_CHAIN_SIZE];

	nft_value_u8(key, (uint8_t)port->protocol);
	nft_value_be16(key, port->published);
	if (has_chain)
		ruleset_chain_name(chain, family, &target);
	filler_add(filler, key, NULL, has_chain ? chain : NULL);
}

/* Ports of every address in a family that are in that state. */
static void list_ports_in(struct filler *filler, const struct scene *scene,
	enum balance_family family, enum which_port state)
{
	for (size_t i = 0; i < scene->topology->port_count; i++) {
		const struct topology_port *port = &scene->topology->ports[i];
		struct nft_value key = { .size = 0 };

		if (!is_every(&port->host) ||
			(port->host.family != 0 &&
				family_of(&port->host) != family) ||
			!filler_wants(filler,
				state_of(scene, port, family) == state))
			continue;
		nft_value_u8(&key, nfproto[family]);
		add_port(filler, &key, port, family, state);
	}
}

static void list_ports(struct filler *filler, const struct scene *scene,
	unsigned int state)
{
	list_ports_in(filler, scene, BALANCE_IPV4, state);
	list_ports_in(filler, scene, BALANCE_IPV6, state);
}

/* Ports of one address of the host. */
static void list_bound(struct filler *filler, const struct scene *scene,
	unsigned int which)
{
	const enum balance_family family = which / PORT_STATES;
	const enum which_port state = which % PORT_STATES;

	for (size_t i = 0; i < scene->topology->port_count; i++) {
		const struct topology_port *port = &scene->topology->ports[i];
		struct nft_value key = { .size = 0 };

		if (is_every(&port->host) || family_of(&port->host) != family ||
			!filler_wants(filler,
				state_of(scene, port, family) == state))
			continue;
		nft_value_address(&key, &port->host);
		add_port(filler, &key, port, family, state);
	}
}

/* The addresses of a group, numbered; which: group and family. */
static void list_replicas(struct filler *filler, const struct scene *scene,
	unsigned int which)
{
	const enum balance_family family = which % BALANCE_FAMILIES;
	const size_t group = which / BALANCE_FAMILIES;

	for (uint32_t i = 0; i < scene->balance->serving[family][group]; i++) {
		struct nft_value key = { .size = 0 };
		struct nft_value value = { .size = 0 };

		nft_value_u32(&key, i);
		nft_value_address(&value,
			balance_nth(scene->topology, group, family, i));
		filler_add(filler, &key, &value, NULL);
	}
}

/* A map for each group that has somebody to choose from. */
static void add_replicas(struct nft *nft, const struct scene *scene,
	enum balance_family family)
{
	for (size_t i = 0; i < scene->topology->group_count; i++) {
		const struct balance_target target = { .group = (uint16_t)i };
		char name[RULESET_CHAIN_SIZE];
		const struct set_row row = {
			{ name, { FIELD_NUMBER },
				family == BALANCE_IPV4 ? FIELD_IP_DADDR
						       : FIELD_IP6_DADDR },
			list_replicas,
			(unsigned int)(i * BALANCE_FAMILIES + family),
		};

		if (scene->balance->serving[family][i] < 2)
			continue;
		ruleset_chain_name(name, family, &target);
		ruleset_fill(nft, &row, 1, scene);
	}
}

#define IN4    FIELD_IIFNAME, FIELD_IP_DADDR
#define IN6    FIELD_IIFNAME, FIELD_IP6_DADDR
#define PORT   FIELD_NFPROTO, FIELD_L4PROTO, FIELD_DPORT
#define PORT4  FIELD_IP_DADDR, FIELD_L4PROTO, FIELD_DPORT
#define PORT6  FIELD_IP6_DADDR, FIELD_L4PROTO, FIELD_DPORT
#define IDLE4  BOUND(BALANCE_IPV4, PORT_IDLE)
#define IDLE6  BOUND(BALANCE_IPV6, PORT_IDLE)
#define SERVE4 BOUND(BALANCE_IPV4, PORT_SERVED)
#define SERVE6 BOUND(BALANCE_IPV6, PORT_SERVED)
#define HOST4  BOUND(BALANCE_IPV4, PORT_HOST)
#define HOST6  BOUND(BALANCE_IPV6, PORT_HOST)

/* clang-format off */
static const struct set_row rows[] = {
	{ { "bridges", { FIELD_IIFNAME }, FIELD_END }, list_bridges, NETWORK_ANY },
	{ { "within", { FIELD_IIFNAME, FIELD_OIFNAME }, FIELD_END }, list_within, 0 },
	{ { "internal", { FIELD_IIFNAME }, FIELD_END }, list_bridges, NETWORK_INTERNAL },
	{ { "masqueraded", { FIELD_IIFNAME }, FIELD_END }, list_bridges, NETWORK_MASQUERADED },
	{ { "trusted", { FIELD_IIFNAME }, FIELD_END }, list_bridges, NETWORK_WITH_METADATA },
	{ { "metadata4", { FIELD_IP_DADDR }, FIELD_END }, list_metadata, AF_INET },
	{ { "metadata6", { FIELD_IP6_DADDR }, FIELD_END }, list_metadata, AF_INET6 },
	{ { "gateways4", { IN4 }, FIELD_END }, list_gateways, BALANCE_IPV4 },
	{ { "gateways6", { IN6 }, FIELD_END }, list_gateways, BALANCE_IPV6 },
	{ { "gateway_of4", { FIELD_OIFNAME }, FIELD_IP_DADDR }, list_gateway_of, BALANCE_IPV4 },
	{ { "gateway_of6", { FIELD_OIFNAME }, FIELD_IP6_DADDR }, list_gateway_of, BALANCE_IPV6 },
	{ { "virtual4", { IN4 }, FIELD_VERDICT }, list_virtual, SERVE4 },
	{ { "virtual6", { IN6 }, FIELD_VERDICT }, list_virtual, SERVE6 },
	{ { "idle_virtual4", { IN4 }, FIELD_END }, list_virtual, IDLE4 },
	{ { "idle_virtual6", { IN6 }, FIELD_END }, list_virtual, IDLE6 },
	{ { "ports", { PORT }, FIELD_VERDICT }, list_ports, PORT_SERVED },
	{ { "bound4", { PORT4 }, FIELD_VERDICT }, list_bound, SERVE4 },
	{ { "bound6", { PORT6 }, FIELD_VERDICT }, list_bound, SERVE6 },
	{ { "idle_ports", { PORT }, FIELD_END }, list_ports, PORT_IDLE },
	{ { "idle_bound4", { PORT4 }, FIELD_END }, list_bound, IDLE4 },
	{ { "idle_bound6", { PORT6 }, FIELD_END }, list_bound, IDLE6 },
	{ { "host_ports", { PORT }, FIELD_END }, list_ports, PORT_HOST },
	{ { "host_bound4", { PORT4 }, FIELD_END }, list_bound, HOST4 },
	{ { "host_bound6", { PORT6 }, FIELD_END }, list_bound, HOST6 },
};
/* clang-format on */

void ruleset_inet_sets(struct nft *nft, const struct scene *scene)
{
	ruleset_fill(nft, rows, COUNT(rows), scene);
	add_replicas(nft, scene, BALANCE_IPV4);
	add_replicas(nft, scene, BALANCE_IPV6);
}
