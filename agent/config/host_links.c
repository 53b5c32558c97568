// SPDX-License-Identifier: MIT
/* host_links - the network interfaces of the machine */
#include <string.h>

#include "config/addresses.h"
#include "config/draft.h"
#include "config/host_addresses.h"
#include "config/host_routes.h"
#include "config/interfaces.h"
#include "config/keys.h"
#include "config/names.h"
#include "config/node.h"
#include "config/reader.h"
#include "config/schema.h"
#include "config/walk.h"
#include "lib/text.h"

#define MEMBERS_MAX 64

/* What a link can be; the keys stand beside the others. */
static const struct kind {
	const char *key;
	enum host_link_kind kind;
} kinds[] = {
	{ "vlan", HOST_LINK_VLAN },
	{ "bond", HOST_LINK_BOND },
	{ "bridge", HOST_LINK_BRIDGE },
	{ "wireguard", HOST_LINK_WIREGUARD },
};

/* The value of a key of a map; NULL: there is none. */
static const struct node *find(const struct node *map, const char *key)
{
	const struct entry *e = map->first;

	while (e && !text_equal(e->key, key))
		e = e->next;
	return e && !node_is_null(e->value) ? e->value : NULL;
}

static struct mark mark_of(const struct draft_host_link *draft, const char *key)
{
	return node_find_mark(draft->node, key, draft->link.mark);
}

static void say(struct reader *reader, const struct draft_host_link *draft,
	const char *key, const char *what)
{
	size_t path = reader_push(reader, key);

	reader_error(reader, mark_of(draft, key), "%s", what);
	reader_pop(reader, path);
}

void read_match_mac(struct reader *reader, const struct node *node, void *base)
{
	(void)mac_read(reader, node,
		((struct draft_host_link *)base)->link.mac);
}

void read_vlan_parent(struct reader *reader, const struct node *node,
	void *base)
{
	struct draft_host_link *draft = base;
	const char *text =
		reader_text(reader, node, "the name of an interface");
	const char *wrong = text ? name_check_interface(text) : NULL;

	if (!text)
		return;
	draft->link.parent = text; /* a wrong one, too: it is not missing */
	draft->parent_mark = node->mark;
	if (wrong)
		reader_error(reader, node->mark, "'%.60s' %s", text, wrong);
}

void read_members(struct reader *reader, const struct node *node, void *base)
{
	struct draft_host_link *draft = base;
	size_t index = 0;

	if (!reader_is_list(reader, node,
		    "a list of interfaces, such as [eth0, eth1]"))
		return;
	if (node->count > MEMBERS_MAX) {
		reader_error(reader, node->mark,
			"there are %zu interfaces, the limit is %d",
			node->count, MEMBERS_MAX);
		return;
	}
	draft->member_marks = reader_alloc_tree(reader, node->count,
		sizeof(*draft->member_marks));
	for (const struct entry *e = node->first; e && draft->member_marks;
		e = e->next) {
		size_t path = reader_push_index(reader, index++);
		const char *text = reader_text(reader, e->value,
			"the name of an interface");
		const char *wrong = text ? name_check_interface(text) : NULL;

		if (wrong)
			reader_error(reader, e->value->mark, "'%.60s' %s", text,
				wrong);
		else if (text) {
			draft->member_marks[draft->link.members.count] =
				e->value->mark;
			reader_append(reader, &draft->link.members, text);
		}
		reader_pop(reader, path);
	}
}

/* Which of the kinds it is, and not two of them. */
static void find_kind(struct reader *reader, struct draft_host_link *draft)
{
	const char *found = NULL;

	for (size_t i = 0; i < sizeof(kinds) / sizeof(kinds[0]); i++) {
		const struct kind *kind = &kinds[i];
		const struct node *value = find(draft->node, kind->key);

		if (!value || value->kind != NODE_MAP)
			continue;
		if (found) {
			size_t path = reader_push(reader, kind->key);

			reader_error(reader, mark_of(draft, kind->key),
				"the interface is a %s already, at line %u, column %u; remove one of them",
				found, mark_of(draft, found).line,
				mark_of(draft, found).column);
			reader_pop(reader, path);
			return;
		}
		found = kind->key;
		draft->link.kind = kind->kind;
	}
}

static bool is_pattern(const char *name)
{
	return strpbrk(name, "*?") != NULL;
}

