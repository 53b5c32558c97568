// SPDX-License-Identifier: MIT
/*
 * nft_diff - from what one transaction made to what another one would make
 *
 * Removed is from the last thing to the first, then made from the first to the
 * last: so nothing is removed while something refers to it, nor referred to
 * before it is made.
 */
#include "net/nft_diff.h"

#include <errno.h>
#include <linux/netfilter/nf_tables.h>
#include <linux/netfilter/nfnetlink.h>

#include "lib/arena.h"
#include "lib/text.h"
#include "net/nft.h"

#define TABLE_NAME 1  /* the attribute of it in all messages */
#define ATTRIBUTES 32 /* of a message, and more */
#define NEAR       1024
#define LOST_MAX   1000 /* that nothing near is the same as */

/* What makes a thing, what removes it, and the attribute of its name. */
static const struct kind {
	uint8_t removal;
	uint8_t name;
} kinds[] = {
	[NFT_MSG_NEWCHAIN] = { NFT_MSG_DELCHAIN, NFTA_CHAIN_NAME },
	[NFT_MSG_NEWRULE] = { NFT_MSG_DELRULE, NFTA_RULE_CHAIN },
	[NFT_MSG_NEWSET] = { NFT_MSG_DELSET, NFTA_SET_NAME },
	[NFT_MSG_NEWSETELEM] = { NFT_MSG_DELSETELEM, NFTA_SET_ELEM_LIST_SET },
	[NFT_MSG_NEWFLOWTABLE] = { NFT_MSG_DELFLOWTABLE, NFTA_FLOWTABLE_NAME },
};

struct thing {
	const struct nlmsghdr *message;
	size_t messages;              /* more than one: the rules of a chain */
	const struct nlattr *element; /* of the message, or NULL */
	const struct thing *set;      /* of the element */
	const struct thing *twin;     /* the same in the other; NULL: none */
};

struct things {
	struct thing *list; /* as they are made */
	size_t count;
};

/* ---- reading ------------------------------------------------------------- */

static const struct nlmsghdr *behind(const struct nlmsghdr *message)
{
	return (const void *)((const unsigned char *)message +
			      NLMSG_ALIGN(message->nlmsg_len));
}

static unsigned int type_of(const struct nlmsghdr *message)
{
	return message->nlmsg_type & 0xffu;
}

static bool makes_a_thing(const struct nlmsghdr *message)
{
	unsigned int type = type_of(message);

	return message->nlmsg_type >> 8 == NFNL_SUBSYS_NFTABLES &&
	       type < sizeof(kinds) / sizeof(*kinds) && kinds[type].removal;
}

static void parse(const struct nlmsghdr *message,
	const struct nlattr *table[ATTRIBUTES])
{
	netlink_parse(message, sizeof(struct nfgenmsg), table, ATTRIBUTES);
}

static uint8_t family_of(const struct nlmsghdr *message)
{
	return *((const uint8_t *)message + NLMSG_HDRLEN);
}

static bool are_of_one_chain(const struct nlmsghdr *a, const struct nlmsghdr *b)
{
	const struct nlattr *left[NFTA_RULE_CHAIN + 1];
	const struct nlattr *right[NFTA_RULE_CHAIN + 1];

	if (type_of(a) != NFT_MSG_NEWRULE || type_of(b) != NFT_MSG_NEWRULE ||
		family_of(a) != family_of(b))
		return false;
	netlink_parse(a, sizeof(struct nfgenmsg), left, NFTA_RULE_CHAIN + 1);
	netlink_parse(b, sizeof(struct nfgenmsg), right, NFTA_RULE_CHAIN + 1);
	return text_equal(netlink_data(left[NFTA_RULE_CHAIN]),
		netlink_data(right[NFTA_RULE_CHAIN]));
}

