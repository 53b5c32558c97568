// SPDX-License-Identifier: MIT
/* tests of networks from one config to the next, and from agent to agent */
/* wrap: link_read_taken link_apply_networks link_attach link_compare */
/* wrap: link_settle ruleset_apply conntrack_forget fabric_weave */
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

static bool stays_twice(const char *what)
{
	auto_free char *text = said();
	const char *first = strstr(text, what);

	return first && strstr(first + 1, what);
}

static void load(const char *config)
{
	put_config(config);
	(void)kill(agent, SIGHUP);
}

#define SLEEPS  "image: box, command: [exec sleep 99]"
#define GUEST   "  guest: {" SLEEPS ", network_mode: 'service:web'}\n"
#define IN_A    "services: {web: {" SLEEPS ", networks: [a]}}\n" NETS("0")
#define IN_BOTH "services: {web: {" SLEEPS ", networks: [a, b]}}\n" NETS("0")
#define NETS(third)                                           \
	"networks: {a: {ipam: {config: [{subnet: 172.3" third \
	".0.0/16}]}}, b: }\n"

static bool file_says(const char *name, const char *what)
{
	char path[96];

	(void)snprintf(path, sizeof(path), "%s/containers/%s", paths.data,
		name);

	auto_free char *text = file_text(path);

	if (strstr(text, what))
		return true;
	printf("# %s is:\n%s", name, text);
	return false;
}

static ino_t inode_of(const char *name)
{
	struct stat status = { .st_ino = 0 };
	char path[96];

	(void)snprintf(path, sizeof(path), "%s/containers/%s", paths.data,
		name);
	CHECK(stat(path, &status) == 0);
	return status.st_ino;
}

/* Ports, aliases, replicas and networks: nobody is made anew. */
static void test_networks(void)
{
	static const char *const names[] = { "web", "app", "db", "guest" };
	pid_t pids[4];
	ino_t hosts;

	begin_world("services:\n  web: {" SLEEPS ", networks: [a]}\n"
		    "  app: {" SLEEPS ", networks: [a, b]}\n"
		    "  db: {" SLEEPS ", networks: [b]}\n" GUEST NETS("0"));
	start_agent();
	CHECK(wait_until(has_said, "ready: 4 of 4"));
	CHECK(wait_until(names_say, "name 0 web 172.30.0."));
	for (size_t i = 0; i < 4; i++)
		pids[i] = entry_of(names[i])->pid;
	CHECK(file_says("web/hosts", "172.30.0.2\tweb\n"));
	CHECK(file_says("guest/hosts", "172.30.0.2\tguest\n"));
	hosts = inode_of("web/hosts");

	/* the next agent gives the same, and knows who runs */
	kill_agent();
	CHECK(fd_remove_tree(AT_FDCWD, paths.run, NULL) == 0);
	CHECK(mkdir(paths.run, 0755) == 0);
	start_and_wait();
	CHECK(wait_until(names_say, "name 0 web 172.30.0."));
	CHECK(names_say("name 1 db 172.18.0.") && names_say("name 1 app"));

	/* ports, aliases and replicas are no container's affair */
	load("services:\n  aa: {" SLEEPS ", networks: [a, b]}\n"
	     "  web: {" SLEEPS ", networks: {a: {aliases: [www]}}}\n"
	     "  app: {" SLEEPS ", networks: [a, b], ports: ['80:80']}\n"
	     "  db: {" SLEEPS ", scale: 2, networks: [b]}\n" GUEST NETS("0"));
	CHECK(wait_until(has_said, "2 db-2: running"));
	CHECK(wait_until(names_say, "name 0 aa "));
	CHECK(names_say("name 0 www "));
	CHECK(!has_said("its config has changed"));
	CHECK(!has_said("is in other networks"));

	load("services:\n  web: {" SLEEPS ", networks: [a]}\n"
	     "  app: {" SLEEPS ", networks: [a, b]}\n"
	     "  db: {" SLEEPS ", networks: [b]}\n" GUEST NETS("1"));
	CHECK(wait_until(has_said, "2 web: is in other networks now (pid "));
	CHECK(wait_until(has_said, "2 app: is in other networks now (pid "));
	CHECK(wait_until(has_said, "2 ready: 4 of 4"));
	CHECK(names_say("name 0 web 172.31.0.2\n"));
	CHECK(file_says("web/hosts", "172.31.0.2\tweb\n"));
	CHECK(file_says("guest/hosts", "172.31.0.2\tguest\n"));
	CHECK(file_says("guest/resolv.conf", "nameserver 172.31.0.1\n"));
	CHECK(inode_of("web/hosts") == hosts);
	CHECK(!has_said("db: is in other") && links_of("app") == 2);

	load("services:\n  web: {" SLEEPS ", networks: [a, b]}\n"
	     "  app: {" SLEEPS ", networks: [b]}\n"
	     "  db: {" SLEEPS ", networks: [b]}\n" GUEST NETS("1"));
	CHECK(wait_until(names_say, "name 1 web "));
	CHECK(wait_until(names_lack, "name 0 app "));
	CHECK(wait_until(stays_twice, "2 web: is in other networks now"));
	CHECK(wait_until(stays_twice, "2 app: is in other networks now"));
	CHECK(links_of("web") == 2 && links_of("app") == 1);
	for (size_t i = 0; i < 4; i++)
		CHECK(entry_of(names[i])->pid == pids[i]);
	CHECK(!has_said("its config has changed"));
	stop_world();
	end_world();
}

