// SPDX-License-Identifier: MIT
/* host_addresses - addresses, gateways and name servers of the machine */
#include "config/host_addresses.h"

#include <stdbool.h>
#include <string.h>
#include <sys/socket.h>

#include "config/addresses.h"
#include "config/draft.h"
#include "config/keys.h"
#include "config/names.h"
#include "config/node.h"
#include "config/reader.h"
#include "lib/address.h"
#include "lib/text.h"

#define ADDRESS_EXAMPLE \
	"dhcp, dhcp6, auto, or an address with its length such as 192.0.2.10/24"

enum host_limit {
	ADDRESSES_MAX = 32,
	SEARCH_MAX = 32,
	MTU_MIN_IPV6 = 1280, /* RFC 8200, 5 */
};

/* Calls read with the value, or with each item of a list of at most max. */
static void each_item(struct reader *reader, const struct node *node,
	size_t max,
	void (*read)(struct reader *reader, const struct node *node,
		struct draft_host_link *draft),
	struct draft_host_link *draft)
{
	size_t index = 0;

	if (node->kind != NODE_LIST) {
		read(reader, node, draft);
		return;
	}
	if (node->count > max) {
		reader_error(reader, node->mark,
			"the list has %zu items, the limit is %zu", node->count,
			max);
		return;
	}
	for (const struct entry *e = node->first; e; e = e->next) {
		size_t path = reader_push_index(reader, index++);

		read(reader, e->value, draft);
		reader_pop(reader, path);
	}
}

static void report_twice(struct reader *reader, struct mark mark,
	struct mark first)
{
	reader_error(reader, mark,
		"the interface has this address already, at line %u, column %u; remove one of them",
		first.line, first.column);
}

static void add_address(struct reader *reader, struct draft_host_link *draft,
	const struct prefix *prefix, struct mark mark)
{
	size_t count = draft->link.address_count;
	struct prefix *addresses;
	struct mark *marks;

	for (size_t i = 0; i < count; i++) {
		if (address_compare(&draft->addresses[i].address,
			    &prefix->address) != 0)
			continue;
		report_twice(reader, mark, draft->address_marks[i]);
		return;
	}
	addresses = reader_grow(reader, draft->addresses, count,
		sizeof(*addresses));
	marks = reader_grow(reader, draft->address_marks, count,
		sizeof(*marks));
	if (!addresses || !marks)
		return;
	addresses[count] = *prefix;
	marks[count] = mark;
	draft->addresses = addresses;
	draft->address_marks = marks;
	draft->link.address_count++;
}

/* What keeps it from being the address of an interface, or NULL. */
static const char *host_refuses(const struct prefix *prefix)
{
	const struct address *address = &prefix->address;
	bool is_ipv4 = address->family == AF_INET;

	if (address_is_loopback(address) || address_is_multicast(address))
		return "is for the loopback or for multicast";
	if (is_ipv4 && (address->bytes[0] == 0 || address->bytes[0] >= 240))
		return "is not for use";
	if (prefix->length == 0)
		return "has no subnet";
	if (prefix->length < (is_ipv4 ? 31 : 127) && address_is_end(prefix))
		return "is the address of the whole subnet, or its broadcast address";
	return NULL;
}

/* "192.0.2.10/255.255.255.0" is "192.0.2.10/24"; -1: it is no such mask. */
static int mask_length(const char *text)
{
	struct address mask;
	int length = 0;

	if (address_parse(text, &mask) < 0 || mask.family != AF_INET)
		return -1;
	while (length < 32 && mask.bytes[length / 8] & (0x80 >> length % 8))
		length++;
	for (int bit = length; bit < 32; bit++) {
		if (mask.bytes[bit / 8] & (0x80 >> bit % 8))
			return -1;
	}
	return length;
}

static void report_address(struct reader *reader, struct mark mark,
	const char *text)
{
	const char *slash = strchr(text, '/');
	int length = slash ? mask_length(slash + 1) : -1;

	if (length > 0)
		reader_error(reader, mark,
			"'%.60s' has a mask, write its length, '%.*s/%d'", text,
			(int)(slash - text), text, length);
	else
		reader_error(reader, mark,
			"'%.60s' is wrong, write " ADDRESS_EXAMPLE, text);
}

static void read_one_address(struct reader *reader, const struct node *node,
	struct draft_host_link *draft)
{
	static const struct {
		const char *word;
		enum host_address_flag flag;
	} words[] = {
		{ "dhcp", HOST_DHCP4 },
		{ "dhcp6", HOST_DHCP6 },
		{ "auto", HOST_AUTO6 },
	};
	const char *text = reader_text(reader, node, ADDRESS_EXAMPLE);
	const char *wrong;
	struct prefix prefix;

	if (!text)
		return;
	for (size_t i = 0; i < sizeof(words) / sizeof(words[0]); i++) {
		if (!text_equal(text, words[i].word))
			continue;
		if (draft->link.flags & words[i].flag)
			report_twice(reader, node->mark, draft->word_marks[i]);
		draft->link.flags |= words[i].flag;
		draft->word_marks[i] = node->mark;
		return;
	}
	if (prefix_parse(text, &prefix) < 0) {
		report_address(reader, node->mark, text);
		return;
	}
	if (!strchr(text, '/')) {
		reader_error(reader, node->mark,
			"'%.60s' lacks the length of its subnet, write it, too, such as '%.60s/%d'",
			text, text, prefix.address.family == AF_INET ? 24 : 64);
		return;
	}
	wrong = host_refuses(&prefix);
	if (wrong)
		reader_error(reader, node->mark,
			"'%.60s' %s, write the address of the machine in it",
			text, wrong);
	else
		add_address(reader, draft, &prefix, node->mark);
}

