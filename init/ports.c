/* SPDX-License-Identifier: MIT */
/* ports - the interfaces that netd looks after */
#include "ports.h"

#include <arpa/inet.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "clock.h"
#include "endpoints.h"
#include "kept.h"
#include "lease.h"
#include "say.h"

#define STEADY_MS  1000 /* by now a client hears its signals */
#define ASK_MS     2000 /* for an answer, then twice as long */
#define ASK_MAX_MS 64000

struct port *ports_of(struct host *host, int index)
{
	for (size_t i = 0; i < HOST_PORTS_MAX; i++)
		if (host->ports[i].index == index)
			return &host->ports[i];
	return NULL;
}

struct port *ports_named(struct host *host, const char *name)
{
	for (size_t i = 0; i < HOST_PORTS_MAX; i++)
		if (host->ports[i].index &&
			strcmp(host->ports[i].name, name) == 0)
			return &host->ports[i];
	return NULL;
}

const struct wanted_link *ports_block(const struct host *host,
	const struct port *port)
{
	return port->block < 0 ? NULL : &host->wanted.links[port->block];
}

uint32_t ports_metric(const struct host *host, const struct port *port)
{
	const struct wanted_link *block = ports_block(host, port);

	return block && block->metric ? block->metric
				      : PORTS_METRIC + (uint32_t)port->index;
}

/* what the hook left of it; mostly there is not all of it */
static void forget_files(const struct port *port)
{
	static const char *const parts[][2] = { { "", ".lease" },
		{ "", ".nak" }, { "", ".silent" }, { "hostname.", "" } };
	char path[HOST_PATH_MAX];

	for (size_t i = 0; i < sizeof(parts) / sizeof(*parts); i++) {
		(void)snprintf(path, sizeof(path), HOST_FOLDER "%s%s%s",
			parts[i][0], port->name, parts[i][1]);
		(void)unlink(path);
	}
}

static void drop_lease(struct port *port)
{
	port->lease_state = PORT_LEASE_NONE;
	port->lease_is_new = false;
	forget_files(port);
}

static struct port *add_port(struct host *host, const struct link *link)
{
	static bool has_said;
	struct port *port = ports_of(host, 0);

	if (!port && !has_said)
		note("netd", "more than %d interfaces, the others are not used",
			HOST_PORTS_MAX);
	has_said = has_said || !port;
	if (!port)
		return NULL;
	*port = (struct port){
		.index = link->index,
		.block = -1,
		.auto_set = -1,
		.mtu_first = link->mtu,
	};
	memcpy(port->name, link->name, sizeof(port->name));
	ports_read_lease(host, port); /* of before a restart */
	dhcp6_port_read(host, port);
	return port;
}

static void remove_port(struct port *port)
{
	child_stop(&port->client);
	child_stop(&port->resolver);
	dhcp6_port_stop(port);
	dhcp6_port_forget(port);
	forget_files(port);
	*port = (struct port){ 0 };
}

static void ask(struct port *port, int64_t now_ms)
{
	(void)kill(port->client.pid, SIGUSR1);
	port->ask_wait_ms = port->ask_wait_ms ? 2 * port->ask_wait_ms : ASK_MS;
	port->ask_ms = now_ms + port->ask_wait_ms;
}

/* Perhaps another network was plugged in: ask again, as soon as the client
 * can hear that. */
static void on_carrier(struct port *port, int64_t now_ms)
{
	port->ask_wait_ms = 0;
	dhcp6_port_carrier(port);
	if (port->client.pid <= 0)
		return;
	if (port->client.started_ms + STEADY_MS < now_ms) {
		ask(port, now_ms);
		return;
	}
	port->ask_wait_ms = STEADY_MS;
	port->ask_ms = port->client.started_ms + STEADY_MS + 1;
}

/* The client asks once, and next when half of its lease is over; a switch may
 * not yet forward what a link sends that has just come up. */
