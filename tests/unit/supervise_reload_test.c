// SPDX-License-Identifier: MIT
/* tests of networks from one config to the next, and from agent to agent */
/* wrap: link_read_taken link_apply_networks link_attach ruleset_apply_by */
/* wrap: conntrack_forget fabric_weave */
/* wrap: store_find store_import folders_are_made folders_make launch_prepare container_create container_kill container_clear log_file_attach sethostname probe_perform probe_kill */
#include "supervise_world.h"

static bool names_say(const char *what)
{
	char path[64];

	(void)snprintf(path, sizeof(path), "%s/net/names", paths.run);

	auto_free char *text = file_text(path);

	return strstr(text, what);
}

static bool names_lack(const char *what)
{
	return names_say("end\n") && !names_say(what);
}

static void load(const char *config)
{
	put_config(config);
	(void)kill(agent, SIGHUP);
}

#define SLEEPS "image: box, command: [exec sleep 99]"
#define NETS(third)                                           \
	"networks: {a: {ipam: {config: [{subnet: 172.3" third \
	".0.0/16}]}}, b: }\n"

/* Who is in a network that changes is made anew, and nobody else. */
static void test_networks(void)
{
	static const char *const names[] = { "web", "app", "db" };
	pid_t pids[3];

	begin_world("services:\n  web: {" SLEEPS ", networks: [a]}\n"
		    "  app: {" SLEEPS ", networks: [a, b]}\n"
		    "  db: {" SLEEPS ", networks: [b]}\n" NETS("0"));
	start_agent();
	CHECK(wait_until(has_said, "ready: 3 of 3"));
	CHECK(wait_until(names_say, "name 0 web 172.30.0."));
	for (size_t i = 0; i < 3; i++)
		pids[i] = entry_of(names[i])->pid;

	/* the next agent gives the same, and knows who runs */
	kill_agent();
	CHECK(fd_remove_tree(AT_FDCWD, paths.run, NULL) == 0);
	CHECK(mkdir(paths.run, 0755) == 0);
	start_and_wait();
	CHECK(wait_until(names_say, "name 0 web 172.30.0."));
	CHECK(names_say("name 1 db 172.18.0.") && names_say("name 1 app"));
	CHECK(!has_said("its config has changed"));

	/* ports, aliases and replicas are no container's affair */
	load("services:\n  aa: {" SLEEPS ", networks: [a, b]}\n"
	     "  web: {" SLEEPS ", scale: 2, networks: {a: {aliases: [www]}}}\n"
	     "  app: {" SLEEPS ", networks: [a, b], ports: ['80:80']}\n"
	     "  db: {" SLEEPS ", networks: [b]}\n" NETS("0"));
	CHECK(wait_until(has_said, "2 web-2: running"));
	CHECK(wait_until(names_say, "name 0 aa "));
	CHECK(names_say("name 0 www "));
	CHECK(!has_said("its config has changed"));
	for (size_t i = 0; i < 3; i++)
		CHECK(entry_of(names[i])->pid == pids[i]);

	load("services:\n  web: {" SLEEPS ", networks: [a]}\n"
	     "  app: {" SLEEPS ", networks: [a, b]}\n"
	     "  db: {" SLEEPS ", networks: [b]}\n" NETS("1"));
	CHECK(wait_until(has_said, "2 web: its config has changed"));
	CHECK(wait_until(has_said, "2 app: its config has changed"));
	CHECK(wait_until(has_said, "2 web: running"));
	CHECK(wait_until(has_said, "2 app: running"));
	CHECK(wait_until(names_say, "name 0 web 172.31.0."));
	CHECK(entry_of("web")->pid != pids[0]);
	CHECK(entry_of("db")->pid == pids[2]);
	CHECK(!has_said("db: its config has changed"));
	stop_world();
	end_world();
}

#define STAYS                                                                \
	"  old:\n    image: box\n    stop_grace_period: 60s\n"               \
	"    networks: [mine]\n    command: [\"trap 'while ! [ -e %s/go ]; " \
	"do sleep 0.01; done; exit' TERM; echo; while :; do sleep 0.01; "    \
	"done\"]\n"

/* Who leaves has its network and its name to the end; then the next config. */
static void test_one_that_leaves(void)
{
	char config[1024];

	begin_world("");
	(void)snprintf(config, sizeof(config),
		"services:\n  web: {" SLEEPS "}\n" STAYS "networks: {mine: }\n",
		base);
	put_config(config);
	start_agent();
	CHECK(wait_until(has_said, "ready: 2 of 2"));
	CHECK(wait_until(names_say, " old 172."));
	load("services: {web: {" SLEEPS
	     ", networks: {default: {aliases: [fresh]}}}}\n");
	CHECK(wait_until(has_said, "old: stopping"));
	CHECK(wait_until(names_say, " fresh 172."));
	CHECK(names_say(" old 172.") && names_say("pointer 172."));
	load("services: {web: {" SLEEPS "}, later: {" SLEEPS "}}\n");
	(void)kill(agent, SIGHUP);
	put_mark("go");
	CHECK(wait_until(has_said, "later: running"));
	CHECK(wait_until(names_lack, " old"));
	CHECK(names_lack("fresh"));
	CHECK(!has_said("web: its config") && !has_said("web: stop"));

	auto_free char *text = said();
	const char *stopped = strstr(text, "old: stopped");
	const char *started = strstr(text, "later: running");

	CHECK(stopped && started && stopped < started);
	stop_world();
	end_world();
}

