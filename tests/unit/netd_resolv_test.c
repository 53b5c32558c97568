// SPDX-License-Identifier: MIT
/* netd_resolv_test - what stands in resolv.conf */
#include "resolv.h"

#include <string.h>

#include "check.h"

static struct resolv resolv;
static char text[RESOLV_TEXT_MAX];

static void add(const char *server)
{
	struct ip ip;

	CHECK(ip_parse(server, &ip));
	resolv_add_server(&resolv, &ip, "eth0");
}

static bool prints(const char *wanted)
{
	return resolv_print(&resolv, text) == strlen(text) &&
	       strcmp(text, wanted) == 0;
}

static void test_nothing(void)
{
	CHECK(prints(""));
}

static void test_order_and_limits(void)
{
	memset(&resolv, 0, sizeof(resolv));
	add("127.0.0.1"); /* nobody's on the wire */
	add("192.0.2.1");
	add("fe80::1");
	add("192.0.2.1");
	add("2001:db8::1");
	add("192.0.2.4");
	resolv_add_search(&resolv, "");
	resolv_add_search(&resolv, "one.example two.example");
	resolv_add_search(&resolv, "three.example");
	CHECK(prints("nameserver 192.0.2.1\nnameserver fe80::1%eth0\n"
		     "nameserver 2001:db8::1\n"
		     "search one.example two.example\n"));
}

static void test_the_longest_fits(void)
{
	char domains[RESOLV_SEARCH_MAX];

	memset(&resolv, 0, sizeof(resolv));
	for (int i = 1; i < 9; i++) {
		char server[64];
		(void)snprintf(server, sizeof(server),
			"fe80:1111:1111:1111:1111:1111:1111:%d", i);
		add(server);
	}
	memset(domains, 'a', sizeof(domains) - 1);
	domains[sizeof(domains) - 1] = '\0';
	resolv_add_search(&resolv, domains);
	size_t length = resolv_print(&resolv, text);
	CHECK(length == strlen(text) && text[length - 1] == '\n');
	CHECK(strstr(text, domains));
}

int main(void)
{
	RUN(test_nothing);
	RUN(test_order_and_limits);
	RUN(test_the_longest_fits);
	return check_done();
}
