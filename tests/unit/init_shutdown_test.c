// SPDX-License-Identifier: MIT
/*
 * init_shutdown_test - stopping a machine, in a PID namespace of its own
 *
 * reboot(2) in there ends the namespace as if by SIGHUP, power off and halt as
 * if by SIGINT.
 */
int shutdown_main(int argc, char **argv);
#define main shutdown_main
#include "shutdown.c"
#undef main

#include <sched.h>
#include <sys/mman.h>

#include "check.h"

#define AGENT_NEEDS_MS 700
#define ALL_LIMIT_MS   15000

/* what the processes of a machine tell us */
static struct report {
	pid_t agent;
	int agent_was_asked, polite_was_asked, deaf_runs;
} * report;

static void sleep_ms(int64_t milliseconds)
{
	const struct timespec time = { .tv_sec = milliseconds / 1000,
		.tv_nsec = milliseconds % 1000 * 1000000 };

	(void)nanosleep(&time, NULL);
}

static pid_t spawn(void (*body)(void))
{
	pid_t pid = fork();
	sigset_t none;

	if (pid != 0)
		return pid;
	(void)sigemptyset(&none);
	(void)sigprocmask(SIG_SETMASK, &none, NULL);
	body();
	_exit(0);
}

static void on_term_agent(int signal)
{
	(void)signal;
	report->agent_was_asked++;
	sleep_ms(AGENT_NEEDS_MS);
	_exit(0);
}

static void on_term_polite(int signal)
{
	(void)signal;
	report->polite_was_asked++;
	_exit(0);
}

static void be_agent(void)
{
	(void)signal(SIGTERM, on_term_agent);
	for (;;)
		(void)pause();
}

static void be_hanging_agent(void)
{
	(void)signal(SIGTERM, SIG_IGN);
	for (;;)
		(void)pause();
}

static void be_polite(void)
{
	(void)signal(SIGTERM, on_term_polite);
	for (;;)
		(void)pause();
}

static void be_deaf(void)
{
	(void)signal(SIGTERM, SIG_IGN);
	for (;;)
		report->deaf_runs++;
}

static void be_stopped(void)
{
	(void)raise(SIGSTOP);
	for (;;)
		(void)pause();
}

/* many processes that are always about to be others */
static void be_bomb(void)
{
	(void)signal(SIGTERM, SIG_IGN);
	for (int depth = 0;; depth++) {
		pid_t pid = fork();
		if (pid == 0 && depth < 6)
			continue;
		if (pid > 0)
			_exit(0);
		if (pid < 0)
			sleep_ms(1);
		depth = 0;
	}
}

static int stop_machine(const char *way, void (*agent)(void), bool is_hostile)
{
	pid_t helper = fork();
	int status;

	if (helper == 0) {
		if (unshare(CLONE_NEWPID) < 0)
			_exit(1);
		pid_t child = fork();
		if (child == 0) {
			char number[16] = "0";
			sigset_t all;

			(void)sigfillset(&all);
			(void)sigprocmask(SIG_SETMASK, &all, NULL);
			if (agent)
				(void)snprintf(number, sizeof(number), "%d",
					spawn(agent));
			(void)spawn(be_polite);
			for (int i = 0; is_hostile && i < 3; i++) {
				(void)spawn(be_deaf);
				(void)spawn(be_stopped);
				(void)spawn(be_bomb);
			}
			sleep_ms(200); /* let them become what they are */
			char *argv[] = { (char[]){ "shutdown" },
				(char *)(uintptr_t)way, number, NULL };
			_exit(shutdown_main(3, argv));
		}
		(void)waitpid(child, &status, 0);
		_exit(WIFSIGNALED(status) ? 128 + WTERMSIG(status)
					  : WEXITSTATUS(status));
	}
	(void)waitpid(helper, &status, 0);
	return WEXITSTATUS(status);
}

static void test_ways(void)
{
	static const struct {
		const char *way;
		int status;
	} rows[] = {
		{ "reboot", 128 + SIGHUP },
		{ "poweroff", 128 + SIGINT },
		{ "halt", 128 + SIGINT },
		{ "nonsense", 128 + SIGHUP },
	};

	for (size_t i = 0; i < sizeof(rows) / sizeof(*rows); i++) {
		check_row(rows[i].way);
		memset(report, 0, sizeof(*report));
		int64_t start_ms = clock_ms();
		CHECK(stop_machine(rows[i].way, NULL, false) == rows[i].status);
		CHECK(report->polite_was_asked == 1);
		CHECK(clock_ms() - start_ms < 5000);
	}
}

/* the agent is asked alone, and everybody waits for it */
static void test_agent_comes_first(void)
{
	memset(report, 0, sizeof(*report));
	int64_t start_ms = clock_ms();
	CHECK(stop_machine("reboot", be_agent, false) == 128 + SIGHUP);
	CHECK(report->agent_was_asked == 1);
	CHECK(clock_ms() - start_ms >= AGENT_NEEDS_MS);
	CHECK(clock_ms() - start_ms < 5000);
}

static void test_hostile_processes(void)
{
	memset(report, 0, sizeof(*report));
	int64_t start_ms = clock_ms();
	CHECK(stop_machine("poweroff", be_hanging_agent, true) == 128 + SIGINT);
	CHECK(report->deaf_runs > 0);
	CHECK(report->polite_was_asked == 1);
	CHECK(clock_ms() - start_ms >= AGENT_MS);
	CHECK(clock_ms() - start_ms < ALL_LIMIT_MS);
}

static void test_refuses_to_be_any_process(void)
{
	char *argv[] = { (char[]){ "shutdown" }, (char[]){ "reboot" }, NULL };

	CHECK(shutdown_main(2, argv) == 1);
}

int main(void)
{
	report = mmap(NULL, 4096, PROT_READ | PROT_WRITE,
		MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	RUN(test_refuses_to_be_any_process);
	if (geteuid() != 0)
		return check_done();
	RUN(test_ways);
	RUN(test_agent_comes_first);
	RUN(test_hostile_processes);
	return check_done();
}
