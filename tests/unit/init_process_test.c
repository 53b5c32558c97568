// SPDX-License-Identifier: MIT
/*
 * init_process_test - process 1 itself, in namespaces of its own
 *
 * The whole program runs as process 1 of a new PID namespace. Its /sbin holds
 * shell scripts in place of the services, its /dev a fifo as the console. All
 * that it says comes out of that fifo and is waited for with a deadline.
 */
/* wrap: open pipe2 dup2 syscall waitpid */
int init_main(void);
#define main init_main
#include "init.c"
#undef main

#include <errno.h>
#include <poll.h>
#include <sched.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>

#include "check.h"
#include "fault.h"
#include "file.h"

static bool has_pipes = true;

int __real_pipe2(int fds[2], int flags);
int __wrap_pipe2(int fds[2], int flags);
int __wrap_pipe2(int fds[2], int flags)
{
	if (has_pipes)
		return fault_strikes() ? -1 : __real_pipe2(fds, flags);
	errno = EMFILE;
	return -1;
}

FAULT_WRAP(int, dup2, (int from, int to), (from, to))
FAULT_WRAP(long, syscall, (long number, long a, long b, long c, long d),
	(number, a, b, c, d))

int __real_open(const char *path, int flags, ...);
int __wrap_open(const char *path, int flags, mode_t mode);
int __wrap_open(const char *path, int flags, mode_t mode)
{
	return fault_strikes() ? -1 : __real_open(path, flags, mode);
}

/* somebody's children end faster than process 1 can reap them */
static bool is_storm;

pid_t __real_waitpid(pid_t pid, int *status, int options);
pid_t __wrap_waitpid(pid_t pid, int *status, int options);
pid_t __wrap_waitpid(pid_t pid, int *status, int options)
{
	pid_t ended = __real_waitpid(pid, status, options);

	return is_storm && options == WNOHANG && ended == 0 ? INT32_MAX : ended;
}

#define DEADLINE_MS 20000
#define FAULTS_MAX  30

static char said[65536]; /* by all that ran since start() */
static int console = -1;
static pid_t machine; /* our name of the process 1 over there */

/* what stands in for each service, unless a test says otherwise */
static const struct script {
	const char *name, *text;
} usual[] = {
	{ "setup", "exit 0" },
	{ "disks", "[ \"$1\" = --probe ] && exit 0; exit 0" },
	{ "netd", "exec sleep 1000" },
	{ "tare-dns", "exec sleep 1000" },
	{ "shell", "exit 0" },
	{ "tare-agent",
		"echo x >&3; echo agent is up; : >/run/up; exec sleep 1000" },
	{ "shutdown", "echo shutdown \"$@\"" },
};

static bool write_script(const char *name, const char *text)
{
	char path[64];

	(void)snprintf(path, sizeof(path), "/usr/sbin/%s", name);
	FILE *file = fopen(path, "we");
	if (!file)
		return false;
	(void)fprintf(file, "#!/bin/sh\n%s\n", text);
	return fclose(file) == 0 && chmod(path, 0755) == 0;
}

static bool write_usual(const char *name)
{
	for (size_t i = 0; i < sizeof(usual) / sizeof(*usual); i++)
		if (strcmp(usual[i].name, name) == 0)
			return write_script(name, usual[i].text);
	return false;
}

static bool make_world(void)
{
	if (unshare(CLONE_NEWNS) < 0 ||
		mount(NULL, "/", NULL, MS_REC | MS_PRIVATE, NULL) < 0 ||
		mount("x", "/usr/sbin", "tmpfs", 0, NULL) < 0 ||
		mount("x", "/dev", "tmpfs", 0, NULL) < 0 ||
		mount("x", "/run", "tmpfs", 0, NULL) < 0 ||
		mkdir("/run/tare", 0755) < 0 ||
		mknod("/dev/null", S_IFCHR | 0666, makedev(1, 3)) < 0 ||
		mkfifo("/dev/console", 0600) < 0)
		return false;
	for (size_t i = 0; i < sizeof(usual) / sizeof(*usual); i++)
		if (!write_script(usual[i].name, usual[i].text))
			return false;
	console = open("/dev/console", O_RDWR | O_NONBLOCK | O_CLOEXEC);
	return console >= 0;
}

