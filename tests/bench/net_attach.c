// SPDX-License-Identifier: MIT
/*
 * net_attach - a container's network, set up and torn down, beside the bare
 * messages
 *
 *   net_attach COUNT
 *	COUNT times by turns: the agent's link_attach and link_detach, with its
 *	rules brought in line after each; and the fewest messages that make a
 *	link that works and is published, with a transaction of nf_tables after
 *	each. Both into a new network namespace. Prints medians, a line for each
 *	part: "NAME MICROSECONDS-OF-THE-AGENT MICROSECONDS-OF-THE-BARE"
 *
 * It runs in a network namespace of its own, and is linked with the objects of
 * the agent.
 */
#include <errno.h>
#include <fcntl.h>
#include <linux/if_link.h>
#include <linux/netfilter.h>
#include <linux/netfilter_ipv4.h>
#include <linux/rtnetlink.h>
#include <linux/veth.h>
#include <net/if.h>
#include <sched.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

#include "lib/error.h"
#include "lib/fd.h"
#include "lib/netlink.h"
#include "net/link.h"
#include "net/link_parts.h"
#include "net/nft.h"
#include "net/nft_rule.h"
#include "net/ruleset.h"
#include "net/topology.h"

#define COUNT_MAX 400

enum part {
	PART_NAMESPACE,
	PART_ATTACH,
	PART_RULES,
	PART_DETACH,
	PART_RULES_AFTER,
	PART_COUNT,
};

static const char *const part_names[] = { "namespace", "attach", "rules",
	"detach", "rules-after" };

static double times[2][PART_COUNT][COUNT_MAX];

/* Kept to the end: the kernel takes them down when it likes, with its locks. */
static int namespaces[2][COUNT_MAX];

static struct topology_network network = {
	.name = "front",
	.bridge = "tb00000001",
	.subnet4 = { { AF_INET, { 172, 30, 0, 0 } }, 16 },
	.gateway4 = { AF_INET, { 172, 30, 0, 1 } },
	.subnet6 = { { AF_INET6, { 0xfd, 1 } }, 64 },
	.gateway6 = { AF_INET6, { 0xfd, 1, [15] = 1 } },
};
static struct topology_endpoint endpoint = {
	.container = "web-1",
	.link = "tv00000001",
	.name = "eth0",
	.mac = { 2, 0x42, 172, 30, 0, 2 },
	.address4 = { AF_INET, { 172, 30, 0, 2 } },
	.address6 = { AF_INET6, { 0xfd, 1, [15] = 2 } },
	.has_default_route = true,
};
static const size_t replica = 0;
static struct topology_group group = {
	.service = "web",
	.endpoints = &replica,
	.endpoint_count = 1,
};
static struct topology_port port = {
	.protocol = TOPOLOGY_TCP,
	.published = 8080,
	.target = 80,
};
static const struct topology topology = {
	.networks = &network,
	.network_count = 1,
	.endpoints = &endpoint,
	.endpoint_count = 1,
	.groups = &group,
	.group_count = 1,
	.ports = &port,
	.port_count = 1,
};

static int own_fd, host_fd, rules_fd, bridge;
static struct ruleset rules;

static void die(const char *what)
{
	(void)fprintf(stderr, "net_attach: %s: %s\n", what, strerror(errno));
	exit(1);
}

static double now_us(void)
{
	struct timespec now;

	(void)clock_gettime(CLOCK_MONOTONIC, &now);
	return (double)now.tv_sec * 1e6 + (double)now.tv_nsec / 1e3;
}

static int make_namespace(void)
{
	int fd;

	if (unshare(CLONE_NEWNET) < 0)
		die("unshare");
	fd = open("/proc/self/ns/net", O_RDONLY | O_CLOEXEC);
	if (fd < 0 || setns(own_fd, CLONE_NEWNET) < 0)
		die("setns");
	return fd;
}

/* ---- the fewest messages ------------------------------------------------- */

