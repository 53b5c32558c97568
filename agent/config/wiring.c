// SPDX-License-Identifier: MIT
/* wiring - services and networks, when all of both have been read */
#include "config/wiring.h"

#include <net/if.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>
#include <strings.h>
#include <sys/socket.h>

#include "config/addresses.h"
#include "config/draft.h"
#include "config/names.h"
#include "config/networks.h"
#include "config/node.h"
#include "config/pools.h"
#include "config/reader.h"
#include "lib/address.h"
#include "lib/text.h"

#define BRIDGE_PORTS_MAX 1023 /* BR_MAX_PORTS of the kernel, less one */

/* A service's place in a network, with the path of it. */
struct place {
	struct reader *reader;
	const struct draft_service *service;
	const struct draft_network *network;
	struct draft_attachment *own;
};

/* Makes the path "services.NAME.networks[.NETWORK[.KEY]]". */
static void push_place(struct reader *reader, const char *service,
	const char *network, const char *key)
{
	reader_push(reader, "services");
	reader_push(reader, service);
	reader_push(reader, "networks");
	if (network)
		reader_push(reader, network);
	if (key)
		reader_push(reader, key);
}

static void report_unknown(struct reader *reader, const struct draft *draft,
	const char *service, const struct attachment *attachment)
{
	const char *best = NULL;
	size_t distance = 0;

	for (size_t i = 0; i < draft->network_count; i++)
		name_suggest(attachment->network,
			draft->networks[i].network.name, &best, &distance);
	push_place(reader, service, NULL, NULL);
	if (best)
		reader_error(reader, attachment->mark,
			"the network '%.63s' is not declared, did you mean '%s'?",
			attachment->network, best);
	else
		reader_error(reader, attachment->mark,
			"the network '%.63s' is not declared; add '%.63s: {}' below the top-level 'networks:'",
			attachment->network, attachment->network);
	reader_pop(reader, 0);
}

static void say(const struct place *place, const char *key, struct mark mark,
	const char *what)
{
	push_place(place->reader, place->service->service.name,
		place->network->network.name, key);
	reader_error(place->reader, mark, "%s", what);
	reader_pop(place->reader, 0);
}

/* What may be there once in a network: have both of them the same? */
static bool is_same(const struct draft_attachment *a,
	const struct draft_attachment *b, const char *key)
{
	const struct attachment *one = &a->attachment;
	const struct attachment *two = &b->attachment;

	if (!text_equal(one->network, two->network))
		return false;
	if (text_equal(key, "mac_address"))
		return memcmp(one->mac, two->mac, sizeof(one->mac)) == 0;
	if (text_equal(key, "ipv4_address"))
		return address_compare(&one->ipv4_address,
			       &two->ipv4_address) == 0;
	return address_compare(&one->ipv6_address, &two->ipv6_address) == 0;
}

static struct mark mark_of(const struct draft_attachment *attachment,
	const char *key)
{
	if (text_equal(key, "mac_address"))
		return attachment->mac_mark;
	if (text_equal(key, "ipv4_address"))
		return attachment->ipv4_mark;
	return attachment->ipv6_mark;
}

static bool has_address(const struct attachment *attachment, const char *key)
{
	if (text_equal(key, "mac_address"))
		return mac_is_set(attachment->mac);
	if (text_equal(key, "ipv4_address"))
		return attachment->ipv4_address.family != 0;
	return attachment->ipv6_address.family != 0;
}

/* Has a service before this one the same address in that network? */
static void check_unique(const struct place *place, const struct draft *draft,
	const char *key)
{
	if (!has_address(&place->own->attachment, key))
		return;
	for (const struct draft_service *other = draft->services;
		other < place->service; other++) {
		for (size_t i = 0; i < other->attachment_count; i++) {
			const struct draft_attachment *old =
				&other->attachments[i];
			struct mark mark = mark_of(old, key);
			char what[160];

			if (!is_same(old, place->own, key))
				continue;
			(void)snprintf(what, sizeof(what),
				"the service '%s' has this address already, at line %u, column %u; write another",
				other->service.name, mark.line, mark.column);
			say(place, key, mark_of(place->own, key), what);
			return;
		}
	}
}

static void check_address(const struct place *place, const char *key,
	const struct address *address, struct mark mark)
{
	const struct network *network = &place->network->network;
	bool is_ipv4 = address->family == AF_INET;
	const struct network_pool *pool = pool_find(network, address->family);
	const char *wrong = pool ? pool_refuses(pool, address) : NULL;
	char buffer[240];
	char text[ADDRESS_TEXT_SIZE];
	char subnet[PREFIX_TEXT_SIZE];
	struct text what;

	if (address->family == 0)
		return;
	text_init(&what, buffer, sizeof(buffer));
	if (!(is_ipv4 ? network->has_ipv4 : network->has_ipv6))
		text_add(&what,
			"the network has no %s addresses; write 'enable_%s: true' there, or remove the key",
			is_ipv4 ? "IPv4" : "IPv6", is_ipv4 ? "ipv4" : "ipv6");
	else if (!pool)
		text_add(&what,
			"the network declares no %s subnet that has this address; write one there, such as 'ipam: {config: [{subnet: %s}]}'",
			is_ipv4 ? "IPv4" : "IPv6",
			is_ipv4 ? "172.20.0.0/16" : "fd00:20::/64");
	else if (place->service->replicas.count > 1)
		text_add(&what,
			"the service has %u replicas, and one address is for one; remove the key",
			place->service->replicas.count);
	else if (wrong)
		text_add(&what, "'%s' %s, write another of '%s'",
			address_print(address, text), wrong,
			prefix_print(&pool->subnet, subnet));
	if (what.used > 0)
		say(place, key, mark, buffer);
}

