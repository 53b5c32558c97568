// SPDX-License-Identifier: MIT
/* network_conflicts - what needs a network that the service does not have */
#include "config/network_conflicts.h"

#include <stdbool.h>
#include <string.h>
#include <sys/socket.h>

#include "config/addresses.h"
#include "config/draft.h"
#include "config/networks.h"
#include "config/node.h"
#include "config/reader.h"
#include "lib/address.h"
#include "lib/text.h"

static void push_key(struct reader *reader, const struct draft_service *draft,
	const char *key)
{
	reader_push(reader, "services");
	reader_push(reader, draft->service.name);
	reader_push(reader, key);
}

static void say(struct reader *reader, const struct draft_service *draft,
	const char *key, const char *what)
{
	push_key(reader, draft, key);
	reader_error(reader,
		node_find_mark(draft->node, key, draft->service.mark), "%s",
		what);
	reader_pop(reader, 0);
}

/* The ports from `first` on that one item of the list has declared. */
static size_t count_item(const struct draft_service *draft, size_t first)
{
	const struct mark *mark = &draft->ports[first].mark;
	size_t i = first;

	while (i < draft->port_count &&
		draft->ports[i].mark.line == mark->line &&
		draft->ports[i].mark.column == mark->column)
		i++;
	return i - first;
}

/* In the network of the machine nothing stands before the program. */
static void check_host_ports(struct reader *reader,
	const struct draft_service *draft)
{
	push_key(reader, draft, "ports");
	for (size_t i = 0; i < draft->port_count;) {
		const struct port *port = &draft->ports[i];
		size_t count = count_item(draft, i);
		char host[ADDRESS_TEXT_SIZE];
		char buffer[16];
		struct text range;

		text_init(&range, buffer, sizeof(buffer));
		text_add(&range, "%u", port->published);
		if (count > 1)
			text_add(&range, "-%u", port[count - 1].published);
		if (port->published != port->target)
			reader_error(reader, port->mark,
				"the ports %u and %u differ, but the service has the machine's own network; write '%s:%s' and let the program listen on %s",
				port->published, port->target, buffer, buffer,
				buffer);
		if (port->host.family != 0)
			reader_warn(reader, port->mark,
				"the service has the machine's own network: let the program itself listen on %s only",
				address_print(&port->host, host));
		i += count;
	}
	reader_pop(reader, 0);
	if (draft->port_count > 0 && draft->replicas.count > 1)
		say(reader, draft, "ports",
			"the service has replicas in the machine's own network, and one of them alone can listen on a port; remove the ports, or give it a network of its own");
}

/* The network that the service goes out by: of the highest gw_priority. */
static const struct draft_network *find_way_out(const struct draft *draft,
	const struct draft_service *service)
{
	const struct draft_network *best = NULL;
	int64_t priority = 0;

	for (size_t i = 0; i < service->attachment_count; i++) {
		const struct attachment *own =
			&service->attachments[i].attachment;
		const struct draft_network *network =
			networks_find(draft, own->network);

		if (!network || network->network.is_internal ||
			(best && own->gw_priority <= priority))
			continue;
		best = network;
		priority = own->gw_priority;
	}
	return best;
}

/* What comes in for a service goes to it by its way out. */
static void check_way_in(struct reader *reader, const struct draft *draft,
	const struct draft_service *service)
{
	const struct draft_network *way = find_way_out(draft, service);
	struct mark mark =
		node_find_mark(service->node, "ports", service->service.mark);

	if (service->attachment_count == 0)
		return; /* in networks that do not exist: reported */
	push_key(reader, service, "ports");
	if (!way)
		reader_warn(reader, mark,
			"all networks of the service are internal, so that nobody reaches its ports; remove them, or put it into another network, too");
	else if (way->network.driver != NETWORK_BRIDGE)
		reader_warn(reader, mark,
			"the service goes out by '%.63s', where it has an address of its own, and the machine leads nobody there; remove the ports, or give a bridge network a higher 'gw_priority:'",
			way->network.name);
	reader_pop(reader, 0);
}

/* Can the machine have that address? What DHCP brings is not known. */
static bool can_have(const struct draft *draft, const struct address *address)
{
	unsigned int dynamic = address->family == AF_INET
				       ? HOST_DHCP4
				       : HOST_DHCP6 | HOST_AUTO6;

	for (size_t i = 0; i < draft->host_link_count; i++) {
		const struct host_link *link = &draft->host_links[i].link;

		if (link->flags & dynamic)
			return true;
		for (size_t k = 0; k < link->address_count; k++) {
			if (address_compare(&link->addresses[k].address,
				    address) == 0)
				return true;
		}
	}
	for (size_t i = 0; i < draft->network_count; i++) {
		const struct draft_network *network = &draft->networks[i];

		for (size_t k = 0; k < network->pool_count; k++) {
			if (prefix_contains(&network->pools[k].subnet, address))
				return true; /* it may be the gateway */
		}
	}
	return draft->host_link_count == 0; /* all by DHCP */
}

