// SPDX-License-Identifier: MIT
/*
 * link_network - bridges and their addresses
 *
 * In rounds: what is there is read, what differs is set in one batch, and so
 * on until nothing differs. So the addresses of a bridge that was made in one
 * round are set in the next, and one that went with another is seen to be gone.
 */
#include <errno.h>
#include <linux/if_link.h>
#include <linux/rtnetlink.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>

#include "lib/arena.h"
#include "lib/error.h"
#include "lib/fd.h"
#include "lib/text.h"
#include "net/link.h"
#include "net/link_parts.h"
#include "net/topology.h"

#define ROUNDS_MAX    8
#define MESSAGE_BYTES 512 /* of the largest message, and more */
#define ADDRESS_BYTES 96  /* of one of an address */
#define REMOVALS_MAX  512 /* of one round; others are the next one's */

enum bridge_state {
	BRIDGE_MISSING,
	BRIDGE_FOREIGN,
	BRIDGE_THERE,
};

/* A network of the topology that has a bridge, and the bridge. */
struct bridge {
	const struct topology_network *network;
	enum bridge_state state;
	int index;
};

/* An address that a bridge is to have. */
struct wanted {
	size_t bridge; /* index in the round's */
	struct prefix prefix;
	bool is_there;
};

/* What a message of the batch does: "make bridge", of which network. */
struct change {
	const char *doing;
	const struct bridge *bridge; /* NULL: of no network any longer */
};

struct round {
	int fd;
	struct bridge *bridges; /* sorted by name */
	size_t bridge_count;
	struct wanted *wanted; /* sorted */
	size_t wanted_count;
	struct netlink_batch batch;
	struct change *changes; /* of each message */
	size_t change_max;
	struct error *err;
	int result; /* the first failure */
};

/* ---- the batch ----------------------------------------------------------- */

/* False: it is full; the next round goes on. */
static bool begin_change(struct round *round, const char *doing,
	const struct bridge *bridge)
{
	struct netlink_batch *batch = &round->batch;

	if (batch->size - batch->used < MESSAGE_BYTES ||
		batch->count == round->change_max)
		return false;
	round->changes[batch->count] = (struct change){ doing, bridge };
	return true;
}

static void fail(struct round *round, int code, const struct change *change)
{
	const struct topology_network *network =
		change->bridge ? change->bridge->network : NULL;

	if (round->result < 0)
		return;
	round->result = code;
	if (network)
		(void)error_set(round->err, code, "%s '%s' of network '%s': %s",
			change->doing, network->bridge, network->name,
			strerror(-code));
	else
		(void)error_set(round->err, code, "%s: %s", change->doing,
			strerror(-code));
}

/* ---- bridges ------------------------------------------------------------- */

static int compare_bridges(const void *a, const void *b)
{
	const struct bridge *left = a;
	const struct bridge *right = b;

	return strcmp(left->network->bridge, right->network->bridge);
}

static int compare_name(const void *key, const void *element)
{
	const struct bridge *bridge = element;

	return strcmp(key, bridge->network->bridge);
}

static uint32_t mtu_of(const struct bridge *bridge)
{
	return bridge->network->mtu ? bridge->network->mtu : LINK_MTU;
}

/* While it has a spanning tree, no delay can be 0: that is the next round's. */
static void add_kind(struct netlink_batch *batch, bool has_stp)
{
	size_t info = netlink_nest(batch, IFLA_LINKINFO);
	size_t data;

	netlink_add_string(batch, IFLA_INFO_KIND, "bridge");
	data = netlink_nest(batch, IFLA_INFO_DATA);
	if (has_stp)
		netlink_add_u32(batch, IFLA_BR_STP_STATE, 0);
	else
		netlink_add_u32(batch, IFLA_BR_FORWARD_DELAY, 0);
	netlink_close(batch, data);
	netlink_close(batch, info);
}

/* What else it needs differs from what it is, and the next round sees it. */
static void make_bridge(struct round *round, const struct bridge *bridge)
{
	const struct ifinfomsg info = { .ifi_family = AF_UNSPEC };
	struct netlink_batch *batch = &round->batch;
	uint8_t mac[6];

	if (!begin_change(round, "make bridge", bridge))
		return;
	link_make_mac(mac, bridge->network->bridge);
	netlink_begin(batch, RTM_NEWLINK, NLM_F_CREATE | NLM_F_EXCL, &info,
		sizeof(info));
	netlink_add_string(batch, IFLA_IFNAME, bridge->network->bridge);
	netlink_add(batch, IFLA_ADDRESS, mac, sizeof(mac));
	add_kind(batch, false);
}

