// SPDX-License-Identifier: MIT
/* tests of supervise/checkup and of what a change of health leads to */
/* wrap: link_read_taken link_apply_networks link_attach link_compare */
/* wrap: link_settle ruleset_apply conntrack_forget */
/* wrap: store_find store_import folders_are_made folders_make launch_prepare container_create container_kill container_clear log_file_attach sethostname probe_perform probe_kill */
#include "supervise/checkup.h"

#include "supervise_scene.h"

/* config keys of a healthcheck are not needed: images have one here */
static const char *test_words[] = { "check" };
static unsigned int phase;

#define WEB "services:\n  web: {image: i, command: [exec sleep 100]}\n"

static void begin_checked(const char *config)
{
	begin(config);
	phase = 0;
	image_health = (struct image_health){ .test = test_words,
		.test_count = 1,
		.interval_ms = 10,
		.retries = 2 };
}

static void take_mark(const char *name)
{
	char path[96];

	(void)snprintf(path, sizeof(path), "%s/%s", base, name);
	CHECK(unlink(path) == 0);
}

static enum health_status health_of_web(void)
{
	return find("web")->health.state.status;
}

/* Healthy, then sick, then healthy again. */
static bool has_recovered(void)
{
	static const enum health_status wanted[] = { HEALTH_HEALTHY,
		HEALTH_UNHEALTHY, HEALTH_HEALTHY };

	if (health_of_web() != wanted[phase])
		return false;
	CHECK(workload_is_serving(find("web")) ==
		(wanted[phase] == HEALTH_HEALTHY));
	if (phase == 0)
		put_mark("sick");
	if (phase == 1) {
		static struct status status;

		supervisor_status(&supervisor, &status);
		CHECK(status.workloads[0].health == HEALTH_UNHEALTHY);
		CHECK(strcmp(status.workloads[0].reason,
			      "exit status 1: web is sick") == 0);
		take_mark("sick");
	}
	return ++phase == 3;
}

static void test_says_each_change_once(void)
{
	begin_checked(WEB);
	run(has_recovered);
	CHECK(times("log web: healthy\n") == 2);
	CHECK(times("log web: unhealthy: exit status 1: web is sick\n") == 1);
	CHECK(comes_before("log web: running", "log web: healthy"));
	CHECK(health_of_web() == HEALTH_NONE);
	CHECK(!workload_is_serving(find("web")));
	end();
}

static bool is_running(void)
{
	return find("web")->state == STATE_RUNNING;
}

static void test_nothing_is_checked(void)
{
	begin(WEB);
	run(is_running);
	CHECK(health_of_web() == HEALTH_NONE);
	CHECK(find("web")->health.timer.watch.fd < 0);
	end();
}

/* It does not serve before the first check has said so. */
static bool is_starting(void)
{
	if (!is_running())
		return false;
	CHECK(health_of_web() == HEALTH_STARTING);
	CHECK(!workload_is_serving(find("web")));
	return true;
}

static void test_starting(void)
{
	begin_checked(WEB);
	image_health.interval_ms = 1000000;
	run(is_starting);
	CHECK(times("healthy") == 0);
	end();
}

/* The config in force, as a reload would change it. */
static void revise(void (*change)(struct healthcheck *own))
{
	struct workload *workload = roster_find(&supervisor.roster, "web");
	union {
		const struct service *in;
		struct service *out;
	} service = { .in = workload->service };

	change(&service.out->healthcheck);
	checkup_revise(workload);
}

static void disable(struct healthcheck *own)
{
	own->is_disabled = true;
}

static void enable(struct healthcheck *own)
{
	own->is_disabled = false;
}

static void set_own_test(struct healthcheck *own)
{
	own->test = (struct strings){ test_words, 1, true };
}

static bool is_revised(void)
{
	if (phase == 0 && health_of_web() == HEALTH_HEALTHY) {
		phase++;
		revise(disable);
		CHECK(health_of_web() == HEALTH_NONE);
		CHECK(workload_is_serving(find("web")));
		revise(enable);
		CHECK(health_of_web() == HEALTH_STARTING);
	} else if (phase == 1 && health_of_web() == HEALTH_HEALTHY) {
		phase++;
		revise(set_own_test);
		/* another test: what is known until it has an answer */
		CHECK(health_of_web() == HEALTH_HEALTHY);
		put_mark("sick");
	}
	return phase == 2 && health_of_web() == HEALTH_UNHEALTHY;
}

