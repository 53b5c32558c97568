// SPDX-License-Identifier: MIT
/* run_start_test - containers that wait to be started, and who hears of it */
#include <signal.h>
#include <sys/socket.h>
#include <sys/un.h>

#include "check.h"
#include "run_fixture.h"

static const char *const sleeper[] = { "sleep", "1000", NULL };

static struct fixture box;

static bool begin(const char *prepare)
{
	if (fixture_open(&box, prepare))
		return true;
	check_skip(fixture_missing);
	return false;
}

/* A socket that a container waits at; -1 with an abort is no way out. */
static int listen_at(const char *path)
{
	struct sockaddr_un address = { .sun_family = AF_UNIX };
	int fd = socket(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0);

	(void)snprintf(address.sun_path, sizeof(address.sun_path), "%s", path);
	if (fd < 0 ||
		bind(fd, (struct sockaddr *)&address, sizeof(address)) < 0 ||
		listen(fd, 1) < 0)
		abort();
	return fd;
}

static int connect_to(const char *path)
{
	struct sockaddr_un address = { .sun_family = AF_UNIX };
	int fd = socket(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0);

	(void)snprintf(address.sun_path, sizeof(address.sun_path), "%s", path);
	if (fd < 0 ||
		connect(fd, (struct sockaddr *)&address, sizeof(address)) < 0)
		abort();
	return fd;
}

/* Creates a container that waits and gives the socket away. */
static int create(const char *const *args)
{
	auto_fd listener = listen_at(fixture_path(&box, "start"));

	box.request.start_fd = listener;
	return fixture_start(&box, args);
}

static void test_a_container_waits_to_be_started(void)
{
	int listener_fd = 0;

	if (!begin(NULL))
		return;
	CHECK(create((const char *const[]){ "echo", "hello", NULL }) == 0);
	CHECK(box.container.pid > 0 && box.container.pid_fd >= 0);
	CHECK(container_reap(&box.container, &box.err) == -EAGAIN);
	fixture_drain(&box, &box.container.stdout_fd);
	CHECK(!box.output[0]);

	auto_fd fd = connect_to(fixture_path(&box, "start"));

	CHECK(container_start(fd, &listener_fd, &box.err) == 0);
	CHECK(listener_fd == -1);
	CHECK(fixture_finish(&box) == 0);
	CHECK(fixture_said(&box, "hello\n"));
	fixture_close(&box);
}

static void test_a_start_that_fails_says_why(void)
{
	if (!begin("echo noise >layer/bin/noise; chmod +x layer/bin/noise"))
		return;
	CHECK(create((const char *const[]){ "/bin/noise", NULL }) == 0);

	auto_fd fd = connect_to(fixture_path(&box, "start"));

	CHECK(container_start(fd, NULL, &box.err) == -ENOEXEC);
	CHECK(strcmp(box.err.text, "execute '/bin/noise': Exec format error") ==
		0);
	CHECK(fixture_finish(&box) == 127);
	fixture_close(&box);
}

/* What can be known early is known at once. */
static void test_a_missing_program_is_not_waited_with(void)
{
	static const struct {
		const char *program;
		int result;
		const char *text;
	} rows[] = {
		{ "/gone", -ENOENT,
			"error: execute '/gone': No such file or directory" },
		{ "gone", -ENOENT,
			"error: execute 'gone': executable file not found in" },
		{ "/etc", -EACCES, "error: execute '/etc': Permission denied" },
		{ "/etc/passwd", -EACCES,
			"error: execute '/etc/passwd': Permission denied" },
	};

	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		if (!begin(NULL))
			return;
		check_row(rows[i].program);
		CHECK(create((const char *const[]){ rows[i].program, NULL }) ==
			rows[i].result);
		CHECK(fixture_said(&box, rows[i].text));
		fixture_close(&box);
	}
	check_row(NULL);
}

/* What it has open while it waits others might get at. */
static void test_one_that_waits_has_little_open(void)
{
	char path[64];
	char target[128];
	unsigned int count = 0;

	if (!begin(NULL))
		return;
	CHECK(create(sleeper) == 0);
	(void)snprintf(path, sizeof(path), "/proc/%d/fd",
		(int)box.container.pid);

	auto_dir dir = opendir(path);
	struct dirent *entry;

	CHECK(dir);
	while (dir && (entry = readdir(dir))) {
		ssize_t size = readlinkat(dirfd(dir), entry->d_name, target,
			sizeof(target) - 1);

		if (size < 0)
			continue; /* "." and ".." */
		target[size] = '\0';
		count++;
		CHECK(!strstr(target, "cgroup") &&
			!strstr(target, "fscontext"));
	}
	/* 0, 1, 2, both sockets, procfs */
	CHECK(count <= 6);
	CHECK(container_clear(&box.container, box.workloads_fd, &box.err) == 0);
	fixture_close(&box);
}