static void read_console(int wait_ms)
{
	struct pollfd wait = { .fd = console, .events = POLLIN };
	size_t used = strlen(said);

	if (poll(&wait, 1, wait_ms) <= 0)
		return;
	ssize_t got = read(console, said + used, sizeof(said) - 1 - used);
	if (got > 0)
		said[used + (size_t)got] = '\0';
}

static bool hear(const char *text)
{
	int64_t deadline_ms = clock_ms() + DEADLINE_MS;

	while (!strstr(said, text) && clock_ms() < deadline_ms)
		read_console((int)(deadline_ms - clock_ms()));
	if (strstr(said, text))
		return true;
	printf("# not heard: %s; but: %s\n", text, said);
	return false;
}

static unsigned times_heard(const char *text)
{
	unsigned count = 0;

	read_console(0);
	for (const char *at = said; (at = strstr(at, text)); at++)
		count++;
	return count;
}

/* every machine needs a PID namespace of its own, which unshare(2) gives to
 * the first child only: so a helper process per machine */
static pid_t helper;

static bool has_inheritance; /* what the first stage opens */

static bool start_machine(void)
{
	int pids[2];

	said[0] = '\0';
	if (pipe(pids) < 0)
		return false;
	helper = fork();
	if (helper == 0) {
		if (unshare(CLONE_NEWPID) < 0)
			_exit(1);
		pid_t child = fork();
		if (child == 0) {
			/* as the first stage leaves it */
			for (int fd = 0; fd <= STDERR_FILENO; fd++)
				(void)__real_dup2(console, fd);
			if (has_inheritance)
				inherit_open();
			_exit(init_main());
		}
		(void)dprintf(pids[1], "%d", child);
		(void)close(pids[1]);
		int status = 0;
		(void)waitpid(child, &status, 0);
		_exit(WIFSIGNALED(status) ? 128 + WTERMSIG(status)
					  : WEXITSTATUS(status));
	}
	(void)close(pids[1]);
	char text[16] = "";
	ssize_t got = read(pids[0], text, sizeof(text) - 1);
	(void)close(pids[0]);
	machine = (pid_t)strtol(text, NULL, 10);
	return got > 0 && machine > 0;
}

static int end_machine(void)
{
	int status = -1;

	(void)waitpid(helper, &status, 0);
	return WIFEXITED(status) ? WEXITSTATUS(status) : -1;
}

static void test_starts_and_stops(void)
{
	static const struct {
		int signal;
		const char *way;
	} rows[] = {
		{ SIGTERM, "shutdown reboot " },
		{ SIGINT, "shutdown reboot " },
		{ SIGUSR2, "shutdown poweroff " },
		{ SIGPWR, "shutdown poweroff " },
		{ SIGUSR1, "shutdown halt " },
	};

	for (size_t i = 0; i < sizeof(rows) / sizeof(*rows); i++) {
		check_row(rows[i].way);
		if (!CHECK(start_machine()))
			return;
		CHECK(hear("agent is up"));
		CHECK(kill(machine, rows[i].signal) == 0);
		CHECK(hear(rows[i].way));
		CHECK(!strstr(said, "shutdown reboot 0"));
		CHECK(end_machine() == 0);
	}
}

/* nothing but the requests and faults of its own does anything to it */
static void test_survives_all_other_signals(void)
{
	CHECK(start_machine());
	CHECK(hear("agent is up"));
	for (int round = 0; round < 100; round++)
		for (int signal = 1; signal < SIGRTMAX; signal++)
			if (signal != SIGTERM && signal != SIGINT &&
				signal != SIGUSR1 && signal != SIGUSR2 &&
				signal != SIGPWR && signal != SIGKILL &&
				signal != SIGSTOP)
				(void)kill(machine, signal);
	CHECK(kill(machine, SIGTERM) == 0);
	CHECK(hear("shutdown reboot "));
	CHECK(end_machine() == 0);
}

static void test_reboot_during_boot(void)
{
	CHECK(write_script("setup", "echo setting up; exec sleep 1000"));
	CHECK(start_machine());
	CHECK(hear("setting up"));
	CHECK(kill(machine, SIGTERM) == 0);
	CHECK(hear("shutdown reboot 0"));
	CHECK(end_machine() == 0);
	CHECK(write_usual("setup"));
}

