// SPDX-License-Identifier: MIT
/*
 * netd_nl_test - rtnetlink: requests to a kernel made for it, and its answers,
 * some of them such as no kernel sends
 */
/* wrap: send recvfrom */
#include "nl.h"

#include <arpa/inet.h>
#include <errno.h>
#include <linux/if_addr.h>
#include <net/if.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>

#include "check.h"
#include "inet.h"
#include "links.h"

#define PACKETS_MAX 8

/* one packet that the kernel of the test sends */
struct packet {
	_Alignas(8) char bytes[256];
	size_t length;
	uint32_t sender;
	int error; /* recvfrom(2) fails with it */
};

static struct packet packets[PACKETS_MAX];
static size_t packets_count, packets_taken;
static _Alignas(8) char request[512]; /* the last one */
static uint32_t visits, sequence;     /* sequence: that we expect next */

ssize_t __wrap_send(int fd, const void *bytes, size_t length, int flags);
ssize_t __wrap_send(int fd, const void *bytes, size_t length, int flags)
{
	(void)fd;
	(void)flags;
	memset(request, 0, sizeof(request));
	memcpy(request, bytes, length);
	return (ssize_t)length;
}

ssize_t __wrap_recvfrom(int fd, void *bytes, size_t length, int flags,
	struct sockaddr *from, socklen_t *size);
ssize_t __wrap_recvfrom(int fd, void *bytes, size_t length, int flags,
	struct sockaddr *from, socklen_t *size)
{
	(void)fd;
	(void)length;
	(void)flags;
	if (packets_taken == packets_count) {
		errno = ETIME; /* a real one would wait for ever */
		return -1;
	}
	const struct packet *packet = &packets[packets_taken++];
	const struct sockaddr_nl sender = {
		.nl_family = AF_NETLINK,
		.nl_pid = packet->sender,
	};
	errno = packet->error;
	if (packet->error)
		return -1;
	memcpy(bytes, packet->bytes, packet->length);
	memcpy(from, &sender, sizeof(sender));
	*size = sizeof(sender);
	return (ssize_t)packet->length;
}

/* a packet of one message; seq counts from the request that comes next */
static struct packet *answer(uint16_t type, uint32_t seq, int status)
{
	struct packet *packet = &packets[packets_count++];
	struct nlmsghdr head = {
		.nlmsg_len = NLMSG_LENGTH(sizeof(struct nlmsgerr)),
		.nlmsg_type = type,
		.nlmsg_seq = sequence + seq,
	};

	memset(packet, 0, sizeof(*packet));
	memcpy(packet->bytes, &head, sizeof(head));
	memcpy(packet->bytes + NLMSG_HDRLEN, &status, sizeof(status));
	packet->length = head.nlmsg_len;
	return packet;
}

static void set_length(struct packet *packet, uint32_t said, size_t length)
{
	memcpy(packet->bytes, &said, sizeof(said));
	packet->length = length;
}

static void start_anew(void)
{
	packets_count = packets_taken = visits = 0;
}

static void visit(const struct nlmsghdr *message, void *context)
{
	CHECK(message->nlmsg_len >= sizeof(*message));
	CHECK(context == request);
	visits++;
}

static int dump(void)
{
	int result = nl_dump(3, RTM_GETLINK, AF_UNSPEC, visit, request);

	sequence++;
	return result;
}

static int link_set(uint32_t mtu)
{
	int result = links_set_up(3, 7, mtu);

	sequence++;
	return result;
}

static const struct nlmsghdr *head(void)
{
	return (const struct nlmsghdr *)(const void *)request;
}

static bool has(size_t body, uint16_t kind, const void *value, size_t size)
{
	const struct rtattr *attribute =
		nl_attribute(request + NLMSG_SPACE(body),
			head()->nlmsg_len - NLMSG_SPACE(body), kind);

	return attribute && RTA_PAYLOAD(attribute) == size &&
	       memcmp(nl_value(attribute), value, size) == 0;
}

