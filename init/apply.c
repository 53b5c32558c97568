/* SPDX-License-Identifier: MIT */
/* apply - makes the kernel's settings what they shall be */
#include "apply.h"

#include <errno.h>
#include <netinet/icmp6.h>
#include <netinet/in.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>

#include "endpoints.h"
#include "file.h"
#include "lease.h"
#include "ports.h"
#include "say.h"
#include "settings.h"
#include "wireguard.h"

#define STEPS_MAX 64

static void report(struct port *port, const char *what, int result)
{
	if (result < 0 && port->told_errno != result)
		note("net", "%s: %s: %s", port->name, what, strerror(-result));
	if (result < 0)
		port->told_errno = result;
}

static int do_step(struct host *host, const struct links_step *step)
{
	switch (step->what) {
	case LINKS_CREATE:
		return links_create(host->netlink,
			&host->wanted.links[step->block], step->other);
	case LINKS_REMOVE:
		return links_remove(host->netlink, step->index);
	case LINKS_JOIN:
		return links_set_master(host->netlink, step->index,
			step->other);
	case LINKS_LEAVE:
		return links_set_master(host->netlink, step->index, 0);
	}
	return -EINVAL;
}

static const char *name_of(const struct host *host,
	const struct links_step *step)
{
	if (step->what == LINKS_CREATE)
		return host->wanted.links[step->block].name;
	for (unsigned i = 0; i < host->links.count; i++)
		if (host->links.rows[i].index == step->index)
			return host->links.rows[i].name;
	return "?";
}

/* what is in the way of a link, and that is not to be said again */
struct hold {
	enum links_hold why;
	char name[IF_NAMESIZE], parent[IF_NAMESIZE];
};

static bool is_in(const struct hold *holds, unsigned count,
	const struct hold *hold)
{
	for (unsigned i = 0; i < count; i++)
		if (memcmp(&holds[i], hold, sizeof(*hold)) == 0)
			return true;
	return false;
}

static void say_hold(const struct hold *hold)
{
	if (hold->why == LINKS_WAITS)
		note("net", "%s waits for the interface %s, which is not there",
			hold->name, hold->parent);
	if (hold->why == LINKS_TAKEN)
		note("net",
			"%s: somebody else made an interface of this name: it "
			"gets its addresses, and stays what it is",
			hold->name);
}

/* each once, until it has ended or is another */
static void say_holds(const struct host *host)
{
	static struct hold told[WANTED_LINKS_MAX];
	static unsigned told_count;
	struct hold now[WANTED_LINKS_MAX] = { 0 };
	unsigned count = 0;

	for (unsigned i = 0; i < host->wanted.links_count; i++) {
		const struct wanted_link *block = &host->wanted.links[i];
		struct hold hold = { .why = links_hold(block, &host->links) };

		if (hold.why == LINKS_FREE)
			continue;
		memcpy(hold.name, block->name, sizeof(hold.name));
		memcpy(hold.parent, block->parent, sizeof(hold.parent));
		if (!is_in(told, told_count, &hold))
			say_hold(&hold);
		now[count++] = hold;
	}
	memcpy(told, now, sizeof(told));
	told_count = count;
}

unsigned apply_links(struct host *host)
{
	static const char *const verbs[] = {
		[LINKS_CREATE] = "make",
		[LINKS_REMOVE] = "remove",
		[LINKS_JOIN] = "make a member of",
		[LINKS_LEAVE] = "release",
	};
	static int told;
	struct links_step steps[STEPS_MAX];
	unsigned done = 0;
	unsigned count =
		links_plan(&host->wanted, &host->links, steps, STEPS_MAX);

	for (unsigned i = 0; i < count; i++) {
		int result = do_step(host, &steps[i]);
		done += result == 0;
		if (result < 0 && result != told)
			note("net", "%s the interface %s: %s",
				verbs[steps[i].what], name_of(host, &steps[i]),
				strerror(-result));
		if (result < 0)
			told = result;
	}
	if (!done) /* else what one waits for may have been made just now */
		say_holds(host);
	return done;
}