static void set_bridge(struct round *round, const struct bridge *bridge,
	const struct link_found *is)
{
	const struct ifinfomsg info = { .ifi_index = is->index,
		.ifi_flags = IFF_UP,
		.ifi_change = IFF_UP };
	struct netlink_batch *batch = &round->batch;
	bool has_kind = !is->has_stp && is->forward_delay == 0;
	char alias[LINK_ALIAS_SIZE];
	uint8_t mac[6];

	link_make_mac(mac, bridge->network->bridge);
	link_make_alias(alias, bridge->network->name);
	if ((is->flags & IFF_UP) && is->mtu == mtu_of(bridge) && has_kind &&
		memcmp(is->mac, mac, sizeof(mac)) == 0 &&
		text_equal(is->alias, alias))
		return;
	if (!begin_change(round, "set up bridge", bridge))
		return;
	netlink_begin(batch, RTM_NEWLINK, 0, &info, sizeof(info));
	netlink_add(batch, IFLA_ADDRESS, mac, sizeof(mac));
	netlink_add_u32(batch, IFLA_MTU, mtu_of(bridge));
	netlink_add_string(batch, IFLA_IFALIAS, alias);
	if (!has_kind)
		add_kind(batch, is->has_stp);
}

static void see_link(const struct nlmsghdr *message, void *context)
{
	struct round *round = context;
	struct bridge *bridge;
	struct link_found link;

	if (!link_parse(message, &link))
		return;
	bridge = bsearch(link.name, round->bridges, round->bridge_count,
		sizeof(*bridge), compare_name);
	if (bridge && link_is_bridge(&link)) {
		bridge->state = BRIDGE_THERE;
		bridge->index = link.index;
		set_bridge(round, bridge, &link);
	} else if (bridge) {
		bridge->state = BRIDGE_FOREIGN;
	} else if (link_is_bridge(&link) &&
		   begin_change(round, "remove a bridge", NULL)) {
		link_add_removal(&round->batch, link.index);
	}
}

/* Links that are no bridges may have their names. */
static void find_foreign(struct round *round)
{
	for (size_t i = 0; i < round->bridge_count; i++) {
		struct bridge *bridge = &round->bridges[i];

		if (bridge->state == BRIDGE_MISSING &&
			if_nametoindex(bridge->network->bridge) > 0)
			bridge->state = BRIDGE_FOREIGN;
	}
}

/* ---- addresses ----------------------------------------------------------- */

static int compare_wanted(const void *a, const void *b)
{
	const struct wanted *left = a;
	const struct wanted *right = b;

	if (left->bridge != right->bridge)
		return left->bridge < right->bridge ? -1 : 1;
	return address_compare(&left->prefix.address, &right->prefix.address);
}

/*
 * A virtual address is deprecated (RFC 4862, 5.5.4): who connects to a container
 * does not choose it for its own, as the longest prefix would make it.
 */
static void add_address(struct netlink_batch *batch, unsigned int type,
	int index, const struct prefix *prefix)
{
	static const struct ifa_cacheinfo deprecated = {
		.ifa_prefered = 0,
		.ifa_valid = UINT32_MAX,
	};
	const struct address *address = &prefix->address;
	const struct ifaddrmsg info = { .ifa_family = address->family,
		.ifa_prefixlen = prefix->length,
		.ifa_index = (uint32_t)index };

	netlink_begin(batch, type,
		type == RTM_NEWADDR ? NLM_F_CREATE | NLM_F_EXCL : 0, &info,
		sizeof(info));
	netlink_add(batch, IFA_LOCAL, address->bytes, address_size(address));
	if (type == RTM_NEWADDR)
		netlink_add(batch, IFA_ADDRESS, address->bytes,
			address_size(address));
	if (type != RTM_NEWADDR || address->family != AF_INET6)
		return;
	/* nobody else has it; and without a port nobody could say so */
	netlink_add_u32(batch, IFA_FLAGS, IFA_F_NODAD);
	if (prefix->length == 128)
		netlink_add(batch, IFA_CACHEINFO, &deprecated,
			sizeof(deprecated));
}

static bool parse_address(const struct nlmsghdr *message, struct prefix *out,
	struct ifaddrmsg *info)
{
	const struct nlattr *table[IFA_MAX + 1];
	const struct nlattr *own;

