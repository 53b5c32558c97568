// SPDX-License-Identifier: MIT
/* net_ruleset_test - the kernel takes the rules as a whole, or says which not
 *
 * wrap: socket sendto recvfrom
 *
 * What packets may do under them is tried by tests/net/rules.
 */
#include "net/ruleset.h"

#include <errno.h>
#include <linux/netfilter.h>
#include <linux/netfilter/nf_tables.h>
#include <linux/netfilter/nfnetlink.h>
#include <stdlib.h>
#include <sys/wait.h>
#include <unistd.h>

#include "fault.h"
#include "lib/error.h"
#include "lib/fd.h"
#include "lib/netlink.h"
#include "lib/text.h"
#include "net_scene.h"

FAULT_WRAP(int, socket, (int domain, int type, int protocol),
	(domain, type, protocol))
FAULT_WRAP(ssize_t, sendto,
	(int fd, const void *data, size_t size, int flags,
		const struct sockaddr *to, socklen_t length),
	(fd, data, size, flags, to, length))
FAULT_WRAP(ssize_t, recvfrom,
	(int fd, void *data, size_t size, int flags, struct sockaddr *from,
		socklen_t *length),
	(fd, data, size, flags, from, length))

struct wanted {
	const char *chain;
	bool is_there;
};

static void see_chain(const struct nlmsghdr *message, void *context)
{
	const struct nlattr *table[NFTA_CHAIN_NAME + 1];
	struct wanted *wanted = context;

	netlink_parse(message, sizeof(struct nfgenmsg), table, COUNT(table));
	if (table[NFTA_CHAIN_NAME] &&
		text_equal(netlink_data(table[NFTA_CHAIN_NAME]), wanted->chain))
		wanted->is_there = true;
}

static bool has_chain(const char *name)
{
	const struct nfgenmsg body = { .nfgen_family = NFPROTO_UNSPEC };
	struct wanted wanted = { .chain = name };
	struct netlink_batch batch;
	uint64_t room[32];
	auto_fd fd = netlink_open(NETLINK_NETFILTER, NULL);

	netlink_init(&batch, room, sizeof(room));
	netlink_begin(&batch, NFNL_SUBSYS_NFTABLES << 8 | NFT_MSG_GETCHAIN,
		NLM_F_DUMP, &body, sizeof(body));
	CHECK(netlink_ask(fd, &batch, see_chain, &wanted) == 0);
	return wanted.is_there;
}

static int apply_whole(const struct topology *topology, struct error *err)
{
	struct ruleset ruleset;
	int result = ruleset_open(&ruleset, err);

	if (result == 0)
		result = ruleset_apply(&ruleset, topology, err);
	ruleset_close(&ruleset);
	return result;
}

static void test_comes_and_goes(void)
{
	const struct topology nothing = { .port_count = 0 };
	struct topology topology = scene_make();
	struct error err = { 0 };

	if (!scene_enter())
		return;
	CHECK(ruleset_remove(&err) == 0);
	CHECK(apply_whole(&topology, &err) == 0);
	CHECK(has_chain("to4-0-8080"));
	CHECK(has_chain("own_ip4"));
	CHECK(apply_whole(&topology, &err) == 0);
	CHECK(apply_whole(&nothing, &err) == 0);
	CHECK(!has_chain("to4-0-8080"));
	CHECK(ruleset_remove(&err) == 0);
	CHECK(!has_chain("own_ip4") && !has_chain("input"));
	CHECK(err.code == 0);
}

static void test_names_what_is_refused(void)
{
	struct topology topology = scene_make();
	struct error err = { 0 };

	if (!scene_enter())
		return;
	CHECK(apply_whole(&topology, &err) == 0);
	/* the same key twice, and it leads to two places */
	scene_ports[2].published = 80;
	CHECK(apply_whole(&topology, &err) < 0);
	scene_ports[2].published = 443;
	CHECK(text_starts_with(err.text,
		"set packet rules: elements of set 'ports': "));
	CHECK(has_chain("to4-0-8443"));
}

static int apply_as_nobody(void)
{
	struct topology topology = scene_make();
	struct error err = { 0 };

	if (setgid(65534) < 0 || setuid(65534) < 0)
		return 2;
	if (apply_whole(&topology, &err) != -EPERM)
		return 3;
	return text_starts_with(err.text, "set packet rules: transaction: ")
		       ? 0
		       : 4;
}

static void test_needs_a_right(void)
{
	int status;
	pid_t pid;

	if (!scene_enter())
		return;
	pid = fork();
	if (pid == 0)
		_exit(apply_as_nobody());
	CHECK(waitpid(pid, &status, 0) == pid);
	CHECK(WIFEXITED(status) && WEXITSTATUS(status) == 0);
}

