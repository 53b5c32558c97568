// SPDX-License-Identifier: MIT
/* net_nft_diff_test - what differs, in an order that the kernel can take
 *
 * That the kernel then has what it should is tried by net_ruleset_change_test.
 */
#include "net/nft_diff.h"

#include <errno.h>
#include <linux/netfilter.h>
#include <linux/netfilter/nf_tables.h>
#include <linux/netfilter/nfnetlink.h>
#include <stdlib.h>

#include "check.h"
#include "lib/text.h"
#include "net/nft.h"
#include "net/nft_rule.h"

#define COUNT(array) (sizeof(array) / sizeof((array)[0]))
#define ROOM         (1 << 20)

static uint64_t before_room[ROOM / sizeof(uint64_t)];
static uint64_t next_room[ROOM / sizeof(uint64_t)];
static uint64_t out_room[ROOM / sizeof(uint64_t)];

/* A table with a chain "in" of two rules, a chain that a set's elements lead
 * to, and chains "0", "1" ... */
struct plan {
	const char *label;
	const char *elements; /* a letter each; capital ones lead elsewhere */
	size_t room;
	uint16_t ports[2]; /* of the rules */
	unsigned int chains;
	const char *wanted; /* of the difference to the first plan */
};

static const struct plan plans[] = {
	{ "first", "abc", 16, { 22, 80 }, 2, "" },
	{ "the same", "abc", 16, { 22, 80 }, 2, "" },
	{ "an element more", "abcd", 16, { 22, 80 }, 2, "+elements s\n" },
	{ "in front", "dabc", 16, { 22, 80 }, 2, "+elements s\n" },
	{ "an element less", "ac", 16, { 22, 80 }, 2, "-elements s\n" },
	{ "one leads elsewhere", "aBc", 16, { 22, 80 }, 2,
		"-elements s\n+elements s\n" },
	{ "none is left", "", 16, { 22, 80 }, 2, "-elements s\n" },
	{ "a chain more", "abc", 16, { 22, 80 }, 3, "+chain 2\n" },
	{ "a chain less", "abc", 16, { 22, 80 }, 1, "-chain 1\n" },
	{ "another rule", "abc", 16, { 22, 81 }, 2,
		"-rule in\n+rule in\n+rule in\n" },
	{ "rules by turns", "abc", 16, { 80, 22 }, 2,
		"-rule in\n+rule in\n+rule in\n" },
	{ "a set of another size", "abc", 32, { 22, 80 }, 2,
		"-elements s\n-set s\n+set s\n+elements s\n" },
	{ "all of it", "d", 32, { 1, 2 }, 0,
		"-rule in\n-elements s\n-set s\n-chain 1\n-chain 0\n"
		"+set s\n+elements s\n+rule in\n+rule in\n" },
};

static void make(struct nft *nft, const struct plan *plan)
{
	static const struct nft_set set = { "s", { FIELD_IIFNAME },
		FIELD_VERDICT };
	static const char *const numbers[] = { "0", "1", "2" };

	nft_replace(nft, NFPROTO_INET, "t");
	nft_chain(nft, "in");
	nft_chain(nft, "there");
	nft_chain(nft, "elsewhere");
	for (unsigned int i = 0; i < plan->chains; i++)
		nft_chain(nft, numbers[i]);
	nft_set(nft, &set, plan->room);
	if (plan->elements[0] != '\0')
		nft_fill(nft, &set);
	for (const char *at = plan->elements; *at != '\0'; at++) {
		const char name[] = { (char)(*at | 0x20), '\0' };
		struct nft_value key = { .size = 0 };

		nft_value_link(&key, name);
		nft_element(nft, &key, NULL,
			*at & 0x20 ? "there" : "elsewhere");
	}
	if (plan->elements[0] != '\0')
		nft_filled(nft);
	for (size_t i = 0; i < COUNT(plan->ports); i++) {
		nft_rule(nft, "in", "a port");
		nft_is(nft, FIELD_DPORT, plan->ports[i]);
		nft_accept(nft);
	}
	nft_end(nft);
}

