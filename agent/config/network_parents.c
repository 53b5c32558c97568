// SPDX-License-Identifier: MIT
/* network_parents - the interfaces that macvlan and ipvlan networks are on */
#include "config/network_parents.h"

#include <stdbool.h>
#include <stddef.h>
#include <string.h>
#include <sys/socket.h>

#include "config/addresses.h"
#include "config/draft.h"
#include "config/interfaces.h"
#include "config/node.h"
#include "config/pools.h"
#include "config/reader.h"
#include "lib/address.h"
#include "lib/text.h"

#define SUBNET_EXAMPLE "192.0.2.0/24"

/* A network and what it is on. */
struct child {
	struct reader *reader;
	const struct draft *draft;
	const struct draft_network *own;
	const struct draft_host_link *parent; /* NULL: not declared */
};

static const char *driver_name(const struct draft_network *network)
{
	return network->network.driver == NETWORK_MACVLAN ? "macvlan"
							  : "ipvlan";
}

static void push_network(struct reader *reader,
	const struct draft_network *network, const char *key)
{
	reader_push(reader, "networks");
	reader_push(reader, network->network.name);
	if (key)
		reader_push(reader, key);
}

static bool is_passthru(const struct draft_network *network)
{
	return network->network.mode &&
	       text_equal(network->network.mode, "passthru");
}

/* ---- what the kernel refuses --------------------------------------------- */

/* Ports of bonds and bridges give all that comes to those (EBUSY). */
static void check_port(const struct child *child)
{
	const char *name = child->own->network.parent;

	for (size_t i = 0; i < child->draft->host_link_count; i++) {
		const struct draft_host_link *link =
			&child->draft->host_links[i];

		for (size_t k = 0; k < link->link.members.count; k++) {
			if (!text_equal(link->link.members.items[k], name))
				continue;
			reader_error(child->reader, child->own->parent_mark,
				"'%s' is part of '%s', at line %u, column %u, which has all that comes; write 'parent: %s'",
				name, link->link.name,
				link->member_marks[k].line,
				link->member_marks[k].column, link->link.name);
			return;
		}
	}
}

/* An interface is for one of both drivers, or for one passthru (EBUSY). */
static void check_sibling(const struct child *child,
	const struct draft_network *old)
{
	const struct draft_network *own = child->own;
	const struct mark *mark = &old->parent_mark;

	if (old->network.driver == NETWORK_BRIDGE || !old->network.parent ||
		!text_equal(old->network.parent, own->network.parent))
		return;
	if (old->network.driver != own->network.driver)
		reader_error(child->reader, own->parent_mark,
			"'%s' is the parent of the %s network '%s' already, at line %u, column %u, and is for one of both drivers; write 'driver: %s' here, too",
			own->network.parent, driver_name(old),
			old->network.name, mark->line, mark->column,
			driver_name(old));
	else if (is_passthru(own) || is_passthru(old))
		reader_error(child->reader, own->parent_mark,
			"'%s' is the parent of '%s' already, at line %u, column %u, and is for one network when that has the mode passthru; write 'mode: bridge' in both",
			own->network.parent, old->network.name, mark->line,
			mark->column);
}

static void check_parent(struct child *child)
{
	const struct draft_network *own = child->own;
	struct reader *reader = child->reader;

	push_network(reader, own, "driver_opts.parent");
	child->parent = interface_find(reader, child->draft,
		own->network.parent, own->parent_mark, NULL);
	check_port(child);
	if (child->parent && child->parent->link.kind == HOST_LINK_WIREGUARD)
		reader_error(reader, own->parent_mark,
			"'%s' is a WireGuard interface, which has no Ethernet; write another",
			own->network.parent);
	for (const struct draft_network *old = child->draft->networks;
		old < own; old++)
		check_sibling(child, old);
	reader_pop(reader, 0);
}

/* ---- who is in it -------------------------------------------------------- */

struct crowd {
	size_t count;
	bool is_given; /* some have addresses that they do not declare */
};

static struct crowd count_containers(const struct child *child)
{
	struct crowd crowd = { 0 };

	for (size_t i = 0; i < child->draft->service_count; i++) {
		const struct draft_service *service =
			&child->draft->services[i];

		for (size_t k = 0; k < service->attachment_count; k++) {
			const struct attachment *own =
				&service->attachments[k].attachment;

			if (!text_equal(own->network, child->own->network.name))
				continue;
			crowd.count += service->replicas.count;
			crowd.is_given |= own->ipv4_address.family == 0;
		}
	}
	return crowd;
}

static void check_crowd(const struct child *child, const struct crowd *crowd)
{
	if (!is_passthru(child->own) || crowd->count <= 1)
		return;
	push_network(child->reader, child->own, "driver_opts.mode");
	reader_error(child->reader, child->own->mode_mark,
		"the mode passthru is for one container, and %zu are in this network; write bridge",
		crowd->count);
	reader_pop(child->reader, 0);
}

