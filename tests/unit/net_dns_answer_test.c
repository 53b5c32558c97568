// SPDX-License-Identifier: MIT
/* net_dns_answer_test - who is told what, by the file of names */
#include "net/dns_answer.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "check.h"
#include "lib/error.h"
#include "net/dns_message.h"
#include "net/dns_names.h"
#include "net/dns_upstream.h"
#include "net/dns_writer.h"
#include "net_dns.h"

static const char scene[] = "version 1\n"
			    "# a comment\n"
			    "listen 172.20.0.1\n"
			    "listen fd00::1\n"
			    "client 172.20.0.2 web 3,1 out\n"
			    "client fd00::2 web 3 out\n"
			    "client 172.20.0.9 db 3 in\n"
			    "client 172.21.0.5 other 2 out\n"
			    "client 172.20.0.7 lonely - out\n"
			    "via 172.21.0.5 1.1.1.1 172.20.0.1 9.9.9.9\n"
			    "name 3 web 172.20.0.100 fd00::100\n"
			    "name 3 tasks.web 172.20.0.2 172.20.0.3\n"
			    "name 3 tasks.web 172.20.0.4\n"
			    "name 3 db 172.20.0.9\n"
			    "name 1 db 172.25.0.9\n"
			    "name 2 secret 172.21.0.6\n"
			    "name 3 sleeping\n"
			    "domain 3 shop\n"
			    "domain 2 Bank\n"
			    "alias 172.20.0.2 database db\n"
			    "alias 172.20.0.2 web db\n"
			    "pointer 172.20.0.9 db\n"
			    "pointer 172.21.0.6 secret\n"
			    "pointer 198.18.0.1 stray\n"
			    "colour blue\n"
			    "end\n"
			    "listen 192.0.2.1\n";

static struct dns_names names;

static int load(const char *text, struct error *err)
{
	char *copy = strdup(text);
	int result = copy ? dns_names_parse(&names, copy, err) : -ENOMEM;

	free(copy);
	return result;
}

/* What a client is told; "forward" when somebody else is to be asked. */
static const char *ask(const char *from, const char *name, uint16_t type,
	int flags)
{
	static uint8_t out[DNS_MESSAGE_MAX];
	static uint64_t random = 88172645463325252;
	uint8_t bytes[300];
	size_t size = test_query(bytes, 1, name, type, flags);
	struct address client = { .family = 0 };
	struct dns_query query;
	struct dns_answer answer;

	CHECK(address_parse(from, &client) == 0);
	CHECK(dns_query_read(bytes, size, &query) == 0);
	answer = dns_answer_query(&names, &client, &query, &random, out,
		dns_writer_udp_size(&query));
	CHECK(answer.size <= dns_writer_udp_size(&query));
	return answer.size ? test_print(out, answer.size) : "forward";
}

