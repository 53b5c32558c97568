// SPDX-License-Identifier: MIT
/* host_conflicts - what the interfaces of the machine say against each other */
#include "config/host_conflicts.h"

#include <stdarg.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>

#include "config/addresses.h"
#include "config/draft.h"
#include "config/interfaces.h"
#include "config/node.h"
#include "config/reader.h"
#include "config/subnet_conflicts.h"
#include "lib/address.h"
#include "lib/text.h"

/* One interface under another: a parent, or a member. */
struct step {
	const char *name;
	const char *key;
	struct mark mark;
};

__attribute__((format(printf, 5, 6))) static void say(struct reader *reader,
	const struct draft_host_link *draft, const char *key, struct mark mark,
	const char *format, ...)
{
	char text[300];
	va_list args;

	va_start(args, format);
	(void)vsnprintf(text, sizeof(text), format, args);
	va_end(args);
	reader_push(reader, "host.network");
	reader_push(reader, draft->link.name);
	if (key)
		reader_push(reader, key);
	reader_error(reader, mark, "%s", text);
	reader_pop(reader, 0);
}

static size_t count_steps(const struct draft_host_link *draft)
{
	return draft->link.members.count + (draft->link.parent != NULL);
}

/* The index-th interface that this one is on top of. */
static struct step step_of(const struct draft_host_link *draft, size_t index)
{
	const struct host_link *link = &draft->link;

	if (index == link->members.count)
		return (struct step){ link->parent, "vlan.parent",
			draft->parent_mark };
	return (struct step){ link->members.items[index],
		link->kind == HOST_LINK_BOND ? "bond.members"
					     : "bridge.members",
		draft->member_marks[index] };
}

static void check_step(struct reader *reader, const struct draft *draft,
	const struct draft_host_link *link, const struct step *step)
{
	const struct draft_host_link *target;

	reader_push(reader, "host.network");
	reader_push(reader, link->link.name);
	reader_push(reader, step->key);
	target = interface_find(reader, draft, step->name, step->mark, link);
	if (target && target->link.kind == HOST_LINK_WIREGUARD)
		reader_error(reader, step->mark,
			"'%s' is a WireGuard interface, which has no Ethernet; write another",
			step->name);
	reader_pop(reader, 0);
	if (target && link->link.members.count > 0 &&
		!mac_is_set(target->link.mac) &&
		(target->link.flags || target->link.address_count))
		say(reader, target, "address",
			node_find_mark(target->node, "address",
				target->link.mark),
			"the interface is part of '%s', which has the addresses of all its parts; move the key there",
			link->link.name);
}

/* Is an interface part of another one before, or twice of the same? */
static void check_masters(struct reader *reader, const struct draft *draft,
	const struct draft_host_link *link, size_t index)
{
	struct step step = step_of(link, index);

	if (index == link->link.members.count)
		return; /* several VLANs can be on one parent */
	for (const struct draft_host_link *other = draft->host_links;
		other <= link; other++) {
		size_t count =
			other == link ? index : other->link.members.count;

		for (size_t i = 0; i < count; i++) {
			struct step old = step_of(other, i);

			if (!text_equal(old.name, step.name))
				continue;
			say(reader, link, step.key, step.mark,
				"'%s' is part of '%s' already, at line %u, column %u; remove one of them",
				step.name, other->link.name, old.mark.line,
				old.mark.column);
			return;
		}
	}
}

enum colour {
	COLOUR_NEW,
	COLOUR_OPEN, /* on the way from the start to here */
	COLOUR_DONE,
};

struct circle {
	struct reader *reader;
	const struct draft *draft;
	enum colour colours[CONFIG_HOST_LINKS_MAX];
};

/* At most CONFIG_HOST_LINKS_MAX deep. */
static void look_for_circle(struct circle *circle, size_t index)
{
	const struct draft_host_link *link = &circle->draft->host_links[index];

	circle->colours[index] = COLOUR_OPEN;
	for (size_t i = 0; i < count_steps(link); i++) {
		struct step step = step_of(link, i);
		const struct draft_host_link *target =
			interface_named(circle->draft, step.name);
		size_t next;

		if (!target)
			continue;
		next = (size_t)(target - circle->draft->host_links);
		if (circle->colours[next] == COLOUR_OPEN)
			say(circle->reader, link, step.key, step.mark,
				target == link
					? "'%s' cannot be on top of itself, write another interface"
					: "'%s' is on top of this interface already; remove one of them",
				step.name);
		else if (circle->colours[next] == COLOUR_NEW)
			look_for_circle(circle, next);
	}
	circle->colours[index] = COLOUR_DONE;
}

static void check_circles(struct reader *reader, const struct draft *draft)
{
	struct circle circle = { .reader = reader, .draft = draft };

	for (size_t i = 0; i < draft->host_link_count; i++) {
		if (circle.colours[i] == COLOUR_NEW)
			look_for_circle(&circle, i);
	}
}