/* ---- addresses of both --------------------------------------------------- */

/* A wrong subnet has been reported, and {} may be meant. */
static bool declares_subnet(const struct draft_network *draft)
{
	struct mark none = { 0, 0 };

	return pool_find(&draft->network, AF_INET) ||
	       node_find_mark(draft->node, "ipam", none).line > 0;
}

/* A free one is right inside of the machine, and not at its interfaces. */
static void check_subnet(const struct child *child)
{
	const struct network *network = &child->own->network;
	const struct host_link *parent =
		child->parent ? &child->parent->link : NULL;
	char text[PREFIX_TEXT_SIZE] = SUBNET_EXAMPLE;
	bool is_l3 = network->mode && text_starts_with(network->mode, "l3");

	if (!network->has_ipv4 || network->is_internal || is_l3 ||
		declares_subnet(child->own))
		return;
	for (size_t i = 0; parent && i < parent->address_count; i++) {
		struct prefix subnet = subnet_of(&parent->addresses[i]);

		if (subnet.address.family != AF_INET || subnet.length > 30)
			continue;
		prefix_print(&subnet, text);
		break;
	}
	push_network(child->reader, child->own, NULL);
	reader_warn(child->reader, network->mark,
		"no subnet is declared, so that nobody else at '%s' knows the addresses of its containers; write the subnet there, such as 'ipam: {config: [{subnet: %s}]}'",
		network->parent, text);
	reader_pop(child->reader, 0);
}

static bool is_reserved(const struct network_pool *pool,
	const struct address *address)
{
	if (!prefix_contains(&pool->subnet, address) ||
		(pool->ip_range.address.family != 0 &&
			!prefix_contains(&pool->ip_range, address)))
		return true;
	return pool_refuses(pool, address) != NULL;
}

/* One of the machine's own that a container would be given, too. */
static void check_given(const struct child *child, size_t index)
{
	const struct address *address =
		&child->parent->link.addresses[index].address;
	const struct network_pool *pool =
		pool_find(&child->own->network, address->family);
	char text[ADDRESS_TEXT_SIZE];

	if (!pool || is_reserved(pool, address))
		return;
	address_print(address, text);
	push_network(child->reader, child->own, "ipam.config");
	reader_warn(child->reader, pool->mark,
		"a container can be given '%s', which is that of the machine's '%s', at line %u, column %u; add 'aux_addresses: {machine: %s}', or an 'ip_range:' without it",
		text, child->parent->link.name,
		child->parent->address_marks[index].line,
		child->parent->address_marks[index].column, text);
	reader_pop(child->reader, 0);
}

/* Does a service declare an address of the machine? */
static void check_declared(const struct child *child,
	const struct draft_service *service,
	const struct draft_attachment *attachment)
{
	const struct draft_host_link *parent = child->parent;
	struct reader *reader = child->reader;

	for (size_t i = 0; i < parent->link.address_count; i++) {
		const struct address *own = &parent->link.addresses[i].address;
		bool is_ipv4 = own->family == AF_INET;
		const struct address *address =
			is_ipv4 ? &attachment->attachment.ipv4_address
				: &attachment->attachment.ipv6_address;
		char text[ADDRESS_TEXT_SIZE];

		if (address_compare(own, address) != 0)
			continue;
		reader_push(reader, "services");
		reader_push(reader, service->service.name);
		reader_push(reader, "networks");
		reader_push(reader, child->own->network.name);
		reader_push(reader, is_ipv4 ? "ipv4_address" : "ipv6_address");
		reader_error(reader,
			is_ipv4 ? attachment->ipv4_mark : attachment->ipv6_mark,
			"'%s' is the address of the machine's '%s', at line %u, column %u; write another",
			address_print(own, text), parent->link.name,
			parent->address_marks[i].line,
			parent->address_marks[i].column);
		reader_pop(reader, 0);
	}
}

static void check_addresses(const struct child *child, bool is_given)
{
	if (is_given)
		check_subnet(child);
	if (!child->parent)
		return;
	for (size_t i = 0; is_given && i < child->parent->link.address_count;
		i++)
		check_given(child, i);
	for (size_t i = 0; i < child->draft->service_count; i++) {
		const struct draft_service *service =
			&child->draft->services[i];

		for (size_t k = 0; k < service->attachment_count; k++) {
			if (text_equal(service->attachments[k]
					       .attachment.network,
				    child->own->network.name))
				check_declared(child, service,
					&service->attachments[k]);
		}
	}
}

void network_parents_check(struct reader *reader, const struct draft *draft)
{
	for (size_t i = 0; i < draft->network_count; i++) {
		struct child child = { reader, draft, &draft->networks[i],
			NULL };
		struct crowd crowd;

		if (child.own->network.driver == NETWORK_BRIDGE ||
			!child.own->network.parent)
			continue;
		check_parent(&child);
		crowd = count_containers(&child);
		check_crowd(&child, &crowd);
		check_addresses(&child, crowd.is_given);
	}
}
