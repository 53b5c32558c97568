// SPDX-License-Identifier: MIT
/* run_terminal_proxy_test - a terminal in the foreground, and its end */
#include "run/terminal_proxy.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <termios.h>
#include <time.h>
#include <unistd.h>

#include "check.h"
#include "lib/error.h"
#include "lib/fd.h"

#define TIMEOUT_MS   20000
#define REST_MS      500
#define OUTPUT_BYTES (1024 * 1024)

/*
 * The terminal of a person (outer), that of a container (inner), a process on
 * the inner one and the proxy between them, each a child.
 */
struct scene {
	int outer_master, outer_slave;
	int inner_master, inner_slave;
	struct termios before;
	pid_t process, proxy;
	int process_fd, proxy_fd; /* pidfds */
	size_t used;
	char output[OUTPUT_BYTES]; /* what the person sees */
};

static struct scene scene;
static const char *missing;

static int pidfd_of(pid_t pid)
{
	int fd = (int)syscall(SYS_pidfd_open, pid, 0);

	if (fd < 0)
		abort();
	(void)fcntl(fd, F_SETFD, FD_CLOEXEC);
	return fd;
}

static bool open_pair(int *master, int *slave)
{
	char name[64];

	*master = posix_openpt(O_RDWR | O_NOCTTY | O_CLOEXEC);
	if (*master < 0 || grantpt(*master) < 0 || unlockpt(*master) < 0 ||
		ptsname_r(*master, name, sizeof(name)) != 0)
		return false;
	*slave = open(name, O_RDWR | O_NOCTTY | O_CLOEXEC);
	return *slave >= 0;
}

/* leads: the terminal goes with it; else others may keep it open. */
static void start_process(const char *text, bool leads)
{
	scene.process = fork();
	if (scene.process == 0) {
		if (leads && (setsid() < 0 || ioctl(scene.inner_slave,
						      TIOCSCTTY, 0) < 0))
			_exit(126);
		for (int fd = 0; fd < 3; fd++)
			(void)dup2(scene.inner_slave, fd);
		(void)execl("/bin/sh", "sh", "-c", text, (char *)NULL);
		_exit(127);
	}
	scene.process_fd = pidfd_of(scene.process);
	fd_close(&scene.inner_slave);
}

/* Exits with -result, or 99 when the error has no text. */
static void run_proxy(int in_fd, int out_fd)
{
	const struct terminal_proxy proxy = {
		.master_fd = scene.inner_master,
		.in_fd = in_fd,
		.out_fd = out_fd,
		.pid_fd = scene.process_fd,
	};
	struct error err = { .code = 0 };
	int result;

	(void)setsid();
	(void)ioctl(scene.outer_slave, TIOCSCTTY, 0);
	(void)close(scene.outer_master);
	result = terminal_proxy(&proxy, &err);
	_exit(result < 0 && !err.text[0] ? 99 : -result);
}

static void begin(const char *text, bool leads)
{
	scene = (struct scene){ .outer_master = -1, .proxy_fd = -1 };
	if (!open_pair(&scene.outer_master, &scene.outer_slave) ||
		!open_pair(&scene.inner_master, &scene.inner_slave) ||
		tcgetattr(scene.outer_slave, &scene.before) < 0)
		abort();
	start_process(text, leads);
}

static void begin_proxy(int in_fd, int out_fd)
{
	(void)fflush(stdout);
	scene.proxy = fork();
	if (scene.proxy == 0)
		run_proxy(in_fd, out_fd);
	scene.proxy_fd = pidfd_of(scene.proxy);
	fd_close(&scene.inner_master);
}

/* Reads what the person sees until it has this text, or the proxy ends. */
static bool sees(const char *text)
{
	while (!strstr(scene.output, text)) {
		struct pollfd waits[] = {
			{ .fd = scene.outer_master, .events = POLLIN },
			{ .fd = scene.proxy_fd, .events = POLLIN },
		};
		ssize_t size;

		if (poll(waits, 2, TIMEOUT_MS) <= 0)
			return false;
		/* the kernel may not have passed on the last of it */
		if (!(waits[0].revents & POLLIN) &&
			poll(waits, 1, REST_MS) != 1)
			return false;
		size = read(scene.outer_master, scene.output + scene.used,
			sizeof(scene.output) - 1 - scene.used);
		if (size <= 0)
			return false;
		scene.used += (size_t)size;
	}
	return true;
}

