// SPDX-License-Identifier: MIT
/*
 * ruleset_inet - chains and rules of "inet tare"
 *
 *	early                     what claims to be the machine's own loopback
 *	fastpath                 a flow table: connections that are there
 *	prerouting, output        -> published -> to4-GROUP-PORT: DNAT
 *	forward                   -> from_network, to_network
 *	input                     -> from_workload, from_outside, refuse
 *	postrouting               SNAT
 *
 * There is no chain for what the machine itself sends: that may go out.
 *
 * A published port none of whose replicas serves cannot be refused by a chain
 * of type nat, so it has no element in the maps there: packets stay with the
 * machine and are refused by "input", from the idle_ sets. The same is done
 * with virtual addresses, which may also come to "forward".
 *
 * Of a routed network, too, only published ports are let in: that its addresses
 * are known outside is no reason to open it.
 */
#include <linux/icmpv6.h>
#include <linux/netfilter.h>
#include <linux/netfilter/nf_conntrack_common.h>
#include <linux/netfilter_ipv4.h>
#include <linux/rtnetlink.h>
#include <sys/socket.h>

#include "net/nft_rule.h"
#include "net/ruleset_parts.h"

#define COUNT(array) (sizeof(array) / sizeof((array)[0]))

enum port {
	PORT_DNS = 53,
	PORT_DHCP_SERVER = 67,
	PORT_DHCP_CLIENT = 68,
	PORT_DHCP6_CLIENT = 546,
};

enum icmp { /* RFC 792 */
	UNREACHABLE = 3,
	ECHO = 8,
	TIME_EXCEEDED = 11,
	BAD_PARAMETER = 12,
};

enum neighbour { /* RFC 4861 */
	ROUTER = 134,
	SOLICITATION,
	ADVERTISEMENT,
};

enum rate {
	ECHOES_PER_S = 100,
	ECHOES_AT_ONCE = 100,
	HOPS_OF_NEIGHBOUR = 255, /* RFC 4861: it came over no router */
};

#define KNOWN \
	NF_CT_STATE_BIT(IP_CT_ESTABLISHED) | NF_CT_STATE_BIT(IP_CT_RELATED)

static const struct nft_hook hooks[] = {
	{ "early", "filter", NF_INET_PRE_ROUTING, NF_IP_PRI_RAW, false },
	{ "prerouting", "nat", NF_INET_PRE_ROUTING, NF_IP_PRI_NAT_DST, false },
	{ "output", "nat", NF_INET_LOCAL_OUT, NF_IP_PRI_NAT_DST, false },
	{ "postrouting", "nat", NF_INET_POST_ROUTING, NF_IP_PRI_NAT_SRC,
		false },
	{ "forward", "filter", NF_INET_FORWARD, NF_IP_PRI_FILTER, false },
	{ "input", "filter", NF_INET_LOCAL_IN, NF_IP_PRI_FILTER, true },
};

static const char *const chains[] = { "published", "from_network", "to_network",
	"from_workload", "from_outside", "refuse" };

static const struct prefix loopback = { { AF_INET, { 127 } }, 8 };
static const struct prefix link_local = { { AF_INET6, { 0xfe, 0x80 } }, 10 };

static const uint8_t nfproto[] = { NFPROTO_IPV4, NFPROTO_IPV6 };

/* ---- chains of targets --------------------------------------------------- */

static bool is_served(const struct scene *scene,
	const struct balance_target *target, enum balance_family family)
{
	return scene->balance->serving[family][target->group] > 0;
}

static void add_target_chains(struct nft *nft, const struct scene *scene,
	enum balance_family family)
{
	for (size_t i = 0; i < scene->balance->target_count; i++) {
		const struct balance_target *target =
			&scene->balance->targets[i];
		char chain[RULESET_CHAIN_SIZE];

		if (!is_served(scene, target, family))
			continue;
		ruleset_chain_name(chain, family, target);
		nft_chain(nft, chain);
	}
}

static void add_target_rule(struct nft *nft, const struct scene *scene,
	const struct balance_target *target, enum balance_family family)
{
	const struct balance_target group = { .group = target->group };
	uint16_t count = scene->balance->serving[family][target->group];
	char chain[RULESET_CHAIN_SIZE], map[RULESET_CHAIN_SIZE];
	const struct nft_balance balance = {
		.family = nfproto[family],
		.only = count > 1 ? NULL
				  : balance_nth(scene->topology, target->group,
					    family, 0),
		.map = map,
		.count = count,
		.port = target->port,
	};

	ruleset_chain_name(chain, family, target);
	if (count > 1)
		ruleset_chain_name(map, family, &group);
	nft_rule(nft, chain, scene->topology->groups[target->group].service);
	nft_dnat(nft, &balance);
}

