/* SPDX-License-Identifier: MIT */
/*
 * net_socket - addresses as the calls of sockets take them (ip(7), ipv6(7))
 */
#ifndef TARE_CLI_NET_SOCKET_H
#define TARE_CLI_NET_SOCKET_H

#include <netinet/in.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/socket.h>

struct address;

struct net_peer {
	union {
		struct sockaddr any;
		struct sockaddr_in v4;
		struct sockaddr_in6 v6;
	};
	socklen_t size;
};

/* scope: the link of a link-local address, or 0. */
void net_peer_make(struct net_peer *peer, const struct address *address,
	uint16_t port, uint32_t scope);

/* The address of one that was received from; none of other families. */
struct address net_peer_address(const struct net_peer *peer);

/*
 * Copies what the kernel tells besides a received packet (cmsg(3)): the part of
 * that level and type, when it has at least size bytes; else out stays.
 */
void net_peer_besides(const struct msghdr *message, const struct cmsghdr *like,
	void *out, size_t size);

#endif
