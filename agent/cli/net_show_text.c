// SPDX-License-Identifier: MIT
/* net_show_text - the networks of the machine for people */
#include <inttypes.h>
#include <string.h>
#include <sys/socket.h>

#include "cli/net_show.h"
#include "cli/net_table.h"
#include "lib/arena.h"
#include "lib/text.h"
#include "net/survey.h"

#define LIST_BYTES 65536

/* A list of words with ", " between, for one cell. */
struct list {
	char bytes[LIST_BYTES];
	struct text text;
};

struct page {
	FILE *out;
	bool has_table;
};

static struct list list; /* of the cell that is made */

static void list_begin(void)
{
	text_init(&list.text, list.bytes, sizeof(list.bytes));
}

static void list_add(const char *word, const char *more)
{
	text_add(&list.text, "%s%s%s%s%s", list.text.used ? ", " : "", word,
		*more ? " (" : "", more, *more ? ")" : "");
}

static void list_add_address(const struct address *address)
{
	char own[ADDRESS_TEXT_SIZE];

	if (address->family)
		list_add(address_print(address, own), "");
}

static void add_address(struct net_table *table, const struct address *address)
{
	char own[ADDRESS_TEXT_SIZE];

	net_table_add(table, "%s", address_print(address, own));
}

static const char *link_name(const struct survey *survey, int index)
{
	const struct survey_link *link = survey_find_link(survey, index);

	return link ? link->name : "";
}

static void end_table(const struct net_table *table, struct page *page)
{
	if (table->cell_count <= table->columns)
		return;
	if (page->has_table)
		(void)fputc('\n', page->out);
	page->has_table = true;
	net_table_print(table, page->out);
}

/* ---- the machine's ------------------------------------------------------- */

static void add_mac(struct net_table *table, const uint8_t mac[6])
{
	static const uint8_t none[6];

	if (memcmp(mac, none, sizeof(none)) == 0)
		net_table_add(table, "-");
	else
		net_table_add(table, "%02x:%02x:%02x:%02x:%02x:%02x", mac[0],
			mac[1], mac[2], mac[3], mac[4], mac[5]);
}

static void add_mtu(struct net_table *table, uint32_t mtu)
{
	if (mtu)
		net_table_add(table, "%" PRIu32, mtu);
	else
		net_table_add(table, "-");
}

static void list_link(const struct survey *survey,
	const struct survey_link *link)
{
	char own[PREFIX_TEXT_SIZE];

	list_begin();
	for (size_t i = 0; i < survey->address_count; i++) {
		const struct survey_address *address = &survey->addresses[i];

		if (address->link == link->index)
			list_add(prefix_print(&address->prefix, own),
				address->origin);
	}
	if (link->key)
		list_add("key", link->key);
}

/* Those of networks and containers are in tables of their own. */
static void show_links(const struct survey *survey, struct page *page)
{
	struct net_table table;

	net_table_init(&table, survey->arena,
		"INTERFACE|STATE|MTU|MAC|ADDRESSES", survey->link_count);
	for (size_t i = 0; i < survey->link_count; i++) {
		const struct survey_link *link = &survey->links[i];

		if (link->is_port || link->is_bridge ||
			survey_is_spare(survey, link))
			continue;
		net_table_add(&table, "%s", link->name);
		net_table_add(&table, "%s", link->state);
		add_mtu(&table, link->mtu);
		add_mac(&table, link->mac);
		list_link(survey, link);
		net_table_add(&table, "%s", list.bytes);
	}
	end_table(&table, page);
}

static void show_leases(const struct survey *survey, struct page *page)
{
	struct net_table table;

	net_table_init(&table, survey->arena, "LEASE|ADDRESS|SERVER|SECONDS",
		survey->lease_count);
	for (size_t i = 0; i < survey->lease_count; i++) {
		const struct survey_lease *lease = &survey->leases[i];

		net_table_add(&table, "%s", lease->link);
		add_address(&table, &lease->address);
		add_address(&table, &lease->server);
		net_table_add(&table, "%" PRIu64 "%s", lease->seconds,
			lease->is_kept ? ", from the last boot" : "");
	}
	end_table(&table, page);
}

static void show_servers(const struct survey *survey, struct page *page)
{
	struct net_table table;

	net_table_init(&table, survey->arena, "NAME SERVER|INTERFACE",
		survey->server_count);
	for (size_t i = 0; i < survey->server_count; i++) {
		add_address(&table, &survey->servers[i].address);
		net_table_add(&table, "%s", survey->servers[i].link);
	}
	end_table(&table, page);
}

static void add_destination(struct net_table *table,
	const struct survey_route *route)
{
	const char *kind =
		text_equal(route->kind, "unicast") ? "" : route->kind;
	char own[PREFIX_TEXT_SIZE];
	const char *destination = prefix_print(&route->destination, own);

	if (route->destination.length == 0)
		destination = route->destination.address.family == AF_INET6
				      ? "default (IPv6)"
				      : "default";
	net_table_add(table, "%s%s%s", kind, *kind ? " " : "", destination);
}

static void show_routes(const struct survey *survey, struct page *page)
{
	struct net_table table;

	net_table_init(&table, survey->arena, "ROUTE|VIA|INTERFACE|METRIC|FROM",
		survey->route_count);
	for (size_t i = 0; i < survey->route_count; i++) {
		const struct survey_route *route = &survey->routes[i];

		add_destination(&table, route);
		add_address(&table, &route->via);
		net_table_add(&table, "%s", link_name(survey, route->link));
		net_table_add(&table, "%" PRIu32, route->metric);
		net_table_add(&table, "%s", route->origin);
	}
	end_table(&table, page);
}

/* ---- the workloads' ------------------------------------------------------ */

