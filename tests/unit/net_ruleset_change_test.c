// SPDX-License-Identifier: MIT
/*
 * net_ruleset_change_test - after any changes the kernel has what it would have
 * if all were made anew
 *
 * wrap: sendto
 *
 * Networks, containers, who serves, ports and what the firewall lets in change
 * at random, with a seed that is always the same. One namespace gets the
 * differences, another all of it each time; what the kernel shows of both is
 * compared after each step.
 */
#include <errno.h>
#include <linux/netfilter.h>
#include <linux/netfilter/nf_tables.h>
#include <linux/netfilter/nfnetlink.h>
#include <linux/rtnetlink.h>
#include <stdlib.h>
#include <sys/socket.h>

#include "lib/error.h"
#include "lib/fd.h"
#include "lib/hash.h"
#include "lib/netlink.h"
#include "lib/text.h"
#include "net/ruleset.h"
#include "net_scene.h"
#include "net_shown.h"

#define STEPS      400
#define NETWORKS   3
#define CONTAINERS 24 /* of a network at most: more than a set has room for */
#define GROUPS     3  /* of a network */
#define PORTS      24
#define RULES      4

/* ---- what was sent ------------------------------------------------------- */

static size_t sends, sent_bytes;

ssize_t __real_sendto(int fd, const void *data, size_t size, int flags,
	const struct sockaddr *to, socklen_t length);
ssize_t __wrap_sendto(int fd, const void *data, size_t size, int flags,
	const struct sockaddr *to, socklen_t length);

ssize_t __wrap_sendto(int fd, const void *data, size_t size, int flags,
	const struct sockaddr *to, socklen_t length)
{
	const struct nlmsghdr *first = data;

	/* questions are none */
	if (first->nlmsg_type == NFNL_MSG_BATCH_BEGIN) {
		sends++;
		sent_bytes += size;
	}
	return __real_sendto(fd, data, size, flags, to, length);
}

/* ---- topologies ---------------------------------------------------------- */

static uint64_t seed = 42;
static bool has_flow_tables;

static struct state {
	bool has_network[NETWORKS];
	bool is_internal[NETWORKS];
	bool has_virtual[NETWORKS];
	bool has_container[NETWORKS][CONTAINERS];
	bool is_serving[NETWORKS][CONTAINERS];
	unsigned int ports[PORTS]; /* 0: there is none; what it leads to */
	bool is_bound[PORTS];
	bool has_rule[RULES];
	bool has_uplink;
} state;

static struct topology_network networks[NETWORKS];
static struct topology_endpoint endpoints[NETWORKS * CONTAINERS];
static struct topology_group groups[NETWORKS * GROUPS];
static size_t members[NETWORKS * GROUPS][CONTAINERS];
static struct topology_port ports[PORTS];
static struct topology_rule rules[RULES];
static const char uplinks[][IFNAMSIZ] = { "lo" };

static uint64_t any(uint64_t count)
{
	seed = seed * 6364136223846793005U + 1442695040888963407U;
	return (seed >> 33) % count;
}

static void change(void)
{
	size_t network = any(NETWORKS), container = any(CONTAINERS);
	size_t port = any(PORTS);

	switch (any(12)) {
	case 0:
		state.has_network[network] ^= any(3) == 0;
		state.has_uplink ^= has_flow_tables && any(3) == 0;
		break;
	case 1:
		state.is_internal[network] ^= true;
		break;
	case 2:
		state.has_virtual[network] ^= true;
		break;
	case 3:
		state.has_rule[any(RULES)] ^= true;
		break;
	case 4:
		state.is_bound[port] ^= true;
		break;
	case 5:
	case 6:
		state.ports[port] = (unsigned int)any(NETWORKS * GROUPS + 2);
		break;
	case 7:
	case 8:
		state.has_container[network][container] ^= true;
		break;
	default:
		state.is_serving[network][container] ^= true;
		break;
	}
}