static void check_mac(const struct place *place)
{
	struct mark mark = place->own->mac_mark;

	if (!mac_is_set(place->own->attachment.mac))
		return;
	if (place->network->network.driver == NETWORK_IPVLAN)
		say(place, "mac_address", mark,
			"in an ipvlan network all have the address of the parent; remove the key, or write 'driver: macvlan' there");
	else if (place->service->replicas.count > 1)
		say(place, "mac_address", mark,
			"the service has replicas, and one address is for one; remove the key");
}

static void check_place(const struct place *place, const struct draft *draft)
{
	static const char *const keys[] = { "ipv4_address", "ipv6_address",
		"mac_address" };
	struct draft_attachment *own = place->own;

	check_address(place, "ipv4_address", &own->attachment.ipv4_address,
		own->ipv4_mark);
	check_address(place, "ipv6_address", &own->attachment.ipv6_address,
		own->ipv6_mark);
	check_mac(place);
	for (size_t i = 0; i < sizeof(keys) / sizeof(keys[0]); i++)
		check_unique(place, draft, keys[i]);
}

/* What an interface is called: as declared, or by its place. */
static void name_interface(const struct attachment *attachment, size_t index,
	char out[IFNAMSIZ])
{
	if (attachment->interface_name)
		(void)text_copy(out, IFNAMSIZ, attachment->interface_name);
	else
		(void)snprintf(out, IFNAMSIZ, "eth%u", (unsigned int)index);
}

/* The interfaces of a service have different names. */
static void check_names(struct reader *reader,
	const struct draft_service *service)
{
	for (size_t i = 0; i < service->attachment_count; i++) {
		const struct attachment *own =
			&service->attachments[i].attachment;
		char name[IFNAMSIZ];

		if (!own->interface_name)
			continue;
		name_interface(own, i, name);
		for (size_t k = 0; k < service->attachment_count; k++) {
			const struct attachment *other =
				&service->attachments[k].attachment;
			char taken[IFNAMSIZ];

			name_interface(other, k, taken);
			if (k == i || !text_equal(name, taken) ||
				(other->interface_name && k > i))
				continue;
			push_place(reader, service->service.name, own->network,
				"interface_name");
			reader_error(reader, own->mark,
				"'%s' is the interface in the network '%s' already, write another name",
				name, other->network);
			reader_pop(reader, 0);
			break;
		}
	}
}

/* By priority, else in the order of the file: eth0 is the first. */
static void sort(struct draft_attachment *items, size_t count)
{
	for (size_t i = 1; i < count; i++) {
		struct draft_attachment item = items[i];
		size_t at = i;

		for (; at > 0 && items[at - 1].attachment.priority <
					 item.attachment.priority;
			at--)
			items[at] = items[at - 1];
		items[at] = item;
	}
}

/* Others know it by `container_name:`, too, as Docker has it. */
static void add_container_name(struct reader *reader,
	const struct draft_service *service, struct strings *aliases)
{
	const char *name = service->container_name;

	if (!name || strcasecmp(name, service->service.name) == 0)
		return;
	for (size_t i = 0; i < aliases->count; i++) {
		if (strcasecmp(aliases->items[i], name) == 0)
			return;
	}
	reader_append(reader, aliases, name);
}

static void attach_default(struct reader *reader, struct draft *draft,
	struct draft_service *service)
{
	struct mark mark = service->service.mark;
	struct draft_attachment *own =
		reader_alloc_tree(reader, 1, sizeof(*own));

	if (!own || !networks_default(reader, draft, mark))
		return;
	own->attachment.network = "default";
	own->attachment.mark = mark;
	service->attachments = own;
	service->attachment_count = 1;
}

/* An external network: that of the machine, or none. */
static void use_external(struct reader *reader, struct draft_service *service,
	const struct draft_network *network)
{
	const struct attachment *own = &service->attachments[0].attachment;

	service->service.network_mode = network->stands_for;
	if (service->attachment_count == 1)
		return;
	push_place(reader, service->service.name, network->network.name, NULL);
	reader_error(reader, own->mark,
		"this is %s, and no other can be beside it; remove one of them",
		network->stands_for == NETWORK_MODE_HOST
			? "the network of the machine"
			: "no network");
	reader_pop(reader, 0);
}

/* Keeps the attachments to networks that exist. */
static void resolve(struct reader *reader, struct draft *draft,
	struct draft_service *service)
{
	const struct draft_network *external = NULL;
	size_t kept = 0;

