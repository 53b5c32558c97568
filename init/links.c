/* SPDX-License-Identifier: MIT */
/* links - the kernel's interfaces: which there are, and how they change */
#include "links.h"

#include <errno.h>
#include <linux/if_link.h>
#include <net/if_arp.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>

#include "nl.h"

#define BODY         sizeof(struct ifinfomsg)
#define ALIAS_BEGINS "netd "

/* include/net/if_inet6.h of the kernel, which it reports as they are */
#define ROUTERS_MANAGED 0x40
#define ROUTERS_OTHER   0x80

/* linux/if_bonding.h; the numbers are the kernel's interface */
#define BOND_ACTIVE_BACKUP 1
#define BOND_8023AD        4
#define BOND_MIIMON_MS     100

static const char *const kinds[] = {
	[WANTED_VLAN] = "vlan",
	[WANTED_BOND] = "bond",
	[WANTED_BRIDGE] = "bridge",
	[WANTED_WIREGUARD] = "wireguard",
};

static void read_kind(const struct rtattr *info, struct link *link)
{
	if (info)
		nl_text(nl_attribute(nl_value(info), RTA_PAYLOAD(info),
				IFLA_INFO_KIND),
			link->kind, sizeof(link->kind));
}

static uint32_t routers_flags(const struct rtattr *families)
{
	const struct rtattr *inet6 =
		families ? nl_attribute(nl_value(families),
				   RTA_PAYLOAD(families), AF_INET6)
			 : NULL;

	return inet6 ? nl_u32(nl_attribute(nl_value(inet6), RTA_PAYLOAD(inet6),
			       IFLA_INET6_FLAGS))
		     : 0;
}

/*
 * IFF_RUNNING is what the kernel makes of RFC 2863: its operstate is UP, or
 * UNKNOWN of a driver that does not tell; neither LOWERLAYERDOWN, as that of a
 * VLAN whose parent has no carrier, nor DORMANT (dev_get_flags, net/core/dev.c).
 *
 * What a bridge says of a port (AF_BRIDGE, net/bridge/br_netlink.c) is passed
 * over: it has no kind, so each veth pair of a workload would look like
 * hardware, and of the link itself the same is told for all families.
 */
static bool read_link(const struct nlmsghdr *message, struct link *link)
{
	const struct ifinfomsg *body = nl_body(message);

	if ((message->nlmsg_type != RTM_NEWLINK &&
		    message->nlmsg_type != RTM_DELLINK) ||
		message->nlmsg_len < NLMSG_LENGTH(BODY) ||
		body->ifi_family != AF_UNSPEC)
		return false;
	*link = (struct link){
		.index = body->ifi_index,
		.is_ethernet = body->ifi_type == ARPHRD_ETHER,
		.is_loopback = body->ifi_flags & IFF_LOOPBACK,
		.is_up = body->ifi_flags & IFF_UP,
		.has_carrier = body->ifi_flags & IFF_RUNNING,
		.master = (int)nl_u32(nl_find(message, BODY, IFLA_MASTER)),
		.mtu = nl_u32(nl_find(message, BODY, IFLA_MTU)),
	};
	nl_text(nl_find(message, BODY, IFLA_IFNAME), link->name,
		sizeof(link->name));
	nl_text(nl_find(message, BODY, IFLA_IFALIAS), link->alias,
		sizeof(link->alias));
	read_kind(nl_find(message, BODY, IFLA_LINKINFO), link);
	const uint32_t routers =
		routers_flags(nl_find(message, BODY, IFLA_AF_SPEC));
	link->is_managed = routers & ROUTERS_MANAGED;
	link->has_more = routers & ROUTERS_OTHER;
	const struct rtattr *mac = nl_find(message, BODY, IFLA_ADDRESS);
	link->has_mac = mac && RTA_PAYLOAD(mac) == sizeof(link->mac);
	if (link->has_mac)
		memcpy(link->mac, nl_value(mac), sizeof(link->mac));
	return *link->name != '\0';
}

static bool is_ours(const struct link *link)
{
	return strncmp(link->alias, ALIAS_BEGINS, strlen(ALIAS_BEGINS)) == 0;
}

static bool passes(const struct links_filter *filter, const struct link *link)
{
	return links_is_wired(link, filter->extra_kind) || is_ours(link) ||
	       wanted_names(filter->wanted, link->name);
}

bool links_matters(const struct nlmsghdr *message,
	const struct links_filter *filter)
{
	struct link link;

	return read_link(message, &link) && passes(filter, &link);
}

struct listing {
	const struct links_filter *filter;
	struct links *links;
};

