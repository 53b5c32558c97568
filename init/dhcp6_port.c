/* SPDX-License-Identifier: MIT */
/* dhcp6_port - a port's DHCPv6 client, and what that was given */
#include "dhcp6_port.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <unistd.h>

#include "file.h"
#include "host.h"
#include "kept.h"
#include "ports.h"
#include "say.h"

#define PROGRAM    "/sbin/dhcp6"
#define MACHINE_ID HOST_DATA "/state/machine-id"
#define SILENT_MS  15000 /* a server and a link have their delays */
#define ARGS_MAX   (8 + 2 * DHCP6_ADDRESSES_MAX)

void dhcp6_port_make_folder(void)
{
	if ((mkdir(DHCP6_FOLDER, 0755) < 0 && errno != EEXIST) ||
		chown(DHCP6_FOLDER, DHCP6_USER, DHCP6_USER) < 0)
		note("netd", "make '" DHCP6_FOLDER "': %m");
}

static void path_of(char path[HOST_PATH_MAX], const struct port *port)
{
	(void)snprintf(path, HOST_PATH_MAX, DHCP6_FOLDER "%s.lease",
		port->name);
}

static void kept_path_of(char path[HOST_PATH_MAX], const struct port *port)
{
	(void)snprintf(path, HOST_PATH_MAX, HOST_KEPT "%s.lease6", port->name);
}

void dhcp6_port_keep(const struct host *host, const struct port *port)
{
	char path[HOST_PATH_MAX], text[DHCP6_LEASE_MAX];
	struct dhcp6_lease lease = port->dhcp6.lease;

	if (!host->has_data || lease.count == 0)
		return;
	lease.at_s = 0; /* what only was renewed is not written again */
	size_t length = dhcp6_lease_print(&lease, text);
	kept_path_of(path, port);
	kept_write(path, text, length);
}

/* addresses that it had before the boot */
static void load_kept(const struct host *host, const struct port *port,
	struct dhcp6_lease *lease)
{
	char path[HOST_PATH_MAX];

	kept_path_of(path, port);
	if (!host->has_data || dhcp6_lease_read(path, lease) < 0)
		*lease = (struct dhcp6_lease){ 0 };
}

/* ---- the client -------------------------------------------------------------- */

static bool identify(const struct host *host, const struct port *port,
	struct dhcp6_duid *duid)
{
	static const uint8_t none[6];
	char id[64];

	if (host->has_data && file_read(MACHINE_ID, id, sizeof(id)) > 0 &&
		dhcp6_id_of_machine(id, duid))
		return true;
	dhcp6_id_of_mac(port->has_mac ? port->mac : none, duid);
	return port->has_mac;
}

static uint32_t iaid_of(const struct host *host, const struct port *port)
{
	const struct wanted_link *block = ports_block(host, port);
	const bool is_made = block && block->kind != WANTED_DEVICE;

	return dhcp6_id_of_link(port->has_mac && !is_made ? port->mac : NULL,
		port->name);
}

static _Noreturn void become_client(const struct host *host, struct port *port,
	int channel)
{
	static char program[] = "dhcp6", names[] = "-n", id[] = "-d",
		    link[] = "-i", hint[] = "-a";
	static char addresses[DHCP6_ADDRESSES_MAX][IP_TEXT_MAX];
	char duid_text[DHCP6_DUID_TEXT_MAX], iaid_text[16];
	char *argv[ARGS_MAX] = { program, id, duid_text, link, iaid_text };
	unsigned count = 5;
	struct dhcp6_duid duid;
	struct dhcp6_lease kept;

	if (!identify(host, port, &duid))
		_exit(127); /* it has no address of its own: no hardware */
	(void)dhcp6_id_print(&duid, duid_text);
	(void)snprintf(iaid_text, sizeof(iaid_text), "%lx",
		(unsigned long)iaid_of(host, port));
	load_kept(host, port, &kept);
	for (unsigned i = 0; i < kept.count; i++) {
		argv[count++] = hint;
		argv[count++] = addresses[i];
		(void)ip_print(&kept.addresses[i].ip, addresses[i]);
	}
	if (port->dhcp6.mode == DHCP6_MODE_NAMES)
		argv[count++] = names;
	argv[count] = port->name;
	if (dup2(channel, STDIN_FILENO) == STDIN_FILENO)
		(void)execv(PROGRAM, argv);
	note("netd", "run '" PROGRAM "': %m");
	_exit(127);
}

static void close_channel(struct dhcp6_port *dhcp6)
{
	if (dhcp6->has_channel)
		(void)close(dhcp6->channel);
	dhcp6->has_channel = false;
}

static void start(struct host *host, struct port *port, int64_t now_ms)
{
	struct dhcp6_port *dhcp6 = &port->dhcp6;
	int pair[2];

	close_channel(dhcp6);
	if (socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC | SOCK_NONBLOCK,
		    0, pair) < 0) {
		note("netd", "start a DHCPv6 client on %s: %m", port->name);
		return;
	}
	pid_t pid = child_start(&dhcp6->client, NULL);
	if (pid == 0)
		become_client(host, port, pair[1]);
	if (pid < 0)
		note("netd", "start a DHCPv6 client on %s: %m", port->name);
	(void)close(pair[1]);
	dhcp6->channel = pair[0];
	dhcp6->has_channel = true;
	if (!dhcp6->silent_ms)
		dhcp6->silent_ms = now_ms;
}

