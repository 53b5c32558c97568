// SPDX-License-Identifier: MIT
/* tests of supervise/fabric: what is kept, and what of it makes a container */
/* wrap: link_read_taken link_apply_networks link_attach link_compare */
/* wrap: link_settle ruleset_apply conntrack_forget link_read_uplinks */
#include "supervise_fabric.h"

/* ---- what a container is made with, and what changes while it runs -------- */

#define NETS                                                          \
	"networks: {a: {ipam: {config: [{subnet: 172.30.0.0/16}]}}, " \
	"b: }\n"
#define SERVICES                                \
	"  app: {image: i, networks: [a, b]}\n" \
	"  db: {image: i, networks: [b]}\n"
#define CONFIG "services:\n  web: {image: i, networks: [a]}\n" SERVICES NETS

static const struct change {
	const char *label, *yaml;
	bool web, app, db; /* get other links */
} changes[] = {
	{ "the same", CONFIG, false, false, false },
	{ "in another order",
		"services:\n" SERVICES
		"  web: {image: i, networks: [a]}\n" NETS,
		false, false, false },
	{ "a port",
		"services:\n  web: {image: i, networks: [a], ports: "
		"['80:80']}\n" SERVICES NETS,
		false, false, false },
	{ "a replica and an alias",
		"services:\n  web: {image: i, scale: 2, networks: {a: "
		"{aliases: [x]}}}\n" SERVICES NETS,
		false, false, false },
	{ "another service",
		"services:\n  aaa: {image: i, networks: [a, b]}\n"
		"  web: {image: i, networks: [a]}\n" SERVICES NETS,
		false, false, false },
	{ "a service less",
		"services:\n  web: {image: i, networks: [a]}\n"
		"  app: {image: i, networks: [a, b]}\n"
		"  db: {image: i, networks: [b]}\n"
		"  y: {image: i}\n" NETS,
		false, false, false },
	{ "routed, and metadata",
		"services:\n  web: {image: i, networks: [a]}\n" SERVICES
		"networks: {a: {driver_opts: {nat: false, metadata: "
		"true}, ipam: {config: [{subnet: 172.30.0.0/16}]}}, b: "
		"}\n",
		false, false, false },
	{ "a subnet",
		"services:\n  web: {image: i, networks: [a]}\n" SERVICES
		"networks: {a: {ipam: {config: [{subnet: "
		"172.31.0.0/16}]}}, b: }\n",
		true, true, false },
	{ "the length of a subnet",
		"services:\n  web: {image: i, networks: [a]}\n" SERVICES
		"networks: {a: {ipam: {config: [{subnet: "
		"172.30.0.0/17}]}}, b: }\n",
		true, true, false },
	{ "a gateway",
		"services:\n  web: {image: i, networks: [a]}\n" SERVICES
		"networks: {a: {ipam: {config: [{subnet: "
		"172.30.0.0/16, gateway: 172.30.9.9}]}}, b: }\n",
		true, true, false },
	{ "IPv6",
		"services:\n  web: {image: i, networks: [a]}\n" SERVICES
		"networks: {a: {ipam: {config: [{subnet: "
		"172.30.0.0/16}]}}, b: {enable_ipv6: true}}\n",
		false, true, true },
	{ "an mtu",
		"services:\n  web: {image: i, networks: [a]}\n" SERVICES
		"networks: {a: {ipam: {config: [{subnet: "
		"172.30.0.0/16}]}}, b: {driver_opts: {mtu: 1400}}}\n",
		false, true, true },
	{ "no way out by the first",
		"services:\n  web: {image: i, networks: [a]}\n" SERVICES
		"networks: {a: {internal: true, ipam: {config: "
		"[{subnet: 172.30.0.0/16}]}}, b: }\n",
		true, true, false },
	{ "an address",
		"services:\n  web: {image: i, networks: {a: "
		"{ipv4_address: 172.30.7.7}}}\n" SERVICES NETS,
		true, false, false },
	{ "a name of an interface",
		"services:\n  web: {image: i, networks: {a: "
		"{interface_name: lan}}}\n" SERVICES NETS,
		true, false, false },
	{ "a MAC",
		"services:\n  web: {image: i, networks: {a: "
		"{mac_address: '02:00:00:00:00:09'}}}\n" SERVICES NETS,
		true, false, false },
	{ "one network less",
		"services:\n  web: {image: i, networks: [a]}\n"
		"  app: {image: i, networks: [b]}\n"
		"  db: {image: i, networks: [b]}\n" NETS,
		false, true, false },
	{ "one network more",
		"services:\n  web: {image: i, networks: [a, b]}\n" SERVICES
			NETS,
		true, false, false },
	{ "the way out",
		"services:\n  web: {image: i, networks: [a]}\n"
		"  app: {image: i, networks: {a: , b: {gw_priority: 1}}}\n"
		"  db: {image: i, networks: [b]}\n" NETS,
		false, true, false },
	/* it is made anew for that */
	{ "the network of the machine",
		"services:\n  web: {image: i, network_mode: host}\n" SERVICES
			NETS,
		false, false, false },
};

