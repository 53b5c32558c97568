/* SPDX-License-Identifier: MIT */
/* inet - addresses and routes of interfaces */
#include "inet.h"

#include <linux/if_addr.h>
#include <linux/neighbour.h>
#include <string.h>
#include <sys/socket.h>

#include "nl.h"

/* since Linux 5.18; older headers do not have it */
#define IFA_PROTO_KIND 11

#define NUD_THERE \
	(NUD_REACHABLE | NUD_STALE | NUD_DELAY | NUD_PERMANENT | NUD_NOARP)

static bool read_ip(const struct rtattr *attribute, uint8_t family,
	struct ip *ip)
{
	size_t size = ip_size(family);

	*ip = (struct ip){ .family = family };
	if (!attribute || !size || RTA_PAYLOAD(attribute) < size)
		return false;
	memcpy(ip->bytes, nl_value(attribute), size);
	return true;
}

static uint8_t read_u8(const struct rtattr *attribute)
{
	return attribute && RTA_PAYLOAD(attribute) >= 1
		       ? *(const uint8_t *)nl_value(attribute)
		       : 0;
}

static void visit_address(const struct nlmsghdr *message, void *context)
{
	const struct ifaddrmsg *body = nl_body(message);
	const size_t size = sizeof(*body);
	struct inet *inet = context;

	if (message->nlmsg_type != RTM_NEWADDR ||
		message->nlmsg_len < NLMSG_LENGTH(size) ||
		inet->addresses_count == INET_ROWS_MAX)
		return;
	struct inet_address *row = &inet->addresses[inet->addresses_count];
	const struct rtattr *local = nl_find(message, size, IFA_LOCAL);
	if (!local)
		local = nl_find(message, size, IFA_ADDRESS);
	*row = (struct inet_address){
		.index = (int)body->ifa_index,
		.at.length = body->ifa_prefixlen,
		.valid_s = INET_FOR_EVER,
		.preferred_s = INET_FOR_EVER,
		.protocol = read_u8(nl_find(message, size, IFA_PROTO_KIND)),
	};
	if (read_ip(local, body->ifa_family, &row->at.ip))
		inet->addresses_count++;
}

bool inet_is_duplicate(const struct nlmsghdr *message, struct ip *ip)
{
	const struct ifaddrmsg *body = nl_body(message);
	const size_t size = sizeof(*body);

	/* one with a time is removed when it is found to be another's */
	if ((message->nlmsg_type != RTM_NEWADDR &&
		    message->nlmsg_type != RTM_DELADDR) ||
		message->nlmsg_len < NLMSG_LENGTH(size))
		return false;
	return (body->ifa_flags & IFA_F_DADFAILED) &&
	       read_ip(nl_find(message, size, IFA_ADDRESS), body->ifa_family,
		       ip);
}

static bool is_of_interest(const struct rtmsg *body)
{
	return body->rtm_table == RT_TABLE_MAIN &&
	       body->rtm_type == RTN_UNICAST &&
	       (body->rtm_dst_len == 0 || body->rtm_protocol == INET_OURS ||
		       body->rtm_protocol == RTPROT_DHCP ||
		       body->rtm_protocol == RTPROT_RA);
}

static void visit_route(const struct nlmsghdr *message, void *context)
{
	const struct rtmsg *body = nl_body(message);
	const size_t size = sizeof(*body);
	struct inet *inet = context;

	if (message->nlmsg_type != RTM_NEWROUTE ||
		message->nlmsg_len < NLMSG_LENGTH(size) ||
		!is_of_interest(body) || inet->routes_count == INET_ROWS_MAX)
		return;
	struct inet_route *row = &inet->routes[inet->routes_count];
	*row = (struct inet_route){
		.index = (int)nl_u32(nl_find(message, size, RTA_OIF)),
		.to.length = body->rtm_dst_len,
		.metric = nl_u32(nl_find(message, size, RTA_PRIORITY)),
		.protocol = body->rtm_protocol,
	};
	if (!read_ip(nl_find(message, size, RTA_DST), body->rtm_family,
		    &row->to.ip) &&
		row->to.length > 0)
		return;
	if (!read_ip(nl_find(message, size, RTA_GATEWAY), body->rtm_family,
		    &row->via))
		row->via = (struct ip){ 0 };
	inet->routes_count++;
}

int inet_list(int fd, struct inet *inet)
{
	inet->addresses_count = inet->routes_count = 0;
	int result = nl_dump(fd, RTM_GETADDR, AF_UNSPEC, visit_address, inet);
	if (result < 0)
		return result;
	return nl_dump(fd, RTM_GETROUTE, AF_UNSPEC, visit_route, inet);
}

static void add_broadcast(struct nl_request *request,
	const struct ip_prefix *at)
{
	struct ip broadcast = at->ip;

	if (at->ip.family != AF_INET || at->length >= 31)
		return;
	for (unsigned bit = at->length; bit < 32; bit++)
		broadcast.bytes[bit / 8] |= (uint8_t)(0x80 >> bit % 8);
	nl_add(request, IFA_BROADCAST, broadcast.bytes, 4);
}

