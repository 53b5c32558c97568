// SPDX-License-Identifier: MIT
/*
 * link_attach - a container's link
 *
 * Three steps on two sockets, one here and one in the container's namespace:
 * the pair is made, with its other end there already; the host's end gets what
 * can only be set later and goes up; the other end goes up and gets addresses
 * and routes in one batch. The other end goes up last, so the host's has no
 * carrier before it is told not to make an address of its own.
 */
#include <errno.h>
#include <fcntl.h>
#include <linux/if_link.h>
#include <linux/rtnetlink.h>
#include <linux/veth.h>
#include <sched.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>

#include "lib/error.h"
#include "lib/fd.h"
#include "lib/text.h"
#include "net/link.h"
#include "net/link_parts.h"
#include "net/topology.h"

#define LOOPBACK    1 /* index of "lo", LOOPBACK_IFINDEX of the kernel */
#define BATCH_BYTES 1024
#define ACTIONS_MAX 8

/* Messages, and what each is to do: "bring it up". */
struct actions {
	struct netlink_batch batch;
	unsigned char bytes[BATCH_BYTES] __attribute__((aligned(8)));
	const char *names[ACTIONS_MAX];
};

struct attaching {
	const struct topology *topology;
	enum link_stage stage; /* what its alias will say */
	const struct topology_network *network;
	const struct topology_endpoint *endpoint;
	int namespace_fd; /* not ours */
	int host_fd;      /* sockets */
	int inside_fd;
	int lower; /* index of the bridge, or of the parent */
	int link;  /* index of the host's end; 0: none */
	int inside;
};

static void begin_actions(struct actions *actions)
{
	netlink_init(&actions->batch, actions->bytes, sizeof(actions->bytes));
}

static void begin_action(struct actions *actions, const char *name)
{
	actions->names[actions->batch.count] = name;
}

static int commit_actions(int fd, struct actions *actions, struct error *err)
{
	size_t failed = 0;
	int result = link_commit(fd, &actions->batch, &failed);

	if (result < 0)
		return error_set(err, result, "%s: %s", actions->names[failed],
			strerror(-result));
	return 0;
}

/* ---- sockets ------------------------------------------------------------- */

static int open_there(struct error *err)
{
	int result = link_distrust_routers();

	if (result < 0)
		return error_set(err, result,
			"switch off router advertisements: %s",
			strerror(-result));
	return netlink_open(NETLINK_ROUTE, err);
}

/* Goes into the container's network namespace, and comes back. */
int link_open_inside(int namespace_fd, struct error *err)
{
	auto_fd own = open("/proc/self/ns/net", O_RDONLY | O_CLOEXEC);
	int fd;

	if (own < 0)
		return error_errno(err, "open '/proc/self/ns/net'");
	if (setns(namespace_fd, CLONE_NEWNET) < 0)
		return error_errno(err, "enter its network namespace");
	fd = open_there(err);
	/* what we did in a container's namespace from now on would be wrong */
	if (setns(own, CLONE_NEWNET) < 0)
		abort();
	return fd;
}

/* ---- the link ------------------------------------------------------------ */

static bool is_veth(const struct attaching *attaching)
{
	return attaching->network->driver == TOPOLOGY_BRIDGE;
}

static uint32_t mtu_of(const struct topology_network *network)
{
	return network->mtu ? network->mtu : LINK_MTU;
}

static void add_peer(struct netlink_batch *batch,
	const struct attaching *attaching)
{
	const struct topology_endpoint *endpoint = attaching->endpoint;
	const struct ifinfomsg info = { .ifi_family = AF_UNSPEC };
	size_t data = netlink_nest(batch, IFLA_INFO_DATA);
	size_t peer = batch->used;

	/* the attributes come behind the struct (drivers/net/veth.c) */
	netlink_add(batch, VETH_INFO_PEER | NLA_F_NESTED, &info, sizeof(info));
	netlink_add_string(batch, IFLA_IFNAME, endpoint->name);
	netlink_add(batch, IFLA_ADDRESS, endpoint->mac, sizeof(endpoint->mac));
	netlink_add_u32(batch, IFLA_MTU, mtu_of(attaching->network));
	netlink_add_u32(batch, IFLA_NET_NS_FD,
		(uint32_t)attaching->namespace_fd);
	netlink_close(batch, peer);
	netlink_close(batch, data);
}

static void add_veth(struct netlink_batch *batch,
	const struct attaching *attaching)
{
	size_t info;

	netlink_add_string(batch, IFLA_IFNAME, attaching->endpoint->link);
	netlink_add_u32(batch, IFLA_MASTER, (uint32_t)attaching->lower);
	netlink_add_u32(batch, IFLA_MTU, mtu_of(attaching->network));
	info = netlink_nest(batch, IFLA_LINKINFO);
	netlink_add_string(batch, IFLA_INFO_KIND, "veth");
	add_peer(batch, attaching);
	netlink_close(batch, info);
}