static void list_subnets(const struct survey_network *network)
{
	char own[PREFIX_TEXT_SIZE];

	list_begin();
	for (size_t i = 0; i < SURVEY_FAMILIES; i++) {
		if (network->subnets[i].address.family)
			list_add(prefix_print(&network->subnets[i], own), "");
	}
}

static void show_networks(const struct survey *survey, struct page *page)
{
	struct net_table table;

	net_table_init(&table, survey->arena,
		"NETWORK|DRIVER|INTERFACE|SUBNETS|GATEWAYS",
		survey->network_count);
	for (size_t i = 0; i < survey->network_count; i++) {
		const struct survey_network *network = &survey->networks[i];

		net_table_add(&table, "%s%s", network->name,
			network->is_internal ? " (internal)" : "");
		net_table_add(&table, "%s", network->driver);
		net_table_add(&table, "%s%s", network->link,
			network->is_there ? "" : " (missing)");
		list_subnets(network);
		net_table_add(&table, "%s", list.bytes);
		list_begin();
		for (size_t j = 0; j < SURVEY_FAMILIES; j++)
			list_add_address(&network->gateways[j]);
		net_table_add(&table, "%s", list.bytes);
	}
	end_table(&table, page);
}

static void add_count(struct net_table *table, const struct survey *survey,
	uint64_t count)
{
	if (survey->has_connections)
		net_table_add(table, "%" PRIu64, count);
	else
		net_table_add(table, "?");
}

static void show_services(const struct survey *survey, struct page *page)
{
	struct net_table table;

	net_table_init(&table, survey->arena,
		"SERVICE|NETWORK|SERVING|VIRTUAL ADDRESSES",
		survey->service_count);
	for (size_t i = 0; i < survey->service_count; i++) {
		const struct survey_service *service = &survey->services[i];

		net_table_add(&table, "%s", service->name);
		net_table_add(&table, "%s", service->network);
		net_table_add(&table, "%zu of %zu", service->serving,
			service->replicas);
		list_begin();
		for (size_t j = 0; j < SURVEY_FAMILIES; j++)
			list_add_address(&service->virtuals[j]);
		net_table_add(&table, "%s", list.bytes);
	}
	end_table(&table, page);
}

static void show_endpoints(const struct survey *survey, struct page *page)
{
	struct net_table table;

	net_table_init(&table, survey->arena,
		"CONTAINER|NETWORK|STATE|INTERFACE|IN|OUT|ADDRESSES",
		survey->endpoint_count);
	for (size_t i = 0; i < survey->endpoint_count; i++) {
		const struct survey_endpoint *endpoint = &survey->endpoints[i];

		net_table_add(&table, "%s", endpoint->container);
		net_table_add(&table, "%s", endpoint->network);
		net_table_add(&table, "%s", endpoint->state);
		net_table_add(&table, "%s", endpoint->link);
		add_count(&table, survey, endpoint->incoming);
		add_count(&table, survey, endpoint->outgoing);
		list_begin();
		for (size_t j = 0; j < SURVEY_FAMILIES; j++)
			list_add_address(&endpoint->addresses[j]);
		net_table_add(&table, "%s", list.bytes);
	}
	end_table(&table, page);
}

static void add_port(struct net_table *table, const struct survey_port *port)
{
	bool is_6 = port->host.family == AF_INET6;
	char own[ADDRESS_TEXT_SIZE];

	net_table_add(table, "%s %s%s%s:%u", port->protocol, is_6 ? "[" : "",
		port->host.family ? address_print(&port->host, own) : "*",
		is_6 ? "]" : "", port->published);
}

static void list_replicas(const struct survey_port *port)
{
	list_begin();
	for (size_t i = 0; i < port->replica_count; i++)
		list_add_address(&port->replicas[i]);
	if (text_equal(port->service, "-"))
		list_add("the machine itself", "");
	else if (port->replica_count == 0)
		list_add("nobody, connections are refused", "");
}

static void show_ports(const struct survey *survey, struct page *page)
{
	struct net_table table;

	net_table_init(&table, survey->arena, "PORT|SERVICE|TARGET|LEADS TO",
		survey->port_count);
	for (size_t i = 0; i < survey->port_count; i++) {
		const struct survey_port *port = &survey->ports[i];

		add_port(&table, port);
		net_table_add(&table, "%s", port->service);
		net_table_add(&table, "%u", port->target);
		list_replicas(port);
		net_table_add(&table, "%s", list.bytes);
	}
	end_table(&table, page);
}

/* A terminal gets no controls. */
static void show_sentence(const char *head, const char *line, FILE *out)
{
	fprintf(out, "%s: ", head);
	for (; *line; line++)
		(void)fputc((unsigned char)*line < ' ' || *line == 0x7f ? '?'
									: *line,
			out);
	(void)fputc('\n', out);
}

static void show_sentences(const char *head, const char *const *lines,
	size_t count, FILE *out)
{
	if (count > 0)
		(void)fputc('\n', out);
	for (size_t i = 0; i < count; i++)
		show_sentence(head, lines[i], out);
}

void net_show_text(const struct survey *survey, FILE *out)
{
	struct page page = { .out = out };

	show_links(survey, &page);
	show_leases(survey, &page);
	show_servers(survey, &page);
	show_routes(survey, &page);
	show_networks(survey, &page);
	show_services(survey, &page);
	show_endpoints(survey, &page);
	show_ports(survey, &page);
	if (survey->has_connections)
		fprintf(out,
			"\n%" PRIu64 " connection%s in all, %" PRIu64
			" offloaded to the flow table\n",
			survey->connections,
			survey->connections == 1 ? "" : "s", survey->offloaded);
	show_sentences("note", survey->notes, survey->note_count, out);
	show_sentences("problem", survey->problems, survey->problem_count, out);
}
