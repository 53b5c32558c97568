// SPDX-License-Identifier: MIT
/*
 * ruleset_fastpath - connections that go on by a flow table
 * (Documentation/networking/nf_flowtable.rst)
 *
 * Once both sides have spoken, TCP goes from link to link without the rules: no
 * rule would refuse it any more. UDP does not: its flows are forgotten when a
 * replica leaves, and are looked for among the connections then.
 */
#include <net/if.h>
#include <netinet/in.h>

#include "lib/hash.h"
#include "net/nft_rule.h"
#include "net/ruleset_parts.h"
#include "net/topology.h"

#define FASTPATH "fastpath"

/* A link that has appeared since is left out: what comes by it goes through
 * the rules. */
static size_t list_links(const struct topology *topology,
	const char *out[NFT_FLOW_LINKS])
{
	size_t count = 0;

	if (topology->uplink_count == 0)
		return 0;
	for (size_t i = 0; i < topology->uplink_count; i++)
		out[count++] = topology->uplinks[i];
	for (size_t i = 0;
		i < topology->network_count && count < NFT_FLOW_LINKS; i++) {
		if (balance_is_ours(topology, i))
			out[count++] = topology->networks[i].bridge;
	}
	return count;
}

void ruleset_fastpath_table(struct nft *nft, const struct topology *topology)
{
	const char *links[NFT_FLOW_LINKS];
	size_t count = list_links(topology, links);

	if (count == 0)
		return;
	nft_flow_table(nft, FASTPATH);
	for (size_t i = 0; i < count; i++)
		nft_flow_link(nft, links[i]);
	nft_flow_table_end(nft);
}

uint64_t ruleset_fastpath_links(const struct topology *topology)
{
	const char *links[NFT_FLOW_LINKS];
	size_t count = list_links(topology, links);
	uint64_t hash = HASH_START;

	for (size_t i = 0; i < count; i++) {
		unsigned int index = if_nametoindex(links[i]);

		hash = hash_bytes(hash, &index, sizeof(index));
	}
	return hash;
}

void ruleset_fastpath_rule(struct nft *nft, const struct topology *topology)
{
	if (topology->uplink_count == 0)
		return;
	nft_rule(nft, "forward", "the fast path");
	nft_is(nft, FIELD_L4PROTO, IPPROTO_TCP);
	nft_flow_add(nft, FASTPATH);
}
