// SPDX-License-Identifier: MIT
/* synonyms - what people and other systems call the keys of a config */
#include "config/synonyms.h"

#include <stddef.h>

#include "lib/text.h"

#define SERVICE   "services.NAME"
#define LINK      "host.network.NAME"
#define WIREGUARD "host.network.NAME.wireguard"
#define PEER      "host.network.NAME.wireguard.peers[]"

#define RULE    "host.firewall[]"
#define NETWORK "networks.NAME"
#define IPAM    "networks.NAME.ipam"
#define POOL    "networks.NAME.ipam.config[]"
#define PLACE   "services.NAME.networks.NAME"

#define IPAM_CONFIG \
	"write 'ipam: {config: [{subnet: 172.20.0.0/16, gateway: 172.20.0.1}]}'"
#define WITH_LENGTH \
	"write the address with its length, such as 'address: 192.0.2.10/24'"
#define MATCH \
	"write 'match: {mac: \"52:54:00:12:34:56\"}' for the interface with that card"
#define INTERFACES \
	"write 'network:', a map of interfaces, such as {eth0: {address: dhcp}}"
#define MADE_HERE \
	"the private key is made on the machine and stays there; remove it"

/* clang-format off */

static const struct synonym {
	const char *table;
	const char *key;
	const char *advice;
} synonyms[] = {
	{ SERVICE, "args",           "write 'command:'" },
	{ SERVICE, "cmd",            "write 'command:'" },
	{ SERVICE, "env",            "write 'environment:'" },
	{ SERVICE, "ip",             "write 'networks: {NAME: {ipv4_address: 172.20.0.10}}'" },
	{ SERVICE, "limits",         "write 'mem_limit:' and 'cpus:'" },
	{ SERVICE, "mem",            "write 'mem_limit:'" },
	{ SERVICE, "memory",         "write 'mem_limit:'" },
	{ SERVICE, "mounts",         "write 'volumes:'" },
	{ SERVICE, "replicas",       "write 'scale:'" },
	{ SERVICE, "resources",      "write it below 'deploy:', or 'mem_limit:' and 'cpus:'" },
	{ SERVICE, "restart_policy", "write 'restart:'" },

	{ LINK, "dhcp",         "write 'address: dhcp'" },
	{ LINK, "dhcp4",        "write 'address: dhcp'" },
	{ LINK, "dhcp6",        "write 'address: dhcp6'" },
	{ LINK, "id",           "write it as in 'vlan: {parent: eth0, id: 7}'" },
	{ LINK, "ip",           WITH_LENGTH },
	{ LINK, "ipaddr",       WITH_LENGTH },
	{ LINK, "ipv4_address", WITH_LENGTH },
	{ LINK, "mac",          MATCH },
	{ LINK, "mac_address",  MATCH },
	{ LINK, "macaddress",   MATCH },
	{ LINK, "members",      "write it as in 'bond: {members: [eth0, eth1]}', or with 'bridge:'" },
	{ LINK, "mode",         "write it as in 'bond: {mode: active-backup, members: [eth0, eth1]}'" },
	{ LINK, "nameserver",   "write 'dns:'" },
	{ LINK, "nameservers",  "write 'dns:'" },
	{ LINK, "netmask",      WITH_LENGTH },
	{ LINK, "parent",       "write it as in 'vlan: {parent: eth0, id: 7}'" },
	{ LINK, "peers",        "write it below 'wireguard:'" },
	{ LINK, "prefix",       WITH_LENGTH },
	{ LINK, "subnet",       WITH_LENGTH },
	{ LINK, "type",         "write 'vlan:', 'bond:', 'bridge:' or 'wireguard:', which says it, and nothing for a card" },

	{ WIREGUARD, "address",     "write it beside 'wireguard:'" },
	{ WIREGUARD, "listen_port", "write 'port:'" },
	{ WIREGUARD, "listenport",  "write 'port:'" },
	{ WIREGUARD, "private_key", MADE_HERE },
	{ WIREGUARD, "privatekey",  MADE_HERE },
	{ PEER, "private_key",          "write the peer's 'public_key:'" },
	{ PEER, "persistent_keepalive", "write 'keepalive:'" },
	{ PEER, "preshared_key",        "write it into a file beside the config, and 'preshared_key_file:'" },

	{ RULE, "action", "rules only let in, and all else stays out; remove it" },
	{ RULE, "source", "write 'from:'" },
	{ RULE, "src",    "write 'from:'" },
	{ RULE, "to",     "a rule is for all addresses of the machine; remove it" },

	{ NETWORK, "gateway",     IPAM_CONFIG },
	{ NETWORK, "mode",        "write it as in 'driver_opts: {parent: eth0, mode: bridge}'" },
	{ NETWORK, "mtu",         "write 'driver_opts: {mtu: 1400}'" },
	{ NETWORK, "nat",         "write 'driver_opts: {nat: \"false\"}'" },
	{ NETWORK, "parent",      "write 'driver_opts: {parent: eth0}'" },
	{ NETWORK, "subnet",      IPAM_CONFIG },
	{ IPAM, "gateway",        IPAM_CONFIG },
	{ IPAM, "subnet",         IPAM_CONFIG },
	{ POOL, "range",          "write 'ip_range:'" },
	{ PLACE, "ip",            "write 'ipv4_address:'" },
	{ PLACE, "ipv4",          "write 'ipv4_address:'" },
	{ PLACE, "ipv6",          "write 'ipv6_address:'" },

	{ "host", "dns",         "write it in an interface, such as 'network: {eth0: {dns: 192.0.2.53}}'" },
	{ "host", "ethernets",   INTERFACES },
	{ "host", "hostname",    "write 'name:'" },
	{ "host", "interfaces",  INTERFACES },
	{ "host", "nameservers", "write it in an interface, such as 'network: {eth0: {dns: 192.0.2.53}}'" },
	{ "host", "ntp",         "write 'time: {servers: [pool.ntp.org]}'" },
	{ "host", "ssh",         "nobody logs in to the machine; remove it" },
	{ "host", "timezone",    "the machine has UTC; write TZ into the 'environment:' of services" },
	{ "host", "users",       "nobody logs in to the machine; remove it" },
};

/* clang-format on */

const char *synonym_advice(const char *table, const char *key)
{
	for (size_t i = 0; i < sizeof(synonyms) / sizeof(synonyms[0]); i++) {
		if (text_equal(synonyms[i].table, table) &&
			text_equal(synonyms[i].key, key))
			return synonyms[i].advice;
	}
	return NULL;
}
