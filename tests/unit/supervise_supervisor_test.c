// SPDX-License-Identifier: MIT
/* tests of supervise/supervisor and workload: starts, ends, restarts, order */
/* wrap: link_read_taken link_apply_networks link_attach link_compare */
/* wrap: link_settle ruleset_apply conntrack_forget */
/* wrap: store_find store_import folders_are_made folders_make launch_prepare container_create container_kill container_clear log_file_attach sethostname probe_perform probe_kill */
#include <sched.h>

#include "supervise_scene.h"

static bool has_restarted_twice(void)
{
	return find("web")->restarts >= 2;
}

static void test_restarts_with_back_off(void)
{
	begin("services:\n  web:\n    image: i\n    restart: always\n"
	      "    command: [exit 3]\n");
	run(has_restarted_twice);
	CHECK(strstr(journal, "exited with status 3, starting again in 0.5 s"));
	CHECK(strstr(journal, "exited with status 3, starting again in 1 s"));
	end();
}

/* What ends at once with status 0 must not spin either. */
static void test_a_short_success_backs_off_too(void)
{
	begin("services:\n  web:\n    image: i\n    restart: always\n"
	      "    command: [exit 0]\n");
	run(has_restarted_twice);
	CHECK(strstr(journal, "exited with status 0, starting again in 0.5 s"));
	CHECK(strstr(journal, "exited with status 0, starting again in 1 s"));
	end();
}

/* The kernel may hold on to what was killed: tried again, nothing leaks. */
static void test_a_container_that_is_slow_to_go(void)
{
	begin("services:\n  web:\n    image: i\n    restart: always\n"
	      "    command: [exit 3]\n");
	clears_to_fail = 2;
	run(has_restarted_twice);
	CHECK(strstr(journal, "remove the container: busy, starting again"));
	CHECK(times("start web") == 3);
	end();
}

static bool web_runs(void)
{
	return find("web")->state == STATE_RUNNING;
}

static void test_a_log_that_cannot_be_watched(void)
{
	begin("services:\n  web:\n    image: i\n    restart: always\n"
	      "    command: [exec sleep 100]\n");
	attaches_to_fail = 1;
	run(web_runs);
	CHECK(strstr(journal, "watch descriptor 9: too many, starting again"));
	CHECK(times("start web") == 2);
	end();
}

/* There is a turn of the loop between two starts: it hears what comes. */
static void test_starts_nothing_more_once_told_to_stop(void)
{
	begin("services:\n  a: {image: i, command: [exec sleep 100]}\n"
	      "  b: {image: i, command: [exec sleep 100]}\n"
	      "  c: {image: i, command: [exec sleep 100]}\n");
	stops_at_start = true;
	run(NULL);
	CHECK(times("start ") < 3);
	end();
}

static void test_order_of_start_and_stop(void)
{
	begin("services:\n"
	      "  web: {image: i, command: [exec sleep 100], depends_on: [app]}\n"
	      "  app: {image: i, command: [exec sleep 100], depends_on: [db]}\n"
	      "  db: {image: i, command: [exec sleep 100]}\n");
	run(all_running);
	CHECK(comes_before("start db", "start app"));
	CHECK(comes_before("start app", "start web"));
	CHECK(comes_before("log web: stopped", "log app: stopping"));
	CHECK(comes_before("log app: stopped", "log db: stopping"));
	CHECK(strstr(journal, "ready: 3 of 3 workloads running"));
	CHECK(!is_ready_too_soon);
	end();
}

static void test_sigterm_ignored(void)
{
	begin("services:\n  web:\n    image: i\n    stop_grace_period: 200ms\n"
	      "    command: [\"trap '' TERM; while :; do sleep 0.01; done\"]\n");
	run(all_running);
	CHECK(find("web")->exit_code == 128 + SIGKILL ||
		find("web")->exit_code == 128 + SIGTERM);
	CHECK(find("web")->state == STATE_STOPPED);
	end();
}

static bool all_have_started(void)
{
	const struct workload *workload = NULL;

	while ((workload = roster_next(&supervisor.roster, workload))) {
		if (!workload->has_started)
			return false;
	}
	return is_finished();
}

