// SPDX-License-Identifier: MIT
/*
 * tests of net/survey_files and cli/net_show: from the files, and what the kernel
 * would tell, to what is printed
 */
#include "cli/net_show.h"

#include <errno.h>
#include <jansson.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>

#include "check.h"
#include "lib/arena.h"
#include "lib/error.h"
#include "lib/text.h"
#include "net/lines.h"
#include "net/survey.h"
#include "net/survey_parts.h"

static const char state[] = "version 1\n"
			    "# a comment\n"
			    "link eth0 up carrier 52:54:00:12:34:56 1500\n"
			    "address eth0 10.0.2.15/24 dhcp\n"
			    "address eth7 10.0.2.15/24 dhcp\n"
			    "address wg0 10.0.2.15/24 static\n"
			    "lease eth0 10.0.2.15 10.0.2.2 86400 kept\n"
			    "lease eth0 10.0.2.16 10.0.2.2 3600\n"
			    "address eth0 2001:db8::50/128 dhcp6\n"
			    "lease eth0 2001:db8::50 fe80::2 7200\n"
			    "lease eth0 nonsense 10.0.2.2 3600\n"
			    "lease eth0 10.0.2.17\n"
			    "dns eth0 10.0.2.3\n"
			    "dns eth0 fe80::2%eth0\n"
			    "dns eth0 x%eth0\n"
			    "dns eth0 x\n"
			    "key wg0 PUBLIC=\n"
			    "key wg7 PUBLIC=\n"
			    "note the config of 12:01 lost  the network\n"
			    "waits eth1.7 eth1\n"
			    "waits eth0 eth1\n"
			    "waits a-name-of-17-char eth1\n"
			    "frobnicate 1 2 3\n"
			    "end\n";

static const char ports[] =
	"version 1\n"
	"network 0 front bridge tb0a1b2c3d out 172.18.0.0/16 172.18.0.1"
	" fd00:1::/64 fd00:1::1\n"
	"network 1 lan macvlan eth0 in 192.0.2.0/24 -\n"
	"network x lan macvlan eth0 in\n"
	"replica 0 web web-9 runs\n"
	"service 0 web 172.18.0.100 -\n"
	"replica 0 web web-1 serves\n"
	"replica 0 web web-2 runs\n"
	"service 1 web - -\n"
	"replica 1 web web-2 runs\n"
	"replica 1 other web-9 runs\n"
	"replica 7 web web-9 runs\n"
	"service 7 web - -\n"
	"service 1 db nonsense -\n"
	"service 1 idle fd00:1::5 fd00:1::5\n"
	"replica 1 idle idle stopped\n"
	"port tcp - 80 web 8080 172.18.0.2 nonsense 172.18.0.3\n"
	"port tcp 2001:db8::1 81 web 8080\n"
	"port udp 10.0.2.15 53 - 53\n"
	"port udp 10.0.2.15 65536 - 53\n"
	"port udp 10.0.2.15 53\n"
	"end\n";

static const char names[] = "version 1\n"
			    "listen 172.18.0.1\n"
			    "client 172.18.0.1 - 0 out\n"
			    "client 172.18.0.2 web-1 0 out\n"
			    "client fd00:1::2 web-1 0 out\n"
			    "client 172.18.0.3 web-2 1,0 out\n"
			    "client 192.0.2.7 web-2 1,0 out\n"
			    "client 10.9.9.9 odd 7 in\n"
			    "client nonsense odd 7 in\n"
			    "name 0 web 172.18.0.100\n"
			    "end\n";

static struct prefix prefix_of(const char *text)
{
	struct prefix prefix;

	if (prefix_parse(text, &prefix) < 0)
		abort();
	return prefix;
}

