// SPDX-License-Identifier: MIT
/*
 * tests of supervise/leftovers: real cgroups, with what may be found in them
 */
/* wrap: cgroup_kill cgroup_wait_empty */
#include "supervise/leftovers.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "check.h"
#include "lib/error.h"
#include "lib/fd.h"
#include "lib/loop.h"
#include "run/cgroup.h"
#include "run_fixture.h"

#define SERVICES 12

static char journal[1024];
static bool is_stubborn; /* nothing dies */
static unsigned int waited_ms;

static void note(const char *what, const char *who)
{
	size_t used = strlen(journal);

	(void)snprintf(journal + used, sizeof(journal) - used, "%s %s\n", what,
		who);
}

static void on_leftover(void *context, const char *service)
{
	(void)context;
	note("was", service);
}

int __real_cgroup_kill(int dir_fd, struct error *err);
int __wrap_cgroup_kill(int dir_fd, struct error *err);

int __wrap_cgroup_kill(int dir_fd, struct error *err)
{
	note("kill", "");
	return is_stubborn ? 0 : __real_cgroup_kill(dir_fd, err);
}

int __real_cgroup_wait_empty(int dir_fd, unsigned int timeout_ms);
int __wrap_cgroup_wait_empty(int dir_fd, unsigned int timeout_ms);

int __wrap_cgroup_wait_empty(int dir_fd, unsigned int timeout_ms)
{
	uint64_t began_ms = loop_now_ms();
	int result = __real_cgroup_wait_empty(dir_fd, timeout_ms);

	note("wait", "");
	waited_ms += (unsigned int)(loop_now_ms() - began_ms);
	return result;
}

static struct fixture fixture;

static void make_group(const char *path)
{
	CHECK(mkdirat(fixture.workloads_fd, path, 0755) == 0);
}

/* A process that ignores what can be ignored, in that group. */
static pid_t put_process(const char *path)
{
	char file[128];
	char id[16];
	pid_t pid = fork();

	if (pid == 0) {
		(void)signal(SIGTERM, SIG_IGN);
		for (;;)
			(void)pause();
	}
	(void)snprintf(file, sizeof(file), "%s/cgroup.procs", path);
	(void)snprintf(id, sizeof(id), "%d", (int)pid);
	CHECK(fd_write_file(fixture.workloads_fd, file, id, NULL) == 0);
	return pid;
}

static bool is_kept(void *context, const char *group)
{
	(void)context;
	return strcmp(group, "kept") == 0;
}

static const struct leftovers all = { is_kept, on_leftover, NULL };

static bool is_gone(const char *path)
{
	return faccessat(fixture.workloads_fd, path, F_OK, 0) < 0 &&
	       errno == ENOENT;
}

static bool begin(void)
{
	journal[0] = '\0';
	is_stubborn = false;
	waited_ms = 0;
	if (fixture_open(&fixture, NULL))
		return true;
	check_skip(fixture_missing);
	return false;
}

/* A service that is in no config, groups in groups, and empty ones. */
static void test_all_of_it_goes(void)
{
	struct error err = { 0 };
	pid_t pids[2];

	if (!begin())
		return;
	make_group("web");
	make_group("web@1");
	make_group("web@1/inner");
	make_group("web@1/inner/most");
	make_group("idle");
	make_group("idle@1");
	make_group("kept");
	pids[0] = put_process("web@1");
	pids[1] = put_process("web@1/inner/most");
	CHECK(leftovers_end(fixture.workloads_fd, &all, &err) == 0);
	CHECK(strstr(journal, "was web"));
	CHECK(!strstr(journal, "was idle"));
	CHECK(is_gone("web") && is_gone("idle"));
	CHECK(!is_gone("kept"));
	for (size_t i = 0; i < 2; i++) {
		int status = 0;

		CHECK(waitpid(pids[i], &status, 0) == pids[i]);
		CHECK(WIFSIGNALED(status) && WTERMSIG(status) == SIGKILL);
	}
	fixture_close(&fixture);
}

/* All are killed before one is waited for, and one limit is for all. */
static void test_stubborn_ones_share_one_limit(void)
{
	struct error err = { 0 };
	pid_t pids[SERVICES];
	char name[16];

	if (!begin())
		return;
	for (int i = 0; i < SERVICES; i++) {
		(void)snprintf(name, sizeof(name), "s%d", i);
		make_group(name);
		pids[i] = put_process(name);
	}
	is_stubborn = true;
	CHECK(leftovers_end(fixture.workloads_fd, &all, &err) == -ETIMEDOUT);
	CHECK(strstr(err.text, "end what is left of 's"));
	CHECK(waited_ms < 8000);
	CHECK(strstr(journal, "wait") > strstr(journal, "kill"));
	CHECK(!strstr(strstr(journal, "wait"), "kill"));
	is_stubborn = false;
	CHECK(leftovers_end(fixture.workloads_fd, &all, &err) == 0);
	for (int i = 0; i < SERVICES; i++)
		CHECK(waitpid(pids[i], NULL, 0) == pids[i]);
	CHECK(is_gone("s0"));
	fixture_close(&fixture);
}

int main(void)
{
	fixture_enter();
	RUN(test_all_of_it_goes);
	RUN(test_stubborn_ones_share_one_limit);
	return check_done();
}
