// SPDX-License-Identifier: MIT
/* survey_kernel - links, addresses and routes, asked of the kernel */
#include <errno.h>
#include <linux/rtnetlink.h>
#include <string.h>
#include <sys/socket.h>

#include "lib/arena.h"
#include "lib/error.h"
#include "lib/fd.h"
#include "lib/netlink.h"
#include "lib/text.h"
#include "net/link_parts.h"
#include "net/survey.h"
#include "net/survey_parts.h"

#define COUNT(array) (sizeof(array) / sizeof((array)[0]))

enum {
	ROUNDS_MAX = 8,
};

/* rtnetlink.h and /usr/share/iproute2/rt_protos */
static const struct word {
	unsigned int number;
	const char *name;
} origins[] = {
	{ RTPROT_REDIRECT, "redirect" }, { RTPROT_KERNEL, "kernel" },
	{ RTPROT_BOOT, "boot" }, { RTPROT_STATIC, "static" },
	{ RTPROT_RA, "ra" }, { RTPROT_DHCP, "dhcp" },
	{ 84, "netd" }, /* INET_OURS of init */
};

static const struct word kinds[] = {
	{ RTN_UNICAST, "unicast" },
	{ RTN_BLACKHOLE, "blackhole" },
	{ RTN_UNREACHABLE, "unreachable" },
	{ RTN_PROHIBIT, "prohibit" },
	{ RTN_THROW, "throw" },
};

static const char *find_word(const struct word *words, size_t count,
	unsigned int number)
{
	for (size_t i = 0; i < count; i++) {
		if (words[i].number == number)
			return words[i].name;
	}
	return NULL;
}

/* ---- links --------------------------------------------------------------- */

static const char *state_of(unsigned int flags)
{
	if (!(flags & IFF_UP))
		return "down";
	return flags & IFF_RUNNING ? "up" : "no carrier";
}

static const char *copy(struct survey *survey, const char *string)
{
	const char *made = arena_string(survey->arena, string);

	return made ? made : "";
}

static void see_link(const struct nlmsghdr *message, void *context)
{
	struct survey *survey = context;
	struct link_found found;
	struct survey_link *link;

	if (!link_parse(message, &found) ||
		survey->link_count == SURVEY_LINKS_MAX)
		return;
	link = &survey->links[survey->link_count++];
	*link = (struct survey_link){
		.index = found.index,
		.kind = copy(survey, found.kind),
		.alias = copy(survey, found.alias),
		.state = state_of(found.flags),
		.mtu = found.mtu,
		.is_bridge = link_is_bridge(&found),
		.is_port = link_is_port(&found),
	};
	memcpy(link->name, found.name, sizeof(link->name));
	memcpy(link->mac, found.mac, sizeof(link->mac));
}

/* ---- addresses and routes ------------------------------------------------ */

/* What an attribute holds; none when it is not an address of that family. */
static struct address read_address(const struct nlattr *attribute,
	uint8_t family)
{
	struct address address = { .family = family };
	size_t size = address_size(&address);

	if (size == 0 || netlink_size(attribute) != size)
		return (struct address){ 0 };
	memcpy(address.bytes, netlink_data(attribute), size);
	return address;
}

/* NLMSG_DATA without its cast. */
static const void *body_of(const struct nlmsghdr *message)
{
	return (const char *)message + NLMSG_HDRLEN;
}

static void see_address(const struct nlmsghdr *message, void *context)
{
	const struct nlattr *table[IFA_MAX + 1];
	struct survey *survey = context;
	struct survey_address address = { .origin = "" };
	struct ifaddrmsg info;

	if (message->nlmsg_type != RTM_NEWADDR ||
		message->nlmsg_len < NLMSG_LENGTH(sizeof(info)) ||
		survey->address_count == SURVEY_ADDRESSES_MAX)
		return;
	memcpy(&info, body_of(message), sizeof(info));
	netlink_parse(message, sizeof(info), table, COUNT(table));
	address.link = (int)info.ifa_index;
	address.prefix.length = info.ifa_prefixlen;
	/* of a link from point to point, ADDRESS is the other end */
	address.prefix.address =
		read_address(table[IFA_LOCAL] ? table[IFA_LOCAL]
					      : table[IFA_ADDRESS],
			info.ifa_family);
	if (address.prefix.address.family)
		survey->addresses[survey->address_count++] = address;
}

static bool is_worth_telling(const struct address *address)
{
	bool is_link_local = address->family == AF_INET6 &&
			     address->bytes[0] == 0xfe &&
			     (address->bytes[1] & 0xc0) == 0x80;

	return !is_link_local && !address_is_multicast(address);
}

/* Of several ways, the first. */
static void read_ways(const struct nlattr *ways, uint8_t family,
	struct survey_route *out)
{
	struct rtnexthop way;
	const unsigned char *data = netlink_data(ways);
	struct nlattr head;
	size_t size = sizeof(way) + sizeof(head);