/* What the kernel would tell. */
static void fill_kernel(struct survey *survey)
{
	const struct survey_link links[] = {
		{ .index = 1,
			.name = "lo",
			.kind = "",
			.alias = "",
			.state = "up",
			.mtu = 65536 },
		{ .index = 2,
			.name = "eth0",
			.kind = "",
			.alias = "",
			.state = "up",
			.mtu = 1500,
			.mac = { 0x52, 0x54, 0, 0x12, 0x34, 0x56 } },
		{ .index = 3,
			.name = "wg0",
			.kind = "wireguard",
			.alias = "",
			.state = "no carrier",
			.mtu = 1420 },
		{ .index = 4,
			.name = "tb0a1b2c3d",
			.kind = "bridge",
			.alias = "tare front",
			.state = "up",
			.is_bridge = true },
	};
	const struct survey_address addresses[] = {
		{ 1, prefix_of("127.0.0.1/8"), "" },
		{ 2, prefix_of("10.0.2.15/24"), "" },
		{ 2, prefix_of("fe80::1/64"), "" },
		{ 2, prefix_of("2001:db8::50/128"), "" },
		{ 4, prefix_of("172.18.0.1/16"), "" },
	};
	const struct survey_route routes[] = {
		{ .destination = prefix_of("0.0.0.0/0"),
			.via = prefix_of("10.0.2.2").address,
			.link = 2,
			.metric = 100,
			.origin = "dhcp",
			.kind = "unicast" },
		{ .destination = prefix_of("::/0"),
			.link = 2,
			.origin = "ra",
			.kind = "unicast" },
		{ .destination = prefix_of("198.51.100.0/24"),
			.link = 9,
			.origin = "static",
			.kind = "unreachable" },
	};

	memcpy(survey->links, links, sizeof(links));
	survey->link_count = sizeof(links) / sizeof(links[0]);
	memcpy(survey->addresses, addresses, sizeof(addresses));
	survey->address_count = sizeof(addresses) / sizeof(addresses[0]);
	memcpy(survey->routes, routes, sizeof(routes));
	survey->route_count = sizeof(routes) / sizeof(routes[0]);
}

static int read_files(struct survey *survey, struct arena *arena)
{
	int result =
		survey_read_state(survey, arena_string(arena, state), NULL);

	if (result == 0)
		result = survey_read_ports(survey, arena_string(arena, ports),
			NULL);
	if (result == 0)
		result = survey_read_names(survey, arena_string(arena, names),
			NULL);
	return result;
}

/* What it prints, for the caller to free. */
static char *print(const struct survey *survey,
	void (*show)(const struct survey *survey, FILE *out))
{
	char *printed = NULL;
	size_t size = 0;
	FILE *out = open_memstream(&printed, &size);

	if (!out)
		abort();
	show(survey, out);
	(void)fclose(out);
	return printed;
}

static void fill(struct survey *survey, struct arena *arena)
{
	CHECK(survey_init(survey, arena) == 0);
	fill_kernel(survey);
	CHECK(read_files(survey, arena) == 0);
	survey->networks[0].is_there = true;
	survey->has_connections = true;
	survey->connections = 4;
	survey->offloaded = 3;
	survey->endpoints[0].incoming = 3;
	survey->endpoints[0].outgoing = 1;
	survey->endpoints[0].link = "tvdeadbeef";
}

