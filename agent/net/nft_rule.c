// SPDX-License-Identifier: MIT
/* nft_rule - rules of a transaction, from left to right as nft(8) writes them */
#include "net/nft_rule.h"

#include <endian.h>
#include <linux/if_ether.h>
#include <linux/netfilter.h>
#include <linux/netfilter/nf_tables.h>
#include <linux/netfilter/nfnetlink.h>
#include <string.h>

#include "lib/text.h"

#define FIRST        NFT_REG32_00 /* register that a condition begins with */
#define REGISTER     4u           /* bytes of one */
#define PORT_AT      NFT_REG32_04 /* behind an address of either family */
#define PURPOSE_MAX  128
#define COMMENT_KIND 0 /* of user data, as nft(8) has it */
#define SECOND       1 /* unit of rates */

/* Two nests of an expression: the list's element and its data. */
struct expression {
	size_t element, data;
};

static struct expression open_expression(struct nft *nft, const char *name)
{
	struct expression expression;

	expression.element = netlink_nest(&nft->batch, NFTA_LIST_ELEM);
	netlink_add_string(&nft->batch, NFTA_EXPR_NAME, name);
	expression.data = netlink_nest(&nft->batch, NFTA_EXPR_DATA);
	return expression;
}

static void close_expression(struct nft *nft, struct expression expression)
{
	netlink_close(&nft->batch, expression.data);
	netlink_close(&nft->batch, expression.element);
}

static void add_be32(struct nft *nft, unsigned int kind, uint32_t value)
{
	netlink_add_be32(&nft->batch, kind, value);
}

static void add_value(struct nft *nft, unsigned int kind, const void *bytes,
	size_t size)
{
	size_t nest = netlink_nest(&nft->batch, kind);

	netlink_add(&nft->batch, NFTA_DATA_VALUE, bytes, size);
	netlink_close(&nft->batch, nest);
}

static void add_purpose(struct nft *nft, const char *purpose)
{
	char data[2 + PURPOSE_MAX];
	size_t size;

	(void)text_copy(data + 2, PURPOSE_MAX, purpose);
	size = strlen(data + 2) + 1;
	data[0] = COMMENT_KIND;
	data[1] = (char)size;
	netlink_add(&nft->batch, NFTA_RULE_USERDATA, data, 2 + size);
}

void nft_rule(struct nft *nft, const char *chain, const char *purpose)
{
	const struct nfgenmsg body = { .nfgen_family = nft->family };

	nft_rule_end(nft);
	netlink_begin(&nft->batch, NFNL_SUBSYS_NFTABLES << 8 | NFT_MSG_NEWRULE,
		NLM_F_CREATE | NLM_F_APPEND, &body, sizeof(body));
	netlink_add_string(&nft->batch, NFTA_RULE_TABLE, nft->table);
	netlink_add_string(&nft->batch, NFTA_RULE_CHAIN, chain);
	add_purpose(nft, purpose);
	nft->list = netlink_nest(&nft->batch, NFTA_RULE_EXPRESSIONS);
	nft->is_family = nft->is_l4proto = 0;
}

void nft_rule_end(struct nft *nft)
{
	if (nft->list > 0)
		netlink_close(&nft->batch, nft->list);
	nft->list = 0;
}

static void compare(struct nft *nft, uint32_t operation, const void *bytes,
	size_t size)
{
	struct expression cmp = open_expression(nft, "cmp");

	add_be32(nft, NFTA_CMP_SREG, FIRST);
	add_be32(nft, NFTA_CMP_OP, operation);
	add_value(nft, NFTA_CMP_DATA, bytes, size);
	close_expression(nft, cmp);
}

static void load_payload(struct nft *nft, const struct nft_field_row *row,
	uint32_t at)
{
	struct expression payload = open_expression(nft, "payload");

	add_be32(nft, NFTA_PAYLOAD_DREG, at);
	add_be32(nft, NFTA_PAYLOAD_BASE, row->key);
	add_be32(nft, NFTA_PAYLOAD_OFFSET, row->offset);
	add_be32(nft, NFTA_PAYLOAD_LEN, row->size);
	close_expression(nft, payload);
}

static void load_meta(struct nft *nft, uint32_t key, uint32_t at)
{
	struct expression meta = open_expression(nft, "meta");

	add_be32(nft, NFTA_META_KEY, key);
	add_be32(nft, NFTA_META_DREG, at);
	close_expression(nft, meta);
}