static void visit_link(const struct nlmsghdr *message, void *context)
{
	const struct listing *listing = context;
	struct links *links = listing->links;

	if (links->count < LINKS_MAX &&
		read_link(message, &links->rows[links->count]) &&
		passes(listing->filter, &links->rows[links->count]))
		links->count++;
}

int links_list(int fd, const struct links_filter *filter, struct links *links)
{
	static struct links now;
	struct listing listing = { filter, &now };
	int result;

	now.count = 0;
	result = nl_dump(fd, RTM_GETLINK, AF_UNSPEC, visit_link, &listing);
	if (result == 0)
		*links = now;
	return result;
}

const struct link *links_find(const struct links *links, const char *name)
{
	for (unsigned i = 0; i < links->count; i++)
		if (strcmp(links->rows[i].name, name) == 0)
			return &links->rows[i];
	return NULL;
}

bool links_is_wired(const struct link *link, const char *extra_kind)
{
	return link->is_ethernet && !link->is_loopback &&
	       (!*link->kind ||
		       (extra_kind && strcmp(link->kind, extra_kind) == 0));
}

void links_alias(const struct wanted_link *wanted, char alias[LINKS_ALIAS_MAX])
{
	const char *kind = kinds[wanted->kind];

	if (wanted->kind == WANTED_VLAN)
		(void)snprintf(alias, LINKS_ALIAS_MAX,
			ALIAS_BEGINS "%s %s %s %u", kind, wanted->name,
			wanted->parent, wanted->vlan);
	else if (wanted->kind == WANTED_BOND)
		(void)snprintf(alias, LINKS_ALIAS_MAX, ALIAS_BEGINS "%s %s %s",
			kind, wanted->name,
			wanted->is_802_3ad ? "802.3ad" : "active-backup");
	else
		(void)snprintf(alias, LINKS_ALIAS_MAX, ALIAS_BEGINS "%s %s",
			kind, wanted->name);
}

/* what only one kind has; -1 for none */
static void add_details(struct nl_request *request,
	const struct wanted_link *wanted)
{
	const uint8_t mode =
		wanted->is_802_3ad ? BOND_8023AD : BOND_ACTIVE_BACKUP;
	const uint32_t miimon = BOND_MIIMON_MS;
	size_t data = nl_nest(request, IFLA_INFO_DATA);

	if (wanted->kind == WANTED_VLAN)
		nl_add(request, IFLA_VLAN_ID, &wanted->vlan,
			sizeof(wanted->vlan));
	if (wanted->kind == WANTED_BOND) {
		nl_add(request, IFLA_BOND_MODE, &mode, sizeof(mode));
		nl_add(request, IFLA_BOND_MIIMON, &miimon, sizeof(miimon));
	}
	nl_nest_end(request, data);
}

static int set_alias(int fd, const struct wanted_link *wanted)
{
	char alias[LINKS_ALIAS_MAX];
	struct nl_request request;

	links_alias(wanted, alias);
	(void)nl_begin(&request, RTM_SETLINK, NLM_F_ACK, BODY);
	nl_add(&request, IFLA_IFNAME, wanted->name, strlen(wanted->name) + 1);
	nl_add(&request, IFLA_IFALIAS, alias, strlen(alias));
	return nl_transact(fd, &request, NULL, NULL);
}

/* The kernel takes an alias only for an interface that exists. */
int links_create(int fd, const struct wanted_link *wanted, int parent)
{
	struct nl_request request;

	(void)nl_begin(&request, RTM_NEWLINK,
		NLM_F_ACK | NLM_F_CREATE | NLM_F_EXCL, BODY);
	nl_add(&request, IFLA_IFNAME, wanted->name, strlen(wanted->name) + 1);
	if (parent)
		nl_add(&request, IFLA_LINK, &parent, sizeof(parent));
	size_t info = nl_nest(&request, IFLA_LINKINFO);
	nl_add(&request, IFLA_INFO_KIND, kinds[wanted->kind],
		strlen(kinds[wanted->kind]) + 1);
	add_details(&request, wanted);
	nl_nest_end(&request, info);
	int result = nl_transact(fd, &request, NULL, NULL);
	return result < 0 ? result : set_alias(fd, wanted);
}

int links_remove(int fd, int index)
{
	struct nl_request request;
	struct ifinfomsg *body =
		nl_begin(&request, RTM_DELLINK, NLM_F_ACK, sizeof(*body));

	body->ifi_index = index;
	return nl_transact(fd, &request, NULL, NULL);
}

static int set_flags(int fd, int index, unsigned flags, uint32_t mtu)
{
	struct nl_request request;
	struct ifinfomsg *body =
		nl_begin(&request, RTM_NEWLINK, NLM_F_ACK, sizeof(*body));

	body->ifi_index = index;
	body->ifi_flags = flags;
	body->ifi_change = IFF_UP;
	if (mtu)
		nl_add(&request, IFLA_MTU, &mtu, sizeof(mtu));
	return nl_transact(fd, &request, NULL, NULL);
}