static void test_finishes(void)
{
	static const struct {
		const char *label, *command, *restart, *says;
		int exit_code;
	} rows[] = {
		{ "done", "exit 0", "\"no\"", "exited with status 0, finished",
			0 },
		{ "failed", "exit 9", "\"no\"",
			"exited with status 9, not starting it again", 9 },
		{ "as if killed", "exit 137", "\"no\"",
			"exited with status 137", 137 },
		{ "killed", "kill -9 $$$$", "\"no\"", "was killed by SIGKILL",
			137 },
		{ "no program", "no-such-program", "\"no\"",
			"execute 'no-such-program'", 127 },
		{ "tries", "exit 1", "on-failure:1", "not starting it again",
			1 },
	};

	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		char config[200];

		(void)snprintf(config, sizeof(config),
			"services:\n  web:\n    image: i\n    restart: %s\n"
			"    command: [\"%s\"]\n",
			rows[i].restart, rows[i].command);
		begin(config);
		check_row(rows[i].label);
		run(is_finished);
		CHECK(strstr(journal, rows[i].says));
		CHECK(find("web")->exit_code == rows[i].exit_code);
		end();
	}
}

/* The next agent knows what this one did. */
static void test_what_has_finished_stays_so(void)
{
	begin("services:\n"
	      "  web: {image: i, command: [exit 0]}\n"
	      "  app: {image: i, command: [exec sleep 100], depends_on: [web]}\n");
	run(all_have_started);
	close_supervisor();
	run(all_have_started);
	CHECK(times("start web") == 1);
	CHECK(times("start app") == 2);
	CHECK(find("app")->restarts == 1);
	CHECK(find("web")->exit_code == 0);
	end();
}

static bool web_runs_or_waits(void)
{
	return find("web")->has_started;
}

static void test_the_count_of_restarts_goes_on(void)
{
	begin("services:\n  web:\n    image: i\n    restart: always\n"
	      "    command: [exit 3]\n");
	run(has_restarted_twice);
	close_supervisor();
	run(web_runs_or_waits);
	CHECK(find("web")->restarts == 3);
	end();
}

static unsigned int rules_at_stop;

static bool all_run_in_peace(void)
{
	rules_at_stop = rules_applied;
	return all_running();
}

/* Rules for who is left would be of no use, and take long. */
static void test_the_end_of_many(void)
{
	char config[2048] = "services:\n";

	for (unsigned int i = 0; i < 16; i++) { /* they end one by one */
		size_t used = strlen(config);

		(void)snprintf(config + used, sizeof(config) - used,
			"  s%u: {image: i, command: [exec sleep 100], "
			"depends_on: [s%u]}\n",
			i, i + 1);
	}
	(void)snprintf(config + strlen(config), sizeof(config) - strlen(config),
		"  s16: {image: i, command: [exec sleep 100]}\n");
	begin(config);
	run(all_run_in_peace);
	CHECK(rules_at_stop > 0);
	CHECK(rules_applied <= rules_at_stop + 1);
	CHECK(supervisor.fabric.is_over);
	end();
}

static uint64_t told_ms, ended_ms;

/* Stops a replica and one that is alone, once all run. */
static bool has_drained(void)
{
	struct workload *replica = roster_find(&supervisor.roster, "web-2");
	struct workload *alone = roster_find(&supervisor.roster, "db");

	if (!told_ms && all_running()) {
		told_ms = loop_now_ms();
		workload_event(replica, EVENT_STOP);
		workload_event(alone, EVENT_STOP);
		CHECK(replica->is_draining && !alone->is_draining);
	} else if (told_ms && !ended_ms && replica->state != STATE_STOPPING) {
		ended_ms = loop_now_ms();
	}
	return ended_ms > 0;
}

/* What is on its way to a replica has some time to be accepted. */
static void test_drains_before_the_signal(void)
{
	begin("services:\n  web: {image: i, scale: 2, command: [exec sleep 100]}\n"
	      "  db: {image: i, command: [exec sleep 100]}\n");
	told_ms = ended_ms = 0;
	run(has_drained);
	CHECK(ended_ms - told_ms >= 200);
	CHECK(!find("web-2")->is_draining);
	end();
}