static void list_elements(struct things *things, const struct nlmsghdr *message,
	const struct thing *set)
{
	const struct nlattr *table[ATTRIBUTES];
	const unsigned char *at, *end;

	parse(message, table);
	at = netlink_data(table[NFTA_SET_ELEM_LIST_ELEMENTS]);
	end = at + netlink_size(table[NFTA_SET_ELEM_LIST_ELEMENTS]);
	while (at < end) {
		const struct nlattr *element = (const void *)at;

		things->list[things->count++] = (struct thing){
			.message = message,
			.element = element,
			.set = set,
		};
		at += NLA_ALIGN(element->nla_len);
	}
}

static void list_message(struct things *things, const struct nlmsghdr *message)
{
	struct thing *last = things->list + things->count - 1;

	if (things->count > 0 && are_of_one_chain(last->message, message))
		last->messages++;
	else
		things->list[things->count++] =
			(struct thing){ .message = message, .messages = 1 };
}

static int list(struct things *things, const struct nft *nft,
	struct arena *arena)
{
	const struct nlmsghdr *at = (const void *)nft->batch.data;
	const struct thing *set = NULL;

	things->list = arena_array(arena, nft->batch.count + nft->elements,
		sizeof(*things->list));
	if (!things->list)
		return -ENOMEM;
	for (size_t i = 0; i < nft->batch.count; i++, at = behind(at)) {
		if (!makes_a_thing(at))
			continue;
		if (type_of(at) == NFT_MSG_NEWSETELEM)
			list_elements(things, at, set);
		else
			list_message(things, at);
		/* elements come behind their set */
		if (type_of(at) == NFT_MSG_NEWSET)
			set = &things->list[things->count - 1];
	}
	return 0;
}

/* ---- comparing ----------------------------------------------------------- */

/* Attributes are padded with zeros. By words, as the C library's memcmp takes
 * more time for it than all the rest. */
static bool are_equal(const void *a, const void *b, size_t size)
{
	const uint32_t *left = a;
	const uint32_t *right = b;

	for (size_t i = 0; i * sizeof(*left) < size; i++) {
		if (left[i] != right[i])
			return false;
	}
	return true;
}

/* All but the number that each has in its transaction. */
static bool are_same_messages(const struct nlmsghdr *a,
	const struct nlmsghdr *b, size_t count)
{
	for (; count > 0; count--, a = behind(a), b = behind(b)) {
		if (a->nlmsg_type != b->nlmsg_type ||
			a->nlmsg_len != b->nlmsg_len ||
			!are_equal(a + 1, b + 1, a->nlmsg_len - sizeof(*a)))
			return false;
	}
	return true;
}

static bool are_same(const struct thing *a, const struct thing *b)
{
	if (!a->element || !b->element)
		return a->messages == b->messages &&
		       are_same_messages(a->message, b->message, a->messages);
	return a->set->twin == b->set &&
	       a->element->nla_len == b->element->nla_len &&
	       are_equal(a->element, b->element, a->element->nla_len);
}

/* The next two that are the same, if they are near; else, which is false, the
 * next two. */
static bool skip(const struct things *old, const struct things *new, size_t *i,
	size_t *j)
{
	bool is_element = old->list[*i].element;

	/* one of the sets ends here */
	if (is_element != (new->list[*j].element != NULL)) {
		*(is_element ? i : j) += 1;
		return true;
	}
	for (size_t d = 1; d < NEAR; d++) {
		if (*i + d < old->count &&
			are_same(&old->list[*i + d], &new->list[*j])) {
			*i += d;
			return true;
		}
		if (*j + d < new->count &&
			are_same(&old->list[*i], &new->list[*j + d])) {
			*j += d;
			return true;
		}
	}
	++*i;
	++*j;
	return false;
}

/* Most are in the same order. One that is not counts as another. */
static int find_twins(struct things *old, struct things *new)
{
	size_t i = 0, j = 0, lost = 0;

	while (i < old->count && j < new->count &&lost < LOST_MAX) {
		if (!are_same(&old->list[i], &new->list[j])) {
			lost += !skip(old, new, &i, &j);
			continue;
		}
		old->list[i].twin = &new->list[j];
		new->list[j++].twin = &old->list[i++];
	}
	return lost < LOST_MAX ? 0 : -E2BIG;
}

