// SPDX-License-Identifier: MIT
/* pools - the subnets of networks */
#include "config/pools.h"

#include <stdbool.h>
#include <sys/socket.h>

#include "config/addresses.h"
#include "config/draft.h"
#include "config/keys.h"
#include "config/node.h"
#include "config/reader.h"
#include "config/schema.h"
#include "config/walk.h"
#include "lib/address.h"
#include "lib/text.h"

#define RESERVED_MAX 256

enum pool_length { /* of subnets: a gateway, a container, and the world */
	IPV4_LENGTH_MIN = 8,
	IPV4_LENGTH_MAX = 30,
	IPV6_LENGTH_MIN = 16,
	IPV6_LENGTH_MAX = 126,
};

/* IANA's special-purpose registries (RFC 6890) */
static const struct {
	const char *prefix;
	const char *what;
} special[] = {
	{ "0.0.0.0/8", "means this machine" },
	{ "127.0.0.0/8", "is the loopback's" },
	{ "169.254.0.0/16", "is for addresses of one link" },
	{ "224.0.0.0/4", "is for multicast" },
	{ "240.0.0.0/4", "is not for use" },
	{ "::/16", "means this machine" },
	{ "fe80::/10", "is for addresses of one link" },
	{ "ff00::/8", "is for multicast" },
};

static const char *find_special(const struct prefix *subnet)
{
	for (size_t i = 0; i < sizeof(special) / sizeof(special[0]); i++) {
		struct prefix other;

		if (prefix_parse(special[i].prefix, &other) == 0 &&
			prefix_overlaps(&other, subnet))
			return special[i].what;
	}
	return NULL;
}

void read_subnet(struct reader *reader, const struct node *node, void *base)
{
	struct draft_pool *draft = base;
	struct prefix subnet = { 0 };
	bool is_ipv4;
	unsigned int min, max;
	const char *what;

	draft->has_subnet = true;
	if (!subnet_read(reader, node, &subnet))
		return;
	is_ipv4 = subnet.address.family == AF_INET;
	min = is_ipv4 ? IPV4_LENGTH_MIN : IPV6_LENGTH_MIN;
	max = is_ipv4 ? IPV4_LENGTH_MAX : IPV6_LENGTH_MAX;
	what = find_special(&subnet);
	if (subnet.length > max)
		reader_error(reader, node->mark,
			"'/%u' has no room for a gateway and containers, write '/%u' or less",
			subnet.length, max);
	else if (subnet.length < min)
		reader_error(reader, node->mark,
			"'/%u' is too large a part of the world, write '/%u' or more",
			subnet.length, min);
	else if (what)
		reader_error(reader, node->mark,
			"'%.60s' %s; write a private one, such as %s",
			node->text, what,
			is_ipv4 ? "172.20.0.0/16" : "fd00:20::/64");
	else
		draft->pool.subnet = subnet;
}

void read_gateway(struct reader *reader, const struct node *node, void *base)
{
	struct draft_pool *draft = base;

	draft->gateway_mark = node->mark;
	(void)address_read(reader, node, 0, &draft->pool.gateway);
}

void read_ip_range(struct reader *reader, const struct node *node, void *base)
{
	struct draft_pool *draft = base;

	draft->range_mark = node->mark;
	(void)subnet_read(reader, node, &draft->pool.ip_range);
}

/* A map of names, which mean nothing, to addresses. */
void read_aux_addresses(struct reader *reader, const struct node *node,
	void *base)
{
	struct draft_pool *draft = base;
	struct address *reserved;

	if (!reader_is_map(reader, node, "a map, such as {router: 172.20.0.2}"))
		return;
	if (node->count > RESERVED_MAX) {
		reader_error(reader, node->mark,
			"there are %zu addresses, the limit is %d", node->count,
			RESERVED_MAX);
		return;
	}
	draft->aux = node;
	reserved = reader_alloc(reader, node->count, sizeof(*reserved));
	draft->pool.reserved = reserved;
	for (const struct entry *e = node->first; e && reserved; e = e->next) {
		size_t path = reader_push(reader, e->key);

		/* one that is none stays in the list, as no address */
		(void)address_read(reader, e->value, 0,
			&reserved[draft->pool.reserved_count++]);
		reader_pop(reader, path);
	}
}

/* What keeps it from being that of a host in the subnet, or NULL. */
static const char *subnet_refuses(const struct prefix *subnet,
	const struct address *address)
{
	if (address->family != subnet->address.family)
		return "is not of the family of the subnet";
	if (!prefix_contains(subnet, address))
		return "is not in the subnet";
	if (address_is_end(&(struct prefix){ *address, subnet->length }))
		return "is the address of the whole subnet, or its broadcast address";
	return NULL;
}

static void say_refused(struct reader *reader, struct mark mark,
	const struct prefix *subnet, const struct address *address)
{
	const char *wrong = subnet_refuses(subnet, address);
	char text[ADDRESS_TEXT_SIZE];
	char in[PREFIX_TEXT_SIZE];

	if (address->family == 0 || !wrong)
		return;
	reader_error(reader, mark, "'%s' %s, write another of '%s'",
		address_print(address, text), wrong, prefix_print(subnet, in));
}

