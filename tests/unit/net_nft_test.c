// SPDX-License-Identifier: MIT
/* net_nft_test - transactions are whole, fit, and say what they are about */
#include "net/nft.h"

#include <linux/netfilter.h>
#include <linux/netfilter/nf_tables.h>
#include <linux/netfilter/nfnetlink.h>
#include <stdlib.h>

#include "lib/text.h"
#include "net/nft_rule.h"
#include "net/ruleset.h"
#include "net_scene.h"

#define ELEMENTS 5000
#define ROOM     (1 << 20)

static uint64_t room[ROOM / sizeof(uint64_t)];
static const struct nft_set links = { "links",
	{ FIELD_IIFNAME, FIELD_IP_DADDR }, FIELD_END };

static bool describes(const struct nft *nft, size_t number, const char *wanted)
{
	char buffer[128];
	struct text text;

	text_init(&text, buffer, sizeof(buffer));
	nft_describe(&nft->batch, number, &text);
	if (text_equal(buffer, wanted))
		return true;
	printf("# says \"%s\"\n", buffer);
	return false;
}

static void test_says_what_it_is_about(void)
{
	static const struct nft_hook hook = { "in", "filter", NF_INET_LOCAL_IN,
		0, true };
	const struct nft_value key = { .size = 20 };
	struct nft nft;

	nft_begin(&nft, room, sizeof(room));
	nft_replace(&nft, NFPROTO_INET, "tare");
	nft_base_chain(&nft, &hook);
	nft_set(&nft, &links, 1);
	nft_fill(&nft, &links);
	nft_element(&nft, &key, NULL, NULL);
	nft_filled(&nft);
	nft_rule(&nft, "in", "one that drops");
	nft_drop(&nft);
	nft_end(&nft);
	CHECK(!nft.batch.is_cut);
	CHECK(describes(&nft, 0, "transaction"));
	CHECK(describes(&nft, 1, "table 'tare'"));
	CHECK(describes(&nft, 2, "removal of table 'tare'"));
	CHECK(describes(&nft, 4, "chain 'in'"));
	CHECK(describes(&nft, 5, "set 'links'"));
	CHECK(describes(&nft, 6, "elements of set 'links'"));
	CHECK(describes(&nft, 7, "rule of chain 'in' 'one that drops'"));
	CHECK(describes(&nft, 8, "transaction"));
	CHECK(describes(&nft, 9, "transaction"));
}

/* The number of the message about this, or 0. */
static size_t number_of(const struct nft *nft, const char *wanted)
{
	for (size_t i = 1; i < nft->batch.count; i++) {
		char buffer[128];
		struct text text;

		text_init(&text, buffer, sizeof(buffer));
		nft_describe(&nft->batch, i, &text);
		if (text_equal(buffer, wanted))
			return i;
	}
	return 0;
}

static void add_links(const struct nlattr *list, struct text *out)
{
	const unsigned char *bytes = netlink_data(list);

	for (size_t left = netlink_size(list); left > 0;) {
		const struct nlattr *link = (const void *)bytes;

		size_t step = NLA_ALIGN(link->nla_len);

		text_add(out, " %s", (const char *)netlink_data(link));
		bytes += step;
		left -= step;
	}
}

/* Links of the only flow table, with a space in front of each. */
static void list_flow_links(const struct nft *nft, struct text *out)
{
	const struct nlattr *table[NFTA_FLOWTABLE_HOOK + 1];
	const struct nlattr *hook[NFTA_FLOWTABLE_HOOK_DEVS + 1];

	for (size_t at = 0; at < nft->batch.used;) {
		const struct nlmsghdr *message = (void *)(nft->batch.data + at);

		at += NLMSG_ALIGN(message->nlmsg_len);
		if ((message->nlmsg_type & 0xff) != NFT_MSG_NEWFLOWTABLE)
			continue;
		netlink_parse(message, sizeof(struct nfgenmsg), table,
			COUNT(table));
		netlink_parse_nested(table[NFTA_FLOWTABLE_HOOK], hook,
			COUNT(hook));
		add_links(hook[NFTA_FLOWTABLE_HOOK_DEVS], out);
	}
}