/* Without sendmsg(2) a filter lets nobody tell that the program comes. */
static void test_a_filter_that_forbids_to_tell(void)
{
	static const char *const names[] = { "sendmsg", NULL };
	static const struct oci_seccomp_rule rules[] = {
		{ .names = names,
			.action = 0x00050000, /* SECCOMP_RET_ERRNO */
			.errno_ret = { EPERM, true } },
	};
	static const struct oci_seccomp filter = {
		.default_action = 0x7fff0000, /* SECCOMP_RET_ALLOW */
		.rules = rules,
		.rule_count = 1,
	};

	if (!begin(NULL))
		return;
	box.spec.seccomp = &filter;
	box.spec.process.no_new_privileges = true;
	CHECK(FIXTURE_SHELL(&box, "grep Seccomp: /proc/self/status; umask") ==
		0);
	CHECK(fixture_said(&box, "Seccomp:\t2\n"));
	fixture_close(&box);
}

static void test_one_that_waits_can_be_cleared(void)
{
	pid_t pid;

	if (!begin(NULL))
		return;
	CHECK(create(sleeper) == 0);
	pid = box.container.pid;
	CHECK(container_clear(&box.container, box.workloads_fd, &box.err) == 0);
	CHECK(kill(pid, 0) < 0 && errno == ESRCH);
	fixture_close(&box);
}

struct told {
	pid_t pid;
	int calls;
	int result;
	bool had_run;
};

static int take_down(void *context, const struct container *container,
	struct error *err)
{
	struct told *told = context;

	told->pid = container->pid;
	told->calls++;
	told->had_run = access(fixture_path(&box, "upper/made"), F_OK) == 0;
	if (told->result < 0)
		return error_set(err, told->result, "no: said so");
	return 0;
}

static void test_the_caller_hears_before_anything_runs(void)
{
	struct told told = { .pid = 0 };

	if (!begin(NULL))
		return;
	box.spec.process.cwd = "/made";
	box.request.on_created = take_down;
	box.request.context = &told;
	CHECK(fixture_start(&box, sleeper) == 0);
	CHECK(told.calls == 1 && told.pid == box.container.pid);
	CHECK(!told.had_run);
	CHECK(access(fixture_path(&box, "upper/made"), F_OK) == 0);
	CHECK(container_clear(&box.container, box.workloads_fd, &box.err) == 0);
	fixture_close(&box);
	if (!begin(NULL))
		return;
	told.result = -ECANCELED;
	box.spec.process.cwd = "/made";
	box.request.on_created = take_down;
	box.request.context = &told;
	CHECK(fixture_start(&box, sleeper) == -ECANCELED);
	CHECK(fixture_said(&box, "error: no: said so"));
	CHECK(access(fixture_path(&box, "upper/made"), F_OK) < 0);
	CHECK(kill(told.pid, 0) < 0 && errno == ESRCH);
	fixture_close(&box);
}

static char *describe(void *context, bool is_created)
{
	(void)context;
	return strdup(is_created ? "{\"status\":\"created\"}"
				 : "{\"status\":\"creating\"}");
}

/* Those that the process runs: before and after the root is its own. */
static void test_hooks_of_the_process(void)
{
	char place[128];
	const struct oci_hook create_hooks[] = {
		{ .path = "/bin/sh",
			.args = (const char *const[]){ "sh", "-c",
				"cat >\"$PLACE\"/told; hostname >>\"$PLACE\"/"
				"told; test -e \"$PLACE\"/layer",
				NULL },
			.env = (const char *const[]){ place,
				"PATH=/bin:/usr/bin", NULL } },
	};
	const struct oci_hook start_hooks[] = {
		{ .path = "/bin/sh",
			.args = (const char *const[]){ "sh", "-c",
				"cat >/started", NULL } },
	};
	const struct oci_hook bad_hooks[] = {
		{ .path = "/bin/false" },
	};

	if (!begin(NULL))
		return;
	(void)snprintf(place, sizeof(place), "PLACE=%s", box.base);
	box.request.describe = describe;
	box.spec.hooks[OCI_HOOK_CREATE_CONTAINER] =
		(struct oci_hooks){ create_hooks, 1 };
	box.spec.hooks[OCI_HOOK_START_CONTAINER] =
		(struct oci_hooks){ start_hooks, 1 };
	CHECK(FIXTURE_SHELL(&box, "cat /started; id -u") == 0);
	CHECK(fixture_said(&box, "{\"status\":\"created\"}"));
	fixture_shell("grep -q '^{\"status\":\"creating\"}' \"$1\"/told; "
		      "test \"$(wc -l <\"$1\"/told)\" = 1",
		box.base);
	box.spec.hooks[OCI_HOOK_START_CONTAINER] =
		(struct oci_hooks){ bad_hooks, 1 };
	CHECK(FIXTURE_RUN(&box, "true") < 0);
	CHECK(fixture_said(&box, "error: hook 'startContainer' number 1"));
	box.request.describe = NULL;
	CHECK(FIXTURE_RUN(&box, "true") < 0);
	CHECK(fixture_said(&box, "error: tell hooks the state"));
	fixture_close(&box);
}

int main(void)
{
	fixture_enter();
	RUN(test_a_container_waits_to_be_started);
	RUN(test_a_start_that_fails_says_why);
	RUN(test_a_missing_program_is_not_waited_with);
	RUN(test_one_that_waits_has_little_open);
	RUN(test_a_filter_that_forbids_to_tell);
	RUN(test_one_that_waits_can_be_cleared);
	RUN(test_the_caller_hears_before_anything_runs);
	RUN(test_hooks_of_the_process);
	return check_done();
}
