// SPDX-License-Identifier: MIT
/*
 * init_crash_test - faults of process 1, in namespaces of their own
 *
 * reboot(2) in a PID namespace ends it as if by SIGHUP: that is how its
 * parent sees that process 1 restarted its machine.
 */
#include "crash.h"

#include <fcntl.h>
#include <sched.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "check.h"
#include "file.h"

#define LIMIT_S 5

static void write_nowhere(void)
{
	volatile char *page =
		mmap(NULL, 4096, PROT_READ, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	*page = 1;
}

static void read_past_the_file(void)
{
	int fd = open("/dev/empty", O_RDWR | O_CREAT, 0600);
	volatile char *page = mmap(NULL, 4096, PROT_READ, MAP_SHARED, fd, 0);
	(void)*page;
}

static void trap(void)
{
	__builtin_trap();
}

static void divide(void)
{
	(void)raise(SIGFPE);
}

/* the stack is full: the handler has its own */
static void overflow(void)
{
	volatile char fill[65536];

	fill[0] = 1;
	if (fill[0])
		overflow();
	fill[1] = fill[0]; /* work after the call: it is no loop */
}

/* what a child does between fork and exec is not process 1's fault */
static void crash_in_child(void)
{
	pid_t child = fork();
	if (child == 0)
		write_nowhere();
	int status;
	(void)waitpid(child, &status, 0);
	_exit(WIFEXITED(status) && WEXITSTATUS(status) == 127 ? 42 : 1);
}

/* somebody sends the signals: nothing happens */
static void be_sent(void)
{
	int to_child[2];

	if (pipe(to_child) < 0)
		_exit(1);
	pid_t child = fork();
	if (child == 0) {
		for (int i = 0; i < 100; i++) {
			(void)kill(1, SIGSEGV);
			(void)kill(1, SIGBUS);
			(void)kill(1, SIGABRT);
			(void)kill(1, SIGILL);
			(void)kill(1, SIGFPE);
		}
		_exit(0);
	}
	int status;
	while (waitpid(child, &status, 0) < 0)
		;
	_exit(42);
}

static const struct {
	const char *name;
	void (*fault)(void);
	int status; /* 0: ended by the restart */
	const char *line;
} rows[] = {
	{ "SIGSEGV", write_nowhere, 0, "bad memory access" },
	{ "SIGBUS", read_past_the_file, 0, "bus error" },
	{ "SIGILL", trap, 0, "illegal instruction" },
	{ "SIGFPE", divide, 0, "arithmetic error" },
	{ "SIGABRT", abort, 0, "aborted" },
	{ "stack overflow", overflow, 0, "bad memory access" },
	{ "a child crashes", crash_in_child, 42, NULL },
	{ "sent by others", be_sent, 42, NULL },
};

static int64_t now_s(void)
{
	struct timespec now;

	(void)clock_gettime(CLOCK_MONOTONIC, &now);
	return now.tv_sec;
}

static int run_as_process_1(void (*fault)(void))
{
	pid_t helper = fork();
	if (helper == 0) {
		if (unshare(CLONE_NEWPID) < 0)
			_exit(1);
		pid_t child = fork();
		if (child == 0) {
			crash_catch();
			fault();
			_exit(2);
		}
		int status;
		(void)waitpid(child, &status, 0);
		_exit(WIFSIGNALED(status) ? 128 + WTERMSIG(status)
					  : WEXITSTATUS(status));
	}
	int status;
	(void)waitpid(helper, &status, 0);
	return WEXITSTATUS(status);
}

static bool has(const char *path, const char *text)
{
	char content[1024];
	ssize_t length = file_read(path, content, sizeof(content));

	return length > 0 && strstr(content, text);
}

static void test_faults_restart(void)
{
	if (geteuid() != 0 || unshare(CLONE_NEWNS) < 0 ||
		mount(NULL, "/", NULL, MS_REC | MS_PRIVATE, NULL) < 0 ||
		mount("x", "/dev", "tmpfs", 0, NULL) < 0) {
		check_skip("needs root and namespaces");
		return;
	}
	for (size_t i = 0; i < sizeof(rows) / sizeof(*rows); i++) {
		check_row(rows[i].name);
		(void)close(
			open("/dev/console", O_RDWR | O_CREAT | O_TRUNC, 0600));
		(void)close(
			open("/dev/kmsg", O_RDWR | O_CREAT | O_TRUNC, 0600));
		int64_t start_s = now_s();
		int status = run_as_process_1(rows[i].fault);
		CHECK(now_s() - start_s < LIMIT_S);
		CHECK(status ==
			(rows[i].status ? rows[i].status : 128 + SIGHUP));
		CHECK(!rows[i].line || has("/dev/console", rows[i].line));
		CHECK(!rows[i].line || has("/dev/kmsg", rows[i].line));
		CHECK(rows[i].line || !has("/dev/console", "crashed"));
	}
}

int main(void)
{
	RUN(test_faults_restart);
	return check_done();
}
