// SPDX-License-Identifier: MIT
/* link_taken - prefixes that the host uses */
#include <errno.h>
#include <linux/rtnetlink.h>
#include <string.h>
#include <sys/socket.h>

#include "lib/address.h"
#include "lib/arena.h"
#include "lib/error.h"
#include "lib/fd.h"
#include "net/link.h"
#include "net/link_parts.h"

#define TAKEN_MAX   1024 /* prefixes, of which none is within another */
#define OURS_MAX    512
#define ROUNDS_MAX  16
#define DEFAULT_MAX 1 /* 0.0.0.0/1 and 128.0.0.0/1 are a default route, too */

struct taken {
	struct prefix *prefixes;
	size_t count;
	int ours[OURS_MAX]; /* indices of our bridges */
	size_t our_count;
	bool is_full;
};

static void see_link(const struct nlmsghdr *message, void *context)
{
	struct taken *taken = context;
	struct link_found link;

	if (!link_parse(message, &link) || !link_is_bridge(&link))
		return;
	if (taken->our_count == OURS_MAX)
		taken->is_full = true;
	else
		taken->ours[taken->our_count++] = link.index;
}

static bool is_ours(const struct taken *taken, int index)
{
	for (size_t i = 0; i < taken->our_count; i++) {
		if (taken->ours[i] == index)
			return true;
	}
	return false;
}

static bool is_special(const struct address *address)
{
	bool is_link_local =
		address->family == AF_INET6
			? address->bytes[0] == 0xfe &&
				  (address->bytes[1] & 0xc0) == 0x80
			: address->bytes[0] == 169 && address->bytes[1] == 254;

	return is_link_local || address_is_loopback(address) ||
	       address_is_multicast(address);
}

static void add_prefix(struct taken *taken, const struct prefix *prefix)
{
	if (prefix->length <= DEFAULT_MAX || is_special(&prefix->address))
		return;
	for (size_t i = 0; i < taken->count; i++) {
		const struct prefix *other = &taken->prefixes[i];

		if (other->length <= prefix->length &&
			prefix_contains(other, &prefix->address))
			return;
	}
	if (taken->count == TAKEN_MAX)
		taken->is_full = true;
	else
		taken->prefixes[taken->count++] = *prefix;
}

/* Adds what an attribute holds, when it is an address of that family. */
static void add_bytes(struct taken *taken, const struct nlattr *attribute,
	uint8_t family, uint8_t length)
{
	struct prefix prefix = { .address.family = family, .length = length };
	size_t size = address_size(&prefix.address);

	if ((family != AF_INET && family != AF_INET6) || length > 8 * size ||
		netlink_size(attribute) != size)
		return;
	memcpy(prefix.address.bytes, netlink_data(attribute), size);
	add_prefix(taken, &prefix);
}

static void see_address(const struct nlmsghdr *message, void *context)
{
	const struct nlattr *table[IFA_MAX + 1];
	struct taken *taken = context;
	struct ifaddrmsg info;

	if (!link_read_body(message, RTM_NEWADDR, &info, sizeof(info)))
		return;
	netlink_parse(message, sizeof(info), table, IFA_MAX + 1);
	if (is_ours(taken, (int)info.ifa_index))
		return;
	/* of a link from point to point, both ends */
	add_bytes(taken, table[IFA_ADDRESS], info.ifa_family,
		info.ifa_prefixlen);
	add_bytes(taken, table[IFA_LOCAL], info.ifa_family,
		(uint8_t)(info.ifa_family == AF_INET ? 32 : 128));
}

static void see_route(const struct nlmsghdr *message, void *context)
{
	const struct nlattr *table[RTA_MAX + 1];
	struct taken *taken = context;
	struct rtmsg info;

	if (!link_read_body(message, RTM_NEWROUTE, &info, sizeof(info)))
		return;
	netlink_parse(message, sizeof(info), table, RTA_MAX + 1);
	/* those of addresses are seen as addresses */
	if (info.rtm_type == RTN_LOCAL || info.rtm_type == RTN_BROADCAST ||
		info.rtm_type == RTN_ANYCAST ||
		info.rtm_type == RTN_MULTICAST ||
		(info.rtm_flags & RTM_F_CLONED) ||
		is_ours(taken, (int)netlink_u32(table[RTA_OIF])))
		return;
	add_bytes(taken, table[RTA_DST], info.rtm_family, info.rtm_dst_len);
}

static int dump(int fd, unsigned int type, netlink_fn *visit,
	struct taken *taken)
{
	/* both begin with the family, and the rest is zero */
	const struct rtmsg info = { .rtm_family = AF_UNSPEC };
	unsigned char request[64] __attribute__((aligned(8)));
	struct netlink_batch batch;

	netlink_init(&batch, request, sizeof(request));
	netlink_begin(&batch, type, NLM_F_DUMP, &info,
		type == RTM_GETROUTE ? sizeof(info) : sizeof(struct ifaddrmsg));
	return netlink_ask(fd, &batch, visit, taken);
}

static int read_all(int fd, struct taken *taken)
{
	int result;

	taken->count = taken->our_count = 0;
	taken->is_full = false;
	result = link_dump_bridges(fd, see_link, taken);
	if (result == 0)
		result = dump(fd, RTM_GETADDR, see_address, taken);
	if (result == 0)
		result = dump(fd, RTM_GETROUTE, see_route, taken);
	return result == 0 && taken->is_full ? -E2BIG : result;
}

int link_read_taken(struct arena *arena, const struct prefix **out,
	size_t *count, struct error *err)
{
	struct taken taken = { .count = 0 };
	auto_fd fd = netlink_open(NETLINK_ROUTE, err);
	int result = -EINTR;

	*out = NULL;
	*count = 0;
	if (fd < 0)
		return fd;
	taken.prefixes = arena_array(arena, TAKEN_MAX, sizeof(*taken.prefixes));
	if (!taken.prefixes)
		return error_set(err, -ENOMEM, "read routes: no memory");
	/* what changes while it is read is read again */
	for (int i = 0; i < ROUNDS_MAX && result == -EINTR; i++)
		result = read_all(fd, &taken);
	if (result < 0)
		return error_set(err, result,
			"read the host's routes and addresses: %s",
			strerror(-result));
	*out = taken.prefixes;
	*count = taken.count;
	return 0;
}
