/* SPDX-License-Identifier: MIT */
/* kept - the last good lease of an interface, from boot to boot */
#include "kept.h"

#include <arpa/inet.h>
#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "arp.h"
#include "file.h"
#include "lease.h"
#include "say.h"

/* one at a time: there are few interfaces, and it is short */
static struct {
	int fd; /* -1: none goes on */
	int index;
	uint8_t mac[6];
	struct dhcp_lease lease;
	int64_t until_ms;
	bool is_claimed;
} probe = { .fd = -1 };

static void path_of(char path[HOST_PATH_MAX], const struct port *port)
{
	(void)snprintf(path, HOST_PATH_MAX, HOST_KEPT "%s.lease", port->name);
}

void kept_write(const char *path, const char *text, size_t length)
{
	char old[LEASE_TEXT_MAX];

	/* file_read cuts the last newline off */
	ssize_t had = file_read(path, old, sizeof(old));
	if (had >= 0 && (size_t)had + 1 == length &&
		memcmp(old, text, (size_t)had) == 0)
		return;
	if (mkdir(HOST_KEPT, 0700) < 0 && errno != EEXIST)
		note("net", "make '" HOST_KEPT "': %m");
	int result = file_replace(path, text, length, 0600);
	if (result < 0)
		note("net", "write '%s': %s", path, strerror(-result));
}

void kept_save(const struct host *host, const struct port *port)
{
	char path[HOST_PATH_MAX], text[LEASE_TEXT_MAX];

	if (!host->has_data || port->lease_state != PORT_LEASE_FRESH)
		return;
	size_t length = lease_print(&port->lease, 0, text);
	path_of(path, port);
	kept_write(path, text, length);
}

void kept_save_all(const struct host *host)
{
	for (size_t i = 0; i < HOST_PORTS_MAX; i++)
		if (host->ports[i].index)
			kept_save(host, &host->ports[i]);
}

void kept_forget(const struct port *port)
{
	char path[HOST_PATH_MAX];

	path_of(path, port);
	(void)unlink(path); /* there may be none */
}

static bool load(const struct host *host, const struct port *port,
	struct dhcp_lease *lease)
{
	char path[HOST_PATH_MAX];
	int64_t at_s;

	path_of(path, port);
	return host->has_data && lease_read(path, lease, &at_s) == 0;
}

uint32_t kept_address(const struct host *host, const struct port *port)
{
	struct dhcp_lease lease;

	return !port->kept_is_done && load(host, port, &lease)
		       ? lease.address.ip
		       : 0;
}

static void begin(struct port *port, const struct dhcp_lease *lease,
	int64_t now_ms)
{
	port->kept_is_done = true;
	probe.fd = arp_open(port->index);
	probe.index = port->index;
	probe.lease = *lease;
	probe.until_ms = now_ms + KEPT_PROBE_MS;
	probe.is_claimed = false;
	memcpy(probe.mac, port->mac, sizeof(probe.mac));
	int result = probe.fd < 0 ? probe.fd
				  : arp_ask(probe.fd, port->index, port->mac,
					    lease->address.ip);
	if (result == 0)
		return;
	note("net", "%s: ask who has the address of the last boot: %s",
		port->name, strerror(-result));
	if (probe.fd >= 0)
		(void)close(probe.fd);
	probe.fd = -1;
}

/* nobody has it: use it */
static void take(struct port *port)
{
	char ip[INET_ADDRSTRLEN] = "";

	port->lease = probe.lease;
	port->lease_state = PORT_LEASE_KEPT;
	port->lease_until_s = INT64_MAX;
	port->lease_is_new = true;
	(void)inet_ntop(AF_INET, &port->lease.address.ip, ip, sizeof(ip));
	note("net", "%s: no DHCP server answers, using %s that it gave before",
		port->name, ip);
}

static bool end(struct host *host)
{
	bool is_taken = false;

	(void)close(probe.fd);
	probe.fd = -1;
	for (size_t i = 0; i < HOST_PORTS_MAX; i++) {
		struct port *port = &host->ports[i];

		if (port->index != probe.index ||
			port->lease_state != PORT_LEASE_NONE ||
			!port->silent_ms)
			continue;
		if (probe.is_claimed)
			note("net",
				"%s: another host has the address of the last "
				"boot, not using it",
				port->name);
		else
			take(port);
		is_taken = !probe.is_claimed;
	}
	return is_taken;
}

static bool is_waiting(const struct host *host, const struct port *port)
{
	return port->index && host->has_data && port->silent_ms &&
	       port->has_carrier && port->has_mac && !port->kept_is_done &&
	       port->lease_state == PORT_LEASE_NONE;
}

bool kept_run(struct host *host, int64_t now_ms, int64_t *next_ms)
{
	struct dhcp_lease lease;
	bool is_taken = false;

	if (probe.fd >= 0 && (probe.until_ms <= now_ms || probe.is_claimed))
		is_taken = end(host);
	for (size_t i = 0; i < HOST_PORTS_MAX && probe.fd < 0; i++) {
		struct port *port = &host->ports[i];
		int64_t due_ms = port->silent_ms + KEPT_AFTER_MS;

		if (!is_waiting(host, port))
			continue;
		if (due_ms > now_ms) {
			if (due_ms < *next_ms)
				*next_ms = due_ms;
		} else if (load(host, port, &lease))
			begin(port, &lease, now_ms);
		else
			port->kept_is_done = true;
	}
	if (probe.fd >= 0 && probe.until_ms < *next_ms)
		*next_ms = probe.until_ms;
	return is_taken;
}

int kept_fd(void)
{
	return probe.fd;
}

void kept_hear(void)
{
	if (probe.fd >= 0)
		probe.is_claimed |=
			arp_hears(probe.fd, probe.lease.address.ip, probe.mac);
}
