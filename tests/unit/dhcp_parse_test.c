// SPDX-License-Identifier: MIT
/* dhcp_parse_test - what is believed of a DHCP server's answer */
#include "dhcp.h"

#include <arpa/inet.h>
#include <stdint.h>
#include <string.h>

#include "check.h"

#define PAIRS_MAX 12

/* the environment of one case: name, value, name, value, ... */
static const char *environment[2 * PAIRS_MAX + 1];
static struct dhcp_lease lease;
static const char *ignored;

static const char *look_up(const char *name)
{
	for (size_t i = 0; environment[i]; i += 2)
		if (strcmp(environment[i], name) == 0)
			return environment[i + 1];
	return NULL;
}

static void set(const char *name, const char *value)
{
	size_t i = 0;

	while (environment[i] && strcmp(environment[i], name) != 0)
		i += 2;
	environment[i] = name;
	environment[i + 1] = value;
}

static void start_anew(void)
{
	memset(environment, 0, sizeof(environment));
	set("ip", "10.0.2.15");
	set("subnet", "255.255.255.0");
}

static const char *parse(void)
{
	return dhcp_parse(&lease, look_up, &ignored);
}

static uint32_t ip(const char *text)
{
	struct in_addr address = { 0 };

	(void)inet_pton(AF_INET, text, &address);
	return address.s_addr;
}

static bool is_route(unsigned i, const char *to, int prefix, const char *via)
{
	return i < lease.routes_count &&
	       lease.routes[i].destination == ip(to) &&
	       lease.routes[i].prefix == prefix &&
	       lease.routes[i].gateway == ip(via);
}

static void test_a_good_answer(void)
{
	start_anew();
	set("lease", "86400");
	set("router", "10.0.2.2 10.0.2.9");
	set("dns", "10.0.2.3 1.1.1.1 8.8.8.8 9.9.9.9");
	set("domain", "example.org");
	set("mtu", "1400");
	CHECK(!parse());
	CHECK(!ignored);
	CHECK(lease.address.ip == ip("10.0.2.15"));
	CHECK(lease.address.prefix == 24);
	CHECK(lease.address.lease_s == 86400);
	CHECK(lease.routes_count == 1);
	CHECK(is_route(0, "0.0.0.0", 0, "10.0.2.2"));
	CHECK(lease.servers_count == 3);
	CHECK(lease.servers[1] == ip("1.1.1.1"));
	CHECK(strcmp(lease.search, "example.org") == 0);
	CHECK(lease.mtu == 1400);
}

static void test_an_address_is_all_it_needs(void)
{
	start_anew();
	CHECK(!parse());
	CHECK(!ignored);
	CHECK(lease.address.lease_s == UINT32_MAX);
	CHECK(lease.routes_count == 0 && lease.servers_count == 0);
}

static void test_wrong_addresses(void)
{
	static const char *const rows[][3] = {
		{ "ip", "" },
		{ "ip", NULL },
		{ "ip", "10.0.2" },
		{ "ip", "10.0.2.15 " },
		{ "ip", "10.0.2.15/24" },
		{ "ip", "10.0.2.256" },
		{ "ip", "0.0.0.0" },
		{ "ip", "0.1.2.3" },
		{ "ip", "127.0.0.1" },
		{ "ip", "224.0.0.1" },
		{ "ip", "255.255.255.255" },
		{ "ip", "$(reboot)" },
		{ "ip", "::1" },
		{ "subnet", NULL },
		{ "subnet", "" },
		{ "subnet", "255.0.255.0" },
		{ "subnet", "0.0.0.0" },
		{ "subnet", "24" },
		{ "lease", "" },
		{ "lease", "-1" },
		{ "lease", "+60" },
		{ "lease", " 60" },
		{ "lease", "1d" },
		{ "lease", "4294967296" },
		{ "lease", "99999999999999999999" },
	};

	for (size_t i = 0; i < sizeof(rows) / sizeof(*rows); i++) {
		check_row(rows[i][1]);
		start_anew();
		set(rows[i][0], rows[i][1]);
		CHECK(parse());
	}
}

static void test_netmasks(void)
{
	static const struct {
		const char *mask;
		uint8_t prefix;
	} rows[] = {
		{ "128.0.0.0", 1 },
		{ "255.255.0.0", 16 },
		{ "255.255.255.254", 31 },
		{ "255.255.255.255", 32 },
	};

	for (size_t i = 0; i < sizeof(rows) / sizeof(*rows); i++) {
		check_row(rows[i].mask);
		start_anew();
		set("subnet", rows[i].mask);
		CHECK(!parse());
		CHECK(lease.address.prefix == rows[i].prefix);
	}
}