/* The exit status of the proxy, -1: it did not end. */
static int finish(void)
{
	struct pollfd wait = { .fd = scene.proxy_fd, .events = POLLIN };
	struct termios after;
	int status = -1;

	(void)sees("there is no such text");
	if (poll(&wait, 1, TIMEOUT_MS) != 1)
		(void)kill(scene.proxy, SIGKILL);
	(void)waitpid(scene.proxy, &status, 0);
	(void)kill(scene.process, SIGKILL);
	(void)waitpid(scene.process, NULL, 0);
	/* on every way out */
	CHECK(tcgetattr(scene.outer_slave, &after) == 0);
	CHECK(after.c_lflag == scene.before.c_lflag);
	CHECK(after.c_iflag == scene.before.c_iflag);
	CHECK(after.c_oflag == scene.before.c_oflag);
	fd_close(&scene.outer_master);
	fd_close(&scene.outer_slave);
	fd_close(&scene.process_fd);
	fd_close(&scene.proxy_fd);
	return WIFEXITED(status) ? WEXITSTATUS(status) : -1;
}

static void type(const char *text)
{
	if (write(scene.outer_master, text, strlen(text)) < 0)
		abort();
}

/* All of it, each line ended once: both terminals would do that. */
static void test_shows_all_output(void)
{
	size_t lines = 0;

	begin("seq 1 60000", true);
	begin_proxy(scene.outer_slave, scene.outer_slave);
	CHECK(finish() == 0);
	for (size_t i = 0; i < scene.used; i++)
		lines += scene.output[i] == '\n';
	CHECK(lines == 60000);
	CHECK(strstr(scene.output, "\r\n59999\r\n60000\r\n"));
	CHECK(!strstr(scene.output, "\r\r"));
}

static void test_passes_input_on(void)
{
	begin("echo ready; read x; echo \"got $x\"", true);
	begin_proxy(scene.outer_slave, scene.outer_slave);
	CHECK(sees("ready\r\n"));
	type("hello\r");
	CHECK(sees("got hello\r\n"));
	CHECK(finish() == 0);
	/* it is the inner one that echoes, once */
	CHECK(strstr(scene.output, "ready\r\nhello\r\ngot hello\r\n"));
}

static void test_leaves_control_characters_to_the_other_side(void)
{
	begin("trap 'echo interrupted; exit 0' INT; echo ready; "
	      "while :; do sleep 1; done",
		true);
	begin_proxy(scene.outer_slave, scene.outer_slave);
	CHECK(sees("ready"));
	type("\x03");
	CHECK(sees("interrupted"));
	CHECK(finish() == 0);
}

static void test_passes_the_size_on(void)
{
	struct winsize size = { .ws_row = 33, .ws_col = 77 };

	begin("trap 'stty size' WINCH; echo ready; read x; stty size; echo on; "
	      "while :; do sleep 0.1; done",
		true);
	if (ioctl(scene.outer_slave, TIOCSWINSZ, &size) < 0)
		abort();
	begin_proxy(scene.outer_slave, scene.outer_slave);
	CHECK(sees("ready"));
	type("\r");
	CHECK(sees("33 77"));
	CHECK(sees("on\r\n"));
	size.ws_row = 44;
	CHECK(ioctl(scene.outer_master, TIOCSWINSZ, &size) == 0);
	CHECK(sees("44 77"));
	(void)kill(scene.process, SIGKILL);
	CHECK(finish() == 0);
}

