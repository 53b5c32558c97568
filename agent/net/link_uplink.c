// SPDX-License-Identifier: MIT
/* link_uplink - the links of the machine by which connections come in */
#include <errno.h>
#include <net/if_arp.h>
#include <string.h>

#include "lib/error.h"
#include "lib/fd.h"
#include "net/link.h"
#include "net/link_parts.h"
#include "net/topology.h"

#define ROUNDS_MAX 16

struct uplinks {
	char (*names)[IFNAMSIZ];
	size_t count;
};

static void see_link(const struct nlmsghdr *message, void *context)
{
	struct uplinks *uplinks = context;
	struct link_found link;

	if (uplinks->count == TOPOLOGY_UPLINKS_MAX ||
		!link_parse(message, &link) || link.type != ARPHRD_ETHER ||
		link_is_name(link.name))
		return;
	memcpy(uplinks->names[uplinks->count++], link.name, IFNAMSIZ);
}

int link_read_uplinks(char out[][IFNAMSIZ], size_t *count, struct error *err)
{
	struct uplinks uplinks = { .names = out };
	auto_fd fd = netlink_open(NETLINK_ROUTE, err);
	int result = -EINTR;

	*count = 0;
	if (fd < 0)
		return fd;
	/* what changes while it is read is read again */
	for (int i = 0; i < ROUNDS_MAX && result == -EINTR; i++) {
		uplinks.count = 0;
		result = link_dump(fd, see_link, &uplinks);
	}
	if (result < 0)
		return error_set(err, result, "read the machine's links: %s",
			strerror(-result));
	*count = uplinks.count;
	return 0;
}
