// SPDX-License-Identifier: MIT
/* nft - a transaction of nf_tables: tables, chains, sets and their elements */
#include "net/nft.h"

#include <endian.h>
#include <linux/netfilter.h>
#include <linux/netfilter/nf_tables.h>
#include <linux/netfilter/nfnetlink.h>
#include <string.h>

#include "lib/text.h"
#include "net/nft_rule.h"

#define WORD             4u          /* bytes that a field is padded to */
#define LIST_MAX         (60u << 10) /* of elements in one attribute */
#define SET_ID           1 /* must be there; for sets without a name */
#define KEY_BYTE_ORDER   0 /* of user data of sets, as nft(8) has it */
#define HOST_ORDER       1
#define TYPE_BITS        6 /* of a field in the type of a key */
#define TYPE_OF(message) (NFNL_SUBSYS_NFTABLES << 8 | (message))
#define MESSAGE(type)    ((type)&0xffu)

void nft_message(struct nft *nft, unsigned int message, unsigned int flags)
{
	const struct nfgenmsg body = { .nfgen_family = nft->family };

	nft_rule_end(nft);
	netlink_begin(&nft->batch, TYPE_OF(message), flags, &body,
		sizeof(body));
}

static void add_boundary(struct nft *nft, unsigned int type)
{
	const struct nfgenmsg body = { .res_id =
					       htobe16(NFNL_SUBSYS_NFTABLES) };

	nft_rule_end(nft);
	netlink_begin(&nft->batch, type, 0, &body, sizeof(body));
}

void nft_begin(struct nft *nft, void *buffer, size_t size)
{
	*nft = (struct nft){ .table = "" };
	netlink_init(&nft->batch, buffer, size);
	add_boundary(nft, NFNL_MSG_BATCH_BEGIN);
}

void nft_end(struct nft *nft)
{
	struct nlmsghdr *last = (void *)(nft->batch.data + nft->batch.message);

	nft_rule_end(nft);
	/* kernels before 6.10 do not acknowledge the end itself */
	last->nlmsg_flags |= NLM_F_ACK;
	add_boundary(nft, NFNL_MSG_BATCH_END);
}

static void table(struct nft *nft, unsigned int message, unsigned int flags)
{
	nft_message(nft, message, flags);
	netlink_add_string(&nft->batch, NFTA_TABLE_NAME, nft->table);
}

void nft_remove(struct nft *nft, uint8_t family, const char *name)
{
	nft->family = family;
	nft->table = name;
	/* one that is there is left alone, so that there is one to remove */
	table(nft, NFT_MSG_NEWTABLE, NLM_F_CREATE);
	table(nft, NFT_MSG_DELTABLE, 0);
}

void nft_replace(struct nft *nft, uint8_t family, const char *name)
{
	nft_remove(nft, family, name);
	table(nft, NFT_MSG_NEWTABLE, NLM_F_CREATE);
}

void nft_chain(struct nft *nft, const char *name)
{
	nft_message(nft, NFT_MSG_NEWCHAIN, NLM_F_CREATE);
	netlink_add_string(&nft->batch, NFTA_CHAIN_TABLE, nft->table);
	netlink_add_string(&nft->batch, NFTA_CHAIN_NAME, name);
}

void nft_base_chain(struct nft *nft, const struct nft_hook *hook)
{
	struct netlink_batch *batch = &nft->batch;
	size_t nest;

	nft_chain(nft, hook->chain);
	netlink_add_string(batch, NFTA_CHAIN_TYPE, hook->type);
	netlink_add_be32(batch, NFTA_CHAIN_POLICY,
		hook->drops ? NF_DROP : NF_ACCEPT);
	nest = netlink_nest(batch, NFTA_CHAIN_HOOK);
	netlink_add_be32(batch, NFTA_HOOK_HOOKNUM, hook->hook);
	netlink_add_be32(batch, NFTA_HOOK_PRIORITY, (uint32_t)hook->priority);
	netlink_close(batch, nest);
}

void nft_flow_table(struct nft *nft, const char *name)
{
	struct netlink_batch *batch = &nft->batch;

	nft_message(nft, NFT_MSG_NEWFLOWTABLE, NLM_F_CREATE);
	netlink_add_string(batch, NFTA_FLOWTABLE_TABLE, nft->table);
	netlink_add_string(batch, NFTA_FLOWTABLE_NAME, name);
	nft->hook = netlink_nest(batch, NFTA_FLOWTABLE_HOOK);
	netlink_add_be32(batch, NFTA_FLOWTABLE_HOOK_NUM, NF_NETDEV_INGRESS);
	netlink_add_be32(batch, NFTA_FLOWTABLE_HOOK_PRIORITY, 0);
	nft->list = netlink_nest(batch, NFTA_FLOWTABLE_HOOK_DEVS);
}

