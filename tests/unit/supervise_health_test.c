// SPDX-License-Identifier: MIT
/* tests of supervise/health and probe: checks in real containers */
/* wrap: store_find fork pipe2 timerfd_create epoll_ctl poll waitid openat */
#include "supervise/health.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/timerfd.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "check.h"
#include "config/service.h"
#include "fault.h"
#include "lib/error.h"
#include "lib/fd.h"
#include "run/cgroup.h"
#include "run_fixture.h"
#include "store/store.h"
#include "supervise/places.h"

#define HELD_MAX_US 100000 /* under sanitizers, on a busy machine */

/* clang-format off */
FAULT_WRAP(pid_t, fork, (void), ())
FAULT_WRAP(int, pipe2, (int fds[2], int flags), (fds, flags))
FAULT_WRAP(int, timerfd_create, (int clock, int flags), (clock, flags))
FAULT_WRAP(int, epoll_ctl, (int epoll, int what, int fd, struct epoll_event *event), (epoll, what, fd, event))
FAULT_WRAP(int, poll, (struct pollfd *fds, nfds_t count, int timeout), (fds, count, timeout))
FAULT_WRAP(int, waitid, (idtype_t type, id_t id, siginfo_t *info, int flags), (type, id, info, flags))
FAULT_WRAP(int, openat, (int dir, const char *path, int flags, int mode), (dir, path, flags, mode))
/* clang-format on */

static struct fixture box;
static struct places places;
static struct store store = { .dir_fd = -1 };
static struct loop loop;
static struct timer limit;
static struct health health;
static struct service service;
static struct image image;
static bool is_image_lost;
static unsigned int changes, idles;
static bool has_timed_out;

static const char *const sleeper[] = { "sleep", "1000", NULL };
static const struct ulimit ulimits[] = { { RLIMIT_NOFILE, 256, 256 } };

static const struct health_rules once = { .is_checked = true,
	.retries = 1,
	.interval_ms = 1,
	.timeout_ms = 15000,
	.start_interval_ms = 1 };

int __wrap_store_find(const struct store *in, const char *reference,
	struct arena *arena, struct image *out, struct error *err);

int __wrap_store_find(const struct store *in, const char *reference,
	struct arena *arena, struct image *out, struct error *err)
{
	(void)in;
	(void)arena;
	if (is_image_lost)
		return error_set(err, -ENOENT, "find image '%s': nowhere",
			reference);
	*out = image;
	return 0;
}

static void on_limit(struct timer *timer)
{
	(void)timer;
	has_timed_out = true;
	loop_stop(&loop);
}

static void on_change(struct health *changed)
{
	(void)changed;
	changes++;
	loop_stop(&loop);
}

static void on_idle(struct health *idle)
{
	CHECK(!health_is_busy(idle));
	idles++;
	loop_stop(&loop);
}

static bool begin(bool has_users)
{
	struct error err;

	if (!fixture_open(&box, "echo app:x:7:7::/srv:/bin/sh "
				">>layer/etc/passwd; mkdir layer/srv")) {
		check_skip(fixture_missing);
		return false;
	}
	if (has_users)
		fixture_set_users(&box);
	if (fixture_start(&box, sleeper) < 0)
		printf("# %s\n", box.err.text);
	places = PLACES_NONE;
	places.memory_bytes = 1 << 30;
	image = (struct image){ .working_dir = "",
		.user = "",
		.stop_signal = "" };
	service = (struct service){ .name = "web",
		.image = "i",
		.command = { (const char **)(uintptr_t)sleeper, 2, true },
		.ulimits = ulimits,
		.ulimit_count = 1 };
	is_image_lost = has_timed_out = false;
	changes = idles = 0;
	CHECK(loop_open(&loop, &err) == 0);
	CHECK(loop_add_timer(&loop, &limit, on_limit, &err) == 0);
	loop_arm(&limit, FIXTURE_TIMEOUT_MS);
	memset(&health, 0, sizeof(health));
	health_init(&health, &loop);
	health.on_change = on_change;
	health.on_idle = on_idle;
	return true;
}

static void end(void)
{
	health_close(&health);
	loop_remove(&loop, &limit.watch);
	loop_close(&loop);
	/* what was left to process 1, which we are, and holds its namespace */
	while (waitpid(-1, NULL, WNOHANG) > 0)
		;
	fixture_close(&box);
	CHECK(waitpid(-1, NULL, WNOHANG) < 0 && errno == ECHILD);
}