static void set_ipv6(struct port *port, const char *name, uint32_t value)
{
	char path[128], text[16];

	(void)snprintf(path, sizeof(path), "/proc/sys/net/ipv6/conf/%s/%s",
		port->name, name);
	(void)snprintf(text, sizeof(text), "%u", value);
	int result = file_write(path, text);
	if (result != -ENOENT) /* a machine without IPv6 */
		report(port, path, result);
}

/* The kernel asks for routers when an interface gets up; what it said before
 * a netd that was started again listened is said once more. */
static void solicit(const struct port *port)
{
	const struct nd_router_solicit message = {
		.nd_rs_type = ND_ROUTER_SOLICIT,
	};
	const struct sockaddr_in6 all_routers = {
		.sin6_family = AF_INET6,
		.sin6_addr.s6_addr = { 0xff, 2, [15] = 2 },
		.sin6_scope_id = (uint32_t)port->index,
	};
	const int hops = 255;

	auto_fd fd = socket(AF_INET6, SOCK_RAW | SOCK_CLOEXEC | SOCK_NONBLOCK,
		IPPROTO_ICMPV6);
	if (fd < 0)
		return;
	(void)setsockopt(fd, IPPROTO_IPV6, IPV6_MULTICAST_HOPS, &hops,
		sizeof(hops));
	/* no address yet: then the kernel asks when it has one */
	(void)sendto(fd, &message, sizeof(message), 0,
		(const struct sockaddr *)&all_routers, sizeof(all_routers));
}

/* 2: also on a machine that forwards for its workloads */
static void set_auto(struct port *port, enum settings_routers routers,
	uint32_t metric)
{
	const bool is_on = routers != SETTINGS_ROUTERS_NONE;

	if (port->auto_set == (int)routers && port->auto_metric == metric)
		return;
	set_ipv6(port, "accept_ra", is_on ? 2 : 0);
	set_ipv6(port, "autoconf", routers == SETTINGS_ROUTERS_ALL);
	set_ipv6(port, "ra_defrtr_metric", metric);
	if (is_on && port->auto_set != (int)routers)
		solicit(port);
	if (!is_on)
		port->rdnss = (struct rdnss){ 0 };
	port->auto_set = (int)routers;
	port->auto_metric = metric;
}

static void set_mtu(struct host *host, struct port *port, uint32_t mtu)
{
	uint32_t wanted = mtu ? mtu : port->mtu_first;

	if (wanted && wanted != port->mtu)
		report(port, "set its MTU",
			links_set_up(host->netlink, port->index, wanted));
}

/* The key is made where it is kept, so there is none before the data. */
static void set_wireguard(struct host *host, struct port *port)
{
	uint64_t digest =
		wireguard_digest(&host->wanted, (unsigned)port->block);
	uint8_t key[KEY_BYTES];
	char path[HOST_PATH_MAX];

	if (!host->has_data || digest == port->wireguard_digest)
		return;
	port->wireguard_digest = digest;
	if (mkdir(HOST_KEPT, 0700) < 0 && errno != EEXIST)
		note("net", "make '" HOST_KEPT "': %m");
	(void)snprintf(path, sizeof(path), HOST_KEPT "%s.key", port->name);
	int result = key_load(path, key);
	if (result < 0)
		note("net", "%s: its key in '%s': %s", port->name, path,
			strerror(-result));
	if (result == 0)
		result = wireguard_set(port->index, &host->wanted,
			(unsigned)port->block, key);
	explicit_bzero(key, sizeof(key));
	if (result == 0)
		result = wireguard_public_key(port->index, port->public_key);
	report(port, "set its keys and peers", result);
	child_stop(&port->resolver); /* what it asks may be wanted no more */
	port->has_names = result == 0 &&
			  endpoints_any(&host->wanted, (unsigned)port->block);
}

static unsigned remove_rows(struct host *host, struct port *port,
	const struct inet *rows)
{
	/* with an address the kernel removes routes by itself, so they may be
	 * gone: no error */
	for (unsigned i = 0; i < rows->routes_count; i++)
		(void)inet_route_remove(host->netlink, &rows->routes[i]);
	for (unsigned i = 0; i < rows->addresses_count; i++)
		report(port, "remove an address",
			inet_address_remove(host->netlink,
				&rows->addresses[i]));
	return rows->routes_count + rows->addresses_count;
}

