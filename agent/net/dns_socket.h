/* SPDX-License-Identifier: MIT */
/*
 * dns_socket - the sockets of a name server
 *
 * All are non-blocking. What is listened on may be an address that the machine
 * does not have yet (IP_FREEBIND, ip(7); IPV6_FREEBIND, ipv6(7)): the bridge
 * that will have it may come later.
 */
#ifndef TARE_NET_DNS_SOCKET_H
#define TARE_NET_DNS_SOCKET_H

#include <stdint.h>
#include <sys/socket.h>

struct address;
struct error;

enum dns_socket_kind {
	DNS_SOCKET_UDP = SOCK_DGRAM,
	DNS_SOCKET_TCP = SOCK_STREAM,
};

/* Fills out; returns its size. */
socklen_t dns_socket_name(const struct address *address, uint16_t port,
	struct sockaddr_storage *out);

/* The reverse; the address is none when it is neither IPv4 nor IPv6. */
void dns_socket_peer(const struct sockaddr_storage *name,
	struct address *address, uint16_t *port);

/* A socket for those who ask. Returns it, or -errno. */
int dns_socket_listen(enum dns_socket_kind kind, const struct address *address,
	uint16_t port, struct error *err);

/*
 * A socket to a server, from a port that the kernel chose by chance; only that
 * server can be heard on it (RFC 5452, 9.2). TCP may still be connecting.
 * Returns it, or -errno.
 */
int dns_socket_connect(enum dns_socket_kind kind, const struct address *address,
	uint16_t port);

#endif
