// SPDX-License-Identifier: MIT
/* tests of cli/net_record, net_question and net_host: what needs no server */
#include "cli/net_record.h"

#include <errno.h>
#include <string.h>
#include <sys/socket.h>

#include "check.h"
#include "cli/net_host.h"
#include "cli/net_question.h"
#include "lib/text.h"

static struct net_reply reply;
static char printed[1024];

/* A record of the root, with these bytes of data; as text in printed. */
static const char *print(uint16_t type, const char *data, size_t size)
{
	struct dns_record record;
	struct text text;
	size_t at = DNS_HEADER_SIZE;

	memset(&reply, 0, sizeof(reply));
	dns_put16(reply.bytes + at + 1, type);
	dns_put16(reply.bytes + at + 3, DNS_CLASS_IN);
	dns_put16(reply.bytes + at + 9, (uint16_t)size);
	memcpy(reply.bytes + at + 11, data, size);
	reply.size = at + 11 + size;
	text_init(&text, printed, sizeof(printed));
	CHECK(dns_record_read(reply.bytes, reply.size, at, &record) == 0);
	net_record_add_data(&text, &reply, &record);
	return printed;
}

#define DATA(bytes) (bytes), sizeof(bytes) - 1

static void test_data(void)
{
	static const struct {
		uint16_t type;
		const char *data;
		size_t size;
		const char *text;
	} rows[] = {
		{ 1, DATA("\300\0\2\1"), "192.0.2.1" },
		{ 1, DATA("\300\0\2"), "\\# 3 c00002" },
		{ 1, DATA("\300\0\2\1\1"), "\\# 5 c000020101" },
		{ 28, DATA("\x20\1\r\270\0\0\0\0\0\0\0\0\0\0\0\1"),
			"2001:db8::1" },
		{ 5, DATA("\3web\7example\0"), "web.example." },
		{ 5, DATA("\0"), "." },
		{ 5, DATA("\1a\0x"), "\\# 4 01610078" },
		{ 5, DATA("\3we"), "\\# 3 037765" },
		{ 5, DATA("\5a.b\t\377\0"), "a\\.b\\009\\255." },
		{ 15, DATA("\0\12\4mail\0"), "10 mail." },
		{ 33, DATA("\0\1\0\2\37\220\1a\0"), "1 2 8080 a." },
		{ 16, DATA("\5a \"b\\\2\1\177"),
			"\"a \\\"b\\\\\" \"\\001\\127\"" },
		{ 16, DATA("\5a"), "\\# 2 0561" },
		{ 6, DATA("\1a\0\1b\0\0\0\0\1\0\0\0\2\0\0\0\3\0\0\0\4\0\0\0\5"),
			"a. b. 1 2 3 4 5" },
		{ 257, DATA("\0\5issueca.example"), "0 issue \"ca.example\"" },
		{ 257, DATA("\0\24issue"), "\\# 7 00146973737565" },
		{ 65, DATA("\1\2"), "\\# 2 0102" },
		{ 999, DATA(""), "\\# 0 " },
	};

	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		check_row(rows[i].text);
		if (!CHECK(text_equal(print(rows[i].type, rows[i].data,
					      rows[i].size),
			    rows[i].text)))
			printf("# %s\n", printed);
	}
}

static void test_types(void)
{
	const char *nearest;
	uint16_t type = 0;
	char out[12];

	CHECK(net_record_parse_type("aaaa", &type, &nearest) == 0);
	CHECK(type == DNS_TYPE_AAAA);
	CHECK(net_record_parse_type("TYPE65535", &type, &nearest) == 0);
	CHECK(type == 65535);
	CHECK(net_record_parse_type("TYPE65536", &type, &nearest) == -EINVAL);
	CHECK(net_record_parse_type("CNMAE", &type, &nearest) == -EINVAL);
	CHECK(text_equal(nearest, "CNAME"));
	CHECK(net_record_parse_type("frobnicate", &type, &nearest) == -EINVAL);
	CHECK(!nearest);
	CHECK(text_equal(net_record_type(15, out), "MX"));
	CHECK(text_equal(net_record_type(65535, out), "TYPE65535"));
	CHECK(text_equal(net_record_code(3), "there is no such name"));
	CHECK(text_equal(net_record_code(15), "the server has an error"));
}

