// SPDX-License-Identifier: MIT
/* host_routes - where the machine's interfaces lead, besides their subnets */
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