static void load_ct(struct nft *nft, uint32_t key, uint32_t at)
{
	struct expression ct = open_expression(nft, "ct");

	add_be32(nft, NFTA_CT_KEY, key);
	add_be32(nft, NFTA_CT_DREG, at);
	close_expression(nft, ct);
}

static void load_fib(struct nft *nft, uint32_t flag, uint32_t at)
{
	struct expression fib = open_expression(nft, "fib");

	add_be32(nft, NFTA_FIB_FLAGS, flag);
	add_be32(nft, NFTA_FIB_RESULT, NFT_FIB_RESULT_ADDRTYPE);
	add_be32(nft, NFTA_FIB_DREG, at);
	close_expression(nft, fib);
}

/* Asks for the family, as a table of its kind can. */
static void depend_on_family(struct nft *nft, uint8_t family)
{
	uint16_t ethertype = htobe16(family == NFPROTO_IPV4   ? ETH_P_IP
				     : family == NFPROTO_IPV6 ? ETH_P_IPV6
							      : ETH_P_ARP);

	if (family == 0 || nft->is_family == family)
		return;
	nft->is_family = family;
	if (nft->family == NFPROTO_BRIDGE) {
		load_meta(nft, NFT_META_PROTOCOL, FIRST);
		compare(nft, NFT_CMP_EQ, &ethertype, sizeof(ethertype));
		return;
	}
	load_meta(nft, NFT_META_NFPROTO, FIRST);
	compare(nft, NFT_CMP_EQ, &family, sizeof(family));
}

static void depend(struct nft *nft, const struct nft_field_row *row)
{
	depend_on_family(nft, row->family);
	if (row->l4proto == 0 || nft->is_l4proto == row->l4proto)
		return;
	nft->is_l4proto = row->l4proto;
	load_meta(nft, NFT_META_L4PROTO, FIRST);
	compare(nft, NFT_CMP_EQ, &row->l4proto, sizeof(row->l4proto));
}

static void load_at(struct nft *nft, const struct nft_field_row *row,
	uint32_t at)
{
	switch ((enum nft_source)row->source) {
	case SOURCE_META:
		load_meta(nft, row->key, at);
		break;
	case SOURCE_CT:
		load_ct(nft, row->key, at);
		break;
	case SOURCE_FIB:
		load_fib(nft, row->key, at);
		break;
	case SOURCE_PAYLOAD:
		load_payload(nft, row, at);
		break;
	case SOURCE_NONE:
		break;
	}
}

static const struct nft_field_row *load(struct nft *nft, enum nft_field field)
{
	const struct nft_field_row *row = nft_field(field);

	depend(nft, row);
	load_at(nft, row, FIRST);
	return row;
}

/* All fields into registers one behind the other. */
static void load_key(struct nft *nft, const enum nft_field *key)
{
	uint32_t at = FIRST;

	for (size_t i = 0; key[i] != FIELD_END; i++)
		depend(nft, nft_field(key[i]));
	for (size_t i = 0; key[i] != FIELD_END; i++) {
		const struct nft_field_row *row = nft_field(key[i]);

		load_at(nft, row, at);
		at += (row->size + REGISTER - 1) / REGISTER;
	}
}

static void compare_number(struct nft *nft, const struct nft_field_row *row,
	uint32_t operation, uint32_t number)
{
	const uint8_t byte = (uint8_t)number;
	const uint16_t half = (uint16_t)number;
	const uint16_t half_be = htobe16(half);
	const uint32_t number_be = htobe32(number);

	if (row->size == sizeof(byte))
		compare(nft, operation, &byte, sizeof(byte));
	else if (row->size == sizeof(half))
		compare(nft, operation, row->is_host_order ? &half : &half_be,
			sizeof(half));
	else
		compare(nft, operation,
			row->is_host_order ? &number : &number_be,
			sizeof(number));
}

void nft_is(struct nft *nft, enum nft_field field, uint32_t number)
{
	compare_number(nft, load(nft, field), NFT_CMP_EQ, number);
}

void nft_is_not(struct nft *nft, enum nft_field field, uint32_t number)
{
	compare_number(nft, load(nft, field), NFT_CMP_NEQ, number);
}

void nft_between(struct nft *nft, enum nft_field field, uint32_t first,
	uint32_t last)
{
	const struct nft_field_row *row = load(nft, field);

	if (first == last) {
		compare_number(nft, row, NFT_CMP_EQ, first);
		return;
	}
	compare_number(nft, row, NFT_CMP_GTE, first);
	compare_number(nft, row, NFT_CMP_LTE, last);
}

