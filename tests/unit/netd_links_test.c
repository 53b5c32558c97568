// SPDX-License-Identifier: MIT
/*
 * netd_links_test - what netd makes of the kernel's links, and which it makes,
 * joins and removes
 */
/* wrap: nl_dump */
#include "links.h"

#include <errno.h>
#include <linux/if_link.h>
#include <net/if_arp.h>
#include <string.h>
#include <sys/socket.h>

#include "check.h"
#include "nl.h"

static struct wanted wanted;
static struct links links;
static struct links_step steps[16];

/* a link as RTM_NEWLINK tells of it */
struct told {
	int index;
	const char *name, *kind;
	unsigned short type;
	unsigned flags;
	int master;
	uint32_t routers; /* what they say, as the kernel has it */
	unsigned char family;
};
static const struct told *told;
static size_t told_count;
static int told_result; /* of the kernel, when it has told of them */

static void tell(const struct told *link, nl_visit *visit, void *context)
{
	static struct nl_request message;
	struct ifinfomsg *body =
		nl_begin(&message, RTM_NEWLINK, 0, sizeof(*body));

	body->ifi_family = link->family;
	body->ifi_index = link->index;
	body->ifi_type = link->type ? link->type : ARPHRD_ETHER;
	body->ifi_flags = link->flags;
	nl_add(&message, IFLA_IFNAME, link->name, strlen(link->name) + 1);
	if (link->master)
		nl_add(&message, IFLA_MASTER, &link->master, 4);
	if (link->routers) {
		size_t all = nl_nest(&message, IFLA_AF_SPEC);
		size_t inet6 = nl_nest(&message, AF_INET6);
		nl_add(&message, IFLA_INET6_FLAGS, &link->routers, 4);
		nl_nest_end(&message, inet6);
		nl_nest_end(&message, all);
	}
	if (link->kind) {
		size_t info = nl_nest(&message, IFLA_LINKINFO);
		nl_add(&message, IFLA_INFO_KIND, link->kind,
			strlen(link->kind) + 1);
		nl_nest_end(&message, info);
	}
	visit(&message.head, context);
}

int __wrap_nl_dump(int fd, uint16_t kind, uint8_t family, nl_visit *visit,
	void *context);
int __wrap_nl_dump(int fd, uint16_t kind, uint8_t family, nl_visit *visit,
	void *context)
{
	(void)fd;
	(void)kind;
	(void)family;
	for (size_t i = 0; i < told_count; i++)
		tell(&told[i], visit, context);
	return told_result;
}

/* how many links are of interest, into links */
static unsigned list(const char *file, const char *extra_kind)
{
	const struct links_filter filter = { &wanted, extra_kind };
	unsigned line;

	CHECK(wanted_parse(file, strlen(file), &wanted, &line) == 0);
	CHECK(links_list(3, &filter, &links) == 0);
	return links.count;
}

static void test_what_routers_say(void)
{
	static const struct told links_told[] = {
		{ .index = 1, .name = "eth0" },
		{ .index = 2, .name = "eth1", .routers = 0x40 },
		{ .index = 3, .name = "eth2", .routers = 0x80000000 | 0x80 },
		{ .index = 4, .name = "eth3", .routers = 0xc0 },
	};

	told = links_told;
	told_count = 4;
	if (!CHECK(list("end\n", NULL) == 4))
		return;
	for (unsigned i = 0; i < 4; i++) {
		CHECK(links.rows[i].is_managed == (i & 1));
		CHECK(links.rows[i].has_more == (i >= 2));
	}
}

/* A list that is torn is none: who is missing there would be waited for. */
static void test_is_listed_whole(void)
{
	static const struct told both[] = { { .index = 1, .name = "eth0" },
		{ .index = 2, .name = "eth1" } };
	static const struct told other = { .index = 3, .name = "eth2" };
	const struct links_filter filter = { &wanted, NULL };

	told = both;
	told_count = 2;
	CHECK(list("link vlan v eth0 7\nend\n", NULL) == 2);
	told = &other;
	told_count = 1;
	told_result = -ENOBUFS;
	CHECK(links_list(3, &filter, &links) == -ENOBUFS);
	told_result = 0;
	CHECK(links.count == 2 && links_find(&links, "eth1"));
	CHECK(links_hold(&wanted.links[0], &links) == LINKS_FREE);
}

