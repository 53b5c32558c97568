// SPDX-License-Identifier: MIT
/*
 * run_exec_test - containers that wait to be started, and processes more in
 * containers that run
 */
#include <signal.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/un.h>

#include "check.h"
#include "run/cgroup.h"
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

/* Runs args in the container that box has; output as after fixture_run. */
static int execute(const struct oci_process *process)
{
	struct container first = box.container;
	const struct container_exec_request request = {
		.container = &first,
		.spec = &box.spec,
		.process = process,
	};
	int result;

	box.output[0] = '\0';
	result = container_exec(&request, &box.container, &box.err);
	if (result < 0)
		(void)snprintf(box.output, sizeof(box.output), "error: %s",
			box.err.text);
	else
		result = fixture_finish(&box);
	CHECK(container_clear(&box.container, -1, &box.err) == 0);
	box.container = first;
	return result;
}

static int execute_shell(const char *command)
{
	const struct oci_process process = {
		.args = (const char *const[]){ "sh", "-c", command, NULL },
		.env = fixture_env,
		.cwd = "/",
	};

	return execute(&process);
}

static void check_exec(void)
{
	static const char *const namespaces[] = { "pid", "mnt", "uts", "ipc",
		"cgroup", "net", "user" };
	static const struct oci_rlimit rlimits[] = { { RLIMIT_CORE, 0, 0 } };
	const struct oci_process process = {
		.args = (const char *const[]){ "sh", "-c",
			"pwd; id -u; ulimit -c; echo $A; exit 5", NULL },
		.env = (const char *const[]){ "PATH=/bin", "A=b", NULL },
		.cwd = "/tmp",
		.user = { .uid = 7 },
		.rlimits = rlimits,
		.rlimit_count = 1,
		.no_new_privileges = true,
	};

	CHECK(execute(&process) == 5);
	CHECK(strcmp(box.output, "/tmp\n7\n0\nb\n") == 0);
	for (size_t i = 0; i < sizeof(namespaces) / sizeof(namespaces[0]);
		i++) {
		char text[128];

		(void)snprintf(text, sizeof(text),
			"test $(readlink /proc/1/ns/%s) = "
			"$(readlink /proc/self/ns/%s)",
			namespaces[i], namespaces[i]);
		check_row(namespaces[i]);
		CHECK(execute_shell(text) == 0);
	}
	check_row(NULL);
	CHECK(execute_shell("hostname; grep -E 'Cap|Seccomp:' "
			    "/proc/self/status; grep ^0: /proc/self/cgroup; "
			    "ls /proc/self/fd | wc -l; id -u") == 0);
	CHECK(fixture_said(&box, "box\nCapInh:\t0000000000000000\n"
				 "CapPrm:\t00000000a80425fb\n"
				 "CapEff:\t00000000a80425fb\n"
				 "CapBnd:\t00000000a80425fb\n"
				 "CapAmb:\t0000000000000000\nSeccomp:\t2\n"
				 "0::/\n4\n0\n"));
	CHECK(execute(&(const struct oci_process){
		      .args = (const char *const[]){ "/gone", NULL },
		      .cwd = "/" }) == -ENOENT);
	CHECK(fixture_said(&box, "error: execute '/gone': No such file"));
	CHECK(container_reap(&box.container, &box.err) == -EAGAIN);
}

static void test_exec(void)
{
	if (!begin(NULL))
		return;
	CHECK(fixture_start(&box, sleeper) == 0);
	check_exec();
	fixture_close(&box);
	if (!begin(NULL))
		return;
	fixture_set_users(&box);
	CHECK(fixture_start(&box, sleeper) == 0);
	check_exec();
	fixture_close(&box);
}

/* As systemd does: processes below, controllers handed down. */
static void test_exec_beside_cgroups_of_the_container(void)
{
	static const char *const mover[] = { "sh", "-c",
		"cd /sys/fs/cgroup; mkdir inner; echo 1 >inner/cgroup.procs; "
		"for c in $(cat cgroup.controllers); do "
		"echo +$c >cgroup.subtree_control; done; echo moved; "
		"exec sleep 1000",
		NULL };

	static const struct oci_huge_page_limit pages = { "2MB", 1 << 30 };
	bool has_controller;

	if (!begin(NULL))
		return;
	has_controller =
		cgroup_hand_down(box.workloads_fd, "hugetlb", &box.err) == 0;
	fixture_set_privileged(&box);
	if (has_controller) {
		box.spec.resources.huge_pages = &pages;
		box.spec.resources.huge_page_count = 1;
	}
	CHECK(fixture_start(&box, mover) == 0);
	while (!strstr(box.output, "moved") && box.container.stdout_fd >= 0) {
		struct pollfd wait = { .fd = box.container.stdout_fd,
			.events = POLLIN };

		if (!CHECK(poll(&wait, 1, FIXTURE_TIMEOUT_MS) > 0))
			break;
		fixture_drain(&box, &box.container.stdout_fd);
	}
	CHECK(execute_shell("grep ^0: /proc/self/cgroup") == 0);
	CHECK(fixture_said(&box, has_controller ? "0::/inner\n" : "0::/"));
	fixture_close(&box);
}

static void test_exec_into_nothing(void)
{
	pid_t pid;

	if (!begin(NULL))
		return;
	CHECK(fixture_start(&box, (const char *const[]){ "true", NULL }) == 0);
	pid = box.container.pid;
	CHECK(fixture_finish(&box) == 0);
	box.container.pid = pid; /* as one who does not know yet */
	CHECK(execute_shell("true") == -ESRCH);
	CHECK(fixture_said(&box, "it has ended"));
	box.container.pid = 0;
	fixture_close(&box);
}