static void mask(struct nft *nft, const void *bits, size_t size)
{
	static const unsigned char none[sizeof(struct address)];
	struct expression bitwise = open_expression(nft, "bitwise");

	add_be32(nft, NFTA_BITWISE_SREG, FIRST);
	add_be32(nft, NFTA_BITWISE_DREG, FIRST);
	add_be32(nft, NFTA_BITWISE_LEN, (uint32_t)size);
	add_value(nft, NFTA_BITWISE_MASK, bits, size);
	add_value(nft, NFTA_BITWISE_XOR, none, size);
	close_expression(nft, bitwise);
}

void nft_has(struct nft *nft, enum nft_field field, uint32_t any_of)
{
	const uint32_t none = 0;

	(void)load(nft, field);
	mask(nft, &any_of, sizeof(any_of));
	compare(nft, NFT_CMP_NEQ, &none, sizeof(none));
}

static void compare_link(struct nft *nft, enum nft_field field,
	uint32_t operation, const char *name)
{
	struct nft_value value = { .size = 0 };
	size_t length = strlen(name);

	(void)load(nft, field);
	nft_value_link(&value, name);
	if (length > 0 && name[length - 1] == '*')
		value.size = length - 1;
	compare(nft, operation, value.bytes, value.size);
}

void nft_is_link(struct nft *nft, enum nft_field field, const char *name)
{
	compare_link(nft, field, NFT_CMP_EQ, name);
}

void nft_is_not_link(struct nft *nft, enum nft_field field, const char *name)
{
	compare_link(nft, field, NFT_CMP_NEQ, name);
}

void nft_within(struct nft *nft, enum nft_field field,
	const struct prefix *prefix)
{
	size_t size = address_size(&prefix->address);
	unsigned char bits[16] = { 0 };
	unsigned char bytes[16];

	for (size_t i = 0; i < prefix->length && i < size * 8; i++)
		bits[i / 8] |= (unsigned char)(0x80 >> i % 8);
	for (size_t i = 0; i < sizeof(bytes); i++)
		bytes[i] = prefix->address.bytes[i] & bits[i];
	(void)load(nft, field);
	if (prefix->length < size * 8)
		mask(nft, bits, size);
	compare(nft, NFT_CMP_EQ, bytes, size);
}

/* to: a register that gets what a map has, or NULL */
static void lookup(struct nft *nft, const char *set, const uint32_t *to,
	uint32_t flags)
{
	struct expression expression = open_expression(nft, "lookup");

	netlink_add_string(&nft->batch, NFTA_LOOKUP_SET, set);
	add_be32(nft, NFTA_LOOKUP_SREG, FIRST);
	if (to)
		add_be32(nft, NFTA_LOOKUP_DREG, *to);
	add_be32(nft, NFTA_LOOKUP_FLAGS, flags);
	close_expression(nft, expression);
}

void nft_in(struct nft *nft, const enum nft_field *key, const char *set)
{
	load_key(nft, key);
	lookup(nft, set, NULL, 0);
}

void nft_not_in(struct nft *nft, const enum nft_field *key, const char *set)
{
	load_key(nft, key);
	lookup(nft, set, NULL, NFT_LOOKUP_F_INV);
}

void nft_vmap(struct nft *nft, const enum nft_field *key, const char *map)
{
	const uint32_t verdict = NFT_REG_VERDICT;

	load_key(nft, key);
	lookup(nft, map, &verdict, 0);
}

void nft_limit(struct nft *nft, uint32_t per_s, uint32_t burst)
{
	struct expression limit = open_expression(nft, "limit");

	netlink_add_be64(&nft->batch, NFTA_LIMIT_RATE, per_s);
	netlink_add_be64(&nft->batch, NFTA_LIMIT_UNIT, SECOND);
	add_be32(nft, NFTA_LIMIT_BURST, burst);
	add_be32(nft, NFTA_LIMIT_TYPE, NFT_LIMIT_PKTS);
	add_be32(nft, NFTA_LIMIT_FLAGS, 0);
	close_expression(nft, limit);
}

