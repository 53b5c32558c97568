// SPDX-License-Identifier: MIT
/*
 * net_pool_random_test - whoever comes and goes, what is given out stays apart
 *
 * Networks, containers and services come and go at random, with a seed that is
 * always the same. After each step: no two have one address or name, all are
 * in their subnets, and who was there before has what he had.
 */
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "check.h"
#include "lib/error.h"
#include "net_pool.h"

#define STEPS      1500
#define NETWORKS   12
#define CONTAINERS 10 /* of a network at most */

static uint64_t seed = 42;

/* What is there now; the names are numbers. */
static struct state {
	bool has_network[NETWORKS];
	bool has_container[NETWORKS][CONTAINERS];
	bool has_service[NETWORKS][CONTAINERS];
} state;

/* What somebody has: by kind, network, container and family. */
struct given {
	struct prefix subnets[NETWORKS][2];
	struct address addresses[2][NETWORKS][CONTAINERS][2];
	char links[NETWORKS][CONTAINERS][IFNAMSIZ];
};

static uint64_t any(uint64_t count)
{
	seed = seed * 6364136223846793005U + 1442695040888963407U;
	return (seed >> 33) % count;
}

static void change(void)
{
	size_t network = any(NETWORKS);
	size_t container = any(CONTAINERS);

	switch (any(8)) {
	case 0:
		state.has_network[network] = !state.has_network[network];
		break;
	case 1:
	case 2:
		state.has_service[network][container] =
			!state.has_service[network][container];
		break;
	default:
		state.has_container[network][container] =
			!state.has_container[network][container];
	}
}

/* Of every kind of network one or more: small, in a range, automatic. */
static const char *words_of(size_t network)
{
	static const char *const words[] = {
		"4",
		"4 6",
		"6",
		"4 subnet=192.0.2.0/27",
		"4 6 subnet=198.51.100.0/24 range=198.51.100.224/27",
		"6 subnet=2001:db8::/122",
	};

	return words[network % (sizeof(words) / sizeof(words[0]))];
}

static void describe(char *out, size_t size)
{
	struct text text;

	text_init(&text, out, size);
	for (size_t i = 0; i < NETWORKS; i++) {
		/* networks with one declared subnet never overlap */
		if (state.has_network[i] && (i < 6 || i % 6 < 3))
			text_add(&text, "net n%zu %s\n", i, words_of(i));
	}
	for (size_t i = 0; i < NETWORKS * CONTAINERS; i++) {
		size_t network = i / CONTAINERS;
		size_t number = i % CONTAINERS;

		if (!state.has_network[network] ||
			!(network < 6 || network % 6 < 3))
			continue;
		if (state.has_container[network][number])
			text_add(&text, "end n%zu c%zu\n", network, number);
		if (state.has_service[network][number])
			text_add(&text, "vip n%zu c%zu\n", network, number);
	}
	CHECK(!text.is_cut);
}

static size_t number_of(const char *name)
{
	return strtoul(name + 1, NULL, 10);
}

static void collect(const struct scene *scene, struct given *out)
{
	const struct topology *topology = &scene->topology;

	memset(out, 0, sizeof(*out));
	for (size_t i = 0; i < topology->network_count; i++) {
		const struct topology_network *network = &scene->networks[i];

		out->subnets[number_of(network->name)][0] = network->subnet4;
		out->subnets[number_of(network->name)][1] = network->subnet6;
	}
	for (size_t i = 0; i < topology->endpoint_count; i++) {
		const struct topology_endpoint *endpoint = &scene->endpoints[i];
		size_t network =
			number_of(scene->networks[endpoint->network].name);
		size_t number = number_of(endpoint->container);

		out->addresses[0][network][number][0] = endpoint->address4;
		out->addresses[0][network][number][1] = endpoint->address6;
		memcpy(out->links[network][number], endpoint->link, IFNAMSIZ);
	}
	for (size_t i = 0; i < topology->group_count; i++) {
		const struct topology_group *group = &scene->groups[i];
		size_t network =
			number_of(scene->networks[group->network].name);
		size_t number = number_of(group->service);

		out->addresses[1][network][number][0] = group->virtual4;
		out->addresses[1][network][number][1] = group->virtual6;
	}
}

static void check_stays(const struct given *old, const struct given *new)
{
	const struct address *was = &old->addresses[0][0][0][0];
	const struct address *is = &new->addresses[0][0][0][0];
	const size_t count = sizeof(old->addresses) / sizeof(*was);

	for (size_t i = 0; i < 2 * NETWORKS; i++) {
		const struct prefix *a = &old->subnets[i / 2][i % 2];
		const struct prefix *b = &new->subnets[i / 2][i % 2];

		if (a->address.family && b->address.family)
			CHECK(address_compare(&a->address, &b->address) == 0);
	}
	for (size_t i = 0; i < count; i++) {
		if (was[i].family && is[i].family)
			CHECK(address_compare(&was[i], &is[i]) == 0);
	}
	for (size_t i = 0; i < NETWORKS * CONTAINERS; i++) {
		const char *a = old->links[i / CONTAINERS][i % CONTAINERS];
		const char *b = new->links[i / CONTAINERS][i % CONTAINERS];

		if (*a && *b)
			CHECK(text_equal(a, b));
	}
}

