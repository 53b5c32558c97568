// SPDX-License-Identifier: MIT
/*
 * pool_name - names of links, by hash
 *
 * 32 bits meet sooner or later: then one of the two takes its next name. Who
 * has had a name keeps it, so both are noted in the book.
 */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "lib/arena.h"
#include "lib/hash.h"
#include "net/pool_parts.h"

#define ROUNDS_MAX 64 /* of passing on; two are rare */

/* Who has the first right to a name. */
enum claim {
	CLAIM_NOTED, /* it had this name, and another wanted it too */
	CLAIM_OLD,
	CLAIM_NEW,
};

struct item {
	const char *network;
	const char *key; /* the container, "-": of the bridge */
	char *name;      /* in the topology */
	enum claim claim;
	uint32_t attempt;
	bool is_noted;
};

static void make_name(const struct item *item)
{
	bool is_bridge = item->key[0] == '-';
	uint64_t hash = hash_string(HASH_START, item->network);

	if (!is_bridge)
		hash = hash_string(hash, item->key);
	if (item->attempt > 0)
		hash = hash_bytes(hash, &item->attempt, sizeof(item->attempt));
	(void)snprintf(item->name, IFNAMSIZ, "%s%08x", is_bridge ? "tb" : "tv",
		(uint32_t)(hash ^ hash >> 32));
}

static int compare_items(const void *a, const void *b)
{
	const struct item *left = a;
	const struct item *right = b;
	int result = strcmp(left->name, right->name);

	if (result != 0)
		return result;
	if (left->claim != right->claim)
		return left->claim < right->claim ? -1 : 1;
	result = strcmp(left->network, right->network);
	return result != 0 ? result : strcmp(left->key, right->key);
}

static bool was_there(const struct pool_work *work, const struct item *item)
{
	struct book_entry like = { .network = item->network, .key = item->key };
	const struct book *before = work->request->before;

	like.kind = item->key[0] == '-' ? BOOK_SUBNET : BOOK_CONTAINER;
	for (size_t i = 0; i < POOL_FAMILIES; i++) {
		like.prefix.address.family = pool_families[i];
		if (book_find(before, &like))
			return true;
	}
	return false;
}

static void init_item(const struct pool_work *work, struct item *item)
{
	const struct book_entry like = { .kind = BOOK_LINK,
		.network = item->network,
		.key = item->key };
	const struct book_entry *found =
		book_find(work->request->before, &like);

	item->claim = found                   ? CLAIM_NOTED
		      : was_there(work, item) ? CLAIM_OLD
					      : CLAIM_NEW;
	item->attempt = found ? found->attempt : 0;
	item->is_noted = found != NULL;
	make_name(item);
}

/* Gives all but the first of those with one name their next; false: none. */
static bool pass_on(struct item *items, size_t count)
{
	bool has_passed = false;
	struct item *first = items;

	qsort(items, count, sizeof(*items), compare_items);
	for (size_t i = 1; i < count; i++) {
		struct item *item = &items[i];

		/* those behind still have the name that they were sorted by */
		if (strcmp(first->name, item->name) != 0) {
			first = item;
			continue;
		}
		first->is_noted = item->is_noted = has_passed = true;
		item->attempt++;
		make_name(item);
	}
	return has_passed;
}

static size_t collect(const struct pool_work *work, struct item *items)
{
	struct topology *topology = work->topology;
	size_t count = 0;

	for (size_t i = 0; i < topology->network_count; i++) {
		struct topology_network *network = &topology->networks[i];

		if (network->bridge[0] == '\0')
			items[count++] = (struct item){ .key = "-",
				.network = network->name,
				.name = network->bridge };
	}
	for (size_t i = 0; i < topology->endpoint_count; i++) {
		struct topology_endpoint *endpoint = &topology->endpoints[i];

		if (endpoint->link[0] == '\0')
			items[count++] = (struct item){
				.network = topology->networks[endpoint->network]
						   .name,
				.key = endpoint->container,
				.name = endpoint->link,
			};
	}
	return count;
}

int pool_give_names(struct pool_work *work)
{
	const struct topology *topology = work->topology;
	struct item *items = arena_array(work->arena,
		topology->network_count + topology->endpoint_count,
		sizeof(*items));
	size_t count;

	if (!items)
		return -ENOMEM;
	count = collect(work, items);
	for (size_t i = 0; i < count; i++)
		init_item(work, &items[i]);
	for (int i = 0; i < ROUNDS_MAX && pass_on(items, count); i++)
		;
	for (size_t i = 0; i < count; i++) {
		const struct book_entry entry = { .kind = BOOK_LINK,
			.network = items[i].network,
			.key = items[i].key,
			.attempt = items[i].attempt };

		if (items[i].is_noted)
			pool_note(work, &entry);
	}
	return 0;
}
