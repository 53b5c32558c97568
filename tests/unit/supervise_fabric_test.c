// SPDX-License-Identifier: MIT
/* tests of supervise/fabric: what is done, and in which order */
/* wrap: link_read_taken link_apply_networks link_attach link_compare */
/* wrap: link_settle ruleset_apply conntrack_forget link_read_uplinks */
#include "supervise_fabric.h"

/* ---- starting ------------------------------------------------------------ */

static void test_rules_before_links(void)
{
	begin();
	CHECK(weave(0, WEB) == 0);
	CHECK(text_equal(journal, ""));
	CHECK(attach("web") == 0);
	CHECK(text_equal(journal, "networks 1\nrules 0\nattach web\n"));
	mark("web", true, true);
	CHECK(attach("db") == 0); /* the rules of this blueprint are enough */
	run_until_rules();
	CHECK(text_equal(journal, "networks 1\nrules 0\nattach web\n"
				  "attach db\nrules 1\n"));
	CHECK(names_say("name 0 web 172.18.0.2\n"));
	end();
}

static void test_no_network_of_its_own(void)
{
	begin();
	CHECK(weave(0, "services: {h: {image: i, network_mode: host}}\n") == 0);
	rules_to_fail = 99;
	CHECK(attach("h") == 0);
	CHECK(text_equal(journal, ""));
	CHECK(tether_digest(&fabric, service(0, "h")) == 0);
	end();
}

/* Nothing is attached where nothing guards, and it is tried again. */
static void test_rules_refused(void)
{
	begin();
	CHECK(weave(0, WEB) == 0);
	rules_to_fail = 3;
	CHECK(attach("web") == -ENETDOWN);
	CHECK(strstr(journal, "refused attach it to its networks: the kernel"));
	CHECK(strstr(journal, "no workload gets a network meanwhile"));
	fabric.rested_ms = 0;
	CHECK(attach("web") == -ENETDOWN);
	CHECK(times("log ") == 1); /* said once */
	fabric.rested_ms = loop_now_ms() + 100000;
	CHECK(attach("web") == -ENETDOWN);
	CHECK(times("rules 0") == 2); /* the kernel is left in peace */
	loop_arm(&fabric.timer, 0);
	run_until_rules();
	CHECK(times("rules 0") == 3 && fabric.is_due && !fabric.is_in_force);
	loop_arm(&fabric.timer, 0); /* sooner than in seconds */
	run_until_rules();
	CHECK(times("log ") == 2 && strstr(journal, "as it should be now"));
	CHECK(attach("web") == 0);
	end();
}

/* A kernel without flow tables refuses them, and gets rules without. */
static void test_no_fastpath(void)
{
	begin();
	uplinks = 2;
	CHECK(weave(0, WEB) == 0);
	rules_to_fail = 1;
	CHECK(attach("web") == 0 && !fabric.is_due);
	CHECK(strstr(journal, "rules 0\nfast path eth0\nrules 0\nattach"));
	mark("web", true, true);
	run_until_rules();
	CHECK(times("fast path") == 1 && times("log ") == 0);
	CHECK(weave(0, WEB) == 0); /* perhaps it was only a link that went */
	run_until_rules();
	CHECK(times("fast path") == 2 && times("rules") == 4);
	end();
}

/* One that comes later joins, one that goes leaves, and else nothing is done. */
static void test_links_of_the_machine(void)
{
	begin();
	uplinks = 1;
	fabric_see_links(&fabric); /* nothing is made yet */
	CHECK(!fabric.is_due);
	CHECK(weave(0, WEB) == 0);
	CHECK(attach("web") == 0 && times("rules") == 1);
	fabric_see_links(&fabric);
	CHECK(!fabric.is_due);
	uplinks = 2;
	fabric_see_links(&fabric);
	CHECK(fabric.is_due);
	run_until_rules();
	CHECK(times("rules") == 2 && !fabric.is_due);
	CHECK(fabric.blueprint.topology.uplink_count == 2);
	CHECK(text_equal(fabric.blueprint.topology.uplinks[1], "eth1"));
	uplinks = 1;
	fabric_see_links(&fabric);
	CHECK(fabric.is_due);
	run_until_rules();
	fabric_rest(&fabric);
	uplinks = 2;
	fabric_see_links(&fabric);
	CHECK(!fabric.is_due && times("networks") == 1);
	end();
}

