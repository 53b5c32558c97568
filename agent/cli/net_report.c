// SPDX-License-Identifier: MIT
/* net_report - the networks of the machine as they are now, as data */
#include "cli/net_report.h"

#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <sys/socket.h>

#include "lib/arena.h"
#include "lib/text.h"

int net_report_init(struct net_report *report, struct arena *arena)
{
	*report = (struct net_report){
		.arena = arena,
		.links = arena_array(arena, NET_LINKS_MAX,
			sizeof(struct net_link)),
		.addresses = arena_array(arena, NET_ADDRESSES_MAX,
			sizeof(struct net_address)),
		.leases = arena_array(arena, NET_LEASES_MAX,
			sizeof(struct net_lease)),
		.servers = arena_array(arena, NET_SERVERS_MAX,
			sizeof(struct net_server)),
		.routes = arena_array(arena, NET_ROUTES_MAX,
			sizeof(struct net_route)),
		.networks = arena_array(arena, NET_NETWORKS_MAX,
			sizeof(struct net_network)),
		.endpoints = arena_array(arena, NET_ENDPOINTS_MAX,
			sizeof(struct net_endpoint)),
		.ports = arena_array(arena, NET_PORTS_MAX,
			sizeof(struct net_port)),
	};
	return report->links && report->addresses && report->leases &&
			       report->servers && report->routes &&
			       report->networks && report->endpoints &&
			       report->ports
		       ? 0
		       : -ENOMEM;
}

void net_report_add_problem(struct net_report *report, const char *format, ...)
{
	char line[256];
	const char *copy;
	va_list arguments;

	va_start(arguments, format);
	(void)vsnprintf(line, sizeof(line), format, arguments);
	va_end(arguments);
	copy = arena_string(report->arena, line);
	if (copy && report->problem_count < NET_NOTES_MAX)
		report->problems[report->problem_count++] = copy;
}

struct net_link *net_report_link(const struct net_report *report, int index)
{
	for (size_t i = 0; i < report->link_count; i++) {
		if (report->links[i].index == index)
			return &report->links[i];
	}
	return NULL;
}

struct net_link *net_report_find(const struct net_report *report,
	const char *name)
{
	for (size_t i = 0; i < report->link_count; i++) {
		if (text_equal(report->links[i].name, name))
			return &report->links[i];
	}
	return NULL;
}

size_t net_report_family(const struct address *address)
{
	return address->family == AF_INET6;
}
