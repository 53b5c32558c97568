// SPDX-License-Identifier: MIT
/* host_routes - where the machine's interfaces lead, besides their subnets */
#include "config/host_routes.h"

#include <stdbool.h>
#include <stddef.h>
#include <sys/socket.h>

#include "config/addresses.h"
#include "config/draft.h"
#include "config/keys.h"
#include "config/node.h"
#include "config/reader.h"
#include "config/schema.h"
#include "config/walk.h"
#include "lib/address.h"
#include "lib/text.h"

#define ROUTES_MAX 256

void read_route_to(struct reader *reader, const struct node *node, void *base)
{
	struct draft_route *draft = base;

	draft->has_to = true;
	if (node->kind == NODE_SCALAR && text_equal(node->text, "default"))
		return;
	if (!prefix_read(reader, node, &draft->route.to))
		draft->is_wrong = true;
	else if (draft->route.to.length == 0) /* that is the default */
		draft->route.to.address.family = 0;
}

void read_route_via(struct reader *reader, const struct node *node, void *base)
{
	struct draft_route *draft = base;

	draft->is_wrong |= !address_read(reader, node, 0, &draft->route.via);
}

static void add_route(struct reader *reader, struct draft_host_link *draft,
	const struct host_route *route)
{
	struct host_route *grown = reader_grow(reader, draft->routes,
		draft->link.route_count, sizeof(*grown));

	if (!grown)
		return;
	grown[draft->link.route_count++] = *route;
	draft->routes = grown;
}

static void read_one_route(struct reader *reader, const struct node *node,
	struct draft_host_link *draft)
{
	struct draft_route route = { .route.mark = node->mark };
	const struct host_route *own = &route.route;

	if (!reader_is_map(reader, node,
		    "a map, such as {to: 198.51.100.0/24, via: 192.0.2.1}"))
		return;
	walk_map(reader, node, &schema_route, &route);
	if (!route.has_to)
		reader_error(reader, node->mark,
			"the key 'to' is missing, write a subnet such as 198.51.100.0/24, or default");
	else if (route.is_wrong)
		return;
	else if (own->to.address.family == 0 && own->via.family == 0)
		reader_error(reader, node->mark,
			"the default route needs a 'via:', write the router's address");
	else if (own->to.address.family && own->via.family &&
		 own->to.address.family != own->via.family)
		reader_error(reader, node->mark,
			"'to:' and 'via:' are of different families, write both as IPv4 or as IPv6");
	else
		add_route(reader, draft, own);
}

void read_routes(struct reader *reader, const struct node *node, void *base)
{
	size_t index = 0;

	if (!reader_is_list(reader, node,
		    "a list, such as [{to: 198.51.100.0/24, via: 192.0.2.1}]"))
		return;
	if (node->count > ROUTES_MAX) {
		reader_error(reader, node->mark,
			"the list has %zu items, the limit is %d", node->count,
			ROUTES_MAX);
		return;
	}
	for (const struct entry *e = node->first; e; e = e->next) {
		size_t path = reader_push_index(reader, index++);

		read_one_route(reader, e->value, base);
		reader_pop(reader, path);
	}
}

/* ---- what they say against each other ------------------------------------ */

/* Addresses that DHCP or routers will bring are not known here. */
static bool is_dynamic(const struct host_link *link, int family)
{
	return family == AF_INET ? link->flags & HOST_DHCP4
				 : link->flags & (HOST_AUTO6 | HOST_DHCP6);
}

static bool is_reached(const struct host_link *link,
	const struct address *router)
{
	for (size_t i = 0; i < link->address_count; i++) {
		if (prefix_contains(&link->addresses[i], router))
			return true;
	}
	/* a route without a router says what is on the link, too */
	for (size_t i = 0; i < link->route_count; i++) {
		const struct host_route *route = &link->routes[i];

		if (route->via.family == 0 &&
			route->to.address.family == router->family &&
			prefix_contains(&route->to, router))
			return true;
	}
	return address_is_of_link(router) || is_dynamic(link, router->family);
}

static void check_router(struct reader *reader, const struct host_link *link,
	const struct host_route *route)
{
	char text[ADDRESS_TEXT_SIZE];

	if (route->via.family == 0)
		return;
	address_print(&route->via, text);
	for (size_t i = 0; i < link->address_count; i++) {
		if (address_compare(&link->addresses[i].address, &route->via) ==
			0) {
			reader_error(reader, route->mark,
				"'%s' is the machine's own address, write the router's",
				text);
			return;
		}
	}
	if (!is_reached(link, &route->via))
		reader_error(reader, route->mark,
			"no address of the interface is in a subnet with '%s', so that it cannot be reached; write a router in one, or an 'address:' beside it",
			text);
}

/* 0 stands for the metric of the link, whatever that is. */
static uint64_t metric_of(const struct host_link *link, uint64_t metric)
{
	return metric == link->metric ? 0 : metric;
}

static int family_of(const struct host_route *route)
{
	return route->to.address.family ? route->to.address.family
					: route->via.family;
}

static bool is_same(const struct host_link *link, const struct host_route *a,
	const struct host_route *b)
{
	return family_of(a) == family_of(b) && a->to.length == b->to.length &&
	       address_compare(&a->to.address, &b->to.address) == 0 &&
	       metric_of(link, a->metric) == metric_of(link, b->metric);
}

static void warn_twice(struct reader *reader, const struct host_route *route,
	const char *what, struct mark mark)
{
	reader_warn(reader, route->mark,
		"there is %s, at line %u, column %u, and one of them is used; write another 'metric:', or remove one of them",
		what, mark.line, mark.column);
}

/* Has the gateway, or a route before this one, the same meaning? */
static void check_twice(struct reader *reader,
	const struct draft_host_link *draft, const struct host_route *route)
{
	const struct host_link *link = &draft->link;
	bool is_ipv4 = family_of(route) == AF_INET;

	if (route->to.address.family == 0 &&
		metric_of(link, route->metric) == 0 &&
		(is_ipv4 ? link->gateway4 : link->gateway6).family) {
		warn_twice(reader, route, "a 'gateway:' already",
			is_ipv4 ? draft->gateway4_mark : draft->gateway6_mark);
		return;
	}
	for (const struct host_route *old = link->routes; old < route; old++) {
		if (!is_same(link, old, route))
			continue;
		warn_twice(reader, route, "a route to the same already",
			old->mark);
		return;
	}
}

void host_routes_check(struct reader *reader,
	const struct draft_host_link *draft)
{
	size_t path = reader_push(reader, "routes");

	for (size_t i = 0; i < draft->link.route_count; i++) {
		const struct host_route *route = &draft->link.routes[i];

		check_router(reader, &draft->link, route);
		check_twice(reader, draft, route);
	}
	reader_pop(reader, path);
}
