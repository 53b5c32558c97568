// SPDX-License-Identifier: MIT
/*
 * tests of cli/net_filter and cli/net_pcap; filters are run by the kernel, on
 * datagrams between two sockets that are packets
 */
#include "cli/net_filter.h"

#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "check.h"
#include "cli/net_pcap.h"

enum {
	PACKET_MAX = 128,
	SNAP = 60,
};

struct packet {
	uint8_t bytes[PACKET_MAX];
	size_t size;
};

static struct address address_of(const char *text)
{
	struct address address = { 0 };

	if (text && address_parse(text, &address) < 0)
		abort();
	return address;
}

static void put16(uint8_t *at, unsigned int value)
{
	at[0] = (uint8_t)(value >> 8);
	at[1] = (uint8_t)value;
}

/* "4 tcp 192.0.2.1 1000 192.0.2.2 80", of any protocol. */
static struct packet make_ip(const char *from, const char *to,
	unsigned int protocol, unsigned int source, unsigned int target)
{
	struct address a = address_of(from);
	struct address b = address_of(to);
	bool is_6 = a.family == AF_INET6;
	struct packet packet = { .size = PACKET_MAX };
	uint8_t *ip = packet.bytes + 14;

	put16(packet.bytes + 12, is_6 ? 0x86dd : 0x0800);
	ip[0] = is_6 ? 0x60 : 0x46; /* with 4 bytes of options */
	ip[is_6 ? 6 : 9] = (uint8_t)protocol;
	memcpy(ip + (is_6 ? 8 : 12), a.bytes, is_6 ? 16 : 4);
	memcpy(ip + (is_6 ? 24 : 16), b.bytes, is_6 ? 16 : 4);
	put16(ip + (is_6 ? 40 : 24), source);
	put16(ip + (is_6 ? 42 : 26), target);
	return packet;
}

static struct packet make_arp(const char *from, const char *to)
{
	struct address a = address_of(from);
	struct address b = address_of(to);
	struct packet packet = { .size = 60 };

	put16(packet.bytes + 12, 0x0806);
	memcpy(packet.bytes + 28, a.bytes, 4);
	memcpy(packet.bytes + 38, b.bytes, 4);
	return packet;
}

/* How many bytes are kept; 0: it is dropped, -1: the kernel takes no such. */
static ssize_t run(const struct net_filter *filter, struct packet packet)
{
	struct sock_filter code[NET_FILTER_MAX];
	struct sock_fprog program = {
		.len = (unsigned short)net_filter_make(filter, code),
		.filter = code,
	};
	size_t skip = filter->is_raw ? 14 : 0;
	uint8_t buffer[PACKET_MAX];
	ssize_t size = -1;
	int pair[2];

	if (socketpair(AF_UNIX, SOCK_DGRAM | SOCK_NONBLOCK, 0, pair) < 0)
		abort();
	if (setsockopt(pair[1], SOL_SOCKET, SO_ATTACH_FILTER, &program,
		    sizeof(program)) == 0) {
		(void)send(pair[0], packet.bytes + skip, packet.size - skip, 0);
		size = recv(pair[1], buffer, sizeof(buffer), 0);
		size = size < 0 ? 0 : size;
	}
	(void)close(pair[0]);
	(void)close(pair[1]);
	return size;
}

struct row {
	const char *label;
	const char *host;
	uint16_t port;
	const char *from, *to;
	unsigned int protocol; /* 0: ARP */
	unsigned int source, target;
	bool is_kept;
};