static void verdict(struct nft *nft, int code, const char *chain)
{
	struct expression immediate = open_expression(nft, "immediate");
	size_t data, nest;

	add_be32(nft, NFTA_IMMEDIATE_DREG, NFT_REG_VERDICT);
	data = netlink_nest(&nft->batch, NFTA_IMMEDIATE_DATA);
	nest = netlink_nest(&nft->batch, NFTA_DATA_VERDICT);
	add_be32(nft, NFTA_VERDICT_CODE, (uint32_t)code);
	if (chain)
		netlink_add_string(&nft->batch, NFTA_VERDICT_CHAIN, chain);
	netlink_close(&nft->batch, nest);
	netlink_close(&nft->batch, data);
	close_expression(nft, immediate);
}

void nft_accept(struct nft *nft)
{
	verdict(nft, NF_ACCEPT, NULL);
}

void nft_drop(struct nft *nft)
{
	verdict(nft, NF_DROP, NULL);
}

void nft_return(struct nft *nft)
{
	verdict(nft, NFT_RETURN, NULL);
}

void nft_jump(struct nft *nft, const char *chain)
{
	verdict(nft, NFT_JUMP, chain);
}

void nft_goto(struct nft *nft, const char *chain)
{
	verdict(nft, NFT_GOTO, chain);
}

static void reject(struct nft *nft, uint32_t type, uint8_t code)
{
	struct expression expression = open_expression(nft, "reject");

	add_be32(nft, NFTA_REJECT_TYPE, type);
	netlink_add_u8(&nft->batch, NFTA_REJECT_ICMP_CODE, code);
	close_expression(nft, expression);
}

void nft_reject(struct nft *nft)
{
	reject(nft, NFT_REJECT_ICMPX_UNREACH, NFT_REJECT_ICMPX_PORT_UNREACH);
}

void nft_reject_tcp(struct nft *nft)
{
	nft_is(nft, FIELD_L4PROTO, IPPROTO_TCP);
	reject(nft, NFT_REJECT_TCP_RST, 0);
}

void nft_flow_add(struct nft *nft, const char *flow_table)
{
	struct expression flow = open_expression(nft, "flow_offload");

	netlink_add_string(&nft->batch, NFTA_FLOW_TABLE_NAME, flow_table);
	close_expression(nft, flow);
}

void nft_masquerade(struct nft *nft)
{
	close_expression(nft, open_expression(nft, "masq"));
}

static void translate(struct nft *nft, uint32_t type, uint8_t family,
	bool has_port)
{
	struct expression nat = open_expression(nft, "nat");

	add_be32(nft, NFTA_NAT_TYPE, type);
	add_be32(nft, NFTA_NAT_FAMILY, family);
	add_be32(nft, NFTA_NAT_REG_ADDR_MIN, FIRST);
	if (has_port)
		add_be32(nft, NFTA_NAT_REG_PROTO_MIN, PORT_AT);
	close_expression(nft, nat);
}

void nft_snat(struct nft *nft, uint8_t family, const enum nft_field *key,
	const char *map)
{
	const uint32_t to = FIRST;

	depend_on_family(nft, family);
	load_key(nft, key);
	lookup(nft, map, &to, 0);
	translate(nft, NFT_NAT_SNAT, family, false);
}

static void load_turn(struct nft *nft, uint32_t count)
{
	struct expression numgen = open_expression(nft, "numgen");

	add_be32(nft, NFTA_NG_DREG, FIRST);
	add_be32(nft, NFTA_NG_MODULUS, count);
	add_be32(nft, NFTA_NG_TYPE, NFT_NG_INCREMENTAL);
	close_expression(nft, numgen);
}

static void load_bytes(struct nft *nft, uint32_t at, const void *bytes,
	size_t size)
{
	struct expression immediate = open_expression(nft, "immediate");

	add_be32(nft, NFTA_IMMEDIATE_DREG, at);
	add_value(nft, NFTA_IMMEDIATE_DATA, bytes, size);
	close_expression(nft, immediate);
}

void nft_dnat(struct nft *nft, const struct nft_balance *balance)
{
	const struct address *only = balance->only;
	const uint16_t port = htobe16(balance->port);
	const uint32_t to = FIRST;

	depend_on_family(nft, balance->family);
	if (only) {
		load_bytes(nft, FIRST, only->bytes, address_size(only));
	} else {
		load_turn(nft, balance->count);
		lookup(nft, balance->map, &to, 0);
	}
	if (balance->port > 0)
		load_bytes(nft, PORT_AT, &port, sizeof(port));
	translate(nft, NFT_NAT_DNAT, balance->family, balance->port > 0);
}
