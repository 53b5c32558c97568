// SPDX-License-Identifier: MIT
/* netd_wanted_test - the file of what is wanted, and whose block is whose */
#include "wanted.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "check.h"
#include "key.h"

#define KEY "xTIBA5rboUvnH4htodjb6e697QjLERt1NAB4mZqp8Dg="

static struct wanted wanted;
static unsigned line;

/* in a block of its own size: a byte behind it is the sanitizer's */
static int parse_bytes(const char *text, size_t length)
{
	char *copy = malloc(length ? length : 1);

	memcpy(copy, text, length);
	int result = wanted_parse(copy, length, &wanted, &line);
	free(copy);
	return result;
}

static int parse(const char *text)
{
	return parse_bytes(text, strlen(text));
}

static const char all[] =
	"version 1\n"
	"# a comment\n"
	"link device eth0\n"
	"dhcp\ndhcp6\nauto\n"
	"address 192.0.2.10/24\n"
	"address 2001:db8::10/64\n"
	"gateway 192.0.2.1\n"
	"gateway 2001:db8::1\n"
	"route 198.51.100.9/24 192.0.2.2 100\n"
	"route 203.0.113.0/24 -\n"
	"metric 100\nmtu 1500\ndns 192.0.2.53 2001:db8::53\n"
	"search example.org two.example\n"
	"a-word-of-the-future 1 2 3\n"
	"link device mac 52:54:00:12:34:5F\n"
	"link vlan eth0.7 eth0 7\n"
	"link bond bond0 802.3ad eth1 eth2\n"
	"link bridge br0 eth3\n"
	"link wireguard wg0 51820\n"
	"peer " KEY " 192.0.2.1:51821 25 " KEY " 10.9.0.2/32,10.8.1.1/16\n"
	"peer " KEY " [2001:db8::1]:51821 0 - 10.7.0.0/16\n"
	"peer " KEY " - 0 - 10.6.0.0/16\n"
	"peer " KEY " vpn.example.org:51820 0 - 10.5.0.0/16\n"
	"time servers pool.ntp.org 192.0.2.123\n"
	"end\n";

static void test_all_of_it(void)
{
	CHECK(parse(all) == 0);
	CHECK(wanted.links_count == 6);
	const struct wanted_link *link = wanted.links;
	CHECK(link[0].kind == WANTED_DEVICE && !strcmp(link[0].name, "eth0"));
	CHECK(link[0].has_dhcp && link[0].has_dhcp6 && link[0].has_auto);
	CHECK(link[0].metric == 100 && link[0].mtu == 1500);
	CHECK(!strcmp(link[0].search, "example.org two.example"));
	CHECK(link[1].has_mac && link[1].mac[0] == 0x52 &&
		link[1].mac[5] == 0x5f && !link[1].has_dhcp);
	CHECK(link[2].vlan == 7 && !strcmp(link[2].parent, "eth0"));
	CHECK(link[3].is_802_3ad && link[3].members_count == 2 &&
		!strcmp(link[3].members[1], "eth2"));
	CHECK(link[4].kind == WANTED_BRIDGE && link[4].members_count == 1);
	CHECK(link[5].port == 51820);
	CHECK(wanted.addresses_count == 2 && wanted.addresses[1].link == 0);
	CHECK(wanted.servers_count == 2 && wanted.time == WANTED_TIME_SERVERS);
	CHECK(!strcmp(wanted.time_servers, "pool.ntp.org 192.0.2.123"));
}

static void test_routes(void)
{
	char text[IP_TEXT_MAX];

	CHECK(parse(all) == 0 && wanted.routes_count == 4);
	const struct wanted_route *route = wanted.routes;
	CHECK(!strcmp(ip_print_prefix(&route[0].to, text), "0.0.0.0/0"));
	CHECK(!strcmp(ip_print_prefix(&route[1].to, text), "::/0"));
	CHECK(!strcmp(ip_print_prefix(&route[2].to, text),
		"198.51.100.0/24")); /* without its host bits */
	CHECK(route[2].metric == 100 && route[3].metric == 0);
	CHECK(!strcmp(ip_print(&route[3].via, text), "-"));
}

static void test_peers(void)
{
	uint8_t key[KEY_BYTES];
	char text[IP_TEXT_MAX];

	CHECK(parse(all) == 0 && wanted.peers_count == 4);
	const struct wanted_peer *peer = wanted.peers;
	CHECK(key_parse(KEY, key) && memcmp(key, peer[0].key, 32) == 0);
	CHECK(peer[0].has_shared && peer[0].keepalive_s == 25);
	CHECK(peer[0].port == 51821 &&
		!strcmp(ip_print(&peer[0].endpoint, text), "192.0.2.1"));
	CHECK(!strcmp(ip_print(&peer[1].endpoint, text), "2001:db8::1"));
	CHECK(!peer[2].endpoint.family && !*peer[2].host);
	CHECK(!peer[3].endpoint.family && peer[3].port == 51820 &&
		!strcmp(peer[3].host, "vpn.example.org"));
	CHECK(wanted.prefixes_count == 5 && wanted.prefixes[4].peer == 3);
	CHECK(!strcmp(ip_print_prefix(&wanted.prefixes[1].prefix, text),
		"10.8.0.0/16"));
}