static void add_target_rules(struct nft *nft, const struct scene *scene,
	enum balance_family family)
{
	for (size_t i = 0; i < scene->balance->target_count; i++) {
		const struct balance_target *target =
			&scene->balance->targets[i];

		if (is_served(scene, target, family))
			add_target_rule(nft, scene, target, family);
	}
}

void ruleset_inet_chains(struct nft *nft, const struct scene *scene)
{
	for (size_t i = 0; i < COUNT(hooks); i++)
		nft_base_chain(nft, &hooks[i]);
	for (size_t i = 0; i < COUNT(chains); i++)
		nft_chain(nft, chains[i]);
	ruleset_fastpath_table(nft, scene->topology);
	add_target_chains(nft, scene, BALANCE_IPV4);
	add_target_chains(nft, scene, BALANCE_IPV6);
}

/* ---- address translation ------------------------------------------------- */

/*
 * Bridges have route_localnet, so the kernel lets such packets in. They must
 * not meet the connections of the loopback, nor ports of 127.0.0.1; of IPv6 it
 * drops them itself. Every packet comes here: what is hardly ever true is asked
 * first.
 */
static void add_early(struct nft *nft)
{
	static const enum nft_field fields[] = { FIELD_IP_SADDR,
		FIELD_IP_DADDR };

	for (size_t i = 0; i < COUNT(fields); i++) {
		nft_rule(nft, "early", "loopback addresses stay inside");
		nft_within(nft, fields[i], &loopback);
		nft_is_not_link(nft, FIELD_IIFNAME, "lo");
		nft_drop(nft);
	}
}

static void add_prerouting(struct nft *nft)
{
	nft_rule(nft, "prerouting", "names are asked of the gateway, always");
	nft_in(nft, KEY(FIELD_IIFNAME, FIELD_IP_DADDR), "gateways4");
	nft_is(nft, FIELD_DPORT, PORT_DNS);
	nft_return(nft);

	nft_rule(nft, "prerouting", "names are asked of the gateway, always");
	nft_in(nft, KEY(FIELD_IIFNAME, FIELD_IP6_DADDR), "gateways6");
	nft_is(nft, FIELD_DPORT, PORT_DNS);
	nft_return(nft);

	nft_rule(nft, "prerouting", "virtual addresses, from their network");
	nft_vmap(nft, KEY(FIELD_IIFNAME, FIELD_IP_DADDR), "virtual4");

	nft_rule(nft, "prerouting", "virtual addresses, from their network");
	nft_vmap(nft, KEY(FIELD_IIFNAME, FIELD_IP6_DADDR), "virtual6");

	nft_rule(nft, "prerouting", "the machine's own addresses");
	nft_is(nft, FIELD_DADDR_TYPE, RTN_LOCAL);
	nft_jump(nft, "published");

	nft_rule(nft, "output", "the machine's own addresses");
	nft_is(nft, FIELD_DADDR_TYPE, RTN_LOCAL);
	nft_jump(nft, "published");
}

static void add_published(struct nft *nft)
{
	nft_rule(nft, "published", "ports of one address");
	nft_vmap(nft, KEY(FIELD_IP_DADDR, FIELD_L4PROTO, FIELD_DPORT),
		"bound4");

	nft_rule(nft, "published", "ports of one address");
	nft_vmap(nft, KEY(FIELD_IP6_DADDR, FIELD_L4PROTO, FIELD_DPORT),
		"bound6");

	nft_rule(nft, "published", "ports of every address");
	nft_vmap(nft, KEY(FIELD_NFPROTO, FIELD_L4PROTO, FIELD_DPORT), "ports");
}

/* The gateway's address, so that answers come back this way. */
static void add_snat(struct nft *nft)
{
	static const struct {
		uint8_t family;
		const char *map;
	} rows[] = {
		{ NFPROTO_IPV4, "gateway_of4" },
		{ NFPROTO_IPV6, "gateway_of6" },
	};

	for (size_t i = 0; i < COUNT(rows); i++) {
		nft_rule(nft, "postrouting", "led back into its own network");
		nft_has(nft, FIELD_CT_STATUS, IPS_DST_NAT);
		nft_in(nft, KEY(FIELD_IIFNAME, FIELD_OIFNAME), "within");
		nft_snat(nft, rows[i].family, KEY(FIELD_OIFNAME), rows[i].map);

		nft_rule(nft, "postrouting", "from the machine to a replica");
		nft_has(nft, FIELD_CT_STATUS, IPS_DST_NAT);
		nft_is(nft, FIELD_SADDR_TYPE, RTN_LOCAL);
		nft_snat(nft, rows[i].family, KEY(FIELD_OIFNAME), rows[i].map);
	}
}

