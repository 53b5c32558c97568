/* SPDX-License-Identifier: MIT */
/* report - what the network is now */
#include "report.h"

#include <stdio.h>
#include <string.h>

#include "file.h"
#include "ports.h"
#include "resolv.h"
#include "say.h"
#include "text.h"

static void print_link(struct text *text, const struct port *port)
{
	const uint8_t *mac = port->mac;

	text_append(text, "link %s %s %s ", port->name,
		port->is_up ? "up" : "down",
		port->has_carrier ? "carrier" : "no-carrier");
	if (port->has_mac)
		text_append(text, "%02x:%02x:%02x:%02x:%02x:%02x", mac[0],
			mac[1], mac[2], mac[3], mac[4], mac[5]);
	else
		text_append(text, "-");
	text_append(text, " %u\n", port->mtu);
}

static const char *source_of(const struct port *port,
	const struct inet_address *address)
{
	const struct ip leased = ip_of4(port->lease.address.ip);

	if (address->protocol != INET_OURS)
		return "auto";
	if (dhcp6_lease_find(&port->dhcp6.lease, &address->at.ip) >= 0)
		return "dhcp6";
	return port->lease_state != PORT_LEASE_NONE &&
			       ip_equal(&address->at.ip, &leased)
		       ? "dhcp"
		       : "static";
}

static void print_addresses(struct text *text, const struct host *host,
	const struct port *port)
{
	char ip[IP_TEXT_MAX];

	for (unsigned i = 0; i < host->inet.addresses_count; i++) {
		const struct inet_address *address = &host->inet.addresses[i];

		if (address->index == port->index &&
			!ip_is_link_local(&address->at.ip))
			text_append(text, "address %s %s %s\n", port->name,
				ip_print_prefix(&address->at, ip),
				source_of(port, address));
	}
}

static void print_lease(struct text *text, const struct port *port)
{
	const struct dhcp_lease *lease = &port->lease;
	const struct ip ip = ip_of4(lease->address.ip);
	const struct ip server = ip_of4(lease->server);
	char ip_text[IP_TEXT_MAX], server_text[IP_TEXT_MAX];

	if (port->lease_state == PORT_LEASE_NONE)
		return;
	text_append(text, "lease %s %s %s %u%s\n", port->name,
		ip_print(&ip, ip_text),
		lease->server ? ip_print(&server, server_text) : "-",
		lease->address.lease_s,
		port->lease_state == PORT_LEASE_KEPT ? " kept" : "");
}

static void print_lease6(struct text *text, const struct port *port)
{
	const struct dhcp6_lease *lease = &port->dhcp6.lease;
	char ip[IP_TEXT_MAX], from[IP_TEXT_MAX];

	for (unsigned i = 0; i < lease->count; i++)
		text_append(text, "lease %s %s %s %u\n", port->name,
			ip_print(&lease->addresses[i].ip, ip),
			ip_print(&lease->from, from),
			lease->addresses[i].valid_s);
}

static void print_gateways(struct text *text, const struct host *host,
	const struct port *port)
{
	char ip[IP_TEXT_MAX];

	for (unsigned i = 0; i < host->inet.routes_count; i++) {
		const struct inet_route *route = &host->inet.routes[i];

		if (route->index == port->index && route->to.length == 0 &&
			route->via.family)
			text_append(text, "gateway %s %s\n", port->name,
				ip_print(&route->via, ip));
	}
}

/* what a port knows of names: the config's first, then the lease's, then the
 * routers' */
static void add_names(struct resolv *resolv, const struct host *host,
	const struct port *port)
{
	const struct wanted_link *block = ports_block(host, port);

	for (unsigned i = 0; block && i < host->wanted.servers_count; i++)
		if (host->wanted.servers[i].link == (unsigned)port->block)
			resolv_add_server(resolv, &host->wanted.servers[i].ip,
				port->name);
	if (block)
		resolv_add_search(resolv, block->search);
	if (port->lease_state != PORT_LEASE_NONE) {
		for (unsigned i = 0; i < port->lease.servers_count; i++) {
			const struct ip ip = ip_of4(port->lease.servers[i]);
			resolv_add_server(resolv, &ip, port->name);
		}
		resolv_add_search(resolv, port->lease.search);
	}
	const struct dhcp6_names *names = &port->dhcp6.lease.names;
	for (unsigned i = 0; i < names->servers_count; i++)
		resolv_add_server(resolv, &names->servers[i], port->name);
	resolv_add_search(resolv, names->search);
	for (unsigned i = 0; i < port->rdnss.count; i++)
		resolv_add_server(resolv, &port->rdnss.servers[i].ip,
			port->name);
	resolv_add_search(resolv, port->rdnss.search);
}

static void print_names(struct text *text, const struct host *host,
	const struct port *port)
{
	struct resolv resolv = { 0 };
	char ip[IP_TEXT_MAX];

	add_names(&resolv, host, port);
	for (unsigned i = 0; i < resolv.servers_count; i++)
		text_append(text, "dns %s %s%s%s\n", port->name,
			ip_print(&resolv.servers[i].ip, ip),
			*resolv.servers[i].zone ? "%" : "",
			resolv.servers[i].zone);
	if (*resolv.search)
		text_append(text, "search %s %s\n", port->name, resolv.search);
}

