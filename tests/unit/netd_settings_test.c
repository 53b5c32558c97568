// SPDX-License-Identifier: MIT
/*
 * netd_settings_test - only what differs is changed: each case is a file, what
 * the kernel has, and the changes that follow
 */
#include "settings.h"

#include <linux/rtnetlink.h>
#include <string.h>

#include "check.h"
#include "dhcp.h"
#include "dhcp6_lease.h"

static struct wanted wanted;
static struct settings settings;
static struct inet found, removed, added;
static const struct dhcp6_lease *lease6; /* of the next comparison */

static void have_address(const char *at, uint8_t protocol, int index)
{
	struct inet_address *row = &found.addresses[found.addresses_count++];

	*row = (struct inet_address){ .index = index, .protocol = protocol };
	CHECK(ip_parse_prefix(at, &row->at));
}

static void have_route(const char *to, const char *via, uint32_t metric,
	uint8_t protocol)
{
	struct inet_route *row = &found.routes[found.routes_count++];

	*row = (struct inet_route){ .index = 7,
		.metric = metric,
		.protocol = protocol };
	CHECK(ip_parse_prefix(to, &row->to));
	(void)ip_parse(via, &row->via);
}

static const char *print(const struct inet *inet)
{
	static char text[512];
	char a[IP_TEXT_MAX], b[IP_TEXT_MAX];
	size_t used = 0;

	*text = '\0';
	for (unsigned i = 0; i < inet->addresses_count; i++)
		used += (size_t)snprintf(text + used, sizeof(text) - used,
			"%s;", ip_print_prefix(&inet->addresses[i].at, a));
	for (unsigned i = 0; i < inet->routes_count; i++)
		used += (size_t)snprintf(text + used, sizeof(text) - used,
			"%s>%s %u;", ip_print_prefix(&inet->routes[i].to, a),
			ip_print(&inet->routes[i].via, b),
			inet->routes[i].metric);
	return text;
}

static void compare(const char *file, const struct dhcp_lease *lease)
{
	struct settings_source source = { .wanted = &wanted,
		.index = 7,
		.lease = lease,
		.lease_s = 60,
		.lease6 = lease6,
		.now_s = 1100,
		.metric = 107 };
	unsigned line;

	CHECK(wanted_parse(file, strlen(file), &wanted, &line) == 0);
	source.block = wanted.links_count ? 0 : -1;
	settings_make(&source, &settings);
	settings_compare(&settings, &found, &removed, &added);
}

static void check_change(const char *is_removed, const char *is_added)
{
	if (!CHECK(strcmp(print(&removed), is_removed) == 0))
		printf("# removed %s\n", print(&removed));
	if (!CHECK(strcmp(print(&added), is_added) == 0))
		printf("# added %s\n", print(&added));
}

static const char file[] = "link device e\naddress 192.0.2.10/24\n"
			   "address 2001:db8::1/64\ngateway 192.0.2.1\n"
			   "route 198.51.100.0/24 192.0.2.2 5\n"
			   "route 192.0.2.1/32 -\nend\n";

static void have_all(void)
{
	memset(&found, 0, sizeof(found));
	have_address("192.0.2.10/24", INET_OURS, 7);
	have_address("2001:db8::1/64", INET_OURS, 7);
	have_address("fe80::1/64", 0, 7);
	have_address("2001:db8::9/64", 2, 7); /* SLAAC */
	have_address("192.0.2.77/24", INET_OURS, 8);
	have_route("0.0.0.0/0", "192.0.2.1", 107, INET_OURS);
	have_route("198.51.100.0/24", "192.0.2.2", 5, INET_OURS);
	have_route("192.0.2.1/32", "-", 107, INET_OURS);
	have_route("::/0", "fe80::2", 1024, RTPROT_RA);
	have_route("203.0.113.0/24", "192.0.2.3", 107, RTPROT_STATIC);
}

static void test_all_is_new(void)
{
	memset(&found, 0, sizeof(found));
	compare(file, NULL);
	/* routes on the link first: gateways are reached through them */
	check_change("", "192.0.2.10/24;2001:db8::1/64;192.0.2.1/32>- 107;"
			 "0.0.0.0/0>192.0.2.1 107;"
			 "198.51.100.0/24>192.0.2.2 5;");
}

static void test_nothing_differs(void)
{
	have_all();
	compare("link device e\nauto\naddress 192.0.2.10/24\n"
		"address 2001:db8::1/64\ngateway 192.0.2.1\n"
		"route 198.51.100.0/24 192.0.2.2 5\nroute 192.0.2.1/32 -\nend\n",
		NULL);
	check_change("", "");
	CHECK(settings.routers == SETTINGS_ROUTERS_ALL);
}

static void test_without_auto(void)
{
	have_all();
	compare(file, NULL);
	check_change("2001:db8::9/64;::/0>fe80::2 1024;", "");
}

