// SPDX-License-Identifier: MIT
/* run_container_test - real containers: how they start, end and leave */
#include "run/container.h"

#include <signal.h>
#include <sys/wait.h>

#include "check.h"
#include "run_fixture.h"

#define MANY 25

static struct fixture box;

/* Every test begins so; false: skipped, with the reason. */
static bool begin(const char *prepare)
{
	if (fixture_open(&box, prepare))
		return true;
	check_skip(fixture_missing);
	return false;
}

static bool has_cgroup(const char *name)
{
	return faccessat(box.workloads_fd, name, F_OK, 0) == 0;
}

static void test_tells_exit_codes_and_output(void)
{
	if (!begin(NULL))
		return;
	CHECK(FIXTURE_RUN(&box, "echo", "hello") == 0);
	CHECK(fixture_said(&box, "hello\n"));
	CHECK(FIXTURE_SHELL(&box, "echo wrong >&2; exit 7") == 7);
	CHECK(fixture_said(&box, "wrong\n"));
	CHECK(FIXTURE_SHELL(&box, "sh -c 'kill -9 $$'; exit $?") == 137);
	CHECK(!has_cgroup("box"));
	fixture_close(&box);
}

static void test_tells_why_a_program_cannot_be_executed(void)
{
	static const struct {
		const char *program;
		int result;
		const char *text;
	} rows[] = {
		{ "nothere", -ENOENT,
			"execute 'nothere': executable file not found in "
			"$PATH" },
		{ "/bin/nothere", -ENOENT,
			"execute '/bin/nothere': No such file or directory" },
		{ "/etc/passwd", -EACCES,
			"execute '/etc/passwd': Permission denied" },
		{ "plain", -EACCES, "execute 'plain': Permission denied" },
		{ "/bin", -EACCES, "execute '/bin': Permission denied" },
		{ "/bin/script", -ENOENT,
			"execute '/bin/script': it is there, but its "
			"interpreter or loader is not" },
		{ "/bin/noise", -ENOEXEC,
			"execute '/bin/noise': Exec format error" },
		{ "noise", -ENOEXEC, "execute 'noise': Exec format error" },
	};

	if (!begin("echo text >layer/bin/plain; "
		   "printf '#!/bin/nothere\\n' >layer/bin/script; "
		   "echo noise >layer/bin/noise; "
		   "chmod +x layer/bin/script layer/bin/noise"))
		return;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		check_row(rows[i].program);
		CHECK(FIXTURE_RUN(&box, rows[i].program) == rows[i].result);
		CHECK(fixture_said(&box, rows[i].text));
		CHECK(box.container.pid == 0 && box.container.pid_fd == -1);
		CHECK(!has_cgroup("box"));
	}
	fixture_close(&box);
}

static void test_names_the_step_that_fails(void)
{
	struct oci_rlimit rlimit = { 12345, 1, 1 };

	if (!begin(NULL))
		return;
	box.spec.process.rlimits = &rlimit;
	box.spec.process.rlimit_count = 1;
	CHECK(FIXTURE_RUN(&box, "true") == -EINVAL);
	CHECK(fixture_said(&box, "error: set a resource limit: RLIMIT 12345"));
	fixture_close(&box);
}

static void test_signals_reach_the_program(void)
{
	if (!begin(NULL))
		return;
	CHECK(fixture_start(&box, (const char *const[]){ "sh", "-c",
					  "trap 'exit 3' TERM; echo ready; "
					  "while :; do sleep 0.01; done",
					  NULL }) == 0);
	while (!strstr(box.output, "ready") && box.container.stdout_fd >= 0) {
		struct pollfd wait = { .fd = box.container.stdout_fd,
			.events = POLLIN };

		if (poll(&wait, 1, FIXTURE_TIMEOUT_MS) <= 0)
			break;
		fixture_drain(&box, &box.container.stdout_fd);
	}
	CHECK(container_reap(&box.container, &box.err) == -EAGAIN);
	CHECK(container_signal(&box.container, SIGTERM, &box.err) == 0);
	CHECK(fixture_finish(&box) == 3);
	CHECK(container_reap(&box.container, &box.err) == -ECHILD);
	CHECK(container_clear(&box.container, box.workloads_fd, &box.err) == 0);
	CHECK(container_signal(&box.container, SIGTERM, &box.err) == -ESRCH);
	fixture_close(&box);
}

static void test_kill_takes_every_process(void)
{
	if (!begin(NULL))
		return;
	CHECK(fixture_start(&box,
		      (const char *const[]){ "sh", "-c",
			      "trap '' TERM; for i in 1 2 3 4 5 6 7 8; do "
			      "(trap '' TERM; sleep 1000) & done; wait",
			      NULL }) == 0);
	CHECK(container_kill(&box.container, &box.err) == 0);
	CHECK(fixture_finish(&box) == 137);
	CHECK(container_clear(&box.container, box.workloads_fd, &box.err) == 0);
	CHECK(!has_cgroup("box"));
	fixture_close(&box);
}

