// SPDX-License-Identifier: MIT
/* addresses - the machine's addresses, and a watch on their changes */
#include "supervise/addresses.h"

#include <linux/netlink.h>
#include <linux/rtnetlink.h>
#include <net/if.h>
#include <stdbool.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "lib/address.h"
#include "lib/error.h"
#include "lib/fd.h"
#include "lib/netlink.h"
#include "lib/text.h"
#include "net/link.h"

#define DRAIN_MAX     64
#define REQUEST_BYTES 64
#define LOOPBACK      1 /* the number of "lo", always */

struct listing {
	struct text text;
	char last[IF_NAMESIZE]; /* the link of the address before */
};

/* False of a message that is none of an address. */
static bool parse(const struct nlmsghdr *message, int *link, struct prefix *out)
{
	const struct nlattr *table[IFA_MAX + 1];
	const struct nlattr *address;
	struct ifaddrmsg info;

	if (message->nlmsg_type != RTM_NEWADDR ||
		message->nlmsg_len < NLMSG_LENGTH(sizeof(info)))
		return false;
	memcpy(&info, (const unsigned char *)message + NLMSG_HDRLEN,
		sizeof(info));
	netlink_parse(message, sizeof(info), table, IFA_MAX + 1);
	/* of a link from point to point, the other is that of its other end */
	address = table[IFA_LOCAL] ? table[IFA_LOCAL] : table[IFA_ADDRESS];
	*out = (struct prefix){ .address.family = info.ifa_family,
		.length = info.ifa_prefixlen };
	if ((info.ifa_family != AF_INET && info.ifa_family != AF_INET6) ||
		netlink_size(address) != address_size(&out->address))
		return false;
	memcpy(out->address.bytes, netlink_data(address),
		netlink_size(address));
	*link = (int)info.ifa_index;
	return true;
}

/* fe80::/10 says nothing to a person */
static bool is_link_local(const struct address *address)
{
	return address->family == AF_INET6 && address->bytes[0] == 0xfe &&
	       (address->bytes[1] & 0xc0) == 0x80;
}

static void add(const struct nlmsghdr *message, void *context)
{
	struct listing *listing = context;
	char name[IF_NAMESIZE], address[PREFIX_TEXT_SIZE];
	struct prefix prefix;
	int link;

	if (!parse(message, &link, &prefix) || link == LOOPBACK ||
		is_link_local(&prefix.address) ||
		!if_indextoname((unsigned int)link, name) || link_is_name(name))
		return;
	if (text_equal(name, listing->last))
		text_add(&listing->text, ", ");
	else
		text_add(&listing->text, "%s%s ", *listing->last ? "; " : "",
			name);
	(void)text_copy(listing->last, sizeof(listing->last), name);
	text_add(&listing->text, "%s", prefix_print(&prefix, address));
}

/*
 * Asked for alone, not with all links as getifaddrs(3) does: those of a
 * thousand workloads have none.
 */
void addresses_list(char *out, size_t size)
{
	const struct ifaddrmsg all = { .ifa_family = AF_UNSPEC };
	unsigned char request[REQUEST_BYTES] __attribute__((aligned(8)));
	auto_fd fd = netlink_open(NETLINK_ROUTE, NULL);
	struct netlink_batch batch;
	struct listing listing = { .last = "" };

	text_init(&listing.text, out, size);
	if (fd < 0)
		return;
	netlink_init(&batch, request, sizeof(request));
	netlink_begin(&batch, RTM_GETADDR, NLM_F_DUMP, &all, sizeof(all));
	/* what changes meanwhile is told, and listed again */
	(void)netlink_ask(fd, &batch, add, &listing);
}

int addresses_open(struct error *err)
{
	struct sockaddr_nl local = {
		.nl_family = AF_NETLINK,
		.nl_groups = RTMGRP_IPV4_IFADDR | RTMGRP_IPV6_IFADDR,
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
