/* SPDX-License-Identifier: MIT */
/* nl - the kernel's network settings, by rtnetlink(7) */
#include "nl.h"

#include <arpa/inet.h>
#include <errno.h>
#include <linux/if_addr.h>
#include <net/if.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "file.h"

#define ROUTE_METRIC 100 /* plus the interface's number: each has its own */

/* Requests are built here, answers are read here; the kernel's longest message
 * of the kinds we ask for fits several times. */
union buffer {
	struct nlmsghdr head;
	char bytes[16384];
};

/* of the last request: what is left of an answer that was given up is none to
 * the next */
static uint32_t sequence;

static void *start(union buffer *request, uint16_t kind, uint16_t flags,
	size_t body_size)
{
	memset(request, 0, 512); /* more than any of our requests */
	request->head.nlmsg_type = kind;
	request->head.nlmsg_flags = (uint16_t)(NLM_F_REQUEST | flags);
	request->head.nlmsg_len = (uint32_t)NLMSG_LENGTH(body_size);
	request->head.nlmsg_seq = ++sequence;
	return NLMSG_DATA(&request->head);
}

static void add(union buffer *request, uint16_t kind, const void *value,
	size_t size)
{
	size_t at = NLMSG_ALIGN(request->head.nlmsg_len);
	const struct rtattr head = {
		.rta_type = kind,
		.rta_len = (uint16_t)RTA_LENGTH(size),
	};

	memcpy(request->bytes + at, &head, sizeof(head));
	memcpy(request->bytes + at + RTA_LENGTH(0), value, size);
	request->head.nlmsg_len = (uint32_t)(at + RTA_SPACE(size));
}

/* one packet of the kernel's; those of other senders are dropped */
static ssize_t receive(int fd, union buffer *answer)
{
	for (;;) {
		struct sockaddr_nl from = { 0 };
		socklen_t size = sizeof(from);
		ssize_t got = recvfrom(fd, answer->bytes, sizeof(answer->bytes),
			0, (struct sockaddr *)&from, &size);

		if (got < 0 && errno != EINTR)
			return -errno;
		if (got >= 0 && from.nl_pid == 0)
			return got;
	}
}

/* how an answer ended, which both kinds of a last message begin with */
static int read_status(const struct nlmsghdr *message)
{
	int status;

	if (message->nlmsg_len < NLMSG_LENGTH(sizeof(status)))
		return -EBADMSG;
	memcpy(&status, nl_body(message), sizeof(status));
	return status < 0 ? status : 0;
}

/* Visit the messages of one packet that answer our request; 1 when more
 * packets follow, else how the whole answer ended. */
static int read_packet(const struct nlmsghdr *message, size_t left,
	nl_visit *visit, void *context)
{
	while (left >= sizeof(*message) &&
		message->nlmsg_len >= sizeof(*message) &&
		message->nlmsg_len <= left) {
		bool is_ours = message->nlmsg_seq == sequence;
		if (is_ours && (message->nlmsg_type == NLMSG_DONE ||
				       message->nlmsg_type == NLMSG_ERROR))
			return read_status(message);
		if (is_ours && visit)
			visit(message, context);
		size_t step = NLMSG_ALIGN(message->nlmsg_len);
		if (step > left)
			break;
		left -= step;
		message = (const void *)((const char *)message + step);
	}
	return 1;
}

static int read_answer(int fd, nl_visit *visit, void *context)
{
	static union buffer answer;

	for (;;) {
		ssize_t length = receive(fd, &answer);
		if (length < 0)
			return (int)length;
		int result = read_packet(&answer.head, (size_t)length, visit,
			context);
		if (result <= 0)
			return result;
	}
}

static int transact(int fd, const union buffer *request, nl_visit *visit,
	void *context)
{
	if (send(fd, request->bytes, request->head.nlmsg_len, 0) < 0)
		return -errno;
	return read_answer(fd, visit, context);
}

int nl_open(uint32_t groups)
{
	const struct sockaddr_nl address = {
		.nl_family = AF_NETLINK,
		.nl_groups = groups,
	};
	int fd = socket(AF_NETLINK, SOCK_RAW | SOCK_CLOEXEC, NETLINK_ROUTE);
	if (fd < 0)
		return -errno;
	if (bind(fd, (const struct sockaddr *)&address, sizeof(address)) < 0) {
		int result = -errno;
		(void)close(fd);
		return result;
	}
	return fd;
}