/* Words of driver_opts.mode. */
static const struct mode {
	enum topology_driver driver;
	const char *word;
	uint32_t value;
} modes[] = {
	{ TOPOLOGY_MACVLAN, "bridge", MACVLAN_MODE_BRIDGE },
	{ TOPOLOGY_MACVLAN, "private", MACVLAN_MODE_PRIVATE },
	{ TOPOLOGY_MACVLAN, "vepa", MACVLAN_MODE_VEPA },
	{ TOPOLOGY_MACVLAN, "passthru", MACVLAN_MODE_PASSTHRU },
	{ TOPOLOGY_IPVLAN, "l2", IPVLAN_MODE_L2 },
	{ TOPOLOGY_IPVLAN, "l3", IPVLAN_MODE_L3 },
	{ TOPOLOGY_IPVLAN, "l3s", IPVLAN_MODE_L3S },
};

/* The first of a driver's is what nothing declared means; NULL: none such. */
static const struct mode *find_mode(const struct topology_network *network)
{
	for (size_t i = 0; i < sizeof(modes) / sizeof(modes[0]); i++) {
		if (modes[i].driver == network->driver &&
			(!network->mode ||
				text_equal(network->mode, modes[i].word)))
			return &modes[i];
	}
	return NULL;
}

static void add_mode(struct netlink_batch *batch, const struct mode *mode)
{
	if (mode->driver == TOPOLOGY_MACVLAN)
		netlink_add_u32(batch, IFLA_MACVLAN_MODE, mode->value);
	else /* of 16 bits in this one (drivers/net/ipvlan/ipvlan_main.c) */
		netlink_add_u16(batch, IFLA_IPVLAN_MODE, (uint16_t)mode->value);
}

/*
 * A link on the parent, in the container's namespace only. Its name may be one
 * of the host's too, which kernels before 6.15 refuse: that comes later.
 */
static void add_vlan(struct netlink_batch *batch,
	const struct attaching *attaching, const struct mode *mode)
{
	const struct topology_endpoint *endpoint = attaching->endpoint;
	size_t info, data;

	netlink_add_string(batch, IFLA_IFNAME, endpoint->link);
	netlink_add_u32(batch, IFLA_LINK, (uint32_t)attaching->lower);
	netlink_add_u32(batch, IFLA_NET_NS_FD,
		(uint32_t)attaching->namespace_fd);
	if (attaching->network->mtu)
		netlink_add_u32(batch, IFLA_MTU, attaching->network->mtu);
	/* that of an ipvlan is its parent's */
	if (mode->driver == TOPOLOGY_MACVLAN)
		netlink_add(batch, IFLA_ADDRESS, endpoint->mac,
			sizeof(endpoint->mac));
	info = netlink_nest(batch, IFLA_LINKINFO);
	netlink_add_string(batch, IFLA_INFO_KIND,
		mode->driver == TOPOLOGY_MACVLAN ? "macvlan" : "ipvlan");
	data = netlink_nest(batch, IFLA_INFO_DATA);
	add_mode(batch, mode);
	netlink_close(batch, data);
	netlink_close(batch, info);
}

static void see_made(const struct nlmsghdr *message, void *context)
{
	struct attaching *attaching = context;
	struct link_found link;

	if (!is_veth(attaching) || !link_parse(message, &link))
		return;
	attaching->link = link.index;
	attaching->inside = link.peer;
}

/*
 * A kernel since 6.2 says what it made (NLM_F_ECHO), of what is made here;
 * else the link is looked for by its name.
 */
static int make_link(struct attaching *attaching, struct error *err)
{
	const struct ifinfomsg info = { .ifi_family = AF_UNSPEC };
	const struct mode *mode = find_mode(attaching->network);
	struct actions actions;
	int result;

	if (!is_veth(attaching) && !mode)
		return error_set(err, -EINVAL, "there is no mode '%s'",
			attaching->network->mode);
	begin_actions(&actions);
	netlink_begin(&actions.batch, RTM_NEWLINK,
		NLM_F_CREATE | NLM_F_EXCL | NLM_F_ACK | NLM_F_ECHO, &info,
		sizeof(info));
	if (is_veth(attaching))
		add_veth(&actions.batch, attaching);
	else
		add_vlan(&actions.batch, attaching, mode);
	result = netlink_ask(attaching->host_fd, &actions.batch, see_made,
		attaching);
	if (result < 0)
		return error_set(err, result, "make '%s' in it: %s",
			attaching->endpoint->name, strerror(-result));
	return 0;
}

