/* SPDX-License-Identifier: MIT */
/* watchdog - the clocks in the hardware that restart a hanging machine */
#include "watchdog.h"

#include <fcntl.h>
#include <linux/watchdog.h>
#include <unistd.h>

#include "file.h"

#define WATCHDOGS 2
#define FIRST_FD  100 /* above all that init ever opens */

void watchdog_open(void)
{
	const char *const paths[] = { "/dev/watchdog0", "/dev/watchdog1" };
	int timeout_s = WATCHDOG_TIMEOUT_S;

	for (int i = 0; i < WATCHDOGS; i++) {
		auto_fd fd = open(paths[i], O_WRONLY | O_CLOEXEC);
		if (fd < 0)
			continue;
		/* one that keeps its own time is better than none */
		(void)file_control(fd, WDIOC_SETTIMEOUT, &timeout_s);
		(void)dup2(fd, FIRST_FD + i);
	}
}

/* EBADF is the answer of those that are not there */
static void tell(const char *byte)
{
	for (int fd = FIRST_FD; fd < FIRST_FD + WATCHDOGS; fd++) {
		ssize_t written = write(fd, byte, 1);
		(void)written;
	}
}

void watchdog_pet(void)
{
	tell("p");
}

void watchdog_close(void)
{
	tell("V"); /* the magic close: without it closing does not stop it */
	for (int fd = FIRST_FD; fd < FIRST_FD + WATCHDOGS; fd++)
		(void)close(fd);
}