static void test_one_route_more(void)
{
	have_all();
	compare("link device e\nauto\naddress 192.0.2.10/24\n"
		"address 2001:db8::1/64\ngateway 192.0.2.1\n"
		"route 198.51.100.0/24 192.0.2.2 5\nroute 192.0.2.1/32 -\n"
		"route 10.0.0.0/8 192.0.2.4\nend\n",
		NULL);
	check_change("", "10.0.0.0/8>192.0.2.4 107;");
}

static void test_nothing_is_wanted(void)
{
	have_all();
	compare("end\n", NULL);
	check_change("192.0.2.10/24;2001:db8::1/64;2001:db8::9/64;"
		     "0.0.0.0/0>192.0.2.1 107;198.51.100.0/24>192.0.2.2 5;"
		     "192.0.2.1/32>- 107;::/0>fe80::2 1024;",
		"");
}

static void test_another_metric(void)
{
	memset(&found, 0, sizeof(found));
	have_route("0.0.0.0/0", "192.0.2.1", 107, INET_OURS);
	compare("link device e\ngateway 192.0.2.1\nmetric 9\nend\n", NULL);
	check_change("0.0.0.0/0>192.0.2.1 107;", "0.0.0.0/0>192.0.2.1 9;");
}

static struct dhcp_lease a_lease(void)
{
	struct dhcp_lease lease = { .address.prefix = 24,
		.routes_count = 1,
		.mtu = 1400 };
	struct ip ip, via;

	(void)ip_parse("192.0.2.50", &ip);
	(void)ip_parse("192.0.2.1", &via);
	memcpy(&lease.address.ip, ip.bytes, 4);
	memcpy(&lease.routes[0].gateway, via.bytes, 4);
	return lease;
}

static void test_lease(void)
{
	const struct dhcp_lease lease = a_lease();

	memset(&found, 0, sizeof(found));
	have_route("10.0.0.0/8", "192.0.2.9", 107, RTPROT_DHCP); /* of before */
	compare("link device e\ndhcp\nend\n", &lease);
	check_change("10.0.0.0/8>192.0.2.9 107;",
		"192.0.2.50/24;0.0.0.0/0>192.0.2.1 107;");
	CHECK(added.routes[0].protocol == RTPROT_DHCP && settings.mtu == 1400);
	CHECK(added.addresses[0].valid_s == 60);

	compare("link device e\ndhcp\nmtu 1300\nend\n", &lease);
	CHECK(settings.mtu == 1300);
	compare("link device e\nend\n", &lease); /* a lease nobody wants */
	check_change("10.0.0.0/8>192.0.2.9 107;", "");
}

/* each with its own times, as a network of its own; routes are routers' */
static void test_lease_of_dhcp6(void)
{
	struct dhcp6_lease lease = {
		.at_s = 1000,
		.addresses = { { .preferred_s = 150, .valid_s = 300 },
			{ .preferred_s = 50, .valid_s = 100 },
			{ .preferred_s = UINT32_MAX, .valid_s = UINT32_MAX } },
		.count = 3,
	};

	CHECK(ip_parse("2001:db8::5", &lease.addresses[0].ip));
	CHECK(ip_parse("2001:db8::6", &lease.addresses[1].ip)); /* over */
	CHECK(ip_parse("2001:db8::7", &lease.addresses[2].ip));
	lease6 = &lease;
	have_all();
	have_address("2001:db8::4/128", INET_OURS, 7); /* of before */
	compare("link device e\ndhcp6\nend\n", NULL);
	check_change("192.0.2.10/24;2001:db8::1/64;2001:db8::9/64;"
		     "2001:db8::4/128;0.0.0.0/0>192.0.2.1 107;"
		     "198.51.100.0/24>192.0.2.2 5;192.0.2.1/32>- 107;",
		"2001:db8::5/128;2001:db8::7/128;");
	CHECK(settings.routers == SETTINGS_ROUTERS_ROUTES);
	CHECK(added.addresses[0].valid_s == 200 &&
		added.addresses[0].preferred_s == 50);
	CHECK(added.addresses[1].valid_s == INET_FOR_EVER &&
		added.addresses[1].preferred_s == INET_FOR_EVER);
	compare("link device e\nauto\nend\n", NULL); /* a router said M */
	CHECK(settings.addresses_count == 2);
	CHECK(settings.routers == SETTINGS_ROUTERS_ALL);
	compare("link device e\ndhcp\nend\n", NULL);
	CHECK(settings.addresses_count == 0);
	lease6 = NULL;
}

static void test_peers(void)
{
	memset(&found, 0, sizeof(found));
	compare("link wireguard w 0\n"
		"peer xTIBA5rboUvnH4htodjb6e697QjLERt1NAB4mZqp8Dg= - 0 - "
		"10.9.0.2/32,2001:db8:9::/48\nend\n",
		NULL);
	check_change("", "10.9.0.2/32>- 107;2001:db8:9::/48>- 107;");
}

int main(void)
{
	RUN(test_all_is_new);
	RUN(test_nothing_differs);
	RUN(test_without_auto);
	RUN(test_one_route_more);
	RUN(test_nothing_is_wanted);
	RUN(test_another_metric);
	RUN(test_lease);
	RUN(test_lease_of_dhcp6);
	RUN(test_peers);
	return check_done();
}
