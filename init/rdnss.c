/* SPDX-License-Identifier: MIT */
/* rdnss - name servers and domains of router advertisements */
#include "rdnss.h"

#include <arpa/inet.h>
#include <linux/netlink.h>
#include <linux/rtnetlink.h>
#include <string.h>

#include "labels.h"
#include "nl.h"

#define OPTION_RDNSS 25
#define OPTION_DNSSL 31
#define HEAD_BYTES   8 /* type, length, reserved, lifetime */

static uint32_t get32(const uint8_t *bytes)
{
	uint32_t value;

	memcpy(&value, bytes, sizeof(value));
	return ntohl(value);
}

static struct rdnss_server *find(struct rdnss *rdnss, const struct ip *ip)
{
	for (unsigned i = 0; i < rdnss->count; i++)
		if (ip_equal(&rdnss->servers[i].ip, ip))
			return &rdnss->servers[i];
	return NULL;
}

static void drop(struct rdnss *rdnss, struct rdnss_server *server)
{
	*server = rdnss->servers[--rdnss->count];
}

static bool hear_server(struct rdnss *rdnss, const struct ip *ip,
	uint32_t lifetime_s, int64_t now_s)
{
	struct rdnss_server *server = find(rdnss, ip);

	if (lifetime_s == 0) {
		if (server)
			drop(rdnss, server);
		return server != NULL;
	}
	bool is_new = !server;
	if (is_new && rdnss->count == RDNSS_SERVERS_MAX)
		return false;
	if (is_new)
		server = &rdnss->servers[rdnss->count++];
	*server = (struct rdnss_server){
		.ip = *ip,
		.until_s = now_s + lifetime_s,
	};
	return is_new;
}

static bool hear_servers(struct rdnss *rdnss, const uint8_t *option,
	size_t length, int64_t now_s)
{
	bool is_changed = false;

	for (size_t at = HEAD_BYTES; at + 16 <= length; at += 16) {
		struct ip ip = { .family = AF_INET6 };
		memcpy(ip.bytes, option + at, 16);
		if (ip_is_host(&ip))
			is_changed |= hear_server(rdnss, &ip, get32(option + 4),
				now_s);
	}
	return is_changed;
}

static bool hear_search(struct rdnss *rdnss, const uint8_t *option,
	size_t length, int64_t now_s)
{
	char search[RDNSS_SEARCH_MAX] = "";
	uint32_t lifetime_s = get32(option + 4);

	if (lifetime_s && !labels_read_all(option, length, HEAD_BYTES, search))
		return false;
	bool is_changed = strcmp(search, rdnss->search) != 0;
	memcpy(rdnss->search, search, sizeof(search));
	rdnss->search_until_s = now_s + lifetime_s;
	return is_changed;
}

bool rdnss_hear(struct rdnss *rdnss, const uint8_t *option, size_t length,
	int64_t now_s)
{
	/* its own length counts 8 bytes at a time */
	if (length < HEAD_BYTES || option[1] == 0 ||
		(size_t)option[1] * 8 > length)
		return false;
	length = (size_t)option[1] * 8;
	if (option[0] == OPTION_RDNSS)
		return hear_servers(rdnss, option, length, now_s);
	return option[0] == OPTION_DNSSL &&
	       hear_search(rdnss, option, length, now_s);
}

bool rdnss_expire(struct rdnss *rdnss, int64_t now_s, int64_t *next_s)
{
	bool is_changed = false;

	for (unsigned i = 0; i < rdnss->count;) {
		struct rdnss_server *server = &rdnss->servers[i];
		if (server->until_s <= now_s) {
			drop(rdnss, server);
			is_changed = true;
			continue;
		}
		if (server->until_s < *next_s)
			*next_s = server->until_s;
		i++;
	}
	if (!*rdnss->search)
		return is_changed;
	if (rdnss->search_until_s <= now_s) {
		*rdnss->search = '\0';
		return true;
	}
	if (rdnss->search_until_s < *next_s)
		*next_s = rdnss->search_until_s;
	return is_changed;
}

const uint8_t *rdnss_option(const struct nlmsghdr *message, int *index,
	size_t *length)
{
	const struct nduseroptmsg *body = nl_body(message);

	if (message->nlmsg_type != RTM_NEWNDUSEROPT ||
		message->nlmsg_len < NLMSG_LENGTH(sizeof(*body)))
		return NULL;
	*index = body->nduseropt_ifindex;
	*length = message->nlmsg_len - NLMSG_LENGTH(sizeof(*body));
	if (*length > body->nduseropt_opts_len)
		*length = body->nduseropt_opts_len;
	return (const uint8_t *)(body + 1);
}