static void test_restarts_with_back_off(void)
{
	CHECK(write_script("tare-agent", "echo agent is up; exit 7"));
	CHECK(start_machine());
	CHECK(hear("agent: exited with status 7"));
	CHECK(hear("agent: restarting in 500 ms"));
	CHECK(hear("agent: restarting in 1000 ms"));
	CHECK(hear("agent: restarting in 2000 ms"));
	if (!CHECK(times_heard("agent is up") == 3))
		printf("# heard: %s\n", said);
	CHECK(kill(machine, SIGTERM) == 0);
	CHECK(hear("shutdown reboot "));
	CHECK(end_machine() == 0);
	CHECK(write_usual("tare-agent"));
}

/* one that worked is missed: it is back soon, however often it ends */
static void test_what_worked_is_back_soon(void)
{
	CHECK(write_script("tare-agent", "echo x >&3; echo agent is up"));
	CHECK(start_machine());
	while (times_heard("agent is up") < 8 && hear("agent is up"))
		read_console(100);
	CHECK(times_heard("restarting in 200 ms") >= 7);
	CHECK(!strstr(said, "restarting in 500 ms"));
	CHECK(kill(machine, SIGTERM) == 0);
	CHECK(hear("shutdown reboot "));
	CHECK(end_machine() == 0);
	CHECK(write_usual("tare-agent"));
}

/* the store and the pipe of orphans are the same for every agent */
static void test_what_outlives_the_agent(void)
{
	CHECK(write_script("tare-agent",
		"cd /proc/self/fd; [ -S 4 ] && [ -S 5 ] && [ -p 6 ] && "
		"[ ! -e 7 ] && [ ! -e 102 ] && [ \"$TARE_KEEP_FD\" = 4 ] && "
		"echo all there; readlink 4 5 6; "
		"if [ -e /run/second ]; then until [ -n \"$e\" ]; do "
		"e=$(dd bs=8 count=1 <&6 2>/dev/null | od -An -i); done; "
		"echo ended: $e; exec sleep 1000; fi; "
		": >/run/second; (sh -c 'exit 7' &); "
		"echo x >&3; exit 0"));
	CHECK(write_script("netd",
		"cd /proc/self/fd; [ ! -e 4 ] && echo netd: nothing; "
		"exec sleep 1000"));
	has_inheritance = true;
	CHECK(start_machine());
	has_inheritance = false;
	CHECK(hear("all there"));
	CHECK(hear("netd: nothing"));
	CHECK(hear("ended: "));
	CHECK(hear(" 1792\n")); /* exit status 7 */
	CHECK(times_heard("all there") == 2);
	CHECK(times_heard("socket:[") == 4);
	CHECK(kill(machine, SIGTERM) == 0);
	CHECK(end_machine() == 0);
	CHECK(unlink("/run/second") == 0);
	CHECK(write_usual("tare-agent"));
	CHECK(write_usual("netd"));
}

static void test_boot_goes_on_without_disks(void)
{
	CHECK(write_script("disks", "exit 3"));
	CHECK(start_machine());
	CHECK(hear("disks: exited with status 3"));
	CHECK(hear("agent is up"));
	CHECK(kill(machine, SIGTERM) == 0);
	CHECK(end_machine() == 0);
	CHECK(unlink("/usr/sbin/disks") == 0);
	CHECK(start_machine());
	CHECK(hear("disks: run '/sbin/disks': No such file"));
	CHECK(hear("agent is up"));
	CHECK(kill(machine, SIGTERM) == 0);
	CHECK(end_machine() == 0);
	CHECK(write_usual("disks"));
}

static void test_a_required_step_that_fails_reboots(void)
{
	CHECK(write_script("setup", "exit 1"));
	CHECK(start_machine());
	CHECK(hear("setup: exited with status 1"));
	CHECK(hear("shutdown reboot 0"));
	CHECK(!strstr(said, "agent is up"));
	CHECK(end_machine() == 0);
	CHECK(write_usual("setup"));
}

/* a child that init has, living or dead, as the kernel counts them */
static int count_children(void)
{
	char path[64], text[65536];
	int children = 0;

	(void)snprintf(path, sizeof(path), "/proc/%d/task/%d/children", machine,
		machine);
	ssize_t length = file_read(path, text, sizeof(text));
	for (ssize_t i = 0; i < length; i++)
		children += text[i] == ' ';
	return length < 0 ? -1 : children;
}

