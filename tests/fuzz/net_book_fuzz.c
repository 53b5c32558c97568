// SPDX-License-Identifier: MIT
/*
 * fuzz target of net: any bytes as the book of what was given out
 *
 * What is read is printed and read again as the same; and whatever the book
 * says, what pool_fill gives out by it is inside its subnets, and once only.
 */
#include <stdbool.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>

#include "lib/arena.h"
#include "lib/error.h"
#include "net/pool.h"

#define NETWORKS  3
#define ENDPOINTS 6
#define GROUPS    2

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void require(bool is_true)
{
	if (!is_true)
		abort();
}

struct scene {
	struct topology_network networks[NETWORKS];
	struct topology_endpoint endpoints[ENDPOINTS];
	struct topology_group groups[GROUPS];
	struct topology topology;
};

static void make_scene(struct scene *scene)
{
	static const char *const names[] = { "front", "back", "small" };
	static const char *const containers[] = { "web-1", "web-2" };

	*scene = (struct scene){ .networks = { { .name = NULL } } };
	for (size_t i = 0; i < NETWORKS; i++)
		scene->networks[i].name = names[i];
	require(prefix_parse("192.0.2.0/29", &scene->networks[2].subnet4) == 0);
	for (size_t i = 0; i < ENDPOINTS; i++)
		scene->endpoints[i] = (struct topology_endpoint){
			.network = i % NETWORKS,
			.container = containers[i / NETWORKS],
		};
	for (size_t i = 0; i < GROUPS; i++)
		scene->groups[i] = (struct topology_group){ .network = i,
			.service = "web",
			.has_virtual = true };
	scene->topology = (struct topology){
		.networks = scene->networks,
		.network_count = NETWORKS,
		.endpoints = scene->endpoints,
		.endpoint_count = ENDPOINTS,
		.groups = scene->groups,
		.group_count = GROUPS,
	};
}

static void require_apart(const struct scene *scene, size_t index)
{
	const struct topology_endpoint *endpoint = &scene->endpoints[index];
	const struct topology_network *network =
		&scene->networks[endpoint->network];

	require(prefix_contains(&network->subnet4, &endpoint->address4));
	require(address_compare(&network->gateway4, &endpoint->address4) != 0);
	if (network->subnet6.address.family)
		require(prefix_contains(&network->subnet6,
			&endpoint->address6));
	for (size_t i = 0; i < index; i++) {
		const struct topology_endpoint *other = &scene->endpoints[i];

		require(address_compare(&other->address4,
				&endpoint->address4) != 0);
		require(strcmp(other->link, endpoint->link) != 0);
		require(endpoint->address6.family == 0 ||
			address_compare(&other->address6,
				&endpoint->address6) != 0);
	}
	for (size_t i = 0; i < GROUPS; i++)
		require(address_compare(&scene->groups[i].virtual4,
				&endpoint->address4) != 0);
}

static void fill(const struct book *book, struct arena *arena)
{
	bool has_prefix = book->ula.address.family != 0;
	const struct pool_network asked[NETWORKS] = {
		{ .has_ipv4 = true, .has_ipv6 = has_prefix },
		{ .has_ipv4 = true },
		{ .has_ipv4 = true },
	};
	struct scene scene;
	struct book after;
	const struct pool_request request = {
		.topology = &scene.topology,
		.networks = asked,
		.before = book,
	};

	make_scene(&scene);
	require(pool_fill(&request, arena, &after, NULL) == 0);
	for (size_t i = 0; i < ENDPOINTS; i++)
		require_apart(&scene, i);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	auto_arena arena = { 0 };
	struct book book, again;
	struct error err;
	const char *text;
	size_t length = 0;

	if (book_parse((const char *)data, size, &arena, &book, &err) < 0) {
		require(err.text[0] != '\0');
		return 0;
	}
	text = book_print(&book, &arena, &length);
	require(text != NULL);
	require(book_parse(text, length, &arena, &again, NULL) == 0);
	require(again.entry_count == book.entry_count);
	for (size_t i = 0; i < book.entry_count; i++)
		require(book_compare(&book.entries[i], &again.entries[i]) == 0);
	fill(&book, &arena);
	return 0;
}