static void test_changes(void)
{
	for (size_t i = 0; i < sizeof(changes) / sizeof(changes[0]); i++) {
		static const char *const names[] = { "web", "app", "db" };
		const bool moves[] = { changes[i].web, changes[i].app,
			changes[i].db };

		begin();
		check_row(changes[i].label);
		CHECK(weave(0, CONFIG) == 0);
		for (size_t j = 0; j < 3; j++) {
			CHECK(attach(names[j]) == 0);
			CHECK(tether_digest(&fabric, service(0, names[j])) ==
				0);
		}
		CHECK(weave(1, changes[i].yaml) == 0);
		for (size_t j = 0; j < 3; j++) {
			const struct service *own = service(1, names[j]);

			CHECK(tether_is_settled(&fabric, own) == !moves[j]);
			CHECK(tether_digest(&fabric, own) == 0);
		}
		end();
	}
}

#define LAN(service, opts)                                            \
	"services: {web: {image: i, " service "}}\n"                  \
	"networks: {a: , b: , lan: {driver: macvlan, driver_opts: "   \
	"{parent: eth0" opts "}, ipam: {config: [{subnet: 192.0.2.0/" \
	"24}]}}}\n"

/* What takes a new container. */
static const struct {
	const char *label, *from, *to;
	bool differs;
} digests[] = {
	{ "the same", LAN("networks: [lan]", ""), LAN("networks: [lan]", ""),
		false },
	{ "its mode", LAN("networks: [lan]", ""),
		LAN("networks: [lan]", ", mode: private"), true },
	{ "one more, and so other name servers", LAN("networks: [lan]", ""),
		LAN("networks: [lan, a]", ""), true },
	{ "one more", LAN("networks: [lan, a]", ""),
		LAN("networks: [lan, a, b]", ""), false },
	{ "its name", LAN("networks: [lan, a]", ""),
		LAN("networks: [a, lan]", ""), true },
	{ "its way out", LAN("networks: [lan, a]", ""),
		LAN("networks: {lan: , a: {gw_priority: 1}}", ""), true },
	{ "gone", LAN("networks: [a, lan]", ""), LAN("networks: [a]", ""),
		true },
	{ "without a network", LAN("networks: [a]", ""),
		LAN("network_mode: none", ""), false },
};

static void test_digest(void)
{
	for (size_t i = 0; i < sizeof(digests) / sizeof(digests[0]); i++) {
		uint64_t before;

		begin();
		check_row(digests[i].label);
		CHECK(weave(0, digests[i].from) == 0);
		before = tether_digest(&fabric, service(0, "web"));
		CHECK(weave(1, digests[i].to) == 0);
		CHECK((before != tether_digest(&fabric, service(1, "web"))) ==
			digests[i].differs);
		end();
	}
}

