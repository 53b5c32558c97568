// SPDX-License-Identifier: MIT
/* port_conflicts - ports of the machine that two want */
#include "config/port_conflicts.h"

#include <stdbool.h>
#include <string.h>
#include <sys/socket.h>

#include "config/draft.h"
#include "config/reader.h"
#include "lib/address.h"
#include "lib/text.h"

struct user {
	const struct port *port;
	const char *service;
};

/* 0.0.0.0 or :: */
static bool is_any(const struct address *address)
{
	static const uint8_t zero[16];

	return memcmp(address->bytes, zero, sizeof(zero)) == 0;
}

static bool overlaps(const struct address *a, const struct address *b)
{
	if (a->family == 0 || b->family == 0)
		return true;
	return a->family == b->family &&
	       (is_any(a) || is_any(b) || address_compare(a, b) == 0);
}

static bool is_same_port(const struct port *a, const struct port *b)
{
	return a->published == b->published && a->protocol == b->protocol &&
	       overlaps(&a->host, &b->host);
}

static void say(struct reader *reader, const struct user *user,
	const char *owner, struct mark mark)
{
	reader_push(reader, "services");
	reader_push(reader, user->service);
	reader_push(reader, "ports");
	reader_error(reader, user->port->mark,
		"port %u/%s is %s already, at line %u, column %u",
		user->port->published, user->port->protocol, owner, mark.line,
		mark.column);
	reader_pop(reader, 0);
}

/* Has one of those before it the same port? */
static void check_port(struct reader *reader, const struct user *users,
	size_t count, const struct user *new)
{
	for (size_t i = 0; i < count; i++) {
		char owner[80];
		struct text text;

		if (!is_same_port(users[i].port, new->port))
			continue;
		text_init(&text, owner, sizeof(owner));
		text_add(&text, "published by '%.63s'", users[i].service);
		say(reader, new, owner, users[i].port->mark);
		return;
	}
}

/* On the ports of its tunnels the machine itself listens. */
static void check_tunnels(struct reader *reader, const struct draft *draft,
	const struct user *user)
{
	for (size_t i = 0; i < draft->host_link_count; i++) {
		const struct host_link *link = &draft->host_links[i].link;
		char owner[80];
		struct text text;

		if (link->listen_port != user->port->published ||
			!text_equal(user->port->protocol, "udp"))
			continue;
		text_init(&text, owner, sizeof(owner));
		text_add(&text, "that of the machine's '%.15s'", link->name);
		say(reader, user, owner, link->mark);
	}
}

void port_conflicts_check(struct reader *reader, const struct draft *draft)
{
	size_t count = 0;
	struct user *users =
		reader_alloc_tree(reader, reader->port_count, sizeof(*users));

	if (!users)
		return;
	for (size_t i = 0; i < draft->service_count; i++) {
		const struct draft_service *service = &draft->services[i];

		for (size_t k = 0; k < service->port_count; k++) {
			struct user new = { &service->ports[k],
				service->service.name };

			if (service->replicas.count == 0)
				continue;
			check_port(reader, users, count, &new);
			check_tunnels(reader, draft, &new);
			users[count++] = new;
		}
	}
}
