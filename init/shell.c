/* SPDX-License-Identifier: MIT */
/*
 * shell - a shell on a terminal, again and again, for roots that have one.
 *
 *     shell TERMINAL
 *
 * Ends with status 0, which tells init that it is not needed, when the root
 * has no /bin/sh (a release) or the machine has no such port.
 */
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <sys/ioctl.h>
#include <sys/wait.h>
#include <termios.h>
#include <unistd.h>

#include "file.h"

#define SHELL "/bin/sh"

/* ports that are not there have a device all the same, but no settings */
static int open_terminal(const char *path)
{
	struct termios settings;
	int fd = open(path, O_RDWR | O_NONBLOCK | O_NOCTTY | O_CLOEXEC);

	if (fd < 0 || tcgetattr(fd, &settings) < 0)
		return -1;
	(void)fcntl(fd, F_SETFL, 0); /* the shell waits for its input */
	return fd;
}

/* A session of its own, so that job control and ctrl-C work. When it ends the
 * kernel hangs up all that has the terminal open, so each opens it anew. What
 * runs in a shell is not shielded from the memory killer. */
static _Noreturn void become_shell(const char *path)
{
	(void)setsid();
	int terminal = open_terminal(path);
	(void)file_control(terminal, TIOCSCTTY, NULL);
	for (int fd = STDIN_FILENO; fd <= STDERR_FILENO; fd++)
		(void)dup2(terminal, fd);
	(void)file_write("/proc/self/oom_score_adj", "0");
	(void)execl(SHELL, "sh", NULL);
	_exit(127);
}

int main(int argc, char **argv)
{
	for (;;) {
		auto_fd terminal = argc == 2 ? open_terminal(argv[1]) : -1;
		if (terminal < 0 || access(SHELL, X_OK) < 0)
			return EXIT_SUCCESS;

		pid_t shell = fork();
		if (shell < 0)
			return EXIT_FAILURE; /* init tries again later */
		if (shell == 0)
			become_shell(argv[1]);
		while (waitpid(shell, NULL, 0) < 0 && errno == EINTR)
			;
	}
}
