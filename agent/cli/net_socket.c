// SPDX-License-Identifier: MIT
/* net_socket - addresses as the calls of sockets take them */
#include "cli/net_socket.h"

#include <arpa/inet.h>
#include <string.h>

#include "lib/address.h"

void net_peer_make(struct net_peer *peer, const struct address *address,
	uint16_t port, uint32_t scope)
{
	memset(peer, 0, sizeof(*peer));
	if (address->family == AF_INET6) {
		peer->v6.sin6_family = AF_INET6;
		peer->v6.sin6_port = htons(port);
		peer->v6.sin6_scope_id = scope;
		memcpy(&peer->v6.sin6_addr, address->bytes, 16);
		peer->size = sizeof(peer->v6);
	} else {
		peer->v4.sin_family = AF_INET;
		peer->v4.sin_port = htons(port);
		memcpy(&peer->v4.sin_addr, address->bytes, 4);
		peer->size = sizeof(peer->v4);
	}
}

struct address net_peer_address(const struct net_peer *peer)
{
	struct address address = { 0 };

	if (peer->any.sa_family == AF_INET6) {
		address.family = AF_INET6;
		memcpy(address.bytes, &peer->v6.sin6_addr, 16);
	} else if (peer->any.sa_family == AF_INET) {
		address.family = AF_INET;
		memcpy(address.bytes, &peer->v4.sin_addr, 4);
	}
	return address;
}

/* By hand, as CMSG_NXTHDR of musl is none that all compilers like. */
void net_peer_besides(const struct msghdr *message, const struct cmsghdr *like,
	void *out, size_t size)
{
	const unsigned char *at = message->msg_control;
	size_t left = message->msg_controllen;

	while (left >= sizeof(struct cmsghdr)) {
		struct cmsghdr part;
		size_t step;

		memcpy(&part, at, sizeof(part));
		if (part.cmsg_len < sizeof(part) || part.cmsg_len > left)
			return;
		if (part.cmsg_level == like->cmsg_level &&
			part.cmsg_type == like->cmsg_type &&
			part.cmsg_len >= CMSG_LEN(size))
			memcpy(out, at + CMSG_LEN(0), size);
		step = CMSG_ALIGN(part.cmsg_len);
		step = step > left ? left : step;
		at += step;
		left -= step;
	}
}
