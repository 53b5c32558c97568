// SPDX-License-Identifier: MIT
/* supervise_survive_test - agents that are killed, and what runs on */
/* wrap: link_read_taken link_apply_networks link_attach link_compare */
/* wrap: link_settle ruleset_apply conntrack_forget */
/* wrap: store_find store_import folders_are_made folders_make launch_prepare container_create container_kill container_clear log_file_attach sethostname probe_perform probe_kill */
#include <sys/ioctl.h>

#include "supervise/found.h"
#include "supervise_world.h"

/* A line each about two milliseconds. */
#define PRINTER(name)                                                        \
	"  " name ":\n    image: box\n    restart: always\n    command: [\"" \
	"i=0; while :; do echo line $$i; i=$$((i+1)); sleep 0.001; done\"]\n"

static void check_lines(const char *service)
{
	char path[96];
	unsigned long next = 0;

	(void)snprintf(path, sizeof(path), "%s/log/%s.log", paths.data,
		service);

	auto_free char *text = file_text(path);

	for (char *at = text; (at = strstr(at, "\"line ")); at++) {
		unsigned long number = strtoul(at + 6, NULL, 10);

		if (!CHECK(number == next)) {
			printf("# %s: %lu after %lu\n", service, number, next);
			return;
		}
		next++;
	}
	CHECK(next > 50);
}

static void test_runs_on(void)
{
	struct keep_entry first;
	unsigned int seed = 1;

	begin_world("services:\n" PRINTER("web") PRINTER("db"));
	start_agent();
	CHECK(wait_until(has_said, "ready: 2 of 2"));
	first = *entry_of("web");
	CHECK(first.pid > 0 && first.start_ticks > 0);
	for (int i = 0; i < 60; i++) {
		struct timespec until = { .tv_nsec = rand_r(&seed) % 20000000 };

		(void)nanosleep(&until, NULL);
		kill_agent();
		if (i % 2)
			start_and_wait();
		else
			start_agent();
	}
	CHECK(entry_of("web")->pid == first.pid);
	CHECK(found_start_ticks(first.pid) == first.start_ticks);
	CHECK(has_said("61 took over 2 running workloads"));
	CHECK(!has_said("exited") && !has_said("2 web: running"));
	stop_world();
	check_lines("web");
	check_lines("db");
	end_world();
}

static bool has_served(const char *what)
{
	char path[64];

	(void)snprintf(path, sizeof(path), "%s/serving", base);

	auto_free char *text = file_text(path);

	return strstr(text, what);
}

/* The rules of the next agent lead to all that run, from the first on. */
static void test_serves_on(void)
{
	char path[64];

	begin_world("services:\n" PRINTER("web") PRINTER("db"));
	start_agent();
	CHECK(wait_until(has_said, "ready: 2 of 2"));
	CHECK(wait_until(has_served, "2\n"));
	kill_agent();
	(void)snprintf(path, sizeof(path), "%s/serving", base);
	CHECK(unlink(path) == 0);
	start_agent();
	CHECK(wait_until(has_said, "2 took over 2 running workloads"));
	CHECK(wait_until(has_served, "\n"));
	CHECK(!has_served("0\n") && !has_served("1\n"));
	stop_world();
	end_world();
}

#define ENDS(name, how)                                                   \
	"  " name ":\n    image: box\n    restart: \"no\"\n"              \
	"    command: [\"while ! [ -e %s/go ]; do sleep 0.01; done; " how \
	"\"]\n"

static bool is_orphaned(const char *count)
{
	int bytes = 0;

	(void)ioctl(orphans[0], FIONREAD, &bytes);
	return bytes == 8 * (int)strtol(count, NULL, 10);
}

