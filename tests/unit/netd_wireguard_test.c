// SPDX-License-Identifier: MIT
/*
 * netd_wireguard_test - what the kernel is told of keys and peers, read back as
 * the kernel reads it
 */
/* wrap: nl_open nl_transact */
#include "wireguard.h"

#include <arpa/inet.h>
#include <errno.h>
#include <linux/genetlink.h>
#include <linux/wireguard.h>
#include <netinet/in.h>
#include <string.h>

#include "check.h"
#include "nl.h"

#define KEY    "xTIBA5rboUvnH4htodjb6e697QjLERt1NAB4mZqp8Dg="
#define OTHER  "AAIBA5rboUvnH4htodjb6e697QjLERt1NAB4mZqp8Dg="
#define FAMILY 33
#define BODY   sizeof(struct genlmsghdr)

static struct wanted wanted;
static struct nl_request sent[8];
static unsigned sent_count, fail_at;
static bool has_family;

int __wrap_nl_open(int protocol, uint32_t groups);
int __wrap_nl_open(int protocol, uint32_t groups)
{
	CHECK(protocol == NETLINK_GENERIC && groups == 0);
	return has_family ? 999 : -EPERM; /* none that could be closed */
}

static uint8_t command(const struct nl_request *request)
{
	struct genlmsghdr body;

	memcpy(&body, request->bytes + NLMSG_HDRLEN, sizeof(body));
	return body.cmd;
}

static void answer(nl_visit *visit, void *context, uint16_t type, uint16_t kind,
	const void *value, size_t size)
{
	static struct nl_request message;

	(void)nl_begin(&message, type, 0, BODY);
	nl_add(&message, kind, value, size);
	visit(&message.head, context);
}

int __wrap_nl_transact(int fd, struct nl_request *request, nl_visit *visit,
	void *context);
int __wrap_nl_transact(int fd, struct nl_request *request, nl_visit *visit,
	void *context)
{
	const uint16_t family = FAMILY;
	uint8_t key[KEY_BYTES];

	(void)fd;
	CHECK(!request->is_too_long && sent_count < 8);
	sent[sent_count++] = *request;
	if (fail_at && sent_count == fail_at)
		return -EPERM;
	if (request->head.nlmsg_type == GENL_ID_CTRL)
		answer(visit, context, GENL_ID_CTRL, CTRL_ATTR_FAMILY_ID,
			&family, sizeof(family));
	else if (command(request) == WG_CMD_GET_DEVICE) {
		CHECK(key_parse(OTHER, key));
		answer(visit, context, FAMILY, WGDEVICE_A_PUBLIC_KEY, key,
			sizeof(key));
	}
	return 0;
}

static const struct rtattr *in(const struct rtattr *nest, uint16_t kind)
{
	return nest ? nl_attribute(nl_value(nest), RTA_PAYLOAD(nest), kind)
		    : NULL;
}

static bool is(const struct rtattr *attribute, const void *value, size_t size)
{
	return attribute && RTA_PAYLOAD(attribute) == size &&
	       memcmp(nl_value(attribute), value, size) == 0;
}

static void start_anew(void)
{
	static const char file[] =
		"link device e\n"
		"link wireguard wg0 51820\n"
		"peer " KEY " 192.0.2.1:51821 25 " OTHER
		" 10.9.0.2/32,10.8.0.0/16\n"
		"peer " OTHER " [2001:db8::1]:7 0 - 2001:db8:9::/48\n"
		"link wireguard wg1 0\npeer " KEY " - 0 - 10.7.0.0/16\n"
		"end\n";
	unsigned line;

	sent_count = fail_at = 0;
	has_family = true;
	CHECK(wanted_parse(file, sizeof(file) - 1, &wanted, &line) == 0);
}

static void test_device(void)
{
	const uint8_t key[KEY_BYTES] = { 8, [31] = 64 };
	const uint32_t flags = WGDEVICE_F_REPLACE_PEERS;
	const uint16_t port = 51820;
	const int index = 7;

	start_anew();
	CHECK(wireguard_set(7, &wanted, 1, key) == 0);
	CHECK(sent_count == 4); /* the family, the device, two peers */
	const struct nlmsghdr *head = &sent[1].head;
	CHECK(head->nlmsg_type == FAMILY &&
		command(&sent[1]) == WG_CMD_SET_DEVICE);
	CHECK(is(nl_find(head, BODY, WGDEVICE_A_IFINDEX), &index, 4));
	CHECK(is(nl_find(head, BODY, WGDEVICE_A_FLAGS), &flags, 4));
	CHECK(is(nl_find(head, BODY, WGDEVICE_A_PRIVATE_KEY), key, 32));
	CHECK(is(nl_find(head, BODY, WGDEVICE_A_LISTEN_PORT), &port, 2));
	/* the key is in no other message */
	CHECK(!nl_find(&sent[2].head, BODY, WGDEVICE_A_PRIVATE_KEY));
}

