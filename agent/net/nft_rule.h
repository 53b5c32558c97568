/* SPDX-License-Identifier: MIT */
/*
 * nft_rule - rules of a transaction, from left to right as nft(8) writes them
 *
 *	nft_rule(nft, "input", "name server of a network");
 *	nft_in(nft, KEY(FIELD_IIFNAME, FIELD_IP_DADDR), "gateways4");
 *	nft_is(nft, FIELD_DPORT, 53);
 *	nft_accept(nft);
 *
 * A rule ends where the next object begins. That a packet is of the family and
 * of the protocol of a field is asked before it, once per rule.
 */
#ifndef TARE_NET_NFT_RULE_H
#define TARE_NET_NFT_RULE_H

#include <stdint.h>

#include "net/nft.h"

/* Fields of a lookup. */
#define KEY(...) ((const enum nft_field[]){ __VA_ARGS__, FIELD_END })

/* Begins a rule at the end of a chain; purpose is its comment. */
void nft_rule(struct nft *nft, const char *chain, const char *purpose);

/* Ends the rule; whoever adds another object calls it first. */
void nft_rule_end(struct nft *nft);

/* Conditions. A number is in the machine's order. */
void nft_is(struct nft *nft, enum nft_field field, uint32_t number);
void nft_is_not(struct nft *nft, enum nft_field field, uint32_t number);
void nft_has(struct nft *nft, enum nft_field field, uint32_t any_of);
void nft_between(struct nft *nft, enum nft_field field, uint32_t first,
	uint32_t last);

/* The name of a link; all that begin so when it ends with '*'. */
void nft_is_link(struct nft *nft, enum nft_field field, const char *name);
void nft_is_not_link(struct nft *nft, enum nft_field field, const char *name);

/* An address is in a prefix of its family. */
void nft_within(struct nft *nft, enum nft_field field,
	const struct prefix *prefix);

/* The fields are an element; are none; go where the map leads, if anywhere. */
void nft_in(struct nft *nft, const enum nft_field *key, const char *set);
void nft_not_in(struct nft *nft, const enum nft_field *key, const char *set);
void nft_vmap(struct nft *nft, const enum nft_field *key, const char *map);

/* At most so many packets in a second, and burst more at once. */
void nft_limit(struct nft *nft, uint32_t per_s, uint32_t burst);

/* The connection is put into a flow table, if it can be. */
void nft_flow_add(struct nft *nft, const char *flow_table);

/* Verdicts. */
void nft_accept(struct nft *nft);
void nft_drop(struct nft *nft);
void nft_return(struct nft *nft);
void nft_jump(struct nft *nft, const char *chain);
void nft_goto(struct nft *nft, const char *chain);
void nft_reject(struct nft *nft);     /* ICMP, ICMPv6: no such port */
void nft_reject_tcp(struct nft *nft); /* RST; only when it is TCP */

/* Address translation. */
void nft_masquerade(struct nft *nft);

/* The source becomes what map has for the fields. */
void nft_snat(struct nft *nft, uint8_t family, const enum nft_field *key,
	const char *map);

/* Connections go to the addresses that map has for the numbers from 0 below
 * count, one after the other; or to the only one. */
struct nft_balance {
	uint8_t family; /* NFPROTO_IPV4, NFPROTO_IPV6 */
	const struct address *only;
	const char *map; /* unless there is only one */
	uint32_t count;
	uint16_t port; /* 0: the port stays */
};

void nft_dnat(struct nft *nft, const struct nft_balance *balance);

#endif
