// SPDX-License-Identifier: MIT
/* net_pool_test - what is given out is free, fits, and stays */
#include "net/pool.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "check.h"
#include "lib/error.h"
#include "net_pool.h"

static const char ula[] = "version 1\nula fd12:3456:789a::/48\nend\n";

/* A row whose label begins with "then" has the book of the row before. */
static const struct row {
	const char *label;
	const char *input;
	const char *output;
	int result;
	const char *error;
} rows[] = {
	{ "one of everything", "net front 4 6\nend front web-1\nvip front web",
		"front 172.18.0.0/16 172.18.0.1 fd12:3456:789a:1::/64 "
		"fd12:3456:789a:1::1\n"
		"web-1 172.18.0.2 fd12:3456:789a:1::2\n"
		"web 172.18.0.3 fd12:3456:789a:1::3\n",
		0, NULL },
	{ "then others come before",
		"net back 4 6\nnet front 4 6\n"
		"end front db\nend front web-1\nvip front db\nvip front web",
		"back 172.19.0.0/16 172.19.0.1 fd12:3456:789a:2::/64 "
		"fd12:3456:789a:2::1\n"
		"front 172.18.0.0/16 172.18.0.1 fd12:3456:789a:1::/64 "
		"fd12:3456:789a:1::1\n"
		"db 172.18.0.4 fd12:3456:789a:1::4\n"
		"web-1 172.18.0.2 fd12:3456:789a:1::2\n"
		"db 172.18.0.5 fd12:3456:789a:1::5\n"
		"web 172.18.0.3 fd12:3456:789a:1::3\n",
		0, NULL },
	{ "then one goes and another comes",
		"net front 4 6\nend front new\n"
		"end front db",
		"front 172.18.0.0/16 172.18.0.1 fd12:3456:789a:1::/64 "
		"fd12:3456:789a:1::1\n"
		"new 172.18.0.6 fd12:3456:789a:1::6\n"
		"db 172.18.0.4 fd12:3456:789a:1::4\n",
		0, NULL },
	{ "then all go", "net front 4 6",
		"front 172.18.0.0/16 172.18.0.1 fd12:3456:789a:1::/64 "
		"fd12:3456:789a:1::1\n",
		0, NULL },
	{ "then the number goes on", "net front 4 6\nend front web-1",
		"front 172.18.0.0/16 172.18.0.1 fd12:3456:789a:1::/64 "
		"fd12:3456:789a:1::1\n"
		"web-1 172.18.0.7 fd12:3456:789a:1::7\n",
		0, NULL },
	{ "then a route of the host is there",
		"net front 4\nend front web-1\n"
		"taken 172.16.0.0/12",
		"front 192.168.0.0/20 192.168.0.1\nweb-1 192.168.0.2\n", 0,
		NULL },
	{ "what is taken",
		"net a 4\nnet b 4\nnet c 4\ntaken 172.18.5.0/24\n"
		"taken 172.20.0.0/14\ntaken 0.0.0.0/4\nnet d 4 "
		"subnet=172.24.0.0/13",
		"a 172.19.0.0/16 172.19.0.1\nb 192.168.0.0/20 192.168.0.1\n"
		"c 192.168.16.0/20 192.168.16.1\n"
		"d 172.24.0.0/13 172.24.0.1\n",
		0, NULL },
	{ "the last block",
		"net a 4\ntaken 172.16.0.0/12\n"
		"taken 192.168.0.0/16\ntaken 10.0.0.0/9",
		"a 10.128.0.0/16 10.128.0.1\n", 0, NULL },
	{ "nothing left",
		"net a 4\nend a x\nnet b 4 subnet=192.0.2.0/24\n"
		"end b x\ntaken 172.16.0.0/12\n"
		"taken 192.168.0.0/16\ntaken 10.0.0.0/8",
		"a\nb 192.0.2.0/24 192.0.2.1\nx \nx 192.0.2.2\n", -ENOSPC,
		"find a subnet for network 'a': none is free" },
	{ "a route of our own prefix",
		"net a 6\n"
		"taken fd12:3456:789a::/63",
		"a fd12:3456:789a:2::/64 fd12:3456:789a:2::1\n", 0, NULL },
	{ "declared",
		"net a 4 subnet=192.0.2.0/28 gateway=192.0.2.2 "
		"reserved=192.0.2.3\nend a one\nend a two 192.0.2.4\n"
		"end a three\nend a four\nvip a v",
		"a 192.0.2.0/28 192.0.2.2\none 192.0.2.1\ntwo 192.0.2.4\n"
		"three 192.0.2.5\nfour 192.0.2.6\nv 192.0.2.7\n",
		0, NULL },
	{ "then one is declared that another had",
		"net a 4 "
		"subnet=192.0.2.0/28 gateway=192.0.2.2\nend a one\n"
		"end a two 192.0.2.1",
		"a 192.0.2.0/28 192.0.2.2\none 192.0.2.8\ntwo 192.0.2.1\n", 0,
		NULL },
	{ "then another gateway",
		"net a 4 subnet=192.0.2.0/28 "
		"gateway=192.0.2.8\nend a one\nend a two",
		"a 192.0.2.0/28 192.0.2.8\none 192.0.2.9\ntwo 192.0.2.1\n", 0,
		NULL },
	{ "then another subnet",
		"net a 4 subnet=192.0.2.16/28\nend a one\n"
		"end a two",
		"a 192.0.2.16/28 192.0.2.17\none 192.0.2.18\n"
		"two 192.0.2.19\n",
		0, NULL },
	{ "in a range",
		"net a 4 6 subnet=192.0.2.0/24 range=192.0.2.64/30 "
		"subnet=2001:db8::/32 range=2001:db8:1:2::/126\nend a x\n"
		"end a y\nend a z 192.0.2.65",
		"a 192.0.2.0/24 192.0.2.1 2001:db8::/32 2001:db8::1\n"
		"x 192.0.2.64 2001:db8:1:2::1\ny 192.0.2.66 2001:db8:1:2::2\n"
		"z 192.0.2.65 2001:db8:1:2::3\n",
		0, NULL },
	{ "then it wraps",
		"net a 4 subnet=192.0.2.0/24 range=192.0.2.64/30\n"
		"end a p\nend a q\nend a y\nend a r",
		"a 192.0.2.0/24 192.0.2.1\np 192.0.2.67\nq 192.0.2.64\n"
		"y 192.0.2.66\nr 192.0.2.65\n",
		0, NULL },
	{ "then it is full",
		"net a 4 subnet=192.0.2.0/24 "
		"range=192.0.2.64/30\n"
		"end a more\nend a p\nend a q\nend a y\nend a r",
		"a 192.0.2.0/24 192.0.2.1\nmore \np 192.0.2.67\n"
		"q 192.0.2.64\ny 192.0.2.66\nr 192.0.2.65\n",
		-ENOSPC,
		"give 'more' an address in network 'a': none of 192.0.2.64/30 "
		"is free, declare a larger subnet or ip_range" },
	{ "a range of another network",
		"net a 4 subnet=192.0.2.0/24 "
		"range=0.0.0.0/0\nend a x",
		"a 192.0.2.0/24 192.0.2.1\nx 192.0.2.2\n", 0, NULL },
	{ "a full subnet",
		"net a 4 subnet=192.0.2.0/29\nend a b\nend a c\n"
		"end a d\nend a e\nend a f\nend a g\nvip a v",
		"a 192.0.2.0/29 192.0.2.1\nb 192.0.2.2\nc 192.0.2.3\n"
		"d 192.0.2.4\ne 192.0.2.5\nf 192.0.2.6\ng \nv \n",
		-ENOSPC, "give 'g' an address in network 'a'" },
	{ "then they stay",
		"net a 4 subnet=192.0.2.0/29\nend a g\nend a b\n"
		"end a c\nend a e\nend a f",
		"a 192.0.2.0/29 192.0.2.1\ng 192.0.2.4\nb 192.0.2.2\n"
		"c 192.0.2.3\ne 192.0.2.5\nf 192.0.2.6\n",
		0, NULL },
	{ "small subnets",
		"net a 4 subnet=192.0.2.0/30\nend a x\n"
		"net b 4 subnet=192.0.2.8/31\nnet c 6 subnet=2001:db8::/127\n"
		"end c y\nnet d 4 subnet=192.0.2.4/32",
		"a 192.0.2.0/30 192.0.2.1\nb 192.0.2.8/31 \n"
		"c 2001:db8::/127 2001:db8::1\nd 192.0.2.4/32 \n"
		"x 192.0.2.2\ny \n",
		-ENOSPC,
		"find a gateway for network 'b': 192.0.2.8/31 is too" },
	{ "the top of IPv6",
		"net a 6 subnet=2001:db8::/64 "
		"range=2001:db8::ffff:ffff:ffff:ffff/128\nend a x\nend a y",
		"a 2001:db8::/64 2001:db8::1\nx 2001:db8::ffff:ffff:ffff:ffff\n"
		"y \n",
		-ENOSPC, "give 'y' an address in network 'a'" },
	{ "two ask for one",
		"net a 4 subnet=192.0.2.0/28\n"
		"end a x 192.0.2.9\nend a y 192.0.2.9\nend a z",
		"a 192.0.2.0/28 192.0.2.1\nx 192.0.2.9\ny \nz 192.0.2.2\n",
		-EEXIST,
		"give 'y' the address 192.0.2.9 in network 'a': 'x' has it" },
	{ "the gateway's", "net a 4 subnet=192.0.2.0/28\nend a x 192.0.2.1",
		"a 192.0.2.0/28 192.0.2.1\nx \n", -EEXIST,
		"192.0.2.1 in network 'a': it is the gateway's, or reserved" },
	{ "outside",
		"net a 4 subnet=192.0.2.0/28\nend a x 192.0.2.16\n"
		"end a y",
		"a 192.0.2.0/28 192.0.2.1\nx \ny 192.0.2.2\n", -EINVAL,
		"it is no container's address in 192.0.2.0/28" },
	{ "the broadcast address",
		"net a 4 subnet=192.0.2.0/28\n"
		"end a x 192.0.2.15",
		"a 192.0.2.0/28 192.0.2.1\nx \n", -EINVAL, "no container's" },
	{ "the network's address",
		"net a 6 subnet=2001:db8::/64\n"
		"end a x 2001:db8::",
		"a 2001:db8::/64 2001:db8::1\nx \n", -EINVAL,
		"no container's" },
	{ "of a family that is not there", "net a 4\nend a x 2001:db8::1",
		"a 172.18.0.0/16 172.18.0.1\nx 172.18.0.2\n", -EINVAL,
		"the network has no subnet of this kind" },
	{ "no virtual addresses",
		"net a 4\nnet m 4 macvlan "
		"subnet=192.0.2.0/24\nend m x\ndns a web\nvip m web",
		"a 172.18.0.0/16 172.18.0.1\nm 192.0.2.0/24 192.0.2.1\n"
		"x 192.0.2.2\nweb \nweb \n",
		0, NULL },
	{ "no addresses at all", "net a\nend a x\nvip a x", "a\nx \nx \n", 0,
		NULL },
	{ "nothing", "", "", 0, NULL },
};

