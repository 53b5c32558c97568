// SPDX-License-Identifier: MIT
/*
 * ruleset_bridge - "bridge tare": a workload sends as itself or not at all
 *
 * Asked of each frame that comes in by a port named tv*, before it is
 * forwarded or taken by the machine: addresses that are in a set together with
 * the port are its own. A port that is in no set can send nothing.
 *
 * Link-local addresses are those made of the MAC (RFC 4291, appendix A), and
 * only where the network has IPv6. Later fragments of ICMPv6 are dropped, as
 * nobody can tell what they are of (RFC 7113).
 */
#include <linux/icmpv6.h>
#include <linux/if_ether.h>
#include <linux/netfilter.h>
#include <string.h>
#include <sys/socket.h>

#include "net/nft_rule.h"
#include "net/ruleset_parts.h"

#define COUNT(array) (sizeof(array) / sizeof((array)[0]))

enum {
	HOOK_PREROUTING = 0, /* linux/netfilter_bridge.h cannot be included */
	PRIORITY_FILTER = -200,
	SOLICITATION = 135, /* RFC 4861 */
	ADVERTISEMENT = 136,
	PROTOCOL_NONE = 255, /* reserved: any that can be told is another */
	ARP_ETHERNET = 1,    /* RFC 826 */
	IPV4_SIZE = 4,
};

static const struct nft_hook hook = { "prerouting", "filter", HOOK_PREROUTING,
	PRIORITY_FILTER, false };

static const char *const chains[] = { "workload", "own_arp", "own_ip4",
	"own_ip6", "from_own_ip4", "from_own_ip6", "own_icmp6" };

static const struct prefix unspecified = { { .family = AF_INET6 }, 128 };

static void list_macs(struct filler *filler, const struct scene *scene,
	unsigned int which)
{
	(void)which; /* all */
	for (size_t i = 0; i < scene->topology->endpoint_count; i++) {
		const struct topology_endpoint *endpoint =
			&scene->topology->endpoints[i];
		struct nft_value key = { .size = 0 };

		if (!balance_is_ours(scene->topology, endpoint->network))
			continue;
		nft_value_link(&key, endpoint->link);
		nft_value_bytes(&key, endpoint->mac, sizeof(endpoint->mac));
		filler_add(filler, &key, NULL, NULL);
	}
}

static void add_address(struct filler *filler,
	const struct topology_endpoint *endpoint, const struct address *address)
{
	struct nft_value key = { .size = 0 };

	nft_value_link(&key, endpoint->link);
	nft_value_bytes(&key, endpoint->mac, sizeof(endpoint->mac));
	nft_value_address(&key, address);
	filler_add(filler, &key, NULL, NULL);
}

static struct address link_local(const uint8_t mac[6])
{
	struct address address = { AF_INET6, { 0xfe, 0x80 } };

	memcpy(address.bytes + 8, mac, 3);
	address.bytes[8] ^= 2;
	address.bytes[11] = 0xff;
	address.bytes[12] = 0xfe;
	memcpy(address.bytes + 13, mac + 3, 3);
	return address;
}

static void list_addresses4(struct filler *filler, const struct scene *scene,
	unsigned int which)
{
	(void)which; /* all */
	for (size_t i = 0; i < scene->topology->endpoint_count; i++) {
		const struct topology_endpoint *endpoint =
			&scene->topology->endpoints[i];

		if (balance_is_ours(scene->topology, endpoint->network) &&
			endpoint->address4.family != 0)
			add_address(filler, endpoint, &endpoint->address4);
	}
}

static void list_addresses6(struct filler *filler, const struct scene *scene,
	unsigned int which)
{
	(void)which; /* all */
	for (size_t i = 0; i < scene->topology->endpoint_count; i++) {
		const struct topology_endpoint *endpoint =
			&scene->topology->endpoints[i];
		struct address local = link_local(endpoint->mac);

		if (!balance_is_ours(scene->topology, endpoint->network) ||
			endpoint->address6.family == 0)
			continue;
		add_address(filler, endpoint, &endpoint->address6);
		add_address(filler, endpoint, &local);
	}
}