	if (netlink_size(ways) < sizeof(way))
		return;
	memcpy(&way, data, sizeof(way));
	out->link = way.rtnh_ifindex;
	out->via.family = family;
	if (netlink_size(ways) < size + address_size(&out->via) ||
		way.rtnh_len < size + address_size(&out->via)) {
		out->via.family = 0;
		return;
	}
	memcpy(&head, data + sizeof(way), sizeof(head));
	if (head.nla_type == RTA_GATEWAY)
		memcpy(out->via.bytes, data + size, address_size(&out->via));
	else
		out->via.family = 0;
}

static void read_via(const struct nlattr *attribute, struct survey_route *out)
{
	struct rtvia via;
	struct address address = { 0 };

	if (netlink_size(attribute) < sizeof(via))
		return;
	memcpy(&via, netlink_data(attribute), sizeof(via));
	address.family = (uint8_t)via.rtvia_family;
	if (netlink_size(attribute) != sizeof(via) + address_size(&address))
		return;
	memcpy(address.bytes,
		(const unsigned char *)netlink_data(attribute) + sizeof(via),
		address_size(&address));
	out->via = address;
}

static void read_route(struct survey *survey, const struct rtmsg *info,
	const struct nlattr *const *table, struct survey_route *out)
{
	const char *origin =
		find_word(origins, COUNT(origins), info->rtm_protocol);

	out->destination.address =
		read_address(table[RTA_DST], info->rtm_family);
	out->destination.address.family = info->rtm_family;
	out->destination.length = info->rtm_dst_len;
	out->via = read_address(table[RTA_GATEWAY], info->rtm_family);
	out->link = (int)netlink_u32(table[RTA_OIF]);
	out->metric = netlink_u32(table[RTA_PRIORITY]);
	if (table[RTA_VIA])
		read_via(table[RTA_VIA], out);
	if (table[RTA_MULTIPATH])
		read_ways(table[RTA_MULTIPATH], info->rtm_family, out);
	out->origin =
		origin ? origin
		       : arena_format(survey->arena, "%u", info->rtm_protocol);
}

static void see_route(const struct nlmsghdr *message, void *context)
{
	const struct nlattr *table[RTA_MAX + 1];
	struct survey *survey = context;
	struct survey_route route = { .metric = 0 };
	struct rtmsg info;

	if (message->nlmsg_type != RTM_NEWROUTE ||
		message->nlmsg_len < NLMSG_LENGTH(sizeof(info)) ||
		survey->route_count == SURVEY_ROUTES_MAX)
		return;
	memcpy(&info, body_of(message), sizeof(info));
	netlink_parse(message, sizeof(info), table, COUNT(table));
	route.kind = find_word(kinds, COUNT(kinds), info.rtm_type);
	if (!route.kind || info.rtm_table != RT_TABLE_MAIN ||
		info.rtm_flags & RTM_F_CLONED ||
		(info.rtm_family != AF_INET && info.rtm_family != AF_INET6))
		return;
	read_route(survey, &info, table, &route);
	if (route.origin && is_worth_telling(&route.destination.address))
		survey->routes[survey->route_count++] = route;
}

/* ---- all ----------------------------------------------------------------- */

static int dump(int fd, unsigned int type, netlink_fn *visit,
	struct survey *survey)
{
	/* both begin with the family, and the rest is zero */
	const struct rtmsg info = { .rtm_family = AF_UNSPEC };
	unsigned char request[64] __attribute__((aligned(8)));
	struct netlink_batch batch;

	netlink_init(&batch, request, sizeof(request));
	netlink_begin(&batch, type, NLM_F_DUMP, &info,
		type == RTM_GETROUTE ? sizeof(info) : sizeof(struct ifaddrmsg));
	return netlink_ask(fd, &batch, visit, survey);
}

static int read_all(int fd, struct survey *survey)
{
	int result;

	survey->link_count = survey->address_count = survey->route_count = 0;
	result = link_dump(fd, see_link, survey);
	if (result == 0)
		result = dump(fd, RTM_GETADDR, see_address, survey);
	if (result == 0)
		result = dump(fd, RTM_GETROUTE, see_route, survey);
	return result;
}

int survey_read_kernel(struct survey *survey, struct error *err)
{
	auto_fd fd = netlink_open(NETLINK_ROUTE, err);
	int result = -EINTR;

	if (fd < 0)
		return fd;
	/* what changes while it is read is read again */
	for (int i = 0; i < ROUNDS_MAX && result == -EINTR; i++)
		result = read_all(fd, survey);
	return result < 0 ? error_set(err, result,
				    "ask the kernel for links and routes: %s",
				    strerror(-result))
			  : 0;
}
