// SPDX-License-Identifier: MIT
/* subnet_conflicts - where interfaces of the machine and networks lead to */
#include "config/subnet_conflicts.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdlib.h>

#include "config/addresses.h"
#include "config/draft.h"
#include "config/reader.h"
#include "lib/address.h"

/* A route that is this wide is a way out, not a place: 0.0.0.0/1, 2000::/3. */
#define WAY_OUT_MAX 7

enum claim_kind {
	CLAIM_ADDRESS, /* the subnet that an address is in */
	CLAIM_ROUTE,
	CLAIM_PEER, /* netd makes a route of each of allowed_ips */
};

/* A subnet that an interface of the machine leads to. */
struct claim {
	enum claim_kind kind;
	struct prefix prefix; /* as it was written */
	struct prefix subnet;
	const char *link;
	struct mark mark;
	size_t order;
};

struct claims {
	struct claim *items; /* in the order of the file, later by subnet */
	size_t count;
};

static void add(struct claims *claims, enum claim_kind kind,
	const struct prefix *prefix, const struct draft_host_link *link,
	struct mark mark)
{
	if (prefix->address.family == 0 ||
		(kind != CLAIM_ADDRESS && prefix->length <= WAY_OUT_MAX))
		return;
	claims->items[claims->count] = (struct claim){ kind, *prefix,
		subnet_of(prefix), link->link.name, mark, claims->count };
	claims->count++;
}

static void add_peer(struct claims *claims, const struct draft_host_link *link,
	const struct host_peer *peer)
{
	for (size_t i = 0; i < peer->allowed_count; i++) {
		struct prefix prefix = { 0 };

		if (peer->allowed[i] &&
			prefix_parse(peer->allowed[i], &prefix) == 0)
			add(claims, CLAIM_PEER, &prefix, link, peer->mark);
	}
}

static void add_link(struct claims *claims, const struct draft_host_link *draft)
{
	const struct host_link *link = &draft->link;

	for (size_t i = 0; i < link->address_count; i++)
		add(claims, CLAIM_ADDRESS, &link->addresses[i], draft,
			draft->address_marks[i]);
	for (size_t i = 0; i < link->route_count; i++)
		add(claims, CLAIM_ROUTE, &link->routes[i].to, draft,
			link->routes[i].mark);
	for (size_t i = 0; i < link->peer_count; i++)
		add_peer(claims, draft, &link->peers[i]);
}

static void collect(struct reader *reader, const struct draft *draft,
	struct claims *claims)
{
	size_t count = 0;

	for (size_t i = 0; i < draft->host_link_count; i++) {
		const struct draft_host_link *link = &draft->host_links[i];

		count += link->link.address_count + link->link.route_count +
			 link->allowed_count;
	}
	claims->items =
		reader_alloc_tree(reader, count, sizeof(*claims->items));
	for (size_t i = 0; claims->items && i < draft->host_link_count; i++)
		add_link(claims, &draft->host_links[i]);
}

/* ---- networks of services ------------------------------------------------ */

/* Would the claim take packets away from workloads? */
static bool is_worse(const struct claim *claim, const struct prefix *subnet)
{
	return claim->kind == CLAIM_ADDRESS ||
	       claim->prefix.length >= subnet->length;
}

/* The worst of those that overlap, of equal ones the first; or NULL. */
static const struct claim *find_claim(const struct claims *claims,
	const struct prefix *subnet)
{
	const struct claim *found = NULL;

	for (size_t i = 0; i < claims->count; i++) {
		const struct claim *claim = &claims->items[i];

		if (!prefix_overlaps(&claim->prefix, subnet))
			continue;
		if (is_worse(claim, subnet))
			return claim;
		if (!found)
			found = claim;
	}
	return found;
}

static void report_pool(struct reader *reader, const struct network_pool *pool,
	const struct claim *claim)
{
	static const char *const whose[] = {
		[CLAIM_ADDRESS] = "of",
		[CLAIM_ROUTE] = "of a route of",
		[CLAIM_PEER] = "of a peer of",
	};
	char one[PREFIX_TEXT_SIZE];
	char two[PREFIX_TEXT_SIZE];

	prefix_print(&pool->subnet, one);
	prefix_print(&claim->prefix, two);
	if (is_worse(claim, &pool->subnet))
		reader_error(reader, pool->mark,
			"'%s' overlaps with '%s' %s the machine's '%s', at line %u, column %u; write another subnet",
			one, two, whose[claim->kind], claim->link,
			claim->mark.line, claim->mark.column);
	else
		reader_warn(reader, pool->mark,
			"'%s' is in '%s' %s the machine's '%s', at line %u, column %u, and what has such an address outside cannot be reached; write another subnet",
			one, two, whose[claim->kind], claim->link,
			claim->mark.line, claim->mark.column);
}

static void check_network(struct reader *reader, const struct claims *claims,
	const struct draft_network *network)
{
	for (size_t i = 0; i < network->pool_count; i++) {
		const struct network_pool *pool = &network->pools[i];
		const struct claim *claim = find_claim(claims, &pool->subnet);

		if (!claim)
			continue;
		reader_push(reader, "networks");
		reader_push(reader, network->network.name);
		reader_push(reader, "ipam.config");
		report_pool(reader, pool, claim);
		reader_pop(reader, 0);
	}
}

/* ---- interfaces ---------------------------------------------------------- */

static bool is_host(const struct prefix *prefix)
{
	return prefix->length == 8 * address_size(&prefix->address);
}