/* what is not there yet */
static void print_waits(struct text *text, const struct host *host)
{
	for (unsigned i = 0; i < host->wanted.links_count; i++) {
		const struct wanted_link *block = &host->wanted.links[i];

		if (links_hold(block, &host->links) == LINKS_WAITS)
			text_append(text, "waits %s %s\n", block->name,
				block->parent);
	}
}

size_t report_print(const struct host *host, char bytes[REPORT_TEXT_MAX])
{
	/* the last line always has its place */
	struct text text = { .bytes = bytes, .size = REPORT_TEXT_MAX - 8 };

	text_append(&text, "version 1\n");
	for (size_t i = 0; i < HOST_PORTS_MAX; i++) {
		const struct port *port = &host->ports[i];

		if (!port->index)
			continue;
		print_link(&text, port);
		print_addresses(&text, host, port);
		print_lease(&text, port);
		print_lease6(&text, port);
		print_gateways(&text, host, port);
		print_names(&text, host, port);
		if (*port->public_key)
			text_append(&text, "key %s %s\n", port->name,
				port->public_key);
	}
	print_waits(&text, host);
	if (*host->note)
		text_append(&text, "note %s\n", host->note);
	text.size = REPORT_TEXT_MAX;
	text_append(&text, "end\n");
	return text.length;
}

/* the ports in the order of their metrics: which is asked first */
static void gather_names(struct resolv *resolv, const struct host *host)
{
	bool is_done[HOST_PORTS_MAX] = { false };

	for (;;) {
		const struct port *next = NULL;

		for (size_t i = 0; i < HOST_PORTS_MAX; i++) {
			const struct port *port = &host->ports[i];
			if (port->index && !is_done[i] &&
				(!next || ports_metric(host, port) <
						  ports_metric(host, next)))
				next = port;
		}
		if (!next)
			return;
		is_done[next - host->ports] = true;
		add_names(resolv, host, next);
	}
}

static void replace(const char *path, const char *text, size_t length)
{
	int result = file_replace(path, text, length, 0644);

	if (result < 0)
		note("net", "write '%s': %s", path, strerror(-result));
}

void report_write(const struct host *host)
{
	static char state[REPORT_TEXT_MAX], conf[RESOLV_TEXT_MAX];
	static char new_state[REPORT_TEXT_MAX], new_conf[RESOLV_TEXT_MAX];
	static bool has_conf;
	struct resolv resolv = { 0 };

	gather_names(&resolv, host);
	size_t length = resolv_print(&resolv, new_conf);
	if (!has_conf || strcmp(new_conf, conf) != 0) {
		replace(HOST_FOLDER "resolv.conf", new_conf, length);
		memcpy(conf, new_conf, sizeof(conf));
		has_conf = true;
	}
	length = report_print(host, new_state);
	if (strcmp(new_state, state) != 0) {
		replace(HOST_FOLDER "state", new_state, length);
		memcpy(state, new_state, sizeof(state));
	}
}

struct clocks {
	uint32_t rows[TIMEKEEPER_COUNT];
	unsigned count;
};

static void add_clock(struct clocks *clocks, uint32_t clock)
{
	for (unsigned i = 0; i < clocks->count; i++)
		if (clocks->rows[i] == clock)
			return;
	if (clocks->count < TIMEKEEPER_COUNT)
		clocks->rows[clocks->count++] = clock;
}

static void gather_clocks(struct clocks *clocks, const struct host *host)
{
	for (size_t i = 0; i < HOST_PORTS_MAX; i++) {
		const struct port *port = &host->ports[i];

		if (!port->index || port->lease_state == PORT_LEASE_NONE)
			continue;
		for (unsigned c = 0; c < port->lease.clocks_count; c++)
			add_clock(clocks, port->lease.clocks[c]);
	}
}

void report_clocks(const struct host *host, char bytes[TIMEKEEPER_MAX])
{
	struct text text = { .bytes = bytes, .size = TIMEKEEPER_MAX };
	struct clocks clocks = { .count = 0 };
	char name[IP_TEXT_MAX];

	*bytes = '\0';
	if (!host->has_wanted)
		return;
	if (host->wanted.time == WANTED_TIME_SERVERS)
		text_append(&text, "%s", host->wanted.time_servers);
	if (host->wanted.time != WANTED_TIME_DHCP)
		return;
	gather_clocks(&clocks, host);
	for (unsigned i = 0; i < clocks.count; i++) {
		const struct ip ip = ip_of4(clocks.rows[i]);
		text_append(&text, "%s%s", i ? " " : "", ip_print(&ip, name));
	}
	for (size_t i = 0; i < HOST_PORTS_MAX; i++) {
		const char *words = host->ports[i].dhcp6.lease.names.clocks;
		if (host->ports[i].index && *words)
			text_append(&text, "%s%s", *bytes ? " " : "", words);
	}
}