static void test_describe(void)
{
	static const struct {
		const char *name, *says;
	} rows[] = {
		{ "web", "172.20.0.2 172.21.0.2 | 172.20.0.1 172.21.0.1 "
			 "^172.21.0.1" },
		{ "beside", "172.20.0.2 172.21.0.2 | 172.20.0.1 172.21.0.1 "
			    "^172.21.0.1" },
		{ "inside", "172.20.0.3 | 172.20.0.1 ^172.20.0.1" },
		{ "lan", "192.0.2.2 | 9.9.9.9 ^192.0.2.1" },
		{ "host", "| 1.1.1.1 2.2.2.2 3.3.3.3 ^" },
		{ "none", "| ^" },
	};

	begin();
	CHECK(weave(0, "services:\n"
		       "  web: {image: i, networks: [in, out]}\n"
		       "  beside: {image: i, network_mode: 'service:web'}\n"
		       "  inside: {image: i, networks: [in], dns: 8.8.8.8}\n"
		       "  lan: {image: i, networks: [lan], dns: 9.9.9.9}\n"
		       "  host: {image: i, network_mode: host, dns: [1.1.1.1, "
		       "2.2.2.2, 3.3.3.3, 4.4.4.4]}\n"
		       "  none: {image: i, network_mode: none}\n"
		       "networks:\n"
		       "  in: {internal: true, ipam: {config: [{subnet: "
		       "172.20.0.0/16}]}}\n"
		       "  out: {ipam: {config: [{subnet: 172.21.0.0/16}]}}\n"
		       "  lan: {driver: macvlan, driver_opts: {parent: eth0}, "
		       "ipam: {config: [{subnet: 192.0.2.0/24}]}}\n") == 0);
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		struct etc_net net;
		char own[ADDRESS_TEXT_SIZE];
		char line[400];
		struct text out;

		check_row(rows[i].name);
		text_init(&out, line, sizeof(line));
		fabric_describe(&fabric, service(0, rows[i].name), &net);
		for (size_t j = 0; j < net.address_count; j++)
			text_add(&out, "%s ",
				address_print(&net.addresses[j], own));
		text_add(&out, "| ");
		for (size_t j = 0; j < net.server_count; j++)
			text_add(&out, "%s ",
				address_print(&net.servers[j], own));
		text_add(&out, "^%s", address_print(&net.host_gateway, own));
		cases_compare(line, rows[i].says);
	}
	end();
}

/* ---- what outlives it ---------------------------------------------------- */

static void test_the_book_survives(void)
{
	begin();
	CHECK(weave(0, "services: {web: {image: i, scale: 2}, db: {image: i}}\n"
		       "networks: {default: {enable_ipv6: true}}\n") == 0);
	CHECK(attach("web") == 0 && attach("db") == 0);
	fabric_close(&fabric, &loop);
	arena_clear(&arenas[0]);
	open_fabric();
	CHECK(weave(0, "services: {aa: {image: i}, db: {image: i}, "
		       "web: {image: i}}\n"
		       "networks: {default: {enable_ipv6: true}}\n") == 0);
	CHECK(tether_is_settled(&fabric, service(0, "web")));
	CHECK(tether_is_settled(&fabric, service(0, "db")));
	CHECK(!tether_is_settled(&fabric, service(0, "aa")));
	CHECK(times("log") == 0);
	end();
}

/* Configs are cleared away, the last but one at each load. */
static void test_the_book_is_its_own(void)
{
	const struct blueprint_source none = { .config = &configs[2] };

	begin();
	configs[2] = (struct config){ .name = NULL };
	CHECK(weave(0, WEB) == 0);
	CHECK(weave(1, WEB) == 0);
	arena_clear(&arenas[0]);
	CHECK(fabric_weave(&fabric, &none) == 0);
	arena_clear(&arenas[1]);
	CHECK(weave(0, WEB) == 0);
	end();
}