static const char golden_text[] =
	"INTERFACE  STATE           MTU    MAC                ADDRESSES\n"
	"lo         up              65536  -                  127.0.0.1/8\n"
	"eth0       up              1500   52:54:00:12:34:56  10.0.2.15/24 (dhcp), fe80::1/64, 2001:db8::50/128 (dhcp6)\n"
	"wg0        no carrier      1420   -                  key (PUBLIC=)\n"
	"eth1.7     waits for eth1  -      -                  -\n"
	"\n"
	"LEASE  ADDRESS       SERVER    SECONDS\n"
	"eth0   10.0.2.15     10.0.2.2  86400, from the last boot\n"
	"eth0   10.0.2.16     10.0.2.2  3600\n"
	"eth0   2001:db8::50  fe80::2   7200\n"
	"\n"
	"NAME SERVER  INTERFACE\n"
	"10.0.2.3     eth0\n"
	"fe80::2      eth0\n"
	"\n"
	"ROUTE                        VIA       INTERFACE  METRIC  FROM\n"
	"default                      10.0.2.2  eth0       100     dhcp\n"
	"default (IPv6)               -         eth0       0       ra\n"
	"unreachable 198.51.100.0/24  -         -          0       static\n"
	"\n"
	"NETWORK         DRIVER   INTERFACE       SUBNETS                     GATEWAYS\n"
	"front           bridge   tb0a1b2c3d      172.18.0.0/16, fd00:1::/64  172.18.0.1, fd00:1::1\n"
	"lan (internal)  macvlan  eth0 (missing)  192.0.2.0/24                -\n"
	"\n"
	"SERVICE  NETWORK  SERVING  VIRTUAL ADDRESSES\n"
	"web      front    1 of 2   172.18.0.100\n"
	"web      lan      0 of 1   -\n"
	"idle     lan      0 of 1   fd00:1::5, fd00:1::5\n"
	"\n"
	"CONTAINER  NETWORK  STATE    INTERFACE   IN  OUT  ADDRESSES\n"
	"web-1      front    serves   tvdeadbeef  3   1    172.18.0.2, fd00:1::2\n"
	"web-2      front    runs     -           0   0    172.18.0.3\n"
	"web-2      lan      runs     -           0   0    192.0.2.7\n"
	"idle       lan      stopped  -           0   0    -\n"
	"odd        -        -        -           0   0    10.9.9.9\n"
	"\n"
	"PORT                  SERVICE  TARGET  LEADS TO\n"
	"tcp *:80              web      8080    172.18.0.2, 172.18.0.3\n"
	"tcp [2001:db8::1]:81  web      8080    nobody, connections are refused\n"
	"udp 10.0.2.15:53      -        53      the machine itself\n"
	"\n"
	"4 connections in all, 3 offloaded to the flow table\n"
	"\n"
	"note: the config of 12:01 lost the network\n";

static void test_text(void)
{
	auto_arena arena = { 0 };
	struct survey survey;
	char *printed;

	fill(&survey, &arena);
	printed = print(&survey, net_show_text);
	if (!CHECK(text_equal(printed, golden_text)))
		printf("%s", printed);
	free(printed);
}