static void test_answers(void)
{
	static const struct {
		const char *from, *name;
		uint16_t type;
		const char *answer;
	} rows[] = {
		{ "172.20.0.9", "web", 1, "OK 1/0: 172.20.0.100" },
		{ "172.20.0.9", "WEB", 28, "OK 1/0: fd00::100" },
		{ "172.20.0.9", "web.shop", 1, "OK 1/0: 172.20.0.100" },
		{ "172.20.0.9", "wEb.sHop", 1, "OK 1/0: 172.20.0.100" },
		{ "172.20.0.9", "web", 16, "OK 0/1:" },
		{ "172.20.0.9", "web", 255, "OK 0/1:" },
		{ "172.20.0.9", "db", 28, "OK 0/1:" },
		{ "172.20.0.9", "db", 1, "OK 1/0: 172.20.0.9" },
		{ "172.20.0.9", "sleeping", 1, "OK 0/1:" },
		{ "fd00::2", "web", 28, "OK 1/0: fd00::100" },
		/* links are for one alone, and come before names */
		{ "fd00::2", "web", 1, "OK 1/0: 172.20.0.100" },
		{ "172.20.0.9", "database", 1, "NXDOMAIN 0/1:" },
		/* other networks */
		{ "172.20.0.9", "secret", 1, "NXDOMAIN 0/1:" },
		{ "172.20.0.9", "secret.bank", 1, "NXDOMAIN 0/1:" },
		{ "172.20.0.9", "web.bank", 1, "NXDOMAIN 0/1:" },
		{ "172.21.0.5", "secret", 1, "OK 1/0: 172.21.0.6" },
		{ "172.21.0.5", "secret.bank", 1, "OK 1/0: 172.21.0.6" },
		{ "172.21.0.5", "web", 1, "NXDOMAIN 0/1:" },
		{ "172.21.0.5", "web.shop", 1, "forward" },
		{ "172.20.0.7", "web", 1, "NXDOMAIN 0/1:" },
		/* who is not there */
		{ "172.20.0.77", "web", 1, "REFUSED 0/0:" },
		{ "172.20.0.77", "example.org", 1, "REFUSED 0/0:" },
		{ "127.0.0.1", "web", 1, "REFUSED 0/0:" },
		/* special names */
		{ "172.20.0.9", "localhost", 1, "OK 1/0: 127.0.0.1" },
		{ "172.20.0.9", "a.localhost", 28, "OK 1/0: ::1" },
		{ "172.20.0.9", "localhost", 15, "OK 0/1:" },
		{ "172.20.0.2", "a.invalid", 1, "NXDOMAIN 0/1:" },
		{ "172.20.0.2", "a.onion", 1, "NXDOMAIN 0/1:" },
		{ "172.20.0.2", "_dns.resolver.arpa", 64, "NXDOMAIN 0/1:" },
		/* one label */
		{ "172.20.0.2", "nothing", 1, "NXDOMAIN 0/1:" },
		{ "172.20.0.2", "org", 2, "forward" },
		{ "172.20.0.2", "org", 43, "forward" },
		{ "172.20.0.2", "", 2, "forward" },
		/* the outside */
		{ "172.20.0.2", "example.org", 1, "forward" },
		{ "fd00::2", "example.org", 16, "forward" },
		{ "172.20.0.9", "example.org", 1, "NXDOMAIN 0/1:" },
		{ "172.20.0.2", "example.org", 252, "REFUSED 0/0:" },
	};

	CHECK(load(scene, NULL) == 0);
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		check_row(rows[i].name);
		CHECK(text_equal(ask(rows[i].from, rows[i].name, rows[i].type,
					 0),
			rows[i].answer));
	}
	check_row("without recursion");
	CHECK(text_equal(ask("172.20.0.2", "example.org", 1, TEST_NO_RD),
		"REFUSED 0/0:"));
	CHECK(text_equal(ask("172.20.0.9", "db", 1, TEST_NO_RD),
		"OK 1/0: 172.20.0.9"));
	dns_names_clear(&names);
}

static void test_reverse(void)
{
	static const struct {
		const char *from, *name;
		const char *answer;
	} rows[] = {
		{ "172.20.0.2", "9.0.20.172.in-addr.arpa", "OK 1/0: db" },
		{ "172.20.0.9", "9.0.20.172.IN-ADDR.ARPA", "OK 1/0: db" },
		{ "172.21.0.5", "6.0.21.172.in-addr.arpa", "OK 1/0: secret" },
		/* of a network that it is not in, and with servers of its own */
		{ "172.20.0.2", "6.0.21.172.in-addr.arpa", "NXDOMAIN 0/1:" },
		{ "172.21.0.5", "9.0.20.172.in-addr.arpa", "NXDOMAIN 0/1:" },
		{ "172.20.0.2", "1.0.18.198.in-addr.arpa", "forward" },
		{ "172.20.0.2", "1.0.0.10.in-addr.arpa", "NXDOMAIN 0/1:" },
		{ "172.21.0.5", "1.0.0.10.in-addr.arpa", "forward" },
		{ "172.20.0.2", "10.in-addr.arpa", "NXDOMAIN 0/1:" },
		{ "172.20.0.2", "172.in-addr.arpa", "forward" },
		{ "172.20.0.2", "17.172.in-addr.arpa", "NXDOMAIN 0/1:" },
		{ "172.20.0.2", "32.172.in-addr.arpa", "forward" },
		{ "172.20.0.2", "1.100.168.192.in-addr.arpa", "NXDOMAIN 0/1:" },
		{ "172.20.0.2", "1.1.1.1.in-addr.arpa", "forward" },
		{ "172.20.0.2", "1.0.0.127.in-addr.arpa", "OK 1/0: localhost" },
		{ "172.20.0.2", "d.f.ip6.arpa", "NXDOMAIN 0/1:" },
		{ "172.20.0.2", "8.e.f.ip6.arpa", "NXDOMAIN 0/1:" },
		{ "172.20.0.2", "0.2.ip6.arpa", "forward" },
		{ "172.20.0.2",
			"1.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0."
			"0.0.0.0.0.0.0.0.ip6.arpa",
			"OK 1/0: localhost" },
		/* what looks like one, and is a name like others */
		{ "172.20.0.2", "300.0.0.10.in-addr.arpa", "forward" },
		{ "172.20.0.2", "01.0.0.10.in-addr.arpa", "forward" },
		{ "172.20.0.2", "9.1.0.0.10.in-addr.arpa", "forward" },
		{ "172.20.0.2", "aa.d.f.ip6.arpa", "forward" },
	};

	CHECK(load(scene, NULL) == 0);
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		check_row(rows[i].name);
		CHECK(text_equal(ask(rows[i].from, rows[i].name, DNS_TYPE_PTR,
					 0),
			rows[i].answer));
	}
	dns_names_clear(&names);
}

