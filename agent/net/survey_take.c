// SPDX-License-Identifier: MIT
/* survey_take - fills a struct survey: from the kernel, and from files */
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>

#include "lib/arena.h"
#include "lib/error.h"
#include "lib/fd.h"
#include "lib/text.h"
#include "net/conntrack.h"
#include "net/survey.h"
#include "net/survey_parts.h"

#define ALIAS "tare "

/* ---- files --------------------------------------------------------------- */

static void read_file(struct survey *survey, int folder_fd, const char *name,
	int (*read)(struct survey *survey, char *text, struct error *err))
{
	auto_free char *text = NULL;
	struct error err;
	size_t size = 0;
	char *copy;
	int result = fd_read_file(folder_fd, name, SURVEY_FILE_MAX, &text,
		&size, &err);

	if (result == -ENOENT) {
		survey_add_problem(survey, "there is no file '%s/%s'",
			SURVEY_FOLDER, name);
		return;
	}
	copy = result < 0 ? NULL : arena_copy(survey->arena, text, size);
	if (copy)
		result = read(survey, copy, &err);
	else if (result == 0)
		result = error_set(&err, -ENOMEM, "no memory");
	if (result < 0)
		survey_add_problem(survey, "read '%s/%s': %s", SURVEY_FOLDER,
			name, err.text);
}

static void read_files(struct survey *survey, const char *folder)
{
	auto_fd fd = open(folder, O_RDONLY | O_DIRECTORY | O_CLOEXEC);

	if (fd < 0) {
		survey_add_problem(survey,
			"open '%s': %s: only what the kernel knows is told",
			SURVEY_FOLDER, strerror(errno));
		return;
	}
	read_file(survey, fd, "state", survey_read_state);
	read_file(survey, fd, "ports", survey_read_ports);
	read_file(survey, fd, "names", survey_read_names);
}

/* ---- networks and links of them ------------------------------------------ */

/* What a bridge's alias names; NULL: it has none of ours. */
static const char *name_of(const struct survey_link *link)
{
	return text_starts_with(link->alias, ALIAS)
		       ? link->alias + strlen(ALIAS)
		       : NULL;
}

static struct survey_network *find_by_link(const struct survey *survey,
	const char *link)
{
	for (size_t i = 0; i < survey->network_count; i++) {
		if (text_equal(survey->networks[i].link, link))
			return &survey->networks[i];
	}
	return NULL;
}

/* The gateway's address tells the subnet; a virtual one is /32 or /128. */
static void take_subnets(const struct survey *survey,
	const struct survey_link *link, struct survey_network *network)
{
	for (size_t i = 0; i < survey->address_count; i++) {
		const struct survey_address *address = &survey->addresses[i];
		const struct address *own = &address->prefix.address;
		size_t family = survey_family(own);

		if (address->link != link->index ||
			network->gateways[family].family ||
			address->prefix.length == 8 * address_size(own) ||
			(own->bytes[0] == 0xfe && own->bytes[1] == 0x80))
			continue;
		network->gateways[family] = *own;
		network->subnets[family] = address->prefix;
		for (size_t bit = address->prefix.length;
			bit < 8 * address_size(own); bit++)
			network->subnets[family].address.bytes[bit / 8] &=
				(uint8_t) ~(0x80 >> bit % 8);
	}
}

/* Of a bridge that no file names: the agent has gone, or is to remove it. */
static void add_found(struct survey *survey, const struct survey_link *link)
{
	const char *name = name_of(link);
	struct survey_network *network;

	if (survey->network_count == SURVEY_NETWORKS_MAX)
		return;
	network = &survey->networks[survey->network_count++];
	*network = (struct survey_network){
		.number = UINT32_MAX,
		.name = name ? name : link->name,
		.driver = "bridge",
		.link = link->name,
		.is_there = true,
	};
	take_subnets(survey, link, network);
}

static void join_networks(struct survey *survey)
{
	for (size_t i = 0; i < survey->network_count; i++)
		survey->networks[i].is_there =
			survey_find_name(survey, survey->networks[i].link);
	for (size_t i = 0; i < survey->link_count; i++) {
		const struct survey_link *link = &survey->links[i];

		if (link->is_bridge && !find_by_link(survey, link->name))
			add_found(survey, link);
	}
}

