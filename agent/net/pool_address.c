// SPDX-License-Identifier: MIT
/*
 * pool_address - addresses of endpoints and groups
 *
 * Each is a want. First those that are declared have theirs, then who had one
 * before keeps it unless it is in use now or does not fit any longer, then the
 * others get what is free, by a walk through the range that begins behind the
 * last one given and visits each number once.
 */
#include <assert.h>
#include <errno.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "lib/arena.h"
#include "lib/error.h"
#include "lib/text.h"
#include "net/pool_parts.h"

enum want_state {
	WANT_DECLARED,
	WANT_KEPT,
	WANT_NEW,
};

/* An address of one family that somebody is to have in a network. */
struct want {
	enum want_state state;
	enum book_kind kind; /* container or service */
	size_t network;
	uint8_t family;
	const char *key;
	struct address *address; /* in the topology */
};

/* An address that is in use, and by whom. */
struct use {
	size_t network;
	struct address address;
	struct want *want; /* NULL: the gateway, or reserved */
};

/* What is given out in one network and family. */
struct range {
	struct prefix prefix;
	uint64_t size;   /* numbers in it; UINT64_MAX: so many or more */
	uint64_t next;   /* the number to try */
	uint64_t walked; /* numbers tried */
	struct address last;
};

struct plan {
	struct pool_work *work;
	struct range *ranges; /* POOL_FAMILIES of each network */
	struct want *wants;
	size_t want_count;
	struct use *uses; /* sorted */
	size_t use_count;
};

static struct range *range_of(const struct plan *plan, size_t network,
	uint8_t family)
{
	return &plan->ranges[POOL_FAMILIES * network +
			     (family == AF_INET ? 0 : 1)];
}

/* ---- numbers of a range -------------------------------------------------- */

static unsigned int free_bits(const struct prefix *prefix)
{
	return (unsigned int)(8 * address_size(&prefix->address)) -
	       prefix->length;
}

static uint64_t number_of(const struct prefix *prefix,
	const struct address *address)
{
	unsigned int bits = free_bits(prefix);
	size_t size = address_size(address);
	uint64_t number = 0;

	for (size_t i = size > 8 ? size - 8 : 0; i < size; i++)
		number = number << 8 | address->bytes[i];
	return bits < 64 ? number & ((UINT64_C(1) << bits) - 1) : number;
}

/* The prefix is clean. */
static struct address address_of(const struct prefix *prefix, uint64_t number)
{
	struct address address = prefix->address;

	for (size_t i = address_size(&address); number > 0 && i-- > 0;) {
		address.bytes[i] |= (uint8_t)number;
		number >>= 8;
	}
	return address;
}

static struct prefix clean(const struct prefix *prefix)
{
	struct prefix result = *prefix;

	for (size_t bit = prefix->length;
		bit < 8 * address_size(&prefix->address); bit++)
		result.address.bytes[bit / 8] &= (uint8_t) ~(0x80 >> bit % 8);
	return result;
}

/* False: the network's own address, the broadcast address, or outside. */
static bool can_be_given(const struct prefix *subnet,
	const struct address *address)
{
	uint64_t number = number_of(subnet, address);
	unsigned int bits = free_bits(subnet);

	if (!prefix_contains(subnet, address))
		return false;
	if (bits == 0 || (bits >= 64 && number > 0))
		return true;
	return number > 0 && (address->family != AF_INET || bits < 2 ||
				     number < (UINT64_C(1) << bits) - 1);
}

/* A range elsewhere would be walked in vain, and one of none is none. */
static bool is_within(const struct prefix *range, const struct prefix *subnet)
{
	return prefix_contains(subnet, &range->address) &&
	       range->length >= subnet->length;
}

static void init_range(struct plan *plan, size_t index, uint8_t family)
{
	struct pool_work *work = plan->work;
	struct topology_network *network = &work->topology->networks[index];
	const struct pool_network *asked = &work->request->networks[index];
	const struct prefix *subnet = pool_subnet(network, family);
	const struct prefix *declared =
		family == AF_INET ? &asked->range4 : &asked->range6;
	struct range *range = range_of(plan, index, family);
	const struct book_entry like = { .kind = BOOK_LAST,
		.network = network->name,
		.key = "-",
		.prefix.address.family = family };
	const struct book_entry *last = book_find(work->request->before, &like);
	unsigned int bits;

	if (subnet->address.family == 0)
		return;
	range->prefix = clean(is_within(declared, subnet) ? declared : subnet);
	bits = free_bits(&range->prefix);
	range->size = bits < 64 ? UINT64_C(1) << bits : UINT64_MAX;
	if (!last || !prefix_contains(&range->prefix, &last->prefix.address))
		return;
	range->last = last->prefix.address;
	range->next = number_of(&range->prefix, &range->last) + 1;
	if (range->next >= range->size)
		range->next = 0;
}

/* ---- wants --------------------------------------------------------------- */

static void add_want(struct plan *plan, const struct want *like, uint8_t family,
	struct address *address)
{
	struct pool_work *work = plan->work;
	struct topology_network *network =
		&work->topology->networks[like->network];
	const struct prefix *subnet = pool_subnet(network, family);
	struct want *want = &plan->wants[plan->want_count];