static void ask_again(struct port *port, int64_t now_ms, int64_t *next_ms)
{
	if (!port->ask_wait_ms || port->client.pid <= 0)
		return;
	if (port->ask_ms <= now_ms && port->ask_wait_ms >= ASK_MAX_MS)
		port->ask_wait_ms = 0;
	else if (port->ask_ms <= now_ms)
		ask(port, now_ms);
	if (port->ask_wait_ms && port->ask_ms < *next_ms)
		*next_ms = port->ask_ms;
}

static void update_port(struct host *host, const struct link *link, int block,
	int64_t now_ms)
{
	struct port *port = ports_of(host, link->index);

	if (port && strcmp(port->name, link->name) != 0) {
		remove_port(port); /* it was renamed */
		port = NULL;
	}
	if (!port)
		port = add_port(host, link);
	if (!port)
		return;
	if (link->has_carrier && !port->has_carrier) {
		host->carrier_ms = now_ms;
		on_carrier(port, now_ms);
	}
	memcpy(port->mac, link->mac, sizeof(port->mac));
	port->has_mac = link->has_mac;
	port->is_wired = links_is_wired(link, host->extra_kind);
	port->is_present = true;
	port->is_up = link->is_up;
	port->has_carrier = link->has_carrier;
	port->is_member = link->master != 0;
	port->dhcp6.is_managed = link->is_managed;
	port->dhcp6.has_more = link->has_more;
	port->block = block;
	port->mtu = link->mtu;
}

static void switch_on(struct host *host, struct port *port)
{
	int result =
		port->is_up ? 0 : links_set_up(host->netlink, port->index, 0);

	if (result < 0)
		note("netd", "switch on %s: %s", port->name, strerror(-result));
}

void ports_update(struct host *host, int64_t now_ms)
{
	for (size_t i = 0; i < HOST_PORTS_MAX; i++)
		host->ports[i].is_present = false;
	for (unsigned i = 0; i < host->links.count; i++) {
		const struct link *link = &host->links.rows[i];
		const struct wanted_device device = {
			.name = link->name,
			.mac = link->has_mac ? link->mac : NULL,
			.is_wired = links_is_wired(link, host->extra_kind),
		};
		int block = host->has_wanted && !link->master
				    ? wanted_find(&host->wanted, &device)
				    : -1;

		if (!link->is_loopback && (block >= 0 || device.is_wired))
			update_port(host, link, block, now_ms);
	}
	for (size_t i = 0; i < HOST_PORTS_MAX; i++) {
		struct port *port = &host->ports[i];

		if (port->index && !port->is_present)
			remove_port(port);
		else if (port->index)
			switch_on(host, port);
	}
}

static _Noreturn void become_client(const char *interface, uint32_t ip)
{
	char address[INET_ADDRSTRLEN] = "";
	const struct in_addr asked = { .s_addr = ip };

	if (ip)
		(void)inet_ntop(AF_INET, &asked, address, sizeof(address));
	/* -a50: a neighbour that has the address says so within 50 ms */
	(void)execl("/bin/busybox", "udhcpc", "-f", "-i", interface, "-s",
		"/sbin/dhcp-hook", "-t", "3", "-T", "2", "-A", "5", "-a50",
		"-o", "-O", "subnet", "-O", "router", "-O", "dns", "-O",
		"hostname", "-O", "domain", "-O", "mtu", "-O", "ntpsrv", "-O",
		"search", "-O", "staticroutes", ip ? "-r" : NULL, address,
		NULL);
	note("netd", "run '/bin/busybox udhcpc': %m");
	_exit(127);
}

static bool wants_client(const struct host *host, const struct port *port)
{
	const struct wanted_link *block = ports_block(host, port);

	return port->index && block && block->has_dhcp;
}

