/* SPDX-License-Identifier: MIT */
/* wireguard - the keys and peers of a WireGuard interface */
#include "wireguard.h"

#include <errno.h>
#include <linux/genetlink.h>
#include <linux/wireguard.h>
#include <netinet/in.h>
#include <string.h>
#include <unistd.h>

#include "file.h"
#include "nl.h"

static void visit_family(const struct nlmsghdr *message, void *context)
{
	const struct rtattr *id = nl_find(message, sizeof(struct genlmsghdr),
		CTRL_ATTR_FAMILY_ID);
	uint16_t *family = context;

	if (message->nlmsg_type == GENL_ID_CTRL && id &&
		RTA_PAYLOAD(id) >= sizeof(*family))
		memcpy(family, nl_value(id), sizeof(*family));
}

/* the number that this boot's kernel gave the family, or a negative errno */
static int find_family(int fd)
{
	struct nl_request request;
	uint16_t family = 0;
	struct genlmsghdr *body =
		nl_begin(&request, GENL_ID_CTRL, NLM_F_ACK, sizeof(*body));

	body->cmd = CTRL_CMD_GETFAMILY;
	body->version = 1;
	nl_add(&request, CTRL_ATTR_FAMILY_NAME, WG_GENL_NAME,
		sizeof(WG_GENL_NAME));
	int result = nl_transact(fd, &request, visit_family, &family);
	if (result < 0)
		return result;
	return family ? family : -ENOENT;
}

static void begin(struct nl_request *request, int family, uint8_t command,
	int index)
{
	struct genlmsghdr *body = nl_begin(request, (uint16_t)family,
		command == WG_CMD_GET_DEVICE ? NLM_F_DUMP : NLM_F_ACK,
		sizeof(*body));

	body->cmd = command;
	body->version = WG_GENL_VERSION;
	nl_add(request, WGDEVICE_A_IFINDEX, &index, sizeof(index));
}

static void add_endpoint(struct nl_request *request, const struct ip *endpoint,
	uint16_t port)
{
	struct sockaddr_in v4 = { .sin_family = AF_INET,
		.sin_port = htons(port) };
	struct sockaddr_in6 v6 = { .sin6_family = AF_INET6,
		.sin6_port = htons(port) };

	if (endpoint->family == AF_INET) {
		memcpy(&v4.sin_addr, endpoint->bytes, 4);
		nl_add(request, WGPEER_A_ENDPOINT, &v4, sizeof(v4));
	} else if (endpoint->family == AF_INET6) {
		memcpy(&v6.sin6_addr, endpoint->bytes, 16);
		nl_add(request, WGPEER_A_ENDPOINT, &v6, sizeof(v6));
	}
}

static void add_prefix(struct nl_request *request,
	const struct ip_prefix *prefix)
{
	const uint16_t family = prefix->ip.family;
	size_t row = nl_nest(request, 0);

	nl_add(request, WGALLOWEDIP_A_FAMILY, &family, sizeof(family));
	nl_add(request, WGALLOWEDIP_A_IPADDR, prefix->ip.bytes,
		ip_size(prefix->ip.family));
	nl_add(request, WGALLOWEDIP_A_CIDR_MASK, &prefix->length, 1);
	nl_nest_end(request, row);
}

/* one peer in a message: however many there are, each fits */
static int set_peer(int fd, int family, int index, const struct wanted *wanted,
	unsigned number)
{
	const struct wanted_peer *peer = &wanted->peers[number];
	const uint32_t flags = WGPEER_F_REPLACE_ALLOWEDIPS;
	struct nl_request request;

	begin(&request, family, WG_CMD_SET_DEVICE, index);
	size_t peers = nl_nest(&request, WGDEVICE_A_PEERS);
	size_t row = nl_nest(&request, 0);
	nl_add(&request, WGPEER_A_PUBLIC_KEY, peer->key, KEY_BYTES);
	if (peer->has_shared)
		nl_add(&request, WGPEER_A_PRESHARED_KEY, peer->shared,
			KEY_BYTES);
	nl_add(&request, WGPEER_A_FLAGS, &flags, sizeof(flags));
	nl_add(&request, WGPEER_A_PERSISTENT_KEEPALIVE_INTERVAL,
		&peer->keepalive_s, sizeof(peer->keepalive_s));
	add_endpoint(&request, &peer->endpoint, peer->port);
	size_t prefixes = nl_nest(&request, WGPEER_A_ALLOWEDIPS);
	for (unsigned i = 0; i < wanted->prefixes_count; i++)
		if (wanted->prefixes[i].peer == number)
			add_prefix(&request, &wanted->prefixes[i].prefix);
	nl_nest_end(&request, prefixes);
	nl_nest_end(&request, row);
	nl_nest_end(&request, peers);
	int result = nl_transact(fd, &request, NULL, NULL);
	explicit_bzero(&request, sizeof(request));
	return result;
}