/* What cannot be is said, and what was, is. */
static void test_too_much(void)
{
	struct crowd *crowd = make_crowd(4, 4, 1);

	begin();
	CHECK(weave(0, WEB) == 0);
	CHECK(attach("web") == 0 && !fabric.is_due);
	CHECK(fabric_weave(&fabric, &crowd->source) == -E2BIG);
	free(crowd);
	CHECK(strstr(journal, "4100 times, the limit is 4096, they stay"));
	CHECK(attach("web") == 0 && !fabric.is_due);
	end();
}

static void put_book(const char *text)
{
	auto_fd fd = -1;

	CHECK(mkdirat(places.data_fd, "net", 0700) == 0);
	fd = openat(places.data_fd, "net/book", O_WRONLY | O_CREAT, 0600);
	CHECK(fd_write_all(fd, text, strlen(text)) == 0);
}

static void test_a_broken_book(void)
{
	static const char *const rows[] = { "", "version 1\n", "rubbish\nend\n",
		"version 1\ncontainer default web x\nend\n",
		"version 1\nsubnet default - 172.18.0.0/16\nen" };

	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		auto_free char *text = NULL;

		check_row(rows[i]);
		put_book(rows[i]);
		begin();
		CHECK(times("log networks: addresses given before: line") == 1);
		CHECK(weave(0, WEB) == 0);
		text = text_of(places.data_fd, "net/book");
		CHECK(strstr(text, "container default web 172.18.0.2\n"));
		CHECK(attach("web") == 0);
		end();
	}
}

static ino_t inode_of(int dir_fd, const char *name)
{
	struct stat status = { .st_ino = 0 };

	CHECK(fstatat(dir_fd, name, &status, 0) == 0);
	return status.st_ino;
}

static void test_nothing_is_written_twice(void)
{
	ino_t book, names;
	mode_t mode;
	struct stat status;

	begin();
	CHECK(weave(0, WEB) == 0);
	mark("web", true, true);
	run_until_rules();
	book = inode_of(places.data_fd, "net/book");
	names = inode_of(places.run_fd, "net/names");
	CHECK(fstatat(places.run_fd, "net/names", &status, 0) == 0);
	mode = status.st_mode & 07777;
	CHECK(mode == 0644);
	CHECK(weave(1, WEB) == 0);
	mark("web", true, true);
	run_until_rules();
	CHECK(inode_of(places.data_fd, "net/book") == book);
	CHECK(inode_of(places.run_fd, "net/names") == names);
	mark("db", true, true);
	run_until_rules();
	CHECK(inode_of(places.data_fd, "net/book") == book);
	CHECK(inode_of(places.run_fd, "net/names") != names);
	end();
}

/* A name server that is not told is told later. */
static void test_names_that_cannot_be_written(void)
{
	begin();
	CHECK(fd_remove_tree(places.run_fd, "net", NULL) == 0);
	int fd = openat(places.run_fd, "net", O_WRONLY | O_CREAT, 0600);

	fd_close(&fd);

	CHECK(weave(0, WEB) == 0);
	run_until_rules();
	CHECK(strstr(journal, "log networks: tell the name server: "));
	CHECK(fabric.is_due && fabric.is_in_force);
	CHECK(unlinkat(places.run_fd, "net", 0) == 0);
	loop_arm(&fabric.timer, 0);
	run_until_rules();
	CHECK(!fabric.is_due && names_say("client 172.18.0.2 web 0 out\n"));
	end();
}

int main(void)
{
	if (!fabric_test_begin())
		return 1;
	RUN(test_changes);
	RUN(test_digest);
	RUN(test_describe);
	RUN(test_the_book_survives);
	RUN(test_the_book_is_its_own);
	RUN(test_too_much);
	RUN(test_a_broken_book);
	RUN(test_nothing_is_written_twice);
	RUN(test_names_that_cannot_be_written);
	return fabric_test_end();
}