int links_set_up(int fd, int index, uint32_t mtu)
{
	return set_flags(fd, index, IFF_UP, mtu);
}

int links_set_master(int fd, int index, int master)
{
	struct nl_request request;
	int result = set_flags(fd, index, 0, 0);
	if (result < 0)
		return result;

	struct ifinfomsg *body =
		nl_begin(&request, RTM_NEWLINK, NLM_F_ACK, sizeof(*body));
	body->ifi_index = index;
	nl_add(&request, IFLA_MASTER, &master, sizeof(master));
	result = nl_transact(fd, &request, NULL, NULL);
	return result < 0 ? result : set_flags(fd, index, IFF_UP, 0);
}

/* the block that this link of ours was made from, or -1 */
static int block_of(const struct wanted *wanted, const struct link *link)
{
	char alias[LINKS_ALIAS_MAX];

	for (unsigned i = 0; i < wanted->links_count; i++) {
		if (wanted->links[i].kind == WANTED_DEVICE)
			continue;
		links_alias(&wanted->links[i], alias);
		if (strcmp(alias, link->alias) == 0)
			return (int)i;
	}
	return -1;
}

struct plan {
	struct links_step *steps;
	unsigned count, max;
};

static void add(struct plan *plan, struct links_step step)
{
	if (plan->count < plan->max)
		plan->steps[plan->count++] = step;
}

static void plan_existing(const struct wanted *wanted,
	const struct links *links, struct plan *plan)
{
	for (unsigned i = 0; i < links->count; i++)
		if (is_ours(&links->rows[i]) &&
			block_of(wanted, &links->rows[i]) < 0)
			add(plan, (struct links_step){ .what = LINKS_REMOVE,
					  .index = links->rows[i].index });
}

enum links_hold links_hold(const struct wanted_link *block,
	const struct links *links)
{
	const struct link *link = links_find(links, block->name);

	if (block->kind == WANTED_DEVICE)
		return LINKS_FREE;
	if (link)
		return is_ours(link) ? LINKS_FREE : LINKS_TAKEN;
	return block->kind == WANTED_VLAN && !links_find(links, block->parent)
		       ? LINKS_WAITS
		       : LINKS_FREE;
}

static void plan_missing(const struct wanted *wanted, const struct links *links,
	struct plan *plan)
{
	for (unsigned i = 0; i < wanted->links_count; i++) {
		const struct wanted_link *block = &wanted->links[i];
		struct links_step step = { .what = LINKS_CREATE,
			.block = (int)i };

		if (block->kind == WANTED_DEVICE ||
			links_find(links, block->name) ||
			links_hold(block, links) == LINKS_WAITS)
			continue;
		/* only a VLAN has one */
		const struct link *parent = links_find(links, block->parent);
		step.other = parent ? parent->index : 0;
		add(plan, step);
	}
}

/* the index of the bond or bridge of ours that a link shall belong to */
static int master_of(const struct wanted *wanted, const struct links *links,
	const char *name)
{
	for (unsigned i = 0; i < wanted->links_count; i++)
		for (unsigned m = 0; m < wanted->links[i].members_count; m++) {
			if (strcmp(wanted->links[i].members[m], name) != 0)
				continue;
			const struct link *master =
				links_find(links, wanted->links[i].name);
			return master && is_ours(master) ? master->index : 0;
		}
	return 0;
}

static bool is_index_ours(const struct links *links, int index)
{
	for (unsigned i = 0; i < links->count; i++)
		if (links->rows[i].index == index)
			return is_ours(&links->rows[i]);
	return false;
}

static void plan_members(const struct wanted *wanted, const struct links *links,
	struct plan *plan)
{
	for (unsigned i = 0; i < links->count; i++) {
		const struct link *link = &links->rows[i];
		int master = master_of(wanted, links, link->name);

		if (master == link->master)
			continue;
		if (master)
			add(plan, (struct links_step){ .what = LINKS_JOIN,
					  .index = link->index,
					  .other = master });
		else if (is_index_ours(links, link->master))
			add(plan, (struct links_step){ .what = LINKS_LEAVE,
					  .index = link->index });
	}
}

unsigned links_plan(const struct wanted *wanted, const struct links *links,
	struct links_step *steps, unsigned max)
{
	struct plan plan = { .steps = steps, .max = max };

	plan_existing(wanted, links, &plan);
	if (plan.count == 0)
		plan_missing(wanted, links, &plan);
	plan_members(wanted, links, &plan);
	return plan.count;
}
