// SPDX-License-Identifier: MIT
/* dhcp6_message_test - messages of DHCPv6, some of them hostile */
#include "dhcp6_message.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>

#include "check.h"
#include "dhcp6_wire.h"

static struct wire wire;
static struct dhcp6_answer answer;

/* in a block of its own size: a byte behind it is the sanitizer's */
static int read_length(size_t length)
{
	uint8_t *copy = malloc(length ? length : 1);

	memcpy(copy, wire.bytes, length);
	int result = dhcp6_message_read(copy, length, WIRE_IAID, &answer);
	free(copy);
	return result;
}

static int read_all(void)
{
	return read_length(wire.length);
}

static void begin(void)
{
	wire_begin(&wire, DHCP6_KIND_REPLY, 0xabcdef, 'a');
}

static bool has_ip(const struct ip *ip, const char *text)
{
	struct ip other;

	return ip_parse(text, &other) && ip_equal(ip, &other);
}

static void test_a_whole_answer(void)
{
	static const uint8_t dns[32] = { 0x20, 1, 0x0d, 0xb8, [15] = 0x53, 0xfe,
		0x80, [31] = 1 };
	static const uint8_t clock[20] = { 0, 1, 0, 16, 0x20, 1, 0x0d,
		0xb8, [19] = 0x7b };

	begin();
	size_t ia = wire_ia(&wire, WIRE_IAID, 100, 200);
	wire_address(&wire, 5, 300, 400);
	wire_address(&wire, 6, 0, 0);
	wire_end(&wire, ia);
	wire_option(&wire, 7, "\xff", 1);
	wire_option(&wire, 14, "", 0);
	wire_option(&wire, 23, dns, sizeof(dns));
	wire_option(&wire, 24, "\3one\7example\0\3two\0", 18);
	wire_option(&wire, 56, clock, sizeof(clock));
	wire_option(&wire, 56, "\0\3\0\6\4time\0", 10);
	wire_option_u32(&wire, 82, 120);
	wire_option_u32(&wire, 83, 240);
	wire_option_u32(&wire, 32, 900);
	wire_option(&wire, 12, dns, 16); /* server unicast: not for us */
	wire_option(&wire, 65535, "x", 1);
	if (!CHECK(read_all() == 0))
		return;
	CHECK(answer.kind == DHCP6_KIND_REPLY && answer.xid == 0xabcdef);
	CHECK(answer.client.length == 6 && answer.server.length == 4);
	CHECK(answer.has_ia && answer.t1_s == 100 && answer.t2_s == 200);
	CHECK(answer.count == 2 && answer.addresses[0].preferred_s == 300 &&
		answer.addresses[0].valid_s == 400);
	CHECK(has_ip(&answer.addresses[0].ip, "2001:db8::5"));
	CHECK(answer.addresses[1].valid_s == 0);
	CHECK(answer.preference == 255 && answer.is_rapid);
	CHECK(answer.names.servers_count == 2 &&
		has_ip(&answer.names.servers[1], "fe80::1"));
	CHECK(strcmp(answer.names.search, "one.example two") == 0);
	CHECK(strcmp(answer.names.clocks, "2001:db8::7b time") == 0);
	CHECK(answer.solicit_max_s == 120 && answer.information_max_s == 240 &&
		answer.refresh_s == 900);
}

/* Each part of a message is none, unless it ends between two options. */
static void test_cut_anywhere(void)
{
	size_t ends[8], count = 0;

	begin();
	ends[count++] = wire.length;
	size_t ia = wire_ia(&wire, WIRE_IAID, 0, 0);
	wire_address(&wire, 5, 300, 400);
	wire_status(&wire, 0);
	wire_end(&wire, ia);
	ends[count++] = wire.length;
	wire_option(&wire, 24, "\3one\0", 5);
	ends[count++] = wire.length;
	wire_status(&wire, 0);
	ends[count++] = wire.length;
	for (size_t length = 0; length <= wire.length; length++) {
		bool is_end = false;
		for (size_t i = 0; i < count; i++)
			is_end |= ends[i] == length;
		CHECK((read_length(length) == 0) == is_end);
	}
}