	if (!link_read_body(message, RTM_NEWADDR, info, sizeof(*info)))
		return false;
	netlink_parse(message, sizeof(*info), table, IFA_MAX + 1);
	own = table[IFA_LOCAL] ? table[IFA_LOCAL] : table[IFA_ADDRESS];
	*out = (struct prefix){ .address.family = info->ifa_family,
		.length = info->ifa_prefixlen };
	if (info->ifa_family != AF_INET && info->ifa_family != AF_INET6)
		return false;
	if (netlink_size(own) != address_size(&out->address))
		return false;
	memcpy(out->address.bytes, netlink_data(own), netlink_size(own));
	return true;
}

static void see_address(const struct nlmsghdr *message, void *context)
{
	struct round *round = context;
	struct ifaddrmsg info;
	struct wanted like = { .bridge = 0 };
	struct wanted *found;

	/* those of the link are the kernel's own */
	if (!parse_address(message, &like.prefix, &info) ||
		(info.ifa_family == AF_INET6 &&
			info.ifa_scope == RT_SCOPE_LINK))
		return;
	while (like.bridge < round->bridge_count &&
		(round->bridges[like.bridge].state != BRIDGE_THERE ||
			round->bridges[like.bridge].index !=
				(int)info.ifa_index))
		like.bridge++;
	if (like.bridge == round->bridge_count)
		return;
	found = bsearch(&like, round->wanted, round->wanted_count,
		sizeof(*found), compare_wanted);
	if (found && found->prefix.length == like.prefix.length)
		found->is_there = true;
	else if (begin_change(round, "take an address from bridge",
			 &round->bridges[like.bridge]))
		add_address(&round->batch, RTM_DELADDR, (int)info.ifa_index,
			&like.prefix);
}

static int dump_addresses(struct round *round)
{
	const struct ifaddrmsg info = { .ifa_family = AF_UNSPEC };
	unsigned char request[64] __attribute__((aligned(8)));
	struct netlink_batch batch;

	netlink_init(&batch, request, sizeof(request));
	netlink_begin(&batch, RTM_GETADDR, NLM_F_DUMP, &info, sizeof(info));
	return netlink_ask(round->fd, &batch, see_address, round);
}

static void want(struct round *round, size_t bridge,
	const struct address *address, uint8_t length)
{
	if (address->family)
		round->wanted[round->wanted_count++] = (struct wanted){
			.bridge = bridge,
			.prefix = { *address, length },
		};
}

/* ---- rounds -------------------------------------------------------------- */

static size_t find_bridge(const struct round *round,
	const struct topology_network *network)
{
	size_t at = 0;

	while (at < round->bridge_count &&
		round->bridges[at].network != network)
		at++;
	return at;
}

static void collect(struct round *round, const struct topology *topology)
{
	for (size_t i = 0; i < topology->network_count; i++) {
		if (topology->networks[i].driver == TOPOLOGY_BRIDGE)
			round->bridges[round->bridge_count++].network =
				&topology->networks[i];
	}
	qsort(round->bridges, round->bridge_count, sizeof(*round->bridges),
		compare_bridges);
	for (size_t i = 0; i < round->bridge_count; i++) {
		const struct topology_network *network =
			round->bridges[i].network;

		want(round, i, &network->gateway4, network->subnet4.length);
		want(round, i, &network->gateway6, network->subnet6.length);
	}
	for (size_t i = 0; i < topology->group_count; i++) {
		const struct topology_group *group = &topology->groups[i];
		size_t at =
			find_bridge(round, &topology->networks[group->network]);

		if (at == round->bridge_count)
			continue;
		want(round, at, &group->virtual4, 32);
		want(round, at, &group->virtual6, 128);
	}
	qsort(round->wanted, round->wanted_count, sizeof(*round->wanted),
		compare_wanted);
}

static void add_missing(struct round *round)
{
	for (size_t i = 0; i < round->bridge_count; i++) {
		const struct bridge *bridge = &round->bridges[i];
		const struct change change = { "make bridge", bridge };

		if (bridge->state == BRIDGE_MISSING)
			make_bridge(round, bridge);
		else if (bridge->state == BRIDGE_FOREIGN)
			fail(round, -EEXIST, &change);
	}
	for (size_t i = 0; i < round->wanted_count; i++) {
		const struct wanted *wanted = &round->wanted[i];
		const struct bridge *bridge = &round->bridges[wanted->bridge];

		if (!wanted->is_there && bridge->state == BRIDGE_THERE &&
			begin_change(round, "give an address to bridge",
				bridge))
			add_address(&round->batch, RTM_NEWADDR, bridge->index,
				&wanted->prefix);
	}
}