static void check_addresses(struct reader *reader, const struct draft *draft,
	const struct draft_service *service)
{
	push_key(reader, service, "ports");
	for (size_t i = 0; i < service->port_count;
		i += count_item(service, i)) {
		const struct port *port = &service->ports[i];
		char text[ADDRESS_TEXT_SIZE];

		if (port->host.family == 0 || address_is_any(&port->host) ||
			address_is_loopback(&port->host) ||
			address_is_of_link(&port->host) ||
			can_have(draft, &port->host))
			continue;
		reader_warn(reader, port->mark,
			"no interface of host.network has the address '%s', so that nobody reaches the port; write one that is there, or none for all",
			address_print(&port->host, text));
	}
	reader_pop(reader, 0);
}

static void check_ports(struct reader *reader, const struct draft *drafts,
	const struct draft_service *draft)
{
	const struct service *service = &draft->service;
	char buffer[200];
	struct text what;

	if (draft->port_count == 0)
		return;
	text_init(&what, buffer, sizeof(buffer));
	check_addresses(reader, drafts, draft);
	if (service->network_mode == NETWORK_MODE_OWN)
		check_way_in(reader, drafts, draft);
	else if (service->network_mode == NETWORK_MODE_HOST)
		check_host_ports(reader, draft);
	else if (service->network_mode == NETWORK_MODE_NONE)
		say(reader, draft, "ports",
			"the service has no network to be reached by; remove the ports, or give it one");
	else if (service->network_mode == NETWORK_MODE_SERVICE) {
		text_add(&what,
			"the service has the network of '%.63s', declare its ports there",
			service->network_of ? service->network_of : "");
		say(reader, draft, "ports", buffer);
	}
}

static const struct draft_service *find(const struct draft *draft,
	const char *name)
{
	for (size_t i = 0; i < draft->service_count; i++) {
		if (text_equal(draft->services[i].service.name, name))
			return &draft->services[i];
	}
	return NULL;
}

static bool share_network(const struct service *a, const struct service *b)
{
	for (size_t i = 0; i < a->attachment_count; i++) {
		for (size_t k = 0; k < b->attachment_count; k++) {
			if (text_equal(a->attachments[i].network,
				    b->attachments[k].network))
				return true;
		}
	}
	return false;
}

/* A link is a name for a service in a network that both are in. */
static void check_links(struct reader *reader, const struct draft *draft,
	const struct draft_service *service)
{
	push_key(reader, service, "links");
	for (size_t i = 0; i < service->link_count; i++) {
		const struct draft_link *link = &service->links[i];
		const struct draft_service *target =
			find(draft, link->link.service);

		if (!target ||
			share_network(&service->service, &target->service))
			continue;
		reader_error(reader, link->mark,
			"the service and '%.63s' are in no network together, so that no name leads there; put both into one",
			link->link.service);
	}
	reader_pop(reader, 0);
}

static void check_sysctls(struct reader *reader,
	const struct draft_service *draft)
{
	enum network_mode mode = draft->service.network_mode;

	for (size_t i = 0; i < draft->sysctl_count; i++) {
		if (mode == NETWORK_MODE_OWN || mode == NETWORK_MODE_NONE ||
			!text_starts_with(draft->sysctls[i].name, "net."))
			continue;
		say(reader, draft, "sysctls",
			"settings that start with 'net.' are those of a network, and this service has none of its own; remove them");
		return;
	}
}

void network_conflicts_check(struct reader *reader, const struct draft *draft)
{
	for (size_t i = 0; i < draft->service_count; i++) {
		const struct draft_service *service = &draft->services[i];
		bool is_own = service->service.network_mode == NETWORK_MODE_OWN;

		check_ports(reader, draft, service);
		check_sysctls(reader, service);
		if (!is_own && mac_is_set(service->mac))
			say(reader, service, "mac_address",
				"the service has no network of its own, remove the key");
		if (!is_own && service->link_count > 0)
			say(reader, service, "links",
				"the service has no network of its own in which names could be; write 'extra_hosts:' and 'depends_on:'");
		else
			check_links(reader, draft, service);
	}
}