void read_host_address(struct reader *reader, const struct node *node,
	void *base)
{
	each_item(reader, node, ADDRESSES_MAX, read_one_address, base);
}

static void read_one_gateway(struct reader *reader, const struct node *node,
	struct draft_host_link *draft)
{
	struct address address;
	struct address *own;
	struct mark *mark;

	if (!address_read(reader, node, 0, &address))
		return;
	own = address.family == AF_INET ? &draft->link.gateway4
					: &draft->link.gateway6;
	mark = address.family == AF_INET ? &draft->gateway4_mark
					 : &draft->gateway6_mark;
	if (own->family) {
		reader_error(reader, node->mark,
			"there is a gateway of this family already, at line %u, column %u; write 'routes:' for others",
			mark->line, mark->column);
		return;
	}
	*own = address;
	*mark = node->mark;
}

void read_host_gateway(struct reader *reader, const struct node *node,
	void *base)
{
	each_item(reader, node, 2, read_one_gateway, base);
}

static void read_one_server(struct reader *reader, const struct node *node,
	struct draft_host_link *draft)
{
	const size_t max = sizeof(draft->link.dns) / sizeof(draft->link.dns[0]);

	if (draft->link.dns_count < max &&
		server_read(reader, node,
			&draft->link.dns[draft->link.dns_count]))
		draft->link.dns_count++;
}

void read_host_dns(struct reader *reader, const struct node *node, void *base)
{
	each_item(reader, node,
		sizeof(((struct host_link *)NULL)->dns) /
			sizeof(struct address),
		read_one_server, base);
}

static void read_one_domain(struct reader *reader, const struct node *node,
	struct draft_host_link *draft)
{
	const char *text =
		reader_text(reader, node, "a domain, such as example.org");
	const char *wrong = text ? name_check_host(text) : NULL;

	if (wrong)
		reader_error(reader, node->mark, "'%.60s' %s", text, wrong);
	else if (text)
		reader_append(reader, &draft->link.search, text);
}

void read_host_search(struct reader *reader, const struct node *node,
	void *base)
{
	each_item(reader, node, SEARCH_MAX, read_one_domain, base);
}

static bool has_family(const struct host_link *link, int family)
{
	for (size_t i = 0; i < link->address_count; i++) {
		if (link->addresses[i].address.family == family)
			return true;
	}
	return family == AF_INET6 && (link->flags & (HOST_AUTO6 | HOST_DHCP6));
}

/* What keeps it from being a router in that subnet, or NULL. */
static const char *router_refuses(const struct prefix *own,
	const struct address *gateway)
{
	struct prefix prefix = { *gateway, own->length };

	if (address_compare(&own->address, gateway) == 0)
		return "is the machine's own address";
	/* both of a subnet of two are for use (RFC 3021), and the first one of
	 * IPv6 is that of any router there (RFC 4291, 2.6.1) */
	if (gateway->family == AF_INET && own->length < 31 &&
		address_is_end(&prefix))
		return "is the address of the whole subnet, or its broadcast address";
	return NULL;
}

static void report_unreached(struct reader *reader, struct mark mark,
	const struct address *gateway, const struct prefix *own)
{
	char text[ADDRESS_TEXT_SIZE];
	char subnet[PREFIX_TEXT_SIZE];

	address_print(gateway, text);
	if (!own)
		reader_error(reader, mark,
			"the interface has no static address of this family that leads to '%s'; remove the key, DHCP and SLAAC bring their own, or write an 'address:'",
			text);
	else if (own->length == 8 * address_size(gateway))
		reader_error(reader, mark,
			"'%s' has no subnet with a router in it; write 'routes: [{to: \"%s\"}, {to: default, via: \"%s\"}]' instead",
			prefix_print(own, subnet), text, text);
	else
		reader_error(reader, mark,
			"'%s' cannot be reached from '%s', write a router in that subnet, or 'routes:'",
			text, prefix_print(own, subnet));
}

static void check_gateway(struct reader *reader, const struct host_link *link,
	const struct address *gateway, struct mark mark)
{
	const struct prefix *own = NULL;
	const char *wrong = NULL;
	bool is_reached = false;
	char text[ADDRESS_TEXT_SIZE];
	size_t path;

	if (gateway->family == 0 || address_is_of_link(gateway))
		return;
	path = reader_push(reader, "gateway");
	for (size_t i = 0; i < link->address_count && !wrong; i++) {
		const struct prefix *prefix = &link->addresses[i];

		if (prefix->address.family != gateway->family)
			continue;
		own = prefix;
		if (!prefix_contains(prefix, gateway))
			continue;
		wrong = router_refuses(prefix, gateway);
		is_reached = true;
	}
	if (wrong)
		reader_error(reader, mark, "'%s' %s, write the router's",
			address_print(gateway, text), wrong);
	else if (!is_reached)
		report_unreached(reader, mark, gateway, own);
	reader_pop(reader, path);
}

void host_addresses_check(struct reader *reader,
	const struct draft_host_link *draft)
{
	const struct host_link *link = &draft->link;

	check_gateway(reader, link, &link->gateway4, draft->gateway4_mark);
	check_gateway(reader, link, &link->gateway6, draft->gateway6_mark);
	if (link->mtu > 0 && link->mtu < MTU_MIN_IPV6 &&
		has_family(link, AF_INET6)) {
		size_t path = reader_push(reader, "mtu");

		reader_error(reader,
			node_find_mark(draft->node, "mtu", link->mark),
			"IPv6 needs 1280 or more");
		reader_pop(reader, path);
	}
}
