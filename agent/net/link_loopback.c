// SPDX-License-Identifier: MIT
/* link_loopback - the way of ::1 over a bridge */
#include <errno.h>
#include <linux/rtnetlink.h>
#include <netinet/in.h>
#include <string.h>
#include <sys/socket.h>

#include "lib/fd.h"
#include "net/link_parts.h"

#define METRIC 2000 /* and the bridge's number: each has its own */

struct search {
	uint32_t bridge;
	bool is_there;
};

static const struct rtmsg loopback_route = {
	.rtm_family = AF_INET6,
	.rtm_dst_len = 128,
	.rtm_table = RT_TABLE_LOCAL,
	.rtm_protocol = RTPROT_STATIC,
	.rtm_type = RTN_LOCAL,
};

static void see_route(const struct nlmsghdr *message, void *context)
{
	const struct nlattr *table[RTA_OIF + 1];
	struct search *search = context;

	if (message->nlmsg_type != RTM_NEWROUTE)
		return;
	netlink_parse(message, sizeof(struct rtmsg), table, RTA_OIF + 1);
	if (netlink_u32(table[RTA_OIF]) == search->bridge &&
		netlink_size(table[RTA_DST]) == sizeof(in6addr_loopback) &&
		memcmp(netlink_data(table[RTA_DST]), &in6addr_loopback,
			sizeof(in6addr_loopback)) == 0)
		search->is_there = true;
}

/* The kernel shows only what is as the head says. */
static bool is_there(int fd, int bridge)
{
	const int yes = 1;
	struct rtmsg head = loopback_route;
	struct search search = { .bridge = (uint32_t)bridge };
	unsigned char buffer[128] __attribute__((aligned(8)));
	struct netlink_batch batch;

	head.rtm_dst_len = 0;
	(void)setsockopt(fd, SOL_NETLINK, NETLINK_GET_STRICT_CHK, &yes,
		sizeof(yes)); /* else it shows all, which takes longer */
	netlink_init(&batch, buffer, sizeof(buffer));
	netlink_begin(&batch, RTM_GETROUTE, NLM_F_DUMP, &head, sizeof(head));
	netlink_add_u32(&batch, RTA_OIF, (uint32_t)bridge);
	return netlink_ask(fd, &batch, see_route, &search) == 0 &&
	       search.is_there;
}

int link_route_loopback(int bridge)
{
	auto_fd fd = netlink_open(NETLINK_ROUTE, NULL);
	unsigned char buffer[128] __attribute__((aligned(8)));
	struct netlink_batch batch;
	int result;

	if (fd < 0)
		return fd;
	if (is_there(fd, bridge))
		return 0;
	netlink_init(&batch, buffer, sizeof(buffer));
	netlink_begin(&batch, RTM_NEWROUTE,
		NLM_F_CREATE | NLM_F_EXCL | NLM_F_ACK, &loopback_route,
		sizeof(loopback_route));
	netlink_add(&batch, RTA_DST, &in6addr_loopback,
		sizeof(in6addr_loopback));
	netlink_add_u32(&batch, RTA_OIF, (uint32_t)bridge);
	netlink_add_u32(&batch, RTA_PRIORITY, METRIC + (uint32_t)bridge);
	result = netlink_commit(fd, &batch, NULL);
	return result == -EEXIST ? 0 : result;
}