/* Of two ways out with the same metric, which one is taken is by chance. */
static void check_metric(struct reader *reader,
	const struct draft_host_link *old, const struct draft_host_link *new)
{
	const struct host_link *a = &old->link;
	const struct host_link *b = &new->link;
	bool both4 = (a->gateway4.family || (a->flags & HOST_DHCP4)) &&
		     (b->gateway4.family || (b->flags & HOST_DHCP4));
	bool both6 =
		(a->gateway6.family ||
			(a->flags & (HOST_DHCP6 | HOST_AUTO6))) &&
		(b->gateway6.family || (b->flags & (HOST_DHCP6 | HOST_AUTO6)));
	struct mark mark = node_find_mark(old->node, "metric", old->link.mark);

	if (a->metric == 0 || a->metric != b->metric || (!both4 && !both6))
		return;
	reader_push(reader, "host.network");
	reader_push(reader, b->name);
	reader_push(reader, "metric");
	reader_warn(reader, node_find_mark(new->node, "metric", b->mark),
		"'%s' has this metric already, at line %u, column %u, so that it is by chance which of both leads outside; write another",
		a->name, mark.line, mark.column);
	reader_pop(reader, 0);
}

/* What two links have that can be there once. */
static void check_pair(struct reader *reader, const struct draft_host_link *old,
	const struct draft_host_link *new)
{
	const struct host_link *a = &old->link;
	const struct host_link *b = &new->link;
	char text[ADDRESS_TEXT_SIZE];

	if (mac_is_set(a->mac) && memcmp(a->mac, b->mac, sizeof(a->mac)) == 0)
		say(reader, new, "match", b->mark,
			"'%s' finds the same interface, at line %u, column %u; remove one of them",
			a->name, a->mark.line, a->mark.column);
	if (a->parent && b->parent && text_equal(a->parent, b->parent) &&
		a->vlan_id > 0 && a->vlan_id == b->vlan_id)
		say(reader, new, "vlan", b->mark,
			"'%s' is this VLAN already, at line %u, column %u; remove one of them",
			a->name, a->mark.line, a->mark.column);
	if (a->listen_port > 0 && a->listen_port == b->listen_port)
		say(reader, new, "wireguard.port", b->mark,
			"'%s' has this port already, at line %u, column %u; write another",
			a->name, a->mark.line, a->mark.column);
	for (size_t i = 0; i < b->address_count * a->address_count; i++) {
		size_t one = i / b->address_count;
		size_t two = i % b->address_count;

		if (address_compare(&a->addresses[one].address,
			    &b->addresses[two].address) != 0)
			continue;
		say(reader, new, "address", new->address_marks[two],
			"'%s' has the address %s already, at line %u, column %u; write another",
			a->name,
			address_print(&b->addresses[two].address, text),
			old->address_marks[one].line,
			old->address_marks[one].column);
		return;
	}
}

static bool has_way_out(const struct host_link *link)
{
	for (size_t i = 0; i < link->route_count; i++) {
		if (link->routes[i].to.address.family == 0)
			return true;
	}
	return link->gateway4.family || link->gateway6.family;
}

/* A way out, and nobody who would know the names there. */
static void check_servers(struct reader *reader, const struct draft *draft)
{
	const struct draft_host_link *way = NULL;
	struct mark none = { 0, 0 };

	for (size_t i = 0; i < draft->host_link_count; i++) {
		const struct draft_host_link *own = &draft->host_links[i];

		/* one that was wrong has been reported */
		if (own->link.flags ||
			node_find_mark(own->node, "dns", none).line > 0)
			return;
		if (!way && has_way_out(&own->link))
			way = own;
	}
	if (!way)
		return;
	reader_push(reader, "host.network");
	reader_push(reader, way->link.name);
	reader_warn(reader, way->link.mark,
		"no interface has a name server, so that no names outside are known; write 'dns:' here, such as 'dns: 192.0.2.53'");
	reader_pop(reader, 0);
}

static void fill(struct reader *reader, struct draft *draft)
{
	size_t count = draft->host_link_count;
	struct host_link *links = reader_alloc(reader, count, sizeof(*links));

	for (size_t i = 0; links && i < count; i++)
		links[i] = draft->host_links[i].link;
	draft->config.host_links = links;
	draft->config.host_link_count = links ? count : 0;
}

void host_conflicts_check(struct reader *reader, struct draft *draft)
{
	for (size_t i = 0; i < draft->host_link_count; i++) {
		const struct draft_host_link *link = &draft->host_links[i];

		for (size_t k = 0; k < count_steps(link); k++) {
			struct step step = step_of(link, k);

			check_step(reader, draft, link, &step);
			check_masters(reader, draft, link, k);
		}
		for (size_t k = 0; k < i; k++) {
			check_pair(reader, &draft->host_links[k], link);
			check_metric(reader, &draft->host_links[k], link);
		}
	}
	check_circles(reader, draft);
	check_servers(reader, draft);
	subnet_conflicts_check(reader, draft);
	fill(reader, draft);
}
