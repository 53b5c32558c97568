// SPDX-License-Identifier: MIT
/* link_compare - which containers' links are as they should be */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "lib/arena.h"
#include "lib/error.h"
#include "lib/fd.h"
#include "lib/text.h"
#include "net/link.h"
#include "net/link_parts.h"
#include "net/topology.h"

#define ROUNDS_MAX 100

/* Endpoints, to be found fast: by the name of the link, and by container. */
struct comparing {
	const struct topology *topology;
	const struct topology_endpoint **by_link;
	const struct topology_endpoint **by_container;
	bool *is_right;   /* of each */
	bool *has_others; /* of one of each container */
};

static int compare_links(const void *a, const void *b)
{
	const struct topology_endpoint *const *left = a;
	const struct topology_endpoint *const *right = b;

	return strcmp((*left)->link, (*right)->link);
}

static int compare_link(const void *key, const void *element)
{
	const struct topology_endpoint *const *endpoint = element;

	return strcmp(key, (*endpoint)->link);
}

static int compare_containers(const void *a, const void *b)
{
	const struct topology_endpoint *const *left = a;
	const struct topology_endpoint *const *right = b;

	return strcmp((*left)->container, (*right)->container);
}

static int compare_container(const void *key, const void *element)
{
	const struct topology_endpoint *const *endpoint = element;

	return strcmp(key, (*endpoint)->container);
}

static void see_other(const struct comparing *comparing,
	const struct link_found *link)
{
	const struct topology *topology = comparing->topology;
	const char *text = link_alias_text(link);
	const struct topology_endpoint **found;
	char container[LINK_ALIAS_SIZE];

	if (!text || !text_copy(container, sizeof(container), text))
		return;
	container[strcspn(container, " ")] = '\0';
	found = bsearch(container, comparing->by_container,
		topology->endpoint_count, sizeof(const void *),
		compare_container);
	if (found)
		comparing->has_others[*found - topology->endpoints] = true;
}

static void compare_one(const struct nlmsghdr *message, void *context)
{
	struct comparing *comparing = context;
	const struct topology *topology = comparing->topology;
	const struct topology_endpoint **found;
	struct link_found link;
	size_t endpoint;

	if (!link_parse(message, &link) || !link_is_port(&link))
		return;
	found = bsearch(link.name, comparing->by_link, topology->endpoint_count,
		sizeof(const void *), compare_link);
	if (!found) {
		see_other(comparing, &link);
		return;
	}
	endpoint = (size_t)(*found - topology->endpoints);
	comparing->is_right[endpoint] =
		link_is_veth(topology, endpoint) &&
		link_is_in_place(&link, topology, endpoint);
}

static int init_comparing(struct comparing *comparing, struct arena *arena)
{
	const struct topology *topology = comparing->topology;
	size_t count = topology->endpoint_count;

	comparing->by_link = arena_array(arena, count + 1, sizeof(void *));
	comparing->by_container = arena_array(arena, count + 1, sizeof(void *));
	comparing->has_others = arena_array(arena, count + 1, sizeof(bool));
	if (!comparing->by_link || !comparing->by_container ||
		!comparing->has_others)
		return -ENOMEM;
	for (size_t i = 0; i < count; i++) {
		comparing->by_link[i] = &topology->endpoints[i];
		comparing->by_container[i] = &topology->endpoints[i];
	}
	qsort(comparing->by_link, count, sizeof(void *), compare_links);
	qsort(comparing->by_container, count, sizeof(void *),
		compare_containers);
	return 0;
}

/* -EINTR: links came or went meanwhile. */
static int compare_all(int fd, struct comparing *comparing)
{
	const struct topology *topology = comparing->topology;

	for (size_t i = 0; i < topology->endpoint_count; i++) {
		comparing->is_right[i] = !link_is_veth(topology, i);
		comparing->has_others[i] = false;
	}
	return link_dump(fd, compare_one, comparing);
}

int link_compare(const struct topology *topology, bool *out, struct error *err)
{
	auto_arena arena = { 0 };
	struct comparing comparing = { .topology = topology, .is_right = out };
	auto_fd fd = netlink_open(NETLINK_ROUTE, err);
	int result = -EINTR;

	if (fd < 0)
		return fd;
	if (init_comparing(&comparing, &arena) < 0)
		return error_set(err, -ENOMEM,
			"read the links of containers: no memory");
	for (int i = 0; i < ROUNDS_MAX && result == -EINTR; i++)
		result = compare_all(fd, &comparing);
	if (result < 0)
		return error_set(err, result,
			"read the links of containers: %s", strerror(-result));
	for (size_t i = 0; i < topology->endpoint_count; i++)
		out[i] = out[i] && !comparing.has_others[i];
	return 0;
}
