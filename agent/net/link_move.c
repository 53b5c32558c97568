// SPDX-License-Identifier: MIT
/*
 * link_move - a link of a container that runs, with another name in it
 *
 * A container whose networks change may have the ones that stay by another
 * name, or go out by another one. Their links are not made anew for that: what
 * is connected over them stays connected. All move aside before any moves in,
 * so that two may change their names.
 */
#include <errno.h>
#include <linux/if_link.h>
#include <linux/rtnetlink.h>
#include <sys/socket.h>

#include "lib/address.h"
#include "lib/netlink.h"
#include "net/link_parts.h"
#include "net/topology.h"

#define BATCH_BYTES 512

union batch_bytes {
	struct nlmsghdr head;
	unsigned char bytes[BATCH_BYTES];
};

void link_add_default_route(struct netlink_batch *batch, unsigned int type,
	uint8_t family, const struct address *gateway, int index)
{
	const struct rtmsg info = { .rtm_family = family,
		.rtm_table = RT_TABLE_MAIN,
		.rtm_protocol = RTPROT_STATIC,
		.rtm_scope = gateway ? RT_SCOPE_UNIVERSE : RT_SCOPE_LINK,
		.rtm_type = RTN_UNICAST };

	netlink_begin(batch, type,
		type == RTM_NEWROUTE ? NLM_F_CREATE | NLM_F_EXCL : 0, &info,
		sizeof(info));
	if (gateway)
		netlink_add(batch, RTA_GATEWAY, gateway->bytes,
			address_size(gateway));
	netlink_add_u32(batch, RTA_OIF, (uint32_t)index);
}

static void add_name(struct netlink_batch *batch, int index, const char *name)
{
	const struct ifinfomsg info = { .ifi_index = index };

	netlink_begin(batch, RTM_NEWLINK, 0, &info, sizeof(info));
	netlink_add_string(batch, IFLA_IFNAME, name);
}

/* What it had it may have lost by itself. */
static int drop_route(const struct link_moving *moving,
	const struct address *own, const struct address *gateway)
{
	union batch_bytes buffer;
	struct netlink_batch batch;
	int result;

	if (own->family == 0 || gateway->family == 0)
		return 0;
	netlink_init(&batch, buffer.bytes, sizeof(buffer));
	link_add_default_route(&batch, RTM_DELROUTE, own->family, gateway,
		moving->inside);
	result = link_commit(moving->inside_fd, &batch, NULL);
	return result == -ESRCH ? 0 : result;
}

int link_move_aside(const struct link_moving *moving)
{
	const struct topology *topology = moving->topology;
	const struct topology_endpoint *endpoint =
		&topology->endpoints[moving->endpoint];
	const struct topology_network *network =
		&topology->networks[endpoint->network];
	union batch_bytes buffer;
	struct netlink_batch batch;
	int result = link_set_stage(moving->host_fd, topology, moving->endpoint,
		LINK_ASIDE);

	if (result == 0)
		result = drop_route(moving, &endpoint->address4,
			&network->gateway4);
	if (result == 0)
		result = drop_route(moving, &endpoint->address6,
			&network->gateway6);
	if (result < 0)
		return result;
	/* that of the host's end is nobody else's, here or there */
	netlink_init(&batch, buffer.bytes, sizeof(buffer));
	add_name(&batch, moving->inside, endpoint->link);
	return link_commit(moving->inside_fd, &batch, NULL);
}

int link_move_in(const struct link_moving *moving)
{
	const struct topology_endpoint *endpoint =
		&moving->topology->endpoints[moving->endpoint];
	const struct topology_network *network =
		&moving->topology->networks[endpoint->network];
	union batch_bytes buffer;
	struct netlink_batch batch;

	netlink_init(&batch, buffer.bytes, sizeof(buffer));
	add_name(&batch, moving->inside, endpoint->name);
	if (endpoint->has_default_route && endpoint->address4.family &&
		network->gateway4.family)
		link_add_default_route(&batch, RTM_NEWROUTE, AF_INET,
			&network->gateway4, moving->inside);
	if (endpoint->has_default_route && endpoint->address6.family &&
		network->gateway6.family)
		link_add_default_route(&batch, RTM_NEWROUTE, AF_INET6,
			&network->gateway6, moving->inside);
	return link_commit(moving->inside_fd, &batch, NULL);
}