static void test_link(void)
{
	const uint32_t mtu = 1400;
	const struct ifinfomsg *body = nl_body(head());

	start_anew();
	sequence = 1;
	(void)answer(NLMSG_ERROR, 0, 0);
	CHECK(link_set(mtu) == 0);
	CHECK(head()->nlmsg_type == RTM_NEWLINK);
	CHECK(head()->nlmsg_flags == (NLM_F_REQUEST | NLM_F_ACK));
	CHECK(head()->nlmsg_seq == 1);
	CHECK(body->ifi_index == 7 && body->ifi_flags == IFF_UP);
	CHECK(has(sizeof(*body), IFLA_MTU, &mtu, sizeof(mtu)));

	(void)answer(NLMSG_ERROR, 0, -EPERM);
	CHECK(link_set(0) == -EPERM);
	CHECK(!has(sizeof(*body), IFLA_MTU, &mtu, sizeof(mtu)));
}

static void test_address(void)
{
	struct inet_address address = { .index = 7, .valid_s = 3600 };
	const uint32_t ip = inet_addr("10.0.2.15");
	const uint32_t broadcast = inet_addr("10.0.2.255");
	const struct ifaddrmsg *body = nl_body(head());
	const size_t size = sizeof(*body);

	start_anew();
	(void)answer(NLMSG_ERROR, 0, 0);
	CHECK(ip_parse_prefix("10.0.2.15/24", &address.at));
	CHECK(inet_address_set(3, &address) == 0);
	CHECK(head()->nlmsg_type == RTM_NEWADDR);
	CHECK(head()->nlmsg_flags ==
		(NLM_F_REQUEST | NLM_F_ACK | NLM_F_CREATE | NLM_F_REPLACE));
	CHECK(body->ifa_prefixlen == 24 && body->ifa_index == 7);
	CHECK(has(size, IFA_LOCAL, &ip, 4));
	CHECK(has(size, IFA_BROADCAST, &broadcast, 4));
	sequence++;
}

static void test_address_of_ipv6(void)
{
	struct inet_address address = { .index = 7, .valid_s = INET_FOR_EVER };
	const struct ifaddrmsg *body = nl_body(head());

	start_anew();
	(void)answer(NLMSG_ERROR, 0, 0);
	CHECK(ip_parse_prefix("2001:db8::1/64", &address.at));
	CHECK(inet_address_remove(3, &address) == 0);
	CHECK(head()->nlmsg_type == RTM_DELADDR);
	CHECK(body->ifa_family == AF_INET6 && body->ifa_prefixlen == 64);
	CHECK(has(sizeof(*body), IFA_LOCAL, address.at.ip.bytes, 16));
	sequence++;
}

static void test_times_of_an_address(void)
{
	struct inet_address address = { .index = 7,
		.valid_s = 3600,
		.preferred_s = 1800 };
	const struct ifa_cacheinfo times = { .ifa_prefered = 1800,
		.ifa_valid = 3600 };

	start_anew();
	(void)answer(NLMSG_ERROR, 0, 0);
	CHECK(ip_parse_prefix("2001:db8::1/128", &address.at));
	CHECK(inet_address_set(3, &address) == 0);
	CHECK(has(sizeof(struct ifaddrmsg), IFA_CACHEINFO, &times,
		sizeof(times)));
	sequence++;
}

/* the kernel keeps it marked when it is for ever, and else removes it */
static void test_a_duplicate(void)
{
	struct nl_request message;
	struct ip ip, none;

	CHECK(ip_parse("2001:db8::5", &ip));
	for (int is_marked = 0; is_marked < 2; is_marked++) {
		struct ifaddrmsg *body =
			nl_begin(&message, RTM_DELADDR, 0, sizeof(*body));
		body->ifa_family = AF_INET6;
		body->ifa_flags = is_marked ? IFA_F_DADFAILED : 0x40;
		CHECK(!inet_is_duplicate(&message.head, &none));
		nl_add(&message, IFA_ADDRESS, ip.bytes, 15);
		CHECK(!inet_is_duplicate(&message.head, &none)); /* short */
		body = nl_begin(&message, is_marked ? RTM_NEWADDR : RTM_DELADDR,
			0, sizeof(*body));
		body->ifa_family = AF_INET6;
		body->ifa_flags = is_marked ? IFA_F_DADFAILED : 0x40;
		nl_add(&message, IFA_ADDRESS, ip.bytes, 16);
		CHECK(inet_is_duplicate(&message.head, &none) == is_marked);
		CHECK(!is_marked || ip_equal(&ip, &none));
		sequence += 2; /* of what was begun */
		message.head.nlmsg_len = NLMSG_LENGTH(sizeof(*body) - 1);
		CHECK(!inet_is_duplicate(&message.head, &none));
	}
}