/* a message of one more option, as it is written */
static const struct {
	const char *label;
	unsigned code;
	const char *value;
	size_t length;
	int result;
} options[] = {
	{ "a second client", 1, "CLIENT", 6, -EBADMSG },
	{ "a second server", 2, "SRVa", 4, -EBADMSG },
	{ "an IA that is cut", 3, "\1\2\3\4", 4, -EBADMSG },
	{ "an IA that lacks a byte", 3, "\1\2\3\4\0\0\0\0\0\0\0", 11,
		-EBADMSG },
	{ "an IA with half an option", 3, "\1\2\3\4\0\0\0\0\0\0\0\0\0\5\0", 15,
		-EBADMSG },
	{ "an IA with a short address", 3,
		"\1\2\3\4\0\0\0\0\0\0\0\0\0\5\0\4abcd", 20, -EBADMSG },
	{ "another's IA with anything", 3, "\1\2\3\5\0\0\0\0\0\0\0\0xy", 14,
		0 },
	{ "a status of one byte", 13, "\0", 1, -EBADMSG },
	{ "no preference", 7, "", 0, 0 },
	{ "a rapid commit with a value", 14, "x", 1, 0 },
	{ "half a name server", 23, "12345678", 8, 0 },
	{ "a domain without an end", 24, "\3one", 4, 0 },
	{ "a domain that reaches beyond", 24, "\x09one", 4, 0 },
	{ "a domain that points back", 24, "\xc0\0", 2, 0 },
	{ "a domain with a line break", 24, "\2a\n\0", 4, 0 },
	{ "a clock that reaches beyond", 56, "\0\1\0\x20xyz", 7, 0 },
	{ "a time of two bytes", 82, "\1\1", 2, 0 },
	{ "a longest wait too short", 82, "\0\0\0\73", 4, 0 },
	{ "a longest wait too long", 82, "\0\1\x51\x81", 4, 0 },
};

static void test_options(void)
{
	for (size_t i = 0; i < sizeof(options) / sizeof(*options); i++) {
		check_row(options[i].label);
		begin();
		wire_option(&wire, options[i].code, options[i].value,
			options[i].length);
		CHECK(read_all() == options[i].result);
		if (options[i].result < 0)
			continue;
		CHECK(!answer.has_ia && !answer.is_rapid &&
			!answer.preference && !answer.solicit_max_s);
		CHECK(!answer.names.servers_count && !*answer.names.search &&
			!*answer.names.clocks);
	}
	check_row(NULL);
}

static void test_whom_it_is_of_and_for(void)
{
	static const uint8_t long_id[131];

	wire.length = 0;
	wire_u32(&wire, 7U << 24);
	wire_option(&wire, 1, "CLIENT", 6);
	CHECK(read_all() == -EBADMSG); /* of nobody */
	wire.length = 0;
	wire_u32(&wire, 7U << 24);
	wire_option(&wire, 2, "SRVa", 4);
	CHECK(read_all() == -EBADMSG); /* for nobody */
	for (unsigned kind = 0; kind < 256; kind++) {
		wire_begin(&wire, kind, 1, 'a');
		CHECK((read_all() == 0) == (kind == 2 || kind == 7));
	}
	wire.length = 0;
	wire_u32(&wire, 7U << 24);
	wire_option(&wire, 1, "CLIENT", 6);
	wire_option(&wire, 2, long_id, 131);
	CHECK(read_all() == -EBADMSG); /* a DUID longer than any */
	wire.length = 14;
	wire_option(&wire, 2, long_id, 130);
	CHECK(read_all() == 0 && answer.server.length == 130);
}

static void test_two_of_one_ia(void)
{
	begin();
	for (int i = 0; i < 2; i++)
		wire_end(&wire, wire_ia(&wire, WIRE_IAID, 0, 0));
	CHECK(read_all() == -EBADMSG);
}

/* T1 after T2: as if the IA were not there (21.4) */
static void test_times_in_the_wrong_order(void)
{
	begin();
	size_t ia = wire_ia(&wire, WIRE_IAID, 200, 100);
	wire_address(&wire, 5, 300, 400);
	wire_end(&wire, ia);
	CHECK(read_all() == 0 && !answer.has_ia && answer.count == 0);
	begin();
	ia = wire_ia(&wire, WIRE_IAID, 200, 0);
	wire_address(&wire, 5, 300, 400);
	wire_end(&wire, ia);
	CHECK(read_all() == 0 && answer.has_ia && answer.count == 1);
}

static void test_addresses_that_are_none(void)
{
	static const char *const none[] = { "::", "::1", "ff02::1", "fe80::5",
		"::ffff:192.0.2.1" };

	for (size_t i = 0; i < sizeof(none) / sizeof(*none); i++) {
		struct ip ip;

		check_row(none[i]);
		CHECK(ip_parse(none[i], &ip));
		begin();
		size_t ia = wire_ia(&wire, WIRE_IAID, 0, 0);
		wire_address(&wire, 5, 300, 400);
		memcpy(wire.bytes + wire.length - 24, ip.bytes, 16);
		wire_end(&wire, ia);
		CHECK(read_all() == 0 && answer.has_ia && answer.count == 0);
	}
	check_row(NULL);
	begin();
	size_t ia = wire_ia(&wire, WIRE_IAID, 0, 0);
	wire_address(&wire, 5, 401, 400); /* preferred for longer than valid */
	for (unsigned i = 0; i < 100; i++)
		wire_address(&wire, i, 300, 400);
	wire_end(&wire, ia);
	CHECK(read_all() == 0 && answer.count == DHCP6_ADDRESSES_MAX);
	CHECK(has_ip(&answer.addresses[0].ip, "2001:db8::"));
}

