/* SPDX-License-Identifier: MIT */
/*
 * nft - a transaction of nf_tables: tables, chains, sets and their elements
 * (linux/netfilter/nf_tables.h, nfnetlink.h)
 *
 * Messages are added to one batch, which the kernel does as a whole or not at
 * all. Rules are added by nft_rule.h. What a packet is asked for is a field;
 * a set is described by the fields of its key, and so are lookups in it.
 *
 * What does not fit is remembered by the batch, as netlink.h says.
 */
#ifndef TARE_NET_NFT_H
#define TARE_NET_NFT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "lib/address.h"
#include "lib/netlink.h"

struct text;

enum nft_limit {
	NFT_KEY_FIELDS = 4, /* of one set, with the end */
	NFT_KEY_SIZE = 64,  /* bytes, as the kernel has it */
	NFT_FLOW_LINKS = 256,
};

/* As nft(8) names them; nft_field.c says what they are. */
enum nft_field {
	FIELD_END, /* of a list */
	FIELD_IIFNAME,
	FIELD_OIFNAME,
	FIELD_NFPROTO,
	FIELD_L4PROTO,
	FIELD_CT_STATE,
	FIELD_CT_STATUS,
	FIELD_SADDR_TYPE, /* fib saddr type */
	FIELD_DADDR_TYPE,
	FIELD_ETHER_SADDR,
	FIELD_ETHER_TYPE,
	FIELD_ARP_HTYPE,
	FIELD_ARP_PTYPE,
	FIELD_ARP_HLEN,
	FIELD_ARP_PLEN,
	FIELD_ARP_SADDR_ETHER,
	FIELD_ARP_SADDR_IP,
	FIELD_IP_SADDR,
	FIELD_IP_DADDR,
	FIELD_IP6_SADDR,
	FIELD_IP6_DADDR,
	FIELD_IP6_HOPLIMIT,
	FIELD_SPORT, /* th sport: of TCP, UDP and SCTP */
	FIELD_DPORT,
	FIELD_ICMP_TYPE,
	FIELD_ICMP6_TYPE,
	FIELD_ICMP6_TADDR,
	FIELD_NUMBER,  /* only in sets: a number */
	FIELD_VERDICT, /* only as what a map leads to */
};

struct nft_field_row {
	uint8_t source;  /* enum nft_source */
	uint8_t key;     /* meta, ct, fib: what; payload: which header */
	uint8_t offset;  /* payload: bytes */
	uint8_t size;    /* bytes */
	uint8_t type;    /* as nft(8) numbers types, so that it can print */
	uint8_t family;  /* NFPROTO_*: only there; 0: everywhere */
	uint8_t l4proto; /* only there */
	bool is_host_order;
};

enum nft_source {
	SOURCE_NONE,
	SOURCE_META,
	SOURCE_CT,
	SOURCE_FIB,
	SOURCE_PAYLOAD,
};

struct nft {
	struct netlink_batch batch;
	const char *table;
	uint8_t family;
	size_t elements; /* added so far, of all sets */

	/* the elements or the rule that are open */
	const struct nft_set *set;
	size_t list;       /* attribute that holds them */
	size_t hook;       /* that which holds the list of a flow table */
	uint8_t is_family; /* what the rule has asked for already */
	uint8_t is_l4proto;
};

struct nft_hook {
	const char *chain, *type; /* "filter", "nat" */
	uint8_t hook;             /* NF_INET_*, NF_BR_* */
	int16_t priority;
	bool drops; /* what no rule decides about */
};

struct nft_set {
	const char *name;
	enum nft_field key[NFT_KEY_FIELDS];
	enum nft_field value; /* of a map */
};

/* A key or a value, field by field. */
struct nft_value {
	unsigned char bytes[NFT_KEY_SIZE];
	size_t size;
};

const struct nft_field_row *nft_field(enum nft_field field);

/* Begins a transaction in buffer, which is aligned for a uint64_t; ends it. */
void nft_begin(struct nft *nft, void *buffer, size_t size);
void nft_end(struct nft *nft);

/* Begins any message of enum nf_tables_msg_types, of the family of nft; what is
 * open is ended. */
void nft_message(struct nft *nft, unsigned int message, unsigned int flags);

/* Removes a table with all in it, if there is one; makes an empty one, which
 * is that of all calls that follow. */
void nft_remove(struct nft *nft, uint8_t family, const char *table);
void nft_replace(struct nft *nft, uint8_t family, const char *table);

void nft_base_chain(struct nft *nft, const struct nft_hook *hook);
void nft_chain(struct nft *nft, const char *name);

/*
 * A flow table: what comes in by its links and belongs to a connection that is
 * in it goes on without any other chain. nft_flow_table, then nft_flow_link for
 * each, then nft_flow_table_end. At most NFT_FLOW_LINKS of them.
 */
void nft_flow_table(struct nft *nft, const char *name);
void nft_flow_link(struct nft *nft, const char *link);
void nft_flow_table_end(struct nft *nft);

/* Makes a set; size: elements it can have, which makes lookups fast. */
void nft_set(struct nft *nft, const struct nft_set *set, size_t size);

/*
 * Elements: nft_fill, then nft_element for each, then nft_filled. value is an
 * address or a number of a map, chain that of a verdict map ("goto"); NULL.
 */
void nft_fill(struct nft *nft, const struct nft_set *set);
void nft_element(struct nft *nft, const struct nft_value *key,
	const struct nft_value *value, const char *chain);
void nft_filled(struct nft *nft);

/* Append a field to a key. */
void nft_value_bytes(struct nft_value *value, const void *bytes, size_t size);
void nft_value_address(struct nft_value *value, const struct address *address);
void nft_value_link(struct nft_value *value, const char *name);
void nft_value_u8(struct nft_value *value, uint8_t number);
void nft_value_be16(struct nft_value *value, uint16_t number);
void nft_value_u32(struct nft_value *value, uint32_t number);

/* Says what the message number of a batch is about: "set 'ports'". */
void nft_describe(const struct netlink_batch *batch, size_t number,
	struct text *out);

#endif