/* clang-format off */
static const char golden_json[] =
	"{\"interfaces\":["
	"{\"name\":\"lo\",\"kind\":\"\",\"state\":\"up\",\"mtu\":65536,\"addresses\":["
	"{\"address\":\"127.0.0.1/8\",\"from\":\"\"}]},"
	"{\"name\":\"eth0\",\"kind\":\"\",\"state\":\"up\",\"mac\":\"52:54:00:12:34:56\",\"mtu\":1500,\"addresses\":["
	"{\"address\":\"10.0.2.15/24\",\"from\":\"dhcp\"},"
	"{\"address\":\"fe80::1/64\",\"from\":\"\"},"
	"{\"address\":\"2001:db8::50/128\",\"from\":\"dhcp6\"}]},"
	"{\"name\":\"wg0\",\"kind\":\"wireguard\",\"state\":\"no carrier\",\"mtu\":1420,\"public_key\":\"PUBLIC=\",\"addresses\":[]},"
	"{\"name\":\"eth1.7\",\"kind\":\"\",\"state\":\"waits for eth1\",\"mtu\":0,\"addresses\":[]}],"
	"\"leases\":["
	"{\"interface\":\"eth0\",\"address\":\"10.0.2.15\",\"server\":\"10.0.2.2\",\"seconds\":86400,\"kept\":true},"
	"{\"interface\":\"eth0\",\"address\":\"10.0.2.16\",\"server\":\"10.0.2.2\",\"seconds\":3600,\"kept\":false},"
	"{\"interface\":\"eth0\",\"address\":\"2001:db8::50\",\"server\":\"fe80::2\",\"seconds\":7200,\"kept\":false}],"
	"\"name_servers\":["
	"{\"address\":\"10.0.2.3\",\"interface\":\"eth0\"},"
	"{\"address\":\"fe80::2\",\"interface\":\"eth0\"}],"
	"\"routes\":["
	"{\"destination\":\"0.0.0.0/0\",\"kind\":\"unicast\",\"via\":\"10.0.2.2\",\"interface\":\"eth0\",\"metric\":100,\"from\":\"dhcp\"},"
	"{\"destination\":\"::/0\",\"kind\":\"unicast\",\"via\":null,\"interface\":\"eth0\",\"metric\":0,\"from\":\"ra\"},"
	"{\"destination\":\"198.51.100.0/24\",\"kind\":\"unreachable\",\"via\":null,\"interface\":\"\",\"metric\":0,\"from\":\"static\"}],"
	"\"networks\":["
	"{\"name\":\"front\",\"driver\":\"bridge\",\"interface\":\"tb0a1b2c3d\",\"present\":true,\"internal\":false,\"subnets\":["
	"{\"subnet\":\"172.18.0.0/16\",\"gateway\":\"172.18.0.1\"},"
	"{\"subnet\":\"fd00:1::/64\",\"gateway\":\"fd00:1::1\"}]},"
	"{\"name\":\"lan\",\"driver\":\"macvlan\",\"interface\":\"eth0\",\"present\":false,\"internal\":true,\"subnets\":["
	"{\"subnet\":\"192.0.2.0/24\",\"gateway\":null}]}],"
	"\"services\":["
	"{\"name\":\"web\",\"network\":\"front\",\"ipv4\":\"172.18.0.100\",\"ipv6\":null,\"replicas\":2,\"serving\":1},"
	"{\"name\":\"web\",\"network\":\"lan\",\"ipv4\":null,\"ipv6\":null,\"replicas\":1,\"serving\":0},"
	"{\"name\":\"idle\",\"network\":\"lan\",\"ipv4\":\"fd00:1::5\",\"ipv6\":\"fd00:1::5\",\"replicas\":1,\"serving\":0}],"
	"\"containers\":["
	"{\"name\":\"web-1\",\"network\":\"front\",\"state\":\"serves\",\"interface\":\"tvdeadbeef\",\"ipv4\":\"172.18.0.2\",\"ipv6\":\"fd00:1::2\",\"connections_in\":3,\"connections_out\":1},"
	"{\"name\":\"web-2\",\"network\":\"front\",\"state\":\"runs\",\"interface\":\"\",\"ipv4\":\"172.18.0.3\",\"ipv6\":null,\"connections_in\":0,\"connections_out\":0},"
	"{\"name\":\"web-2\",\"network\":\"lan\",\"state\":\"runs\",\"interface\":\"\",\"ipv4\":\"192.0.2.7\",\"ipv6\":null,\"connections_in\":0,\"connections_out\":0},"
	"{\"name\":\"idle\",\"network\":\"lan\",\"state\":\"stopped\",\"interface\":\"\",\"ipv4\":null,\"ipv6\":null,\"connections_in\":0,\"connections_out\":0},"
	"{\"name\":\"odd\",\"network\":\"\",\"state\":\"\",\"interface\":\"\",\"ipv4\":\"10.9.9.9\",\"ipv6\":null,\"connections_in\":0,\"connections_out\":0}],"
	"\"ports\":["
	"{\"protocol\":\"tcp\",\"address\":null,\"port\":80,\"service\":\"web\",\"target\":8080,\"replicas\":[\"172.18.0.2\",\"172.18.0.3\"]},"
	"{\"protocol\":\"tcp\",\"address\":\"2001:db8::1\",\"port\":81,\"service\":\"web\",\"target\":8080,\"replicas\":[]},"
	"{\"protocol\":\"udp\",\"address\":\"10.0.2.15\",\"port\":53,\"service\":\"-\",\"target\":53,\"replicas\":[]}],"
	"\"connections\":4,\"connections_offloaded\":3,\"notes\":[\"the config of 12:01 lost the network\"],"
	"\"problems\":[]}\n";
/* clang-format on */

static void test_json(void)
{
	auto_arena arena = { 0 };
	struct survey survey;
	char *printed;
	json_t *json;

	fill(&survey, &arena);
	printed = print(&survey, net_show_json);
	if (!CHECK(text_equal(printed, golden_json)))
		printf("%s", printed);
	json = json_loads(printed, JSON_REJECT_DUPLICATES, NULL);
	CHECK(json);
	json_decref(json);
	free(printed);
}