static void start_client(struct host *host, struct port *port, int64_t now_ms)
{
	uint32_t ip = port->lease_state == PORT_LEASE_NONE
			      ? kept_address(host, port)
			      : port->lease.address.ip;
	pid_t pid = child_start(&port->client, NULL);

	if (pid == 0)
		become_client(port->name, ip);
	if (pid < 0)
		note("netd", "start a DHCP client on %s: %m", port->name);
	if (!port->silent_ms)
		port->silent_ms = now_ms;
}

static void run_client(struct host *host, struct port *port, int64_t now_ms,
	int64_t *next_ms)
{
	if (!wants_client(host, port)) {
		if (port->client.pid || port->lease_state != PORT_LEASE_NONE) {
			child_stop(&port->client);
			drop_lease(port);
		}
		port->silent_ms = 0;
		return;
	}
	/* it would only talk to itself */
	if (!port->client.pid && !port->has_carrier)
		return;
	if (child_is_due(&port->client, now_ms, next_ms))
		start_client(host, port, now_ms);
	(void)child_is_due(&port->client, now_ms, next_ms);
	ask_again(port, now_ms, next_ms);
}

void ports_run_clients(struct host *host, int64_t now_ms, int64_t *next_ms)
{
	for (size_t i = 0; i < HOST_PORTS_MAX; i++)
		if (host->ports[i].index) {
			run_client(host, &host->ports[i], now_ms, next_ms);
			dhcp6_port_run(host, &host->ports[i], now_ms, next_ms);
		}
}

void ports_reaped(struct host *host, int pid, int status)
{
	for (size_t i = 0; i < HOST_PORTS_MAX; i++)
		if (host->ports[i].index &&
			!endpoints_reaped(&host->ports[i], pid, status) &&
			!child_reaped(&host->ports[i].client, pid))
			(void)child_reaped(&host->ports[i].dhcp6.client, pid);
}

/* leases stay: the next netd goes on with them */
void ports_stop(struct host *host)
{
	for (size_t i = 0; i < HOST_PORTS_MAX; i++) {
		child_stop(&host->ports[i].client);
		child_stop(&host->ports[i].resolver);
		dhcp6_port_stop(&host->ports[i]);
	}
}

void ports_read_lease(struct host *host, struct port *port)
{
	struct dhcp_lease lease;
	char path[HOST_PATH_MAX];
	int64_t at_s;

	(void)snprintf(path, sizeof(path), HOST_FOLDER "%s.lease", port->name);
	if (lease_read(path, &lease, &at_s) < 0)
		return;
	port->lease_until_s = lease.address.lease_s == DHCP_FOR_EVER
				      ? INT64_MAX
				      : at_s + lease.address.lease_s;
	if (port->lease_until_s <= lease_now_s())
		return;
	port->lease = lease;
	port->lease_state = PORT_LEASE_FRESH;
	port->lease_is_new = true;
	port->ask_wait_ms = 0;
	port->kept_is_done = true;
	kept_save(host, port);
}

void ports_refused(struct port *port)
{
	if (port->lease_state != PORT_LEASE_NONE)
		note("net", "%s: the DHCP server takes the address away",
			port->name);
	drop_lease(port);
	kept_forget(port);
	port->kept_is_done = true;
}

bool ports_expire(struct host *host, int64_t *next_s)
{
	const int64_t now_s = lease_now_s();
	bool is_changed = false;

	for (size_t i = 0; i < HOST_PORTS_MAX; i++) {
		struct port *port = &host->ports[i];

		if (!port->index)
			continue;
		is_changed |= rdnss_expire(&port->rdnss, now_s, next_s);
		if (port->lease_state != PORT_LEASE_FRESH)
			continue;
		if (port->lease_until_s <= now_s) {
			note("net", "%s: the DHCP lease is over", port->name);
			drop_lease(port);
			is_changed = true;
		} else if (port->lease_until_s < *next_s)
			*next_s = port->lease_until_s;
	}
	return is_changed;
}