/* Where frames go by what is in them; any other kind is dropped. */
static const struct {
	uint16_t type;
	const char *chain;
} kinds[] = {
	{ ETH_P_IP, "own_ip4" },
	{ ETH_P_ARP, "own_arp" },
	{ ETH_P_IPV6, "own_ip6" },
};

static void list_kinds(struct filler *filler, const struct scene *scene,
	unsigned int which)
{
	(void)scene; /* it is the same everywhere */
	(void)which;
	for (size_t i = 0; i < COUNT(kinds); i++) {
		struct nft_value key = { .size = 0 };

		nft_value_be16(&key, kinds[i].type);
		filler_add(filler, &key, NULL, kinds[i].chain);
	}
}

#define LINK FIELD_IIFNAME

/* clang-format off */
static const struct set_row rows[] = {
	{ { "kinds", { FIELD_ETHER_TYPE }, FIELD_VERDICT }, list_kinds, 0 },
	{ { "macs", { LINK, FIELD_ETHER_SADDR }, FIELD_END }, list_macs, 0 },
	{ { "addresses4", { LINK, FIELD_ETHER_SADDR, FIELD_IP_SADDR }, FIELD_END }, list_addresses4, 0 },
	{ { "addresses6", { LINK, FIELD_ETHER_SADDR, FIELD_IP6_SADDR }, FIELD_END }, list_addresses6, 0 },
};
/* clang-format on */

static void add_workload(struct nft *nft)
{
	nft_rule(nft, "prerouting", "ports of workloads");
	nft_is_link(nft, FIELD_IIFNAME, "tv*");
	nft_goto(nft, "workload");

	nft_rule(nft, "workload", "by kind of frame");
	nft_vmap(nft, KEY(FIELD_ETHER_TYPE), "kinds");

	nft_rule(nft, "workload", "no other kind");
	nft_drop(nft);
}

static void add_arp(struct nft *nft)
{
	nft_rule(nft, "own_arp", "own addresses in an ordinary message");
	nft_is(nft, FIELD_ARP_HTYPE, ARP_ETHERNET);
	nft_is(nft, FIELD_ARP_PTYPE, ETH_P_IP);
	nft_is(nft, FIELD_ARP_HLEN, ETH_ALEN);
	nft_is(nft, FIELD_ARP_PLEN, IPV4_SIZE);
	nft_in(nft, KEY(FIELD_IIFNAME, FIELD_ETHER_SADDR), "macs");
	nft_in(nft,
		KEY(FIELD_IIFNAME, FIELD_ARP_SADDR_ETHER, FIELD_ARP_SADDR_IP),
		"addresses4");
	nft_accept(nft);

	nft_rule(nft, "own_arp", "nothing else");
	nft_drop(nft);
}

/* A server answers from the one port to the other. */
static void drop_leases(struct nft *nft, const char *chain, uint16_t server,
	uint16_t client)
{
	nft_rule(nft, chain, "answers of a DHCP server");
	nft_is(nft, FIELD_L4PROTO, IPPROTO_UDP);
	nft_is(nft, FIELD_SPORT, server);
	nft_drop(nft);

	nft_rule(nft, chain, "answers of a DHCP server");
	nft_is(nft, FIELD_L4PROTO, IPPROTO_UDP);
	nft_is(nft, FIELD_DPORT, client);
	nft_drop(nft);
}

/* The way of nearly all frames: it is short. */
static void add_ip4(struct nft *nft)
{
	nft_rule(nft, "own_ip4", "own address");
	nft_in(nft, KEY(FIELD_IIFNAME, FIELD_ETHER_SADDR, FIELD_IP_SADDR),
		"addresses4");
	nft_goto(nft, "from_own_ip4");

	nft_rule(nft, "own_ip4", "nothing else");
	nft_drop(nft);

	nft_rule(nft, "from_own_ip4", "no DHCP");
	nft_is_not(nft, FIELD_L4PROTO, IPPROTO_UDP);
	nft_accept(nft);

	drop_leases(nft, "from_own_ip4", 67, 68);

	nft_rule(nft, "from_own_ip4", "other UDP");
	nft_accept(nft);
}

