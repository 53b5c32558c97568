// SPDX-License-Identifier: MIT
/* link - links that are there, and which of them are ours */
#include "net/link.h"

#include <errno.h>
#include <linux/if_link.h>
#include <linux/rtnetlink.h>
#include <string.h>
#include <sys/socket.h>

#include "lib/error.h"
#include "lib/fd.h"
#include "lib/hash.h"
#include "lib/text.h"
#include "net/link_parts.h"

#define DIGITS        8 /* hexadecimal ones of a name, behind two letters */
#define REQUEST_BYTES 128

/* ---- reading ------------------------------------------------------------- */

static void copy_string(char *out, size_t size, const struct nlattr *attribute)
{
	const char *string = netlink_data(attribute);
	size_t length = netlink_size(attribute);

	length = length < size ? length : size - 1;
	if (length > 0)
		memcpy(out, string, length);
	out[length] = '\0';
}

static void parse_kind(const struct nlattr *info, struct link_found *out)
{
	const struct nlattr *table[IFLA_INFO_MAX + 1];
	const struct nlattr *data[IFLA_BR_MAX + 1];

	netlink_parse_nested(info, table, IFLA_INFO_MAX + 1);
	copy_string(out->kind, sizeof(out->kind), table[IFLA_INFO_KIND]);
	if (!text_equal(out->kind, "bridge"))
		return;
	netlink_parse_nested(table[IFLA_INFO_DATA], data, IFLA_BR_MAX + 1);
	out->has_stp = netlink_u32(data[IFLA_BR_STP_STATE]) != 0;
	out->forward_delay = netlink_u32(data[IFLA_BR_FORWARD_DELAY]);
}

bool link_read_body(const struct nlmsghdr *message, unsigned int type,
	void *body, size_t size)
{
	if (message->nlmsg_type != type ||
		message->nlmsg_len < NLMSG_LENGTH(size))
		return false;
	memcpy(body, (const unsigned char *)message + NLMSG_HDRLEN, size);
	return true;
}

bool link_parse(const struct nlmsghdr *message, struct link_found *out)
{
	const struct nlattr *table[IFLA_MAX + 1];
	struct ifinfomsg info;

	if (!link_read_body(message, RTM_NEWLINK, &info, sizeof(info)))
		return false;
	netlink_parse(message, sizeof(info), table, IFLA_MAX + 1);
	*out = (struct link_found){
		.index = info.ifi_index,
		.flags = info.ifi_flags,
		.type = info.ifi_type,
		.master = (int)netlink_u32(table[IFLA_MASTER]),
		.peer = (int)netlink_u32(table[IFLA_LINK]),
		.mtu = netlink_u32(table[IFLA_MTU]),
	};
	copy_string(out->name, sizeof(out->name), table[IFLA_IFNAME]);
	copy_string(out->alias, sizeof(out->alias), table[IFLA_IFALIAS]);
	if (netlink_size(table[IFLA_ADDRESS]) == sizeof(out->mac))
		memcpy(out->mac, netlink_data(table[IFLA_ADDRESS]),
			sizeof(out->mac));
	parse_kind(table[IFLA_LINKINFO], out);
	return true;
}

static void read_one(const struct nlmsghdr *message, void *context)
{
	(void)link_parse(message, context);
}

static void begin_request(struct netlink_batch *batch, unsigned int flags)
{
	const struct ifinfomsg info = { .ifi_family = AF_UNSPEC };

	netlink_begin(batch, RTM_GETLINK, flags, &info, sizeof(info));
	netlink_add_u32(batch, IFLA_EXT_MASK, RTEXT_FILTER_SKIP_STATS);
}

int link_find(int fd, const char *name, struct link_found *out)
{
	unsigned char request[REQUEST_BYTES] __attribute__((aligned(8)));
	struct netlink_batch batch;
	int result;

	*out = (struct link_found){ 0 };
	netlink_init(&batch, request, sizeof(request));
	begin_request(&batch, 0);
	netlink_add_string(&batch, IFLA_IFNAME, name);
	result = netlink_ask(fd, &batch, read_one, out);
	return result == 0 && out->index == 0 ? -ENODEV : result;
}