static void add_endpoint(struct topology *topology, uint8_t i, uint8_t j)
{
	struct topology_endpoint *endpoint =
		&endpoints[topology->endpoint_count++];
	struct text text;

	*endpoint = (struct topology_endpoint){
		.network = topology->network_count - 1,
		.mac = { 2, 0, 0, 0, i, j },
		.address4 = scene_ip4(i, (uint8_t)(j + 2)),
		.is_serving = state.is_serving[i][j],
	};
	if (j % 4 != 3)
		endpoint->address6 = scene_ip6(i, (uint8_t)(j + 2));
	text_init(&text, endpoint->link, IFNAMSIZ);
	text_add(&text, "tv%06x%02x", i, j);
}

/* Containers are of each group by turns. */
static void add_groups(struct topology *topology, uint8_t i, size_t first)
{
	for (uint8_t k = 0; k < GROUPS; k++) {
		size_t number = topology->group_count++;
		struct topology_group *group = &groups[number];

		*group = (struct topology_group){
			.network = topology->network_count - 1,
			.service = k == 0 ? "web" : "db",
			.endpoints = members[number],
		};
		if (state.has_virtual[i]) {
			group->virtual4 = scene_ip4(i, (uint8_t)(k + 100));
			group->virtual6 = scene_ip6(i, (uint8_t)(k + 100));
		}
		for (size_t e = first + k; e < topology->endpoint_count;
			e += GROUPS)
			members[number][group->endpoint_count++] = e;
	}
}

static void add_network(struct topology *topology, uint8_t i)
{
	struct topology_network *network = &networks[topology->network_count++];
	size_t first = topology->endpoint_count;
	struct text text;

	*network = (struct topology_network){
		.gateway4 = scene_ip4(i, 1),
		.gateway6 = scene_ip6(i, 1),
		.is_internal = state.is_internal[i],
	};
	text_init(&text, network->bridge, IFNAMSIZ);
	text_add(&text, "tb%08x", i);
	for (uint8_t j = 0; j < CONTAINERS; j++) {
		if (state.has_container[i][j])
			add_endpoint(topology, i, j);
	}
	add_groups(topology, i, first);
}

static struct topology make(void)
{
	struct topology topology = {
		.networks = networks,
		.endpoints = endpoints,
		.groups = groups,
		.ports = ports,
		.rules = rules,
		.uplinks = uplinks,
		.uplink_count = state.has_uplink,
	};

	for (uint8_t i = 0; i < NETWORKS; i++) {
		if (state.has_network[i])
			add_network(&topology, i);
	}
	for (size_t i = 0; i < PORTS; i++) {
		bool is_led = state.ports[i] <= topology.group_count;

		if (state.ports[i] > 0)
			ports[topology.port_count++] = (struct topology_port){
				.protocol = TOPOLOGY_TCP,
				.host = state.is_bound[i]
						? scene_ip4(9, 9)
						: (struct address){ 0 },
				.published = (uint16_t)(1000 + i),
				.target = (uint16_t)(80 + i % 3),
				.group = is_led ? state.ports[i] - 1 : SIZE_MAX,
			};
	}
	for (uint16_t i = 0; i < RULES; i++) {
		if (state.has_rule[i])
			rules[topology.rule_count++] = (struct topology_rule){
				.protocol = TOPOLOGY_TCP,
				.first_port = (uint16_t)(22 + i),
				.last_port = (uint16_t)(22 + i),
			};
	}
	return topology;
}

/* ---- links --------------------------------------------------------------- */

static void make_link(const char *name)
{
	const struct ifinfomsg info = { .ifi_family = AF_UNSPEC };
	struct netlink_batch batch;
	uint64_t room[32];
	size_t nest;
	auto_fd fd = netlink_open(NETLINK_ROUTE, NULL);

	netlink_init(&batch, room, sizeof(room));
	netlink_begin(&batch, RTM_NEWLINK, NLM_F_CREATE | NLM_F_ACK, &info,
		sizeof(info));
	netlink_add_string(&batch, IFLA_IFNAME, name);
	nest = netlink_nest(&batch, IFLA_LINKINFO);
	netlink_add_string(&batch, IFLA_INFO_KIND, "bridge");
	netlink_close(&batch, nest);
	CHECK(netlink_commit(fd, &batch, NULL) == 0);
}

