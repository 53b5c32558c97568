// SPDX-License-Identifier: MIT
/* tests of cli/net_probe: echo requests, and what is an answer to them */
#include "cli/net_probe.h"

#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>

#include "check.h"
#include "lib/text.h"

#define ID 0x1234

struct packet {
	uint8_t bytes[256];
	size_t size;
};

static struct net_probe probe_to(const char *text)
{
	struct net_probe probe = { .fd = -1, .id = ID };

	if (address_parse(text, &probe.to) < 0)
		abort();
	return probe;
}

static void add(struct packet *packet, const void *bytes, size_t size)
{
	memcpy(packet->bytes + packet->size, bytes, size);
	packet->size += size;
}

static void add_ip(struct packet *packet, const struct net_probe *probe)
{
	uint8_t ip4[20] = { 0x45, [8] = 61, [9] = 1 };
	uint8_t ip6[40] = { 0x60, [6] = 58 };

	if (probe->to.family == AF_INET) {
		memcpy(ip4 + 16, probe->to.bytes, 4);
		add(packet, ip4, sizeof(ip4));
	} else {
		memcpy(ip6 + 24, probe->to.bytes, 16);
		add(packet, ip6, sizeof(ip6));
	}
}

static void add_head(struct packet *packet, unsigned int type,
	unsigned int code, unsigned int id, unsigned int sequence)
{
	const uint8_t head[] = { (uint8_t)type, (uint8_t)code, 0, 0,
		(uint8_t)(id >> 8), (uint8_t)id, (uint8_t)(sequence >> 8),
		(uint8_t)sequence };

	add(packet, head, sizeof(head));
}

/* As the socket gives it: of IPv4 with the header in front. */
static struct packet begin(const struct net_probe *probe)
{
	struct packet packet = { .size = 0 };

	if (probe->to.family == AF_INET)
		add_ip(&packet, probe);
	return packet;
}

static struct packet make_echo(const struct net_probe *probe)
{
	struct packet packet = begin(probe);

	add_head(&packet, probe->to.family == AF_INET ? 0 : 129, 0, ID, 7);
	return packet;
}

static struct packet make_error(const struct net_probe *probe,
	unsigned int type, unsigned int code, unsigned int mtu)
{
	struct packet packet = begin(probe);

	add_head(&packet, type, code, 0, mtu);
	add_ip(&packet, probe);
	add_head(&packet, probe->to.family == AF_INET ? 8 : 128, 0, ID, 9);
	return packet;
}

static struct net_answer parse(const struct net_probe *probe,
	const struct packet *packet)
{
	struct net_answer answer;

	net_probe_parse(probe, packet->bytes, packet->size, &answer);
	answer.from.family = probe->to.family;
	return answer;
}

static const char *const hosts[] = { "192.0.2.9", "2001:db8::9" };

static void test_echo(void)
{
	for (size_t i = 0; i < 2; i++) {
		struct net_probe probe = probe_to(hosts[i]);
		struct packet packet = make_echo(&probe);
		struct net_answer answer = parse(&probe, &packet);

		check_row(hosts[i]);
		CHECK(answer.kind == NET_ANSWER_ECHO && answer.sequence == 7);
		CHECK(answer.ttl == (i == 0 ? 61 : 0));
		probe.id++;
		CHECK(parse(&probe, &packet).kind == NET_ANSWER_NONE);
		probe.id--;
		for (size_t whole = packet.size--; packet.size > 0;
			packet.size--)
			CHECK(parse(&probe, &packet).kind == NET_ANSWER_NONE &&
				whole);
	}
}

static void test_errors(void)
{
	static const struct {
		const char *to;
		unsigned int type, code, mtu;
		enum net_answer_kind kind;
		const char *reason;
	} rows[] = {
		{ "192.0.2.9", 11, 0, 0, NET_ANSWER_EXCEEDED, NULL },
		{ "192.0.2.9", 3, 0, 0, NET_ANSWER_UNREACHABLE,
			"no route to the network" },
		{ "192.0.2.9", 3, 13, 0, NET_ANSWER_UNREACHABLE,
			"a firewall forbids it" },
		{ "192.0.2.9", 3, 200, 0, NET_ANSWER_UNREACHABLE,
			"unreachable" },
		{ "192.0.2.9", 3, 4, 1400, NET_ANSWER_UNREACHABLE,
			"the packet is too big" },
		{ "192.0.2.9", 5, 0, 0, NET_ANSWER_NONE, NULL },
		{ "2001:db8::9", 3, 0, 0, NET_ANSWER_EXCEEDED, NULL },
		{ "2001:db8::9", 1, 3, 0, NET_ANSWER_UNREACHABLE,
			"the host does not answer there" },
		{ "2001:db8::9", 2, 0, 1280, NET_ANSWER_UNREACHABLE,
			"the packet is too big" },
		{ "2001:db8::9", 11, 0, 0, NET_ANSWER_NONE, NULL },
	};

	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		struct net_probe probe = probe_to(rows[i].to);
		struct packet packet = make_error(&probe, rows[i].type,
			rows[i].code, rows[i].mtu);
		struct net_answer answer = parse(&probe, &packet);

		check_row(rows[i].reason);
		CHECK(answer.kind == rows[i].kind);
		CHECK(answer.mtu == rows[i].mtu);
		CHECK(!rows[i].reason ||
			text_equal(net_probe_reason(&answer), rows[i].reason));
		if (rows[i].kind == NET_ANSWER_NONE)
			continue;
		CHECK(answer.sequence == 9);
		/* about a packet to somebody else */
		probe.to.bytes[3]++;
		CHECK(parse(&probe, &packet).kind == NET_ANSWER_NONE);
		probe.to.bytes[3]--;
		while (packet.size-- > 0)
			CHECK(parse(&probe, &packet).kind == NET_ANSWER_NONE);
	}
}

/* The sum over all of it is what RFC 1071 says. */
static void test_build(void)
{
	uint8_t bytes[NET_PROBE_SIZE];
	uint32_t sum = 0;

	CHECK(net_probe_build(bytes, AF_INET, ID, 5) == NET_PROBE_SIZE);
	for (size_t i = 0; i < sizeof(bytes); i += 2)
		sum += (uint32_t)(bytes[i] << 8 | bytes[i + 1]);
	CHECK((sum & 0xffff) + (sum >> 16) == 0xffff);
	CHECK(bytes[0] == 8 && bytes[4] == 0x12 && bytes[7] == 5);
	(void)net_probe_build(bytes, AF_INET6, ID, 5);
	CHECK(bytes[0] == 128 && bytes[2] == 0 && bytes[3] == 0);
}

int main(void)
{
	RUN(test_echo);
	RUN(test_errors);
	RUN(test_build);
	return check_done();
}