static void test_clear_ends_a_running_container(void)
{
	pid_t pid;

	if (!begin(NULL))
		return;
	CHECK(fixture_start(&box,
		      (const char *const[]){ "sleep", "1000", NULL }) == 0);
	pid = box.container.pid;
	CHECK(pid > 1 && kill(pid, 0) == 0);
	CHECK(container_clear(&box.container, box.workloads_fd, &box.err) == 0);
	CHECK(kill(pid, 0) < 0 && errno == ESRCH);
	CHECK(!has_cgroup("box"));
	CHECK(box.container.pid == 0 && box.container.pid_fd == -1 &&
		box.container.stdout_fd == -1 && !box.container.cgroup[0]);
	CHECK(container_clear(&box.container, box.workloads_fd, &box.err) == 0);
	fixture_close(&box);
}

static void test_neighbours_share_a_folder(void)
{
	struct fixture *other;

	if (!begin(NULL))
		return;
	other = calloc(1, sizeof(*other));
	if (!CHECK(other && fixture_open(other, NULL)))
		return;
	box.request.cgroup = "web/1";
	other->request.cgroup = "web/2";
	CHECK(fixture_start(&box,
		      (const char *const[]){ "sleep", "1000", NULL }) == 0);
	CHECK(fixture_start(other,
		      (const char *const[]){ "sleep", "1000", NULL }) == 0);
	CHECK(has_cgroup("web/1") && has_cgroup("web/2"));
	CHECK(container_clear(&box.container, box.workloads_fd, &box.err) == 0);
	CHECK(!has_cgroup("web/1") && has_cgroup("web/2"));
	CHECK(container_reap(&other->container, &other->err) == -EAGAIN);
	/* the name is taken while its processes live */
	other->request.cgroup = "web/2";
	box.request.cgroup = "web/2";
	CHECK(fixture_start(&box, (const char *const[]){ "true", NULL }) ==
		-EBUSY);
	CHECK(container_clear(&other->container, other->workloads_fd,
		      &other->err) == 0);
	CHECK(!has_cgroup("web"));
	fixture_close(other);
	fixture_close(&box);
	free(other);
}

static void test_cgroups_made_inside_are_removed(void)
{
	if (!begin(NULL))
		return;
	fixture_set_privileged(&box);
	CHECK(FIXTURE_SHELL(&box,
		      "mkdir -p /sys/fs/cgroup/a/b/c && echo made") == 0);
	CHECK(fixture_said(&box, "made"));
	CHECK(!has_cgroup("box"));
	fixture_close(&box);
}

static void test_an_empty_cgroup_of_that_name_is_replaced(void)
{
	if (!begin(NULL))
		return;
	CHECK(mkdirat(box.workloads_fd, "box", 0755) == 0);
	CHECK(mkdirat(box.workloads_fd, "box/1", 0755) == 0);
	CHECK(mkdirat(box.workloads_fd, "box/1/left", 0755) == 0);
	CHECK(FIXTURE_RUN(&box, "true") == 0);
	CHECK(!has_cgroup("box"));
	fixture_close(&box);
}

static void test_names_of_cgroups_are_plain(void)
{
	static char long_name[300];
	const char *const names[] = { "", "/", "/abs", "a//b", "a/", "..",
		"a/../b", ".hidden", "a/.b", long_name };

	if (!begin(NULL))
		return;
	memset(long_name, 'a', sizeof(long_name) - 1);
	for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
		check_row(names[i]);
		box.request.cgroup = names[i];
		CHECK(FIXTURE_RUN(&box, "true") ==
			(names[i] == long_name ? -ENAMETOOLONG : -EINVAL));
		CHECK(fixture_said(&box, "error: make cgroup '"));
	}
	fixture_close(&box);
}

static bool has_controller(const char *name)
{
	char text[256] = "";
	auto_fd fd = openat(box.workloads_fd, "cgroup.controllers",
		O_RDONLY | O_CLOEXEC);

	if (fd >= 0)
		(void)fd_read_full(fd, text, sizeof(text) - 1);
	return strstr(text, name);
}

static void test_a_limit_without_controller_is_an_error(void)
{
	if (!begin(NULL))
		return;
	if (has_controller("memory")) {
		check_skip("the memory controller is here");
		fixture_close(&box);
		return;
	}
	box.spec.resources.memory.limit = OCI_NUMBER(64 << 20);
	CHECK(FIXTURE_RUN(&box, "true") == -EOPNOTSUPP);
	CHECK(fixture_said(&box, "error: set 'linux.resources.memory.limit'"));
	CHECK(!has_cgroup("box"));
	box.spec.resources.memory.limit.is_set = false;
	box.spec.resources.memory.limit.value = 0;
	box.spec.resources.pids_limit = OCI_NUMBER(5);
	CHECK(FIXTURE_RUN(&box, "true") == -EOPNOTSUPP);
	CHECK(!has_cgroup("box"));
	fixture_close(&box);
}

