/* SPDX-License-Identifier: MIT */
/*
 * net_shown - what the kernel shows of the rules in a network namespace, to be
 * compared with what it shows of others
 */
#ifndef TARE_NET_SHOWN_H
#define TARE_NET_SHOWN_H

#include <linux/netfilter.h>
#include <linux/netfilter/nf_tables.h>
#include <linux/netfilter/nfnetlink.h>

#include "check.h"
#include "lib/hash.h"
#include "lib/netlink.h"
#include "lib/text.h"
#include "net_scene.h"

#define ATTRIBUTES 32

/* Kinds of objects, and the attributes that are the kernel's own numbers. */
static const struct kind {
	unsigned int get;
	unsigned int handle, position;
	unsigned int chain; /* whose order counts */
} kinds[] = {
	{ NFT_MSG_GETCHAIN, NFTA_CHAIN_HANDLE, 0, 0 },
	{ NFT_MSG_GETRULE, NFTA_RULE_HANDLE, NFTA_RULE_POSITION,
		NFTA_RULE_CHAIN },
	{ NFT_MSG_GETSET, NFTA_SET_HANDLE, 0, 0 },
	{ NFT_MSG_GETFLOWTABLE, NFTA_FLOWTABLE_HANDLE, 0, 0 },
};

struct shown {
	int fd;
	const struct kind *kind;
	uint64_t sum; /* of digests: only rules have an order */
	size_t count;
	uint64_t rules; /* of the chain so far */
	char chain[64];
	char sets[96][64];
	uint8_t families[96];
	size_t set_count;
};

static inline uint64_t digest(const struct nlmsghdr *message, uint64_t hash,
	const struct kind *kind)
{
	const struct nlattr *table[ATTRIBUTES];

	/* the family; what follows it is the generation */
	hash = hash_bytes(hash, (const char *)message + NLMSG_HDRLEN, 1);
	netlink_parse(message, sizeof(struct nfgenmsg), table, ATTRIBUTES);
	for (unsigned int i = 1; i < ATTRIBUTES; i++) {
		if (!table[i] || i == kind->handle || i == kind->position)
			continue;
		hash = hash_bytes(hash, &i, sizeof(i));
		hash = hash_bytes(hash, netlink_data(table[i]),
			netlink_size(table[i]));
	}
	return hash;
}

static inline void see_object(const struct nlmsghdr *message, void *context)
{
	struct shown *shown = context;
	const struct nlattr *table[ATTRIBUTES];
	uint64_t hash = HASH_START;

	netlink_parse(message, sizeof(struct nfgenmsg), table, ATTRIBUTES);
	if (shown->kind->chain) {
		const char *chain = netlink_data(table[shown->kind->chain]);

		if (!text_equal(shown->chain, chain))
			shown->rules = HASH_START;
		(void)text_copy(shown->chain, sizeof(shown->chain), chain);
		hash = shown->rules =
			digest(message, shown->rules, shown->kind);
	}
	if (shown->kind->get == NFT_MSG_GETSET) {
		(void)text_copy(shown->sets[shown->set_count], 64,
			netlink_data(table[NFTA_SET_NAME]));
		shown->families[shown->set_count++] =
			*((const uint8_t *)message + NLMSG_HDRLEN);
	}
	shown->sum += digest(message, hash, shown->kind);
	shown->count++;
}

static inline void see_elements(const struct nlmsghdr *message, void *context)
{
	const struct nlattr *table[ATTRIBUTES];
	struct shown *shown = context;
	const unsigned char *at;
	size_t left;
	uint64_t set;

	netlink_parse(message, sizeof(struct nfgenmsg), table, ATTRIBUTES);
	set = hash_string(shown->kind->get,
		netlink_data(table[NFTA_SET_ELEM_LIST_SET]));
	at = netlink_data(table[NFTA_SET_ELEM_LIST_ELEMENTS]);
	left = netlink_size(table[NFTA_SET_ELEM_LIST_ELEMENTS]);
	while (left > 0) {
		const struct nlattr *element = (const void *)at;
		size_t step = NLA_ALIGN(element->nla_len);

		shown->sum += hash_bytes(set, at, element->nla_len);
		shown->count++;
		step = step < left ? step : left;
		at += step;
		left -= step;
	}
}

static inline void begin_dump(struct netlink_batch *batch, unsigned int type,
	uint8_t family)
{
	static uint64_t room[64];
	const struct nfgenmsg body = { .nfgen_family = family };

	netlink_init(batch, room, sizeof(room));
	netlink_begin(batch, NFNL_SUBSYS_NFTABLES << 8 | type, NLM_F_DUMP,
		&body, sizeof(body));
}

static inline struct shown show(int fd)
{
	static const struct kind element = { NFT_MSG_GETSETELEM, 0, 0, 0 };
	struct shown shown = { .fd = fd };
	struct netlink_batch batch;

	for (size_t i = 0; i < COUNT(kinds); i++) {
		int result;

		shown.kind = &kinds[i];
		begin_dump(&batch, kinds[i].get, NFPROTO_UNSPEC);
		result = netlink_ask(fd, &batch, see_object, &shown);
		/* a kernel without flow tables has none to show */
		CHECK(result == 0 || kinds[i].get == NFT_MSG_GETFLOWTABLE);
	}
	shown.kind = &element;
	for (size_t i = 0; i < shown.set_count; i++) {
		begin_dump(&batch, NFT_MSG_GETSETELEM, shown.families[i]);
		netlink_add_string(&batch, NFTA_SET_ELEM_LIST_TABLE, "tare");
		netlink_add_string(&batch, NFTA_SET_ELEM_LIST_SET,
			shown.sets[i]);
		CHECK(netlink_ask(fd, &batch, see_elements, &shown) == 0);
	}
	return shown;
}

#endif
