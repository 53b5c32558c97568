/* SPDX-License-Identifier: MIT */
/* settings - the addresses and routes that an interface shall have */
#include "settings.h"

#include <linux/rtnetlink.h>
#include <stddef.h>
#include <string.h>

#include "dhcp.h"
#include "dhcp6_lease.h"

#define ADDRESS_OF_ROUTER 2 /* IFAPROT_KERNEL_RA of linux/if_addr.h */

uint32_t settings_metric(const struct settings_source *source)
{
	uint32_t metric = source->block < 0
				  ? 0
				  : source->wanted->links[source->block].metric;

	return metric ? metric : source->metric;
}

static void add_address(struct settings *settings, const struct ip_prefix *at,
	uint32_t valid_s)
{
	if (settings->addresses_count < SETTINGS_ROWS_MAX)
		settings->addresses[settings->addresses_count++] =
			(struct inet_address){
				.index = settings->index,
				.at = *at,
				.valid_s = valid_s,
				.preferred_s = valid_s,
				.protocol = INET_OURS,
			};
}

static void add_route(struct settings *settings, const struct inet_route *route)
{
	if (settings->routes_count == SETTINGS_ROWS_MAX)
		return;
	struct inet_route *row = &settings->routes[settings->routes_count++];
	*row = *route;
	row->index = settings->index;
}

static void add_lease(struct settings *settings,
	const struct settings_source *source, uint32_t metric)
{
	const struct dhcp_lease *lease = source->lease;
	const struct ip_prefix at = {
		.ip = ip_of4(lease->address.ip),
		.length = lease->address.prefix,
	};

	add_address(settings, &at, source->lease_s);
	for (unsigned i = 0; i < lease->routes_count; i++) {
		struct inet_route route = {
			.to = { .ip = ip_of4(lease->routes[i].destination),
				.length = lease->routes[i].prefix },
			.metric = metric,
			.protocol = RTPROT_DHCP,
		};
		if (lease->routes[i].gateway)
			route.via = ip_of4(lease->routes[i].gateway);
		add_route(settings, &route);
	}
	if (!settings->mtu)
		settings->mtu = lease->mtu;
}

/* The network of its addresses is what routers say it is, so they are alone. */
static void add_lease6(struct settings *settings,
	const struct settings_source *source)
{
	const struct dhcp6_lease *lease = source->lease6;

	for (unsigned i = 0; i < lease->count; i++) {
		const struct dhcp6_address *row = &lease->addresses[i];
		const struct ip_prefix at = { .ip = row->ip, .length = 128 };
		const uint32_t left_s =
			dhcp6_lease_left(lease, row->valid_s, source->now_s);

		if (left_s == 0 ||
			settings->addresses_count == SETTINGS_ROWS_MAX)
			continue;
		add_address(settings, &at, left_s);
		settings->addresses[settings->addresses_count - 1].preferred_s =
			dhcp6_lease_left(lease, row->preferred_s,
				source->now_s);
	}
}

/* what a WireGuard peer may send is where it is reached */
static void add_peers(struct settings *settings, const struct wanted *wanted,
	unsigned block, uint32_t metric)
{
	for (unsigned i = 0; i < wanted->prefixes_count; i++) {
		const struct wanted_prefix *row = &wanted->prefixes[i];
		const struct inet_route route = {
			.to = row->prefix,
			.metric = metric,
			.protocol = INET_OURS,
		};

		if (wanted->peers[row->peer].link == block)
			add_route(settings, &route);
	}
}

static void add_block(struct settings *settings, const struct wanted *wanted,
	unsigned block, uint32_t metric)
{
	for (unsigned i = 0; i < wanted->addresses_count; i++)
		if (wanted->addresses[i].link == block)
			add_address(settings, &wanted->addresses[i].at,
				INET_FOR_EVER);
	for (unsigned i = 0; i < wanted->routes_count; i++) {
		const struct wanted_route *row = &wanted->routes[i];
		const struct inet_route route = {
			.to = row->to,
			.via = row->via,
			.metric = row->metric ? row->metric : metric,
			.protocol = INET_OURS,
		};

		if (row->link == block)
			add_route(settings, &route);
	}
	add_peers(settings, wanted, block, metric);
}

