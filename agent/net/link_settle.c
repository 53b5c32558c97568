// SPDX-License-Identifier: MIT
/*
 * link_settle - the links of a container that runs, brought in line
 *
 * What is wrong is removed, then what stays by another name moves aside, then
 * what is missing is made; then all are put in their places, and their aliases
 * say so.
 */
#include <errno.h>
#include <string.h>

#include "lib/arena.h"
#include "lib/error.h"
#include "lib/fd.h"
#include "lib/text.h"
#include "net/link.h"
#include "net/link_parts.h"
#include "net/topology.h"

#define BATCH_BYTES   4096 /* of removals at once */
#define REMOVAL_BYTES 64   /* of one, and more */
#define ROUNDS_MAX    100

/* Whether its alias is "tare CONTAINER ...". */
static bool leads_to(const struct link_found *link, const char *container)
{
	const char *text = link_alias_text(link);
	size_t length = strlen(container);

	return text && text_starts_with(text, container) && text[length] == ' ';
}

enum settled {
	SETTLED_NOT,   /* it is not there */
	SETTLED_MOVES, /* its place in the container is another one */
	SETTLED_RIGHT,
};

struct settling {
	const struct topology *topology;
	size_t first, count; /* its endpoints */
	struct one {
		enum settled how;
		int inside; /* index of the container's end */
	} * links;          /* of each */
	int host_fd, inside_fd;
	struct netlink_batch removals;
};

static void see_own(struct settling *settling, const struct link_found *link,
	size_t at)
{
	const struct topology *topology = settling->topology;
	size_t endpoint = settling->first + at;
	struct one *one = &settling->links[at];

	one->inside = link->peer;
	if (link_is_in_place(link, topology, endpoint))
		one->how = SETTLED_RIGHT;
	else if (link_can_move(link, topology, endpoint))
		one->how = SETTLED_MOVES;
}

/* What does not fit is left for the next round. */
static void remove_link(struct settling *settling, int index)
{
	if (settling->removals.size - settling->removals.used >= REMOVAL_BYTES)
		link_add_removal(&settling->removals, index);
}

static void settle_one(const struct nlmsghdr *message, void *context)
{
	struct settling *settling = context;
	const struct topology_endpoint *own =
		&settling->topology->endpoints[settling->first];
	struct link_found link;
	size_t at = 0;

	if (!link_parse(message, &link) || !link_is_port(&link))
		return;
	while (at < settling->count && !text_equal(own[at].link, link.name))
		at++;
	if (at < settling->count)
		see_own(settling, &link, at);
	if (at < settling->count ? settling->links[at].how == SETTLED_NOT
				 : leads_to(&link, own->container))
		remove_link(settling, link.index);
}

/* One round; 1: there may be more that has to go. */
static int remove_some(struct settling *settling)
{
	unsigned char bytes[BATCH_BYTES] __attribute__((aligned(8)));
	int result;

	for (size_t i = 0; i < settling->count; i++)
		settling->links[i] = (struct one){ .how = SETTLED_NOT };
	netlink_init(&settling->removals, bytes, sizeof(bytes));
	result = link_dump(settling->host_fd, settle_one, settling);
	if (result == 0)
		result = link_commit(settling->host_fd, &settling->removals,
			NULL);
	/* some come or go by themselves meanwhile */
	if (result == -EINTR || result == -ENODEV)
		return 1;
	return result < 0 ? result : settling->removals.count > 0;
}

/* All that must go does first: its names and routes are another's then. */
static int remove_wrong(struct settling *settling, struct error *err)
{
	int result = 1;

	for (int i = 0; i < ROUNDS_MAX && result > 0; i++)
		result = remove_some(settling);
	if (result == 0)
		return 0;
	result = result > 0 ? -EBUSY : result;
	return error_set(err, result, "remove links of '%s': %s",
		settling->topology->endpoints[settling->first].container,
		strerror(-result));
}

static struct link_moving moving_of(const struct settling *settling, size_t at)
{
	return (struct link_moving){
		.topology = settling->topology,
		.endpoint = settling->first + at,
		.host_fd = settling->host_fd,
		.inside_fd = settling->inside_fd,
		.inside = settling->links[at].inside,
	};
}

/* One that cannot is made anew. */
static int move_aside(struct settling *settling, struct error *err)
{
	int result = 0;

	for (size_t i = 0; result == 0 && i < settling->count; i++) {
		const struct link_moving moving = moving_of(settling, i);

		if (settling->links[i].how != SETTLED_MOVES ||
			link_move_aside(&moving) == 0)
			continue;
		settling->links[i].how = SETTLED_NOT;
		result = link_detach(settling->topology
					     ->endpoints[moving.endpoint]
					     .link,
			err);
	}
	return result;
}

static int put_in_place(const struct settling *settling, size_t at,
	struct error *err)
{
	const struct link_moving moving = moving_of(settling, at);
	const struct topology_endpoint *endpoint =
		&settling->topology->endpoints[moving.endpoint];
	int result = settling->links[at].how == SETTLED_MOVES
			     ? link_move_in(&moving)
			     : 0;

	if (result == 0)
		result = link_set_stage(settling->host_fd, settling->topology,
			moving.endpoint, LINK_IN_PLACE);
	if (result < 0)
		return error_set(err, result, "put '%s' of '%s' in place: %s",
			endpoint->name, endpoint->container, strerror(-result));
	return 0;
}

static int settle(struct settling *settling, int netns_fd, struct error *err)
{
	const struct topology *topology = settling->topology;
	int result = remove_wrong(settling, err);

	if (result == 0)
		result = move_aside(settling, err);
	for (size_t i = 0; result == 0 && i < settling->count; i++) {
		size_t endpoint = settling->first + i;

		if (settling->links[i].how == SETTLED_NOT &&
			link_is_veth(topology, endpoint))
			result = link_begin(topology, endpoint, netns_fd, err);
	}
	for (size_t i = 0; result == 0 && i < settling->count; i++) {
		if (settling->links[i].how != SETTLED_RIGHT &&
			link_is_veth(topology, settling->first + i))
			result = put_in_place(settling, i, err);
	}
	return result;
}

int link_settle(const struct topology *topology, size_t first, size_t count,
	int netns_fd, struct error *err)
{
	auto_arena arena = { 0 };
	struct settling settling = {
		.topology = topology,
		.first = first,
		.count = count,
		.links = arena_array(&arena, count + 1, sizeof(struct one)),
	};
	auto_fd inside_fd = link_open_inside(netns_fd, err);
	auto_fd host_fd = inside_fd < 0 ? -1 : netlink_open(NETLINK_ROUTE, err);

	if (inside_fd < 0)
		return inside_fd;
	if (host_fd < 0)
		return host_fd;
	if (!settling.links)
		return error_set(err, -ENOMEM, "set up links: no memory");
	settling.host_fd = host_fd;
	settling.inside_fd = inside_fd;
	return count > 0 ? settle(&settling, netns_fd, err) : 0;
}
