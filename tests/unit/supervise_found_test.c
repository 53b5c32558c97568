// SPDX-License-Identifier: MIT
/* supervise_found_test - processes found again, in real cgroups */
#include "supervise/found.h"

#include <errno.h>
#include <fcntl.h>
#include <sched.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include "check.h"
#include "fault.h"
#include "lib/error.h"
#include "lib/fd.h"
#include "run/cgroup.h"
#include "run_fixture.h"

static struct fixture fixture;

static bool begin(void)
{
	if (fixture_open(&fixture, NULL))
		return true;
	check_skip(fixture_missing);
	return false;
}

static void make_group(const char *path)
{
	CHECK(mkdirat(fixture.workloads_fd, path, 0755) == 0);
}

static void enter(const char *path, pid_t pid)
{
	char file[128];
	char id[16];

	(void)snprintf(file, sizeof(file), "%s/cgroup.procs", path);
	(void)snprintf(id, sizeof(id), "%d", (int)pid);
	struct error err = { 0 };
	if (!CHECK(fd_write_file(fixture.workloads_fd, file, id, &err) == 0))
		printf("# %s\n", err.text);
}

static _Noreturn void rest(int out_fd)
{
	(void)dup2(out_fd, STDOUT_FILENO);
	(void)dup2(out_fd, STDERR_FILENO);
	for (;;)
		(void)pause();
}

/* A process with an own pid namespace, and one there that is number 1. */
static pid_t start_first(int out_fd, pid_t *outer)
{
	int pids[2];
	pid_t first = 0;

	CHECK(pipe2(pids, O_CLOEXEC) == 0);
	*outer = fork();
	if (*outer == 0) {
		if (unshare(CLONE_NEWPID) < 0)
			_exit(1);
		first = fork();
		if (first == 0)
			rest(out_fd);
		(void)!write(pids[1], &first, sizeof(first));
		for (;;)
			(void)pause();
	}
	(void)close(pids[1]);
	CHECK(read(pids[0], &first, sizeof(first)) == sizeof(first));
	(void)close(pids[0]);
	return first;
}

static struct found last;
static int visits;
static const char *known = "";

static bool is_known(void *context, const char *cgroup)
{
	(void)context;
	return strcmp(cgroup, known) == 0;
}

static void visit(void *context, struct found *found)
{
	(void)context;
	fd_close(&last.pid_fd);
	fd_close(&last.outputs[0]);
	fd_close(&last.outputs[1]);
	last = *found;
	visits++;
}

static void search(void)
{
	struct error err;

	visits = 0;
	last = (struct found){ .pid_fd = -1, .outputs = { -1, -1 } };
	CHECK(found_search(fixture.workloads_fd, is_known, visit, NULL, &err) ==
		0);
}

static void forget(void)
{
	fd_close(&last.pid_fd);
	fd_close(&last.outputs[0]);
	fd_close(&last.outputs[1]);
}

static void end_process(pid_t pid)
{
	(void)kill(pid, SIGKILL);
	(void)waitpid(pid, NULL, 0);
}

static pid_t child_of(pid_t pid)
{
	char path[64];
	char text[32] = "";
	int fd;

	(void)snprintf(path, sizeof(path), "/proc/%d/task/%d/children",
		(int)pid, (int)pid);
	fd = open(path, O_RDONLY | O_CLOEXEC);
	(void)!read(fd, text, sizeof(text) - 1);
	(void)close(fd);
	return (pid_t)strtol(text, NULL, 10);
}

static void test_the_first_process(void)
{
	unsigned int before = fault_count_fds();
	int pipes[2];
	char byte = 0;
	pid_t outer;
	pid_t other;
	pid_t first;

	if (!begin())
		return;
	make_group("idle");
	make_group("idle@1");
	make_group("team");
	make_group("team/web");
	make_group("team/web@1");
	make_group("team/web@1/inner");
	make_group("a");
	make_group("a/b");
	make_group("a/b/c");
	make_group("a/b/c/d");
	make_group("a/b/c/d@1");
	CHECK(pipe2(pipes, O_CLOEXEC) == 0);
	other = fork(); /* older, and in the same group */
	if (other == 0)
		rest(pipes[1]);
	first = start_first(pipes[1], &outer);
	enter("team/web@1/inner", other);
	enter("team/web@1", first);

	search();
	CHECK(visits == 1);
	CHECK(strcmp(last.service, "web") == 0);
	CHECK(strcmp(last.cgroup, "team/web@1") == 0);
	CHECK(last.pid == first && found_process(last.pid_fd) == first);
	CHECK(last.start_ticks > 0 &&
		last.start_ticks == found_start_ticks(first));
	/* its output can be read again, and nobody waits for it */
	CHECK(read(last.outputs[0], &byte, 1) < 0 && errno == EAGAIN);
	CHECK(write(pipes[1], "x", 1) == 1);
	CHECK(read(last.outputs[1], &byte, 1) == 1 && byte == 'x');
	forget();

	known = "team/web@1";
	search();
	CHECK(visits == 0);
	enter("a/b/c/d@1", outer); /* as far down as a config puts it */
	search();
	CHECK(visits == 1 && strcmp(last.cgroup, "a/b/c/d@1") == 0);
	forget();
	known = "";

	/* without a number 1 it is the oldest */
	enter("team", first);
	enter("team/web@1", outer);
	search();
	CHECK(visits == 1 && last.pid == other);
	forget();

	end_process(outer);
	end_process(other);
	(void)kill(first, SIGKILL);
	(void)close(pipes[0]);
	(void)close(pipes[1]);
	fixture_close(&fixture);
	CHECK(fault_count_fds() == before);
}