/* Links that cannot be read are those of before: they keep the fast path. */
static void test_links_that_cannot_be_read(void)
{
	begin();
	uplinks = 2;
	CHECK(weave(0, WEB) == 0);
	CHECK(attach("web") == 0 && times("rules") == 1);
	uplinks = 1;
	uplinks_to_fail = 1;
	fabric_see_links(&fabric);
	CHECK(!fabric.is_due && strstr(journal, "read the machine's links"));
	CHECK(fabric.blueprint.topology.uplink_count == 2);
	fabric_see_links(&fabric);
	CHECK(fabric.is_due);
	CHECK(fabric.blueprint.topology.uplink_count == 1);
	end();
}

/* At first there are none of before: they are read again in a while. */
static void test_links_that_cannot_be_read_yet(void)
{
	begin();
	uplinks = 2;
	uplinks_to_fail = 1;
	CHECK(weave(0, WEB) == 0);
	CHECK(attach("web") == 0 && times("rules") == 1);
	CHECK(fabric.blueprint.topology.uplink_count == 0);
	CHECK(strstr(journal, "links") && strstr(journal, "trying again\n"));
	CHECK(fabric.is_due);
	loop_arm(&fabric.timer, 0);
	run_until_rules();
	CHECK(times("rules") == 2 && !fabric.is_due);
	CHECK(fabric.blueprint.topology.uplink_count == 2);
	end();
}

/* Rules of this blueprint are in force: what is new in them can wait. */
static void test_rules_refused_later(void)
{
	begin();
	CHECK(weave(0, WEB) == 0);
	CHECK(attach("web") == 0);
	rules_to_fail = 1;
	mark("web", true, true);
	run_until_rules();
	CHECK(strstr(journal, "'inet tare', trying again\n"));
	CHECK(attach("db") == 0);
	CHECK(fabric.is_due);
	end();
}

static void test_networks_that_cannot_be_made(void)
{
	begin();
	networks_to_fail = 1;
	CHECK(weave(0, WEB) == 0);
	CHECK(attach("web") == 0); /* its own may be there */
	CHECK(strstr(journal, "log networks: make network 'lan': no eth9"));
	CHECK(fabric.is_due);
	loop_arm(&fabric.timer, 0);
	run_until_rules();
	CHECK(times("networks 1") == 2 && !fabric.is_due);
	mark("web", true, true);
	run_until_rules();
	CHECK(times("networks 1") == 2);
	end();
}

static void test_a_link_that_fails(void)
{
	begin();
	CHECK(weave(0, "services: {web: {image: i, networks: [a, b]}}\n"
		       "networks: {a: , b: }\n") == 0);
	attach_to_fail = 1;
	CHECK(attach("web") == -EPERM);
	CHECK(times("attach web") == 1);
	CHECK(attach("web") == 0);
	CHECK(times("attach web") == 3);
	end();
}

/* It would run without a network, and nobody would know. */
static void test_no_place(void)
{
	begin();
	CHECK(weave(0, WEB) == 0);
	CHECK(weave(1, "services: {db: {image: i}}\n") == 0);
	CHECK(attach("web") == -ENETUNREACH);
	CHECK(attach("db") == 0);
	CHECK(strstr(journal, "refused attach it to its networks: they could"));
	CHECK(weave(0, "services: {web: {image: i, scale: 3}}\n"
		       "networks: {default: {ipam: {config: [{subnet: "
		       "192.0.2.0/29}]}}}\n") == 0);
	CHECK(attach("web-3") == 0);
	CHECK(weave(1, "services: {old: {image: i, scale: 3}}\n"
		       "networks: {default: {ipam: {config: [{subnet: "
		       "192.0.2.0/29}]}}}\n") == 0);
	CHECK(weave_beside(0,
		      "services: {web: {image: i, scale: 4}}\n"
		      "networks: {default: {ipam: {config: [{subnet: "
		      "192.0.2.0/29}]}}}\n",
		      1) == 0);
	CHECK(strstr(journal, "log networks: give 'web"));
	CHECK(attach("web-4") == -ENETUNREACH);
	CHECK(strstr(journal, "network 'default': there is no address for it"));
	end();
}

/* ---- changes while it runs ----------------------------------------------- */

static int settle(size_t config, const char *name)
{
	auto_fd fd = open("/proc/self/ns/net", O_RDONLY | O_CLOEXEC);
	struct error err = { .text = "" };
	int result = tether_settle(&fabric, service(config, name), fd, &err);

	if (result < 0)
		note("refused", err.text);
	return result;
}

#define MORE                                                          \
	"services: {web: {image: i, networks: [default, more]}, db: " \
	"{image: i}}\nnetworks: {default: , more: }\n"