static unsigned add_rows(struct host *host, struct port *port,
	const struct inet *rows)
{
	char text[IP_TEXT_MAX], what[IP_TEXT_MAX + 24];
	unsigned done = 0;

	for (unsigned i = 0; i < rows->addresses_count; i++) {
		int result =
			inet_address_set(host->netlink, &rows->addresses[i]);
		(void)snprintf(what, sizeof(what), "set the address %s",
			ip_print_prefix(&rows->addresses[i].at, text));
		report(port, what, result);
		done += result == 0;
	}
	for (unsigned i = 0; i < rows->routes_count; i++) {
		int result = inet_route_set(host->netlink, &rows->routes[i]);
		(void)snprintf(what, sizeof(what), "set the route to %s",
			ip_print_prefix(&rows->routes[i].to, text));
		report(port, what, result);
		done += result == 0;
	}
	return done;
}

static uint32_t seconds_left(const struct port *port)
{
	int64_t left_s = port->lease_until_s - lease_now_s();

	if (left_s >= (int64_t)INET_FOR_EVER)
		return INET_FOR_EVER;
	return left_s > 0 ? (uint32_t)left_s : 1;
}

/* a lease that was renewed: its address gets its time */
static void renew_address(struct host *host, struct port *port)
{
	const struct inet_address address = {
		.index = port->index,
		.at = { .ip = ip_of4(port->lease.address.ip),
			.length = port->lease.address.prefix },
		.valid_s = seconds_left(port),
		.preferred_s = seconds_left(port),
	};

	if (port->lease_is_new)
		report(port, "renew its address",
			inet_address_set(host->netlink, &address));
	port->lease_is_new = false;
}

/* the same of those of DHCPv6, which settings have with their times */
static void renew_addresses(struct host *host, struct port *port,
	const struct settings *settings)
{
	const struct dhcp6_lease *lease = &port->dhcp6.lease;

	for (unsigned i = 0; i < settings->addresses_count; i++) {
		const struct inet_address *row = &settings->addresses[i];

		if (port->dhcp6.lease_is_new &&
			dhcp6_lease_find(lease, &row->at.ip) >= 0)
			report(port, "renew its address of DHCPv6",
				inet_address_set(host->netlink, row));
	}
	port->dhcp6.lease_is_new = false;
}

static unsigned apply_port(struct host *host, struct port *port)
{
	static struct settings settings;
	static struct inet remove, add;
	const bool has_lease = port->lease_state != PORT_LEASE_NONE;
	const struct settings_source source = {
		.wanted = &host->wanted,
		.block = port->block,
		.index = port->index,
		.lease = has_lease ? &port->lease : NULL,
		.lease_s = has_lease ? seconds_left(port) : 0,
		.lease6 = &port->dhcp6.lease,
		.now_s = lease_now_s(),
		.metric = ports_metric(host, port),
	};

	settings_make(&source, &settings);
	if (!port->is_member)
		set_auto(port, settings.routers, source.metric);
	set_mtu(host, port, settings.mtu);
	settings_compare(&settings, &host->inet, &remove, &add);
	unsigned done = remove_rows(host, port, &remove);
	if (done) {
		/* with the first address of a network the kernel removes the
		 * others of it, be they wanted */
		(void)inet_list(host->netlink, &host->inet);
		settings_compare(&settings, &host->inet, &remove, &add);
	}
	done += add_rows(host, port, &add);
	renew_address(host, port);
	renew_addresses(host, port, &settings);
	const struct wanted_link *block = ports_block(host, port);
	if (block && block->kind == WANTED_WIREGUARD)
		set_wireguard(host, port);
	return done;
}

unsigned apply_ports(struct host *host)
{
	unsigned done = 0;

	for (size_t i = 0; i < HOST_PORTS_MAX; i++)
		if (host->ports[i].index)
			done += apply_port(host, &host->ports[i]);
	return done;
}