/* Whether the alias is "tare CONTAINER NETWORK ...". */
static bool leads_to(const struct survey_link *link,
	const struct survey_endpoint *endpoint)
{
	const char *rest = name_of(link);

	if (!link->is_port || !rest ||
		!text_starts_with(rest, endpoint->container))
		return false;
	rest += strlen(endpoint->container);
	if (*rest != ' ' || !text_starts_with(rest + 1, endpoint->network))
		return false;
	rest += 1 + strlen(endpoint->network);
	return *rest == '\0' || *rest == ' ';
}

static void join_endpoints(struct survey *survey)
{
	for (size_t i = 0; i < survey->endpoint_count; i++) {
		struct survey_endpoint *endpoint = &survey->endpoints[i];

		for (size_t j = 0; j < survey->link_count; j++) {
			if (leads_to(&survey->links[j], endpoint))
				endpoint->link = survey->links[j].name;
		}
	}
}

/* ---- connections --------------------------------------------------------- */

/* The endpoints by address, to be found fast. */
struct counting {
	struct survey *survey;
	struct owner {
		struct address address;
		struct survey_endpoint *endpoint;
	} * owners;
	size_t count;
};

static int compare_owners(const void *a, const void *b)
{
	const struct owner *left = a;
	const struct owner *right = b;

	return address_compare(&left->address, &right->address);
}

static struct survey_endpoint *find_owner(const struct counting *counting,
	const struct address *address)
{
	const struct owner key = { .address = *address };
	const struct owner *found = bsearch(&key, counting->owners,
		counting->count, sizeof(key), compare_owners);

	return found ? found->endpoint : NULL;
}

static void count_one(const struct conntrack *connection, void *context)
{
	const struct counting *counting = context;
	struct survey_endpoint *from =
		find_owner(counting, &connection->original.source);
	struct survey_endpoint *to =
		find_owner(counting, &connection->reply.source);

	counting->survey->connections++;
	counting->survey->offloaded += connection->is_offloaded;
	if (from)
		from->outgoing++;
	if (to)
		to->incoming++;
}

static void count_connections(struct survey *survey)
{
	struct counting counting = { .survey = survey };
	struct error err;

	counting.owners = arena_array(survey->arena,
		SURVEY_FAMILIES * survey->endpoint_count + 1,
		sizeof(*counting.owners));
	if (!counting.owners)
		return;
	for (size_t i = 0; i < survey->endpoint_count; i++) {
		struct survey_endpoint *endpoint = &survey->endpoints[i];

		for (size_t j = 0; j < SURVEY_FAMILIES; j++) {
			if (endpoint->addresses[j].family)
				counting.owners[counting.count++] =
					(struct owner){ endpoint->addresses[j],
						endpoint };
		}
	}
	qsort(counting.owners, counting.count, sizeof(*counting.owners),
		compare_owners);
	if (conntrack_list(count_one, &counting, &err) < 0)
		survey_add_problem(survey, "%s", err.text);
	else
		survey->has_connections = true;
}

/* A table that is full may have left something out. */
static void tell_full(struct survey *survey)
{
	const struct {
		size_t count, max;
		const char *what;
	} tables[] = {
		{ survey->link_count, SURVEY_LINKS_MAX, "interfaces" },
		{ survey->address_count, SURVEY_ADDRESSES_MAX, "addresses" },
		{ survey->route_count, SURVEY_ROUTES_MAX, "routes" },
		{ survey->network_count, SURVEY_NETWORKS_MAX, "networks" },
		{ survey->service_count, SURVEY_SERVICES_MAX, "services" },
		{ survey->endpoint_count, SURVEY_ENDPOINTS_MAX, "containers" },
		{ survey->port_count, SURVEY_PORTS_MAX, "ports" },
	};

	for (size_t i = 0; i < sizeof(tables) / sizeof(tables[0]); i++) {
		if (tables[i].count == tables[i].max)
			survey_add_problem(survey,
				"only %zu %s are shown, there may be more",
				tables[i].max, tables[i].what);
	}
}

int survey_take(struct survey *survey, const char *folder, struct arena *arena)
{
	struct error err;
	int result = survey_init(survey, arena);

	if (result < 0)
		return result;
	if (survey_read_kernel(survey, &err) < 0)
		survey_add_problem(survey, "%s", err.text);
	read_files(survey, folder);
	join_networks(survey);
	join_endpoints(survey);
	count_connections(survey);
	tell_full(survey);
	return 0;
}
