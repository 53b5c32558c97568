// SPDX-License-Identifier: MIT
/* addresses - the machine's addresses, and a watch on their changes */
#include "supervise/addresses.h"

#include <arpa/inet.h>
#include <ifaddrs.h>
#include <linux/netlink.h>
#include <linux/rtnetlink.h>
#include <net/if.h>
#include <netinet/in.h>
#include <stdbool.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "lib/error.h"
#include "lib/fd.h"
#include "lib/text.h"
#include "net/link.h"

#define DRAIN_MAX 64

/* The bytes of an IPv4 or IPv6 address, NULL for another family. */
static const void *address_bytes(const struct sockaddr *address, size_t *size)
{
	if (!address)
		return NULL;
	if (address->sa_family == AF_INET) {
		*size = 4;
		return &((const struct sockaddr_in *)(const void *)address)
				->sin_addr;
	}
	if (address->sa_family == AF_INET6) {
		*size = 16;
		return &((const struct sockaddr_in6 *)(const void *)address)
				->sin6_addr;
	}
	return NULL;
}

static unsigned int prefix_length(const struct sockaddr *netmask)
{
	size_t size = 0;
	const unsigned char *bytes = address_bytes(netmask, &size);
	unsigned int bits = 0;

	for (size_t i = 0; bytes && i < size; i++)
		bits += (unsigned int)__builtin_popcount(bytes[i]);
	return bits;
}

static bool is_shown(const struct ifaddrs *entry)
{
	size_t size;
	const unsigned char *bytes = address_bytes(entry->ifa_addr, &size);

	if (!bytes || (entry->ifa_flags & IFF_LOOPBACK) ||
		link_is_name(entry->ifa_name))
		return false;
	/* fe80::/10 says nothing to a person */
	return size == 4 || !(bytes[0] == 0xfe && (bytes[1] & 0xc0) == 0x80);
}

void addresses_list(char *out, size_t size)
{
	const char *last = "";
	struct ifaddrs *all;
	struct text text;

	text_init(&text, out, size);
	if (getifaddrs(&all) < 0)
		return;
	for (const struct ifaddrs *entry = all; entry;
		entry = entry->ifa_next) {
		char address[INET6_ADDRSTRLEN] = "";
		size_t ignored;

		if (!is_shown(entry))
			continue;
		(void)inet_ntop(entry->ifa_addr->sa_family,
			address_bytes(entry->ifa_addr, &ignored), address,
			sizeof(address));
		if (text_equal(entry->ifa_name, last))
			text_add(&text, ", ");
		else
			text_add(&text, "%s%s ", *last ? "; " : "",
				entry->ifa_name);
		last = entry->ifa_name;
		text_add(&text, "%s/%u", address,
			prefix_length(entry->ifa_netmask));
	}
	freeifaddrs(all);
}

int addresses_open(struct error *err)
{
	struct sockaddr_nl local = {
		.nl_family = AF_NETLINK,
		.nl_groups =
			RTMGRP_LINK | RTMGRP_IPV4_IFADDR | RTMGRP_IPV6_IFADDR,
	};
	auto_fd fd = socket(AF_NETLINK, SOCK_RAW | SOCK_CLOEXEC | SOCK_NONBLOCK,
		NETLINK_ROUTE);

	if (fd < 0)
		return error_errno(err, "open a netlink socket");
	if (bind(fd, (const struct sockaddr *)&local, sizeof(local)) < 0)
		return error_errno(err, "listen for address changes");
	return fd_take(&fd);
}

void addresses_drain(int fd)
{
	char buffer[4096];

	/*
	 * Also ENOBUFS ends it: messages were lost, but we list anew anyway. Who
	 * changes addresses without end must not keep us here.
	 */
	for (int i = 0; i < DRAIN_MAX; i++) {
		if (recv(fd, buffer, sizeof(buffer), 0) <= 0)
			return;
	}
}
