// SPDX-License-Identifier: MIT
/*
 * tests of init/reaper: process 1 of containers
 *
 * The program itself, in a process of its own, which as a subreaper has the
 * same duties as process 1 of a container has by the kernel.
 */
int reaper_main(int count, char **arguments);
#define main reaper_main
#include "reaper.c"
#undef main

#include <fcntl.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>

#include "check.h"

#define DEADLINE_MS 10000

static pid_t reaper;
static int output = -1;

/* Runs `reaper sh -c script` with its output in a pipe. */
static bool start(const char *program, const char *script)
{
	char *words[] = { strdup("reaper"), strdup(program), strdup("-c"),
		strdup(script), NULL };
	int ends[2];

	if (!CHECK(pipe2(ends, O_CLOEXEC) == 0))
		return false;
	reaper = fork();
	if (reaper == 0) {
		(void)dup2(ends[1], STDOUT_FILENO);
		(void)dup2(ends[1], STDERR_FILENO);
		_exit(reaper_main(4, words));
	}
	for (size_t i = 0; words[i]; i++)
		free(words[i]);
	(void)close(ends[1]);
	output = ends[0];
	return CHECK(reaper > 0);
}

/* Waits until it has said that much more; "" at the end or too late. */
static const char *hear(const char *wanted)
{
	static char text[4096];
	size_t used = 0;

	text[0] = '\0';
	while (!strstr(text, wanted)) {
		struct pollfd ready = { .fd = output, .events = POLLIN };
		ssize_t got;

		if (poll(&ready, 1, DEADLINE_MS) != 1)
			return "";
		got = read(output, text + used, sizeof(text) - 1 - used);
		if (got <= 0)
			return "";
		used += (size_t)got;
		text[used] = '\0';
	}
	return text;
}

static int end(void)
{
	int status = -1;

	CHECK(waitpid(reaper, &status, 0) == reaper);
	(void)close(output);
	return WIFEXITED(status) ? WEXITSTATUS(status) : -1;
}

static void test_status(void)
{
	static const struct {
		const char *program, *script;
		int status;
	} rows[] = {
		{ "sh", "exit 0", 0 },
		{ "sh", "exit 7", 7 },
		{ "sh", "kill -9 $$", 137 },
		{ "/no/such/program", "", 127 },
		{ "/etc", "", 126 },
	};
	char name[] = "reaper";
	char *alone[] = { name, NULL };

	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		check_row(rows[i].program);
		if (start(rows[i].program, rows[i].script))
			CHECK(end() == rows[i].status);
	}
	CHECK(reaper_main(1, alone) == 2);
}

static void test_the_reason(void)
{
	if (!start("/no/such/program", ""))
		return;
	CHECK(strstr(hear("\n"), "reaper: execute /no/such/program: No such"));
	CHECK(end() == 127);
}

/* Signals reach the program, those that would end its parent as well. */
static void test_signals(void)
{
	static const char script[] =
		"for s in TERM HUP USR1 CHLD WINCH; do trap \"echo got $s\" $s; done; "
		"trap 'echo bye; exit 5' QUIT; "
		"echo ready; while :; do sleep 0.01; done";

	if (!start("sh", script))
		return;
	CHECK(strstr(hear("ready"), "ready"));
	CHECK(kill(reaper, SIGTERM) == 0);
	CHECK(strstr(hear("got TERM"), "got TERM"));
	CHECK(kill(reaper, SIGHUP) == 0);
	CHECK(strstr(hear("got HUP"), "got HUP"));
	CHECK(kill(reaper, SIGUSR1) == 0);
	CHECK(strstr(hear("got USR1"), "got USR1"));
	CHECK(kill(reaper, SIGWINCH) == 0);
	CHECK(strstr(hear("got WINCH"), "got WINCH"));
	CHECK(kill(reaper, SIGQUIT) == 0);
	CHECK(strstr(hear("bye"), "bye"));
	CHECK(end() == 5);
}

/* An orphan of an orphan is taken away; it is not left as a zombie. */
static void test_orphans(void)
{
	/* each inner shell ends before what it has started */
	static const char script[] =
		"p=$(sh -c 'sleep 0.1 >/dev/null & echo $!'); "
		"grep -q \"^PPid:.$PPID\\$\" /proc/$p/status || echo not its child; "
		"n=0; while [ $n -lt 20 ]; do sh -c 'sleep 0.05 & :'; n=$((n+1)); done; "
		"t=0; while [ $t -lt 500 ]; do "
		"c=$(cat /proc/$PPID/task/*/children | wc -w); "
		"[ $c = 1 ] && echo clean && exit 0; sleep 0.02; t=$((t+1)); "
		"done; echo left $c; exit 1";
	const char *text;

	if (!start("sh", script))
		return;
	text = hear("clean");
	if (!CHECK(strstr(text, "clean") && !strstr(text, "not its child")))
		printf("# %s\n", text);
	CHECK(end() == 0);
}

/* The program does not inherit that signals are held. */
static void test_signal_mask(void)
{
	if (!start("sh", "grep SigBlk /proc/self/status"))
		return;
	CHECK(strstr(hear("\n"), "SigBlk:\t0000000000000000"));
	CHECK(end() == 0);
}

int main(void)
{
	RUN(test_status);
	RUN(test_the_reason);
	RUN(test_signals);
	RUN(test_orphans);
	RUN(test_signal_mask);
	return check_done();
}