void nft_flow_link(struct nft *nft, const char *link)
{
	netlink_add_string(&nft->batch, NFTA_DEVICE_NAME, link);
}

void nft_flow_table_end(struct nft *nft)
{
	netlink_close(&nft->batch, nft->list);
	netlink_close(&nft->batch, nft->hook);
	nft->list = nft->hook = 0;
}

static size_t padded(size_t size)
{
	return (size + WORD - 1) / WORD * WORD;
}

/* The size of a key; one of several fields has each padded. */
static size_t key_size(const struct nft_set *set)
{
	size_t size = nft_field(set->key[0])->size;

	for (size_t i = 1; set->key[i] != FIELD_END; i++)
		size = padded(size) + padded(nft_field(set->key[i])->size);
	return size;
}

static uint32_t key_type(const struct nft_set *set)
{
	uint32_t type = 0;

	for (size_t i = 0; set->key[i] != FIELD_END; i++)
		type = type << TYPE_BITS | nft_field(set->key[i])->type;
	return type;
}

static void add_value_type(struct nft *nft, enum nft_field value)
{
	const struct nft_field_row *row = nft_field(value);

	if (value == FIELD_END)
		return;
	if (value == FIELD_VERDICT) {
		netlink_add_be32(&nft->batch, NFTA_SET_DATA_TYPE,
			NFT_DATA_VERDICT);
		return;
	}
	netlink_add_be32(&nft->batch, NFTA_SET_DATA_TYPE, row->type);
	netlink_add_be32(&nft->batch, NFTA_SET_DATA_LEN, row->size);
}

static void add_description(struct nft *nft, size_t size)
{
	size_t nest;

	if (size == 0)
		return;
	nest = netlink_nest(&nft->batch, NFTA_SET_DESC);
	netlink_add_be32(&nft->batch, NFTA_SET_DESC_SIZE, (uint32_t)size);
	netlink_close(&nft->batch, nest);
}

/* nft(8) reads keys of one field in network order unless this says otherwise:
 * kind, size, number. */
static void add_byte_order(struct nft *nft, const struct nft_set *set)
{
	const unsigned char data[] = { KEY_BYTE_ORDER, sizeof(uint32_t),
		HOST_ORDER, 0, 0, 0 };
	const unsigned char data_be[] = { KEY_BYTE_ORDER, sizeof(uint32_t), 0,
		0, 0, HOST_ORDER };

	if (set->key[1] != FIELD_END || !nft_field(set->key[0])->is_host_order)
		return;
	netlink_add(&nft->batch, NFTA_SET_USERDATA,
		__BYTE_ORDER == __LITTLE_ENDIAN ? data : data_be, sizeof(data));
}

void nft_set(struct nft *nft, const struct nft_set *set, size_t size)
{
	struct netlink_batch *batch = &nft->batch;

	nft_message(nft, NFT_MSG_NEWSET, NLM_F_CREATE);
	netlink_add_string(batch, NFTA_SET_TABLE, nft->table);
	netlink_add_string(batch, NFTA_SET_NAME, set->name);
	netlink_add_be32(batch, NFTA_SET_ID, SET_ID);
	netlink_add_be32(batch, NFTA_SET_FLAGS,
		set->value != FIELD_END ? NFT_SET_MAP : 0);
	netlink_add_be32(batch, NFTA_SET_KEY_TYPE, key_type(set));
	netlink_add_be32(batch, NFTA_SET_KEY_LEN, (uint32_t)key_size(set));
	add_value_type(nft, set->value);
	add_description(nft, size);
	add_byte_order(nft, set);
}

void nft_fill(struct nft *nft, const struct nft_set *set)
{
	nft->set = set;
	nft_message(nft, NFT_MSG_NEWSETELEM, NLM_F_CREATE);
	netlink_add_string(&nft->batch, NFTA_SET_ELEM_LIST_TABLE, nft->table);
	netlink_add_string(&nft->batch, NFTA_SET_ELEM_LIST_SET, set->name);
	nft->list = netlink_nest(&nft->batch, NFTA_SET_ELEM_LIST_ELEMENTS);
}

void nft_filled(struct nft *nft)
{
	netlink_close(&nft->batch, nft->list);
	nft->list = 0;
}

static void add_data(struct netlink_batch *batch, unsigned int kind,
	const void *bytes, size_t size)
{
	size_t nest = netlink_nest(batch, kind);

	netlink_add(batch, NFTA_DATA_VALUE, bytes, size);
	netlink_close(batch, nest);
}

