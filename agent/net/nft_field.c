// SPDX-License-Identifier: MIT
/* nft_field - what rules ask a packet for, one row each */
#include <linux/netfilter.h>
#include <linux/netfilter/nf_tables.h>

#include "net/nft.h"

/* Numbers of nft(8)'s types: what it prints names and numbers by. */
enum type {
	TYPE_NFPROTO = 2,
	TYPE_INTEGER = 4,
	TYPE_IPV4 = 7,
	TYPE_IPV6 = 8,
	TYPE_ETHER = 9,
	TYPE_ETHERTYPE = 10,
	TYPE_L4PROTO = 12,
	TYPE_SERVICE = 13,
	TYPE_ICMP = 14,
	TYPE_MARK = 19, /* any number of 4 bytes */
	TYPE_ARPHRD = 21,
	TYPE_CT_STATE = 26,
	TYPE_CT_STATUS = 28,
	TYPE_ICMPV6 = 29,
	TYPE_FIB = 38,
	TYPE_IFNAME = 41,
};

#define META    SOURCE_META
#define PAYLOAD SOURCE_PAYLOAD
#define LINK    NFT_PAYLOAD_LL_HEADER
#define NETWORK NFT_PAYLOAD_NETWORK_HEADER
#define PORTS   NFT_PAYLOAD_TRANSPORT_HEADER
#define ARP     NFPROTO_ARP
#define IPV4    NFPROTO_IPV4
#define IPV6    NFPROTO_IPV6
#define ICMP    IPPROTO_ICMP
#define ICMP6   IPPROTO_ICMPV6

/* clang-format off */
static const struct nft_field_row rows[] = {
	[FIELD_END] = { SOURCE_NONE, .size = 0 },
	[FIELD_IIFNAME] = { META, NFT_META_IIFNAME, 0, 16, TYPE_IFNAME, 0, 0, true },
	[FIELD_OIFNAME] = { META, NFT_META_OIFNAME, 0, 16, TYPE_IFNAME, 0, 0, true },
	[FIELD_NFPROTO] = { META, NFT_META_NFPROTO, 0, 1, TYPE_NFPROTO, 0, 0, true },
	[FIELD_L4PROTO] = { META, NFT_META_L4PROTO, 0, 1, TYPE_L4PROTO, 0, 0, true },
	[FIELD_CT_STATE] = { SOURCE_CT, NFT_CT_STATE, 0, 4, TYPE_CT_STATE, 0, 0, true },
	[FIELD_CT_STATUS] = { SOURCE_CT, NFT_CT_STATUS, 0, 4, TYPE_CT_STATUS, 0, 0, true },
	[FIELD_SADDR_TYPE] = { SOURCE_FIB, NFTA_FIB_F_SADDR, 0, 4, TYPE_FIB, 0, 0, true },
	[FIELD_DADDR_TYPE] = { SOURCE_FIB, NFTA_FIB_F_DADDR, 0, 4, TYPE_FIB, 0, 0, true },
	[FIELD_ETHER_SADDR] = { PAYLOAD, LINK, 6, 6, TYPE_ETHER, 0, 0, false },
	[FIELD_ETHER_TYPE] = { PAYLOAD, LINK, 12, 2, TYPE_ETHERTYPE, 0, 0, false },
	[FIELD_ARP_HTYPE] = { PAYLOAD, NETWORK, 0, 2, TYPE_ARPHRD, ARP, 0, false },
	[FIELD_ARP_PTYPE] = { PAYLOAD, NETWORK, 2, 2, TYPE_ETHERTYPE, ARP, 0, false },
	[FIELD_ARP_HLEN] = { PAYLOAD, NETWORK, 4, 1, TYPE_INTEGER, ARP, 0, false },
	[FIELD_ARP_PLEN] = { PAYLOAD, NETWORK, 5, 1, TYPE_INTEGER, ARP, 0, false },
	[FIELD_ARP_SADDR_ETHER] = { PAYLOAD, NETWORK, 8, 6, TYPE_ETHER, ARP, 0, false },
	[FIELD_ARP_SADDR_IP] = { PAYLOAD, NETWORK, 14, 4, TYPE_IPV4, ARP, 0, false },
	[FIELD_IP_SADDR] = { PAYLOAD, NETWORK, 12, 4, TYPE_IPV4, IPV4, 0, false },
	[FIELD_IP_DADDR] = { PAYLOAD, NETWORK, 16, 4, TYPE_IPV4, IPV4, 0, false },
	[FIELD_IP6_SADDR] = { PAYLOAD, NETWORK, 8, 16, TYPE_IPV6, IPV6, 0, false },
	[FIELD_IP6_DADDR] = { PAYLOAD, NETWORK, 24, 16, TYPE_IPV6, IPV6, 0, false },
	[FIELD_IP6_HOPLIMIT] = { PAYLOAD, NETWORK, 7, 1, TYPE_INTEGER, IPV6, 0, false },
	[FIELD_SPORT] = { PAYLOAD, PORTS, 0, 2, TYPE_SERVICE, 0, 0, false },
	[FIELD_DPORT] = { PAYLOAD, PORTS, 2, 2, TYPE_SERVICE, 0, 0, false },
	[FIELD_ICMP_TYPE] = { PAYLOAD, PORTS, 0, 1, TYPE_ICMP, IPV4, ICMP, false },
	[FIELD_ICMP6_TYPE] = { PAYLOAD, PORTS, 0, 1, TYPE_ICMPV6, IPV6, ICMP6, false },
	[FIELD_ICMP6_TADDR] = { PAYLOAD, PORTS, 8, 16, TYPE_IPV6, IPV6, ICMP6, false },
	[FIELD_NUMBER] = { SOURCE_NONE, 0, 0, 4, TYPE_MARK, 0, 0, true },
	[FIELD_VERDICT] = { SOURCE_NONE, .size = 0 },
};
/* clang-format on */

const struct nft_field_row *nft_field(enum nft_field field)
{
	return &rows[field];
}
