// SPDX-License-Identifier: MIT
/* uplink - what the machine's own network is to be: the file that netd reads */
#include "supervise/uplink.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "config/config.h"
#include "lib/arena.h"
#include "lib/error.h"
#include "lib/fd.h"
#include "lib/log.h"
#include "lib/text.h"
#include "supervise/netfile.h"
#include "supervise/places.h"

#define KEY_SIZE 44 /* of base64 */

enum {
	TEXT_MAX = 256 << 10
};

static bool is_zero(const uint8_t mac[6])
{
	static const uint8_t none[6];

	return memcmp(mac, none, sizeof(none)) == 0;
}

static void add_words(struct text *text, const struct strings *words)
{
	for (size_t i = 0; i < words->count; i++)
		text_add(text, " %s", words->items[i]);
	text_add(text, "\n");
}

static void add_kind(const struct host_link *link, struct text *text)
{
	const uint8_t *mac = link->mac;

	switch (link->kind) {
	case HOST_LINK_DEVICE:
		if (is_zero(mac))
			text_add(text, "link device %s\n", link->name);
		else
			text_add(text,
				"link device mac %02x:%02x:%02x:%02x:%02x:%02x\n",
				mac[0], mac[1], mac[2], mac[3], mac[4], mac[5]);
		break;
	case HOST_LINK_VLAN:
		text_add(text, "link vlan %s %s %llu\n", link->name,
			link->parent, (unsigned long long)link->vlan_id);
		break;
	case HOST_LINK_BOND:
		text_add(text, "link bond %s %s", link->name,
			link->bond_mode ? link->bond_mode : "active-backup");
		add_words(text, &link->members);
		break;
	case HOST_LINK_BRIDGE:
		text_add(text, "link bridge %s", link->name);
		add_words(text, &link->members);
		break;
	case HOST_LINK_WIREGUARD:
		text_add(text, "link wireguard %s %llu\n", link->name,
			(unsigned long long)link->listen_port);
		break;
	}
}

static void add_addresses(const struct host_link *link, struct text *text)
{
	char own[PREFIX_TEXT_SIZE];

	if (link->flags & HOST_DHCP4)
		text_add(text, "dhcp\n");
	if (link->flags & HOST_DHCP6)
		text_add(text, "dhcp6\n");
	if (link->flags & HOST_AUTO6)
		text_add(text, "auto\n");
	for (size_t i = 0; i < link->address_count; i++)
		text_add(text, "address %s\n",
			prefix_print(&link->addresses[i], own));
}

static void add_routes(const struct host_link *link, struct text *text)
{
	char own[PREFIX_TEXT_SIZE];
	char via[ADDRESS_TEXT_SIZE];

	if (link->gateway4.family)
		text_add(text, "gateway %s\n",
			address_print(&link->gateway4, own));
	if (link->gateway6.family)
		text_add(text, "gateway %s\n",
			address_print(&link->gateway6, own));
	for (size_t i = 0; i < link->route_count; i++) {
		const struct host_route *route = &link->routes[i];
		const char *everywhere =
			route->via.family && address_size(&route->via) == 16
				? "::/0"
				: "0.0.0.0/0";

		text_add(text, "route %s %s %llu\n",
			route->to.address.family ? prefix_print(&route->to, own)
						 : everywhere,
			route->via.family ? address_print(&route->via, via)
					  : "-",
			(unsigned long long)route->metric);
	}
}

static void add_rest(const struct host_link *link, struct text *text)
{
	char own[ADDRESS_TEXT_SIZE];

	if (link->metric > 0)
		text_add(text, "metric %llu\n",
			(unsigned long long)link->metric);
	if (link->mtu > 0)
		text_add(text, "mtu %llu\n", (unsigned long long)link->mtu);
	for (size_t i = 0; i < link->dns_count; i++)
		text_add(text, "dns %s\n", address_print(&link->dns[i], own));
	for (size_t i = 0; i < link->search.count; i++)
		text_add(text, "search %s\n", link->search.items[i]);
}

/* The secret of a file; "-" without one, or when it is none. */
static void read_secret(const char *path, int config_fd, char out[KEY_SIZE + 1])
{
	auto_free char *text = NULL;
	size_t size = 0;
	struct error err = { .text = "it is no key of 44 characters" };

	(void)text_copy(out, KEY_SIZE + 1, "-");
	if (!path)
		return;
	if (fd_read_file(config_fd, path, 4096, &text, &size, &err) == 0 &&
		strcspn(text, "\r\n \t") == KEY_SIZE) {
		memcpy(out, text, KEY_SIZE);
		out[KEY_SIZE] = '\0';
	} else {
		log_warn("preshared key '%s': %s, going on without it", path,
			err.text);
	}
}

static void add_peers(const struct host_link *link, int config_fd,
	struct text *text)
{
	for (size_t i = 0; i < link->peer_count; i++) {
		const struct host_peer *peer = &link->peers[i];
		char secret[KEY_SIZE + 1];

		read_secret(peer->preshared_key_file, config_fd, secret);
		text_add(text, "peer %s %s %llu %s ", peer->public_key,
			peer->endpoint ? peer->endpoint : "-",
			(unsigned long long)peer->keepalive_s, secret);
		for (size_t j = 0; j < peer->allowed_count; j++)
			text_add(text, "%s%s", j > 0 ? "," : "",
				peer->allowed[j]);
		text_add(text, "%s\n", peer->allowed_count == 0 ? "-" : "");
	}
}

static void add_time(const struct host_time *time, struct text *text)
{
	if (time->is_off) {
		text_add(text, "time none\n");
	} else if (time->servers.count > 0) {
		text_add(text, "time servers");
		add_words(text, &time->servers);
	}
}

int uplink_print(const struct config *config, int config_fd,
	struct arena *arena, const char **out)
{
	char *buffer = arena_alloc(arena, TEXT_MAX);
	struct text text;

	if (!buffer)
		return -ENOMEM;
	text_init(&text, buffer, TEXT_MAX);
	text_add(&text, "version 1\n");
	for (size_t i = 0; i < config->host_link_count; i++) {
		const struct host_link *link = &config->host_links[i];

		add_kind(link, &text);
		add_addresses(link, &text);
		add_routes(link, &text);
		add_rest(link, &text);
		add_peers(link, config_fd, &text);
	}
	add_time(&config->host_time, &text);
	text_add(&text, "end\n");
	*out = buffer;
	return text.is_cut ? -E2BIG : 0;
}

int uplink_write(const struct config *config, const struct places *places,
	struct error *err)
{
	/* keys are in it */
	const struct netfile file = { places->run_fd, "wanted", 0600 };
	auto_arena arena = { 0 };
	const char *text;
	int result = uplink_print(config, places->config_fd, &arena, &text);

	if (result < 0)
		return error_set(err, result, "tell it: %s",
			result == -E2BIG ? "the text is too long"
					 : "no memory");
	return netfile_write(&file, text, strlen(text), err);
}
