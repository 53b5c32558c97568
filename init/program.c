/* SPDX-License-Identifier: MIT */
/* program - run another program to its end, or to the end of its time */
#include "program.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdint.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include "file.h"

/* a program in the hands of a hanging disk does not even die: leave it */
#define DYING_MS 5000

static _Noreturn void become(const char *const argv[], const char *output)
{
	static const char *const environment[] = { "PATH=/sbin:/bin", NULL };
	int in = open("/dev/null", O_RDONLY);
	int out = open(output, O_WRONLY | O_CREAT | O_APPEND, 0600);

	(void)dup2(in, STDIN_FILENO);
	(void)dup2(out, STDOUT_FILENO);
	(void)dup2(out, STDERR_FILENO);
	(void)execve(argv[0], (char *const *)(uintptr_t)argv,
		(char *const *)(uintptr_t)environment);
	_exit(127);
}

int program_run(const char *const argv[], int limit_s, const char *output)
{
	pid_t pid = fork();
	if (pid < 0)
		return -errno;
	if (pid == 0)
		become(argv, output);

	auto_fd process = (int)syscall(SYS_pidfd_open, pid, 0);
	struct pollfd wait = { .fd = process, .events = POLLIN };
	int ready = process < 0 ? 1 : poll(&wait, 1, limit_s * 1000);
	if (ready == 0) {
		(void)kill(pid, SIGKILL);
		if (poll(&wait, 1, DYING_MS) > 0)
			(void)waitpid(pid, NULL, 0);
		return -ETIMEDOUT;
	}

	int status;
	if (waitpid(pid, &status, 0) < 0)
		return -errno;
	return WIFEXITED(status) ? WEXITSTATUS(status) : -EINTR;
}