	for (size_t i = 0; i < service->attachment_count; i++) {
		struct draft_attachment *own = &service->attachments[i];
		const char *name = own->attachment.network;
		struct draft_network *network = networks_find(draft, name);

		if (!network && text_equal(name, "default"))
			network = networks_default(reader, draft,
				own->attachment.mark);
		if (!network) {
			report_unknown(reader, draft, service->service.name,
				&own->attachment);
			continue;
		}
		if (network->stands_for != NETWORK_MODE_OWN)
			external = network;
		service->attachments[kept++] = *own;
	}
	service->attachment_count = kept;
	if (external) {
		use_external(reader, service, external);
		service->attachment_count = 0;
	}
}

/* `mac_address:` of the service is that of its first interface. */
static void set_mac(struct reader *reader, struct draft_service *service)
{
	struct draft_attachment *first = service->attachments;
	struct mark mark = node_find_mark(service->node, "mac_address",
		service->service.mark);

	if (!mac_is_set(service->mac) || service->attachment_count == 0)
		return;
	if (mac_is_set(first->attachment.mac) &&
		memcmp(first->attachment.mac, service->mac,
			sizeof(service->mac)) != 0) {
		reader_push(reader, "services");
		reader_push(reader, service->service.name);
		reader_push(reader, "mac_address");
		reader_error(reader, mark,
			"in the network '%s' it is another one, at line %u, column %u; remove one of them",
			first->attachment.network, first->mac_mark.line,
			first->mac_mark.column);
		reader_pop(reader, 0);
	}
	memcpy(first->attachment.mac, service->mac, sizeof(service->mac));
	first->mac_mark = mark;
}

static void report_both(struct reader *reader,
	const struct draft_service *service)
{
	struct mark mode = node_find_mark(service->node, "network_mode",
		service->service.mark);

	push_place(reader, service->service.name, NULL, NULL);
	reader_error(reader,
		node_find_mark(service->node, "networks",
			service->service.mark),
		"'network_mode:', at line %u, column %u, says whose network the service has; remove one of them",
		mode.line, mode.column);
	reader_pop(reader, 0);
}

static void fill(struct reader *reader, struct draft_service *service)
{
	size_t count = service->attachment_count;
	struct attachment *attachments =
		reader_alloc(reader, count, sizeof(*attachments));
	struct service_link *links;

	for (size_t i = 0; attachments && i < count; i++)
		attachments[i] = service->attachments[i].attachment;
	service->service.attachments = attachments;
	service->service.attachment_count = attachments ? count : 0;
	count = service->link_count;
	links = reader_alloc(reader, count, sizeof(*links));
	for (size_t i = 0; links && i < count; i++)
		links[i] = service->links[i].link;
	service->service.links = links;
	service->service.link_count = links ? count : 0;
}

static void wire(struct reader *reader, struct draft *draft,
	struct draft_service *service)
{
	if (service->has_mode && service->attachment_count > 0) {
		report_both(reader, service);
		service->attachment_count = 0;
	} else if (service->service.network_mode == NETWORK_MODE_OWN &&
		   service->attachment_count == 0) {
		attach_default(reader, draft, service);
	}
	resolve(reader, draft, service);
	sort(service->attachments, service->attachment_count);
	set_mac(reader, service);
	check_names(reader, service);
	for (size_t i = 0; i < service->attachment_count; i++) {
		struct draft_attachment *own = &service->attachments[i];
		struct place place = { reader, service,
			networks_find(draft, own->attachment.network), own };

		check_place(&place, draft);
		add_container_name(reader, service, &own->attachment.aliases);
	}
	/* there is none where no network is its own */
	service->service.has_virtual_address &=
		service->service.network_mode == NETWORK_MODE_OWN;
	fill(reader, service);
}

bool wiring_is_attached(const struct draft_service *service, const char *name)
{
	for (size_t i = 0; i < service->attachment_count; i++) {
		if (text_equal(service->attachments[i].attachment.network,
			    name))
			return true;
	}
	return false;
}

/* Told of the service with which it is too many. */
static void check_crowd(struct reader *reader, const struct draft *draft,
	const struct network *network)
{
	size_t count = 0;

	if (network->driver != NETWORK_BRIDGE)
		return;
	for (size_t i = 0; i < draft->service_count; i++) {
		const struct draft_service *service = &draft->services[i];
		size_t before = count;

		if (!wiring_is_attached(service, network->name))
			continue;
		count += service->replicas.count;
		if (before > BRIDGE_PORTS_MAX || count <= BRIDGE_PORTS_MAX)
			continue;
		push_place(reader, service->service.name, NULL, NULL);
		reader_error(reader, service->service.mark,
			"with it the network '%s' has more than %d containers, which is all that a bridge takes; give some of them another network",
			network->name, BRIDGE_PORTS_MAX);
		reader_pop(reader, 0);
	}
}

void wiring_check(struct reader *reader, struct draft *draft)
{
	pools_check_all(reader, draft);
	for (size_t i = 0; i < draft->service_count; i++)
		wire(reader, draft, &draft->services[i]);
	for (size_t i = 0; i < draft->network_count; i++)
		check_crowd(reader, draft, &draft->networks[i].network);
}