static int find_made(struct attaching *attaching, struct error *err)
{
	bool is_pair = is_veth(attaching);
	struct link_found link;
	int result;

	if (attaching->inside != 0)
		return 0;
	result = link_find(is_pair ? attaching->host_fd : attaching->inside_fd,
		attaching->endpoint->link, &link);
	if (result < 0)
		return error_set(err, result, "find '%s': %s",
			attaching->endpoint->link, strerror(-result));
	attaching->link = is_pair ? link.index : 0;
	attaching->inside = is_pair ? link.peer : link.index;
	return 0;
}

/* ---- the host's end ------------------------------------------------------ */

/* It is a port of a bridge: an address of its own would be of no use. */
static void add_no_addresses(struct netlink_batch *batch)
{
	size_t families = netlink_nest(batch, IFLA_AF_SPEC);
	size_t family = netlink_nest(batch, AF_INET6);

	netlink_add_u8(batch, IFLA_INET6_ADDR_GEN_MODE, IN6_ADDR_GEN_MODE_NONE);
	netlink_close(batch, family);
	netlink_close(batch, families);
}

/* A published port may lead back to the container that asks for it. */
static void add_hairpin(struct netlink_batch *batch)
{
	size_t info = netlink_nest(batch, IFLA_LINKINFO);
	size_t data;

	netlink_add_string(batch, IFLA_INFO_SLAVE_KIND, "bridge");
	data = netlink_nest(batch, IFLA_INFO_SLAVE_DATA);
	netlink_add_u8(batch, IFLA_BRPORT_MODE, 1);
	netlink_close(batch, data);
	netlink_close(batch, info);
}

static void add_up(struct actions *actions, int index, const char *name)
{
	const struct ifinfomsg info = { .ifi_index = index,
		.ifi_flags = IFF_UP,
		.ifi_change = IFF_UP };

	begin_action(actions, name);
	netlink_begin(&actions->batch, RTM_NEWLINK, 0, &info, sizeof(info));
}

/* By two messages: of a link that is up the kernel tells others only when it
 * has brought the state of its carrier up to date, which takes as long as all
 * the rest here. */
static int set_host_end(const struct attaching *attaching, struct error *err)
{
	const struct ifinfomsg info = { .ifi_index = attaching->link };
	char alias[LINK_ALIAS_SIZE];
	struct actions actions;

	link_make_port_alias(alias, attaching->topology,
		(size_t)(attaching->endpoint - attaching->topology->endpoints),
		attaching->stage);
	begin_actions(&actions);
	begin_action(&actions, "set up the host's end");
	netlink_begin(&actions.batch, RTM_NEWLINK, 0, &info, sizeof(info));
	netlink_add_string(&actions.batch, IFLA_IFALIAS, alias);
	add_hairpin(&actions.batch);
	add_no_addresses(&actions.batch);
	add_up(&actions, attaching->link, "bring up the host's end");
	return commit_actions(attaching->host_fd, &actions, err);
}

/* ---- the container's end ------------------------------------------------- */

static void add_address(struct actions *actions, int index,
	const struct address *address, const struct prefix *subnet)
{
	const struct ifaddrmsg info = { .ifa_family = address->family,
		.ifa_prefixlen = subnet->length,
		.ifa_index = (uint32_t)index };
	size_t size = address_size(address);

	if (size == 0)
		return;
	begin_action(actions, "give it its address");
	netlink_begin(&actions->batch, RTM_NEWADDR, NLM_F_CREATE | NLM_F_EXCL,
		&info, sizeof(info));
	netlink_add(&actions->batch, IFA_LOCAL, address->bytes, size);
	netlink_add(&actions->batch, IFA_ADDRESS, address->bytes, size);
	/* nobody else has it: it can be used at once */
	if (address->family == AF_INET6)
		netlink_add_u32(&actions->batch, IFA_FLAGS, IFA_F_NODAD);
}

/* Through the gateway, or just out where there is none (ipvlan, l3). */
static void add_route(struct actions *actions,
	const struct attaching *attaching, const struct address *own,
	const struct address *gateway)
{
	const struct mode *mode = find_mode(attaching->network);
	bool is_direct = mode && mode->driver == TOPOLOGY_IPVLAN &&
			 mode->value != IPVLAN_MODE_L2;

	if (own->family == 0 || (!is_direct && gateway->family == 0))
		return;
	begin_action(actions, "give it its default route");
	link_add_default_route(&actions->batch, RTM_NEWROUTE, own->family,
		is_direct ? NULL : gateway, attaching->inside);
}