/* orphans by the thousand leave no zombie behind */
static void test_reaps_orphans(void)
{
	CHECK(write_script("netd",
		"i=0; while [ $i -lt 2000 ]; do (true &); i=$((i+1)); done; "
		"echo orphans are made; exec sleep 1000"));
	CHECK(start_machine());
	CHECK(hear("orphans are made"));
	CHECK(hear("agent is up"));
	int64_t deadline_ms = clock_ms() + 1000;
	while (count_children() > 3 && clock_ms() < deadline_ms)
		(void)sched_yield();
	CHECK(count_children() == 3); /* netd, dns and the agent */
	CHECK(kill(machine, SIGTERM) == 0);
	CHECK(end_machine() == 0);
	CHECK(write_usual("netd"));
}

/* the services have their turn, whatever else goes on */
static void test_a_storm_of_children(void)
{
	is_storm = true;
	CHECK(start_machine());
	is_storm = false;
	CHECK(hear("agent is up"));
	CHECK(kill(machine, SIGTERM) == 0);
	CHECK(hear("shutdown reboot "));
	CHECK(end_machine() == 0);
}

/* Without its pipe a service is not told of one: it would write its heartbeats
 * into whatever it opens first. */
static void test_no_heartbeat_pipe(void)
{
	CHECK(write_script("tare-agent",
		"echo \"pipe is ${TARE_INIT_FD:-none}\"; exec sleep 1000"));
	has_pipes = false;
	CHECK(start_machine());
	has_pipes = true;
	CHECK(hear("agent: make its heartbeat pipe"));
	CHECK(hear("pipe is none"));
	CHECK(kill(machine, SIGTERM) == 0);
	CHECK(end_machine() == 0);
	CHECK(write_usual("tare-agent"));
}

/* without /sbin/shutdown it still restarts: in a namespace that is SIGHUP */
static void test_missing_shutdown(void)
{
	CHECK(unlink("/usr/sbin/shutdown") == 0);
	CHECK(start_machine());
	CHECK(hear("agent is up"));
	CHECK(kill(machine, SIGTERM) == 0);
	CHECK(hear("run '/sbin/shutdown'"));
	CHECK(end_machine() == 128 + SIGHUP);
	CHECK(write_usual("shutdown"));
}

/* Waits for a file that the agent makes: it cannot be heard without console. */
static bool is_up(void)
{
	int64_t deadline_ms = clock_ms() + DEADLINE_MS;

	while (access("/run/up", F_OK) < 0 && clock_ms() < deadline_ms)
		read_console(10);
	return access("/run/up", F_OK) == 0;
}

/* Whatever single call fails on the way up, the agent comes up. */
static void test_faults_on_the_way_up(void)
{
	for (unsigned int nth = 1; nth <= FAULTS_MAX; nth++) {
		(void)unlink("/run/up");
		fault_arm(nth, EMFILE);
		has_inheritance = nth % 2;
		if (!CHECK(start_machine()))
			return;
		if (!CHECK(is_up()))
			printf("# with call %u failing: %s\n", nth, said);
		CHECK(kill(machine, SIGKILL) == 0);
		CHECK(end_machine() >= 0);
	}
	(void)fault_fired();
}

static bool can_run;

static void test_world(void)
{
	if (geteuid() != 0 || !make_world())
		check_skip("needs root and namespaces");
	else
		can_run = true;
}

int main(void)
{
	RUN(test_world);
	if (!can_run)
		return check_done();
	RUN(test_starts_and_stops);
	RUN(test_survives_all_other_signals);
	RUN(test_reboot_during_boot);
	RUN(test_restarts_with_back_off);
	RUN(test_what_worked_is_back_soon);
	RUN(test_what_outlives_the_agent);
	RUN(test_boot_goes_on_without_disks);
	RUN(test_a_required_step_that_fails_reboots);
	RUN(test_reaps_orphans);
	RUN(test_a_storm_of_children);
	RUN(test_no_heartbeat_pipe);
	RUN(test_missing_shutdown);
	RUN(test_faults_on_the_way_up);
	return check_done();
}