/* CVE-2024-21626: no descriptor of ours is a way out */
static void test_working_folder_of_exec(void)
{
	char cwd[32];

	if (!begin(NULL))
		return;
	CHECK(fixture_start(&box, sleeper) == 0);
	for (int i = 3; i < 24; i++) {
		const struct oci_process process = {
			.args = (const char *const[]){ "ls", NULL },
			.cwd = cwd,
		};

		(void)snprintf(cwd, sizeof(cwd), "/proc/self/fd/%d", i);
		check_row(cwd);
		CHECK(execute(&process) < 0);
		CHECK(fixture_said(&box, "error: change to folder '/proc/"));
	}
	fixture_close(&box);
}

static void test_stdin_and_descriptors(void)
{
	auto_fd other = -1;
	int kept;

	if (!begin(NULL))
		return;
	/* 3 is somebody's already; what is handed on keeps its number */
	kept = fcntl(box.workloads_fd, F_GETFD);
	CHECK(kept >= 0);
	box.request.keeps_stdin_open = true;
	CHECK(fixture_start(&box, (const char *const[]){ "cat", NULL }) == 0);
	CHECK(box.container.stdin_fd >= 0);
	CHECK(write(box.container.stdin_fd, "typed\n", 6) == 6);
	fd_close(&box.container.stdin_fd);
	CHECK(fixture_finish(&box) == 0);
	CHECK(strcmp(box.output, "typed\n") == 0);
	CHECK(container_clear(&box.container, box.workloads_fd, &box.err) == 0);
	fd_close(&box.root_fd);
	(void)fixture_mount_root(&box, true);
	other = fcntl(box.workloads_fd, F_DUPFD_CLOEXEC, 200);
	box.request.preserve_fds = 500;
	CHECK(fixture_start(&box, sleeper) == -EBADF);
	CHECK(fixture_said(&box, "error: hand on descriptor"));
	fixture_close(&box);
}

/* Reads the terminal until its other side is closed. */
static void read_terminal(void)
{
	size_t used = strlen(box.output);

	while (box.container.terminal_fd >= 0) {
		struct pollfd wait = { .fd = box.container.terminal_fd,
			.events = POLLIN };
		ssize_t size;

		if (!CHECK(poll(&wait, 1, FIXTURE_TIMEOUT_MS) > 0))
			return;
		size = read(wait.fd, box.output + used,
			sizeof(box.output) - 1 - used);
		if (size <= 0) /* EIO: nobody has it open any more */
			fd_close(&box.container.terminal_fd);
		used += size > 0 ? (size_t)size : 0;
		box.output[used] = '\0';
	}
}

static void test_terminal(void)
{
	static const char report[] =
		"tty; stat -c %a:%u /dev/console; stty size; "
		"echo typed >/dev/tty; cat /proc/self/stat | cut -d' ' -f6";

	for (int i = 0; i < 2; i++) {
		if (!begin("ln -s busybox layer/bin/tty; "
			   "ln -s busybox layer/bin/stty; "
			   "ln -s busybox layer/bin/cut"))
			return;
		if (i == 1)
			fixture_set_users(&box);
		box.spec.process.has_terminal = true;
		box.spec.process.console_height = 33;
		box.spec.process.console_width = 77;
		CHECK(fixture_start(&box, (const char *const[]){ "sh", "-c",
						  report, NULL }) == 0);
		CHECK(box.container.terminal_fd >= 0);
		CHECK(box.container.stdout_fd == -1);
		read_terminal();
		CHECK(fixture_finish(&box) == 0);
		CHECK(fixture_said(&box, "/dev/pts/0\r\n"));
		CHECK(fixture_said(&box, ":0\r\n33 77\r\ntyped\r\n1\r\n"));
		fixture_close(&box);
	}
}

static void test_terminal_of_exec(void)
{
	const struct oci_process process = {
		.args = (const char *const[]){ "tty", NULL },
		.env = fixture_env,
		.cwd = "/",
		.has_terminal = true,
	};
	struct container first;
	struct container_exec_request request = { .process = &process };

	if (!begin("ln -s busybox layer/bin/tty"))
		return;
	CHECK(fixture_start(&box, sleeper) == 0);
	first = box.container;
	request.container = &first;
	request.spec = &box.spec;
	CHECK(container_exec(&request, &box.container, &box.err) == 0);
	read_terminal();
	CHECK(fixture_finish(&box) == 0);
	CHECK(fixture_said(&box, "/dev/pts/0\r\n"));
	CHECK(container_clear(&box.container, -1, &box.err) == 0);
	box.container = first;
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

static void test_freeze(void)
{
	if (!begin(NULL))
		return;
	CHECK(fixture_start(&box, sleeper) == 0);
	CHECK(container_freeze(&box.container, true, &box.err) == 0);
	CHECK(cgroup_read(box.container.cgroup_dir_fd, "cgroup.events",
		      "frozen") == 1);
	CHECK(container_freeze(&box.container, false, &box.err) == 0);
	CHECK(cgroup_read(box.container.cgroup_dir_fd, "cgroup.events",
		      "frozen") == 0);
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
	RUN(test_exec);
	RUN(test_exec_beside_cgroups_of_the_container);
	RUN(test_exec_into_nothing);
	RUN(test_working_folder_of_exec);
	RUN(test_stdin_and_descriptors);
	RUN(test_terminal);
	RUN(test_terminal_of_exec);
	RUN(test_hooks_of_the_process);
	RUN(test_freeze);
	return check_done();
}