	if (address->family == 0 && subnet->address.family == 0)
		return;
	plan->want_count++;
	*want = *like;
	want->family = family;
	want->address = address;
	want->state = address->family ? WANT_DECLARED : WANT_NEW;
}

static void collect_wants(struct plan *plan)
{
	struct topology *topology = plan->work->topology;

	for (size_t i = 0; i < topology->endpoint_count; i++) {
		struct topology_endpoint *endpoint = &topology->endpoints[i];
		const struct want like = { .kind = BOOK_CONTAINER,
			.network = endpoint->network,
			.key = endpoint->container };

		assert(endpoint->network < topology->network_count);
		add_want(plan, &like, AF_INET, &endpoint->address4);
		add_want(plan, &like, AF_INET6, &endpoint->address6);
	}
	for (size_t i = 0; i < topology->group_count; i++) {
		struct topology_group *group = &topology->groups[i];
		const struct want like = { .kind = BOOK_SERVICE,
			.network = group->network,
			.key = group->service };

		assert(group->network < topology->network_count);
		if (!group->has_virtual ||
			topology->networks[group->network].driver !=
				TOPOLOGY_BRIDGE)
			continue;
		add_want(plan, &like, AF_INET, &group->virtual4);
		add_want(plan, &like, AF_INET6, &group->virtual6);
	}
}

static const char *network_name(const struct plan *plan, size_t network)
{
	return plan->work->topology->networks[network].name;
}

static void refuse_declared(struct plan *plan, struct want *want, int code,
	const char *why)
{
	char own[ADDRESS_TEXT_SIZE];

	pool_fail(plan->work,
		error_set(pool_first(plan->work), code,
			"give '%s' the address %s in network '%s': %s",
			want->key, address_print(want->address, own),
			network_name(plan, want->network), why));
	*want->address = (struct address){ 0 };
}

static void check_declared(struct plan *plan, struct want *want)
{
	const struct prefix *subnet =
		pool_subnet(&plan->work->topology->networks[want->network],
			want->family);
	char own[PREFIX_TEXT_SIZE];
	char why[128];
	struct text text;

	if (can_be_given(subnet, want->address))
		return;
	text_init(&text, why, sizeof(why));
	if (subnet->address.family == 0)
		text_add(&text, "the network has no subnet of this kind");
	else
		text_add(&text, "it is no container's address in %s",
			prefix_print(subnet, own));
	refuse_declared(plan, want, -EINVAL, why);
}

static void keep_address(struct plan *plan, struct want *want)
{
	const struct pool_work *work = plan->work;
	const struct range *range = range_of(plan, want->network, want->family);
	const struct book_entry like = { .kind = want->kind,
		.network = network_name(plan, want->network),
		.key = want->key,
		.prefix.address.family = want->family };
	const struct book_entry *found =
		book_find(work->request->before, &like);
	const struct address *address = found ? &found->prefix.address : NULL;

	if (!found || !prefix_contains(&range->prefix, address) ||
		!can_be_given(pool_subnet(&work->topology
						   ->networks[want->network],
				      want->family),
			address))
		return;
	*want->address = *address;
	want->state = WANT_KEPT;
}

/* ---- what is in use ------------------------------------------------------ */

static int compare_places(const struct use *a, const struct use *b)
{
	if (a->network != b->network)
		return a->network < b->network ? -1 : 1;
	return address_compare(&a->address, &b->address);
}

static int compare_to_find(const void *a, const void *b)
{
	return compare_places(a, b);
}

/* Of those at one place, who has the first right to it comes first. */
static int compare_uses(const void *a, const void *b)
{
	const struct use *left = a;
	const struct use *right = b;
	int result = compare_places(left, right);

	if (result != 0 || left->want == right->want)
		return result;
	if (!left->want || !right->want)
		return left->want ? 1 : -1;
	if (left->want->state != right->want->state)
		return left->want->state < right->want->state ? -1 : 1;
	return left->want < right->want ? -1 : 1;
}

static void add_use(struct plan *plan, size_t network,
	const struct address *address, struct want *want)
{
	if (address->family == 0)
		return;
	plan->uses[plan->use_count++] = (struct use){
		.network = network,
		.address = *address,
		.want = want,
	};
}

static void add_reserved(struct plan *plan, size_t network,
	const struct pool_list *list)
{
	for (size_t i = 0; i < list->count; i++)
		add_use(plan, network, &list->addresses[i], NULL);
}

static void collect_uses(struct plan *plan)
{
	const struct pool_work *work = plan->work;

	for (size_t i = 0; i < work->topology->network_count; i++) {
		const struct pool_network *asked = &work->request->networks[i];
		const struct topology_network *network =
			&work->topology->networks[i];

		add_use(plan, i, &network->gateway4, NULL);
		add_use(plan, i, &network->gateway6, NULL);
		add_reserved(plan, i, &asked->reserved4);
		add_reserved(plan, i, &asked->reserved6);
	}
	for (size_t i = 0; i < plan->want_count; i++)
		add_use(plan, plan->wants[i].network, plan->wants[i].address,
			&plan->wants[i]);
	qsort(plan->uses, plan->use_count, sizeof(*plan->uses), compare_uses);
}