static void add_postrouting(struct nft *nft)
{
	add_snat(nft);

	nft_rule(nft, "postrouting", "from a network to the outside");
	nft_in(nft, KEY(FIELD_IIFNAME), "masqueraded");
	nft_not_in(nft, KEY(FIELD_OIFNAME), "bridges");
	nft_masquerade(nft);
}

/* ---- between networks ---------------------------------------------------- */

static void add_forward(struct nft *nft, const struct topology *topology)
{
	ruleset_fastpath_rule(nft, topology);

	nft_rule(nft, "forward", "connections that are there");
	nft_has(nft, FIELD_CT_STATE, KNOWN);
	nft_accept(nft);

	nft_rule(nft, "forward", "from a network");
	nft_in(nft, KEY(FIELD_IIFNAME), "bridges");
	nft_goto(nft, "from_network");

	nft_rule(nft, "forward", "into a network");
	nft_in(nft, KEY(FIELD_OIFNAME), "bridges");
	nft_goto(nft, "to_network");
}

/* Refuses what goes to a virtual address that no replica serves. */
static void add_idle_virtual(struct nft *nft, const char *chain)
{
	nft_rule(nft, chain, "virtual addresses without replicas");
	nft_in(nft, KEY(FIELD_IIFNAME, FIELD_IP_DADDR), "idle_virtual4");
	nft_goto(nft, "refuse");

	nft_rule(nft, chain, "virtual addresses without replicas");
	nft_in(nft, KEY(FIELD_IIFNAME, FIELD_IP6_DADDR), "idle_virtual6");
	nft_goto(nft, "refuse");
}

static void add_metadata(struct nft *nft)
{
	nft_rule(nft, "from_network", "metadata of clouds");
	nft_in(nft, KEY(FIELD_IP_DADDR), "metadata4");
	nft_not_in(nft, KEY(FIELD_IIFNAME), "trusted");
	nft_drop(nft);

	nft_rule(nft, "from_network", "metadata of clouds");
	nft_in(nft, KEY(FIELD_IP6_DADDR), "metadata6");
	nft_not_in(nft, KEY(FIELD_IIFNAME), "trusted");
	nft_drop(nft);
}

static void add_from_network(struct nft *nft)
{
	add_metadata(nft);
	add_idle_virtual(nft, "from_network");

	nft_rule(nft, "from_network", "within a network");
	nft_in(nft, KEY(FIELD_IIFNAME, FIELD_OIFNAME), "within");
	nft_accept(nft);

	nft_rule(nft, "from_network", "no connection");
	nft_has(nft, FIELD_CT_STATE, NF_CT_STATE_INVALID_BIT);
	nft_drop(nft);

	nft_rule(nft, "from_network", "published ports of other networks");
	nft_has(nft, FIELD_CT_STATUS, IPS_DST_NAT);
	nft_accept(nft);

	nft_rule(nft, "from_network", "other networks");
	nft_in(nft, KEY(FIELD_OIFNAME), "bridges");
	nft_drop(nft);

	nft_rule(nft, "from_network", "internal networks have no outside");
	nft_in(nft, KEY(FIELD_IIFNAME), "internal");
	nft_drop(nft);

	nft_rule(nft, "from_network", "the outside");
	nft_accept(nft);
}

static void add_to_network(struct nft *nft)
{
	nft_rule(nft, "to_network", "published ports");
	nft_has(nft, FIELD_CT_STATUS, IPS_DST_NAT);
	nft_accept(nft);

	nft_rule(nft, "to_network", "nothing else");
	nft_drop(nft);
}

/* ---- to the machine itself ----------------------------------------------- */

static void add_idle_ports(struct nft *nft)
{
	nft_rule(nft, "input", "ports without replicas");
	nft_in(nft, KEY(FIELD_NFPROTO, FIELD_L4PROTO, FIELD_DPORT),
		"idle_ports");
	nft_goto(nft, "refuse");

	nft_rule(nft, "input", "ports without replicas");
	nft_in(nft, KEY(FIELD_IP_DADDR, FIELD_L4PROTO, FIELD_DPORT),
		"idle_bound4");
	nft_goto(nft, "refuse");

	nft_rule(nft, "input", "ports without replicas");
	nft_in(nft, KEY(FIELD_IP6_DADDR, FIELD_L4PROTO, FIELD_DPORT),
		"idle_bound6");
	nft_goto(nft, "refuse");
}