/* The book goes through its text each time, as it does through the file. */
static void pass_book(const struct book *book, char *text, size_t size)
{
	auto_arena arena = { 0 };
	size_t length = 0;
	const char *printed = book_print(book, &arena, &length);

	if (!CHECK(printed && length < size && printed[length] == '\0'))
		abort();
	memcpy(text, printed, length + 1);
}

static void test_gives_as_the_table_says(void)
{
	static char kept[65536];
	static struct scene scene;

	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		const struct row *row = &rows[i];
		auto_arena arena = { 0 };
		struct error err = { .code = 0 };
		struct book before, after;
		char output[4096];
		struct text text;

		check_row(row->label);
		if (!text_starts_with(row->label, "then "))
			(void)text_copy(kept, sizeof(kept), ula);
		CHECK(book_parse(kept, strlen(kept), &arena, &before, &err) ==
			0);
		scene_make(&scene, row->input);
		CHECK(scene_fill(&scene, &before, &arena, &after, &err) ==
			row->result);
		CHECK(row->error ? strstr(err.text, row->error) != NULL
				 : err.code == 0);
		text_init(&text, output, sizeof(output));
		scene_print(&scene, &text);
		if (!CHECK(text_equal(output, row->output)))
			printf("# %s\n%s", err.text, output);
		pass_book(&after, kept, sizeof(kept));
	}
}

