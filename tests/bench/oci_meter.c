// SPDX-License-Identifier: MIT
/*
 * oci_meter - runs a command and tells what it took, itself taking little
 *
 *   oci_meter COMMAND [ARGUMENT...]
 *
 * Prints "STATUS WALL CPU RSS": microseconds from start to end, of user and
 * system time of the command and of all that it waited for, and KiB of the
 * largest of them. Its own memory counts as the least RSS, so it is static.
 */
#include <fcntl.h>
#include <stdint.h>
#include <stdio.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

static int64_t now_us(void)
{
	struct timespec now;

	(void)clock_gettime(CLOCK_MONOTONIC, &now);
	return (int64_t)now.tv_sec * 1000000 + now.tv_nsec / 1000;
}

static int64_t us(struct timeval time)
{
	return (int64_t)time.tv_sec * 1000000 + time.tv_usec;
}

int main(int argc, char **argv)
{
	struct rusage usage;
	int64_t start = now_us();
	int64_t wall;
	int status;
	pid_t pid;

	if (argc < 2)
		return 2;
	pid = vfork();
	if (pid == 0) {
		(void)execvp(argv[1], argv + 1);
		_exit(127);
	}
	if (pid < 0 || wait4(pid, &status, 0, &usage) < 0)
		return 2;
	wall = now_us() - start;
	printf("%d %lld %lld %ld\n", status, (long long)wall,
		(long long)(us(usage.ru_utime) + us(usage.ru_stime)),
		usage.ru_maxrss);
	return 0;
}