/* a status in an address takes it alone away */
static void test_status_in_its_place(void)
{
	begin();
	size_t ia = wire_ia(&wire, WIRE_IAID, 0, 0);
	wire_address(&wire, 5, 300, 400);
	wire.bytes[wire.length - 25] = 24 + 8;
	wire_status(&wire, 2);
	wire_address(&wire, 6, 300, 400);
	wire_status(&wire, 3);
	wire_end(&wire, ia);
	wire_status(&wire, 4);
	if (!CHECK(read_all() == 0))
		return;
	CHECK(answer.status == DHCP6_STATUS_NOT_ON_LINK);
	CHECK(answer.ia_status == DHCP6_STATUS_NO_BINDING);
	CHECK(answer.count == 1 &&
		has_ip(&answer.addresses[0].ip, "2001:db8::6"));
}

static void test_what_is_asked(void)
{
	static const uint8_t solicit[] = { 1, 0xab, 0xcd, 0xef, 0, 1, 0, 3, 'I',
		'A', 'M', 0, 8, 0, 2, 1, 2, 0, 6, 0, 8, 0, 23, 0, 24, 0, 56, 0,
		82, 0, 14, 0, 0, 0, 3, 0, 12, 1, 2, 3, 4, 0, 0, 0, 0, 0, 0, 0,
		0 };
	static const uint8_t decline[] = { 9, 0, 0, 1, 0, 1, 0, 3, 'I', 'A',
		'M', 0, 2, 0, 3, 'S', 'R', 'V', 0, 8, 0, 2, 0, 0, 0, 3, 0, 40,
		1, 2, 3, 4, 0, 0, 0, 0, 0, 0, 0, 0, 0, 5, 0, 24, 0x20, 1, 0x0d,
		0xb8, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 5, 0, 0, 0, 0, 0, 0, 0,
		0 };
	const struct dhcp6_duid client = { 3, "IAM" }, server = { 3, "SRV" };
	const struct dhcp6_address address = {
		.ip = { AF_INET6, { 0x20, 1, 0x0d, 0xb8, [15] = 5 } },
		.preferred_s = 9,
		.valid_s = 9,
	};
	struct dhcp6_question question = {
		.kind = DHCP6_KIND_SOLICIT,
		.xid = 0xabcdef,
		.client = &client,
		.elapsed_cs = 0x0102,
		.has_ia = true,
		.iaid = WIRE_IAID,
	};
	uint8_t bytes[DHCP6_QUESTION_MAX];

	CHECK(dhcp6_message_write(&question, bytes) == sizeof(solicit));
	CHECK(memcmp(bytes, solicit, sizeof(solicit)) == 0);
	question = (struct dhcp6_question){
		.kind = DHCP6_KIND_DECLINE,
		.xid = 0x77000001, /* 24 bits of it */
		.client = &client,
		.server = &server,
		.has_ia = true,
		.iaid = WIRE_IAID,
		.addresses = &address,
		.count = 1,
	};
	CHECK(dhcp6_message_write(&question, bytes) == sizeof(decline));
	CHECK(memcmp(bytes, decline, sizeof(decline)) == 0);
}

/* of all that it can be: the sanitizer looks after the room */
static void test_the_longest_question(void)
{
	struct dhcp6_duid duid = { .length = DHCP6_DUID_MAX };
	struct dhcp6_address addresses[DHCP6_ADDRESSES_MAX] = { 0 };
	uint8_t *bytes = malloc(DHCP6_QUESTION_MAX);
	const struct dhcp6_question question = {
		.kind = DHCP6_KIND_SOLICIT,
		.client = &duid,
		.server = &duid,
		.has_ia = true,
		.addresses = addresses,
		.count = DHCP6_ADDRESSES_MAX,
	};

	CHECK(dhcp6_message_write(&question, bytes) < DHCP6_QUESTION_MAX);
	free(bytes);
}

int main(void)
{
	RUN(test_a_whole_answer);
	RUN(test_cut_anywhere);
	RUN(test_options);
	RUN(test_whom_it_is_of_and_for);
	RUN(test_two_of_one_ia);
	RUN(test_times_in_the_wrong_order);
	RUN(test_addresses_that_are_none);
	RUN(test_status_in_its_place);
	RUN(test_what_is_asked);
	RUN(test_the_longest_question);
	return check_done();
}