int wireguard_set(int index, const struct wanted *wanted, unsigned block,
	const uint8_t private_key[KEY_BYTES])
{
	const struct wanted_link *link = &wanted->links[block];
	const uint32_t flags = WGDEVICE_F_REPLACE_PEERS;
	struct nl_request request;

	auto_fd fd = nl_open(NETLINK_GENERIC, 0);
	int family = fd < 0 ? fd : find_family(fd);
	if (family < 0)
		return family;
	begin(&request, family, WG_CMD_SET_DEVICE, index);
	nl_add(&request, WGDEVICE_A_FLAGS, &flags, sizeof(flags));
	nl_add(&request, WGDEVICE_A_PRIVATE_KEY, private_key, KEY_BYTES);
	nl_add(&request, WGDEVICE_A_LISTEN_PORT, &link->port,
		sizeof(link->port));
	int result = nl_transact(fd, &request, NULL, NULL);
	explicit_bzero(&request, sizeof(request));
	for (unsigned i = 0; i < wanted->peers_count && result == 0; i++)
		if (wanted->peers[i].link == block)
			result = set_peer(fd, family, index, wanted, i);
	return result;
}

int wireguard_set_endpoint(int index, const struct wanted_peer *peer,
	const struct ip *endpoint)
{
	const uint32_t flags = WGPEER_F_UPDATE_ONLY;
	struct nl_request request;

	auto_fd fd = nl_open(NETLINK_GENERIC, 0);
	int family = fd < 0 ? fd : find_family(fd);
	if (family < 0)
		return family;
	begin(&request, family, WG_CMD_SET_DEVICE, index);
	size_t peers = nl_nest(&request, WGDEVICE_A_PEERS);
	size_t row = nl_nest(&request, 0);
	nl_add(&request, WGPEER_A_PUBLIC_KEY, peer->key, KEY_BYTES);
	nl_add(&request, WGPEER_A_FLAGS, &flags, sizeof(flags));
	add_endpoint(&request, endpoint, peer->port);
	nl_nest_end(&request, row);
	nl_nest_end(&request, peers);
	return nl_transact(fd, &request, NULL, NULL);
}

static void visit_device(const struct nlmsghdr *message, void *context)
{
	const struct rtattr *key = nl_find(message, sizeof(struct genlmsghdr),
		WGDEVICE_A_PUBLIC_KEY);

	if (key && RTA_PAYLOAD(key) == KEY_BYTES)
		key_print(nl_value(key), context);
}

int wireguard_public_key(int index, char text[KEY_TEXT_MAX])
{
	struct nl_request request;

	*text = '\0';
	auto_fd fd = nl_open(NETLINK_GENERIC, 0);
	int family = fd < 0 ? fd : find_family(fd);
	if (family < 0)
		return family;
	begin(&request, family, WG_CMD_GET_DEVICE, index);
	int result = nl_transact(fd, &request, visit_device, text);
	if (result < 0)
		return result;
	return *text ? 0 : -ENOENT;
}

/* FNV-1a */
static uint64_t mix(uint64_t digest, const void *bytes, size_t size)
{
	const uint8_t *at = bytes;

	for (size_t i = 0; i < size; i++)
		digest = (digest ^ at[i]) * 0x100000001b3ULL;
	return digest;
}

static uint64_t mix_ip(uint64_t digest, const struct ip *ip, unsigned number)
{
	digest = mix(digest, ip->bytes, sizeof(ip->bytes));
	return mix(digest, &number, sizeof(number));
}

uint64_t wireguard_digest(const struct wanted *wanted, unsigned block)
{
	const struct wanted_link *link = &wanted->links[block];
	uint64_t digest = 0xcbf29ce484222325ULL;

	digest = mix(digest, &link->port, sizeof(link->port));
	for (unsigned i = 0; i < wanted->peers_count; i++) {
		const struct wanted_peer *peer = &wanted->peers[i];

		if (peer->link != block)
			continue;
		digest = mix(digest, peer->key, KEY_BYTES);
		digest = mix(digest, peer->shared, KEY_BYTES);
		digest = mix_ip(digest, &peer->endpoint, peer->port);
		digest = mix(digest, &peer->keepalive_s, 2);
		digest = mix(digest, peer->host, strlen(peer->host));
		for (unsigned p = 0; p < wanted->prefixes_count; p++)
			if (wanted->prefixes[p].peer == i)
				digest = mix_ip(digest,
					&wanted->prefixes[p].prefix.ip,
					wanted->prefixes[p].prefix.length);
	}
	return digest;
}
