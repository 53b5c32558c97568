/* SPDX-License-Identifier: MIT */
/*
 * net_pool - a topology and what it asks for, made and shown as text
 *
 *	net front 4 6 subnet=172.20.0.0/24 gateway=... range=... reserved=...
 *	    macvlan
 *	end front web-1 [ADDRESS ...] [MAC]
 *	vip front web
 *	dns front web                     a service without a virtual address
 *	taken 10.0.0.0/8
 */
#ifndef TARE_TEST_NET_POOL_H
#define TARE_TEST_NET_POOL_H

#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>

#include "lib/arena.h"
#include "lib/text.h"
#include "net/pool.h"

#define SCENE_NETWORKS  16
#define SCENE_ENDPOINTS 256
#define SCENE_GROUPS    64
#define SCENE_TAKEN     8

struct scene {
	struct topology_network networks[SCENE_NETWORKS];
	struct pool_network asked[SCENE_NETWORKS];
	struct address reserved[SCENE_NETWORKS];
	struct topology_endpoint endpoints[SCENE_ENDPOINTS];
	struct topology_group groups[SCENE_GROUPS];
	struct prefix taken[SCENE_TAKEN];
	size_t taken_count;
	struct topology topology;
	char text[16384]; /* the words that names point to */
};

static inline void scene_prefix(const char *text, struct prefix *four,
	struct prefix *six)
{
	struct prefix prefix;

	if (prefix_parse(text, &prefix) < 0)
		abort();
	*(prefix.address.family == AF_INET ? four : six) = prefix;
}

static inline void scene_address(const char *text, struct address *four,
	struct address *six)
{
	struct address address;

	if (address_parse(text, &address) < 0)
		abort();
	*(address.family == AF_INET ? four : six) = address;
}

static inline size_t scene_find(const struct scene *scene, const char *name)
{
	for (size_t i = 0; i < scene->topology.network_count; i++) {
		if (text_equal(scene->networks[i].name, name))
			return i;
	}
	abort();
}

static inline void scene_network_word(struct scene *scene, size_t index,
	const char *word)
{
	struct topology_network *network = &scene->networks[index];
	struct pool_network *asked = &scene->asked[index];
	const char *value = strchr(word, '=') ? strchr(word, '=') + 1 : "";

	if (text_equal(word, "4"))
		asked->has_ipv4 = true;
	else if (text_equal(word, "6"))
		asked->has_ipv6 = true;
	else if (text_equal(word, "macvlan"))
		network->driver = TOPOLOGY_MACVLAN;
	else if (text_starts_with(word, "subnet="))
		scene_prefix(value, &network->subnet4, &network->subnet6);
	else if (text_starts_with(word, "range="))
		scene_prefix(value, &asked->range4, &asked->range6);
	else if (text_starts_with(word, "gateway="))
		scene_address(value, &network->gateway4, &network->gateway6);
	else if (text_starts_with(word, "reserved=")) {
		if (address_parse(value, &scene->reserved[index]) < 0)
			abort();
		*(scene->reserved[index].family == AF_INET6
				? &asked->reserved6
				: &asked->reserved4) =
			(struct pool_list){ &scene->reserved[index], 1 };
	} else
		abort();
}

static inline void scene_network(struct scene *scene, char *words)
{
	size_t index = scene->topology.network_count++;
	char *word;

	scene->networks[index].name = strsep(&words, " ");
	while ((word = strsep(&words, " ")))
		scene_network_word(scene, index, word);
}

static inline void scene_endpoint(struct scene *scene, char *words)
{
	struct topology_endpoint *endpoint =
		&scene->endpoints[scene->topology.endpoint_count++];
	char *word;

	endpoint->network = scene_find(scene, strsep(&words, " "));
	endpoint->container = strsep(&words, " ");
	while ((word = strsep(&words, " "))) {
		if (strlen(word) == 17)
			for (size_t i = 0; i < 6; i++)
				endpoint->mac[i] =
					(uint8_t)strtoul(word + 3 * i, NULL,
						16);
		else
			scene_address(word, &endpoint->address4,
				&endpoint->address6);
	}
}

static inline void scene_group(struct scene *scene, char *words,
	bool has_virtual)
{
	struct topology_group *group =
		&scene->groups[scene->topology.group_count++];

	group->network = scene_find(scene, strsep(&words, " "));
	group->service = strsep(&words, " ");
	group->has_virtual = has_virtual;
}

static inline void scene_make(struct scene *scene, const char *text)
{
	char *rest = scene->text;
	char *line;

	memset(scene, 0, sizeof(*scene));
	if (!text_copy(scene->text, sizeof(scene->text), text))
		abort();
	scene->topology = (struct topology){
		.networks = scene->networks,
		.endpoints = scene->endpoints,
		.groups = scene->groups,
	};
	while ((line = strsep(&rest, "\n"))) {
		char *word = strsep(&line, " ");

		if (text_equal(word, "net"))
			scene_network(scene, line);
		else if (text_equal(word, "end"))
			scene_endpoint(scene, line);
		else if (text_equal(word, "vip") || text_equal(word, "dns"))
			scene_group(scene, line, *word == 'v');
		else if (text_equal(word, "taken"))
			(void)prefix_parse(line,
				&scene->taken[scene->taken_count++]);
		else if (*word)
			abort();
	}
}

static inline int scene_fill(struct scene *scene, const struct book *before,
	struct arena *arena, struct book *after, struct error *err)
{
	const struct pool_request request = {
		.topology = &scene->topology,
		.networks = scene->asked,
		.taken = scene->taken,
		.taken_count = scene->taken_count,
		.before = before,
	};

	return pool_fill(&request, arena, after, err);
}

/* Addresses only: "front 172.18.0.0/16 172.18.0.1", "web-1 172.18.0.2" ... */
static inline void scene_print(const struct scene *scene, struct text *text)
{
	char own[PREFIX_TEXT_SIZE];
	char other[PREFIX_TEXT_SIZE];

	for (size_t i = 0; i < scene->topology.network_count; i++) {
		const struct topology_network *network = &scene->networks[i];

		text_add(text, "%s", network->name);
		if (network->subnet4.address.family)
			text_add(text, " %s %s",
				prefix_print(&network->subnet4, own),
				address_print(&network->gateway4, other));
		if (network->subnet6.address.family)
			text_add(text, " %s %s",
				prefix_print(&network->subnet6, own),
				address_print(&network->gateway6, other));
		text_add(text, "\n");
	}
	for (size_t i = 0; i < scene->topology.endpoint_count; i++) {
		const struct topology_endpoint *endpoint = &scene->endpoints[i];

		text_add(text, "%s %s%s%s\n", endpoint->container,
			address_print(&endpoint->address4, own),
			endpoint->address4.family && endpoint->address6.family
				? " "
				: "",
			address_print(&endpoint->address6, other));
	}
	for (size_t i = 0; i < scene->topology.group_count; i++) {
		const struct topology_group *group = &scene->groups[i];

		text_add(text, "%s %s%s%s\n", group->service,
			address_print(&group->virtual4, own),
			group->virtual4.family && group->virtual6.family ? " "
									 : "",
			address_print(&group->virtual6, other));
	}
}

#endif
