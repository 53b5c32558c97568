// SPDX-License-Identifier: MIT
/* names - what tare-dns answers: the file /run/tare/net/names */
#include "supervise/names.h"

#include <stdbool.h>
#include <string.h>
#include <sys/socket.h>

#include "config/service.h"
#include "lib/address.h"
#include "lib/arena.h"
#include "lib/text.h"
#include "supervise/blueprint.h"

/* Of an endpoint: client, via, pointer and own name, each twice; of a group:
 * its address in each of its lines. */
enum {
	LINE_MAX = 320,
	LINES_EACH = 8,
};

/* Which addresses a name stands for. */
enum choice {
	CHOICE_ALL,     /* of all that get connections, else that run */
	CHOICE_VIRTUAL, /* the one that they share, when there is one */
};

static void add_address(struct text *text, const struct address *address)
{
	char own[ADDRESS_TEXT_SIZE];

	if (address->family)
		text_add(text, " %s", address_print(address, own));
}

/* From there the machine itself may ask, too, for who looks into its networks;
 * no workload can send from it. */
static void add_gateway(const struct topology *topology, size_t number,
	const struct address *gateway, struct text *text)
{
	char own[ADDRESS_TEXT_SIZE];

	if (!gateway->family)
		return;
	address_print(gateway, own);
	text_add(text, "listen %s\nclient %s - %zu %s\n", own, own, number,
		topology->networks[number].is_internal ? "in" : "out");
}

static void add_gateways(const struct topology *topology, struct text *text)
{
	for (size_t i = 0; i < topology->network_count; i++) {
		const struct topology_network *network = &topology->networks[i];

		if (network->driver != TOPOLOGY_BRIDGE)
			continue;
		add_gateway(topology, i, &network->gateway4, text);
		add_gateway(topology, i, &network->gateway6, text);
	}
}

/* "web.shop" is "web". */
static void add_domains(const struct blueprint *blueprint, struct text *text)
{
	for (size_t i = 0;
		blueprint->project && i < blueprint->topology.network_count;
		i++)
		text_add(text, "domain %zu %s\n", i, blueprint->project);
}

/* ---- who asks ------------------------------------------------------------ */

/* The networks of a container, "3,1", and whether one leads outside. */
static bool add_networks(const struct blueprint *blueprint,
	const char *container, struct text *text)
{
	bool leads_outside = false;
	size_t count;
	const struct topology_endpoint *endpoints =
		blueprint_find(blueprint, container, &count);

	for (size_t i = 0; i < count; i++) {
		const struct topology_network *network =
			&blueprint->topology.networks[endpoints[i].network];

		text_add(text, "%s%zu", i > 0 ? "," : "", endpoints[i].network);
		leads_outside = leads_outside || !network->is_internal;
	}
	return leads_outside;
}

static void add_client(const struct blueprint *blueprint, size_t number,
	const struct address *address, struct text *text)
{
	const struct service *service = blueprint->services[number];
	char own[ADDRESS_TEXT_SIZE];
	bool leads_outside;

	if (!address->family)
		return;
	address_print(address, own);
	text_add(text, "client %s %s ", own, service->name);
	leads_outside = add_networks(blueprint, service->name, text);
	text_add(text, " %s\n", leads_outside ? "out" : "in");
	if (service->dns_count > 0) {
		text_add(text, "via %s", own);
		for (size_t i = 0; i < service->dns_count; i++)
			add_address(text, &service->dns[i]);
		text_add(text, "\n");
	}
	for (size_t i = 0; i < service->link_count; i++)
		text_add(text, "alias %s %s %s\n", own, service->links[i].alias,
			service->links[i].service);
	text_add(text, "pointer %s %s\n", own, service->name);
}

static void add_clients(const struct blueprint *blueprint, struct text *text)
{
	const struct topology *topology = &blueprint->topology;

	for (size_t i = 0; i < topology->endpoint_count; i++) {
		const struct topology_endpoint *endpoint =
			&topology->endpoints[i];

		add_client(blueprint, i, &endpoint->address4, text);
		add_client(blueprint, i, &endpoint->address6, text);
	}
}

/* ---- who is asked for ---------------------------------------------------- */

static bool counts(const struct topology_endpoint *endpoint,
	bool is_any_serving)
{
	return is_any_serving ? endpoint->is_serving : endpoint->is_running;
}

static bool is_any_serving(const struct topology *topology,
	const struct topology_group *group)
{
	for (size_t i = 0; i < group->endpoint_count; i++) {
		if (topology->endpoints[group->endpoints[i]].is_serving)
			return true;
	}
	return false;
}