void settings_make(const struct settings_source *source,
	struct settings *settings)
{
	const uint32_t metric = settings_metric(source);

	settings->index = source->index;
	settings->routers = SETTINGS_ROUTERS_NONE;
	settings->mtu = 0;
	settings->addresses_count = settings->routes_count = 0;
	if (source->block < 0)
		return;
	const struct wanted_link *link = &source->wanted->links[source->block];
	if (link->has_auto)
		settings->routers = SETTINGS_ROUTERS_ALL;
	else if (link->has_dhcp6)
		settings->routers = SETTINGS_ROUTERS_ROUTES;
	settings->mtu = link->mtu;
	add_block(settings, source->wanted, (unsigned)source->block, metric);
	if (source->lease && link->has_dhcp)
		add_lease(settings, source, metric);
	if (source->lease6 && settings->routers)
		add_lease6(settings, source);
}

static bool wants_address(const struct settings *settings,
	const struct inet_address *address)
{
	for (unsigned i = 0; i < settings->addresses_count; i++)
		if (ip_prefix_equal(&settings->addresses[i].at, &address->at))
			return true;
	return address->protocol != INET_OURS &&
	       (address->protocol != ADDRESS_OF_ROUTER ||
		       settings->routers == SETTINGS_ROUTERS_ALL);
}

static bool wants_route(const struct settings *settings,
	const struct inet_route *route)
{
	for (unsigned i = 0; i < settings->routes_count; i++)
		if (inet_route_equal(&settings->routes[i], route))
			return true;
	if (route->protocol == RTPROT_RA)
		return settings->routers != SETTINGS_ROUTERS_NONE;
	return route->protocol != INET_OURS && route->protocol != RTPROT_DHCP;
}

static bool has_address(const struct inet *found,
	const struct inet_address *address)
{
	for (unsigned i = 0; i < found->addresses_count; i++)
		if (found->addresses[i].index == address->index &&
			ip_prefix_equal(&found->addresses[i].at, &address->at))
			return true;
	return false;
}

static bool has_route(const struct inet *found, const struct inet_route *route)
{
	for (unsigned i = 0; i < found->routes_count; i++)
		if (inet_route_equal(&found->routes[i], route))
			return true;
	return false;
}

static void compare_addresses(const struct settings *settings,
	const struct inet *found, struct inet *remove, struct inet *add)
{
	for (unsigned i = 0; i < found->addresses_count; i++) {
		const struct inet_address *row = &found->addresses[i];
		if (row->index == settings->index &&
			!wants_address(settings, row))
			remove->addresses[remove->addresses_count++] = *row;
	}
	for (unsigned i = 0; i < settings->addresses_count; i++)
		if (!has_address(found, &settings->addresses[i]))
			add->addresses[add->addresses_count++] =
				settings->addresses[i];
}

/* Routes on the link go first: gateways may be reached through them. */
static void compare_routes(const struct settings *settings,
	const struct inet *found, struct inet *remove, struct inet *add)
{
	for (unsigned i = 0; i < found->routes_count; i++) {
		const struct inet_route *row = &found->routes[i];
		if (row->index == settings->index &&
			!wants_route(settings, row))
			remove->routes[remove->routes_count++] = *row;
	}
	for (int pass = 0; pass < 2; pass++)
		for (unsigned i = 0; i < settings->routes_count; i++) {
			const struct inet_route *row = &settings->routes[i];
			if ((row->via.family != 0) == pass &&
				!has_route(found, row))
				add->routes[add->routes_count++] = *row;
		}
}

void settings_compare(const struct settings *settings, const struct inet *found,
	struct inet *remove, struct inet *add)
{
	remove->addresses_count = remove->routes_count = 0;
	add->addresses_count = add->routes_count = 0;
	compare_addresses(settings, found, remove, add);
	compare_routes(settings, found, remove, add);
}