static void test_passes_signals_on(void)
{
	static const int signals[] = { SIGTERM, SIGINT, SIGHUP, SIGQUIT,
		SIGUSR1, SIGUSR2 };

	for (size_t i = 0; i < sizeof(signals) / sizeof(signals[0]); i++) {
		begin("for s in TERM INT HUP QUIT USR1 USR2; do "
		      "trap \"echo signal $s; exit 0\" $s; done; echo ready; "
		      "while :; do sleep 0.1; done",
			true);
		begin_proxy(scene.outer_slave, scene.outer_slave);
		CHECK(sees("ready"));
		CHECK(kill(scene.proxy, signals[i]) == 0);
		CHECK(sees("signal "));
		CHECK(finish() == 0);
	}
}

/* Drops what the person sees, until the proxy ends: true, or it is a lot. */
static bool ends_within(size_t bytes)
{
	size_t seen = 0;

	while (seen < bytes) {
		struct pollfd waits[] = {
			{ .fd = scene.outer_master, .events = POLLIN },
			{ .fd = scene.proxy_fd, .events = POLLIN },
		};
		ssize_t size;

		if (poll(waits, 2, TIMEOUT_MS) <= 0)
			return false;
		if (!(waits[0].revents & POLLIN))
			return true;
		size = read(scene.outer_master, scene.output,
			sizeof(scene.output) - 1);
		if (size <= 0)
			return false;
		seen += (size_t)size;
	}
	return false;
}

/* Somebody else still has the terminal open. */
static void test_ends_with_the_process(void)
{
	int other = 0;
	const char *at;

	begin("sleep 60 & echo \"other $!\"; exit 0", false);
	begin_proxy(scene.outer_slave, scene.outer_slave);
	CHECK(finish() == 0);
	at = strstr(scene.output, "other ");
	CHECK(at && sscanf(at, "other %d", &other) == 1);
	CHECK(other > 1 && kill(other, SIGKILL) == 0);

	/* and never stops to write */
	begin("yes & echo \"other $!\"; exit 0", false);
	begin_proxy(scene.outer_slave, scene.outer_slave);
	CHECK(sees("other "));
	CHECK(sees("y\r\ny\r\n"));
	at = strstr(scene.output, "other ");
	CHECK(at && sscanf(at, "other %d", &other) == 1);
	CHECK(ends_within(100UL * OUTPUT_BYTES));
	CHECK(other > 1 && kill(other, SIGKILL) == 0);
	CHECK(finish() == 0);
}

static void test_does_without_a_terminal(void)
{
	int fds[2];

	if (pipe2(fds, O_CLOEXEC) < 0)
		abort();
	begin("trap 'echo \"got $x\"; exit 0' TERM; read x; echo on; "
	      "while :; do sleep 0.1; done",
		true);
	begin_proxy(fds[0], scene.outer_slave);
	(void)close(fds[0]);
	if (write(fds[1], "line\n", 5) != 5)
		abort();
	CHECK(sees("\non\r"));
	(void)close(fds[1]); /* end of file, and output still to come */
	CHECK(kill(scene.proxy, SIGTERM) == 0);
	CHECK(sees("got line"));
	CHECK(finish() == 0);
}

/* Nobody reads the output any more: no signal, an error. */
static void test_survives_a_closed_output(void)
{
	int fds[2];

	if (pipe2(fds, O_CLOEXEC) < 0)
		abort();
	begin("while echo x; do sleep 0.1; done", true);
	(void)close(fds[0]);
	begin_proxy(scene.outer_slave, fds[1]);
	(void)close(fds[1]);
	CHECK(finish() == EPIPE);
}

int main(void)
{
	int master = -1;
	int slave = -1;

	if (!open_pair(&master, &slave))
		missing = "needs a devpts";
	fd_close(&master);
	fd_close(&slave);
	if (missing) {
		check_skip(missing);
		return check_done();
	}
	RUN(test_shows_all_output);
	RUN(test_passes_input_on);
	RUN(test_leaves_control_characters_to_the_other_side);
	RUN(test_passes_the_size_on);
	RUN(test_passes_signals_on);
	RUN(test_ends_with_the_process);
	RUN(test_does_without_a_terminal);
	RUN(test_survives_a_closed_output);
	return check_done();
}