static void test_macs(void)
{
	static struct scene scene;
	auto_arena arena = { 0 };
	struct book before, after;
	const uint8_t *mac = scene.endpoints[0].mac;

	CHECK(book_parse(ula, strlen(ula), &arena, &before, NULL) == 0);
	scene_make(&scene, "net a 4\nnet b 6\nend a x\nend b x\nend b y\n"
			   "end b z 06:00:00:00:00:07");
	CHECK(scene_fill(&scene, &before, &arena, &after, NULL) == 0);
	CHECK(memcmp(mac, "\x02\x42\xac\x12\x00\x02", 6) == 0);
	mac = scene.endpoints[1].mac;
	CHECK((mac[0] & 3) == 2 && mac[0] != 0x02);
	CHECK(memcmp(mac, scene.endpoints[2].mac, 6) != 0);
	CHECK(memcmp(scene.endpoints[3].mac, "\x06\0\0\0\0\x07", 6) == 0);
}

/* Two of a pair have the same hash in 32 bits. */
static const struct names_row {
	const char *label;
	const char *input;
	const char *names; /* of bridges and links */
} names_rows[] = {
	{ "one", "net net7372 4", "tb0acce3e9" },
	{ "then its twin", "net net340707 4\nnet net7372 4",
		"tb50a3df3a tb0acce3e9" },
	{ "then alone", "net net340707 4", "tb50a3df3a" },
	{ "then with the first again", "net net340707 4\nnet net7372 4",
		"tb50a3df3a tb0acce3e9" },
	{ "two at once", "net net7372 4\nnet net340707 4",
		"tb4b1cdc3a tb0acce3e9" },
	{ "then one goes", "net net7372 4", "tb4b1cdc3a" },
	{ "containers", "net a 4\nend a web-73145\nend a web-130508",
		"tbbddf13e3 tvc33589a8 tv1de1b62d" },
	{ "then one goes", "net a 4\nend a web-73145",
		"tbbddf13e3 tvc33589a8" },
	{ "the twin first", "net a 4\nend a web-73145",
		"tbbddf13e3 tv1de1b62d" },
};