static void give_way(struct plan *plan, const struct use *first,
	struct want *want)
{
	char why[64 + BOOK_NAME_MAX];
	struct text text;

	if (!want)
		return; /* reserved twice */
	if (want->state == WANT_KEPT) {
		want->state = WANT_NEW;
		*want->address = (struct address){ 0 };
		return;
	}
	text_init(&text, why, sizeof(why));
	if (first->want)
		text_add(&text, "'%s' has it", first->want->key);
	else
		text_add(&text, "it is the gateway's, or reserved");
	refuse_declared(plan, want, -EEXIST, why);
}

static void settle(struct plan *plan)
{
	const struct use *first = plan->uses;

	for (size_t i = 1; i < plan->use_count; i++) {
		struct use *use = &plan->uses[i];

		if (compare_places(first, use) == 0)
			give_way(plan, first, use->want);
		else
			first = use;
	}
}

/* ---- what is free -------------------------------------------------------- */

static bool is_used(const struct plan *plan, size_t network,
	const struct address *address)
{
	const struct use like = { .network = network, .address = *address };

	return plan->use_count > 0 &&
	       bsearch(&like, plan->uses, plan->use_count, sizeof(*plan->uses),
		       compare_to_find);
}

static void give_new(struct plan *plan, struct want *want)
{
	struct pool_work *work = plan->work;
	const struct prefix *subnet =
		pool_subnet(&work->topology->networks[want->network],
			want->family);
	struct range *range = range_of(plan, want->network, want->family);
	char own[PREFIX_TEXT_SIZE];

	while (range->walked < range->size) {
		struct address found = address_of(&range->prefix, range->next);

		range->walked++;
		range->next =
			range->next + 1 < range->size ? range->next + 1 : 0;
		if (!can_be_given(subnet, &found) ||
			is_used(plan, want->network, &found))
			continue;
		*want->address = range->last = found;
		return;
	}
	pool_fail(work,
		error_set(pool_first(work), -ENOSPC,
			"give '%s' an address in network '%s': none of %s is "
			"free, declare a larger subnet or ip_range",
			want->key, network_name(plan, want->network),
			prefix_print(&range->prefix, own)));
}

static void note_wants(const struct plan *plan)
{
	for (size_t i = 0; i < plan->want_count; i++) {
		const struct want *want = &plan->wants[i];
		const struct book_entry entry = { .kind = want->kind,
			.network = network_name(plan, want->network),
			.key = want->key,
			.prefix.address = *want->address };

		if (want->address->family)
			pool_note(plan->work, &entry);
	}
}

static void note_last(const struct plan *plan)
{
	size_t count = POOL_FAMILIES * plan->work->topology->network_count;

	for (size_t i = 0; i < count; i++) {
		const struct book_entry entry = { .kind = BOOK_LAST,
			.network = network_name(plan, i / POOL_FAMILIES),
			.key = "-",
			.prefix.address = plan->ranges[i].last };

		if (plan->ranges[i].last.family)
			pool_note(plan->work, &entry);
	}
}

static int init_plan(struct plan *plan)
{
	const struct pool_request *request = plan->work->request;
	const struct topology *topology = request->topology;
	struct arena *arena = plan->work->arena;
	size_t wants = POOL_FAMILIES *
		       (topology->endpoint_count + topology->group_count);
	size_t uses = wants + POOL_FAMILIES * topology->network_count;

	for (size_t i = 0; i < topology->network_count; i++)
		uses += request->networks[i].reserved4.count +
			request->networks[i].reserved6.count;
	plan->ranges = arena_array(arena,
		POOL_FAMILIES * topology->network_count, sizeof(*plan->ranges));
	plan->wants = arena_array(arena, wants, sizeof(*plan->wants));
	plan->uses = arena_array(arena, uses, sizeof(*plan->uses));
	return plan->ranges && plan->wants && plan->uses ? 0 : -ENOMEM;
}

int pool_give_addresses(struct pool_work *work)
{
	struct plan plan = { .work = work };
	int result = init_plan(&plan);

	if (result < 0)
		return result;
	for (size_t i = 0; i < work->topology->network_count; i++) {
		init_range(&plan, i, AF_INET);
		init_range(&plan, i, AF_INET6);
	}
	collect_wants(&plan);
	for (size_t i = 0; i < plan.want_count; i++) {
		if (plan.wants[i].state == WANT_DECLARED)
			check_declared(&plan, &plan.wants[i]);
		else
			keep_address(&plan, &plan.wants[i]);
	}
	collect_uses(&plan);
	settle(&plan);
	for (size_t i = 0; i < plan.want_count; i++) {
		if (plan.wants[i].state == WANT_NEW)
			give_new(&plan, &plan.wants[i]);
	}
	note_wants(&plan);
	note_last(&plan);
	return 0;
}