/* How they ended is told as it was, whoever was there to see it. */
static void test_ends_while_nobody_looks(void)
{
	char config[1024];
	char place[32] = "/tmp/tare-end-XXXXXX";

	CHECK(mkdtemp(place) != NULL);
	(void)snprintf(config, sizeof(config),
		"services:\n" ENDS("five", "echo five; exit 5")
			ENDS("none", "exit 0") ENDS("shot", "kill -9 $$$$"),
		place, place, place);
	begin_world(config);
	start_agent();
	CHECK(wait_until(has_said, "ready: 3 of 3"));
	kill_agent();
	(void)snprintf(config, sizeof(config), "%s/go", place);
	fclose(fopen(config, "w"));
	CHECK(wait_until(is_orphaned, "3"));
	for (int i = 0; i < 3; i++) { /* told to one, the others know it */
		start_and_wait();
		CHECK(wait_until(has_said,
			"2 five: exited with status 5, not starting"));
		CHECK(wait_until(has_said, "2 none: exited with status 0"));
		CHECK(wait_until(has_said, "2 shot: was killed by SIGKILL"));
		kill_agent();
		CHECK(entry_of("five")->state == STATE_FINISHED);
		CHECK(entry_of("five")->exit_code == 5);
		CHECK(entry_of("shot")->exit_code == 128 + SIGKILL);
	}
	CHECK(!has_said("3 five: exited") && !has_said("3 five: running"));
	(void)snprintf(config, sizeof(config), "%s/log/five.log", paths.data);

	auto_free char *log = file_text(config);

	CHECK(strstr(log, "\"five\\n\""));
	start_and_wait();
	stop_world();
	CHECK(fd_remove_tree(AT_FDCWD, place, NULL) == 0);
	end_world();
}

#define SHARED(scale)                                                      \
	"services:\n  web:\n    image: box\n    scale: " scale             \
	"\n    command: [\"trap 'echo bye >> %s; exit' TERM; while :; do " \
	"sleep 0.01; done\"]\n"

static bool is_said_to_stop(const char *path)
{
	auto_free char *text = file_text(path);

	return *text != '\0';
}

/* True when the agent died between the drain and the signal. */
static bool try_drain(const char *said_bye)
{
	char config[512], serving[64];
	pid_t web, other;
	bool is_between;

	(void)snprintf(config, sizeof(config), SHARED("2"), said_bye);
	begin_world(config);
	start_agent();
	CHECK(wait_until(has_said, "ready: 2 of 2"));
	CHECK(wait_until(has_served, "2\n"));
	web = entry_of("web")->pid;
	other = entry_of("web-2")->pid;
	(void)snprintf(serving, sizeof(serving), "%s/serving", base);
	CHECK(unlink(serving) == 0);
	(void)snprintf(config, sizeof(config), SHARED("1"), said_bye);
	put_config(config);
	(void)kill(agent, SIGHUP);
	CHECK(wait_until(has_served, "1\n"));
	kill_agent();
	is_between = !is_said_to_stop(said_bye);
	CHECK(!is_between || kill(other, 0) == 0);
	start_agent();
	CHECK(wait_until(has_said, "2 web-2: stopped"));
	CHECK(entry_of("web")->pid == web && !entry_of("web-2")->pid);

	auto_free char *text = file_text(said_bye);

	CHECK(strcmp(text, "bye\n") == 0); /* once */
	stop_world();
	end_world();
	return is_between;
}

/* Who was to be stopped, and gets no new connections any more, is stopped by
 * the next agent. */
static void test_dies_while_one_is_drained(void)
{
	char place[32] = "/tmp/tare-bye-XXXXXX", path[48];
	bool is_between = false;

	CHECK(mkdtemp(place) != NULL);
	(void)snprintf(path, sizeof(path), "%s/bye", place);
	/* on a busy machine it may have been slower than the drain */
	for (int i = 0; i < 10 && !is_between; i++) {
		is_between = try_drain(path);
		(void)unlink(path);
	}
	CHECK(is_between);
	CHECK(fd_remove_tree(AT_FDCWD, place, NULL) == 0);
}

static bool is_kept_healthy(const char *service)
{
	return entry_of(service)->health == HEALTH_HEALTHY;
}

static bool is_kept_unhealthy(const char *service)
{
	return entry_of(service)->health == HEALTH_UNHEALTHY;
}

/* Who was healthy is served on until a check says otherwise. */
static void test_health_goes_on(void)
{
	static const char *test[] = { "check" };

	begin_world(
		"services:\n  web: {image: box, command: [exec sleep 99]}\n");
	image_health = (struct image_health){ .test = test,
		.test_count = 1,
		.interval_ms = 10,
		.retries = 2 };
	start_agent();
	CHECK(wait_until(has_said, "1 web: healthy"));
	CHECK(wait_until(is_kept_healthy, "web")); /* after it is said */
	kill_agent();
	start_and_wait();
	CHECK(entry_of("web")->health == HEALTH_HEALTHY);
	kill_agent();
	put_mark("sick");
	start_agent();
	CHECK(wait_until(has_said,
		"3 web: unhealthy: exit status 1: web is sick"));
	CHECK(wait_until(is_kept_unhealthy, "web"));
	kill_agent();
	image_health = (struct image_health){ .test_count = 0 };
	start_and_wait();
	kill_agent();
	start_and_wait();
	CHECK(!has_said("2 web:") && !has_said("3 web: healthy"));
	stop_world();
	end_world();
}