/* a file that is cut off anywhere is not whole, and never half used */
static void test_every_beginning(void)
{
	for (size_t length = 0; length + 4 < sizeof(all) - 1; length++) {
		int result = parse_bytes(all, length);
		CHECK(result == -EAGAIN || result == -EINVAL);
	}
}

static void test_only_end(void)
{
	const struct wanted_device wired = { .name = "eth0", .is_wired = true };
	const struct wanted_device other = { .name = "br-x" };

	CHECK(parse("end\n") == 0 && parse("end") == 0);
	int block = wanted_find(&wanted, &wired);
	CHECK(block == 0 && wanted.links[block].has_dhcp &&
		wanted.links[block].has_auto);
	CHECK(wanted_find(&wanted, &other) == -1);
	CHECK(wanted.time == WANTED_TIME_DHCP);
}

static const char *const wrong_lines[] = {
	"version 2",
	"version",
	"dhcp\nend",
	"address 192.0.2.1/24",
	"link",
	"link device",
	"link device a-name-of-16-byt",
	"link device a/b",
	"link device ..",
	"link device mac 52:54:00:12:34",
	"link device mac 52:54:00:12:34:5g",
	"link device mac 52-54-00-12-34-56",
	"link device a b c d",
	"link modem ppp0",
	"link vlan eth0.7 eth0",
	"link vlan eth0.7 eth0 0",
	"link vlan eth0.7 eth0 4095",
	"link vlan eth0.7 eth0 7x",
	"link bond bond0",
	"link bond bond0 802.3ae eth0",
	"link bond bond0 802.3ad 1 2 3 4 5 6 7 8 9",
	"link wireguard wg0",
	"link wireguard wg0 65536",
	"link wireguard wg0 -1",
	"link device e\naddress 192.0.2.1",
	"link device e\naddress 192.0.2.1/33",
	"link device e\naddress 192.0.2.1/0",
	"link device e\naddress 192.0.2.1/",
	"link device e\naddress 192.0.2.1/024x",
	"link device e\naddress 127.0.0.1/8",
	"link device e\naddress ::1/128",
	"link device e\naddress 2001:db8::1/129",
	"link device e\naddress 192.0.2.1/24 more",
	"link device e\ngateway 0.0.0.0",
	"link device e\ngateway 224.0.0.1",
	"link device e\nroute 192.0.2.0/24",
	"link device e\nroute 192.0.2.0/24 2001:db8::1",
	"link device e\nroute 192.0.2.0/24 192.0.2.1 1000001",
	"link device e\nmetric 99999999999999999999",
	"link device e\nmetric",
	"link device e\nmtu 67",
	"link device e\nmtu 65536",
	"link device e\ndns name.example",
	"link device e\nsearch exa$mple",
	"link device e\nsearch -x",
	"link device e\npeer " KEY " - 0 - 10.0.0.0/8",
	"link wireguard w 0\npeer KEY - 0 - 10.0.0.0/8",
	"link wireguard w 0\npeer " KEY " 192.0.2.1 0 - 10.0.0.0/8",
	"link wireguard w 0\npeer " KEY " 192.0.2.1:0 0 - 10.0.0.0/8",
	"link wireguard w 0\npeer " KEY " a$b:7 0 - 10.0.0.0/8",
	"link wireguard w 0\npeer " KEY " a:b:7 0 - 10.0.0.0/8",
	"link wireguard w 0\npeer " KEY " :7 0 - 10.0.0.0/8",
	"link wireguard w 0\npeer " KEY " - 65536 - 10.0.0.0/8",
	"link wireguard w 0\npeer " KEY " - 0 x 10.0.0.0/8",
	"link wireguard w 0\npeer " KEY " - 0 - 10.0.0.0/8,",
	"link wireguard w 0\npeer " KEY " - 0 - ,10.0.0.0/8",
	"link wireguard w 0\npeer " KEY " - 0 - 10.0.0.0",
	"time",
	"time servers",
	"time servers -S",
	"time servers a$b",
	"time machine",
	"0 1 2 3 4 5 6 7 8 9 0 1 2 3 4 5 6 7 8 9 0 1 2 3 4",
};

static void test_wrong_lines(void)
{
	char text[512];

	for (size_t i = 0; i < sizeof(wrong_lines) / sizeof(*wrong_lines);
		i++) {
		check_row(wrong_lines[i]);
		(void)snprintf(text, sizeof(text), "%s\nend\n", wrong_lines[i]);
		int result = parse(text);
		/* a last comma is harmless */
		if (strstr(wrong_lines[i], "/8,"))
			CHECK(result == 0);
		else
			CHECK(result == -EINVAL && line >= 1);
	}
	CHECK(parse("link device e\nauto\nmtu 1\nend\n") == -EINVAL &&
		line == 3);
	CHECK(parse_bytes("dh\0cp\nend\n", 10) == -EINVAL);
}