static void test_limits_hold(void)
{
	if (!begin(NULL))
		return;
	if (!has_controller("memory") || !has_controller("pids") ||
		!has_controller("cpu")) {
		check_skip("the memory, pids or cpu controller is not on "
			   "cgroup v2 here");
		fixture_close(&box);
		return;
	}
	box.spec.resources = (struct oci_resources){
		.memory.limit = OCI_NUMBER(16 << 20),
		.cpu.quota = OCI_NUMBER(50000),
		.cpu.period = OCI_NUMBER(100000),
		.pids_limit = OCI_NUMBER(10),
		.kills_group = true,
	};
	CHECK(FIXTURE_SHELL(&box,
		      "cd /sys/fs/cgroup; cat memory.max memory.oom.group "
		      "cpu.max pids.max") == 0);
	CHECK(fixture_said(&box, "16777216\n1\n50000 100000\n10\n"));
	CHECK(FIXTURE_RUN(&box, "dd", "if=/dev/zero", "of=/dev/shm/x", "bs=1M",
		      "count=60") == 137);
	/* a bomb of processes stops at the limit and goes with the rest */
	CHECK(FIXTURE_SHELL(&box,
		      "for i in $(seq 40); do sleep 1000 & done; echo no") !=
		0);
	CHECK(fixture_said(&box, "can't fork"));
	box.spec.resources = (struct oci_resources){
		.memory.limit = OCI_NUMBER(65536),
	};
	CHECK(FIXTURE_RUN(&box, "true") == -ENOMEM);
	CHECK(fixture_said(&box, "emory"));
	CHECK(!has_cgroup("box"));
	fixture_close(&box);
}

static void test_usage_is_read(void)
{
	struct container_usage usage;

	if (!begin(NULL))
		return;
	CHECK(fixture_start(&box,
		      (const char *const[]){ "sh", "-c",
			      "i=0; while [ $i -lt 20000 ]; do i=$((i+1)); "
			      "done",
			      NULL }) == 0);
	CHECK(fixture_finish(&box) == 0);
	container_usage(&box.container, &usage);
	CHECK(usage.cpu_us > 0);
	CHECK(usage.pids == 0 && usage.oom_kills == 0);
	CHECK(container_clear(&box.container, box.workloads_fd, &box.err) == 0);
	container_usage(&box.container, &usage);
	CHECK(usage.cpu_us == 0);
	fixture_close(&box);
}

/* Lines of a file of procfs. */
static unsigned int count_lines(const char *path)
{
	FILE *file = fopen(path, "re");
	unsigned int count = 0;
	int c;

	while (file && (c = getc(file)) != EOF)
		count += c == '\n';
	if (file)
		(void)fclose(file);
	return count;
}

static unsigned int count_fds(void)
{
	auto_dir dir = opendir("/proc/self/fd");
	unsigned int count = 0;

	while (dir && readdir(dir))
		count++;
	return count;
}

static void test_nothing_stays_behind(void)
{
	unsigned int fds;
	unsigned int mounts;

	if (!begin(NULL))
		return;
	CHECK(FIXTURE_RUN(&box, "true") == 0);
	fds = count_fds();
	mounts = count_lines("/proc/self/mountinfo");
	for (int i = 0; i < MANY; i++) {
		CHECK(FIXTURE_RUN(&box, "true") == 0);
		CHECK(FIXTURE_RUN(&box, "nothere") == -ENOENT);
	}
	CHECK(count_fds() == fds);
	CHECK(count_lines("/proc/self/mountinfo") == mounts);
	CHECK(!has_cgroup("box"));
	CHECK(waitpid(-1, NULL, WNOHANG) < 0 && errno == ECHILD);
	fixture_close(&box);
}

static void test_a_started_program_is_no_error_however_short(void)
{
	if (!begin(NULL))
		return;
	for (int i = 0; i < MANY; i++)
		CHECK(FIXTURE_RUN(&box, "false") == 1);
	fixture_close(&box);
}

int main(void)
{
	fixture_enter();
	RUN(test_tells_exit_codes_and_output);
	RUN(test_tells_why_a_program_cannot_be_executed);
	RUN(test_names_the_step_that_fails);
	RUN(test_signals_reach_the_program);
	RUN(test_kill_takes_every_process);
	RUN(test_clear_ends_a_running_container);
	RUN(test_neighbours_share_a_folder);
	RUN(test_cgroups_made_inside_are_removed);
	RUN(test_an_empty_cgroup_of_that_name_is_replaced);
	RUN(test_names_of_cgroups_are_plain);
	RUN(test_a_limit_without_controller_is_an_error);
	RUN(test_limits_hold);
	RUN(test_usage_is_read);
	RUN(test_nothing_stays_behind);
	RUN(test_a_started_program_is_no_error_however_short);
	return check_done();
}
