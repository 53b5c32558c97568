// SPDX-License-Identifier: MIT
/* run_exec_test - processes more in a container, and what all have at hand */
#include <signal.h>
#include <sys/resource.h>

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
	RUN(test_exec);
	RUN(test_exec_beside_cgroups_of_the_container);
	RUN(test_exec_into_nothing);
	RUN(test_working_folder_of_exec);
	RUN(test_stdin_and_descriptors);
	RUN(test_terminal);
	RUN(test_terminal_of_exec);
	RUN(test_freeze);
	return check_done();
}
