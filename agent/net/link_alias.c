// SPDX-License-Identifier: MIT
/*
 * link_alias - what the alias of a link of ours says
 *
 * The kernel keeps what a container's link was made with, as a digest in the
 * alias of the host's end. So who asks need not have made it, and an agent that
 * died half way is gone on from.
 */
#include <linux/rtnetlink.h>
#include <string.h>
#include <sys/socket.h>

#include "lib/hash.h"
#include "lib/text.h"
#include "net/link.h"
#include "net/link_parts.h"
#include "net/topology.h"

#define START       "tare "
#define BATCH_BYTES 512
#define DIGITS      16

const char *link_alias_text(const struct link_found *link)
{
	return text_starts_with(link->alias, START)
		       ? link->alias + strlen(START)
		       : NULL;
}

void link_make_alias(char out[LINK_ALIAS_SIZE], const char *network)
{
	struct text text;

	text_init(&text, out, LINK_ALIAS_SIZE);
	text_add(&text, START "%s", network);
}

uint64_t link_digest(const struct topology *topology, size_t endpoint)
{
	const struct topology_endpoint *own = &topology->endpoints[endpoint];
	const struct topology_network *network =
		&topology->networks[own->network];
	uint64_t hash = hash_string(HASH_START, network->bridge);

	hash = hash_string(hash, network->parent);
	hash = hash_string(hash, network->mode);
	hash = hash_bytes(hash, &network->driver, sizeof(network->driver));
	hash = hash_bytes(hash, &network->mtu, sizeof(network->mtu));
	hash = hash_bytes(hash, &network->subnet4.length, 1);
	hash = hash_bytes(hash, &network->subnet6.length, 1);
	hash = hash_bytes(hash, &network->gateway4, sizeof(struct address));
	hash = hash_bytes(hash, &network->gateway6, sizeof(struct address));
	hash = hash_string(hash, own->link);
	hash = hash_bytes(hash, own->mac, sizeof(own->mac));
	hash = hash_bytes(hash, &own->address4, sizeof(struct address));
	return hash_bytes(hash, &own->address6, sizeof(struct address));
}

/* Without formats: a thousand of these are made to compare a thousand links. */
static void add_word(struct text *text, const char *word)
{
	text_add_bytes(text, " ", 1);
	text_add_bytes(text, word, strlen(word));
}

static void add_digest(struct text *text, uint64_t digest)
{
	char digits[DIGITS + 1] = "";

	for (int i = 0; i < DIGITS; i++)
		digits[i] = "0123456789abcdef"[digest >> 4 * (DIGITS - 1 - i) &
					       0xf];
	add_word(text, digits);
}

void link_make_port_alias(char out[LINK_ALIAS_SIZE],
	const struct topology *topology, size_t endpoint, enum link_stage stage)
{
	const struct topology_endpoint *own = &topology->endpoints[endpoint];
	struct text text;

	text_init(&text, out, LINK_ALIAS_SIZE);
	text_add_bytes(&text, START, strlen(START) - 1);
	add_word(&text, own->container);
	add_word(&text, topology->networks[own->network].name);
	if (stage != LINK_BEGUN)
		add_digest(&text, link_digest(topology, endpoint));
	if (stage == LINK_IN_PLACE) {
		add_word(&text, own->name);
		if (own->has_default_route)
			add_word(&text, "default");
	}
}

bool link_is_in_place(const struct link_found *link,
	const struct topology *topology, size_t endpoint)
{
	char alias[LINK_ALIAS_SIZE];

	link_make_port_alias(alias, topology, endpoint, LINK_IN_PLACE);
	return link->master != 0 && text_equal(link->alias, alias);
}

bool link_can_move(const struct link_found *link,
	const struct topology *topology, size_t endpoint)
{
	char alias[LINK_ALIAS_SIZE];
	size_t length;

	link_make_port_alias(alias, topology, endpoint, LINK_ASIDE);
	length = strlen(alias);
	return link->master != 0 && text_starts_with(link->alias, alias) &&
	       (link->alias[length] == '\0' || link->alias[length] == ' ');
}

int link_set_stage(int host_fd, const struct topology *topology,
	size_t endpoint, enum link_stage stage)
{
	const struct ifinfomsg info = { .ifi_family = AF_UNSPEC };
	char alias[LINK_ALIAS_SIZE];
	unsigned char bytes[BATCH_BYTES] __attribute__((aligned(8)));
	struct netlink_batch batch;

	link_make_port_alias(alias, topology, endpoint, stage);
	netlink_init(&batch, bytes, sizeof(bytes));
	netlink_begin(&batch, RTM_NEWLINK, 0, &info, sizeof(info));
	netlink_add_string(&batch, IFLA_IFNAME,
		topology->endpoints[endpoint].link);
	netlink_add_string(&batch, IFLA_IFALIAS, alias);
	return link_commit(host_fd, &batch, NULL);
}

bool link_is_veth(const struct topology *topology, size_t endpoint)
{
	return topology->networks[topology->endpoints[endpoint].network]
		       .driver == TOPOLOGY_BRIDGE;
}