/* more than there is room for is an error, wherever it is */
static void test_limits(void)
{
	static const struct {
		const char *what, *row;
		unsigned most;
	} rows[] = {
		{ "links", "link device e\n", WANTED_LINKS_MAX - 1 },
		{ "addresses", "address 192.0.2.1/24\n", WANTED_ADDRESSES_MAX },
		{ "routes", "route 192.0.2.0/24 -\n", WANTED_ROUTES_MAX },
		{ "gateways", "gateway 192.0.2.1\n", WANTED_ROUTES_MAX },
		{ "servers", "dns 192.0.2.1\n", WANTED_SERVERS_MAX },
		{ "search", "search a.very.long.domain\n", 13 },
		{ "peers", "peer " KEY " - 0 - 10.0.0.0/8\n",
			WANTED_PEERS_MAX },
		{ "prefixes",
			"peer " KEY
			" - 0 - 10.0.0.0/8,10.0.0.0/9,10.0.0.0/9,10.0.0.0/9,10.0.0.0/9,10.0.0.0/9,10.0.0.0/9,10.0.0.0/9\n",
			WANTED_PREFIXES_MAX / 8 },
	};
	static char text[WANTED_TEXT_MAX];

	for (size_t i = 0; i < sizeof(rows) / sizeof(*rows); i++)
		for (unsigned more = 0; more < 2; more++) {
			check_row(rows[i].what);
			size_t used = 0;
			if (i > 0)
				used = (size_t)snprintf(text, sizeof(text),
					"link wireguard w 0\n");
			for (unsigned n = 0; n < rows[i].most + more; n++)
				used += (size_t)snprintf(text + used,
					sizeof(text) - used, "%s", rows[i].row);
			used += (size_t)snprintf(text + used,
				sizeof(text) - used, "end\n");
			CHECK(parse_bytes(text, used) == (more ? -EINVAL : 0));
		}
}

static void test_patterns(void)
{
	static const struct {
		const char *pattern, *name;
		bool matches;
	} rows[] = {
		{ "eth0", "eth0", true },
		{ "eth0", "eth01", false },
		{ "eth01", "eth0", false },
		{ "eth*", "eth0", true },
		{ "eth*", "eth", true },
		{ "eth*", "et", false },
		{ "*", "", true },
		{ "*", "anything", true },
		{ "?", "a", true },
		{ "?", "", false },
		{ "?", "ab", false },
		{ "e?h*", "eth0", true },
		{ "*0", "eth00", true },
		{ "*0", "eth01", false },
		{ "e*p*s0", "enp0s3p1s0", true },
		{ "e*p*s0", "enp0s3p1s1", false },
		{ "*a*a*a*a*a*a*b", "aaaaaaaaaaaaaaa", false },
		{ "**", "x", true },
	};

	for (size_t i = 0; i < sizeof(rows) / sizeof(*rows); i++) {
		check_row(rows[i].pattern);
		CHECK(wanted_matches(rows[i].pattern, rows[i].name) ==
			rows[i].matches);
	}
}

static void test_which_block(void)
{
	static const uint8_t mac[6] = { 2, 0, 0, 0, 0, 9 };
	static const struct {
		struct wanted_device device;
		int block;
	} rows[] = {
		{ { "eth0", NULL, true }, 3 }, /* its name before patterns */
		{ { "eth1", NULL, true }, 0 }, /* the first pattern */
		{ { "wan0", NULL, true }, 1 },
		{ { "wan0", mac, true }, 2 },
		{ { "wan0", mac, false }, -1 },
		{ { "wan0", NULL, false }, -1 }, /* none of software's */
		{ { "eth0", NULL, false }, 3 },  /* but by its name */
		{ { "eth5", NULL, true }, -1 },  /* a member of the bond */
		{ { "bond0", NULL, false }, 4 },
	};

	CHECK(parse("link device eth*\nlink device *\n"
		    "link device mac 02:00:00:00:00:09\nlink device eth0\n"
		    "link bond bond0 active-backup eth5\nend\n") == 0);
	for (size_t i = 0; i < sizeof(rows) / sizeof(*rows); i++) {
		check_row(rows[i].device.name);
		CHECK(wanted_find(&wanted, &rows[i].device) == rows[i].block);
	}
	const struct wanted_device eth5 = { "eth5", NULL, true };
	const struct wanted_device eth6 = { "eth6", NULL, true };
	CHECK(parse("link bond b active-backup eth5\nend\n") == 0);
	CHECK(wanted_find(&wanted, &eth5) == -1);
	CHECK(wanted_find(&wanted, &eth6) == 1); /* as if nothing was said */
	CHECK(parse("link device eth0\nend\n") == 0);
	CHECK(wanted_find(&wanted, &eth6) == -1);
}

int main(void)
{
	RUN(test_all_of_it);
	RUN(test_routes);
	RUN(test_peers);
	RUN(test_every_beginning);
	RUN(test_only_end);
	RUN(test_wrong_lines);
	RUN(test_limits);
	RUN(test_patterns);
	RUN(test_which_block);
	return check_done();
}