static int compare(const void *a, const void *b)
{
	return address_compare(a, b);
}

/* Subnets overlap nowhere here, so no address can be there twice at all. */
static void check_apart(const struct scene *scene, const struct given *given)
{
	static struct address all[4 * NETWORKS * CONTAINERS + 2 * NETWORKS];
	const struct topology *topology = &scene->topology;
	size_t count = sizeof(given->addresses) / sizeof(all[0]);

	memcpy(all, given->addresses, sizeof(given->addresses));
	for (size_t i = 0; i < topology->network_count; i++) {
		const struct topology_network *network = &scene->networks[i];

		all[count++] = network->gateway4;
		all[count++] = network->gateway6;
		for (size_t j = 0; j < i; j++) {
			CHECK(!prefix_overlaps(&network->subnet4,
				&scene->networks[j].subnet4));
			CHECK(!prefix_overlaps(&network->subnet6,
				&scene->networks[j].subnet6));
		}
	}
	qsort(all, count, sizeof(all[0]), compare);
	for (size_t i = 1; i < count; i++)
		CHECK(all[i].family == 0 ||
			address_compare(&all[i - 1], &all[i]) != 0);
}

static bool is_in(const struct prefix *prefix, const struct address *address)
{
	return prefix->address.family ? prefix_contains(prefix, address)
				      : address->family == 0;
}

static void check_inside(const struct given *given)
{
	const struct prefix range = { .address = { AF_INET,
					      { 198, 51, 100, 224 } },
		.length = 27 };

	for (size_t i = 0; i < 2 * NETWORKS * CONTAINERS; i++) {
		size_t network = i / CONTAINERS % NETWORKS;
		const struct address *own =
			given->addresses[i / CONTAINERS / NETWORKS][network]
					[i % CONTAINERS];

		if (own[0].family == 0 && own[1].family == 0)
			continue;
		CHECK(is_in(&given->subnets[network][0], &own[0]));
		CHECK(is_in(&given->subnets[network][1], &own[1]));
		CHECK(network != 4 || prefix_contains(&range, &own[0]));
	}
}

static void test_comes_and_goes(void)
{
	static char kept[262144] = "version 1\nula fd12:3456:789a::/48\nend\n";
	static char input[16384];
	static struct scene scene;
	static struct given old, new;

	for (int step = 0; step < STEPS; step++) {
		auto_arena arena = { 0 };
		struct error err = { .code = 0 };
		struct book before, after;
		const char *printed;
		size_t size = 0;

		for (uint64_t i = any(4); i < 4; i++)
			change();
		describe(input, sizeof(input));
		scene_make(&scene, input);
		CHECK(book_parse(kept, strlen(kept), &arena, &before, NULL) ==
			0);
		if (!CHECK(scene_fill(&scene, &before, &arena, &after, &err) ==
			    0))
			printf("# step %d: %s\n", step, err.text);
		collect(&scene, &new);
		check_stays(&old, &new);
		check_apart(&scene, &new);
		check_inside(&new);
		old = new;
		printed = book_print(&after, &arena, &size);
		CHECK(printed && text_copy(kept, sizeof(kept), printed));
		if (check_failures > 0)
			return;
	}
}

/* Who goes leaves a number that is not given to the next who comes. */
static void test_a_freed_address_rests(void)
{
	static char kept[4096] = "version 1\nend\n";
	static struct scene scene;
	int last = 0;

	for (int step = 0; step < 600; step++) {
		auto_arena arena = { 0 };
		struct book before, after;
		char input[128];
		size_t size = 0;
		int number;

		(void)snprintf(input, sizeof(input),
			"net a 4 subnet=192.0.2.0/24\nend a c%d\nend a d",
			step);
		scene_make(&scene, input);
		CHECK(book_parse(kept, strlen(kept), &arena, &before, NULL) ==
			0);
		CHECK(scene_fill(&scene, &before, &arena, &after, NULL) == 0);
		number = scene.endpoints[0].address4.bytes[3];
		/* up to the end, and then again from the first */
		CHECK(number == (step == 0            ? 2
					: last == 2   ? 4
					: last == 254 ? 2
						      : last + 1));
		CHECK(scene.endpoints[1].address4.bytes[3] == 3);
		last = number;
		(void)text_copy(kept, sizeof(kept),
			book_print(&after, &arena, &size));
	}
}

int main(void)
{
	RUN(test_comes_and_goes);
	RUN(test_a_freed_address_rests);
	return check_done();
}