/* Number 1 of a pid namespace that the container itself has made. */
static void test_a_number_1_further_in(void)
{
	int pipes[2];
	int group_fd;
	pid_t outer;
	pid_t inner;
	pid_t first;

	if (!begin())
		return;
	make_group("deep");
	make_group("deep@1");
	group_fd = cgroup_open(fixture.workloads_fd, "deep@1", NULL);
	CHECK(pipe2(pipes, O_CLOEXEC) == 0);
	outer = fork();
	if (outer == 0) {
		if (unshare(CLONE_NEWPID) < 0)
			_exit(1);
		first = fork();
		if (first == 0) {
			if (unshare(CLONE_NEWPID) < 0 || fork() >= 0)
				rest(pipes[1]);
			_exit(1);
		}
		(void)!write(pipes[1], &first, sizeof(first));
		rest(pipes[1]);
	}
	CHECK(read(pipes[0], &first, sizeof(first)) == sizeof(first));
	while ((inner = child_of(first)) == 0)
		(void)sched_yield();
	enter("deep@1", inner);
	enter("deep@1", first);
	search();
	CHECK(visits == 1 && last.pid == first);
	forget();

	end_process(outer);
	(void)kill(first, SIGKILL);
	CHECK(cgroup_wait_empty(group_fd, 1000) == 0);
	(void)close(group_fd);
	CHECK(cgroup_remove(fixture.workloads_fd, "deep", NULL) == 0);
	(void)close(pipes[0]);
	(void)close(pipes[1]);
	fixture_close(&fixture);
}

/* A device or a file is not opened: that may do something. */
static void test_output_that_is_no_pipe(void)
{
	int null_fd = open("/dev/null", O_RDWR | O_CLOEXEC);
	pid_t pid;

	if (!begin())
		return;
	make_group("web");
	make_group("web@1");
	pid = fork();
	if (pid == 0)
		rest(null_fd);
	enter("web@1", pid);
	search();
	CHECK(visits == 1 && last.pid == pid);
	CHECK(last.outputs[0] == -1 && last.outputs[1] == -1);
	forget();
	end_process(pid);
	fd_close(&null_fd);
	fixture_close(&fixture);
}

static void test_processes(void)
{
	int status = 0;
	uint64_t inode;
	int again_fd;
	int own_fd;
	int pid_fd;
	pid_t pid = fork();

	if (pid == 0)
		(void)execl("/bin/sleep", "sleep", "1000", NULL);
	while (!found_has_executed(pid))
		(void)sched_yield();
	pid_fd = (int)syscall(SYS_pidfd_open, pid, 0);
	inode = found_inode(pid_fd);
	again_fd = (int)syscall(SYS_pidfd_open, pid, 0);
	own_fd = (int)syscall(SYS_pidfd_open, getpid(), 0);
	CHECK(found_process(pid_fd) == pid);
	CHECK(found_process(STDIN_FILENO) == 0);
	CHECK(found_process(-1) == 0);
	CHECK(inode > 0 && found_inode(again_fd) == inode);
	CHECK(found_inode(own_fd) != inode && found_inode(-1) == 0);
	CHECK(!found_has_executed(getpid()));
	(void)kill(pid, SIGKILL);
	CHECK(waitpid(pid, &status, 0) == pid);
	CHECK(found_process(pid_fd) == -1 && found_inode(pid_fd) == inode);
	CHECK(found_start_ticks(pid) == 0 && !found_has_executed(pid));
	fd_close(&pid_fd);
	fd_close(&again_fd);
	fd_close(&own_fd);
}

int main(void)
{
	fixture_enter();
	RUN(test_the_first_process);
	RUN(test_a_number_1_further_in);
	RUN(test_output_that_is_no_pipe);
	RUN(test_processes);
	return check_done();
}
