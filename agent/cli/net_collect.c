// SPDX-License-Identifier: MIT
/* net_collect - fills a struct net_report: from the kernel, and from files */
#include "cli/net_collect.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>

#include "cli/net_files.h"
#include "cli/net_kernel.h"
#include "cli/net_report.h"
#include "lib/arena.h"
#include "lib/error.h"
#include "lib/fd.h"
#include "lib/text.h"
#include "net/conntrack.h"

#define ALIAS "tare "

/* ---- files --------------------------------------------------------------- */

static void read_file(struct net_report *report, int folder_fd,
	const char *name,
	int (*read)(struct net_report *report, char *text, struct error *err))
{
	auto_free char *text = NULL;
	struct error err;
	size_t size = 0;
	char *copy;
	int result =
		fd_read_file(folder_fd, name, NET_FILE_MAX, &text, &size, &err);

	if (result == -ENOENT) {
		net_report_add_problem(report, "there is no file '%s/%s'",
			NET_FOLDER, name);
		return;
	}
	copy = result < 0 ? NULL : arena_copy(report->arena, text, size);
	if (copy)
		result = read(report, copy, &err);
	else if (result == 0)
		result = error_set(&err, -ENOMEM, "no memory");
	if (result < 0)
		net_report_add_problem(report, "read '%s/%s': %s", NET_FOLDER,
			name, err.text);
}

static void read_files(struct net_report *report, const char *folder)
{
	auto_fd fd = open(folder, O_RDONLY | O_DIRECTORY | O_CLOEXEC);

	if (fd < 0) {
		net_report_add_problem(report,
			"open '%s': %s: only what the kernel knows is told",
			NET_FOLDER, strerror(errno));
		return;
	}
	read_file(report, fd, "state", net_files_read_state);
	read_file(report, fd, "ports", net_files_read_ports);
	read_file(report, fd, "names", net_files_read_names);
}

/* ---- networks and links of them ------------------------------------------ */

/* What a bridge's alias names; NULL: it has none of ours. */
static const char *name_of(const struct net_link *link)
{
	return text_starts_with(link->alias, ALIAS)
		       ? link->alias + strlen(ALIAS)
		       : NULL;
}

static struct net_network *find_by_link(const struct net_report *report,
	const char *link)
{
	for (size_t i = 0; i < report->network_count; i++) {
		if (text_equal(report->networks[i].link, link))
			return &report->networks[i];
	}
	return NULL;
}

/* The gateway's address tells the subnet; a virtual one is /32 or /128. */
static void take_subnets(const struct net_report *report,
	const struct net_link *link, struct net_network *network)
{
	for (size_t i = 0; i < report->address_count; i++) {
		const struct net_address *address = &report->addresses[i];
		const struct address *own = &address->prefix.address;
		size_t family = net_report_family(own);

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
static void add_found(struct net_report *report, const struct net_link *link)
{
	const char *name = name_of(link);
	struct net_network *network;

	if (report->network_count == NET_NETWORKS_MAX)
		return;
	network = &report->networks[report->network_count++];
	*network = (struct net_network){
		.number = UINT32_MAX,
		.name = name ? name : link->name,
		.driver = "bridge",
		.link = link->name,
		.is_there = true,
	};
	take_subnets(report, link, network);
}

static void join_networks(struct net_report *report)
{
	for (size_t i = 0; i < report->network_count; i++)
		report->networks[i].is_there =
			net_report_find(report, report->networks[i].link);
	for (size_t i = 0; i < report->link_count; i++) {
		const struct net_link *link = &report->links[i];

		if (link->is_bridge && !find_by_link(report, link->name))
			add_found(report, link);
	}
}

/* Whether the alias is "tare CONTAINER NETWORK". */
static bool leads_to(const struct net_link *link,
	const struct net_endpoint *endpoint)
{
	const char *rest = name_of(link);
	size_t length = strlen(endpoint->container);

	return link->is_port && rest &&
	       text_starts_with(rest, endpoint->container) &&
	       rest[length] == ' ' &&
	       text_equal(rest + length + 1, endpoint->network);
}

static void join_endpoints(struct net_report *report)
{
	for (size_t i = 0; i < report->endpoint_count; i++) {
		struct net_endpoint *endpoint = &report->endpoints[i];

		for (size_t j = 0; j < report->link_count; j++) {
			if (leads_to(&report->links[j], endpoint))
				endpoint->link = report->links[j].name;
		}
	}
}

/* ---- connections --------------------------------------------------------- */

/* The endpoints by address, to be found fast. */
struct counting {
	struct net_report *report;
	struct owner {
		struct address address;
		struct net_endpoint *endpoint;
	} * owners;
	size_t count;
};

static int compare_owners(const void *a, const void *b)
{
	const struct owner *left = a;
	const struct owner *right = b;

	return address_compare(&left->address, &right->address);
}

static struct net_endpoint *find_owner(const struct counting *counting,
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
	struct net_endpoint *from =
		find_owner(counting, &connection->original.source);
	struct net_endpoint *to =
		find_owner(counting, &connection->reply.source);

	counting->report->connections++;
	if (from)
		from->outgoing++;
	if (to)
		to->incoming++;
}

static void count_connections(struct net_report *report)
{
	struct counting counting = { .report = report };
	struct error err;

	counting.owners = arena_array(report->arena,
		NET_FAMILIES * report->endpoint_count + 1,
		sizeof(*counting.owners));
	if (!counting.owners)
		return;
	for (size_t i = 0; i < report->endpoint_count; i++) {
		struct net_endpoint *endpoint = &report->endpoints[i];

		for (size_t j = 0; j < NET_FAMILIES; j++) {
			if (endpoint->addresses[j].family)
				counting.owners[counting.count++] =
					(struct owner){ endpoint->addresses[j],
						endpoint };
		}
	}
	qsort(counting.owners, counting.count, sizeof(*counting.owners),
		compare_owners);
	if (conntrack_list(count_one, &counting, &err) < 0)
		net_report_add_problem(report, "%s", err.text);
	else
		report->has_connections = true;
}

/* A table that is full may have left something out. */
static void tell_full(struct net_report *report)
{
	const struct {
		size_t count, max;
		const char *what;
	} tables[] = {
		{ report->link_count, NET_LINKS_MAX, "interfaces" },
		{ report->address_count, NET_ADDRESSES_MAX, "addresses" },
		{ report->route_count, NET_ROUTES_MAX, "routes" },
		{ report->network_count, NET_NETWORKS_MAX, "networks" },
		{ report->endpoint_count, NET_ENDPOINTS_MAX, "containers" },
		{ report->port_count, NET_PORTS_MAX, "ports" },
	};

	for (size_t i = 0; i < sizeof(tables) / sizeof(tables[0]); i++) {
		if (tables[i].count == tables[i].max)
			net_report_add_problem(report,
				"only %zu %s are shown, there may be more",
				tables[i].max, tables[i].what);
	}
}

int net_collect(struct net_report *report, const char *folder,
	struct arena *arena)
{
	struct error err;
	int result = net_report_init(report, arena);

	if (result < 0)
		return result;
	if (net_kernel_read(report, &err) < 0)
		net_report_add_problem(report, "%s", err.text);
	read_files(report, folder);
	join_networks(report);
	join_endpoints(report);
	count_connections(report);
	tell_full(report);
	return 0;
}
