// SPDX-License-Identifier: MIT
/* run_cgroup_test - real cgroups: made, frozen, listed, watched, removed */
#include "run/cgroup.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/sched.h>
#include <poll.h>
#include <sched.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "check.h"
#include "fault.h"
#include "lib/error.h"
#include "lib/fd.h"
#include "run/kernel.h"
#include "run/limits.h"
#include "run/oci.h"
#include "run_cgroup2.h"

#define WAIT_MS 10000

static char root_path[64];
static int root_fd = -1;
static struct error err;

static bool begin(void)
{
	const char *missing = cgroup2_enter();

	if (missing) {
		check_skip(missing);
		return false;
	}
	(void)snprintf(root_path, sizeof(root_path),
		"/sys/fs/cgroup/tare-cgroup-%d", (int)getpid());
	if (mkdir(root_path, 0755) < 0)
		abort();
	root_fd = open(root_path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	return root_fd >= 0;
}

static void end(void)
{
	fd_close(&root_fd);
	CHECK(rmdir(root_path) == 0); /* nothing is left in it */
}

static bool is_there(const char *path)
{
	return faccessat(root_fd, path, F_OK, 0) == 0;
}

/* A process in the cgroup that counts, or only waits, until it is killed. */
static pid_t worker(int dir_fd, volatile unsigned int *count)
{
	struct clone_args args = { .flags = CLONE_INTO_CGROUP,
		.exit_signal = SIGCHLD,
		.cgroup = (unsigned int)dir_fd };
	pid_t pid = kernel_clone3(&args);

	if (pid == 0) {
		for (;;) {
			if (count)
				(*count)++;
			else
				(void)pause();
		}
	}
	return pid;
}

static pid_t sleeper(int dir_fd)
{
	return worker(dir_fd, NULL);
}

static void end_process(pid_t pid)
{
	(void)kill(pid, SIGKILL);
	(void)waitpid(pid, NULL, 0);
}

static void test_parents_come_and_go(void)
{
	auto_fd fd = -1;

	if (!begin())
		return;
	fd = cgroup_make(root_fd, "a/b/c", &err);
	CHECK(fd >= 0);
	CHECK(is_there("a/b/c/cgroup.procs"));
	CHECK(mkdirat(root_fd, "a/x", 0755) == 0);
	CHECK(mkdirat(fd, "own", 0755) == 0 && mkdirat(fd, "own/d", 0755) == 0);
	CHECK(cgroup_remove(root_fd, "a/b/c", &err) == 0);
	CHECK(!is_there("a/b/c") && is_there("a/b"));
	CHECK(cgroup_remove(root_fd, "a/b/c", &err) == 0);
	CHECK(cgroup_prune(root_fd, "a/b/c", &err) == 0);
	CHECK(!is_there("a/b") && is_there("a/x"));
	CHECK(cgroup_remove(root_fd, "a/x", &err) == 0);
	CHECK(cgroup_prune(root_fd, "a/x", &err) == 0);
	CHECK(!is_there("a"));
	end();
}

static void test_an_empty_one_is_replaced(void)
{
	auto_fd old = -1;
	auto_fd new = -1;
	auto_fd busy = -1;
	struct stat before;
	struct stat after;
	pid_t pid;

	if (!begin())
		return;
	old = cgroup_make(root_fd, "a", &err);
	CHECK(mkdirat(old, "left", 0755) == 0 && fstat(old, &before) == 0);
	new = cgroup_make(root_fd, "a", &err);
	CHECK(new >= 0 && fstat(new, &after) == 0);
	CHECK(before.st_ino != after.st_ino && !is_there("a/left"));
	pid = sleeper(new);
	CHECK(pid > 0);
	CHECK(mkdirat(new, "empty", 0755) == 0);
	busy = cgroup_make(root_fd, "a", &err);
	CHECK(busy == -EBUSY && strstr(err.text, "'a': it is in use"));
	CHECK(is_there("a/empty"));
	CHECK(cgroup_remove(root_fd, "a", &err) == -EBUSY);
	end_process(pid);
	CHECK(cgroup_wait_empty(new, WAIT_MS) == 0);
	CHECK(cgroup_remove(root_fd, "a", &err) == 0);
	CHECK(cgroup_wait_empty(new, WAIT_MS) == 0); /* gone is empty */
	end();
}

static void test_paths_are_plain(void)
{
	static const char *const bad[] = { "", "/", "/a", "a//b", ".", "..",
		"../a", "a/../b", "a/./b", ".a", "a/.b", "a\nb" };
	char longer[CGROUP_PATH_SIZE + 1];

	if (!begin())
		return;
	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
		check_row(bad[i]);
		CHECK(cgroup_make(root_fd, bad[i], &err) == -EINVAL);
		CHECK(cgroup_open(root_fd, bad[i], &err) == -EINVAL);
		CHECK(cgroup_remove(root_fd, bad[i], &err) == -EINVAL);
		CHECK(cgroup_prune(root_fd, bad[i], &err) == -EINVAL);
	}
	check_row("longer");
	memset(longer, 'a', sizeof(longer) - 1);
	longer[sizeof(longer) - 1] = '\0';
	CHECK(cgroup_make(root_fd, longer, &err) == -ENAMETOOLONG);
	longer[CGROUP_PATH_SIZE - 1] = '\0';
	auto_fd fd = cgroup_make(root_fd, longer, &err);
	CHECK(fd >= 0);
	CHECK(cgroup_remove(root_fd, longer, &err) == 0);
	end();
}