static void test_another_healthcheck(void)
{
	begin_checked(WEB);
	run(is_revised);
	CHECK(times("log web: healthy\n") == 2);
	CHECK(times("starting it anew") == 0);
	end();
}

/* One that is gone from the config while its check hangs. */
static bool is_forgotten(void)
{
	struct workload *web = roster_find(&supervisor.roster, "web");

	if (phase == 0 && web && web->state == STATE_RUNNING) {
		phase++;
		web->health.timer.on_expire(&web->health.timer);
		CHECK(health_is_busy(&web->health));
		put_config("services:\n"
			   "  db: {image: i, command: [exec sleep 100]}\n");
		(void)kill(getpid(), SIGHUP);
	}
	loop_arm(&supervisor.tick, 20); /* to be asked again */
	return phase == 1 && !web && find("db")->state == STATE_RUNNING;
}

static void test_a_check_that_hangs(void)
{
	begin_checked(WEB);
	put_mark("hanging");
	run(is_forgotten);
	CHECK(times("log web: stopped") == 1);
	CHECK(times("healthy") == 0);
	end();
}

static bool has_timed_out_twice(void)
{
	return health_of_web() == HEALTH_UNHEALTHY;
}

static void test_time_is_up(void)
{
	begin_checked(WEB);
	image_health.timeout_ms = 20;
	put_mark("hanging");
	run(has_timed_out_twice);
	CHECK(strstr(journal, "log web: unhealthy: no result within 0.02 s"));
	end();
}

/* Dependencies. */

static bool is_served(void)
{
	const struct workload *web = find("web");

	if (phase == 0 && find("db")->state == STATE_RUNNING &&
		find("db")->health.state.failures > 0) {
		phase++;
		CHECK(web->state == STATE_STOPPED);
		CHECK(strcmp(web->reason, "waits for 'db' to be healthy") == 0);
		take_mark("sick");
	}
	loop_arm(&supervisor.tick, 20); /* to be asked again */
	return web->state == STATE_RUNNING;
}

static void test_waits_until_healthy(void)
{
	begin_checked("services:\n"
		      "  web:\n    image: i\n    command: [exec sleep 100]\n"
		      "    depends_on: {db: {condition: service_healthy}}\n"
		      "  db: {image: i, command: [exec sleep 100]}\n");
	put_mark("sick");
	run(is_served);
	CHECK(phase == 1);
	CHECK(comes_before("log db: healthy", "start web"));
	end();
}

/* Nothing is checked: that it runs is all there is to know. */
static void test_waits_for_one_without_a_check(void)
{
	begin("services:\n"
	      "  web:\n    image: i\n    command: [exec sleep 100]\n"
	      "    depends_on: {db: {condition: service_healthy}}\n"
	      "  db: {image: i, command: [exec sleep 100]}\n");
	run(all_running);
	CHECK(comes_before("log db: running", "start web"));
	end();
}

static bool web_runs(void)
{
	return find("web")->state == STATE_RUNNING;
}

static bool has_init_finished(void)
{
	return find("init")->state == STATE_FINISHED &&
	       strstr(find("web")->reason, "waits");
}

static void test_waits_for_success(void)
{
	for (int status = 0; status < 2; status++) {
		char config[256];

		(void)snprintf(config, sizeof(config),
			"services:\n"
			"  web:\n    image: i\n    command: [exec sleep 100]\n"
			"    depends_on:\n      init: {condition: "
			"service_completed_successfully}\n"
			"  init:\n    image: i\n    restart: \"no\"\n"
			"    command: [exit %d]\n",
			status);
		begin(config);
		check_row(status ? "fails" : "succeeds");
		run(status ? has_init_finished : web_runs);
		CHECK(status || comes_before("log init: exited with status 0",
					"start web"));
		CHECK(!status || times("start web") == 0);
		CHECK(!status ||
			strcmp(find("web")->reason,
				"waits for 'init' to finish with status 0") ==
				0);
		end();
	}
}

int main(void)
{
	RUN(test_says_each_change_once);
	RUN(test_nothing_is_checked);
	RUN(test_starting);
	RUN(test_another_healthcheck);
	RUN(test_a_check_that_hangs);
	RUN(test_time_is_up);
	RUN(test_waits_until_healthy);
	RUN(test_waits_for_one_without_a_check);
	RUN(test_waits_for_success);
	return check_done();
}
