/* SPDX-License-Identifier: MIT */
/*
 * shell - shells on the machine's terminals, for roots that have one.
 *
 * Ends with status 0, which tells init that it is not needed, when the root
 * has no /bin/sh (a release) or the machine has none of the terminals.
 */
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <sys/ioctl.h>
#include <sys/wait.h>
#include <termios.h>
#include <unistd.h>

#include "clock.h"
#include "file.h"

#define SHELL     "/bin/sh"
#define SHORT_MS  1000
#define TERMINALS (sizeof(terminals) / sizeof(*terminals))

static struct terminal {
	const char *path;
	pid_t shell;
	int64_t started_ms;
} terminals[] = {
	{ .path = "/dev/console" },
#if defined(__aarch64__)
	{ .path = "/dev/ttyAMA1" },
#else
	{ .path = "/dev/ttyS1" },
#endif
};

/* ports that are not there have a device all the same, but no settings */
static int open_terminal(const char *path)
{
	struct termios settings;
	int fd = open(path, O_RDWR | O_NONBLOCK | O_NOCTTY | O_CLOEXEC);

	if (fd >= 0 && tcgetattr(fd, &settings) < 0) {
		(void)close(fd);
		return -1;
	}
	return fd;
}

/* A session of its own, so that job control and ctrl-C work. When it ends the
 * kernel hangs up all that has the terminal open, so each opens it anew. What
 * runs in a shell is not shielded from the memory killer. */
static _Noreturn void become_shell(int terminal)
{
	(void)setsid();
	(void)fcntl(terminal, F_SETFL, 0); /* it waits for its input */
	(void)file_control(terminal, TIOCSCTTY, NULL);
	for (int fd = STDIN_FILENO; fd <= STDERR_FILENO; fd++)
		(void)dup2(terminal, fd);
	(void)file_write("/proc/self/oom_score_adj", "0");
	(void)execl(SHELL, "sh", NULL);
	_exit(127);
}

static void start(struct terminal *terminal)
{
	auto_fd fd = open_terminal(terminal->path);
	if (fd < 0)
		return;
	terminal->started_ms = clock_ms();
	terminal->shell = fork();
	if (terminal->shell == 0)
		become_shell(fd);
}

/* what cannot work at all is tried once a second */
static void start_again(struct terminal *terminal)
{
	if (clock_ms() - terminal->started_ms < SHORT_MS)
		(void)sleep(1);
	start(terminal);
}

int main(void)
{
	if (access(SHELL, X_OK) < 0)
		return EXIT_SUCCESS;
	for (size_t i = 0; i < TERMINALS; i++)
		start(&terminals[i]);
	for (pid_t ended; (ended = wait(NULL)) > 0 || errno == EINTR;)
		for (size_t i = 0; i < TERMINALS; i++)
			if (ended > 0 && terminals[i].shell == ended)
				start_again(&terminals[i]);
	return EXIT_SUCCESS; /* none is left */
}