static const struct row rows[] = {
	{ "all", NULL, 0, "192.0.2.1", "192.0.2.2", 1, 0, 0, true },
	{ "all 6", NULL, 0, "2001:db8::1", "2001:db8::2", 58, 0, 0, true },
	{ "all arp", NULL, 0, "192.0.2.1", "192.0.2.2", 0, 0, 0, true },
	{ "from", "192.0.2.1", 0, "192.0.2.1", "192.0.2.2", 1, 0, 0, true },
	{ "to", "192.0.2.2", 0, "192.0.2.1", "192.0.2.2", 1, 0, 0, true },
	{ "other", "192.0.2.3", 0, "192.0.2.1", "192.0.2.2", 1, 0, 0, false },
	{ "arp from", "192.0.2.1", 0, "192.0.2.1", "192.0.2.2", 0, 0, 0, true },
	{ "arp to", "192.0.2.2", 0, "192.0.2.1", "192.0.2.2", 0, 0, 0, true },
	{ "arp other", "192.0.2.3", 0, "192.0.2.1", "192.0.2.2", 0, 0, 0,
		false },
	{ "4 of 6", "::1", 0, "192.0.2.1", "192.0.2.2", 1, 0, 0, false },
	{ "6 of 4", "0.0.0.1", 0, "::1", "::2", 1, 0, 0, false },
	{ "from 6", "2001:db8::1", 0, "2001:db8::1", "2001:db8::2", 58, 0, 0,
		true },
	{ "to 6", "2001:db8::2", 0, "2001:db8::1", "2001:db8::2", 58, 0, 0,
		true },
	{ "last word 6", "2001:db8::3", 0, "2001:db8::1", "2001:db8::2", 58, 0,
		0, false },
	{ "first word 6", "2001:db9::1", 0, "2001:db8::1", "2001:db8::2", 58, 0,
		0, false },
	{ "half of each", "2001:db8::5:1", 0, "2001:db8::5:0", "2001:db8::6:1",
		58, 0, 0, false },
	{ "port from", NULL, 80, "192.0.2.1", "192.0.2.2", 6, 80, 9, true },
	{ "port to", NULL, 80, "192.0.2.1", "192.0.2.2", 17, 9, 80, true },
	{ "port sctp", NULL, 80, "192.0.2.1", "192.0.2.2", 132, 9, 80, true },
	{ "no port", NULL, 80, "192.0.2.1", "192.0.2.2", 1, 80, 80, false },
	{ "port other", NULL, 80, "192.0.2.1", "192.0.2.2", 6, 81, 9, false },
	{ "port arp", NULL, 80, "192.0.2.1", "192.0.2.2", 0, 0, 0, false },
	{ "port 6", NULL, 80, "::1", "::2", 6, 80, 9, true },
	{ "port to 6", NULL, 80, "::1", "::2", 17, 9, 80, true },
	{ "port other 6", NULL, 80, "::1", "::2", 17, 9, 81, false },
	{ "no port 6", NULL, 80, "::1", "::2", 58, 80, 80, false },
	{ "both", "192.0.2.2", 80, "192.0.2.1", "192.0.2.2", 6, 80, 9, true },
	{ "both 6", "::2", 80, "::1", "::2", 6, 80, 9, true },
	{ "host but not port", "192.0.2.1", 80, "192.0.2.1", "192.0.2.2", 6, 81,
		9, false },
	{ "port but not host", "::3", 80, "::1", "::2", 6, 80, 9, false },
	{ "both arp", "192.0.2.1", 80, "192.0.2.1", "192.0.2.2", 0, 0, 0,
		false },
};

static struct packet make(const struct row *row)
{
	return row->protocol ? make_ip(row->from, row->to, row->protocol,
				       row->source, row->target)
			     : make_arp(row->from, row->to);
}

static void test_ethernet(void)
{
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		const struct net_filter filter = {
			.host = address_of(rows[i].host),
			.port = rows[i].port,
			.length = SNAP,
		};

		check_row(rows[i].label);
		CHECK(run(&filter, make(&rows[i])) ==
			(rows[i].is_kept ? SNAP : 0));
	}
}

/* The same without the head of Ethernet, where there is no ARP. */
static void test_raw(void)
{
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		const struct net_filter filter = {
			.host = address_of(rows[i].host),
			.port = rows[i].port,
			.length = SNAP,
			.is_raw = true,
		};

		if (rows[i].protocol == 0)
			continue;
		check_row(rows[i].label);
		CHECK(run(&filter, make(&rows[i])) ==
			(rows[i].is_kept ? SNAP : 0));
	}
}

static void test_fragments(void)
{
	const struct net_filter filter = { .port = 80, .length = SNAP };
	struct packet packet = make_ip("192.0.2.1", "192.0.2.2", 17, 80, 80);

	put16(packet.bytes + 20, 0x2000); /* the first of more */
	CHECK(run(&filter, packet) == SNAP);
	put16(packet.bytes + 20, 0x0001); /* the last */
	CHECK(run(&filter, packet) == 0);
}

/* Whatever is cut off, nothing is read behind the end. */
static void test_short(void)
{
	const struct net_filter filter = {
		.host = address_of("::2"),
		.port = 80,
		.length = SNAP,
	};
	struct packet packet = make_ip("::1", "::2", 6, 80, 9);

	for (packet.size = 1; packet.size < 56; packet.size++)
		CHECK(run(&filter, packet) == 0);
	packet.size = 56;
	CHECK(run(&filter, packet) == 56);
}

static void test_pcap(void)
{
	static const uint32_t head[] = { 0xa1b23c4d, 0x00040002, 0, 0, 96,
		101 };
	static const uint32_t one[] = { 12, 345, 60, 1514 };
	const struct timespec when = { .tv_sec = 12, .tv_nsec = 345 };
	uint8_t bytes[NET_PCAP_HEAD];

	net_pcap_head(bytes, NET_PCAP_RAW, 96);
	CHECK(memcmp(bytes, head, sizeof(head)) == 0);
	net_pcap_packet_head(bytes, &when, 60, 1514);
	CHECK(memcmp(bytes, one, sizeof(one)) == 0);
}

int main(void)
{
	RUN(test_ethernet);
	RUN(test_raw);
	RUN(test_fragments);
	RUN(test_short);
	RUN(test_pcap);
	return check_done();
}