/* All that serve are in each answer, each of them first now and then; and what
 * a client is linked to is what its name says. */
static void test_shuffled(void)
{
	unsigned int first[5] = { 0 };

	CHECK(load(scene, NULL) == 0);
	for (int i = 0; i < 300; i++) {
		const char *line = ask("172.20.0.9", "tasks.web", 1, 0);

		CHECK(text_starts_with(line, "OK 3/0: 172.20.0."));
		CHECK(strstr(line, "0.2") && strstr(line, "0.3") &&
			strstr(line, "0.4"));
		first[(line[17] - '0') % 5]++;
	}
	CHECK(first[2] > 60 && first[3] > 60 && first[4] > 60);
	/* "db" in both networks of this client */
	const char *both = ask("172.20.0.2", "db", 1, 0);

	CHECK(text_starts_with(both, "OK 2/0:") && strstr(both, "172.25.0.9"));
	CHECK(text_starts_with(ask("172.20.0.2", "database", 1, 0), "OK 2/0:"));
	CHECK(text_starts_with(ask("172.20.0.2", "web", 1, 0), "OK 2/0:"));
	dns_names_clear(&names);
}

static void test_more_than_fit(void)
{
	char text[8192] = "version 1\nclient 10.0.0.1 c 1 in\nname 1 many";
	size_t used = strlen(text);

	for (int i = 0; i < 200; i++)
		used += (size_t)snprintf(text + used, sizeof(text) - used,
			" 10.1.0.%d", i + 1);
	(void)snprintf(text + used, sizeof(text) - used, "\nend\n");
	CHECK(load(text, NULL) == 0);
	/* (512 - 12 - 10) / 16, and with (1232 - 12 - 10 - 11) / 16 */
	CHECK(text_starts_with(ask("10.0.0.1", "many", 1, 0), "OK cut 30/0:"));
	CHECK(text_starts_with(ask("10.0.0.1", "many", 1, TEST_EDNS),
		"OK cut 74/0:"));
	dns_names_clear(&names);
}

/* The same name everywhere: the rows of others are near in the tables. */
static void test_many_networks(void)
{
	static char text[65536];
	struct text out;

	text_init(&out, text, sizeof(text));
	text_add(&out, "version 1\n");
	for (int i = 0; i < 200; i++)
		text_add(&out,
			"client 10.0.%d.%d c %d in\nname %d web 10.1.0.%d\n"
			"name %d own%d 10.2.0.%d\nalias 10.0.%d.%d db own%d\n"
			"pointer 10.1.0.%d web%d\n",
			i % 7, i, i, i, i, i, i, i, i % 7, i, i, i, i);
	text_add(&out, "end\n");
	CHECK(load(text, NULL) == 0);
	for (int i = 0; i < 200; i++) {
		char from[32], name[64], wanted[64];

		(void)snprintf(from, sizeof(from), "10.0.%d.%d", i % 7, i);
		(void)snprintf(wanted, sizeof(wanted), "OK 1/0: 10.1.0.%d", i);
		CHECK(text_equal(ask(from, "web", 1, 0), wanted));
		(void)snprintf(wanted, sizeof(wanted), "OK 1/0: 10.2.0.%d", i);
		CHECK(text_equal(ask(from, "db", 1, 0), wanted));
		(void)snprintf(wanted, sizeof(wanted), "OK 1/0: web%d", i);
		(void)snprintf(name, sizeof(name), "%d.0.1.10.in-addr.arpa", i);
		CHECK(text_equal(ask(from, name, DNS_TYPE_PTR, 0), wanted));
		(void)snprintf(name, sizeof(name), "%d.0.1.10.in-addr.arpa",
			(i + 1) % 200);
		CHECK(text_equal(ask(from, name, DNS_TYPE_PTR, 0),
			"NXDOMAIN 0/1:"));
	}
	dns_names_clear(&names);
}