static void test_route(void)
{
	struct inet_route route = { .index = 7,
		.to.ip.family = AF_INET,
		.metric = 107,
		.protocol = RTPROT_DHCP };
	const struct rtmsg *body = nl_body(head());
	const size_t size = sizeof(*body);

	start_anew();
	(void)answer(NLMSG_ERROR, 0, -ESRCH);
	CHECK(ip_parse("10.0.2.2", &route.via));
	CHECK(inet_route_remove(3, &route) == -ESRCH);
	CHECK(head()->nlmsg_type == RTM_DELROUTE);
	CHECK(body->rtm_dst_len == 0 && body->rtm_protocol == RTPROT_DHCP);
	CHECK(has(size, RTA_GATEWAY, route.via.bytes, 4));
	CHECK(has(size, RTA_OIF, &route.index, 4));
	CHECK(has(size, RTA_PRIORITY, &route.metric, 4));
	sequence++;
}

/* within the nest of a kind: what it has of another, as the kernel reads it */
static const struct rtattr *nested(const struct rtattr *in, uint16_t kind)
{
	return in ? nl_attribute(nl_value(in), RTA_PAYLOAD(in), kind) : NULL;
}

static void test_virtual_links(void)
{
	static const struct {
		struct wanted_link link;
		const char *kind, *alias;
		uint16_t detail;
		size_t detail_size;
		uint32_t value;
	} rows[] = {
		{ { .kind = WANTED_VLAN,
			  .name = "e.7",
			  .parent = "e",
			  .vlan = 7 },
			"vlan", "netd vlan e.7 e 7", IFLA_VLAN_ID, 2, 7 },
		{ { .kind = WANTED_BOND, .name = "b" }, "bond",
			"netd bond b active-backup", IFLA_BOND_MODE, 1, 1 },
		{ { .kind = WANTED_BOND, .name = "b", .is_802_3ad = true },
			"bond", "netd bond b 802.3ad", IFLA_BOND_MODE, 1, 4 },
		{ { .kind = WANTED_BOND, .name = "b" }, "bond",
			"netd bond b active-backup", IFLA_BOND_MIIMON, 4, 100 },
		{ { .kind = WANTED_BRIDGE, .name = "b" }, "bridge",
			"netd bridge b", 0, 0, 0 },
		{ { .kind = WANTED_WIREGUARD, .name = "w" }, "wireguard",
			"netd wireguard w", 0, 0, 0 },
	};
	const size_t size = sizeof(struct ifinfomsg);
	char alias[LINKS_ALIAS_MAX], kind[16];
	int parent = 3;

	for (size_t i = 0; i < sizeof(rows) / sizeof(*rows); i++) {
		check_row(rows[i].alias);
		start_anew();
		(void)answer(NLMSG_ERROR, 0, -EPERM); /* no alias after it */
		CHECK(links_create(3, &rows[i].link, parent) == -EPERM);
		sequence++;
		CHECK(head()->nlmsg_flags ==
			(NLM_F_REQUEST | NLM_F_ACK | NLM_F_CREATE |
				NLM_F_EXCL));
		const struct rtattr *info =
			nl_find(head(), size, IFLA_LINKINFO);
		nl_text(nested(info, IFLA_INFO_KIND), kind, sizeof(kind));
		CHECK(strcmp(kind, rows[i].kind) == 0);
		CHECK(nl_u32(nl_find(head(), size, IFLA_LINK)) == 3);
		const struct rtattr *detail =
			nested(nested(info, IFLA_INFO_DATA), rows[i].detail);
		uint32_t value = 0;
		if (rows[i].detail_size && CHECK(detail) &&
			CHECK(RTA_PAYLOAD(detail) == rows[i].detail_size))
			memcpy(&value, nl_value(detail), rows[i].detail_size);
		CHECK(value == rows[i].value);
		links_alias(&rows[i].link, alias);
		CHECK(strcmp(alias, rows[i].alias) == 0);
	}
}

/* what does not fit is never sent */
static void test_too_long(void)
{
	static const char much[NL_REQUEST_MAX];
	struct nl_request message;

	start_anew();
	memset(request, 0, sizeof(request));
	(void)nl_begin(&message, RTM_NEWLINK, NLM_F_ACK, 16);
	sequence++;
	nl_add(&message, 1, much, sizeof(much) - 64);
	CHECK(!message.is_too_long);
	nl_add(&message, 1, much, 64);
	CHECK(message.is_too_long);
	CHECK(nl_transact(3, &message, NULL, NULL) == -EMSGSIZE);
	CHECK(head()->nlmsg_len == 0);
}