/* What is removed and made, a line each. */
static const struct word {
	unsigned int type;
	const char *word;
	unsigned int name;
} words[] = {
	{ NFT_MSG_NEWCHAIN, "+chain", NFTA_CHAIN_NAME },
	{ NFT_MSG_DELCHAIN, "-chain", NFTA_CHAIN_NAME },
	{ NFT_MSG_NEWRULE, "+rule", NFTA_RULE_CHAIN },
	{ NFT_MSG_DELRULE, "-rule", NFTA_RULE_CHAIN },
	{ NFT_MSG_NEWSET, "+set", NFTA_SET_NAME },
	{ NFT_MSG_DELSET, "-set", NFTA_SET_NAME },
	{ NFT_MSG_NEWSETELEM, "+elements", NFTA_SET_ELEM_LIST_SET },
	{ NFT_MSG_DELSETELEM, "-elements", NFTA_SET_ELEM_LIST_SET },
};

static void describe(const struct nlmsghdr *message, struct text *out)
{
	const struct nlattr *table[8];

	netlink_parse(message, sizeof(struct nfgenmsg), table, COUNT(table));
	for (size_t i = 0; i < COUNT(words); i++) {
		if ((message->nlmsg_type & 0xffu) == words[i].type &&
			message->nlmsg_type >> 8 == NFNL_SUBSYS_NFTABLES)
			text_add(out, "%s %s\n", words[i].word,
				(const char *)netlink_data(
					table[words[i].name]));
	}
}

static void test_what_differs(void)
{
	struct nft before, next, out;

	nft_begin(&before, before_room, sizeof(before_room));
	make(&before, &plans[0]);
	for (size_t i = 0; i < COUNT(plans); i++) {
		char said[512];
		struct text text;

		check_row(plans[i].label);
		text_init(&text, said, sizeof(said));
		nft_begin(&next, next_room, sizeof(next_room));
		make(&next, &plans[i]);
		nft_begin(&out, out_room, sizeof(out_room));
		CHECK(nft_diff(&out, &before, &next) == 0);
		CHECK((out.batch.count == 1) == (plans[i].wanted[0] == '\0'));
		nft_end(&out);
		for (size_t at = 0; at < out.batch.used;) {
			const struct nlmsghdr *message =
				(void *)(out.batch.data + at);

			describe(message, &text);
			at += NLMSG_ALIGN(message->nlmsg_len);
		}
		if (!CHECK(text_equal(said, plans[i].wanted)))
			printf("# %s", said);
	}
}

/* However little room there is, it is said. */
static void test_says_what_does_not_fit(void)
{
	struct nft before, next, out;
	size_t needs;

	nft_begin(&before, before_room, sizeof(before_room));
	make(&before, &plans[0]);
	nft_begin(&next, next_room, sizeof(next_room));
	make(&next, &plans[COUNT(plans) - 1]);
	nft_begin(&out, out_room, sizeof(out_room));
	CHECK(nft_diff(&out, &before, &next) == 0);
	nft_end(&out);
	needs = out.batch.used;
	for (size_t size = 20; size < needs; size += 4) {
		bool fits;

		nft_begin(&out, out_room, size);
		fits = nft_diff(&out, &before, &next) == 0;
		CHECK(fits == !out.batch.is_cut);
		nft_end(&out);
		CHECK(out.batch.is_cut && out.batch.used <= size);
	}
	nft_begin(&next, next_room, 600);
	make(&next, &plans[0]);
	nft_begin(&out, out_room, sizeof(out_room));
	CHECK(nft_diff(&out, &before, &next) == -EMSGSIZE);
	CHECK(out.batch.count == 1);
}

static void make_chains(struct nft *nft, const char *name)
{
	nft_replace(nft, NFPROTO_INET, "t");
	for (unsigned int i = 0; i < 4000; i++) {
		char own[16];
		struct text text;

		text_init(&text, own, sizeof(own));
		text_add(&text, "%s%u", name, i);
		nft_chain(nft, own);
	}
	nft_end(nft);
}

/* To look for what is the same takes longer than to make all anew. */
static void test_says_when_all_differs(void)
{
	struct nft before, next, out;

	nft_begin(&before, before_room, sizeof(before_room));
	make_chains(&before, "a");
	nft_begin(&next, next_room, sizeof(next_room));
	make_chains(&next, "b");
	nft_begin(&out, out_room, sizeof(out_room));
	CHECK(nft_diff(&out, &before, &next) == -E2BIG);
	CHECK(out.batch.count == 1);
	CHECK(nft_diff(&out, &before, &before) == 0);
	CHECK(out.batch.count == 1);
}

int main(void)
{
	RUN(test_what_differs);
	RUN(test_says_what_does_not_fit);
	RUN(test_says_when_all_differs);
	return check_done();
}