static void add_input(struct nft *nft)
{
	nft_rule(nft, "input", "the machine itself");
	nft_is_link(nft, FIELD_IIFNAME, "lo");
	nft_accept(nft);

	nft_rule(nft, "input", "connections that are there");
	nft_has(nft, FIELD_CT_STATE, KNOWN);
	nft_accept(nft);

	nft_rule(nft, "input", "no connection");
	nft_has(nft, FIELD_CT_STATE, NF_CT_STATE_INVALID_BIT);
	nft_drop(nft);

	nft_rule(nft, "input", "what workloads may ask of the machine");
	nft_in(nft, KEY(FIELD_IIFNAME), "bridges");
	nft_jump(nft, "from_workload");

	add_idle_ports(nft);
	add_idle_virtual(nft, "input");

	nft_rule(nft, "input", "nothing else for workloads");
	nft_in(nft, KEY(FIELD_IIFNAME), "bridges");
	nft_drop(nft);

	nft_rule(nft, "input", "from outside");
	nft_goto(nft, "from_outside");
}

static void add_echo(struct nft *nft, const char *chain,
	const enum nft_field *from, const char *set)
{
	nft_rule(nft, chain, "ping");
	if (set)
		nft_in(nft, from, set);
	if (!set || from[1] == FIELD_IP_DADDR)
		nft_is(nft, FIELD_ICMP_TYPE, ECHO);
	else
		nft_is(nft, FIELD_ICMP6_TYPE, ICMPV6_ECHO_REQUEST);
	nft_limit(nft, ECHOES_PER_S, ECHOES_AT_ONCE);
	nft_accept(nft);
}

/* All that a workload may ask of a gateway; of that of its own network. */
static void add_gateway(struct nft *nft, const enum nft_field *from,
	const char *set)
{
	static const uint8_t protocols[] = { IPPROTO_UDP, IPPROTO_TCP };

	for (size_t i = 0; i < COUNT(protocols); i++) {
		nft_rule(nft, "from_workload", "names");
		nft_in(nft, from, set);
		nft_is(nft, FIELD_L4PROTO, protocols[i]);
		nft_is(nft, FIELD_DPORT, PORT_DNS);
		nft_accept(nft);
	}
	add_echo(nft, "from_workload", from, set);
}

static void add_neighbours(struct nft *nft, const char *chain)
{
	nft_rule(nft, chain, "neighbours");
	nft_between(nft, FIELD_ICMP6_TYPE, SOLICITATION, ADVERTISEMENT);
	nft_is(nft, FIELD_IP6_HOPLIMIT, HOPS_OF_NEIGHBOUR);
	nft_accept(nft);
}

static void add_from_workload(struct nft *nft)
{
	add_gateway(nft, KEY(FIELD_IIFNAME, FIELD_IP_DADDR), "gateways4");
	add_gateway(nft, KEY(FIELD_IIFNAME, FIELD_IP6_DADDR), "gateways6");
	add_neighbours(nft, "from_workload");
}

static void add_icmp(struct nft *nft)
{
	add_echo(nft, "from_outside", NULL, NULL);

	nft_rule(nft, "from_outside", "errors");
	nft_is(nft, FIELD_ICMP_TYPE, UNREACHABLE);
	nft_accept(nft);

	nft_rule(nft, "from_outside", "errors");
	nft_between(nft, FIELD_ICMP_TYPE, TIME_EXCEEDED, BAD_PARAMETER);
	nft_accept(nft);
}

/* RFC 4890, 4.4. */
static void add_icmp6(struct nft *nft)
{
	nft_rule(nft, "from_outside", "errors");
	nft_between(nft, FIELD_ICMP6_TYPE, ICMPV6_DEST_UNREACH,
		ICMPV6_PARAMPROB);
	nft_accept(nft);

	nft_rule(nft, "from_outside", "ping");
	nft_is(nft, FIELD_ICMP6_TYPE, ICMPV6_ECHO_REQUEST);
	nft_limit(nft, ECHOES_PER_S, ECHOES_AT_ONCE);
	nft_accept(nft);

	add_neighbours(nft, "from_outside");

	nft_rule(nft, "from_outside", "routers of the link");
	nft_is(nft, FIELD_ICMP6_TYPE, ROUTER);
	nft_is(nft, FIELD_IP6_HOPLIMIT, HOPS_OF_NEIGHBOUR);
	nft_within(nft, FIELD_IP6_SADDR, &link_local);
	nft_accept(nft);

	nft_rule(nft, "from_outside", "who listens to multicast");
	nft_between(nft, FIELD_ICMP6_TYPE, ICMPV6_MGM_QUERY,
		ICMPV6_MGM_REDUCTION);
	nft_within(nft, FIELD_IP6_SADDR, &link_local);
	nft_accept(nft);

	nft_rule(nft, "from_outside", "who listens to multicast");
	nft_is(nft, FIELD_ICMP6_TYPE, ICMPV6_MLD2_REPORT);
	nft_within(nft, FIELD_IP6_SADDR, &link_local);
	nft_accept(nft);
}