static void add_pair(struct netlink_batch *batch, int namespace_fd)
{
	const struct ifinfomsg up = { .ifi_flags = IFF_UP,
		.ifi_change = IFF_UP };
	const struct ifinfomsg none = { .ifi_family = AF_UNSPEC };
	size_t info, data, peer;

	netlink_begin(batch, RTM_NEWLINK, NLM_F_CREATE | NLM_F_EXCL | NLM_F_ACK,
		&up, sizeof(up));
	netlink_add_string(batch, IFLA_IFNAME, endpoint.link);
	netlink_add_u32(batch, IFLA_MASTER, (uint32_t)bridge);
	info = netlink_nest(batch, IFLA_LINKINFO);
	netlink_add_string(batch, IFLA_INFO_KIND, "veth");
	data = netlink_nest(batch, IFLA_INFO_DATA);
	peer = batch->used;
	netlink_add(batch, VETH_INFO_PEER | NLA_F_NESTED, &none, sizeof(none));
	netlink_add_string(batch, IFLA_IFNAME, endpoint.name);
	netlink_add(batch, IFLA_ADDRESS, endpoint.mac, sizeof(endpoint.mac));
	netlink_add_u32(batch, IFLA_NET_NS_FD, (uint32_t)namespace_fd);
	netlink_close(batch, peer);
	netlink_close(batch, data);
	netlink_close(batch, info);
}

static void add_address(struct netlink_batch *batch,
	const struct address *address, uint8_t length)
{
	const struct ifaddrmsg info = { .ifa_family = address->family,
		.ifa_prefixlen = length,
		.ifa_index = 2 };

	netlink_begin(batch, RTM_NEWADDR, NLM_F_CREATE, &info, sizeof(info));
	netlink_add(batch, IFA_LOCAL, address->bytes, address_size(address));
	netlink_add_u32(batch, IFA_FLAGS, IFA_F_NODAD);
}

static void add_route(struct netlink_batch *batch,
	const struct address *gateway, unsigned int flags)
{
	const struct rtmsg info = { .rtm_family = gateway->family,
		.rtm_table = RT_TABLE_MAIN,
		.rtm_type = RTN_UNICAST };

	netlink_begin(batch, RTM_NEWROUTE, NLM_F_CREATE | flags, &info,
		sizeof(info));
	netlink_add(batch, RTA_GATEWAY, gateway->bytes, address_size(gateway));
}

static void add_up(struct netlink_batch *batch, int index)
{
	const struct ifinfomsg info = { .ifi_index = index,
		.ifi_flags = IFF_UP,
		.ifi_change = IFF_UP };

	netlink_begin(batch, RTM_NEWLINK, 0, &info, sizeof(info));
}

static void attach_bare(int namespace_fd)
{
	unsigned char bytes[1024] __attribute__((aligned(8)));
	struct netlink_batch batch;
	int fd;

	netlink_init(&batch, bytes, sizeof(bytes));
	add_pair(&batch, namespace_fd);
	errno = -netlink_commit(host_fd, &batch, NULL);
	if (errno != 0)
		die("bare: make the pair");
	if (setns(namespace_fd, CLONE_NEWNET) < 0)
		die("setns");
	fd = socket(AF_NETLINK, SOCK_RAW | SOCK_CLOEXEC, NETLINK_ROUTE);
	if (fd < 0 || setns(own_fd, CLONE_NEWNET) < 0)
		die("setns");
	netlink_init(&batch, bytes, sizeof(bytes));
	add_up(&batch, 1);
	add_up(&batch, 2);
	add_address(&batch, &endpoint.address4, network.subnet4.length);
	add_address(&batch, &endpoint.address6, network.subnet6.length);
	add_route(&batch, &network.gateway4, 0);
	add_route(&batch, &network.gateway6, NLM_F_ACK);
	errno = -netlink_commit(fd, &batch, NULL);
	if (errno != 0)
		die("bare: set it up");
	(void)close(fd);
}

static void detach_bare(void)
{
	unsigned char bytes[128] __attribute__((aligned(8)));
	const struct ifinfomsg info = { .ifi_family = AF_UNSPEC };
	struct netlink_batch batch;

	netlink_init(&batch, bytes, sizeof(bytes));
	netlink_begin(&batch, RTM_DELLINK, NLM_F_ACK, &info, sizeof(info));
	netlink_add_string(&batch, IFLA_IFNAME, endpoint.link);
	errno = -netlink_commit(host_fd, &batch, NULL);
	if (errno != 0)
		die("bare: remove the pair");
}