static int change_address(int fd, uint16_t kind, uint16_t flags,
	const struct inet_address *address)
{
	struct nl_request request;
	struct ifaddrmsg *body = nl_begin(&request, kind,
		(uint16_t)(NLM_F_ACK | flags), sizeof(*body));
	const size_t size = ip_size(address->at.ip.family);
	const struct ifa_cacheinfo times = {
		.ifa_prefered = address->preferred_s,
		.ifa_valid = address->valid_s,
	};
	const uint8_t protocol = INET_OURS;

	body->ifa_family = address->at.ip.family;
	body->ifa_prefixlen = address->at.length;
	body->ifa_index = (uint32_t)address->index;
	nl_add(&request, IFA_LOCAL, address->at.ip.bytes, size);
	nl_add(&request, IFA_ADDRESS, address->at.ip.bytes, size);
	if (kind == RTM_NEWADDR) {
		add_broadcast(&request, &address->at);
		nl_add(&request, IFA_CACHEINFO, &times, sizeof(times));
		nl_add(&request, IFA_PROTO_KIND, &protocol, sizeof(protocol));
	}
	return nl_transact(fd, &request, NULL, NULL);
}

int inet_address_set(int fd, const struct inet_address *address)
{
	return change_address(fd, RTM_NEWADDR, NLM_F_CREATE | NLM_F_REPLACE,
		address);
}

int inet_address_remove(int fd, const struct inet_address *address)
{
	return change_address(fd, RTM_DELADDR, 0, address);
}

static int change_route(int fd, uint16_t kind, uint16_t flags,
	const struct inet_route *route)
{
	struct nl_request request;
	struct rtmsg *body = nl_begin(&request, kind,
		(uint16_t)(NLM_F_ACK | flags), sizeof(*body));
	const size_t size = ip_size(route->to.ip.family);
	const bool is_removal = kind == RTM_DELROUTE;

	body->rtm_family = route->to.ip.family;
	body->rtm_dst_len = route->to.length;
	body->rtm_table = RT_TABLE_MAIN;
	body->rtm_protocol = route->protocol;
	body->rtm_type = RTN_UNICAST;
	if (is_removal)
		body->rtm_scope = RT_SCOPE_NOWHERE;
	else if (!route->via.family && route->to.ip.family == AF_INET)
		body->rtm_scope = RT_SCOPE_LINK;
	if (route->to.length)
		nl_add(&request, RTA_DST, route->to.ip.bytes, size);
	if (route->via.family) {
		/* clouds hand out /32 with a gateway outside of it */
		body->rtm_flags = is_removal ? 0 : RTNH_F_ONLINK;
		nl_add(&request, RTA_GATEWAY, route->via.bytes, size);
	}
	nl_add(&request, RTA_OIF, &route->index, sizeof(route->index));
	nl_add(&request, RTA_PRIORITY, &route->metric, sizeof(route->metric));
	return nl_transact(fd, &request, NULL, NULL);
}

int inet_route_set(int fd, const struct inet_route *route)
{
	return change_route(fd, RTM_NEWROUTE, NLM_F_CREATE | NLM_F_REPLACE,
		route);
}

int inet_route_remove(int fd, const struct inet_route *route)
{
	return change_route(fd, RTM_DELROUTE, 0, route);
}

bool inet_route_equal(const struct inet_route *a, const struct inet_route *b)
{
	return a->index == b->index && a->metric == b->metric &&
	       a->protocol == b->protocol && ip_prefix_equal(&a->to, &b->to) &&
	       ip_equal(&a->via, &b->via);
}

static int change_neighbour(int fd, uint16_t kind, int index,
	const struct ip *ip)
{
	struct nl_request request;
	struct ndmsg *body = nl_begin(&request, kind,
		NLM_F_ACK | (kind == RTM_NEWNEIGH ? NLM_F_CREATE : 0),
		sizeof(*body));

	body->ndm_family = ip->family;
	body->ndm_ifindex = index;
	if (kind == RTM_NEWNEIGH)
		body->ndm_flags = NTF_USE;
	nl_add(&request, NDA_DST, ip->bytes, ip_size(ip->family));
	return nl_transact(fd, &request, NULL, NULL);
}

int inet_ask(int fd, int index, const struct ip *ip)
{
	return change_neighbour(fd, RTM_NEWNEIGH, index, ip);
}

int inet_forget(int fd, int index, const struct ip *ip)
{
	return change_neighbour(fd, RTM_DELNEIGH, index, ip);
}

struct question {
	int index;
	const struct ip *ip;
	int answer;
};

static void visit_neighbour(const struct nlmsghdr *message, void *context)
{
	const struct ndmsg *body = nl_body(message);
	struct question *question = context;
	struct ip ip;

	if (message->nlmsg_type == RTM_NEWNEIGH &&
		message->nlmsg_len >= NLMSG_LENGTH(sizeof(*body)) &&
		body->ndm_ifindex == question->index &&
		read_ip(nl_find(message, sizeof(*body), NDA_DST),
			body->ndm_family, &ip) &&
		ip_equal(&ip, question->ip) && body->ndm_state & NUD_THERE)
		question->answer = 1;
}

int inet_answers(int fd, int index, const struct ip *ip)
{
	struct question question = { .index = index, .ip = ip };
	int result = nl_dump(fd, RTM_GETNEIGH, ip->family, visit_neighbour,
		&question);

	return result < 0 ? result : question.answer;
}