int link_dump(int fd, netlink_fn *visit, void *context)
{
	unsigned char request[REQUEST_BYTES] __attribute__((aligned(8)));
	struct netlink_batch batch;

	netlink_init(&batch, request, sizeof(request));
	begin_request(&batch, NLM_F_DUMP);
	return netlink_ask(fd, &batch, visit, context);
}

int link_dump_bridges(int fd, netlink_fn *visit, void *context)
{
	unsigned char request[REQUEST_BYTES] __attribute__((aligned(8)));
	struct netlink_batch batch;
	size_t info;

	netlink_init(&batch, request, sizeof(request));
	begin_request(&batch, NLM_F_DUMP);
	info = netlink_nest(&batch, IFLA_LINKINFO);
	netlink_add_string(&batch, IFLA_INFO_KIND, "bridge");
	netlink_close(&batch, info);
	return netlink_ask(fd, &batch, visit, context);
}

/* ---- ours ---------------------------------------------------------------- */

bool link_has_name(const char *name, const char *start)
{
	return text_starts_with(name, start) && strlen(name + 2) == DIGITS &&
	       strspn(name + 2, "0123456789abcdef") == DIGITS;
}

bool link_is_name(const char *name)
{
	return link_has_name(name, "tb") || link_has_name(name, "tv");
}

bool link_is_bridge(const struct link_found *link)
{
	uint8_t mac[6];

	link_make_mac(mac, link->name);
	return link_has_name(link->name, "tb") &&
	       text_equal(link->kind, "bridge") &&
	       (link_alias_text(link) ||
		       (link->alias[0] == '\0' &&
			       memcmp(link->mac, mac, sizeof(mac)) == 0));
}

bool link_is_port(const struct link_found *link)
{
	return link_has_name(link->name, "tv") &&
	       text_equal(link->kind, "veth") &&
	       (link_alias_text(link) ||
		       (link->alias[0] == '\0' && link->master != 0));
}

/* One network card, not assigned by a maker (IEEE 802c). */
void link_make_mac(uint8_t mac[6], const char *name)
{
	uint64_t hash = hash_string(hash_string(HASH_START, "bridge"), name);

	mac[0] = 0x0a;
	memcpy(mac + 1, &hash, 5);
}

/* ---- changing ------------------------------------------------------------ */

int link_commit(int fd, struct netlink_batch *batch, size_t *failed)
{
	struct nlmsghdr *last = (void *)(batch->data + batch->message);

	if (batch->count == 0)
		return 0;
	last->nlmsg_flags |= NLM_F_ACK;
	return netlink_commit(fd, batch, failed);
}

void link_add_removal(struct netlink_batch *batch, int index)
{
	const struct ifinfomsg info = { .ifi_index = index };

	netlink_begin(batch, RTM_DELLINK, 0, &info, sizeof(info));
}

int link_detach(const char *name, struct error *err)
{
	unsigned char request[REQUEST_BYTES] __attribute__((aligned(8)));
	struct netlink_batch batch;
	struct link_found link;
	auto_fd fd = netlink_open(NETLINK_ROUTE, err);
	int result;

	if (fd < 0)
		return fd;
	result = link_find(fd, name, &link);
	if (result == 0 && !link_is_port(&link))
		return error_set(err, -EPERM,
			"remove link '%s': it is none of ours", name);
	if (result == 0) {
		netlink_init(&batch, request, sizeof(request));
		link_add_removal(&batch, link.index);
		result = link_commit(fd, &batch, NULL);
	}
	/* it goes by itself when its container's namespace does */
	if (result == 0 || result == -ENODEV)
		return 0;
	return error_set(err, result, "remove link '%s': %s", name,
		strerror(-result));
}