static void test_freeze(void)
{
	volatile unsigned int *count = mmap(NULL, 4096, PROT_READ | PROT_WRITE,
		MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	auto_fd fd = -1;
	auto_fd deep = -1;
	unsigned int frozen_at;
	pid_t pid;

	if (!begin())
		return;
	fd = cgroup_make(root_fd, "a", &err);
	deep = cgroup_make(fd, "deep", &err);
	pid = worker(deep, count);
	while (*count == 0) /* it ends with the test's time */
		(void)sched_yield();
	CHECK(cgroup_freeze(fd, true, WAIT_MS, &err) == 0);
	CHECK(cgroup_read(deep, "cgroup.events", "frozen") == 1);
	frozen_at = *count;
	(void)poll(NULL, 0, 20); /* it could count to millions */
	CHECK(*count == frozen_at);
	CHECK(cgroup_freeze(fd, true, WAIT_MS, &err) == 0);
	CHECK(cgroup_freeze(fd, false, WAIT_MS, &err) == 0);
	CHECK(cgroup_read(deep, "cgroup.events", "frozen") == 0);
	while (*count == frozen_at)
		(void)sched_yield();
	end_process(pid);
	CHECK(cgroup_wait_empty(fd, WAIT_MS) == 0);
	CHECK(cgroup_remove(root_fd, "a", &err) == 0);
	(void)munmap((void *)(uintptr_t)count, 4096);
	end();
}

static void test_processes_are_listed(void)
{
	auto_fd fd = -1;
	auto_fd deep = -1;
	pid_t pids[2];
	pid_t found[8] = { 0 };

	if (!begin())
		return;
	fd = cgroup_make(root_fd, "a", &err);
	deep = cgroup_make(fd, "deep/er", &err);
	CHECK(cgroup_processes(fd, found, 8, &err) == 0);
	pids[0] = sleeper(fd);
	pids[1] = sleeper(deep);
	CHECK(cgroup_processes(fd, found, 8, &err) == 2);
	CHECK(found[0] == pids[0] && found[1] == pids[1]);
	CHECK(cgroup_processes(deep, found, 8, &err) == 1);
	CHECK(found[0] == pids[1]);
	found[1] = 0;
	CHECK(cgroup_processes(fd, found, 1, &err) == 2 && found[1] == 0);
	CHECK(cgroup_kill(fd, &err) == 0);
	for (size_t i = 0; i < 2; i++)
		CHECK(waitpid(pids[i], NULL, 0) == pids[i]);
	CHECK(cgroup_wait_empty(fd, WAIT_MS) == 0);
	CHECK(cgroup_remove(root_fd, "a", &err) == 0);
	end();
}

static void test_the_cgroup_of_a_process_is_found(void)
{
	auto_fd fd = -1;
	auto_fd deep = -1;
	struct stat wanted;
	struct stat got;
	pid_t pid;

	if (!begin())
		return;
	fd = cgroup_make(root_fd, "a", &err);
	deep = cgroup_make(fd, "x/y", &err);
	pid = sleeper(deep);
	auto_fd found = cgroup_open_process(fd, pid, &err);
	CHECK(found >= 0 && fstat(found, &got) == 0);
	CHECK(fstat(deep, &wanted) == 0 && wanted.st_ino == got.st_ino);
	auto_fd same = cgroup_open_process(deep, pid, &err);
	CHECK(fstat(same, &got) == 0 && wanted.st_ino == got.st_ino);
	CHECK(cgroup_open_process(fd, getpid(), &err) == -ESRCH);
	CHECK(strstr(err.text, "find the cgroup of process"));
	end_process(pid);
	CHECK(cgroup_wait_empty(fd, WAIT_MS) == 0);
	CHECK(cgroup_open_process(fd, pid, &err) == -ESRCH);
	CHECK(cgroup_remove(root_fd, "a", &err) == 0);
	end();
}

/* A process that our pid namespace does not see has the number 0 there. */
static void test_processes_of_others_have_no_number(void)
{
	auto_fd fd = -1;
	pid_t pid;
	int status = -1;

	if (!begin())
		return;
	fd = cgroup_make(root_fd, "a", &err);
	pid = sleeper(fd);
	if (fork() == 0) {
		pid_t inner = kernel_unshare(CLONE_NEWPID) < 0 ? -1 : fork();

		if (inner == 0)
			_exit(cgroup_processes(fd, NULL, 0, &err));
		(void)waitpid(inner, &status, 0);
		_exit(WEXITSTATUS(status));
	}
	CHECK(waitpid(-1, &status, 0) > 0 && WEXITSTATUS(status) == 0);
	CHECK(cgroup_processes(fd, NULL, 0, &err) == 1);
	end_process(pid);
	CHECK(cgroup_wait_empty(fd, WAIT_MS) == 0);
	CHECK(cgroup_remove(root_fd, "a", &err) == 0);
	end();
}

static void test_words_are_whole(void)
{
	static const char text[] = "oom_kill 5\noom 3\nnone\n7 8\n";
	char path[] = "/tmp/tare-words-XXXXXX";
	auto_fd fd = mkostemp(path, O_CLOEXEC);

	CHECK(fd_write_all(fd, text, sizeof(text) - 1) == 0);
	CHECK(cgroup_read(AT_FDCWD, path, "oom") == 3);
	CHECK(cgroup_read(AT_FDCWD, path, "oom_kill") == 5);
	CHECK(cgroup_read(AT_FDCWD, path, "kill") == 0);
	CHECK(cgroup_read(AT_FDCWD, path, "none") == 0);
	CHECK(cgroup_read(AT_FDCWD, path, "7") == 8);
	CHECK(cgroup_watch_read(fd, "oom") == 3);
	CHECK(pwrite(fd, "42\n", 3, 0) == 3);
	CHECK(cgroup_read(AT_FDCWD, path, NULL) == 42);
	(void)unlink(path);
	CHECK(cgroup_read(AT_FDCWD, path, NULL) == 0);
}

static void test_waiting_has_an_end(void)
{
	auto_fd fd = -1;
	pid_t pid;

	if (!begin())
		return;
	fd = cgroup_make(root_fd, "a", &err);
	pid = sleeper(fd);
	CHECK(cgroup_wait_empty(fd, 20) == -ETIMEDOUT);
	end_process(pid);
	CHECK(cgroup_wait_empty(fd, WAIT_MS) == 0);
	CHECK(cgroup_remove(root_fd, "a", &err) == 0);
	end();
}

static void test_events_are_seen(void)
{
	auto_fd fd = -1;
	auto_fd watch = -1;
	struct pollfd wait = { .events = POLLPRI };
	pid_t pid;

	if (!begin())
		return;
	fd = cgroup_make(root_fd, "a", &err);
	watch = wait.fd = cgroup_watch(fd, "cgroup.events");
	CHECK(watch >= 0);
	CHECK(cgroup_watch_read(watch, "populated") == 0);
	CHECK(poll(&wait, 1, 0) == 0);
	pid = sleeper(fd);
	CHECK(poll(&wait, 1, WAIT_MS) == 1 && wait.revents & POLLPRI);
	CHECK(cgroup_watch_read(watch, "populated") == 1);
	CHECK(cgroup_watch_read(watch, "popul") == 0);
	CHECK(poll(&wait, 1, 0) == 0);
	end_process(pid);
	CHECK(poll(&wait, 1, WAIT_MS) == 1);
	CHECK(cgroup_watch_read(watch, "populated") == 0);
	CHECK(cgroup_watch(fd, "no.events") == -ENOENT);
	CHECK(cgroup_remove(root_fd, "a", &err) == 0);
	end();
}

/* The one controller that a host with cgroup v1 leaves to v2. */
static void test_limits_of_huge_pages(void)
{
	const struct oci_huge_page_limit pages[] = { { "2MB", 4194304 } };
	struct oci_resources resources = { .huge_pages = pages,
		.huge_page_count = 1 };
	struct limits limits;
	auto_fd fd = -1;

	if (!begin())
		return;
	fd = cgroup_make(root_fd, "a/b", &err);
	CHECK(limits_plan(&resources, &limits, &err) == 0);
	if (access("/sys/kernel/mm/hugepages/hugepages-2048kB", F_OK) < 0) {
		check_skip("this kernel has no huge pages of 2 MiB");
	} else if (CHECK(limits_apply(fd, &limits, &err) == 0)) {
		/* handed down from the root of the hierarchy */
		CHECK(cgroup_read(fd, "hugetlb.2MB.max", NULL) == 4194304);
		CHECK(cgroup_read(fd, "hugetlb.2MB.rsvd.max", NULL) == 4194304);
		CHECK(is_there("a/hugetlb.2MB.max"));
	} else {
		printf("# %s\n", err.text);
	}
	CHECK(cgroup_hand_down(fd, "nonsense", &err) == -EOPNOTSUPP);
	CHECK(strstr(err.text, "no nonsense controller"));
	CHECK(cgroup_remove(root_fd, "a/b", &err) == 0);
	CHECK(cgroup_prune(root_fd, "a/b", &err) == 0);
	end();
}

static void test_nothing_is_left_open(void)
{
	unsigned int before;
	int fd;

	if (!begin())
		return;
	before = fault_count_fds();
	fd = cgroup_make(root_fd, "a/b", &err);
	fd_close(&fd);
	CHECK(cgroup_remove(root_fd, "a/b", &err) == 0);
	CHECK(cgroup_prune(root_fd, "a/b", &err) == 0);
	CHECK(fault_count_fds() == before);
	end();
}

int main(void)
{
	RUN(test_parents_come_and_go);
	RUN(test_an_empty_one_is_replaced);
	RUN(test_paths_are_plain);
	RUN(test_freeze);
	RUN(test_processes_are_listed);
	RUN(test_the_cgroup_of_a_process_is_found);
	RUN(test_processes_of_others_have_no_number);
	RUN(test_words_are_whole);
	RUN(test_waiting_has_an_end);
	RUN(test_events_are_seen);
	RUN(test_limits_of_huge_pages);
	RUN(test_nothing_is_left_open);
	return check_done();
}
