/* SPDX-License-Identifier: MIT */
/*
 * ruleset_parts - what the files of ruleset.h share
 *
 *	ruleset_sets.c      sets and maps of "inet tare", made of the topology
 *	ruleset_inet.c      its chains and rules, which hardly depend on it
 *	ruleset_fastpath.c  its flow table
 *	ruleset_bridge.c    all of "bridge tare"
 */
#ifndef TARE_NET_RULESET_PARTS_H
#define TARE_NET_RULESET_PARTS_H

#include <stddef.h>

#include "net/balance.h"
#include "net/nft.h"

#define RULESET_TABLE "tare"

enum ruleset_parts_limit {
	RULESET_CHAIN_SIZE = 32, /* the name of a chain of a target */
};

/* What sets are made of. */
struct scene {
	const struct topology *topology;
	const struct balance *balance;
};

/*
 * Adds elements to a set, or, where nft is NULL, counts what it needs room for:
 * whatever may come to serve, so that a set keeps its size meanwhile.
 */
struct filler {
	struct nft *nft;
	const struct nft_set *set;
	size_t count;
};

typedef void ruleset_list_fn(struct filler *filler, const struct scene *scene,
	unsigned int which);

struct set_row {
	struct nft_set set;
	ruleset_list_fn *list; /* visits its elements */
	unsigned int which;    /* of them, as list has it */
};

void filler_add(struct filler *filler, const struct nft_value *key,
	const struct nft_value *value, const char *chain);

/* Whether an element that is there only in a certain state is added. */
bool filler_wants(const struct filler *filler, bool is_in_state);

/* Makes and fills the sets of a table. */
void ruleset_fill(struct nft *nft, const struct set_row *rows, size_t count,
	const struct scene *scene);

/* "to4-3-80": the chain that leads to port 80 of group 3 by IPv4. */
void ruleset_chain_name(char out[RULESET_CHAIN_SIZE],
	enum balance_family family, const struct balance_target *target);

/* The table that is begun gets these. Chains come first. */
void ruleset_inet_chains(struct nft *nft, const struct scene *scene);
void ruleset_inet_sets(struct nft *nft, const struct scene *scene);
void ruleset_inet_rules(struct nft *nft, const struct scene *scene);
/* The flow table, and the rule of "forward" that fills it; neither where the
 * topology has no uplinks. */
void ruleset_fastpath_table(struct nft *nft, const struct topology *topology);
void ruleset_fastpath_rule(struct nft *nft, const struct topology *topology);

/* Tells links from others that have got their names since: those would not be
 * in the flow table. */
uint64_t ruleset_fastpath_links(const struct topology *topology);

void ruleset_bridge(struct nft *nft, const struct scene *scene);

#endif