/* No network without rules; it starts when the kernel takes them. */
static void test_the_kernel_refuses_rules(void)
{
	begin("services:\n  web:\n    image: i\n    restart: always\n"
	      "    command: [exec sleep 100]\n"
	      "  db: {image: i, network_mode: host, command: [exec sleep 9]}\n");
	rules_to_fail = 2;
	run(all_running);
	CHECK(times("attach web") == 1);
	CHECK(strstr(journal, "the kernel did not take the rules"));
	CHECK(comes_before("log db: running", "attach web"));
	end();
}

static bool at_once(void)
{
	return true;
}

static void test_nothing_to_run(void)
{
	begin("");
	run(at_once);
	CHECK(supervisor.roster.count == 0);
	end();
}

/* From the turn before the first tick on, with 50 messages that are outdated. */
static bool is_tidy(void)
{
	const struct keep_entry entry = { .name = "web" };
	const int fds[KEEP_FDS] = KEEP_NO_FDS;
	struct error err;

	for (int i = 0; supervisor.keep.live == 0 && i < 50; i++) {
		CHECK(keep_put(&supervisor.keep, &entry, fds, &err) == 0);
		if (i < 49)
			CHECK(keep_forget(&supervisor.keep, "web", &err) == 0);
	}
	return supervisor.keep.queued < 3;
}

static void test_the_store_is_tidied(void)
{
	begin("");
	run(is_tidy);
	CHECK(supervisor.keep.live == 1);
	end();
}

static void test_status(void)
{
	static struct status status;

	begin("services:\n  web: {image: i, command: [exec sleep 100]}\n"
	      "host: {name: edge-1}\n");
	run(all_running);
	supervisor_status(&supervisor, &status);
	CHECK(status.workload_count == 1);
	CHECK(strcmp(status.workloads[0].name, "web") == 0);
	CHECK(strstr(status.config, "compose.yaml is good"));
	CHECK(strstr(journal, "hostname edge-1"));
	end();
}

static unsigned int rules_before; /* the link came; 0: it has not */

static void add_link(void)
{
	int status = -1;
	pid_t child;

	(void)fflush(stdout);
	child = fork();
	if (child == 0)
		run_command("ip link add late0 type veth peer late1 && "
			    "ip address add 192.0.2.7/24 dev late0",
			1);
	CHECK(waitpid(child, &status, 0) == child && status == 0);
}

static bool is_late_link_used(void)
{
	if (!all_running() || supervisor.fabric.is_due)
		return false;
	if (rules_before == 0) {
		rules_before = rules_applied;
		add_link();
		return false;
	}
	return rules_applied > rules_before;
}

/* Connections by a link that comes while workloads run take the fast path. */
static void test_a_link_that_comes_late(void)
{
	if (geteuid() != 0 || unshare(CLONE_NEWNET) < 0) {
		check_skip("needs root");
		return;
	}
	begin("services:\n  web: {image: i, command: [exec sleep 100]}\n");
	run(is_late_link_used);
	CHECK(rules_before > 0 && rules_applied > rules_before);
	CHECK(strcmp(supervisor.fabric.uplinks[1], "late0") == 0);
	end();
}

int main(void)
{
	RUN(test_restarts_with_back_off);
	RUN(test_a_short_success_backs_off_too);
	RUN(test_a_container_that_is_slow_to_go);
	RUN(test_a_log_that_cannot_be_watched);
	RUN(test_starts_nothing_more_once_told_to_stop);
	RUN(test_order_of_start_and_stop);
	RUN(test_sigterm_ignored);
	RUN(test_finishes);
	RUN(test_what_has_finished_stays_so);
	RUN(test_the_count_of_restarts_goes_on);
	RUN(test_the_end_of_many);
	RUN(test_drains_before_the_signal);
	RUN(test_the_kernel_refuses_rules);
	RUN(test_nothing_to_run);
	RUN(test_the_store_is_tidied);
	RUN(test_status);
	RUN(test_a_link_that_comes_late);
	return check_done();
}
