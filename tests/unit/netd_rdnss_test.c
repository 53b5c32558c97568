// SPDX-License-Identifier: MIT
/* netd_rdnss_test - options of router advertisements, some of them hostile */
#include "rdnss.h"

#include <linux/rtnetlink.h>
#include <stdlib.h>
#include <string.h>

#include "check.h"
#include "nl.h"

static struct rdnss rdnss;

/* in a block of its own size: a byte behind it is the sanitizer's */
static bool hear(const void *bytes, size_t length, int64_t now_s)
{
	uint8_t *copy = malloc(length ? length : 1);

	memcpy(copy, bytes, length);
	bool is_changed = rdnss_hear(&rdnss, copy, length, now_s);
	free(copy);
	return is_changed;
}

static const uint8_t two_servers[40] = { 25, 5, 0, 0, 0, 0, 0, 100, 0x20, 1,
	0x0d, 0xb8, [23] = 1, [24] = 0x20, 1, 0x0d, 0xb8, [39] = 2 };

static void test_servers(void)
{
	uint8_t option[40];
	int64_t next_s = 1000000;

	memset(&rdnss, 0, sizeof(rdnss));
	memcpy(option, two_servers, sizeof(option));
	CHECK(hear(option, 40, 1000) && rdnss.count == 2);
	CHECK(!hear(option, 40, 1050)); /* only their time is new */
	CHECK(!rdnss_expire(&rdnss, 1149, &next_s) && next_s == 1150);
	CHECK(rdnss_expire(&rdnss, 1150, &next_s) && rdnss.count == 0);

	CHECK(hear(option, 40, 1000) && rdnss.count == 2);
	option[1] = 3; /* only the first */
	option[7] = 0; /* is no server any more */
	CHECK(hear(option, 40, 1000) && rdnss.count == 1);
	CHECK(!hear(option, 40, 1000));
	option[7] = 9;
	option[8] = 0xff; /* multicast */
	CHECK(!hear(option, 40, 1000) && rdnss.count == 1);
}

static void test_more_servers_than_are_asked(void)
{
	uint8_t option[8 + 16 * 10] = { 25, 21, 0, 0, 0, 0, 1, 0 };

	memset(&rdnss, 0, sizeof(rdnss));
	for (int i = 0; i < 10; i++) {
		option[8 + 16 * i] = 0x20;
		option[8 + 16 * i + 15] = (uint8_t)(i + 1);
	}
	CHECK(hear(option, sizeof(option), 1) &&
		rdnss.count == RDNSS_SERVERS_MAX);
}

static void test_domains(void)
{
	static const char option[32] =
		"\x1f\x04\0\0\0\0\0\x64\3one\7example\0\3two\0\0\0";
	uint8_t gone[32];
	int64_t next_s = 1000000;

	memset(&rdnss, 0, sizeof(rdnss));
	CHECK(hear(option, 32, 1000));
	CHECK(strcmp(rdnss.search, "one.example two") == 0);
	CHECK(!hear(option, 32, 1000));
	CHECK(!rdnss_expire(&rdnss, 1099, &next_s) && next_s == 1100);
	CHECK(rdnss_expire(&rdnss, 1100, &next_s) && !*rdnss.search);
	memcpy(gone, option, 32);
	CHECK(hear(gone, 32, 1000));
	gone[7] = 0;
	CHECK(hear(gone, 32, 1000) && !*rdnss.search);
}

static void test_hostile(void)
{
	static const struct {
		const char *name, *bytes;
		size_t length;
	} rows[] = {
		{ "nothing", "", 0 },
		{ "half a head", "\x19\x01\0\0", 4 },
		{ "length 0", "\x19\0\0\0\0\0\0\x64", 8 },
		{ "longer than there is",
			"\x19\x03\0\0\0\0\0\x64"
			"12345678",
			16 },
		{ "longest",
			"\x1f\xff\0\0\0\0\0\x64"
			"\3one\0\0\0\0",
			16 },
		{ "half a server",
			"\x19\x02\0\0\0\0\0\x64"
			"12345678",
			16 },
		{ "another option",
			"\x03\x02\0\0\0\0\0\x64"
			"12345678",
			16 },
		{ "a label behind the end",
			"\x1f\x02\0\0\0\0\0\x64"
			"\x0aoneabcd",
			16 },
		{ "no end",
			"\x1f\x02\0\0\0\0\0\x64"
			"\7one1234",
			16 },
		{ "a pointer",
			"\x1f\x02\0\0\0\0\0\x64"
			"\3one\xc0\x08\0\0",
			16 },
		{ "a new line",
			"\x1f\x02\0\0\0\0\0\x64"
			"\3o\ne\0\0\0\0",
			16 },
		{ "a blank",
			"\x1f\x02\0\0\0\0\0\x64"
			"\3o e\0\0\0\0",
			16 },
		{ "a NUL",
			"\x1f\x02\0\0\0\0\0\x64"
			"\3o\0e\0\0\0\0",
			16 },
		{ "a hyphen first",
			"\x1f\x02\0\0\0\0\0\x64"
			"\3-ne\0\0\0\0",
			16 },
	};

	for (size_t i = 0; i < sizeof(rows) / sizeof(*rows); i++) {
		check_row(rows[i].name);
		memset(&rdnss, 0, sizeof(rdnss));
		CHECK(!hear(rows[i].bytes, rows[i].length, 1));
		CHECK(rdnss.count == 0 && !*rdnss.search);
	}
}

/* 10,000 at random: nothing that a resolv.conf could not have is kept */
static void test_random(void)
{
	uint8_t option[80];
	unsigned seed = 1;
	int64_t next_s = 1 << 30;

	memset(&rdnss, 0, sizeof(rdnss));
	for (int n = 0; n < 10000; n++) {
		for (size_t i = 0; i < sizeof(option); i++) {
			seed = seed * 1103515245 + 12345;
			option[i] = (uint8_t)(seed >> 16);
			if (n % 2 && i >= 8)
				option[i] = option[i] % 4 ? 'a' : 2;
		}
		option[0] = n & 2 ? 25 : 31;
		option[1] %= 11;
		(void)hear(option, 8 + (size_t)(n % 73), n);
		CHECK(rdnss.count <= RDNSS_SERVERS_MAX);
		CHECK(strspn(rdnss.search, "abcdefghijklmnopqrstuvwxyzABCDEFGHI"
					   "JKLMNOPQRSTUVWXYZ0123456789-. ") ==
			strlen(rdnss.search));
		(void)rdnss_expire(&rdnss, n, &next_s);
	}
}

static void test_messages(void)
{
	struct nl_request message;
	struct nduseroptmsg *body = nl_begin(&message, RTM_NEWNDUSEROPT, 0,
		sizeof(*body) + sizeof(two_servers));
	size_t length;
	int index;

	body->nduseropt_ifindex = 7;
	body->nduseropt_opts_len = 40;
	memcpy(body + 1, two_servers, sizeof(two_servers));
	CHECK(rdnss_option(&message.head, &index, &length) && index == 7 &&
		length == 40);
	body->nduseropt_opts_len = 65535;
	CHECK(rdnss_option(&message.head, &index, &length) && length == 40);
	message.head.nlmsg_len = NLMSG_LENGTH(sizeof(*body)) - 1;
	CHECK(!rdnss_option(&message.head, &index, &length));
}

int main(void)
{
	RUN(test_servers);
	RUN(test_more_servers_than_are_asked);
	RUN(test_domains);
	RUN(test_hostile);
	RUN(test_random);
	RUN(test_messages);
	return check_done();
}