/* A config that changed while no agent ran. */
static void test_another_config(void)
{
	pid_t same;
	pid_t other;

	begin_world(
		"services:\n"
		"  same:\n    image: box\n    command: [\"exec sleep 99\"]\n"
		"  other:\n    image: box\n    command: [\"exec sleep 98\"]\n"
		"  gone:\n    image: box\n    command: [\"exec sleep 97\"]\n");
	start_agent();
	CHECK(wait_until(has_said, "ready: 3 of 3"));
	same = entry_of("same")->pid;
	other = entry_of("other")->pid;
	kill_agent();
	put_config(
		"services:\n"
		"  new:\n    image: box\n    command: [\"exec sleep 96\"]\n"
		"  same:\n    image: box\n    stop_grace_period: 3s\n"
		"    command: [\"exec sleep 99\"]\n"
		"  other:\n    image: box\n    command: [\"exec sleep 95\"]\n");
	start_agent();
	CHECK(wait_until(has_said, "2 other: its config has changed"));
	CHECK(wait_until(has_said, "2 ready: 3 of 3"));
	CHECK(wait_until(has_said, "2 gone: stopped"));
	CHECK(entry_of("same")->pid == same);
	CHECK(entry_of("other")->pid != other && entry_of("other")->pid > 0);
	CHECK(entry_of("new")->pid > 0);
	CHECK(entry_of("gone")->pid == 0 && entry.name[0] == '\0');

	/* the same by a signal, without another agent */
	put_config("services:\n"
		   "  same:\n    image: box\n"
		   "    command: [\"exec sleep 99\"]\n");
	(void)kill(agent, SIGHUP);
	CHECK(wait_until(has_said, "2 new: stopped"));
	CHECK(wait_until(has_said, "2 other: stopped"));
	CHECK(entry_of("same")->pid == same);
	put_config("services: [this is wrong");
	(void)kill(agent, SIGHUP);
	CHECK(wait_until(has_said, "running the last good one"));
	put_config(
		"services:\n"
		"  again:\n    image: box\n    command: [\"exec sleep 94\"]\n"
		"  same:\n    image: box\n"
		"    command: [\"exec sleep 99\"]\n");
	(void)kill(agent, SIGHUP);
	CHECK(wait_until(has_said, "again: running"));
	CHECK(entry_of("same")->pid == same);
	stop_world();
	end_world();
}

static bool is_finished_for_good(const char *service)
{
	return entry_of(service)->state == STATE_FINISHED;
}

/* What restarts all the time, under agents that die all the time. */
static void test_killed_at_any_time(void)
{
	unsigned int seed = 7;
	unsigned int count = 0;

	begin_world("services:\n"
		    "  quick:\n    image: box\n    restart: always\n"
		    "    command: [\"echo x; exit 3\"]\n"
		    "  once:\n    image: box\n    restart: \"no\"\n"
		    "    command: [\"echo once; exit 4\"]\n" PRINTER("web"));
	for (int i = 0; i < 150; i++) {
		struct timespec until = { .tv_nsec = rand_r(&seed) % 30000000 };

		start_agent();
		(void)nanosleep(&until, NULL);
		kill_agent();
		CHECK(wait_until(has_said, "")); /* reaps */
	}
	start_and_wait();
	CHECK(wait_until(has_said, "web: running") ||
		has_said("took over 1 running"));
	CHECK(entry_of("web")->pid > 0);
	CHECK(wait_until(is_finished_for_good, "once"));
	CHECK(entry_of("once")->exit_code == 4);

	auto_free char *text = said();

	for (char *at = text; (at = strstr(at, "web: running")); at++)
		count++;
	/* none: the agent that started it was killed before it could say so */
	CHECK(count <= 1);
	CHECK(!strstr(text, "nobody knows"));
	stop_world();
	check_lines("web");
	end_world();
}

int main(void)
{
	RUN(test_runs_on);
	RUN(test_serves_on);
	RUN(test_dies_while_one_is_drained);
	RUN(test_ends_while_nobody_looks);
	RUN(test_health_goes_on);
	RUN(test_another_config);
	RUN(test_killed_at_any_time);
	return check_done();
}