/* One line for a shell, or a program and its arguments. */
static void set_test(const char *const *words)
{
	size_t count = 0;

	while (words[count])
		count++;
	service.healthcheck.test.items = (const char **)(uintptr_t)words;
	service.healthcheck.test.count = count;
	service.healthcheck.test.is_set = true;
	service.healthcheck.is_shell = count == 1;
}

#define TEST(...) set_test((const char *const[]){ __VA_ARGS__, NULL })

static int start(enum health_event event, const struct health_rules *rules)
{
	const struct probe probe = {
		.store = &store,
		.places = &places,
		.service = &service,
		.container = &box.container,
		.first_id =
			box.spec.uid_mappings.count > 0 ? FIXTURE_FIRST_ID : 0,
	};
	struct error err = { .code = 0 };

	return health_start(&health, event, &probe, rules, &err);
}

/* Until it is healthy or not, or a check is gone. */
static void run(void)
{
	struct error err;

	CHECK(loop_run(&loop, &err) == 0);
	CHECK(!has_timed_out);
}

static void check_once(const char *reason)
{
	CHECK(start(HEALTH_EVENT_STARTED, &once) == 0);
	run();
	CHECK(changes == 1);
	CHECK(health.state.status ==
		(reason ? HEALTH_UNHEALTHY : HEALTH_HEALTHY));
	if (!CHECK(strcmp(health.reason, reason ? reason : "") == 0))
		printf("# it said: %s\n", health.reason);
	health_stop(&health);
	changes = 0;
}

/* No process of a check is left; waits for those that were killed. */
static bool is_clean(void)
{
	auto_fd fd =
		cgroup_open(box.container.cgroup_dir_fd, PROBE_CGROUP, NULL);

	return fd < 0 || cgroup_wait_empty(fd, FIXTURE_TIMEOUT_MS) == 0;
}

static void test_results(void)
{
	static const struct {
		const char *test, *reason;
	} rows[] = {
		{ "true", NULL },
		{ "echo fine; exit 0", NULL },
		{ "exit 3", "exit status 3" },
		{ "echo one; echo 'two  '; echo; exit 1",
			"exit status 1: two" },
		{ "echo on stderr >&2; exit 1", "exit status 1: on stderr" },
		{ "printf 'a\\033[1mb'; exit 1", "exit status 1: a?[1mb" },
		{ "echo gone; kill -9 $$", "killed by SIGKILL: gone" },
	};

	if (!begin(false))
		return;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		check_row(rows[i].test);
		TEST(rows[i].test);
		check_once(rows[i].reason);
		CHECK(is_clean());
	}
	end();
}

static void test_programs(void)
{
	if (!begin(false))
		return;
	TEST("sh", "-c", "exit 4");
	check_once("exit status 4");
	TEST("curl", "localhost");
	check_once("the check cannot be run: execute 'curl': executable file "
		   "not found in $PATH");
	TEST("/no/such", "thing");
	check_once("the check cannot be run: execute '/no/such': No such file "
		   "or directory");
	is_image_lost = true;
	check_once("the check cannot be run: find image 'i': nowhere");
	end();
}

/* What the test of an image is, and whose rights the service's has. */
static void test_who_runs_it(void)
{
	static const char *const its_test[] = { "exit 9" };
	static const char *variables[] = { "A=b" };

	for (int i = 0; i < 2; i++) {
		if (!begin(i == 1))
			return;
		check_row(i == 1 ? "own users" : "the machine's users");
		image.health = (struct image_health){
			.test = (const char **)(uintptr_t)its_test,
			.test_count = 1,
			.is_shell = true
		};
		check_once("exit status 9");
		service.user = "app";
		service.working_dir = "/tmp";
		service.environment = (struct strings){ variables, 1, true };
		service.no_new_privileges = true;
		service.has_terminal = true; /* is the container's alone */
		TEST("echo $(id -u) $(pwd) $HOME $A $(grep -E "
		     "'NoNewPrivs|CapBnd|Seccomp:' /proc/self/status) "
		     "$(readlink /proc/self/fd/0) $(hostname); exit 1");
		check_once("exit status 1: 7 /tmp /srv b "
			   "CapBnd: 00000000a80425fb NoNewPrivs: 1 "
			   "Seccomp: 2 /dev/null box");
		end();
	}
}

