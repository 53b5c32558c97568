/* SPDX-License-Identifier: MIT */
/*
 * net_scene - topologies for tests, and a network namespace to apply them in
 *
 * Two bridges and a macvlan; "web" has three replicas, one of which does not
 * serve, "db" has one that does not, "far" is where there are no rules.
 */
#ifndef TARE_NET_SCENE_H
#define TARE_NET_SCENE_H

#include <sched.h>
#include <string.h>
#include <sys/socket.h>

#include "check.h"
#include "net/topology.h"

#define COUNT(array) (sizeof(array) / sizeof((array)[0]))

static inline struct address scene_ip4(uint8_t a, uint8_t b)
{
	return (struct address){ AF_INET, { 172, 20, a, b } };
}

static inline struct address scene_ip6(uint8_t a, uint8_t b)
{
	return (struct address){ AF_INET6, { 0xfd, [7] = a, [15] = b } };
}

static struct topology_network scene_networks[] = {
	{ .name = "front", .bridge = "tb00000001" },
	{ .name = "back", .bridge = "tb00000002", .is_internal = true },
	{ .name = "far", .driver = TOPOLOGY_MACVLAN },
};
static struct topology_endpoint scene_endpoints[] = {
	{ .network = 0, .link = "tv00000001", .is_serving = true },
	{ .network = 0, .link = "tv00000002", .is_serving = false },
	{ .network = 0, .link = "tv00000003", .is_serving = true },
	{ .network = 1, .link = "tv00000004", .is_serving = false },
	{ .network = 2, .link = "tv00000005", .is_serving = true },
};
static const size_t scene_members[] = { 0, 1, 2, 3, 4 };
static struct topology_group scene_groups[] = {
	{ .network = 0, .service = "web", .endpoint_count = 3 },
	{ .network = 1, .service = "db", .endpoint_count = 1 },
	{ .network = 2, .service = "far", .endpoint_count = 1 },
};
static struct topology_port scene_ports[] = {
	{ .protocol = TOPOLOGY_TCP, .published = 80, .target = 8080 },
	{ .protocol = TOPOLOGY_UDP, .published = 80, .target = 8080 },
	{ .protocol = TOPOLOGY_TCP, .published = 443, .target = 8443 },
	{ .protocol = TOPOLOGY_TCP,
		.published = 5432,
		.target = 5432,
		.group = 1 },
	{ .protocol = TOPOLOGY_SCTP, .published = 9, .target = 9, .group = 2 },
	{ .protocol = TOPOLOGY_TCP, .published = 22, .group = SIZE_MAX },
};

static inline struct topology scene_make(void)
{
	for (uint8_t i = 0; i < 2; i++) {
		scene_networks[i].gateway4 = scene_ip4(i, 1);
		scene_networks[i].gateway6 = scene_ip6(i, 1);
		scene_groups[i].virtual4 = scene_ip4(i, 100);
		scene_groups[i].virtual6 = scene_ip6(i, 100);
	}
	for (uint8_t i = 0; i < COUNT(scene_endpoints); i++) {
		struct topology_endpoint *endpoint = &scene_endpoints[i];
		uint8_t network = (uint8_t)endpoint->network;

		endpoint->address4 = scene_ip4(network, (uint8_t)(i + 2));
		endpoint->address6 = scene_ip6(network, (uint8_t)(i + 2));
		memcpy(endpoint->mac, (uint8_t[]){ 2, 0, 0, 0, 0, i }, 6);
	}
	scene_endpoints[2].address6.family = 0;
	scene_groups[0].endpoints = scene_members;
	scene_groups[1].endpoints = scene_members + 3;
	scene_groups[2].endpoints = scene_members + 4;
	return (struct topology){
		.networks = scene_networks,
		.network_count = COUNT(scene_networks),
		.endpoints = scene_endpoints,
		.endpoint_count = COUNT(scene_endpoints),
		.groups = scene_groups,
		.group_count = COUNT(scene_groups),
		.ports = scene_ports,
		.port_count = COUNT(scene_ports),
	};
}

/* A network namespace for the test alone; false: it is skipped. */
static inline bool scene_enter(void)
{
	if (unshare(CLONE_NEWNET) == 0)
		return true;
	check_skip("a network namespace needs root");
	return false;
}

#endif