static void test_names(void)
{
	static char kept[65536];
	static struct scene scene;

	for (size_t i = 0; i < sizeof(names_rows) / sizeof(names_rows[0]);
		i++) {
		const struct names_row *row = &names_rows[i];
		auto_arena arena = { 0 };
		struct book before, after;
		char names[256];
		struct text text;

		check_row(row->label);
		if (!text_starts_with(row->label, "then "))
			(void)text_copy(kept, sizeof(kept), ula);
		CHECK(book_parse(kept, strlen(kept), &arena, &before, NULL) ==
			0);
		scene_make(&scene, row->input);
		CHECK(scene_fill(&scene, &before, &arena, &after, NULL) == 0);
		text_init(&text, names, sizeof(names));
		for (size_t j = 0; j < scene.topology.network_count; j++)
			text_add(&text, "%s ", scene.networks[j].bridge);
		for (size_t j = 0; j < scene.topology.endpoint_count; j++)
			text_add(&text, "%s ", scene.endpoints[j].link);
		names[text.used - 1] = '\0';
		if (!CHECK(text_equal(names, row->names)))
			printf("# %s\n", names);
		pass_book(&after, kept, sizeof(kept));
	}
}

static void test_needs_a_prefix_for_ipv6(void)
{
	static struct scene scene;
	auto_arena arena = { 0 };
	struct error err = { .code = 0 };
	const struct book before = { 0 };
	struct book after;

	scene_make(&scene, "net a 4 6\nend a x");
	CHECK(scene_fill(&scene, &before, &arena, &after, &err) == -EINVAL);
	CHECK(strstr(err.text, "network 'a': the machine has no prefix"));
	CHECK(scene.endpoints[0].address4.family == AF_INET);
	CHECK(scene.endpoints[0].address6.family == 0);
}

static void test_without_memory(void)
{
	static struct scene scene;
	const struct book before = { 0 };
	struct book after;
	int result = -ENOMEM;

	for (size_t limit = 1; result == -ENOMEM; limit += 64) {
		auto_arena arena = { .limit_bytes = limit };
		struct error err = { .code = 0 };

		scene_make(&scene, "net a 4\nend a x\nvip a x");
		result = scene_fill(&scene, &before, &arena, &after, &err);
		CHECK(result == 0 || strstr(err.text, "no memory"));
	}
	CHECK(result == 0);
}

