// SPDX-License-Identifier: MIT
/* port_conflicts - ports of the machine that two want */
#include "config/port_conflicts.h"

#include <stdbool.h>
#include <string.h>
#include <sys/socket.h>

#include "config/addresses.h"
#include "config/draft.h"
#include "config/reader.h"
#include "lib/address.h"
#include "lib/text.h"

struct user {
	struct port *port;
	struct draft_service *service;
	bool yields; /* to others, since any port of the machine will do */
	bool is_dropped;
};

/* Who has a port already, "published by 'web'", and where. */
struct owner {
	char text[80];
	struct mark mark;
	bool is_itself; /* one of the two can go */
};

static bool overlaps(const struct address *a, const struct address *b)
{
	if (a->family == 0 || b->family == 0)
		return true;
	return a->family == b->family &&
	       (address_is_any(a) || address_is_any(b) ||
		       address_compare(a, b) == 0);
}

static bool is_same_port(const struct port *a, const struct port *b)
{
	return a->published == b->published && a->protocol == b->protocol &&
	       overlaps(&a->host, &b->host);
}

/* The ports of the machine that somebody wants, and those that were advised. */
struct ports {
	struct user *users;
	size_t count;
	bool is_taken[UINT16_MAX + 1];
};

/* The program of a service in the machine's network listens anyway. */
static struct user make_user(struct draft_service *service, size_t index)
{
	struct port *port = &service->ports[index];

	return (struct user){
		.port = port,
		.service = service,
		.yields = port->is_unsaid &&
			  service->service.network_mode != NETWORK_MODE_HOST,
	};
}

static void collect(struct reader *reader, const struct draft *draft,
	struct ports *ports)
{
	ports->users = reader_alloc_tree(reader, reader->port_count,
		sizeof(*ports->users));
	for (size_t i = 0; ports->users && i < draft->service_count; i++) {
		struct draft_service *service = &draft->services[i];

		for (size_t k = 0; k < service->port_count; k++) {
			if (service->replicas.count == 0)
				continue;
			ports->users[ports->count++] = make_user(service, k);
			ports->is_taken[service->ports[k].published] = true;
		}
	}
	for (size_t i = 0; i < draft->host_link_count; i++) {
		uint64_t port = draft->host_links[i].link.listen_port;

		if (port <= UINT16_MAX)
			ports->is_taken[port] = true;
	}
}

static bool is_of_one_range(const struct user *a, const struct user *b)
{
	return a->service == b->service &&
	       a->port->mark.line == b->port->mark.line &&
	       a->port->mark.column == b->port->mark.column;
}

static bool is_of_range(const struct user *user)
{
	const struct draft_service *service = user->service;
	const struct mark *mark = &user->port->mark;
	size_t count = 0;

	for (size_t i = 0; i < service->port_count; i++)
		count += service->ports[i].mark.line == mark->line &&
			 service->ports[i].mark.column == mark->column;
	return count > 1;
}

/* One that is free: 8080 for 80, the next one for others; 0: there is none. */
static uint16_t find_free(struct ports *ports, uint16_t published)
{
	unsigned int number = published;

	number += published < 1024 ? 8000 : 1;
	while (number <= UINT16_MAX && ports->is_taken[number])
		number++;
	if (number > UINT16_MAX)
		return 0;
	ports->is_taken[number] = true;
	return (uint16_t)number;
}

/* What to write instead, as the short form has it. */
static void add_advice(struct text *out, struct ports *ports,
	const struct user *user)
{
	const struct port *port = user->port;
	char host[ADDRESS_TEXT_SIZE];
	uint16_t number;

	if (user->service->service.network_mode == NETWORK_MODE_HOST) {
		text_add(out,
			"let the program listen on another, and write that");
		return;
	}
	if (is_of_range(user)) {
		text_add(out, "write other ports of the machine");
		return;
	}
	number = find_free(ports, port->published);
	if (number == 0) {
		text_add(out, "write another");
		return;
	}
	text_add(out, "write another, such as '");
	if (port->host.family)
		text_add(out, port->host.family == AF_INET6 ? "[%s]:" : "%s:",
			address_print(&port->host, host));
	text_add(out, "%u:%u", number, port->target);
	if (!text_equal(port->protocol, "tcp"))
		text_add(out, "/%s", port->protocol);
	text_add(out, "'");
}