static void test_rules_before_other_links(void)
{
	begin();
	CHECK(weave(0, WEB) == 0);
	CHECK(attach("web") == 0 && attach("db") == 0);
	mark("web", true, true);
	run_until_rules();
	CHECK(weave(1, MORE) == 0);
	CHECK(!tether_is_settled(&fabric, service(1, "web")));
	CHECK(tether_is_settled(&fabric, service(1, "db")));
	journal[0] = '\0';
	fabric_mark(&fabric, service(1, "web"), true, true);
	fabric.rested_ms = 0;
	CHECK(settle(1, "web") == 0);
	CHECK(text_equal(journal, "networks 2\nrules 2\nsettle web\n"));
	CHECK(tether_is_settled(&fabric, service(1, "web")));
	CHECK(links_of("web") == 2);
	/* as the next agent finds it */
	CHECK(weave(0, MORE) == 0);
	CHECK(tether_is_settled(&fabric, service(0, "web")));
	CHECK(weave(1, WEB) == 0);
	CHECK(!tether_is_settled(&fabric, service(1, "web")));
	CHECK(settle(1, "web") == 0 && links_of("web") == 1);
	end();
}

static void test_links_that_do_not_change(void)
{
	begin();
	CHECK(weave(0, WEB) == 0 && attach("web") == 0);
	CHECK(weave(1, MORE) == 0);
	rules_to_fail = 1;
	fabric.rested_ms = 0;
	CHECK(settle(1, "web") == -ENETDOWN && times("settle web") == 0);
	fabric.rested_ms = 0;
	settle_to_fail = 1;
	CHECK(settle(1, "web") == -EPERM);
	CHECK(!tether_is_settled(&fabric, service(1, "web")));
	CHECK(settle(1, "web") == 0);
	CHECK(weave(1, "services: {a: {image: i, networks: [x]}}\n"
		       "networks: {x: {ipam: {config: [{subnet: "
		       "192.0.2.0/30}]}}}\n") == 0);
	CHECK(weave_beside(0,
		      "services: {web: {image: i, networks: [default, x]}}\n"
		      "networks: {default: , x: {ipam: {config: [{subnet: "
		      "192.0.2.0/30}]}}}\n",
		      1) == 0);
	CHECK(times("settle web") == 2 && settle(0, "web") == -ENETUNREACH);
	CHECK(times("settle web") == 2);
	CHECK(strstr(journal, "network 'x': there is no address for it"));
	end();
}

/* ---- changes ------------------------------------------------------------- */

static void test_marks_are_put_together(void)
{
	begin();
	CHECK(weave(0, "services: {web: {image: i, scale: 20}}\n") == 0);
	run_until_rules();
	journal[0] = '\0';
	for (size_t i = 0; i < 20; i++) {
		const struct service *one = &configs[0].services[i];

		fabric_mark(&fabric, one, true, false);
		fabric_mark(&fabric, one, true, true);
	}
	CHECK(text_equal(journal, ""));
	run_until_rules();
	CHECK(text_equal(journal, "rules 20\n") && !fabric.is_due);
	mark("web", true, true); /* as it is */
	CHECK(!fabric.is_due);
	end();
}

static void test_who_depends_finds_its_dependency(void)
{
	begin();
	CHECK(weave(0, "services: {web: {image: i, depends_on: [db]},\n"
		       "  db: {image: i}, other: {image: i}}\n") == 0);
	CHECK(attach("db") == 0 && times("rules") == 1);
	mark("db", true, true);
	CHECK(attach("other") == 0 && times("rules") == 1);
	CHECK(attach("web") == 0 && times("rules") == 2);
	mark("web", true, true);
	CHECK(attach("web") == 0 && times("rules") == 2);
	end();
}