static void remove_link(const char *name)
{
	const struct ifinfomsg info = { .ifi_family = AF_UNSPEC };
	struct netlink_batch batch;
	uint64_t room[32];
	auto_fd fd = netlink_open(NETLINK_ROUTE, NULL);

	netlink_init(&batch, room, sizeof(room));
	netlink_begin(&batch, RTM_DELLINK, NLM_F_ACK, &info, sizeof(info));
	netlink_add_string(&batch, IFLA_IFNAME, name);
	CHECK(netlink_commit(fd, &batch, NULL) == 0);
}

/* ---- tests --------------------------------------------------------------- */

/* One gets differences, the other all of it, each in a namespace. */
static struct ruleset ours, whole;
static struct topology topology;

/* With the links of its flow table. */
static bool enter(struct ruleset *ruleset)
{
	if (!scene_enter())
		return false;
	make_link("tb00000000");
	make_link("tb00000001");
	make_link("tb00000002");
	return CHECK(ruleset_open(ruleset, NULL) == 0);
}

static bool begin(void)
{
	int result;

	state = (struct state){ .has_network = { true, true, true } };
	for (size_t i = 0; i < 4; i++)
		state.has_container[0][i] = state.is_serving[0][i] = true;
	state.ports[0] = state.ports[1] = 1;
	if (!enter(&whole) || !enter(&ours))
		return false;
	state.has_uplink = true;
	topology = make();
	result = ruleset_apply(&ours, &topology, NULL);
	has_flow_tables = result != -ENOENT && result != -EOPNOTSUPP;
	state.has_uplink = has_flow_tables;
	topology = make();
	return CHECK(ruleset_apply(&ours, &topology, NULL) == 0);
}

static void end(void)
{
	ruleset_close(&whole);
	ruleset_close(&ours);
}

/* Bytes that were sent for it. */
static size_t apply(void)
{
	struct error err = { 0 };

	topology = make();
	sends = sent_bytes = 0;
	if (!CHECK(ruleset_apply(&ours, &topology, &err) == 0))
		printf("# %s\n", err.text);
	return sent_bytes;
}

static bool is_as_made_anew(void)
{
	struct shown here, there;

	ruleset_forget(&whole);
	if (!CHECK(ruleset_apply(&whole, &topology, NULL) == 0))
		return false;
	here = show(ours.fd);
	there = show(whole.fd);
	return CHECK(here.count > 0 && here.count == there.count) &&
	       CHECK(here.sum == there.sum);
}

static void test_any_changes(void)
{
	size_t differences = 0;

	if (!begin())
		return;
	for (int step = 0; step < STEPS; step++) {
		char label[32];
		struct text text;

		text_init(&text, label, sizeof(label));
		text_add(&text, "step %d", step);
		check_row(label);
		for (uint64_t i = any(3) + 1; i > 0; i--)
			change();
		(void)apply();
		differences += sends <= 1;
		if (!is_as_made_anew())
			break;
	}
	check_row(NULL);
	/* sets outgrow their room now and then */
	printf("# %zu of %d were differences\n", differences, STEPS);
	CHECK(differences > STEPS * 8 / 10);
	end();
}

/* What happens all the time is a small part of the whole. */
static void test_sends_what_differs(void)
{
	size_t all;

	if (!begin())
		return;
	ruleset_forget(&ours);
	all = apply();
	CHECK(all > 10000);
	CHECK(apply() == 0);

	state.is_serving[0][0] = false;
	CHECK(apply() < all / 10 && sends == 1);
	CHECK(is_as_made_anew());

	/* nobody serves the ports any longer, and somebody again */
	state.is_serving[0][3] = false;
	CHECK(apply() < all / 10 && sends == 1);
	CHECK(is_as_made_anew());
	state.is_serving[0][3] = true;
	CHECK(apply() < all / 10 && sends == 1);
	CHECK(is_as_made_anew());

	/* another container, and one whose network is new */
	state.has_container[0][4] = state.has_container[1][0] = true;
	CHECK(apply() < all / 10 && sends == 1);
	CHECK(is_as_made_anew());
	state.ports[2] = 4;
	CHECK(apply() < all / 10 && sends == 1);
	CHECK(is_as_made_anew());
	end();
}