static void test_fails_whole(void)
{
	struct topology topology = scene_make();
	unsigned int before = fault_count_fds();

	if (!scene_enter())
		return;
	for (unsigned int nth = 1;; nth++) {
		struct error err = { 0 };
		int result;

		fault_arm(nth, EIO);
		result = apply_whole(&topology, &err);
		if (!fault_fired())
			break;
		CHECK(result == 0 || (err.code == result && err.text[0]));
		CHECK(fault_count_fds() == before);
	}
	CHECK(has_chain("to4-0-8080"));
}

/* Whatever fails on the way, the next one is right. */
static void test_changes_fail_whole(void)
{
	struct topology topology = scene_make();
	struct ruleset ruleset;

	if (!scene_enter())
		return;
	CHECK(ruleset_open(&ruleset, NULL) == 0);
	CHECK(ruleset_apply(&ruleset, &topology, NULL) == 0);
	for (unsigned int nth = 1;; nth++) {
		struct error err = { 0 };
		bool has_web = nth % 2 == 0;
		int result;

		scene_endpoints[0].is_serving = has_web;
		scene_endpoints[2].is_serving = has_web;
		fault_arm(nth, EIO);
		result = ruleset_apply(&ruleset, &topology, &err);
		if (!fault_fired())
			break;
		CHECK(result == 0 || (err.code == result && err.text[0]));
		CHECK(ruleset_apply(&ruleset, &topology, &err) == 0);
		CHECK(has_chain("to4-0-8080") == has_web);
	}
	ruleset_close(&ruleset);
	(void)scene_make();
	scene_endpoints[0].is_serving = scene_endpoints[2].is_serving = true;
}

/* All that the limits allow, with as many chains and maps as there can be. */
static struct topology largest(void)
{
	static struct topology_network networks[TOPOLOGY_NETWORKS_MAX];
	static struct topology_endpoint endpoints[TOPOLOGY_ENDPOINTS_MAX];
	static struct topology_group groups[TOPOLOGY_GROUPS_MAX];
	static struct topology_port ports[TOPOLOGY_PORTS_MAX];
	static struct topology_rule rules[TOPOLOGY_RULES_MAX];
	static size_t members[TOPOLOGY_ENDPOINTS_MAX];
	struct text text;

	for (size_t i = 0; i < COUNT(networks); i++) {
		text_init(&text, networks[i].bridge, IFNAMSIZ);
		text_add(&text, "tb%08zx", i);
		networks[i].gateway4 = scene_ip4((uint8_t)i, 1);
		networks[i].gateway6 = scene_ip6((uint8_t)i, 1);
	}
	for (size_t i = 0; i < COUNT(endpoints); i++) {
		struct topology_endpoint *endpoint = &endpoints[i];
		uint8_t network = (uint8_t)(i / 16);

		members[i] = i;
		text_init(&text, endpoint->link, IFNAMSIZ);
		text_add(&text, "tv%08zx", i);
		endpoint->network = network;
		endpoint->address4 = scene_ip4(network, (uint8_t)(i % 16 + 2));
		endpoint->address6 = scene_ip6(network, (uint8_t)(i % 16 + 2));
		endpoint->is_serving = true;
	}
	for (size_t i = 0; i < COUNT(groups); i++) {
		uint8_t network = (uint8_t)(i / 16);

		/* most share one with the next, so that they have maps */
		groups[i] = (struct topology_group){
			.network = network,
			.service = "a-service-with-a-rather-long-name",
			.virtual4 = scene_ip4(network, (uint8_t)(i % 16 + 100)),
			.virtual6 = scene_ip6(network, (uint8_t)(i % 16 + 100)),
			.endpoints = members + i,
			.endpoint_count = i + 1 < COUNT(endpoints) ? 2 : 1,
		};
	}
	for (size_t i = 0; i < COUNT(ports); i++) {
		ports[i] = (struct topology_port){
			.protocol = TOPOLOGY_TCP,
			.published = (uint16_t)(1 + i),
			.target = (uint16_t)(1 + i),
			.group = i % COUNT(groups),
		};
	}
	for (size_t i = 0; i < COUNT(rules); i++)
		rules[i].first_port = rules[i].last_port = (uint16_t)(i + 1);
	return (struct topology){
		.networks = networks,
		.network_count = COUNT(networks),
		.endpoints = endpoints,
		.endpoint_count = COUNT(endpoints),
		.groups = groups,
		.group_count = COUNT(groups),
		.ports = ports,
		.port_count = COUNT(ports),
		.rules = rules,
		.rule_count = COUNT(rules),
	};
}

static void test_takes_the_largest(void)
{
	struct topology topology = largest();
	struct error err = { 0 };

	if (!scene_enter())
		return;
	if (!CHECK(apply_whole(&topology, &err) == 0))
		printf("# %s\n", err.text);
	CHECK(has_chain("to6-2047-2048"));
}

int main(void)
{
	RUN(test_comes_and_goes);
	RUN(test_names_what_is_refused);
	RUN(test_needs_a_right);
	RUN(test_fails_whole);
	RUN(test_changes_fail_whole);
	RUN(test_takes_the_largest);
	return check_done();
}