int nl_dump(int fd, uint16_t kind, uint8_t family, nl_visit *visit,
	void *context)
{
	union buffer request;
	/* every body begins with the family; this is the longest of them */
	struct ifinfomsg *body =
		start(&request, kind, NLM_F_DUMP, sizeof(*body));

	body->ifi_family = family;
	return transact(fd, &request, visit, context);
}

const struct rtattr *nl_attribute(const void *first, size_t length,
	uint16_t kind)
{
	const char *at = first;

	while (length >= sizeof(struct rtattr)) {
		const struct rtattr *attribute = (const void *)at;
		if (attribute->rta_len < sizeof(*attribute) ||
			attribute->rta_len > length)
			break;
		if ((attribute->rta_type & NLA_TYPE_MASK) == kind)
			return attribute;
		size_t step = RTA_ALIGN(attribute->rta_len);
		if (step > length)
			break;
		at += step;
		length -= step;
	}
	return NULL;
}

int nl_link_set(int fd, int interface, uint32_t mtu)
{
	union buffer request;
	struct ifinfomsg *body =
		start(&request, RTM_NEWLINK, NLM_F_ACK, sizeof(*body));

	body->ifi_index = interface;
	body->ifi_flags = IFF_UP;
	body->ifi_change = IFF_UP;
	if (mtu)
		add(&request, IFLA_MTU, &mtu, sizeof(mtu));
	return transact(fd, &request, NULL, NULL);
}

static int change_address(int fd, uint16_t kind, uint16_t flags, int interface,
	const struct nl_address *address)
{
	union buffer request;
	struct ifaddrmsg *body = start(&request, kind,
		(uint16_t)(NLM_F_ACK | flags), sizeof(*body));
	const struct ifa_cacheinfo times = {
		.ifa_prefered = address->lease_s,
		.ifa_valid = address->lease_s,
	};

	body->ifa_family = AF_INET;
	body->ifa_prefixlen = address->prefix;
	body->ifa_index = (uint32_t)interface;
	add(&request, IFA_LOCAL, &address->ip, sizeof(address->ip));
	add(&request, IFA_ADDRESS, &address->ip, sizeof(address->ip));
	if (address->prefix < 31) {
		uint32_t host_bits = htonl(~0U >> address->prefix);
		uint32_t broadcast = address->ip | host_bits;
		add(&request, IFA_BROADCAST, &broadcast, sizeof(broadcast));
	}
	add(&request, IFA_CACHEINFO, &times, sizeof(times));
	return transact(fd, &request, NULL, NULL);
}

int nl_address_set(int fd, int interface, const struct nl_address *address)
{
	return change_address(fd, RTM_NEWADDR, NLM_F_CREATE | NLM_F_REPLACE,
		interface, address);
}

int nl_address_remove(int fd, int interface, const struct nl_address *address)
{
	return change_address(fd, RTM_DELADDR, 0, interface, address);
}

static int change_route(int fd, uint16_t kind, uint16_t flags, int interface,
	const struct nl_route *route)
{
	union buffer request;
	struct rtmsg *body = start(&request, kind,
		(uint16_t)(NLM_F_ACK | flags), sizeof(*body));
	uint32_t metric = ROUTE_METRIC + (uint32_t)interface;

	body->rtm_family = AF_INET;
	body->rtm_dst_len = route->prefix;
	body->rtm_table = RT_TABLE_MAIN;
	body->rtm_protocol = RTPROT_DHCP;
	body->rtm_scope = route->gateway ? RT_SCOPE_UNIVERSE : RT_SCOPE_LINK;
	body->rtm_type = RTN_UNICAST;
	if (route->prefix)
		add(&request, RTA_DST, &route->destination,
			sizeof(route->destination));
	if (route->gateway) {
		/* clouds hand out /32 with a gateway outside of it */
		body->rtm_flags = RTNH_F_ONLINK;
		add(&request, RTA_GATEWAY, &route->gateway,
			sizeof(route->gateway));
	}
	add(&request, RTA_OIF, &interface, sizeof(interface));
	add(&request, RTA_PRIORITY, &metric, sizeof(metric));
	return transact(fd, &request, NULL, NULL);
}

int nl_route_set(int fd, int interface, const struct nl_route *route)
{
	return change_route(fd, RTM_NEWROUTE, NLM_F_CREATE | NLM_F_REPLACE,
		interface, route);
}

int nl_route_remove(int fd, int interface, const struct nl_route *route)
{
	return change_route(fd, RTM_DELROUTE, 0, interface, route);
}