/* one that is just ending hears nothing any more, and needs not */
static void tell(struct dhcp6_port *dhcp6, const char *text)
{
	if (dhcp6->has_channel)
		(void)send(dhcp6->channel, text, strlen(text), MSG_NOSIGNAL);
}

void dhcp6_port_stop(struct port *port)
{
	close_channel(&port->dhcp6);
	child_stop(&port->dhcp6.client);
}

void dhcp6_port_forget(struct port *port)
{
	char path[HOST_PATH_MAX];

	path_of(path, port);
	(void)unlink(path); /* mostly there is none */
	port->dhcp6.lease = (struct dhcp6_lease){ 0 };
	port->dhcp6.lease_is_new = false;
	port->dhcp6.silent_ms = 0;
	port->dhcp6.silence_is_told = false;
}

void dhcp6_port_carrier(struct port *port)
{
	tell(&port->dhcp6, "carrier");
}

/* What routers say is followed, but an address is not given up for it. */
static enum dhcp6_mode mode_of(const struct host *host, const struct port *port)
{
	const struct dhcp6_port *dhcp6 = &port->dhcp6;
	const struct wanted_link *block = ports_block(host, port);

	if (!block || port->is_member)
		return DHCP6_MODE_NONE;
	if (block->has_dhcp6)
		return DHCP6_MODE_ADDRESSES;
	if (!block->has_auto)
		return DHCP6_MODE_NONE;
	if (dhcp6->is_managed ||
		(dhcp6->mode == DHCP6_MODE_ADDRESSES && dhcp6->lease.count))
		return DHCP6_MODE_ADDRESSES;
	return dhcp6->has_more ? DHCP6_MODE_NAMES : DHCP6_MODE_NONE;
}

static void tell_silence(struct port *port, int64_t now_ms, int64_t *next_ms)
{
	struct dhcp6_port *dhcp6 = &port->dhcp6;
	const int64_t due_ms = dhcp6->silent_ms + SILENT_MS;

	/* many a router says that there are names, and nobody has them */
	if (!dhcp6->silent_ms || dhcp6->silence_is_told ||
		dhcp6->mode != DHCP6_MODE_ADDRESSES)
		return;
	if (due_ms > now_ms) {
		if (due_ms < *next_ms)
			*next_ms = due_ms;
		return;
	}
	note("net", "no DHCPv6 answer on %s yet, still asking", port->name);
	dhcp6->silence_is_told = true;
}

void dhcp6_port_run(struct host *host, struct port *port, int64_t now_ms,
	int64_t *next_ms)
{
	struct dhcp6_port *dhcp6 = &port->dhcp6;
	const enum dhcp6_mode mode = mode_of(host, port);

	if (mode != dhcp6->mode) {
		/* a lease of before a restart is that of the first client */
		if (dhcp6->mode != DHCP6_MODE_NONE || mode == DHCP6_MODE_NONE)
			dhcp6_port_forget(port);
		dhcp6_port_stop(port);
		dhcp6->mode = mode;
	}
	if (mode == DHCP6_MODE_NONE && dhcp6->lease.server.length)
		dhcp6_port_forget(port); /* of before a restart */
	if (mode == DHCP6_MODE_NONE ||
		(!dhcp6->client.pid && !port->has_carrier))
		return;
	if (child_is_due(&dhcp6->client, now_ms, next_ms))
		start(host, port, now_ms);
	(void)child_is_due(&dhcp6->client, now_ms, next_ms);
	tell_silence(port, now_ms, next_ms);
}

/* ---- the lease ---------------------------------------------------------------- */

void dhcp6_port_read(struct host *host, struct port *port)
{
	struct dhcp6_port *dhcp6 = &port->dhcp6;
	struct dhcp6_lease lease;
	char path[HOST_PATH_MAX];

	path_of(path, port);
	if (dhcp6_lease_read(path, &lease) < 0)
		return;
	if (dhcp6->lease.count && !lease.count)
		note("net", "%s: the DHCPv6 lease is over", port->name);
	dhcp6->lease = lease;
	dhcp6->lease_is_new = true;
	if (lease.server.length) {
		dhcp6->silent_ms = 0;
		dhcp6->silence_is_told = false;
	}
	dhcp6_port_keep(host, port);
}

bool dhcp6_port_duplicate(struct port *port, const struct ip *ip)
{
	struct dhcp6_lease *lease = &port->dhcp6.lease;
	char text[IP_TEXT_MAX], message[IP_TEXT_MAX + 16];
	const int which = dhcp6_lease_find(lease, ip);

	if (which < 0)
		return false;
	note("net", "%s: another host has the address %s, declining it",
		port->name, ip_print(ip, text));
	dhcp6_lease_remove(lease, (unsigned)which);
	(void)snprintf(message, sizeof(message), "duplicate %s", text);
	tell(&port->dhcp6, message);
	return true;
}