/* An answer about "web." type A, id 7, with one thing wrong. */
static void test_fits(void)
{
	static const uint8_t good[] = { 0, 7, 0x80, 0, 0, 1, 0, 0, 0, 0, 0, 0,
		3, 'W', 'e', 'b', 0, 0, 1, 0, 1 };
	static const size_t changes[] = { 1, 2, 5, 13, 18, 20 };
	struct net_question question = { .type = DNS_TYPE_A };
	uint8_t bytes[sizeof(good)];

	CHECK(dns_name_parse("web", &question.name) == 0);
	CHECK(net_question_fits(&question, 7, good, sizeof(good)));
	for (size_t i = 0; i < sizeof(changes) / sizeof(changes[0]); i++) {
		memcpy(bytes, good, sizeof(good));
		bytes[changes[i]] ^= 0x82;
		CHECK(!net_question_fits(&question, 7, bytes, sizeof(bytes)));
	}
	for (size_t size = 0; size < sizeof(good); size++)
		CHECK(!net_question_fits(&question, 7, good, size));
	/* a server that understood nothing may say so without the question */
	memcpy(bytes, good, sizeof(good));
	bytes[5] = 0;
	CHECK(!net_question_fits(&question, 7, bytes, DNS_HEADER_SIZE));
	bytes[3] = DNS_CODE_MALFORMED;
	CHECK(net_question_fits(&question, 7, bytes, DNS_HEADER_SIZE));
}

static void test_servers(void)
{
	struct net_host servers[NET_HOST_SERVERS_MAX];
	struct address first;
	struct address second;

	CHECK(address_parse("192.0.2.53", &first) == 0);
	CHECK(address_parse("2001:db8::53", &second) == 0);
	CHECK(net_host_parse_servers("", servers) == 0);
	CHECK(net_host_parse_servers("# nameserver 192.0.2.1\n"
				     "search nameserver\n"
				     "nameserver\n"
				     "nameserver192.0.2.1\n"
				     "nameserver nonsense\n"
				     "nameserver\t 192.0.2.53 # that\n"
				     "nameserver 2001:db8::53",
		      servers) == 2);
	CHECK(address_compare(&servers[0].address, &first) == 0);
	CHECK(address_compare(&servers[1].address, &second) == 0);
	CHECK(net_host_parse_servers("nameserver 192.0.2.53\n"
				     "nameserver 192.0.2.53\n"
				     "nameserver 192.0.2.53\n"
				     "nameserver 192.0.2.53\n"
				     "nameserver 192.0.2.53\n"
				     "nameserver 192.0.2.53\n"
				     "nameserver 192.0.2.53\n",
		      servers) == NET_HOST_SERVERS_MAX);
}

static void test_hosts(void)
{
	static const char names[] = "version 1\n"
				    "client 172.18.0.2 web-1 0 out\n"
				    "pointer 172.18.0.2 nobody\n"
				    "name 0 web 172.18.0.100 172.18.0.2\n"
				    "name 0 none\n"
				    "end\n";
	char copy[sizeof(names)];
	struct net_host host;
	char own[ADDRESS_TEXT_SIZE];

	CHECK(net_host_parse("fe80::1%lo", &host) == 0 && host.scope > 0);
	CHECK(net_host_parse("fe80::1%nonsense", &host) == -ENODEV);
	CHECK(net_host_parse("127.0.0.1%lo", &host) == -EINVAL);
	CHECK(net_host_parse("web", &host) == -EINVAL);
	memcpy(copy, names, sizeof(names));
	CHECK(net_host_find_workload(copy, "WEB", &host) == 0);
	CHECK(text_equal(address_print(&host.address, own), "172.18.0.100"));
	memcpy(copy, names, sizeof(names));
	CHECK(net_host_find_workload(copy, "web-1", &host) == 0);
	CHECK(text_equal(address_print(&host.address, own), "172.18.0.2"));
	memcpy(copy, names, sizeof(names));
	CHECK(net_host_find_workload(copy, "nobody", &host) == -ENOENT);
	memcpy(copy, names, sizeof(names));
	CHECK(net_host_find_workload(copy, "none", &host) == -ENOENT);
	memcpy(copy, names, sizeof(names));
	copy[strlen(copy) - 1] = '\0';
	CHECK(net_host_find_workload(copy, "web", &host) == -ENOENT);
}

int main(void)
{
	RUN(test_data);
	RUN(test_types);
	RUN(test_fits);
	RUN(test_servers);
	RUN(test_hosts);
	return check_done();
}