static void test_which_links_are_hardware(void)
{
	static struct told many[LINKS_MAX + 9];
	char file[64];
	static const struct {
		struct told link;
		bool is_wired;
	} rows[] = {
		{ { .index = 2, .name = "eth0" }, true },
		{ { .index = 2, .name = "a-name-of-15-ch" }, true },
		{ { .index = 2, .name = "br0", .kind = "bridge" }, false },
		{ { .index = 2, .name = "veth0", .kind = "veth" }, false },
		{ { .index = 1, .name = "lo", .flags = IFF_LOOPBACK }, false },
		{ { .index = 2, .name = "sit0", .type = ARPHRD_SIT }, false },
	};

	for (size_t i = 0; i < sizeof(rows) / sizeof(*rows); i++) {
		check_row(rows[i].link.name);
		told = &rows[i].link;
		told_count = 1;
		CHECK(list("link device a\nend\n", NULL) == rows[i].is_wired);
		(void)snprintf(file, sizeof(file), "link bridge b %s\nend\n",
			rows[i].link.name);
		CHECK(list(file, NULL) == 1); /* the file names it */
		CHECK(strcmp(links.rows[0].name, rows[i].link.name) == 0);
		CHECK(links_is_wired(&links.rows[0], NULL) == rows[i].is_wired);
	}
	CHECK(links_find(&links, "sit0") && !links_find(&links, "eth0"));
	told = &rows[3].link;
	CHECK(list("end\n", NULL) == 0 && list("end\n", "veth") == 1);
	told = many;
	told_count = sizeof(many) / sizeof(*many);
	for (size_t i = 0; i < told_count; i++)
		many[i] = (struct told){ .index = (int)i + 2, .name = "eth" };
	CHECK(list("end\n", NULL) == LINKS_MAX);
	links.rows[0] = (struct link){ .kind = "veth", .is_ethernet = true };
	CHECK(links_is_wired(&links.rows[0], "veth"));
	CHECK(!links_is_wired(&links.rows[0], "vet"));
}

/* what there is, in words: "name master-index alias", ended by NULL */
struct scene {
	const char *name, *file;
	struct {
		const char *name;
		int master;
		const char *alias;
	} links[5];
	const char *steps;
};

static const char *print_steps(unsigned count)
{
	static const char *const words[] = {
		[LINKS_CREATE] = "create",
		[LINKS_REMOVE] = "remove",
		[LINKS_JOIN] = "join",
		[LINKS_LEAVE] = "leave",
	};
	static char text[256];
	size_t used = 0;

	*text = '\0';
	for (unsigned i = 0; i < count; i++)
		used += (size_t)snprintf(text + used, sizeof(text) - used,
			"%s%s %d %d", i ? ", " : "", words[steps[i].what],
			steps[i].what == LINKS_CREATE ? steps[i].block
						      : steps[i].index,
			steps[i].other);
	return text;
}

/* the nth link of a scene has the index n + 1 */
static const struct scene scenes[] = {
	{ "nothing", "end\n", { { "eth0", 0, "" } }, "" },
	{ "vlan", "link vlan e.7 eth0 7\nend\n", { { "eth0", 0, "" } },
		"create 0 1" },
	{ "vlan on nothing", "link vlan e.7 eth1 7\nend\n",
		{ { "eth0", 0, "" } }, "" },
	{ "vlan there", "link vlan e.7 eth0 7\nend\n",
		{ { "eth0", 0, "" }, { "e.7", 0, "netd vlan e.7 eth0 7" } },
		"" },
	{ "another id", "link vlan e.7 eth0 8\nend\n",
		{ { "eth0", 0, "" }, { "e.7", 0, "netd vlan e.7 eth0 7" } },
		"remove 2 0" },
	{ "not wanted", "end\n",
		{ { "eth0", 0, "" }, { "b", 0, "netd bridge b" } },
		"remove 2 0" },
	{ "somebody's", "end\n", { { "b", 0, "" }, { "c", 0, "mine" } }, "" },
	{ "bond, first itself", "link bond b active-backup eth0\nend\n",
		{ { "eth0", 0, "" } }, "create 0 0" },
	{ "bond, then members", "link bond b active-backup eth0 eth1\nend\n",
		{ { "eth0", 0, "" }, { "b", 0, "netd bond b active-backup" },
			{ "eth1", 2, "" } },
		"join 1 2" },
	{ "another mode", "link bond b 802.3ad eth0\nend\n",
		{ { "eth0", 2, "" }, { "b", 0, "netd bond b active-backup" } },
		"remove 2 0" },
	{ "less members", "link bridge b eth0\nend\n",
		{ { "eth0", 2, "" }, { "b", 0, "netd bridge b" },
			{ "eth1", 2, "" } },
		"leave 3 0" },
	{ "a member of somebody's", "link bridge b eth0\nend\n",
		{ { "eth0", 2, "" }, { "b", 0, "netd bridge b" },
			{ "veth", 4, "" }, { "docker0", 0, "" } },
		"" },
	/* a bridge that is not ours takes nobody */
	{ "the name is taken", "link bridge b eth0\nend\n",
		{ { "eth0", 0, "" }, { "b", 0, "" } }, "" },
};