static void test_fastpath(void)
{
	static const char uplinks[][IFNAMSIZ] = { "eth0", "br0" };
	struct topology topology = scene_make();
	char buffer[128];
	struct text text;
	struct nft nft;

	text_init(&text, buffer, sizeof(buffer));
	nft_begin(&nft, room, sizeof(room));
	ruleset_build(&nft, &topology);
	CHECK(!number_of(&nft, "flow table 'fastpath'"));
	CHECK(!number_of(&nft, "rule of chain 'forward' 'the fast path'"));

	topology.uplinks = uplinks;
	topology.uplink_count = 2;
	nft_begin(&nft, room, sizeof(room));
	ruleset_build(&nft, &topology);
	CHECK(!nft.batch.is_cut);
	list_flow_links(&nft, &text);
	CHECK(text_equal(buffer, " eth0 br0 tb00000001 tb00000002"));
	CHECK(number_of(&nft, "flow table 'fastpath'") <
		number_of(&nft, "rule of chain 'forward' 'the fast path'"));
	CHECK(number_of(&nft, "rule of chain 'forward' 'the fast path'") <
		number_of(&nft,
			"rule of chain 'forward' 'connections that are there'"));
}

/* The elements of all messages; none may have a list that is too long. */
static size_t count_elements(const struct netlink_batch *batch)
{
	const struct nlattr *table[NFTA_SET_ELEM_LIST_ELEMENTS + 1];
	size_t count = 0;

	for (size_t at = 0; at < batch->used;) {
		const struct nlmsghdr *message = (void *)(batch->data + at);
		const unsigned char *list;
		size_t left;

		at += NLMSG_ALIGN(message->nlmsg_len);
		if ((message->nlmsg_type & 0xff) != NFT_MSG_NEWSETELEM)
			continue;
		netlink_parse(message, sizeof(struct nfgenmsg), table,
			COUNT(table));
		list = netlink_data(table[NFTA_SET_ELEM_LIST_ELEMENTS]);
		left = netlink_size(table[NFTA_SET_ELEM_LIST_ELEMENTS]);
		for (; left > 0; count++) {
			size_t step = NLA_ALIGN(
				((const struct nlattr *)(const void *)list)
					->nla_len);

			list += step;
			left -= step;
		}
	}
	return count;
}

static void test_splits_long_lists(void)
{
	struct nft nft;

	nft_begin(&nft, room, sizeof(room));
	nft_replace(&nft, NFPROTO_INET, "tare");
	nft_fill(&nft, &links);
	for (size_t i = 0; i < ELEMENTS; i++) {
		struct nft_value key = { .size = 0 };

		nft_value_link(&key, "eth0");
		nft_value_u32(&key, (uint32_t)i);
		nft_element(&nft, &key, NULL, NULL);
	}
	nft_filled(&nft);
	nft_end(&nft);
	CHECK(!nft.batch.is_cut);
	CHECK(count_elements(&nft.batch) == ELEMENTS);
	CHECK(nft.batch.count > 6);
}

/* However little room there is, it is said, and nothing is written behind. */
static void test_says_what_does_not_fit(void)
{
	struct topology topology = scene_make();
	struct nft nft;
	size_t needs;

	nft_begin(&nft, room, sizeof(room));
	ruleset_build(&nft, &topology);
	CHECK(!nft.batch.is_cut);
	needs = nft.batch.used;
	for (size_t size = 64; size < needs; size += 52) {
		void *less = malloc(size);

		if (!CHECK(less))
			return;
		nft_begin(&nft, less, size);
		ruleset_build(&nft, &topology);
		CHECK(nft.batch.is_cut);
		free(less);
	}
}

static void test_keys_have_their_limit(void)
{
	const unsigned char bytes[NFT_KEY_SIZE] = { 1 };
	struct nft_value value = { .size = 0 };

	nft_value_u8(&value, 1);
	nft_value_be16(&value, 2);
	CHECK(value.size == 6 && value.bytes[0] == 1 && value.bytes[5] == 2);
	nft_value_bytes(&value, bytes, sizeof(bytes));
	CHECK(value.size == 6);
}

int main(void)
{
	RUN(test_says_what_it_is_about);
	RUN(test_fastpath);
	RUN(test_splits_long_lists);
	RUN(test_says_what_does_not_fit);
	RUN(test_keys_have_their_limit);
	return check_done();
}