static void test_peers(void)
{
	const uint8_t key[KEY_BYTES] = { 8, [31] = 64 };
	const struct sockaddr_in v4 = { .sin_family = AF_INET,
		.sin_port = htons(51821),
		.sin_addr.s_addr = inet_addr("192.0.2.1") };
	const uint16_t keepalive = 25, family = AF_INET;
	const uint32_t flags = WGPEER_F_REPLACE_ALLOWEDIPS;
	const uint8_t mask = 32;
	uint8_t public[KEY_BYTES], shared[KEY_BYTES];

	start_anew();
	CHECK(wireguard_set(7, &wanted, 1, key) == 0);
	CHECK(key_parse(KEY, public) && key_parse(OTHER, shared));
	const struct rtattr *peer =
		in(nl_find(&sent[2].head, BODY, WGDEVICE_A_PEERS), 0);
	CHECK(is(in(peer, WGPEER_A_PUBLIC_KEY), public, 32));
	CHECK(is(in(peer, WGPEER_A_PRESHARED_KEY), shared, 32));
	CHECK(is(in(peer, WGPEER_A_FLAGS), &flags, 4));
	CHECK(is(in(peer, WGPEER_A_ENDPOINT), &v4, sizeof(v4)));
	CHECK(is(in(peer, WGPEER_A_PERSISTENT_KEEPALIVE_INTERVAL), &keepalive,
		2));
	const struct rtattr *prefix = in(in(peer, WGPEER_A_ALLOWEDIPS), 0);
	CHECK(is(in(prefix, WGALLOWEDIP_A_FAMILY), &family, 2));
	CHECK(is(in(prefix, WGALLOWEDIP_A_IPADDR), "\x0a\x09\0\2", 4));
	CHECK(is(in(prefix, WGALLOWEDIP_A_CIDR_MASK), &mask, 1));

	peer = in(nl_find(&sent[3].head, BODY, WGDEVICE_A_PEERS), 0);
	CHECK(!in(peer, WGPEER_A_PRESHARED_KEY));
	CHECK(RTA_PAYLOAD(in(peer, WGPEER_A_ENDPOINT)) ==
		sizeof(struct sockaddr_in6));
}

/* of a peer that is there, and of nothing else of it */
static void test_endpoint(void)
{
	const uint32_t flags = WGPEER_F_UPDATE_ONLY;
	const struct sockaddr_in v4 = { .sin_family = AF_INET,
		.sin_port = htons(51821),
		.sin_addr.s_addr = inet_addr("203.0.113.9") };
	uint8_t public[KEY_BYTES];
	struct ip ip;

	start_anew();
	CHECK(ip_parse("203.0.113.9", &ip) && key_parse(KEY, public));
	CHECK(wireguard_set_endpoint(7, &wanted.peers[0], &ip) == 0);
	CHECK(sent_count == 2);
	const struct rtattr *peer =
		in(nl_find(&sent[1].head, BODY, WGDEVICE_A_PEERS), 0);
	CHECK(is(in(peer, WGPEER_A_PUBLIC_KEY), public, 32));
	CHECK(is(in(peer, WGPEER_A_FLAGS), &flags, 4));
	CHECK(is(in(peer, WGPEER_A_ENDPOINT), &v4, sizeof(v4)));
	CHECK(!in(peer, WGPEER_A_ALLOWEDIPS));
	CHECK(!nl_find(&sent[1].head, BODY, WGDEVICE_A_FLAGS));
}

static void test_failures(void)
{
	const uint8_t key[KEY_BYTES] = { 8, [31] = 64 };

	for (unsigned nth = 1; nth <= 4; nth++) {
		start_anew();
		fail_at = nth;
		CHECK(wireguard_set(7, &wanted, 1, key) == -EPERM);
		CHECK(sent_count == nth);
	}
	start_anew();
	has_family = false;
	CHECK(wireguard_set(7, &wanted, 1, key) == -EPERM);
}

static void test_public_key(void)
{
	char text[KEY_TEXT_MAX];

	start_anew();
	CHECK(wireguard_public_key(7, text) == 0 && strcmp(text, OTHER) == 0);
	fail_at = 4;
	CHECK(wireguard_public_key(7, text) == -EPERM);
}

/* another port, peer, endpoint, prefix: another number; another block: not */
static void test_digest(void)
{
	uint64_t before;

	start_anew();
	before = wireguard_digest(&wanted, 1);
	CHECK(before == wireguard_digest(&wanted, 1));
	wanted.peers[2].port = 9;
	wanted.links[0].mtu = 9;
	CHECK(before == wireguard_digest(&wanted, 1));
	wanted.prefixes[1].prefix.length = 15;
	CHECK(before != wireguard_digest(&wanted, 1));
	start_anew();
	wanted.peers[0].port = 9;
	CHECK(before != wireguard_digest(&wanted, 1));
	start_anew();
	wanted.links[1].port = 9;
	CHECK(before != wireguard_digest(&wanted, 1));
	start_anew();
	wanted.peers[1].shared[0] = 9;
	CHECK(before != wireguard_digest(&wanted, 1));
}

int main(void)
{
	RUN(test_device);
	RUN(test_peers);
	RUN(test_endpoint);
	RUN(test_failures);
	RUN(test_public_key);
	RUN(test_digest);
	return check_done();
}