static void test_a_flood(void)
{
	if (!begin(false))
		return;
	TEST("dd if=/dev/zero bs=1048576 count=64 2>/dev/null; echo; "
	     "seq 100000 >&2; echo the end >&2; exit 1");
	check_once("exit status 1: the end");
	end();
}

/* A check that has ended takes along what it has started. */
static void test_what_is_left_running(void)
{
	if (!begin(false))
		return;
	TEST("sleep 1000 & (sh -c 'while :; do echo x; done' &); exit 0");
	check_once(NULL);
	CHECK(is_clean());
	end();
}

static const struct health_rules hasty = { .is_checked = true,
	.retries = 2,
	.interval_ms = 1,
	.timeout_ms = 300,
	.start_interval_ms = 1 };

static void test_time_is_up(void)
{
	if (!begin(false))
		return;
	TEST("sleep 1000 & (sleep 1000 &); trap '' TERM INT; sleep 1000");
	CHECK(start(HEALTH_EVENT_STARTED, &hasty) == 0);
	run(); /* one that is gone */
	CHECK(idles == 1 && changes == 0 && health.state.failures == 1);
	run();
	CHECK(changes == 1 && health.state.status == HEALTH_UNHEALTHY);
	CHECK(strcmp(health.reason, "no result within 0.3 s") == 0);
	CHECK(is_clean());
	/* it gets better all the same */
	TEST("true");
	run();
	while (health.state.status != HEALTH_HEALTHY && !has_timed_out)
		run();
	end();
}

static uint64_t now_us(void)
{
	struct timespec now;

	(void)clock_gettime(CLOCK_MONOTONIC, &now);
	return (uint64_t)now.tv_sec * 1000000 + (uint64_t)now.tv_nsec / 1000;
}

/* Lets the timer expire by hand; how long the loop would have been held. */
static uint64_t expire(void)
{
	uint64_t before_us = now_us();

	health.timer.on_expire(&health.timer);
	return now_us() - before_us;
}

static const struct health_rules slow = { .is_checked = true,
	.retries = 1,
	.interval_ms = 1000000,
	.timeout_ms = 1000000,
	.start_interval_ms = 1000000 };

/* Nothing that a container does holds the loop. */
static void test_a_frozen_container(void)
{
	uint64_t begin_us;
	uint64_t end_us;

	if (!begin(false))
		return;
	TEST("true");
	CHECK(container_freeze(&box.container, true, &box.err) == 0);
	CHECK(start(HEALTH_EVENT_STARTED, &slow) == 0);
	begin_us = expire();
	/* the cgroup is there when the check's process is about to be */
	loop_arm(&limit, 500);
	(void)loop_run(&loop, &box.err);
	CHECK(has_timed_out && changes == 0);
	has_timed_out = false;
	loop_arm(&limit, FIXTURE_TIMEOUT_MS);
	end_us = expire();
	CHECK(health.state.status == HEALTH_UNHEALTHY);
	CHECK(begin_us < HELD_MAX_US && end_us < HELD_MAX_US);
	printf("# frozen: held for %u us to begin, %u us to end a check\n",
		(unsigned int)begin_us, (unsigned int)end_us);
	run();
	CHECK(idles == 1);
	CHECK(is_clean());
	CHECK(container_freeze(&box.container, false, &box.err) == 0);
	end();
}

static void wait_for_word(void)
{
	char byte = 0;

	CHECK(read(box.container.stdout_fd, &byte, 1) == 1 || errno == EAGAIN);
	while (byte == 0 && !has_timed_out) {
		struct pollfd wait = { .fd = box.container.stdout_fd,
			.events = POLLIN };

		if (!CHECK(poll(&wait, 1, FIXTURE_TIMEOUT_MS) > 0))
			return;
		if (read(wait.fd, &byte, 1) < 0)
			return;
	}
}

/* Begins a check that tells through the container's output that it runs. */
static void begin_check(void)
{
	TEST("echo x >/proc/1/fd/1; sleep 1000 & sleep 1000");
	CHECK(start(HEALTH_EVENT_STARTED, &slow) == 0);
	(void)expire();
	wait_for_word();
	CHECK(health_is_busy(&health));
	/* the one that runs goes on, its time is not up */
	CHECK(!is_image_lost);
}