/* Do two addresses share a subnet, of which one may be a part of the other? */
static bool shares_subnet(const struct claim *old, const struct claim *new)
{
	return old->kind == CLAIM_ADDRESS && new->kind == CLAIM_ADDRESS &&
	       !is_host(&old->prefix) && !is_host(&new->prefix) &&
	       !address_is_of_link(&new->prefix.address) &&
	       address_compare(&old->prefix.address, &new->prefix.address) !=
		       0 && /* that is reported as an address twice */
	       prefix_overlaps(&old->prefix, &new->prefix);
}

static void report_pair(struct reader *reader, const struct claim *new,
	const struct claim *old)
{
	static const char *const keys[] = {
		[CLAIM_ADDRESS] = "address",
		[CLAIM_ROUTE] = "routes",
		[CLAIM_PEER] = "wireguard.peers",
	};
	char one[PREFIX_TEXT_SIZE];
	char two[PREFIX_TEXT_SIZE];

	prefix_print(&new->prefix, one);
	prefix_print(&old->prefix, two);
	reader_push(reader, "host.network");
	reader_push(reader, new->link);
	reader_push(reader, keys[new->kind]);
	if (old->kind == CLAIM_PEER)
		reader_warn(reader, new->mark,
			"'%s' is behind a peer of '%s' already, at line %u, column %u, and packets to it leave by one of the two only; remove one of them",
			one, old->link, old->mark.line, old->mark.column);
	else if (new->kind == CLAIM_ADDRESS)
		reader_warn(reader, new->mark,
			"'%s' is in one subnet with '%s' of '%s', at line %u, column %u, and packets to it leave by one of the two only; write an address of another subnet, or make a bond of both",
			one, two, old->link, old->mark.line, old->mark.column);
	else
		reader_warn(reader, new->mark,
			"'%s' is the subnet that '%s' is in, at line %u, column %u, and packets to it leave by one of the two only; remove one of them",
			one, old->link, old->mark.line, old->mark.column);
	reader_pop(reader, 0);
}

/* Of each address, the first of another interface in its subnet. */
static void check_addresses(struct reader *reader, const struct claims *claims)
{
	for (size_t i = 0; i < claims->count; i++) {
		const struct claim *claim = &claims->items[i];
		size_t k = claim->kind == CLAIM_ADDRESS ? 0 : i;

		while (k < i &&
			(claims->items[k].link == claim->link ||
				!shares_subnet(&claims->items[k], claim)))
			k++;
		if (k < i)
			report_pair(reader, claim, &claims->items[k]);
	}
}

/* By subnet, those with the same in the order of the file. */
static int compare(const void *a, const void *b)
{
	const struct claim *one = a;
	const struct claim *two = b;
	int result =
		address_compare(&one->subnet.address, &two->subnet.address);

	if (result == 0)
		result = one->subnet.length - two->subnet.length;
	if (result == 0)
		result = one->order < two->order ? -1 : 1;
	return result;
}

/* The first one, and the first one of another interface. */
struct firsts {
	const struct claim *items[2];
};

static void remember(struct firsts *firsts, const struct claim *claim)
{
	if (!firsts->items[0])
		firsts->items[0] = claim;
	else if (!firsts->items[1] && firsts->items[0]->link != claim->link)
		firsts->items[1] = claim;
}

static const struct claim *first_elsewhere(const struct firsts *firsts,
	const struct claim *claim)
{
	bool is_other =
		firsts->items[0] && firsts->items[0]->link != claim->link;

	return firsts->items[is_other ? 0 : 1];
}

/* Routes and peers that lead where another interface is, or its peers. */
static void check_same(struct reader *reader, const struct claim *claims,
	size_t count)
{
	struct firsts addresses = { { NULL, NULL } };
	struct firsts peers = { { NULL, NULL } };

	for (size_t i = 0; i < count; i++) {
		if (claims[i].kind == CLAIM_ADDRESS &&
			!is_host(&claims[i].prefix))
			remember(&addresses, &claims[i]);
		else if (claims[i].kind == CLAIM_PEER)
			remember(&peers, &claims[i]);
	}
	for (size_t i = 0; i < count; i++) {
		const struct claim *other =
			first_elsewhere(&addresses, &claims[i]);

		if (claims[i].kind == CLAIM_ADDRESS)
			continue;
		if (!other && claims[i].kind == CLAIM_PEER)
			other = first_elsewhere(&peers, &claims[i]);
		if (other &&
			(other->kind == CLAIM_ADDRESS || other < &claims[i]))
			report_pair(reader, &claims[i], other);
	}
}

static void check_routes(struct reader *reader, const struct claims *claims)
{
	for (size_t first = 0, next; first < claims->count; first = next) {
		const struct prefix *subnet = &claims->items[first].subnet;

		next = first + 1;
		while (next < claims->count &&
			claims->items[next].subnet.length == subnet->length &&
			address_compare(&claims->items[next].subnet.address,
				&subnet->address) == 0)
			next++;
		check_same(reader, &claims->items[first], next - first);
	}
}

void subnet_conflicts_check(struct reader *reader, const struct draft *draft)
{
	struct claims claims = { 0 };

	collect(reader, draft, &claims);
	check_addresses(reader, &claims);
	for (size_t i = 0; i < draft->network_count; i++) {
		const struct draft_network *network = &draft->networks[i];

		/* the others are a part of what is outside */
		if (network->network.driver == NETWORK_BRIDGE)
			check_network(reader, &claims, network);
	}
	if (claims.count > 0)
		qsort(claims.items, claims.count, sizeof(*claims.items),
			compare);
	check_routes(reader, &claims);
}