/* Appends the addresses; false when there are none. */
static bool add_addresses(const struct topology *topology,
	const struct topology_group *group, enum choice choice,
	struct text *text)
{
	bool serving = is_any_serving(topology, group);
	size_t before = text->used;
	bool is_virtual = choice == CHOICE_VIRTUAL &&
			  (group->virtual4.family || group->virtual6.family);

	if (is_virtual) {
		add_address(text, &group->virtual4);
		add_address(text, &group->virtual6);
	}
	for (size_t i = 0; !is_virtual && i < group->endpoint_count; i++) {
		const struct topology_endpoint *endpoint =
			&topology->endpoints[group->endpoints[i]];

		if (!counts(endpoint, serving))
			continue;
		add_address(text, &endpoint->address4);
		add_address(text, &endpoint->address6);
	}
	return text->used > before;
}

static void add_lower(struct text *text, const char *name)
{
	for (; *name; name++) {
		char c = *name >= 'A' && *name <= 'Z' ? (char)(*name | 0x20)
						      : *name;

		text_add_bytes(text, &c, 1);
	}
}

/* "name 3 web 172.18.0.2"; nothing when nobody has that name now. */
static void add_name(const struct topology *topology,
	const struct topology_group *group, const char *name,
	enum choice choice, struct text *text)
{
	size_t before = text->used;

	text_add(text, "name %zu ", group->network);
	add_lower(text, name);
	if (add_addresses(topology, group, choice, text)) {
		text_add(text, "\n");
		return;
	}
	text->used = before;
	text->data[before] = '\0';
}

/* "web-2", and for the first "web-1": each alone. */
static void add_replicas(const struct topology *topology,
	const struct topology_group *group, struct text *text)
{
	for (size_t i = 0; i < group->endpoint_count; i++) {
		const struct topology_endpoint *endpoint =
			&topology->endpoints[group->endpoints[i]];

		if (!endpoint->is_running)
			continue;
		text_add(text, "name %zu ", group->network);
		add_lower(text, endpoint->container);
		if (text_equal(endpoint->container, group->service))
			text_add(text, "-1");
		add_address(text, &endpoint->address4);
		add_address(text, &endpoint->address6);
		text_add(text, "\n");
	}
}

static void add_names(const struct topology *topology, struct text *text)
{
	for (size_t i = 0; i < topology->group_count; i++) {
		const struct topology_group *group = &topology->groups[i];
		char tasks[80];
		struct text name;

		text_init(&name, tasks, sizeof(tasks));
		text_add(&name, "tasks.%s", group->service);
		add_name(topology, group, group->service, CHOICE_VIRTUAL, text);
		add_name(topology, group, tasks, CHOICE_ALL, text);
		for (size_t j = 0; j < group->name_count; j++)
			add_name(topology, group, group->names[j],
				CHOICE_VIRTUAL, text);
		if (group->endpoint_count > 1)
			add_replicas(topology, group, text);
	}
}

/* Bytes that are enough. */
static size_t measure(const struct topology *topology)
{
	size_t lines = 2 + 5 * topology->network_count +
		       LINES_EACH * topology->endpoint_count;
	size_t addresses = 0;

	for (size_t i = 0; i < topology->group_count; i++) {
		const struct topology_group *group = &topology->groups[i];

		lines += 3 + group->name_count;
		addresses += (2 + group->name_count) * 2 *
			     (group->endpoint_count + 1);
	}
	return lines * LINE_MAX + addresses * ADDRESS_TEXT_SIZE;
}

static size_t measure_services(const struct blueprint *blueprint)
{
	size_t size = 0;

	for (size_t i = 0; i < blueprint->topology.endpoint_count; i++) {
		const struct service *service = blueprint->services[i];

		size += 2 * (service->link_count * LINE_MAX +
				    service->dns_count * ADDRESS_TEXT_SIZE +
				    8 * service->attachment_count);
	}
	return size;
}

char *names_print(const struct blueprint *blueprint, struct arena *arena)
{
	size_t size =
		measure(&blueprint->topology) + measure_services(blueprint);
	char *buffer = arena_alloc(arena, size);
	struct text text;

	if (!buffer)
		return NULL;
	text_init(&text, buffer, size);
	text_add(&text, "version 1\n");
	add_gateways(&blueprint->topology, &text);
	add_domains(blueprint, &text);
	add_clients(blueprint, &text);
	add_names(&blueprint->topology, &text);
	text_add(&text, "end\n");
	return text.is_cut ? NULL : buffer;
}