/* A pattern or a MAC finds what is there; other kinds are made by name. */
static void check_match(struct reader *reader,
	const struct draft_host_link *draft)
{
	const struct host_link *link = &draft->link;
	const struct node *match = find(draft->node, "match");
	bool has_mac = mac_is_set(link->mac);

	if (match && match->kind == NODE_MAP && !find(match, "mac"))
		say(reader, draft, "match",
			"the key 'mac' is missing, write that of the card, such as {mac: \"52:54:00:12:34:56\"}, or remove 'match:'");
	else if (is_pattern(link->name) && has_mac)
		say(reader, draft, "match",
			"the name is a pattern, and this finds one interface; write a name without '*' and '?'");
	else if (link->kind != HOST_LINK_DEVICE &&
		 (has_mac || is_pattern(link->name)))
		reader_error(reader, link->mark,
			"this interface is made, not found; write a name of its own without '*', '?' and 'match:'");
	else if (is_pattern(link->name) && link->address_count > 0)
		say(reader, draft, "address",
			"the name is a pattern that several interfaces can have, and one address is for one; write the interface's name");
}

static void check_vlan(struct reader *reader,
	const struct draft_host_link *draft)
{
	const struct node *vlan = find(draft->node, "vlan");

	if (!find(vlan, "parent"))
		say(reader, draft, "vlan",
			"the key 'parent' is missing, write the interface that it is on, such as eth0");
	if (!find(vlan, "id"))
		say(reader, draft, "vlan",
			"the key 'id' is missing, write a number from 1 to 4094");
}

static void check_bond(struct reader *reader, struct draft_host_link *draft)
{
	const struct node *members = find(find(draft->node, "bond"), "members");
	const char *mode = draft->link.bond_mode;

	if (!members || (members->kind == NODE_LIST && members->count == 0))
		say(reader, draft, "bond",
			"the bond has no interfaces, write 'members: [eth0, eth1]'");
	if (!mode)
		draft->link.bond_mode = "active-backup";
	else if (!text_equal(mode, "active-backup") &&
		 !text_equal(mode, "802.3ad"))
		say(reader, draft, "bond.mode",
			"this mode is not done, write active-backup or 802.3ad");
}

static void check_kind(struct reader *reader, struct draft_host_link *draft)
{
	if (draft->link.kind == HOST_LINK_VLAN)
		check_vlan(reader, draft);
	else if (draft->link.kind == HOST_LINK_BOND)
		check_bond(reader, draft);
	else if (draft->link.kind == HOST_LINK_WIREGUARD && draft->link.flags)
		say(reader, draft, "address",
			"nobody gives out addresses in WireGuard, write one such as 10.8.0.1/24");
}

/* Names of bridges and veth pairs that the networks of services have. */
static bool is_ours(const char *name)
{
	return (text_starts_with(name, "tb") || text_starts_with(name, "tv")) &&
	       strlen(name) == 10 && strspn(name + 2, "0123456789abcdef") == 8;
}

/* Devices have no dots in their names, and a VLAN is only there when made. */
static void check_dot(struct reader *reader,
	const struct draft_host_link *draft)
{
	const struct host_link *link = &draft->link;
	uint32_t vlan = interface_vlan(link->name);

	if (vlan > 0 && link->kind == HOST_LINK_DEVICE &&
		!mac_is_set(link->mac) && !is_pattern(link->name))
		reader_warn(reader, link->mark,
			"is this a VLAN? Then write 'vlan: {parent: %.*s, id: %u}', else '%s' is waited for and nothing makes it",
			(int)(strrchr(link->name, '.') - link->name),
			link->name, vlan, link->name);
}

static void read_link(struct reader *reader, const struct entry *entry,
	void *item)
{
	struct draft_host_link *draft = item;
	const char *wrong = name_check_interface(entry->key);
	struct host_link *link = &draft->link;

	link->name = entry->key;
	link->mark = entry->mark;
	if (is_ours(entry->key))
		wrong = "is like those that networks of services have, write another";
	if (wrong)
		reader_error(reader, entry->mark, "the name '%.63s' %s",
			entry->key, wrong);
	if (node_is_null(entry->value)) {
		check_dot(reader, draft);
		return;
	}
	if (!reader_is_map(reader, entry->value,
		    "a map, such as {address: dhcp}"))
		return;
	draft->node = entry->value;
	walk_map(reader, entry->value, &schema_host_link, draft);
	link->addresses = draft->addresses;
	link->routes = draft->routes;
	link->peers = draft->peers;
	find_kind(reader, draft);
	check_match(reader, draft);
	check_dot(reader, draft);
	check_kind(reader, draft);
	host_addresses_check(reader, draft);
	host_routes_check(reader, draft);
}

void read_host_network(struct reader *reader, const struct node *node,
	void *base)
{
	static const struct walk_names names = {
		.example =
			"a map of interfaces, such as {eth0: {address: dhcp}}",
		.what = "interfaces",
		.max = CONFIG_HOST_LINKS_MAX,
		.size = sizeof(struct draft_host_link),
		.read = read_link,
	};
	struct draft *draft = base;

	draft->host_links =
		walk_names(reader, node, &names, &draft->host_link_count);
}