/* Rules stay that refer to what would have to be made anew. */
static void test_outgrows_its_room(void)
{
	if (!begin())
		return;
	for (size_t i = 0; i < CONTAINERS; i++)
		state.has_container[0][i] = true;
	(void)apply();
	CHECK(sends == 2);
	CHECK(is_as_made_anew());
	end();
}

/* One message to the table of a family. */
static void meddle(unsigned int type, uint8_t family, const char *chain)
{
	struct nft nft;
	uint64_t room[64];

	nft_begin(&nft, room, sizeof(room));
	nft.family = family;
	nft_message(&nft, type, 0);
	/* the attributes of tables and rules have the same numbers */
	netlink_add_string(&nft.batch, NFTA_RULE_TABLE, "tare");
	if (chain)
		netlink_add_string(&nft.batch, NFTA_RULE_CHAIN, chain);
	nft_end(&nft);
	CHECK(netlink_commit(ours.fd, &nft.batch, NULL) == 0);
}

/* What somebody else has done to them does not last, whatever has changed since
 * then, and be it nothing. */
static void test_others_change_it(void)
{
	static const struct {
		const char *label;
		unsigned int type;
		uint8_t family;
		const char *chain;
	} rows[] = {
		{ "all", NFT_MSG_DELTABLE, NFPROTO_UNSPEC, NULL },
		{ "inet", NFT_MSG_DELTABLE, NFPROTO_INET, NULL },
		{ "bridge", NFT_MSG_DELTABLE, NFPROTO_BRIDGE, NULL },
		{ "rules", NFT_MSG_DELRULE, NFPROTO_INET, NULL },
		{ "a chain", NFT_MSG_DELRULE, NFPROTO_BRIDGE, "own_ip4" },
	};

	if (!begin())
		return;
	for (size_t i = 0; i < 2 * COUNT(rows); i++) {
		check_row(rows[i / 2].label);
		meddle(rows[i / 2].type, rows[i / 2].family, rows[i / 2].chain);
		state.is_serving[0][0] ^= i % 2 == 1;
		(void)apply();
		CHECK(sends == 1 && sent_bytes > 10000);
		CHECK(is_as_made_anew());
		CHECK(apply() == 0);
	}
	check_row(NULL);
	end();
}

/* What is not about them does, and takes the whole once. */
static void test_others_change_theirs(void)
{
	struct nft nft;
	uint64_t room[64];

	if (!begin())
		return;
	nft_begin(&nft, room, sizeof(room));
	nft_replace(&nft, NFPROTO_INET, "other");
	nft_end(&nft);
	CHECK(netlink_commit(ours.fd, &nft.batch, NULL) == 0);
	state.is_serving[0][0] = false;
	CHECK(apply() > 10000 && sends == 1);
	state.is_serving[0][0] = true;
	CHECK(apply() < 10000 && sends == 1);
	end();
}

static void test_after_a_refusal(void)
{
	if (!begin())
		return;
	/* the same key twice, and it leads to two places */
	state.ports[2] = 1;
	topology = make();
	ports[2].published = 1000;
	CHECK(ruleset_apply(&ours, &topology, NULL) < 0);
	(void)apply();
	CHECK(sends == 1 && sent_bytes > 10000);
	CHECK(is_as_made_anew());
	end();
}

/* Another link by the name of one is not in the flow table by itself. */
static void test_another_link_by_its_name(void)
{
	if (!begin())
		return;
	if (!has_flow_tables) {
		check_skip("a kernel without flow tables");
		end();
		return;
	}
	CHECK(apply() == 0);
	remove_link(networks[0].bridge);
	make_link(networks[0].bridge);
	CHECK(apply() > 10000);
	end();
}

int main(void)
{
	RUN(test_any_changes);
	RUN(test_sends_what_differs);
	RUN(test_outgrows_its_room);
	RUN(test_others_change_it);
	RUN(test_others_change_theirs);
	RUN(test_after_a_refusal);
	RUN(test_another_link_by_its_name);
	return check_done();
}