/* What the parts of a pool say against each other. */
static void check_pool(struct reader *reader, const struct draft_pool *draft)
{
	const struct network_pool *pool = &draft->pool;
	const struct prefix *range = &pool->ip_range;
	char subnet[PREFIX_TEXT_SIZE];
	size_t path = reader_push(reader, "gateway");
	size_t index = 0;

	say_refused(reader, draft->gateway_mark, &pool->subnet, &pool->gateway);
	reader_pop(reader, path);

	path = reader_push(reader, "ip_range");
	if (range->address.family != 0 &&
		(range->length < pool->subnet.length ||
			!prefix_overlaps(range, &pool->subnet)))
		reader_error(reader, draft->range_mark,
			"this range is not in the subnet, write a part of '%s'",
			prefix_print(&pool->subnet, subnet));
	reader_pop(reader, path);

	path = reader_push(reader, "aux_addresses");
	for (const struct entry *e = draft->aux ? draft->aux->first : NULL; e;
		e = e->next) {
		if (index < pool->reserved_count)
			say_refused(reader, e->value->mark, &pool->subnet,
				&pool->reserved[index]);
		index++;
	}
	reader_pop(reader, path);
}

static void add_pool(struct reader *reader, struct draft_network *network,
	const struct draft_pool *draft)
{
	struct network_pool *grown;

	for (size_t i = 0; i < network->pool_count; i++) {
		const struct network_pool *old = &network->pools[i];

		if (old->subnet.address.family !=
			draft->pool.subnet.address.family)
			continue;
		reader_error(reader, draft->pool.mark,
			"the network has a subnet of this family already, at line %u, column %u; declare another network",
			old->mark.line, old->mark.column);
		return;
	}
	grown = reader_grow(reader, network->pools, network->pool_count,
		sizeof(*grown));
	if (!grown)
		return;
	grown[network->pool_count++] = draft->pool;
	network->pools = grown;
}

static void read_pool(struct reader *reader, const struct node *node,
	struct draft_network *network)
{
	struct draft_pool draft = { .pool.mark = node->mark };

	if (!reader_is_map(reader, node,
		    "a map, such as {subnet: 172.20.0.0/16}"))
		return;
	walk_map(reader, node, &schema_pool, &draft);
	if (!draft.has_subnet && node->count > 0)
		reader_error(reader, node->mark,
			"the key 'subnet' is missing, write one such as 172.20.0.0/16");
	if (draft.pool.subnet.address.family == 0)
		return;
	check_pool(reader, &draft);
	add_pool(reader, network, &draft);
}

void read_pools(struct reader *reader, const struct node *node, void *base)
{
	size_t index = 0;

	if (!reader_is_list(reader, node,
		    "a list, such as [{subnet: 172.20.0.0/16}]"))
		return;
	for (const struct entry *e = node->first; e; e = e->next) {
		size_t path = reader_push_index(reader, index++);

		read_pool(reader, e->value, base);
		reader_pop(reader, path);
	}
}

void pools_check(struct reader *reader, const struct draft_network *network)
{
	for (size_t i = 0; i < network->pool_count; i++) {
		const struct network_pool *pool = &network->pools[i];
		bool is_ipv4 = pool->subnet.address.family == AF_INET;

		if (is_ipv4 ? network->network.has_ipv4
			    : network->network.has_ipv6)
			continue;
		reader_error(reader, pool->mark,
			"the network has no %s addresses, write 'enable_%s: true' or remove the subnet",
			is_ipv4 ? "IPv4" : "IPv6", is_ipv4 ? "ipv4" : "ipv6");
	}
}

/* The first pool of a network before `end` that overlaps with `pool`. */
static const struct network_pool *find_overlap(const struct draft *draft,
	size_t end, const struct network_pool *pool, const char **name)
{
	for (size_t i = 0; i < end; i++) {
		const struct draft_network *other = &draft->networks[i];

		for (size_t k = 0; k < other->pool_count; k++) {
			if (!prefix_overlaps(&other->pools[k].subnet,
				    &pool->subnet))
				continue;
			*name = other->network.name;
			return &other->pools[k];
		}
	}
	return NULL;
}

static void check_overlap(struct reader *reader, const struct draft *draft,
	size_t index, const struct network_pool *pool)
{
	char one[PREFIX_TEXT_SIZE];
	char two[PREFIX_TEXT_SIZE];
	const char *name = NULL;
	const struct network_pool *other =
		find_overlap(draft, index, pool, &name);

	if (!other)
		return;
	reader_push(reader, "networks");
	reader_push(reader, draft->networks[index].network.name);
	reader_push(reader, "ipam.config");
	reader_error(reader, pool->mark,
		"'%s' overlaps with '%s' of the network '%s', at line %u, column %u; write another subnet in one of them",
		prefix_print(&pool->subnet, one),
		prefix_print(&other->subnet, two), name, other->mark.line,
		other->mark.column);
	reader_pop(reader, 0);
}

void pools_check_all(struct reader *reader, const struct draft *draft)
{
	for (size_t i = 0; i < draft->network_count; i++) {
		const struct draft_network *network = &draft->networks[i];

		for (size_t k = 0; k < network->pool_count; k++)
			check_overlap(reader, draft, i, &network->pools[k]);
	}
}

const struct network_pool *pool_find(const struct network *network, int family)
{
	for (size_t i = 0; i < network->pool_count; i++) {
		if (network->pools[i].subnet.address.family == family)
			return &network->pools[i];
	}
	return NULL;
}

const char *pool_refuses(const struct network_pool *pool,
	const struct address *address)
{
	const char *wrong = subnet_refuses(&pool->subnet, address);
	struct address gateway = pool->gateway;

	if (wrong)
		return wrong;
	if (gateway.family == 0)
		(void)prefix_nth(&pool->subnet, 1, &gateway);
	if (address_compare(&gateway, address) == 0)
		return pool->gateway.family
			       ? "is the gateway"
			       : "is the gateway, as the first of the subnet when no 'gateway:' is declared";
	for (size_t i = 0; i < pool->reserved_count; i++) {
		if (address_compare(&pool->reserved[i], address) == 0)
			return "is one of the 'aux_addresses:'";
	}
	return NULL;
}