/* The old one has another address, so that nobody is where the new one is. */
static void test_one_that_moves(void)
{
	char config[1024];

	begin_world("");
	(void)snprintf(config, sizeof(config),
		"services:\n  web: {" SLEEPS "}\n" STAYS
		"networks: {mine: {ipam: {config: [{subnet: "
		"172.30.0.0/16}]}}}\n",
		base);
	put_config(config);
	start_agent();
	CHECK(wait_until(has_said, "ready: 2 of 2"));
	CHECK(wait_until(names_say, " old 172.30."));
	(void)snprintf(config, sizeof(config),
		"services:\n  web: {" SLEEPS
		", networks: {default: {aliases: [fresh]}}}\n" STAYS
		"networks: {mine: {ipam: {config: [{subnet: "
		"172.31.0.0/16}]}}}\n",
		base);
	load(config);
	CHECK(wait_until(has_said, "old: its config has changed"));
	CHECK(wait_until(names_say, " fresh 172."));
	CHECK(names_say("listen 172.31.") && names_lack(" old 172."));
	put_mark("go");
	CHECK(wait_until(names_say, " old 172.31."));
	stop_world();
	end_world();
}

static bool stays_twice(const char *what)
{
	auto_free char *text = said();
	const char *first = strstr(text, what);

	return first && strstr(first + 1, what);
}

/* A config that is none changes nothing, twice neither. */
static void test_no_config_at_all(void)
{
	char path[96];

	begin_world("services: {web: {" SLEEPS "}}\n");
	start_agent();
	CHECK(wait_until(names_say, " web 172."));
	(void)snprintf(path, sizeof(path), "%s/compose.yaml", paths.config);
	CHECK(unlink(path) == 0);
	CHECK(fd_remove_tree(AT_FDCWD, paths.data, NULL) == 0);
	CHECK(mkdir(paths.data, 0755) == 0);
	(void)kill(agent, SIGHUP);
	CHECK(wait_until(has_said, "what runs stays"));
	(void)kill(agent, SIGHUP);
	CHECK(wait_until(stays_twice, "what runs stays"));
	CHECK(names_say(" web 172."));
	load("services: {web: {" SLEEPS "}, db: {" SLEEPS "}}\n");
	CHECK(wait_until(names_say, " db 172."));
	CHECK(names_say(" web 172.") && !has_said("web: stop"));
	stop_world();
	end_world();
}

int __real_fabric_weave(struct fabric *fabric,
	const struct blueprint_source *source);
int __wrap_fabric_weave(struct fabric *fabric,
	const struct blueprint_source *source);

/* In the agent: as if there was no memory, while that file is there. */
int __wrap_fabric_weave(struct fabric *fabric,
	const struct blueprint_source *source)
{
	return has_mark("full") ? -ENOMEM : __real_fabric_weave(fabric, source);
}

#define ALONE "services: {web: {" SLEEPS "}}\n"
#define BOTH  "services: {web: {" SLEEPS "}, db: {" SLEEPS "}}\n"

/* The networks are those of the config in force, whose memory they need. */
static void test_no_memory_for_its_networks(void)
{
	char path[96];

	begin_world(ALONE);
	start_agent();
	CHECK(wait_until(names_say, " web 172."));
	put_mark("full");
	load(BOTH);
	CHECK(wait_until(has_said, "what runs stays"));
	load(BOTH);
	CHECK(wait_until(stays_twice, "what runs stays"));
	CHECK(!has_said("db: ") && names_say(" web 172."));
	(void)snprintf(path, sizeof(path), "%s/full", base);
	CHECK(unlink(path) == 0);
	load(BOTH);
	CHECK(wait_until(names_say, " db 172."));
	CHECK(names_say(" web 172.") && !has_said("web: stop"));

	/* who leaves is known to the networks until they let go */
	load(ALONE);
	CHECK(wait_until(has_said, "db: stopping"));
	CHECK(wait_until(names_lack, " db"));
	stop_world();
	end_world();
}

int main(void)
{
	RUN(test_networks);
	RUN(test_one_that_leaves);
	RUN(test_one_that_moves);
	RUN(test_no_config_at_all);
	RUN(test_no_memory_for_its_networks);
	return check_done();
}