static void test_spare(void)
{
	static const struct {
		const char *name, *kind, *alias, *state;
		bool has_address, is_spare;
	} rows[] = {
		{ "dummy0", "dummy", "", "down", false, true },
		{ "sit0", "sit", "", "down", false, true },
		{ "dummy0", "dummy", "", "no carrier", false, false },
		{ "dummy0", "dummy", "", "down", true, false },
		{ "eth1", "", "", "down", false, false },
		{ "bond0", "bond", "netd bond bond0", "down", false, false },
	};
	auto_arena arena = { 0 };
	struct survey survey;

	fill(&survey, &arena);
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		const struct survey_link link = {
			.index = rows[i].has_address ? 2 : 77,
			.name = "spare",
			.kind = rows[i].kind,
			.alias = rows[i].alias,
			.state = rows[i].state,
		};
		char *text, *json;

		check_row(rows[i].name);
		survey.links[0] = link;
		CHECK(survey_is_spare(&survey, &link) == rows[i].is_spare);
		text = print(&survey, net_show_text);
		json = print(&survey, net_show_json);
		CHECK(!strstr(text, "spare") == rows[i].is_spare);
		CHECK(!strstr(json, "spare") == rows[i].is_spare);
		free(text);
		free(json);
	}
}

/* Nothing is there, and the kernel counts no connections. */
static void test_empty(void)
{
	auto_arena arena = { 0 };
	struct survey survey;
	char *printed;

	CHECK(survey_init(&survey, &arena) == 0);
	survey_add_problem(&survey, "no '%s'", "x\n\"");
	printed = print(&survey, net_show_text);
	CHECK(text_equal(printed, "\nproblem: no 'x?\"'\n"));
	free(printed);
	printed = print(&survey, net_show_json);
	CHECK(text_equal(printed,
		"{\"interfaces\":[],\"leases\":[],\"name_servers\":[],"
		"\"routes\":[],\"networks\":[],\"services\":[],\"containers\":[],\"ports\":[],"
		"\"notes\":[],\"problems\":[\"no 'x\\n\\\"'\"]}\n"));
	free(printed);
}

static void test_broken_files(void)
{
	static const struct {
		const char *text;
		const char *reason;
	} rows[] = {
		{ "", "its first line is not 'version 1'" },
		{ "version 2\nend\n", "its first line is not 'version 1'" },
		{ "version 1\n", "its last line is not 'end'" },
		{ "version 1\nnote x\nend", "its last line is not 'end'" },
		{ "version 1\nnote x\nthe end\n", "its last line is not" },
	};

	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		auto_arena arena = { 0 };
		struct survey survey;
		struct error err;

		check_row(rows[i].text);
		CHECK(survey_init(&survey, &arena) == 0);
		CHECK(survey_read_state(&survey,
			      arena_string(&arena, rows[i].text),
			      &err) == -EBADMSG);
		CHECK(text_starts_with(err.text, rows[i].reason));
		CHECK(survey.note_count == 0);
	}
}

static void count_line(char **words, size_t count, void *context)
{
	size_t *lines = context;

	CHECK(count == 2 && text_equal(words[0], "line"));
	(*lines)++;
}

/* Without the first and the last, comments and what is empty. */
static void test_lines(void)
{
	char text[] = "version 1\nline 1\n\n# line\n  line  2  \nend\n";
	char least[] = "version 1\nend\n";
	size_t lines = 0;

	CHECK(lines_visit(least, count_line, &lines, NULL) == 0);
	CHECK(lines == 0);
	CHECK(lines_visit(text, count_line, &lines, NULL) == 0);
	CHECK(lines == 2);
}

int main(void)
{
	RUN(test_lines);
	RUN(test_text);
	RUN(test_json);
	RUN(test_spare);
	RUN(test_empty);
	RUN(test_broken_files);
	return check_done();
}