static void test_wrong_files(void)
{
	static const struct {
		const char *text, *reason;
	} rows[] = {
		{ "", "it has no line 'end', so it is not whole" },
		{ "version 1\n", "it has no line 'end', so it is not whole" },
		{ "version 1\nend",
			"it has no line 'end', so it is not whole" },
		{ "end\n", "it has no line 'version'" },
		{ "version 2\nend\n", "line 1: a version that is not known" },
		{ "version 1\nlisten here\nend\n",
			"line 2: an address was expected" },
		{ "version 1\nlisten\nend\n",
			"line 2: an address was expected" },
		{ "version 1\nclient 10.0.0.1\nend\n",
			"line 2: a container was expected" },
		{ "version 1\nclient 10.0.0.1 c\nend\n",
			"line 2: networks were expected" },
		{ "version 1\nclient 10.0.0.1 c 1,x out\nend\n",
			"line 2: the number of a network was expected" },
		{ "version 1\nclient 10.0.0.1 c 1\nend\n",
			"line 2: 'out' or 'in' was expected" },
		{ "version 1\nclient 10.0.0.1 c 1 on\nend\n",
			"line 2: 'out' or 'in' was expected" },
		{ "version 1\nvia 10.0.0.1 x\nend\n",
			"line 2: an address was expected" },
		{ "version 1\n\nname x web\nend\n",
			"line 3: the number of a network was expected" },
		{ "version 1\nname 4294967295 web\nend\n",
			"line 2: the number of a network was expected" },
		{ "version 1\nname 1\nend\n", "line 2: a name was expected" },
		{ "version 1\nname 1 web 10.0.0\nend\n",
			"line 2: an address was expected" },
		{ "version 1\nname 1 web  10.0.0.1\nend\n",
			"line 2: an address was expected" },
		{ "version 1\nalias 10.0.0.1 a\nend\n",
			"line 2: a name was expected" },
		{ "version 1\npointer web 10.0.0.1\nend\n",
			"line 2: an address was expected" },
	};

	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		struct error err = { .code = 0 };

		check_row(rows[i].text);
		CHECK(load(rows[i].text, &err) < 0);
		CHECK(text_equal(err.text, rows[i].reason));
		CHECK(!names.arena.blocks);
	}
	check_row("a name that nobody can ask for");
	CHECK(load("version 1\nclient 10.0.0.1 c 1 in\nname 1 a..b 10.0.0.2\n"
		   "name 1 b 10.0.0.3\nend\n",
		      NULL) == 0);
	CHECK(text_equal(ask("10.0.0.1", "b", 1, 0), "OK 1/0: 10.0.0.3"));
	dns_names_clear(&names);
}

static void test_servers(void)
{
	char text[] = "# nameserver 1.2.3.4\nnameserver 192.0.2.1\n"
		      "nameserver\t2001:db8::1 \nsearch example.org\n"
		      "nameserver 172.20.0.1\nnameservers 4.3.2.1\n"
		      "nameserver nonsense\nnameserver 192.0.2.2";
	struct dns_servers servers, order;
	static struct dns_upstream upstream;
	const struct dns_client *client;
	struct address address;

	CHECK(load(scene, NULL) == 0);
	dns_upstream_parse(text, &names, &servers);
	CHECK(servers.count == 3); /* our own is not one of them */
	(void)address_parse("172.21.0.5", &address);
	client = dns_names_client(&names, &address);
	CHECK(client && client->servers && client->servers->count == 2);

	dns_upstream_set_silent(&upstream, &servers.list[0], 1000);
	dns_upstream_order(&upstream, &servers, 1001, &order);
	CHECK(order.count == 3);
	CHECK(address_compare(&order.list[2], &servers.list[0]) == 0);
	CHECK(address_compare(&order.list[0], &servers.list[1]) == 0);
	dns_upstream_order(&upstream, &servers, 1000 + DNS_UPSTREAM_SILENT_MS,
		&order);
	CHECK(address_compare(&order.list[0], &servers.list[0]) == 0);
	dns_upstream_set_silent(&upstream, &servers.list[0], 1000);
	dns_upstream_set_heard(&upstream, &servers.list[0]);
	dns_upstream_order(&upstream, &servers, 1001, &order);
	CHECK(address_compare(&order.list[0], &servers.list[0]) == 0);
	/* however many there are */
	for (uint8_t i = 0; i < 100; i++) {
		address = (struct address){ AF_INET, { 10, 0, 0, i } };
		dns_upstream_set_silent(&upstream, &address, 1000U + i);
	}
	dns_upstream_order(&upstream, &servers, 1001, &order);
	CHECK(order.count == 3);
	dns_names_clear(&names);
}

int main(void)
{
	RUN(test_answers);
	RUN(test_reverse);
	RUN(test_shuffled);
	RUN(test_more_than_fit);
	RUN(test_many_networks);
	RUN(test_wrong_files);
	RUN(test_servers);
	return check_done();
}