static void test_drain(void)
{
	begin();
	CHECK(weave(0, "services: {one: {image: i}, web: {image: i, scale: 3}, "
		       "h: {image: i, network_mode: host}}\n") == 0);
	mark("one", true, true);
	mark("web", true, true);
	mark("web-2", true, true);
	mark("web-3", true, false);
	run_until_rules();
	journal[0] = '\0';

	check_row("alone");
	fabric.rested_ms = 0;
	fabric_drain(&fabric, service(0, "one"));
	CHECK(text_equal(journal, "") && fabric.is_due);
	check_row("no network of its own");
	fabric_drain(&fabric, service(0, "h"));
	CHECK(text_equal(journal, ""));
	check_row("another serves");
	fabric.rested_ms = 0;
	fabric_drain(&fabric, service(0, "web"));
	CHECK(text_equal(journal, "rules 1\n") && !fabric.is_due);
	check_row("the last that serves");
	fabric.rested_ms = 0;
	fabric_drain(&fabric, service(0, "web-2"));
	CHECK(text_equal(journal, "rules 1\n") && fabric.is_due);
	check_row("not so soon");
	mark("web", true, true);
	mark("web-2", true, true);
	fabric.rested_ms = loop_now_ms() + 100000;
	fabric_drain(&fabric, service(0, "web"));
	CHECK(text_equal(journal, "rules 1\n") && fabric.is_due);
	check_row("soon after something else");
	mark("web", true, true);
	fabric_flush(&fabric);
	journal[0] = '\0';
	fabric.rested_ms = loop_now_ms() + 100000;
	fabric_drain(&fabric, service(0, "web"));
	CHECK(text_equal(journal, "rules 1\n") && !fabric.is_due);
	check_row("all are to end");
	fabric_rest(&fabric);
	fabric.is_due = false;
	fabric.rested_ms = 0;
	fabric_drain(&fabric, service(0, "web-2"));
	mark("web-2", false, false);
	CHECK(text_equal(journal, "rules 1\n") && !fabric.is_due);
	end();
}

#define LED                                                              \
	"services: {web: {image: i, ports: ['53:53/udp']}, db: {image: " \
	"i, scale: 2}, tcp: {image: i, ports: ['80:80']}}\n"

/* After the rules, which would lead them there again. */
static void test_flows_are_forgotten(void)
{
	begin();
	CHECK(weave(0, LED) == 0);
	mark("web", true, true);
	mark("db-2", true, true);
	mark("tcp", true, true);
	run_until_rules();
	journal[0] = '\0';
	mark("web", false, false);
	mark("db-2", false, false);
	mark("tcp", false, false);
	run_until_rules();
	CHECK(text_equal(journal, "rules 0\nforget 172.18.0.2\n"
				  "forget 172.18.0.4\n"));
	mark("web", true, true);
	run_until_rules();
	journal[0] = '\0';
	mark("web", false, false);
	/* the next blueprint does not know who has left */
	CHECK(weave(1, "services: {db: {image: i}}\n") == 0);
	CHECK(text_equal(journal, "rules 0\nforget 172.18.0.2\n"));
	run_until_rules();
	CHECK(times("forget") == 1);
	end();
}

/* As above, when it runs on: it has another address, or one less. */
static void test_flows_to_addresses_that_are_gone(void)
{
	begin();
	CHECK(weave(0, LED) == 0);
	mark("web", true, true);
	mark("db", true, true);
	mark("tcp", true, true);
	run_until_rules();
	journal[0] = '\0';
	CHECK(weave(1, "services: {web: {image: i, ports: ['53:53/udp'], "
		       "networks: {default: {ipv4_address: 172.18.7.7}}}, "
		       "db: {image: i, scale: 2}, tcp: {image: i, networks: "
		       "[x]}}\nnetworks: {default: {ipam: {config: [{subnet: "
		       "172.18.0.0/16}]}}, x: }\n") == 0);
	CHECK(text_equal(journal, ""));
	run_until_rules();
	CHECK(text_equal(journal, "networks 2\nrules 0\n"
				  "forget 172.18.0.2\n"));
	fabric_mark(&fabric, service(1, "web"), true, true);
	run_until_rules();
	CHECK(times("forget") == 1);
	/* the one after that does not know of it, either */
	CHECK(weave(2, "services: {db: {image: i}}\n") == 0);
	CHECK(times("forget") == 1);
	CHECK(weave(0, LED) == 0);
	CHECK(times("forget") == 2 && times("forget 172.18.7.7") == 1);
	end();
}

int main(void)
{
	if (!fabric_test_begin())
		return 1;
	RUN(test_rules_before_links);
	RUN(test_no_network_of_its_own);
	RUN(test_rules_refused);
	RUN(test_no_fastpath);
	RUN(test_links_of_the_machine);
	RUN(test_links_that_cannot_be_read);
	RUN(test_links_that_cannot_be_read_yet);
	RUN(test_rules_refused_later);
	RUN(test_networks_that_cannot_be_made);
	RUN(test_a_link_that_fails);
	RUN(test_no_place);
	RUN(test_rules_before_other_links);
	RUN(test_links_that_do_not_change);
	RUN(test_marks_are_put_together);
	RUN(test_who_depends_finds_its_dependency);
	RUN(test_drain);
	RUN(test_flows_are_forgotten);
	RUN(test_flows_to_addresses_that_are_gone);
	return fabric_test_end();
}