static void add_leases(struct nft *nft)
{
	nft_rule(nft, "from_outside", "answers of DHCP servers");
	nft_is(nft, FIELD_NFPROTO, NFPROTO_IPV4);
	nft_is(nft, FIELD_L4PROTO, IPPROTO_UDP);
	nft_is(nft, FIELD_SPORT, PORT_DHCP_SERVER);
	nft_is(nft, FIELD_DPORT, PORT_DHCP_CLIENT);
	nft_accept(nft);

	nft_rule(nft, "from_outside", "answers of DHCPv6 servers");
	nft_within(nft, FIELD_IP6_SADDR, &link_local);
	nft_is(nft, FIELD_L4PROTO, IPPROTO_UDP);
	nft_is(nft, FIELD_DPORT, PORT_DHCP6_CLIENT);
	nft_accept(nft);
}

static void add_host_ports(struct nft *nft)
{
	nft_rule(nft, "from_outside", "services in the host's network");
	nft_in(nft, KEY(FIELD_NFPROTO, FIELD_L4PROTO, FIELD_DPORT),
		"host_ports");
	nft_accept(nft);

	nft_rule(nft, "from_outside", "services in the host's network");
	nft_in(nft, KEY(FIELD_IP_DADDR, FIELD_L4PROTO, FIELD_DPORT),
		"host_bound4");
	nft_accept(nft);

	nft_rule(nft, "from_outside", "services in the host's network");
	nft_in(nft, KEY(FIELD_IP6_DADDR, FIELD_L4PROTO, FIELD_DPORT),
		"host_bound6");
	nft_accept(nft);
}

static void add_opening(struct nft *nft, const struct topology_rule *rule,
	uint8_t protocol)
{
	nft_rule(nft, "from_outside", "host.firewall");
	if (rule->from.address.family == AF_INET)
		nft_within(nft, FIELD_IP_SADDR, &rule->from);
	else if (rule->from.address.family == AF_INET6)
		nft_within(nft, FIELD_IP6_SADDR, &rule->from);
	if (protocol != 0)
		nft_is(nft, FIELD_L4PROTO, protocol);
	if (rule->last_port != 0)
		nft_between(nft, FIELD_DPORT, rule->first_port,
			rule->last_port);
	nft_accept(nft);
}

/*
 * One rule each, as intervals in a set must not overlap and what people write
 * does. Only new connections that nothing else let in come this far.
 */
static void add_openings(struct nft *nft, const struct topology *topology)
{
	static const uint8_t with_ports[] = { TOPOLOGY_TCP, TOPOLOGY_UDP,
		TOPOLOGY_SCTP };

	for (size_t i = 0; i < topology->rule_count; i++) {
		const struct topology_rule *rule = &topology->rules[i];

		if (rule->protocol != 0 || rule->last_port == 0) {
			add_opening(nft, rule, rule->protocol);
			continue;
		}
		for (size_t j = 0; j < COUNT(with_ports); j++)
			add_opening(nft, rule, with_ports[j]);
	}
}

static void add_refuse(struct nft *nft)
{
	nft_rule(nft, "refuse", "TCP");
	nft_reject_tcp(nft);

	nft_rule(nft, "refuse", "others");
	nft_reject(nft);
}

void ruleset_inet_rules(struct nft *nft, const struct scene *scene)
{
	add_early(nft);
	add_target_rules(nft, scene, BALANCE_IPV4);
	add_target_rules(nft, scene, BALANCE_IPV6);
	add_published(nft);
	add_prerouting(nft);
	add_postrouting(nft);
	add_refuse(nft);
	add_from_network(nft);
	add_to_network(nft);
	add_forward(nft, scene->topology);
	add_from_workload(nft);
	add_icmp(nft);
	add_icmp6(nft);
	add_leases(nft);
	add_host_ports(nft);
	add_openings(nft, scene->topology);
	add_input(nft);
}