static void test_too_many(void)
{
	static struct scene scene;
	auto_arena arena = { 0 };
	struct error err = { .code = 0 };
	const struct book before = { 0 };
	struct book after;

	scene_make(&scene, "");
	scene.topology.network_count = TOPOLOGY_NETWORKS_MAX + 1;
	CHECK(scene_fill(&scene, &before, &arena, &after, &err) == -E2BIG);
	CHECK(strstr(err.text, "over 256 networks"));
}

#define PLACES_EACH (TOPOLOGY_ENDPOINTS_MAX / TOPOLOGY_NETWORKS_MAX)

/* All that a topology holds, and each name as long as a config allows. */
static struct {
	struct topology_network networks[TOPOLOGY_NETWORKS_MAX];
	struct pool_network asked[TOPOLOGY_NETWORKS_MAX];
	struct topology_endpoint endpoints[TOPOLOGY_ENDPOINTS_MAX];
	struct topology_group groups[TOPOLOGY_GROUPS_MAX];
	char names[TOPOLOGY_ENDPOINTS_MAX][64];
	size_t members[TOPOLOGY_ENDPOINTS_MAX];
} all;

static void make_all(struct topology *topology)
{
	for (size_t i = 0; i < TOPOLOGY_ENDPOINTS_MAX; i++) {
		size_t network = i / PLACES_EACH;

		(void)snprintf(all.names[i], 64, "%063zu", i);
		all.members[i] = i;
		all.networks[network].name = all.names[network];
		all.asked[network] = (struct pool_network){ .has_ipv4 = true,
			.has_ipv6 = true };
		all.endpoints[i] = (struct topology_endpoint){
			.network = network,
			.container = all.names[i],
		};
		all.groups[i] = (struct topology_group){
			.network = network,
			.service = all.names[i],
			.has_virtual = true,
			.endpoints = &all.members[i],
			.endpoint_count = 1,
		};
	}
	*topology = (struct topology){
		.networks = all.networks,
		.network_count = TOPOLOGY_NETWORKS_MAX,
		.endpoints = all.endpoints,
		.endpoint_count = TOPOLOGY_ENDPOINTS_MAX,
		.groups = all.groups,
		.group_count = TOPOLOGY_GROUPS_MAX,
	};
}

/* Else a machine would give out all anew at each boot. */
static void test_the_largest_book_can_be_read(void)
{
	auto_arena arena = { 0 };
	struct topology topology;
	struct book before = { .ula = { .address.family = 0 } };
	struct book after, again;
	struct error err = { .text = "" };
	size_t size = 0;
	const struct pool_request request = {
		.topology = &topology,
		.networks = all.asked,
		.before = &before,
	};

	make_all(&topology);
	CHECK(prefix_parse("fd12:3456:789a::/48", &before.ula) == 0);
	if (!CHECK(pool_fill(&request, &arena, &after, &err) == 0))
		printf("# %s\n", err.text);
	CHECK(after.entry_count >= 2 * 2 * TOPOLOGY_ENDPOINTS_MAX);

	const char *text = book_print(&after, &arena, &size);

	CHECK(text && size < BOOK_TEXT_MAX);
	if (!CHECK(book_parse(text, size, &arena, &again, &err) == 0))
		printf("# %s\n", err.text);
	CHECK(again.entry_count == after.entry_count);
	printf("# %zu entries, %zu bytes\n", after.entry_count, size);
}

static void test_makes_prefixes(void)
{
	struct prefix one, two;

	CHECK(pool_make_ula(&one) == 0 && pool_make_ula(&two) == 0);
	CHECK(one.length == 48 && one.address.bytes[0] == 0xfd);
	CHECK(one.address.family == AF_INET6 && prefix_is_clean(&one));
	CHECK(address_compare(&one.address, &two.address) != 0);
}

int main(void)
{
	RUN(test_gives_as_the_table_says);
	RUN(test_macs);
	RUN(test_names);
	RUN(test_needs_a_prefix_for_ipv6);
	RUN(test_without_memory);
	RUN(test_too_many);
	RUN(test_the_largest_book_can_be_read);
	RUN(test_makes_prefixes);
	return check_done();
}