static bool is_said_before(const char *first, const char *second)
{
	auto_free char *text = said();
	const char *a = strstr(text, first);
	const char *b = strstr(text, second);

	return a && b && a < b;
}

/* The agent that changes them may be another one than the one that began. */
static void test_networks_of_the_next_agent(void)
{
	pid_t pid;

	begin_world(IN_A);
	start_agent();
	CHECK(wait_until(has_said, "ready: 1 of 1"));
	pid = entry_of("web")->pid;
	kill_agent();
	put_config(IN_BOTH);
	start_agent();
	CHECK(wait_until(has_said, "2 web: is in other networks now (pid "));
	CHECK(wait_until(has_said, "2 ready: 1 of 1"));
	CHECK(is_said_before("2 web: is in other", "2 ready: 1 of 1"));
	CHECK(links_of("web") == 2 && names_say("name 1 web "));
	kill_agent();
	start_agent();
	CHECK(wait_until(has_said, "3 ready: 1 of 1"));
	CHECK(!has_said("3 web: is in other"));
	CHECK(entry_of("web")->pid == pid);
	stop_world();
	end_world();
}

/* It keeps those that it has until the kernel takes the rules of others. */
static void test_links_wait_for_rules(void)
{
	char path[96];
	pid_t pid;

	begin_world(IN_A);
	start_agent();
	CHECK(wait_until(has_said, "ready: 1 of 1"));
	pid = entry_of("web")->pid;
	put_mark("unruly");
	load(IN_BOTH);
	CHECK(wait_until(has_said, "'inet tare', trying again"));
	CHECK(!has_said("is in other networks") && links_of("web") == 1);
	(void)snprintf(path, sizeof(path), "%s/unruly", base);
	CHECK(unlink(path) == 0);
	CHECK(wait_until(has_said, "web: is in other networks now"));
	CHECK(wait_until(stays_twice, "ready: 1 of 1"));
	CHECK(is_said_before("all is as it should be", "web: is in other"));
	CHECK(entry_of("web")->pid == pid && links_of("web") == 2);
	stop_world();
	end_world();
}

/* What cannot be changed is made anew, as it always can. */
static void test_links_that_do_not_change(void)
{
	char path[96];
	pid_t pid;

	begin_world(IN_A);
	start_agent();
	CHECK(wait_until(has_said, "ready: 1 of 1"));
	pid = entry_of("web")->pid;
	put_mark("stubborn");
	load(IN_BOTH);
	CHECK(wait_until(has_said, "web: change its networks: it will not, "
				   "starting it anew"));
	CHECK(wait_until(stays_twice, "web: running"));
	CHECK(wait_until(stays_twice, "ready: 1 of 1"));
	CHECK(entry_of("web")->pid != pid && links_of("web") == 2);
	CHECK(!has_said("is in other networks"));
	(void)snprintf(path, sizeof(path), "%s/stubborn", base);
	CHECK(unlink(path) == 0);

	/* without its folder its files stay, and it is where it should be */
	(void)snprintf(path, sizeof(path), "%s/containers/web", paths.data);
	CHECK(fd_remove_tree(AT_FDCWD, path, NULL) == 0);
	load(IN_A);
	CHECK(wait_until(has_said, "web: open 'containers/web': No such file "
				   "or directory, its files in /etc tell of"));
	CHECK(wait_until(has_said, "web: is in other networks now"));
	CHECK(links_of("web") == 1);
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

	CHECK(is_said_before("old: stopped", "later: running"));
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
		"    environment: {OTHER: one}\n"
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
	RUN(test_networks_of_the_next_agent);
	RUN(test_links_wait_for_rules);
	RUN(test_links_that_do_not_change);
	RUN(test_one_that_leaves);
	RUN(test_one_that_moves);
	RUN(test_no_config_at_all);
	RUN(test_no_memory_for_its_networks);
	return check_done();
}
