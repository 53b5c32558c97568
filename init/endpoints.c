/* SPDX-License-Identifier: MIT */
/* endpoints - names of WireGuard's peers, looked up beside netd */
#include "endpoints.h"

#include <linux/capability.h>
#include <netdb.h>
#include <netinet/in.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "say.h"
#include "wireguard.h"

bool endpoints_any(const struct wanted *wanted, unsigned block)
{
	for (unsigned i = 0; i < wanted->peers_count; i++)
		if (wanted->peers[i].link == block && *wanted->peers[i].host)
			return true;
	return false;
}

/* the first address of a name that a host can have */
static bool look_up(const char *name, struct ip *ip)
{
	const struct addrinfo hints = { .ai_socktype = SOCK_DGRAM };
	struct addrinfo *found;
	bool is_found = false;

	if (getaddrinfo(name, NULL, &hints, &found) != 0)
		return false;
	for (struct addrinfo *at = found; at && !is_found; at = at->ai_next) {
		const struct sockaddr_in *v4 = (const void *)at->ai_addr;
		const struct sockaddr_in6 *v6 = (const void *)at->ai_addr;

		*ip = (struct ip){ .family = (uint8_t)at->ai_family };
		if (at->ai_family == AF_INET)
			memcpy(ip->bytes, &v4->sin_addr, 4);
		else
			memcpy(ip->bytes, &v6->sin6_addr, 16);
		is_found = ip_is_host(ip);
	}
	freeaddrinfo(found);
	return is_found;
}

static _Noreturn void look_up_all(const struct wanted *wanted, unsigned block,
	int index)
{
	int status = EXIT_SUCCESS;
	struct ip ip;

	if (child_drop_rights(CAP_NET_ADMIN) < 0) {
		note("net", "give up rights: %m");
		_exit(EXIT_FAILURE);
	}
	for (unsigned i = 0; i < wanted->peers_count; i++) {
		const struct wanted_peer *peer = &wanted->peers[i];

		if (peer->link == block && *peer->host &&
			(!look_up(peer->host, &ip) ||
				wireguard_set_endpoint(index, peer, &ip) < 0))
			status = EXIT_FAILURE;
	}
	_exit(status);
}

void endpoints_run(const struct host *host, struct port *port, int64_t now_ms,
	int64_t *next_ms)
{
	if (!port->has_names || port->block < 0 ||
		!child_is_due(&port->resolver, now_ms, next_ms))
		return;
	pid_t pid = child_start(&port->resolver, NULL);
	if (pid == 0)
		look_up_all(&host->wanted, (unsigned)port->block, port->index);
	if (pid < 0)
		note("net", "%s: look up its peers: %m", port->name);
	(void)child_is_due(&port->resolver, now_ms, next_ms);
}

bool endpoints_reaped(struct port *port, int pid, int status)
{
	if (!child_reaped(&port->resolver, pid))
		return false;
	if (status == 0)
		port->has_names = false;
	return true;
}