/* wrong options are left out; the address is still good */
static void test_wrong_options(void)
{
	static const struct {
		const char *name, *value;
	} rows[] = {
		{ "router", "" },
		{ "router", "10.0.2" },
		{ "router", "127.0.0.1" },
		{ "router", "255.255.255.255" },
		{ "router", "`reboot`" },
		{ "dns", "10.0.2.3;reboot" },
		{ "dns", "::1" },
		{ "dns", "0.0.0.0" },
		{ "domain", "exa mple.org$(x)" },
		{ "domain", "example..org" },
		{ "domain", ".example" },
		{ "domain", "-example" },
		{ "domain", "a\nnameserver 6.6.6.6" },
		{ "domain", "a_b" },
		{ "domain", "\xff" },
		{ "search", "good.example bad/one" },
		{ "hostname", "$(reboot)" },
		{ "hostname", "../x" },
		{ "hostname", "" },
		{ "ntpsrv", "10.0.2.300" },
		{ "serverid", "10.0.2.3 10.0.2.4" },
		{ "mtu", "68" },
		{ "mtu", "576" },
		{ "mtu", "1279" },
		{ "mtu", "0" },
		{ "mtu", "65535" },
		{ "mtu", "1500x" },
		{ "staticroutes", "10.0.0.0/8" },
		{ "staticroutes", "10.0.0.0/33 10.0.2.2" },
		{ "staticroutes", "10.0.0.0/ 10.0.2.2" },
		{ "staticroutes", "10.0.0.0 10.0.2.2" },
		{ "staticroutes", "/8 10.0.2.2" },
		{ "staticroutes", "10.0.0.0/-1 10.0.2.2" },
		{ "staticroutes", "127.0.0.0/8 10.0.2.2" },
		{ "staticroutes", "224.0.0.0/4 10.0.2.2" },
		{ "staticroutes", "10.0.0.0/8 224.0.0.1" },
		{ "staticroutes", "10.0.0.0/8 10.0.2.2 0.0.0.0/0" },
		{ "staticroutes",
			"10.0.0.0/8 "
			"11111111111111111111111111111111111111111111111111111"
			"11111111111111111111111111111111111111111111111111" },
	};

	for (size_t i = 0; i < sizeof(rows) / sizeof(*rows); i++) {
		check_row(rows[i].value);
		start_anew();
		set(rows[i].name, rows[i].value);
		CHECK(!parse());
		CHECK(ignored && strcmp(ignored, rows[i].name) == 0);
		CHECK(lease.routes_count == 0);
		CHECK(lease.servers_count == 0);
		CHECK(lease.mtu == 0 && lease.server == 0);
		CHECK(lease.clocks_count == 0 && !*lease.hostname);
		CHECK(!strpbrk(lease.search, "\n$/;`_"));
	}
}

/* option 121 makes option 3 void, as RFC 3442 wants it */
static void test_static_routes(void)
{
	start_anew();
	set("router", "10.0.2.99");
	set("staticroutes", "10.1.2.3/8 10.0.2.2  169.254.169.254/32 0.0.0.0 "
			    "0.0.0.0/0 10.0.2.1");
	CHECK(!parse());
	CHECK(!ignored);
	CHECK(lease.routes_count == 3);
	CHECK(is_route(0, "10.0.0.0", 8, "10.0.2.2"));
	CHECK(is_route(1, "169.254.169.254", 32, "0.0.0.0"));
	CHECK(is_route(2, "0.0.0.0", 0, "10.0.2.1"));
}

static void test_limits(void)
{
	static char text[64 * 1024];
	size_t used = 0;

	start_anew();
	for (int i = 0; i <= DHCP_ROUTES_MAX; i++)
		used += (size_t)snprintf(text + used, sizeof(text) - used,
			"10.%d.0.0/16 10.0.2.2 ", i);
	set("staticroutes", text);
	CHECK(!parse());
	CHECK(ignored && lease.routes_count == 0);

	memset(text, 'a', sizeof(text) - 1);
	start_anew();
	set("domain", text);
	CHECK(!parse());
	CHECK(ignored && !*lease.search);

	for (size_t i = 60; i < sizeof(text) - 1; i += 61)
		text[i] = ' ';
	set("search", text);
	CHECK(!parse());
	CHECK(ignored && strlen(lease.search) < sizeof(lease.search));
	start_anew();
	set("dns", text);
	set("router", text);
	CHECK(!parse());
	CHECK(lease.servers_count == 0);
}

/* the two halves of the world, as VPNs are routed beside a default */
static void test_halves(void)
{
	start_anew();
	set("staticroutes", "1.0.0.0/1 10.0.2.2 128.0.0.0/1 10.0.2.2");
	CHECK(!parse());
	CHECK(!ignored);
	CHECK(is_route(0, "0.0.0.0", 1, "10.0.2.2"));
	CHECK(is_route(1, "128.0.0.0", 1, "10.0.2.2"));
}

static void test_what_a_machine_is_told(void)
{
	start_anew();
	set("serverid", "10.0.2.2");
	set("ntpsrv", "10.0.2.3 10.0.2.4 0.0.0.0 10.0.2.5 10.0.2.6 10.0.2.7");
	set("hostname", "web-1.example");
	CHECK(!parse());
	CHECK(lease.server == ip("10.0.2.2"));
	CHECK(lease.clocks_count == DHCP_CLOCKS_MAX);
	CHECK(lease.clocks[2] == ip("10.0.2.5"));
	CHECK(strcmp(lease.hostname, "web-1.example") == 0);
}

static void test_search(void)
{
	start_anew();
	set("domain", "one.example");
	set("search", "two.example  three.example");
	CHECK(!parse());
	CHECK(!ignored);
	CHECK(strcmp(lease.search, "two.example three.example") == 0);
}

static void test_short_leases_are_lengthened(void)
{
	start_anew();
	set("lease", "0");
	CHECK(!parse());
	CHECK(lease.address.lease_s == 60);
}

int main(void)
{
	RUN(test_a_good_answer);
	RUN(test_an_address_is_all_it_needs);
	RUN(test_wrong_addresses);
	RUN(test_netmasks);
	RUN(test_wrong_options);
	RUN(test_static_routes);
	RUN(test_limits);
	RUN(test_halves);
	RUN(test_what_a_machine_is_told);
	RUN(test_search);
	RUN(test_short_leases_are_lengthened);
	return check_done();
}