static void add_ip6(struct nft *nft)
{
	nft_rule(nft, "own_ip6", "own address");
	nft_in(nft, KEY(FIELD_IIFNAME, FIELD_ETHER_SADDR, FIELD_IP6_SADDR),
		"addresses6");
	nft_goto(nft, "from_own_ip6");

	nft_rule(nft, "own_ip6", "whether its own address is taken");
	nft_within(nft, FIELD_IP6_SADDR, &unspecified);
	nft_is(nft, FIELD_ICMP6_TYPE, SOLICITATION);
	nft_in(nft, KEY(FIELD_IIFNAME, FIELD_ETHER_SADDR, FIELD_ICMP6_TADDR),
		"addresses6");
	nft_accept(nft);

	nft_rule(nft, "own_ip6", "which multicast it listens to");
	nft_within(nft, FIELD_IP6_SADDR, &unspecified);
	nft_in(nft, KEY(FIELD_IIFNAME, FIELD_ETHER_SADDR), "macs");
	nft_is(nft, FIELD_ICMP6_TYPE, ICMPV6_MLD2_REPORT);
	nft_accept(nft);

	nft_rule(nft, "own_ip6", "nothing else");
	nft_drop(nft);
}

static void add_ip6_own(struct nft *nft)
{
	nft_rule(nft, "from_own_ip6", "ICMPv6");
	nft_is(nft, FIELD_L4PROTO, IPPROTO_ICMPV6);
	nft_goto(nft, "own_icmp6");

	drop_leases(nft, "from_own_ip6", 547, 546);

	nft_rule(nft, "from_own_ip6", "protocols that can be told");
	nft_is_not(nft, FIELD_L4PROTO, PROTOCOL_NONE);
	nft_accept(nft);

	nft_rule(nft, "from_own_ip6", "nothing else");
	nft_drop(nft);
}

/* Neither routers nor redirects, nor another's address. */
static void add_icmp6(struct nft *nft)
{
	static const struct {
		uint8_t first, last;
		const char *purpose;
	} allowed[] = {
		{ ICMPV6_DEST_UNREACH, ICMPV6_PARAMPROB, "errors" },
		{ ICMPV6_ECHO_REQUEST, ICMPV6_ECHO_REPLY, "ping" },
		{ ICMPV6_MGM_REPORT, ICMPV6_MGM_REDUCTION, "multicast" },
		{ ICMPV6_MLD2_REPORT, ICMPV6_MLD2_REPORT, "multicast" },
		{ SOLICITATION, SOLICITATION, "neighbours" },
	};

	for (size_t i = 0; i < COUNT(allowed); i++) {
		nft_rule(nft, "own_icmp6", allowed[i].purpose);
		nft_between(nft, FIELD_ICMP6_TYPE, allowed[i].first,
			allowed[i].last);
		nft_accept(nft);
	}
	nft_rule(nft, "own_icmp6", "its own address");
	nft_is(nft, FIELD_ICMP6_TYPE, ADVERTISEMENT);
	nft_in(nft, KEY(FIELD_IIFNAME, FIELD_ETHER_SADDR, FIELD_ICMP6_TADDR),
		"addresses6");
	nft_accept(nft);

	nft_rule(nft, "own_icmp6", "nothing else");
	nft_drop(nft);
}

void ruleset_bridge(struct nft *nft, const struct scene *scene)
{
	nft_base_chain(nft, &hook);
	for (size_t i = 0; i < COUNT(chains); i++)
		nft_chain(nft, chains[i]);
	ruleset_fill(nft, rows, COUNT(rows), scene);
	add_workload(nft);
	add_arp(nft);
	add_ip4(nft);
	add_ip6(nft);
	add_ip6_own(nft);
	add_icmp6(nft);
}
