// SPDX-License-Identifier: MIT
/* netd_report_test - the file "state", and which servers of time there are */
#include "report.h"

#include <arpa/inet.h>
#include <stdlib.h>
#include <string.h>

#include "check.h"

static struct host host;
static char text[REPORT_TEXT_MAX], clocks[TIMEKEEPER_MAX];

static void want(const char *file)
{
	unsigned line;

	CHECK(wanted_parse(file, strlen(file), &host.wanted, &line) == 0);
	host.has_wanted = true;
}

static void have_address(int index, const char *at, uint8_t protocol)
{
	struct inet_address *row =
		&host.inet.addresses[host.inet.addresses_count++];

	*row = (struct inet_address){ .index = index, .protocol = protocol };
	CHECK(ip_parse_prefix(at, &row->at));
}

static struct port *have_port(int index, const char *name)
{
	struct port *port = &host.ports[index - 2];

	*port = (struct port){ .index = index,
		.is_up = true,
		.has_carrier = true,
		.has_mac = true,
		.mac = { 2, 0, 0, 0, 0, 9 },
		.mtu = 1500,
		.block = -1 };
	(void)snprintf(port->name, sizeof(port->name), "%s", name);
	return port;
}

static void give_lease(struct port *port)
{
	port->lease_state = PORT_LEASE_FRESH;
	port->lease.address.ip = inet_addr("192.0.2.10");
	port->lease.address.lease_s = 3600;
	port->lease.server = inet_addr("192.0.2.1");
	port->lease.servers_count = 1;
	port->lease.servers[0] = inet_addr("192.0.2.53");
	port->lease.clocks_count = 2;
	port->lease.clocks[0] = inet_addr("192.0.2.12");
	port->lease.clocks[1] = inet_addr("192.0.2.1");
}

static void test_all_of_it(void)
{
	memset(&host, 0, sizeof(host));
	want("link device eth0\ndhcp\nsearch a.example\n"
	     "link vlan eth1.7 eth1 7\nend\n");
	struct port *port = have_port(2, "eth0");
	port->block = 0;
	give_lease(port);
	have_address(2, "192.0.2.10/24", INET_OURS);
	have_address(2, "198.51.100.1/24", INET_OURS);
	have_address(2, "2001:db8::9/64", 2);
	have_address(2, "fe80::9/64", 3);
	have_address(7, "203.0.113.1/24", 0);
	host.inet.routes_count = 1;
	host.inet.routes[0] = (struct inet_route){ .index = 2 };
	CHECK(ip_parse("192.0.2.1", &host.inet.routes[0].via));
	port = have_port(3, "wg0");
	port->is_up = port->has_carrier = port->has_mac = false;
	(void)snprintf(port->public_key, sizeof(port->public_key), "KEY=");
	(void)snprintf(host.note, sizeof(host.note), "a note");

	CHECK(report_print(&host, text) == strlen(text));
	CHECK(strcmp(text, "version 1\n"
			   "link eth0 up carrier 02:00:00:00:00:09 1500\n"
			   "address eth0 192.0.2.10/24 dhcp\n"
			   "address eth0 198.51.100.1/24 static\n"
			   "address eth0 2001:db8::9/64 auto\n"
			   "lease eth0 192.0.2.10 192.0.2.1 3600\n"
			   "gateway eth0 192.0.2.1\n"
			   "dns eth0 192.0.2.53\n"
			   "search eth0 a.example\n"
			   "link wg0 down no-carrier - 1500\n"
			   "key wg0 KEY=\n"
			   "waits eth1.7 eth1\n"
			   "note a note\n"
			   "end\n") == 0);
	host.ports[0].lease_state = PORT_LEASE_KEPT;
	(void)report_print(&host, text);
	CHECK(strstr(text, "lease eth0 192.0.2.10 192.0.2.1 3600 kept\n"));
}

static void test_a_lease_of_dhcp6(void)
{
	memset(&host, 0, sizeof(host));
	want("link device eth0\ndhcp\ndhcp6\nend\n");
	struct port *port = have_port(2, "eth0");
	struct dhcp6_lease *lease = &port->dhcp6.lease;
	port->block = 0;
	give_lease(port);
	have_address(2, "2001:db8::5/128", INET_OURS);
	have_address(2, "2001:db8::6/128", INET_OURS);
	lease->count = 1;
	lease->addresses[0].valid_s = 7200;
	lease->names.servers_count = 1;
	CHECK(ip_parse("2001:db8::5", &lease->addresses[0].ip));
	CHECK(ip_parse("fe80::1", &lease->from));
	CHECK(ip_parse("fe80::53", &lease->names.servers[0]));
	(void)snprintf(lease->names.search, sizeof(lease->names.search),
		"six.example");
	(void)snprintf(lease->names.clocks, sizeof(lease->names.clocks),
		"2001:db8::7b time.example");
	(void)report_print(&host, text);
	CHECK(strcmp(text, "version 1\n"
			   "link eth0 up carrier 02:00:00:00:00:09 1500\n"
			   "address eth0 2001:db8::5/128 dhcp6\n"
			   "address eth0 2001:db8::6/128 static\n"
			   "lease eth0 192.0.2.10 192.0.2.1 3600\n"
			   "lease eth0 2001:db8::5 fe80::1 7200\n"
			   "dns eth0 192.0.2.53\n"
			   "dns eth0 fe80::53%eth0\n"
			   "search eth0 six.example\n"
			   "end\n") == 0);
	report_clocks(&host, clocks);
	CHECK(strcmp(clocks, "192.0.2.12 192.0.2.1 2001:db8::7b "
			     "time.example") == 0);
	port->lease_state = PORT_LEASE_NONE;
	report_clocks(&host, clocks);
	CHECK(strcmp(clocks, "2001:db8::7b time.example") == 0);
}

/* what is too much is left out in whole lines; the last line never is */
static void test_the_end_is_always_there(void)
{
	memset(&host, 0, sizeof(host));
	(void)have_port(2, "eth0");
	for (int i = 0; i < INET_ROWS_MAX; i++)
		have_address(2, "2001:db8:1111:1111:1111:1111:1111:1111/128",
			INET_OURS);
	/* wherever the last line that fits ends */
	for (size_t n = 0; n < sizeof(host.note) - 1; n++) {
		host.note[n] = 'x';
		size_t length = report_print(&host, text);
		CHECK(length < REPORT_TEXT_MAX &&
			strcmp(text + length - 5, "\nend\n") == 0);
	}
}

static void test_clocks(void)
{
	memset(&host, 0, sizeof(host));
	give_lease(have_port(2, "eth0"));
	give_lease(have_port(3, "eth1"));
	report_clocks(&host, clocks);
	CHECK(strcmp(clocks, "") == 0); /* nothing is wanted yet */
	want("end\n");
	report_clocks(&host, clocks);
	CHECK(strcmp(clocks, "192.0.2.12 192.0.2.1") == 0);
	want("time servers a.example 192.0.2.7\nend\n");
	report_clocks(&host, clocks);
	CHECK(strcmp(clocks, "a.example 192.0.2.7") == 0);
	want("time none\nend\n");
	report_clocks(&host, clocks);
	CHECK(strcmp(clocks, "") == 0);
}

int main(void)
{
	RUN(test_all_of_it);
	RUN(test_a_lease_of_dhcp6);
	RUN(test_the_end_is_always_there);
	RUN(test_clocks);
	return check_done();
}
