// SPDX-License-Identifier: MIT
/* dns_socket - the sockets of a name server */
#include "net/dns_socket.h"

#include <arpa/inet.h>
#include <errno.h>
#include <netinet/in.h>
#include <string.h>

#include "lib/address.h"
#include "lib/error.h"
#include "lib/fd.h"

#ifndef IPV6_FREEBIND
#define IPV6_FREEBIND 78
#endif

enum {
	BACKLOG = 64,
	UDP_BUFFER_SIZE = 1 << 20, /* a burst of some thousand questions */
	TCP_BUFFER_SIZE = 1 << 18, /* the largest answer in one go */
};

socklen_t dns_socket_name(const struct address *address, uint16_t port,
	struct sockaddr_storage *out)
{
	struct sockaddr_in in4 = {
		.sin_family = AF_INET,
		.sin_port = htons(port),
	};
	struct sockaddr_in6 in6 = {
		.sin6_family = AF_INET6,
		.sin6_port = htons(port),
	};

	if (address->family == AF_INET) {
		memcpy(&in4.sin_addr, address->bytes, sizeof(in4.sin_addr));
		memcpy(out, &in4, sizeof(in4));
		return sizeof(in4);
	}
	memcpy(&in6.sin6_addr, address->bytes, sizeof(in6.sin6_addr));
	memcpy(out, &in6, sizeof(in6));
	return sizeof(in6);
}

void dns_socket_peer(const struct sockaddr_storage *name,
	struct address *address, uint16_t *port)
{
	struct sockaddr_in in4;
	struct sockaddr_in6 in6;

	*address = (struct address){ .family = 0 };
	*port = 0;
	if (name->ss_family == AF_INET) {
		memcpy(&in4, name, sizeof(in4));
		address->family = AF_INET;
		memcpy(address->bytes, &in4.sin_addr, sizeof(in4.sin_addr));
		*port = ntohs(in4.sin_port);
	} else if (name->ss_family == AF_INET6) {
		memcpy(&in6, name, sizeof(in6));
		address->family = AF_INET6;
		memcpy(address->bytes, &in6.sin6_addr, sizeof(in6.sin6_addr));
		*port = ntohs(in6.sin6_port);
	}
}

/* What cannot be set only makes bursts or large answers fail sooner. */
static void set_sizes(int fd, enum dns_socket_kind kind)
{
	static const int udp = UDP_BUFFER_SIZE;
	static const int tcp = TCP_BUFFER_SIZE;

	if (kind == DNS_SOCKET_UDP)
		(void)setsockopt(fd, SOL_SOCKET, SO_RCVBUF, &udp, sizeof(udp));
	else
		(void)setsockopt(fd, SOL_SOCKET, SO_SNDBUF, &tcp, sizeof(tcp));
}

static int set_free(int fd, const struct address *address)
{
	static const int yes = 1;

	if (setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &yes, sizeof(yes)) < 0)
		return -errno;
	if (address->family == AF_INET)
		return setsockopt(fd, IPPROTO_IP, IP_FREEBIND, &yes,
			sizeof(yes));
	if (setsockopt(fd, IPPROTO_IPV6, IPV6_V6ONLY, &yes, sizeof(yes)) < 0)
		return -errno;
	return setsockopt(fd, IPPROTO_IPV6, IPV6_FREEBIND, &yes, sizeof(yes));
}

int dns_socket_listen(enum dns_socket_kind kind, const struct address *address,
	uint16_t port, struct error *err)
{
	struct sockaddr_storage name;
	socklen_t size = dns_socket_name(address, port, &name);
	char text[ADDRESS_TEXT_SIZE];
	auto_fd fd = socket(address->family,
		(int)kind | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);

	if (fd < 0 || set_free(fd, address) < 0 ||
		bind(fd, (const struct sockaddr *)&name, size) < 0)
		return error_errno(err, "listen on %s port %u",
			address_print(address, text), port);
	set_sizes(fd, kind);
	if (kind == DNS_SOCKET_TCP && listen(fd, BACKLOG) < 0)
		return error_errno(err, "listen on %s port %u",
			address_print(address, text), port);
	return fd_take(&fd);
}

int dns_socket_connect(enum dns_socket_kind kind, const struct address *address,
	uint16_t port)
{
	struct sockaddr_storage name;
	socklen_t size = dns_socket_name(address, port, &name);
	auto_fd fd = socket(address->family,
		(int)kind | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);

	if (fd < 0)
		return -errno;
	if (connect(fd, (const struct sockaddr *)&name, size) < 0 &&
		errno != EINPROGRESS)
		return -errno;
	return fd_take(&fd);
}