static void test_dump(void)
{
	start_anew();
	(void)answer(RTM_NEWLINK, 0, 0);
	(void)answer(RTM_NEWLINK, 0, 0);
	(void)answer(NLMSG_DONE, 0, 0);
	CHECK(dump() == 0);
	CHECK(visits == 2);

	start_anew();
	(void)answer(RTM_NEWLINK, 0, 0);
	(void)answer(NLMSG_DONE, 0, -EINTR); /* how a dump fails */
	CHECK(dump() == -EINTR);

	start_anew();
	answer(RTM_NEWLINK, 0, 0)->error = EINTR;
	answer(RTM_NEWLINK, 0, 0)->error = ENOBUFS;
	CHECK(dump() == -ENOBUFS);
}

/* what is left of another answer, and what others than the kernel send */
static void test_not_our_answer(void)
{
	start_anew();
	(void)answer(NLMSG_ERROR, (uint32_t)-1, -EPERM);
	(void)answer(RTM_NEWLINK, (uint32_t)-1, 0);
	answer(NLMSG_ERROR, 0, -EACCES)->sender = 4711;
	(void)answer(RTM_NEWLINK, 0, 0);
	(void)answer(NLMSG_DONE, 0, 0);
	CHECK(dump() == 0);
	CHECK(visits == 1);
}

static void test_hostile_lengths(void)
{
	static const struct {
		const char *name;
		uint16_t type;
		uint32_t said;
		size_t length;
		int result;
	} rows[] = {
		{ "empty packet", RTM_NEWLINK, 0, 0, 0 },
		{ "half a head", RTM_NEWLINK, 16, 8, 0 },
		{ "length 0", RTM_NEWLINK, 0, 64, 0 },
		{ "shorter than its head", RTM_NEWLINK, 15, 64, 0 },
		{ "longer than the packet", RTM_NEWLINK, 65, 64, 0 },
		{ "longest", RTM_NEWLINK, UINT32_MAX, 64, 0 },
		{ "error without its number", NLMSG_ERROR, 16, 16, -EBADMSG },
		{ "half a number", NLMSG_DONE, 18, 18, -EBADMSG },
	};

	for (size_t i = 0; i < sizeof(rows) / sizeof(*rows); i++) {
		check_row(rows[i].name);
		start_anew();
		set_length(answer(rows[i].type, 0, -EIO), rows[i].said,
			rows[i].length);
		(void)answer(NLMSG_DONE, 0, 0);
		CHECK(dump() == rows[i].result);
		CHECK(visits == 0);
	}
}

/* attributes in a block of its own size: a byte behind it is the sanitizer's */
static void test_hostile_attributes(void)
{
	static const struct {
		const char *name;
		uint16_t length;
		size_t given;
		bool is_found;
	} rows[] = {
		{ "whole", 8, 8, true },
		{ "no value", 4, 4, true },
		{ "length 0", 0, 8, false },
		{ "shorter than its head", 3, 8, false },
		{ "longer than all", 9, 8, false },
		{ "longest", UINT16_MAX, 8, false },
		{ "half a head", 8, 3, false },
		{ "nothing", 8, 0, false },
	};

	for (size_t i = 0; i < sizeof(rows) / sizeof(*rows); i++) {
		_Alignas(4) char bytes[8] = { 0 };
		const struct rtattr attribute = {
			.rta_len = rows[i].length,
			.rta_type = IFLA_MTU,
		};

		check_row(rows[i].name);
		memcpy(bytes, &attribute, sizeof(attribute));
		CHECK(!!nl_attribute(bytes, rows[i].given, IFLA_MTU) ==
			rows[i].is_found);
		CHECK(!nl_attribute(bytes, rows[i].given, IFLA_IFNAME));
	}
}

int main(void)
{
	RUN(test_link);
	RUN(test_address);
	RUN(test_address_of_ipv6);
	RUN(test_times_of_an_address);
	RUN(test_a_duplicate);
	RUN(test_route);
	RUN(test_virtual_links);
	RUN(test_too_long);
	RUN(test_dump);
	RUN(test_not_our_answer);
	RUN(test_hostile_lengths);
	RUN(test_hostile_attributes);
	return check_done();
}
