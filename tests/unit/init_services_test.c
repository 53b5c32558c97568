// SPDX-License-Identifier: MIT
/*
 * init_services_test - the table of services, with a clock and processes that
 * exist only here
 */
/* wrap: syscall kill open */
#include "services.h"

#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include "check.h"
#include "file.h"
#include "say.h"

#define MINUTE_MS 60000LL

static pid_t next_pid, killed;
static bool cannot_fork;

/* clone3(2) makes no child: only its number */
long __wrap_syscall(long number, void *args, size_t size);
long __wrap_syscall(long number, void *args, size_t size)
{
	(void)args;
	(void)size;
	if (number != SYS_clone3 || cannot_fork) {
		errno = ENOMEM;
		return -1;
	}
	return next_pid++;
}

int __wrap_kill(pid_t pid, int signal);
int __wrap_kill(pid_t pid, int signal)
{
	killed = signal == SIGKILL ? pid : 0;
	return 0;
}

int __real_open(const char *path, int flags, ...);
int __wrap_open(const char *path, int flags, mode_t mode);
int __wrap_open(const char *path, int flags, mode_t mode)
{
	(void)mode;
	return strcmp(path, say_notes_path) == 0 ? -1
						 : __real_open(path, flags);
}

static pid_t wait_status(int status)
{
	return status << 8; /* as wait(2) has it: exited with it */
}

/* The table lives as long as its process does, so each test has its own. */
static int in_child(void (*body)(void))
{
	int status = 0;

	(void)fflush(stdout);
	pid_t pid = fork();
	if (pid == 0) {
		unsigned before = check_failures;
		next_pid = 100;
		(void)freopen("/dev/null", "w", stderr);
		body();
		(void)fflush(stdout);
		_exit(check_failures > before);
	}
	(void)waitpid(pid, &status, 0);
	return status;
}

/* setup is 100, netd 101, dns 102, disks 103; then agent 104, probe 105 and
 * shell 106 */
static void boot(int64_t now_ms)
{
	(void)services_tick(now_ms);
	services_reaped(100, 0, now_ms);
	(void)services_tick(now_ms);
	CHECK(next_pid == 104); /* what is below disks waits */
	services_reaped(103, 0, now_ms);
	(void)services_tick(now_ms);
	CHECK(services_pid("agent") == 104);
	CHECK(services_pid("shell") == 106);
	CHECK(services_healthy(now_ms));
}

static void order(void)
{
	CHECK(services_tick(1000) <= SERVICES_LOOK_MS);
	CHECK(next_pid == 101);
	(void)services_tick(2000);
	CHECK(next_pid == 101); /* all wait for setup */
	CHECK(services_pid("netd") == 0);
	services_reaped(100, 0, 2000);
	(void)services_tick(2000);
	CHECK(services_pid("netd") == 101);
	CHECK(services_pid("dns") == 102);
	CHECK(services_pid("disks") == 103);
	CHECK(services_pid("agent") == 0);
}

/* one that hangs is no better than one that fails */
static void required_hangs(void)
{
	(void)services_tick(0);
	(void)services_tick(19000);
	CHECK(killed == 0);
	CHECK(services_healthy(19000));
	(void)services_tick(20000);
	CHECK(killed == 100);
	CHECK(!services_healthy(20000));
	services_reaped(100, SIGKILL, 20001);
	CHECK(!services_healthy(20001));
}

/* boot goes on without the disks, even when they keep it from dying */
static void disks_hang(void)
{
	(void)services_tick(0);
	services_reaped(100, 0, 0);
	(void)services_tick(0);
	(void)services_tick(3600 * 1000);
	CHECK(killed == 103);
	CHECK(services_pid("agent") == 104);
	CHECK(services_healthy(3600 * 1000));
	services_reaped(103, SIGKILL, 3700 * 1000);
	(void)services_tick(3800 * 1000);
	CHECK(services_pid("disks") == 0);
}

/* not in the first hours either: a person must be able to read the screen */
static void agent_never_works(void)
{
	int64_t now_ms = 5000;

	boot(now_ms);
	for (pid_t agent = 104; now_ms < 300 * MINUTE_MS;
		agent = next_pid - 1) {
		services_reaped(agent, wait_status(1), now_ms);
		int64_t idle_ms = services_tick(now_ms);
		CHECK(idle_ms >= 0 && idle_ms <= SERVICES_LOOK_MS);
		while (!services_pid("agent")) {
			now_ms += 500;
			(void)services_tick(now_ms);
		}
		if (!CHECK(services_healthy(now_ms)))
			return;
	}
	CHECK(next_pid > 500 && next_pid < 800); /* every 30 s */
}

static void agent_hangs(void)
{
	boot(0);
	(void)services_tick(29999);
	CHECK(killed != 104);
	(void)services_tick(30000);
	CHECK(services_pid("agent") == 104);
	services_reaped(104, SIGKILL, 30001);
	(void)services_tick(30001);
	CHECK(services_pid("agent") == 0);
	(void)services_tick(30501); /* it ran for long: no longer back-off */
	CHECK(services_pid("agent") == 107);
}

static void no_memory_for_a_child(void)
{
	cannot_fork = true;
	(void)services_tick(0);
	CHECK(services_pid("setup") == 0);
	CHECK(services_tick(0) == 500);
	cannot_fork = false;
	(void)services_tick(500);
	CHECK(services_pid("setup") == 100);
}

static void optional_is_not_needed(void)
{
	boot(0);
	services_reaped(105, 0, 1);
	services_reaped(106, 0, 1);
	services_reaped(101, 0, 1); /* netd is needed, whatever it says */
	(void)services_tick(MINUTE_MS);
	CHECK(services_pid("probe") == 0);
	CHECK(services_pid("shell") == 0);
	CHECK(services_pid("netd") == 107);
	services_reaped(102, 0, MINUTE_MS); /* and so is dns */
	(void)services_tick(2 * MINUTE_MS);
	CHECK(services_pid("dns") == 108);
}

static void strangers_are_nobodys_business(void)
{
	boot(0);
	services_reaped(1, 0, 1);
	services_reaped(99999, SIGSEGV, 1);
	CHECK(services_pid("agent") == 104);
	CHECK(services_healthy(1));
}

static void test_table(void)
{
	static const struct {
		const char *name;
		void (*body)(void);
	} rows[] = {
		{ "order", order },
		{ "required hangs", required_hangs },
		{ "disks hang", disks_hang },
		{ "agent never works", agent_never_works },
		{ "agent hangs", agent_hangs },
		{ "no memory for a child", no_memory_for_a_child },
		{ "optional is not needed", optional_is_not_needed },
		{ "strangers", strangers_are_nobodys_business },
	};

	for (size_t i = 0; i < sizeof(rows) / sizeof(*rows); i++) {
		check_row(rows[i].name);
		CHECK(in_child(rows[i].body) == 0);
	}
}

int main(void)
{
	RUN(test_table);
	return check_done();
}