static void add_goto(struct netlink_batch *batch, const char *chain)
{
	size_t data = netlink_nest(batch, NFTA_SET_ELEM_DATA);
	size_t verdict = netlink_nest(batch, NFTA_DATA_VERDICT);

	netlink_add_be32(batch, NFTA_VERDICT_CODE, (uint32_t)NFT_GOTO);
	netlink_add_string(batch, NFTA_VERDICT_CHAIN, chain);
	netlink_close(batch, verdict);
	netlink_close(batch, data);
}

void nft_element(struct nft *nft, const struct nft_value *key,
	const struct nft_value *value, const char *chain)
{
	struct netlink_batch *batch = &nft->batch;
	size_t nest;

	if (batch->used - nft->list > LIST_MAX) {
		nft_filled(nft);
		nft_fill(nft, nft->set);
	}
	nft->elements++;
	nest = netlink_nest(batch, NFTA_LIST_ELEM);
	/* bytes behind the value's are zero */
	add_data(batch, NFTA_SET_ELEM_KEY, key->bytes, key_size(nft->set));
	if (value)
		add_data(batch, NFTA_SET_ELEM_DATA, value->bytes, value->size);
	if (chain)
		add_goto(batch, chain);
	netlink_close(batch, nest);
}

void nft_value_bytes(struct nft_value *value, const void *bytes, size_t size)
{
	size_t at = padded(value->size);

	if (size > sizeof(value->bytes) - at)
		return;
	memcpy(value->bytes + at, bytes, size);
	value->size = at + size;
}

void nft_value_address(struct nft_value *value, const struct address *address)
{
	nft_value_bytes(value, address->bytes, address_size(address));
}

void nft_value_link(struct nft_value *value, const char *name)
{
	char room[16] = "";

	(void)text_copy(room, sizeof(room), name);
	nft_value_bytes(value, room, sizeof(room));
}

void nft_value_u8(struct nft_value *value, uint8_t number)
{
	nft_value_bytes(value, &number, sizeof(number));
}

void nft_value_be16(struct nft_value *value, uint16_t number)
{
	uint16_t bytes = htobe16(number);

	nft_value_bytes(value, &bytes, sizeof(bytes));
}

void nft_value_u32(struct nft_value *value, uint32_t number)
{
	nft_value_bytes(value, &number, sizeof(number));
}

/* The message of that number, or NULL. All of them are whole. */
static const struct nlmsghdr *find(const struct netlink_batch *batch,
	size_t number)
{
	for (size_t at = 0; at < batch->used;) {
		const struct nlmsghdr *message = (void *)(batch->data + at);

		if (number-- == 0)
			return message;
		at += NLMSG_ALIGN(message->nlmsg_len);
	}
	return NULL;
}

/* The comment in the user data of a rule: kind, size, string. */
static const char *purpose_of(const struct nlattr *userdata)
{
	const char *bytes = netlink_data(userdata);

	return netlink_size(userdata) > 2 ? bytes + 2 : "";
}

/* What messages are about: the attribute of its name in each. */
static const struct kind {
	const char *what;
	unsigned int name;
} kinds[] = {
	[NFT_MSG_NEWTABLE] = { "table", NFTA_TABLE_NAME },
	[NFT_MSG_DELTABLE] = { "removal of table", NFTA_TABLE_NAME },
	[NFT_MSG_NEWCHAIN] = { "chain", NFTA_CHAIN_NAME },
	[NFT_MSG_NEWRULE] = { "rule of chain", NFTA_RULE_CHAIN },
	[NFT_MSG_NEWSET] = { "set", NFTA_SET_NAME },
	[NFT_MSG_NEWSETELEM] = { "elements of set", NFTA_SET_ELEM_LIST_SET },
	[NFT_MSG_NEWFLOWTABLE] = { "flow table", NFTA_FLOWTABLE_NAME },
};

void nft_describe(const struct netlink_batch *batch, size_t number,
	struct text *out)
{
	const struct nlmsghdr *message = find(batch, number);
	const struct nlattr *table[NFTA_RULE_USERDATA + 1];
	const struct kind *kind;

	if (!message || message->nlmsg_type >> 8 != NFNL_SUBSYS_NFTABLES ||
		MESSAGE(message->nlmsg_type) >=
			sizeof(kinds) / sizeof(*kinds)) {
		text_add(out, "transaction");
		return;
	}
	kind = &kinds[MESSAGE(message->nlmsg_type)];
	netlink_parse(message, sizeof(struct nfgenmsg), table,
		NFTA_RULE_USERDATA + 1);
	text_add(out, "%s '%s'", kind->what,
		(const char *)netlink_data(table[kind->name]));
	if (MESSAGE(message->nlmsg_type) == NFT_MSG_NEWRULE)
		text_add(out, " '%s'", purpose_of(table[NFTA_RULE_USERDATA]));
}