static void test_the_container_dies(void)
{
	unsigned int fds;

	if (!begin(false))
		return;
	fds = fault_count_fds();
	begin_check();
	CHECK(container_signal(&box.container, SIGKILL, &box.err) == 0);
	run();
	CHECK(changes == 1);
	CHECK(strcmp(health.reason, "killed by SIGKILL") == 0);
	health_stop(&health);
	CHECK(health.state.status == HEALTH_NONE);
	loop_remove(&loop, &health.timer.watch);
	changes = 0;
	CHECK(fault_count_fds() == fds);
	CHECK(container_clear(&box.container, box.workloads_fd, &box.err) == 0);
	/* who asks too late is told */
	TEST("true");
	check_once("the check cannot be run: open '/proc/0/root': No such file "
		   "or directory");
	end();
}

static void test_stop_during_a_check(void)
{
	if (!begin(false))
		return;
	begin_check();
	health_stop(&health);
	CHECK(health.state.status == HEALTH_NONE);
	CHECK(health_is_busy(&health));
	/* a next one waits for its end, and does not count it */
	TEST("true");
	CHECK(start(HEALTH_EVENT_STARTED, &once) == 0);
	run();
	CHECK(idles == 1 && changes == 0);
	run();
	CHECK(changes == 1 && health.state.status == HEALTH_HEALTHY);
	CHECK(is_clean());
	end();
}

/* What the check of an agent that was killed has left. */
static void test_after_an_agent(void)
{
	if (!begin(false))
		return;
	begin_check();
	CHECK(kill(health.job.pid, SIGKILL) == 0);
	health.is_checking = false; /* as an agent that knows nothing of it */
	run();
	CHECK(idles == 1);
	CHECK(probe_kill(&box.container, &box.err) == 0);
	CHECK(is_clean());
	CHECK(waitpid(-1, NULL, 0) > 0); /* as process 1 does */
	health.state.status = HEALTH_HEALTHY;
	TEST("echo bad; exit 1");
	CHECK(start(HEALTH_EVENT_ADOPTED, &once) == 0);
	CHECK(health.state.status == HEALTH_HEALTHY && changes == 0);
	run();
	CHECK(changes == 1 && health.state.status == HEALTH_UNHEALTHY);
	end();
}

/* Every call of a check fails once: it is healthy or not, nothing is left. */
static void test_faults(void)
{
	struct health_rules rules = once;
	unsigned int fds;

	if (!begin(false))
		return;
	TEST("true");
	check_once(NULL);
	fds = fault_count_fds();
	for (unsigned int nth = 1; nth < 80; nth++) {
		static char label[32];
		int result;

		(void)snprintf(label, sizeof(label), "call %u", nth);
		check_row(label);
		fault_arm(nth, EIO);
		result = start(HEALTH_EVENT_STARTED, &rules);
		if (result == 0)
			run();
		(void)fault_fired();
		CHECK(result < 0 || health.state.status == HEALTH_HEALTHY ||
			(health.state.status == HEALTH_UNHEALTHY &&
				*health.reason));
		health_stop(&health);
		CHECK(is_clean());
		CHECK(fault_count_fds() == fds);
	}
	end();
}

static void test_no_test(void)
{
	const struct health_rules none = { .is_checked = false };

	if (!begin(false))
		return;
	CHECK(start(HEALTH_EVENT_STARTED, &none) == 0);
	CHECK(health.state.status == HEALTH_NONE);
	CHECK(health.timer.watch.fd < 0);
	TEST("true");
	CHECK(start(HEALTH_EVENT_STARTED, &once) == 0);
	CHECK(health.state.status == HEALTH_STARTING);
	CHECK(start(HEALTH_EVENT_ADOPTED, &none) == 0);
	CHECK(health.state.status == HEALTH_NONE);
	CHECK(health.state.due_ms == HEALTH_NEVER);
	end();
}

int main(void)
{
	fixture_enter();
	(void)prctl(PR_SET_CHILD_SUBREAPER, 1);
	RUN(test_results);
	RUN(test_programs);
	RUN(test_who_runs_it);
	RUN(test_a_flood);
	RUN(test_what_is_left_running);
	RUN(test_time_is_up);
	RUN(test_a_frozen_container);
	RUN(test_the_container_dies);
	RUN(test_stop_during_a_check);
	RUN(test_after_an_agent);
	RUN(test_faults);
	RUN(test_no_test);
	return check_done();
}