static int set_inside(const struct attaching *attaching, struct error *err)
{
	const struct topology_network *network = attaching->network;
	const struct topology_endpoint *endpoint = attaching->endpoint;
	int index = attaching->inside;
	struct actions actions;

	begin_actions(&actions);
	add_up(&actions, LOOPBACK, "bring up 'lo'");
	add_up(&actions, index, "bring it up");
	if (!is_veth(attaching))
		netlink_add_string(&actions.batch, IFLA_IFNAME, endpoint->name);
	add_address(&actions, index, &endpoint->address4, &network->subnet4);
	add_address(&actions, index, &endpoint->address6, &network->subnet6);
	if (endpoint->has_default_route) {
		add_route(&actions, attaching, &endpoint->address4,
			&network->gateway4);
		add_route(&actions, attaching, &endpoint->address6,
			&network->gateway6);
	}
	return commit_actions(attaching->inside_fd, &actions, err);
}

/* ---- all of it ----------------------------------------------------------- */

/*
 * By an ioctl: to tell of a link by netlink, the kernel first brings the state
 * of its carrier up to date, for a tenth of the time that all of this takes.
 */
static int find_lower(struct attaching *attaching, struct error *err)
{
	const struct topology_network *network = attaching->network;
	const char *name =
		is_veth(attaching) ? network->bridge : network->parent;
	unsigned int index = name ? if_nametoindex(name) : 0;

	if (index == 0 && !name)
		return error_set(err, -EINVAL, "it has no parent");
	if (index == 0)
		return error_errno(err, "find %s '%s'",
			is_veth(attaching) ? "its bridge" : "the parent", name);
	attaching->lower = (int)index;
	return 0;
}

/* Whatever is there of it; the first error is the one that is told. */
static void undo(const struct attaching *attaching)
{
	bool is_pair = is_veth(attaching);
	int fd = is_pair ? attaching->host_fd : attaching->inside_fd;
	struct link_found made = {
		.index = is_pair ? attaching->link : attaching->inside,
	};
	struct actions actions;

	if (made.index == 0 &&
		link_find(fd, attaching->endpoint->link, &made) < 0)
		return;
	begin_actions(&actions);
	link_add_removal(&actions.batch, made.index);
	(void)link_commit(fd, &actions.batch, NULL);
}

static int make_or_replace(struct attaching *attaching, struct error *err)
{
	int result = make_link(attaching, err);
	struct link_found old;

	/* of a container before, whose namespace is not gone yet */
	if (result != -EEXIST || !is_veth(attaching) ||
		link_find(attaching->host_fd, attaching->endpoint->link, &old) <
			0 ||
		!link_is_port(&old))
		return result;
	result = link_detach(attaching->endpoint->link, err);
	return result < 0 ? result : make_link(attaching, err);
}

static int attach(struct attaching *attaching, struct error *err)
{
	int result = find_lower(attaching, err);

	if (result == 0)
		result = make_or_replace(attaching, err);
	/* then something has its name that is not to be removed */
	if (result == -EEXIST || (result < 0 && attaching->lower == 0))
		return result;
	if (result == 0)
		result = find_made(attaching, err);
	if (result == 0 && is_veth(attaching))
		result = set_host_end(attaching, err);
	if (result == 0)
		result = set_inside(attaching, err);
	if (result < 0)
		undo(attaching);
	return result;
}

static int attach_to(struct attaching *attaching, size_t endpoint,
	struct error *err)
{
	struct error reason = { .code = 0 };
	int result = 0;

	attaching->endpoint = &attaching->topology->endpoints[endpoint];
	attaching->network =
		&attaching->topology->networks[attaching->endpoint->network];
	auto_fd inside_fd = link_open_inside(attaching->namespace_fd, &reason);
	auto_fd host_fd =
		inside_fd < 0 ? -1 : netlink_open(NETLINK_ROUTE, &reason);

	if (inside_fd < 0)
		result = inside_fd;
	else if (host_fd < 0)
		result = host_fd;
	attaching->inside_fd = inside_fd;
	attaching->host_fd = host_fd;
	if (result == 0)
		result = attach(attaching, &reason);
	if (result < 0)
		return error_set(err, result, "attach '%s' to network '%s': %s",
			attaching->endpoint->container,
			attaching->network->name, reason.text);
	return 0;
}

int link_attach(const struct topology *topology, size_t endpoint, int netns_fd,
	struct error *err)
{
	struct attaching attaching = {
		.topology = topology,
		.stage = LINK_IN_PLACE,
		.namespace_fd = netns_fd,
	};

	return attach_to(&attaching, endpoint, err);
}

int link_begin(const struct topology *topology, size_t endpoint, int netns_fd,
	struct error *err)
{
	struct attaching attaching = {
		.topology = topology,
		.stage = LINK_BEGUN,
		.namespace_fd = netns_fd,
	};

	return attach_to(&attaching, endpoint, err);
}
