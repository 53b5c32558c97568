// SPDX-License-Identifier: MIT
/* tests of supervise/ports: the text for `tare net` */
#include "supervise/ports.h"

#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "check.h"
#include "lib/arena.h"
#include "lib/text.h"
#include "net/topology.h"

static struct address address_of(const char *text)
{
	struct address address = { 0 };

	if (*text && address_parse(text, &address) < 0)
		abort();
	return address;
}

static struct prefix prefix_of(const char *text)
{
	struct prefix prefix;

	if (prefix_parse(text, &prefix) < 0)
		abort();
	return prefix;
}

static const char wanted[] =
	"version 1\n"
	"network 0 front bridge tb0a1b2c3d out 172.18.0.0/16 172.18.0.1"
	" fd00:1::/64 fd00:1::1\n"
	"network 1 lan macvlan eth0 in 192.0.2.0/24 -\n"
	"network 2 bare ipvlan - out\n"
	"service 0 web 172.18.0.100 -\n"
	"replica 0 web web-1 serves\n"
	"replica 0 web web-2 runs\n"
	"replica 0 web web-3 serves\n"
	"service 2 idle - -\n"
	"replica 2 idle idle stopped\n"
	"port tcp - 80 web 8080 172.18.0.2 fd00:1::2 172.18.0.4\n"
	"port udp 0.0.0.0 81 web 8081 172.18.0.2 172.18.0.4\n"
	"port sctp 2001:db8::1 82 web 8082 fd00:1::2\n"
	"port tcp - 83 idle 8083\n"
	"port udp 192.0.2.1 53 - 53\n"
	"end\n";

static void test_all(void)
{
	struct topology_network networks[] = {
		{
			.name = "front",
			.bridge = "tb0a1b2c3d",
			.subnet4 = prefix_of("172.18.0.0/16"),
			.gateway4 = address_of("172.18.0.1"),
			.subnet6 = prefix_of("fd00:1::/64"),
			.gateway6 = address_of("fd00:1::1"),
		},
		{
			.name = "lan",
			.driver = TOPOLOGY_MACVLAN,
			.parent = "eth0",
			.is_internal = true,
			.subnet4 = prefix_of("192.0.2.0/24"),
		},
		{ .name = "bare", .driver = TOPOLOGY_IPVLAN },
	};
	struct topology_endpoint endpoints[] = {
		{ .container = "web-1",
			.address4 = address_of("172.18.0.2"),
			.address6 = address_of("fd00:1::2"),
			.is_running = true,
			.is_serving = true },
		{ .container = "web-2",
			.address4 = address_of("172.18.0.3"),
			.is_running = true },
		{ .container = "web-3",
			.address4 = address_of("172.18.0.4"),
			.is_running = true,
			.is_serving = true },
		{ .network = 2, .container = "idle" },
	};
	static const size_t members[] = { 0, 1, 2, 3 };
	struct topology_group groups[] = {
		{ .service = "web",
			.virtual4 = address_of("172.18.0.100"),
			.endpoints = members,
			.endpoint_count = 3 },
		{ .network = 2,
			.service = "idle",
			.endpoints = members + 3,
			.endpoint_count = 1 },
	};
	struct topology_port ports[] = {
		{ TOPOLOGY_TCP, address_of(""), 80, 8080, 0 },
		{ TOPOLOGY_UDP, address_of("0.0.0.0"), 81, 8081, 0 },
		{ TOPOLOGY_SCTP, address_of("2001:db8::1"), 82, 8082, 0 },
		{ TOPOLOGY_TCP, address_of(""), 83, 8083, 1 },
		{ TOPOLOGY_UDP, address_of("192.0.2.1"), 53, 53, SIZE_MAX },
	};
	const struct topology topology = {
		.networks = networks,
		.network_count = 3,
		.endpoints = endpoints,
		.endpoint_count = 4,
		.groups = groups,
		.group_count = 2,
		.ports = ports,
		.port_count = 5,
	};
	auto_arena arena = { 0 };
	const char *text = ports_print(&topology, &arena);

	if (!CHECK(text))
		return;
	if (!CHECK(text_equal(text, wanted)))
		printf("# %s\n", text);
}

static void test_nothing(void)
{
	const struct topology topology = { .network_count = 0 };
	auto_arena arena = { 0 };
	const char *text = ports_print(&topology, &arena);

	CHECK(text && text_equal(text, "version 1\nend\n"));
}

static void test_no_memory(void)
{
	const struct topology topology = { .network_count = 0 };
	auto_arena arena = { .limit_bytes = 1 };

	CHECK(!ports_print(&topology, &arena));
}

int main(void)
{
	RUN(test_all);
	RUN(test_nothing);
	RUN(test_no_memory);
	return check_done();
}