static void say(struct reader *reader, struct ports *ports,
	const struct user *user, const struct owner *owner)
{
	char buffer[120];
	struct text advice;

	text_init(&advice, buffer, sizeof(buffer));
	if (owner->is_itself)
		text_add(&advice, "remove one of them");
	else
		add_advice(&advice, ports, user);
	reader_push(reader, "services");
	reader_push(reader, user->service->service.name);
	reader_push(reader, "ports");
	if (user->is_dropped)
		reader_warn(reader, user->port->mark,
			"port %u/%s is %s already, at line %u, column %u, so this one is not published; %s",
			user->port->published, user->port->protocol,
			owner->text, owner->mark.line, owner->mark.column,
			buffer);
	else
		reader_error(reader, user->port->mark,
			"port %u/%s is %s already, at line %u, column %u; %s",
			user->port->published, user->port->protocol,
			owner->text, owner->mark.line, owner->mark.column,
			buffer);
	reader_pop(reader, 0);
}

/* Has one that comes first the same port? */
static bool find_user(const struct ports *ports, size_t index,
	struct owner *out)
{
	const struct user *new = &ports->users[index];

	for (size_t i = 0; i < ports->count; i++) {
		const struct user *old = &ports->users[i];
		bool is_first =
			old->yields == new->yields ? i < index : new->yields;
		struct text text;

		if (!is_first || old->is_dropped ||
			!is_same_port(old->port, new->port))
			continue;
		text_init(&text, out->text, sizeof(out->text));
		text_add(&text, "published by '%.63s'",
			old->service->service.name);
		out->mark = old->port->mark;
		out->is_itself = old->service == new->service &&
				 old->port->target == new->port->target;
		return true;
	}
	return false;
}

/* On the ports of its tunnels the machine itself listens. */
static bool find_tunnel(const struct draft *draft, const struct user *user,
	struct owner *out)
{
	for (size_t i = 0; i < draft->host_link_count; i++) {
		const struct host_link *link = &draft->host_links[i].link;
		struct text text;

		if (link->listen_port != user->port->published ||
			!text_equal(user->port->protocol, "udp"))
			continue;
		text_init(&text, out->text, sizeof(out->text));
		text_add(&text, "that of the machine's '%.15s'", link->name);
		out->mark = link->mark;
		out->is_itself = false;
		return true;
	}
	return false;
}

/* Takes the dropped ones away from their services. */
static void drop(struct ports *ports)
{
	for (size_t i = ports->count; i-- > 0;) {
		struct draft_service *service = ports->users[i].service;
		size_t index = (size_t)(ports->users[i].port - service->ports);

		if (!ports->users[i].is_dropped)
			continue;
		service->port_count--;
		memmove(&service->ports[index], &service->ports[index + 1],
			(service->port_count - index) *
				sizeof(*service->ports));
		service->service.port_count = service->port_count;
	}
}

void port_conflicts_check(struct reader *reader, struct draft *draft)
{
	struct ports *ports = reader_alloc_tree(reader, 1, sizeof(*ports));
	const struct user *last = NULL;

	if (!ports)
		return;
	collect(reader, draft, ports);
	for (size_t i = 0; i < ports->count; i++) {
		struct user *user = &ports->users[i];
		struct owner owner;

		if (!find_user(ports, i, &owner) &&
			!find_tunnel(draft, user, &owner))
			continue;
		user->is_dropped = user->yields;
		/* of a range, the first that another has says it all */
		if (last && is_of_one_range(last, user))
			continue;
		say(reader, ports, user, &owner);
		last = user;
	}
	drop(ports);
}