/* Reads what is there, and makes the batch of what differs. */
static int look(struct round *round)
{
	int result;

	for (size_t i = 0; i < round->bridge_count; i++)
		round->bridges[i].state = BRIDGE_MISSING;
	for (size_t i = 0; i < round->wanted_count; i++)
		round->wanted[i].is_there = false;
	netlink_init(&round->batch, round->batch.data, round->batch.size);
	result = link_dump_bridges(round->fd, see_link, round);
	find_foreign(round);
	if (result == 0)
		result = dump_addresses(round);
	if (result == 0)
		add_missing(round);
	return result;
}

/* 1: something was changed, or changed by itself. */
static int go_round(struct round *round)
{
	const struct change reading = { "read links and addresses", NULL };
	size_t failed = 0;
	int result = look(round);

	if (result == -EINTR)
		return 1;
	if (result < 0) {
		fail(round, result, &reading);
		return result;
	}
	if (round->batch.count == 0)
		return 0;
	result = link_commit(round->fd, &round->batch, &failed);
	/* gone by itself, maybe with another: the next round sees */
	if (result < 0 && result != -ENODEV && result != -EADDRNOTAVAIL)
		fail(round, result, &round->changes[failed]);
	return 1;
}

static int init_round(struct round *round, const struct topology *topology,
	struct arena *arena)
{
	size_t wanted = 2 * (topology->network_count + topology->group_count);
	size_t size = MESSAGE_BYTES * (topology->network_count + 1) +
		      ADDRESS_BYTES * (wanted + REMOVALS_MAX);
	unsigned char *data = arena_alloc(arena, size);

	round->change_max = topology->network_count + wanted + REMOVALS_MAX;
	round->bridges = arena_array(arena, topology->network_count,
		sizeof(*round->bridges));
	round->wanted = arena_array(arena, wanted, sizeof(*round->wanted));
	round->changes =
		arena_array(arena, round->change_max, sizeof(*round->changes));
	if (!data || !round->bridges || !round->wanted || !round->changes)
		return error_set(round->err, -ENOMEM,
			"set up networks: no memory");
	netlink_init(&round->batch, data, size);
	collect(round, topology);
	return 0;
}

/* Ports that are published at ::1; see link_parts.h. */
static void route_loopbacks(struct round *round)
{
	for (size_t i = 0; i < round->bridge_count; i++) {
		const struct bridge *bridge = &round->bridges[i];
		int result = 0;

		if (bridge->state == BRIDGE_THERE &&
			bridge->network->gateway6.family)
			result = link_route_loopback(bridge->index);
		if (result < 0 && round->result == 0)
			round->result = error_set(round->err, result,
				"route '::1' to bridge '%s' of network '%s': %s",
				bridge->network->bridge, bridge->network->name,
				strerror(-result));
	}
}

static void set_sysctls(struct round *round)
{
	for (size_t i = 0; i < round->bridge_count; i++) {
		const char *name = round->bridges[i].network->bridge;
		struct error reason = { .code = 0 };

		if (round->bridges[i].state == BRIDGE_THERE &&
			link_set_bridge_sysctls(name, &reason) < 0 &&
			round->result == 0)
			round->result = error_set(round->err, reason.code,
				"set up bridge '%s' of network '%s': %s", name,
				round->bridges[i].network->name, reason.text);
	}
}

int link_apply_networks(const struct topology *topology, struct error *err)
{
	auto_arena arena = { 0 };
	auto_fd fd = netlink_open(NETLINK_ROUTE, err);
	struct round round = { .fd = fd, .err = err };
	int result = fd < 0 ? fd : init_round(&round, topology, &arena);

	if (result == 0)
		result = link_make_router(err);
	if (result < 0)
		return result;
	result = 1;
	for (int i = 0; i < ROUNDS_MAX && result > 0; i++)
		result = go_round(&round);
	set_sysctls(&round);
	route_loopbacks(&round);
	if (result > 0 && round.result == 0)
		return error_set(err, -EAGAIN,
			"set up bridges: somebody else changes them");
	return round.result;
}