static void test_plan(void)
{
	for (size_t i = 0; i < sizeof(scenes) / sizeof(*scenes); i++) {
		const struct scene *scene = &scenes[i];
		unsigned line;

		check_row(scene->name);
		links.count = 0;
		for (int n = 0; n < 5 && scene->links[n].name; n++) {
			struct link *link = &links.rows[links.count++];
			*link = (struct link){ .index = n + 1,
				.master = scene->links[n].master };
			(void)snprintf(link->name, sizeof(link->name), "%s",
				scene->links[n].name);
			(void)snprintf(link->alias, sizeof(link->alias), "%s",
				scene->links[n].alias);
		}
		CHECK(wanted_parse(scene->file, strlen(scene->file), &wanted,
			      &line) == 0);
		const char *found =
			print_steps(links_plan(&wanted, &links, steps, 16));
		if (!CHECK(strcmp(found, scene->steps) == 0))
			printf("# %s\n", found);
		CHECK(links_plan(&wanted, &links, steps, 0) == 0);
	}
}

/* what is in the way of the first block of a scene's file */
static void test_hold(void)
{
	static const struct {
		const char *file, *name, *alias; /* of the only link there is */
		enum links_hold hold;
	} rows[] = {
		{ "link vlan e.7 eth1 7\nend\n", "eth0", "", LINKS_WAITS },
		{ "link vlan e.7 eth0 7\nend\n", "eth0", "", LINKS_FREE },
		{ "link vlan e.7 eth1 7\nend\n", "e.7", "", LINKS_TAKEN },
		{ "link vlan e.7 eth1 7\nend\n", "e.7", "netd vlan e.7 eth1 7",
			LINKS_FREE },
		{ "link bridge b eth1\nend\n", "eth0", "", LINKS_FREE },
		{ "link bridge b eth0\nend\n", "b", "mine", LINKS_TAKEN },
		{ "link wireguard wg0 0\nend\n", "wg0", "", LINKS_TAKEN },
		{ "link device eth1\nend\n", "eth0", "", LINKS_FREE },
		{ "link device eth0\nend\n", "eth0", "", LINKS_FREE },
	};

	for (size_t i = 0; i < sizeof(rows) / sizeof(*rows); i++) {
		struct link *link = &links.rows[0];
		unsigned line;

		check_row(rows[i].file);
		links.count = 1;
		*link = (struct link){ .index = 1 };
		(void)snprintf(link->name, sizeof(link->name), "%s",
			rows[i].name);
		(void)snprintf(link->alias, sizeof(link->alias), "%s",
			rows[i].alias);
		CHECK(wanted_parse(rows[i].file, strlen(rows[i].file), &wanted,
			      &line) == 0);
		CHECK(links_hold(&wanted.links[0], &links) == rows[i].hold);
	}
}

static bool matters;

static void judge(const struct nlmsghdr *message, void *context)
{
	matters = links_matters(message, context);
}

/* Each workload that starts is a port of a bridge, and no reason to look. */
static void test_what_is_told_of_ports(void)
{
	static const struct told bridged = { 7, "tv0a1b2c3d", .master = 3,
		.family = AF_BRIDGE };
	static const struct told pair = { 7, "tv0a1b2c3d", "veth",
		.master = 3 };
	static const struct told member = { 2, "eth0", .master = 3 };
	static struct wanted nothing;
	struct links_filter filter = { &nothing, NULL };

	tell(&bridged, judge, &filter);
	CHECK(!matters);
	tell(&pair, judge, &filter);
	CHECK(!matters);
	tell(&member, judge, &filter);
	CHECK(matters);
}

int main(void)
{
	RUN(test_what_routers_say);
	RUN(test_is_listed_whole);
	RUN(test_which_links_are_hardware);
	RUN(test_what_is_told_of_ports);
	RUN(test_plan);
	RUN(test_hold);
	return check_done();
}