/* A table with NAT, and the port while there is somebody to answer it. */
static void set_rules_bare(bool is_there)
{
	static const struct nft_hook to = { "to", "nat", NF_INET_PRE_ROUTING,
		NF_IP_PRI_NAT_DST, false };
	static const struct nft_hook from = { "from", "nat",
		NF_INET_POST_ROUTING, NF_IP_PRI_NAT_SRC, false };
	const struct nft_balance balance = { NFPROTO_IPV4, &endpoint.address4,
		NULL, 1, port.target };
	uint64_t room[512];
	struct nft nft;

	nft_begin(&nft, room, sizeof(room));
	nft_replace(&nft, NFPROTO_IPV4, "bare");
	nft_base_chain(&nft, &to);
	nft_base_chain(&nft, &from);
	nft_rule(&nft, "from", "out");
	nft_within(&nft, FIELD_IP_SADDR, &network.subnet4);
	nft_masquerade(&nft);
	if (is_there) {
		nft_rule(&nft, "to", "published");
		nft_is(&nft, FIELD_L4PROTO, port.protocol);
		nft_is(&nft, FIELD_DPORT, port.published);
		nft_dnat(&nft, &balance);
	}
	nft_rule_end(&nft);
	nft_end(&nft);
	errno = -netlink_commit(rules_fd, &nft.batch, NULL);
	if (errno != 0)
		die("bare: set the rules");
}

/* ---- turns --------------------------------------------------------------- */

static void attach(int namespace_fd)
{
	struct error err = { .code = 0 };

	if (link_attach(&topology, 0, namespace_fd, &err) < 0)
		die(err.text);
}

static void detach(void)
{
	struct error err = { .code = 0 };

	if (link_detach(endpoint.link, &err) < 0)
		die(err.text);
}

static void set_rules(bool is_there)
{
	struct error err = { .code = 0 };

	endpoint.is_serving = is_there;
	if (ruleset_apply(&rules, &topology, &err) < 0)
		die(err.text);
}

static const struct side {
	void (*attach)(int namespace_fd);
	void (*set_rules)(bool is_there);
	void (*detach)(void);
} sides[2] = {
	{ attach, set_rules, detach },
	{ attach_bare, set_rules_bare, detach_bare },
};

static void take_turn(int which, int round)
{
	const struct side *side = &sides[which];
	double at[PART_COUNT + 1];
	int fd;

	at[PART_NAMESPACE] = now_us();
	fd = make_namespace();
	at[PART_ATTACH] = now_us();
	side->attach(fd);
	at[PART_RULES] = now_us();
	side->set_rules(true);
	at[PART_DETACH] = now_us();
	side->detach();
	at[PART_RULES_AFTER] = now_us();
	side->set_rules(false);
	at[PART_COUNT] = now_us();
	namespaces[which][round] = fd;
	for (int i = 0; i < PART_COUNT; i++)
		times[which][i][round] = at[i + 1] - at[i];
}

static int compare(const void *a, const void *b)
{
	double left = *(const double *)a;
	double right = *(const double *)b;

	return left < right ? -1 : left > right;
}

static double median(double *values, int count)
{
	qsort(values, (size_t)count, sizeof(*values), compare);
	return values[count / 2];
}

int main(int argc, char **argv)
{
	int count = argc > 1 ? (int)strtol(argv[1], NULL, 10) : 0;
	struct error err = { .code = 0 };

	if (count < 1 || count > COUNT_MAX)
		return 2;
	/* bare rules have a namespace of their own: the agent's would all be
	 * sent again after each transaction of somebody else */
	if (unshare(CLONE_NEWNET) < 0)
		die("unshare");
	rules_fd = netlink_open(NETLINK_NETFILTER, &err);
	if (unshare(CLONE_NEWNET) < 0)
		die("unshare");
	own_fd = open("/proc/self/ns/net", O_RDONLY | O_CLOEXEC);
	host_fd = netlink_open(NETLINK_ROUTE, &err);
	if (ruleset_open(&rules, &err) < 0)
		die(err.text);
	if (link_apply_networks(&topology, &err) < 0)
		die(err.text);
	bridge = (int)if_nametoindex(network.bridge);
	for (int i = 0; i < 2 * count; i++)
		take_turn(i % 2, i / 2);
	for (int i = 0; i < PART_COUNT; i++)
		printf("%s %.0f %.0f\n", part_names[i],
			median(times[0][i], count), median(times[1][i], count));
	return 0;
}