/* ---- writing ------------------------------------------------------------- */

static void copy(struct nft *out, const struct nlattr *attribute)
{
	if (attribute)
		netlink_add(&out->batch, attribute->nla_type,
			netlink_data(attribute), netlink_size(attribute));
}

static void begin(struct nft *out, const struct nlmsghdr *like,
	unsigned int type)
{
	out->family = family_of(like);
	nft_message(out, type,
		type == type_of(like)
			? like->nlmsg_flags & (NLM_F_CREATE | NLM_F_APPEND)
			: 0);
}

/* Elements that came by one message go by one, too. */
static void begin_elements(struct nft *out, const struct nlmsghdr *like,
	unsigned int type)
{
	const struct nlattr *table[ATTRIBUTES];

	parse(like, table);
	begin(out, like, type);
	copy(out, table[NFTA_SET_ELEM_LIST_TABLE]);
	copy(out, table[NFTA_SET_ELEM_LIST_SET]);
	out->list = netlink_nest(&out->batch, NFTA_SET_ELEM_LIST_ELEMENTS);
}

static void remove_element(struct nft *out, const struct nlattr *element)
{
	const struct nlattr *table[NFTA_SET_ELEM_KEY + 1];
	size_t nest = netlink_nest(&out->batch, NFTA_LIST_ELEM);

	netlink_parse_nested(element, table, NFTA_SET_ELEM_KEY + 1);
	copy(out, table[NFTA_SET_ELEM_KEY]);
	netlink_close(&out->batch, nest);
}

static void remove_message(struct nft *out, const struct nlmsghdr *message)
{
	const struct kind *kind = &kinds[type_of(message)];
	const struct nlattr *table[ATTRIBUTES];

	parse(message, table);
	begin(out, message, kind->removal);
	copy(out, table[TABLE_NAME]);
	copy(out, table[kind->name]);
}

static void make_messages(struct nft *out, const struct thing *thing)
{
	const struct nlmsghdr *message = thing->message;

	for (size_t i = 0; i < thing->messages; i++) {
		const struct nlattr *table[ATTRIBUTES];

		parse(message, table);
		begin(out, message, type_of(message));
		for (size_t j = 0; j < ATTRIBUTES; j++)
			copy(out, table[j]);
		message = behind(message);
	}
}

static void remove_things(struct nft *out, const struct things *things)
{
	const struct nlmsghdr *open = NULL;

	for (size_t i = things->count; i-- > 0;) {
		const struct thing *thing = &things->list[i];

		if (thing->twin)
			continue;
		if (thing->element && open != thing->message)
			begin_elements(out, thing->message, NFT_MSG_DELSETELEM);
		if (thing->element)
			remove_element(out, thing->element);
		else
			remove_message(out, thing->message);
		open = thing->message;
	}
}

static void make_things(struct nft *out, const struct things *things)
{
	const struct nlmsghdr *open = NULL;

	for (size_t i = 0; i < things->count; i++) {
		const struct thing *thing = &things->list[i];

		if (thing->twin)
			continue;
		if (thing->element && open != thing->message)
			begin_elements(out, thing->message, NFT_MSG_NEWSETELEM);
		if (thing->element)
			copy(out, thing->element);
		else
			make_messages(out, thing);
		open = thing->message;
	}
}

int nft_diff(struct nft *out, const struct nft *before, const struct nft *next)
{
	auto_arena arena = { 0 };
	struct things old = { .count = 0 };
	struct things new = { .count = 0 };
	int result = before->batch.is_cut || next->batch.is_cut
			     ? -EMSGSIZE
			     : list(&old, before, &arena);

	if (result == 0)
		result = list(&new, next, &arena);
	if (result == 0)
		result = find_twins(&old, &new);
	if (result < 0)
		return result;
	remove_things(out, &old);
	make_things(out, &new);
	return out->batch.is_cut ? -EMSGSIZE : 0;
}
