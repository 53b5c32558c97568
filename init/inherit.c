/* SPDX-License-Identifier: MIT */
/* inherit - what process 1 holds all its life, opened before init itself runs
 */
#include "inherit.h"

#include <fcntl.h>
#include <linux/input.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <sys/socket.h>
#include <unistd.h>

#include "file.h"
#include "say.h"

#define STORE_BYTES (8 << 20)  /* the kernel doubles it */
#define PIPE_BYTES  (64 << 10) /* eight thousand orphans that nobody read */

/* The copy survives an exec; one that cannot be made is said. */
static void place(int fd, int at)
{
	if (dup2(fd, at) < 0)
		note("init", "keep a descriptor at %d: %m", at);
	(void)close(fd);
}

static void open_store(void)
{
	const int size = STORE_BYTES;
	int ends[2];

	if (socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, ends) < 0) {
		note("init", "make the store of descriptors: %m");
		return;
	}
	for (int i = 0; i < 2; i++)
		if (setsockopt(ends[i], SOL_SOCKET, SO_SNDBUFFORCE, &size,
			    sizeof(size)) < 0)
			note("init", "enlarge the store of descriptors: %m");
	place(ends[0], INHERIT_STORE_FD);
	place(ends[1], INHERIT_QUEUE_FD);
}

static void open_orphans(void)
{
	int ends[2];

	if (pipe2(ends, O_NONBLOCK | O_CLOEXEC) < 0) {
		note("init", "make the pipe of orphans: %m");
		return;
	}
	(void)fcntl(ends[0], F_SETPIPE_SZ, PIPE_BYTES);
	place(ends[0], INHERIT_ENDED_FD);
	place(ends[1], INHERIT_ORPHAN_FD);
}

static bool has_power_key(int fd)
{
	uint8_t keys[KEY_MAX / 8 + 1] = { 0 };

	return file_control(fd, EVIOCGBIT(EV_KEY, sizeof(keys)), keys) >= 0 &&
	       keys[KEY_POWER / 8] & 1U << KEY_POWER % 8;
}

static void open_power_buttons(void)
{
	char path[32];
	int at = INHERIT_BUTTON_FD;

	for (int i = 0; i < INHERIT_BUTTONS; i++) {
		(void)snprintf(path, sizeof(path), "/dev/input/event%d", i);
		int fd = open(path, O_RDONLY | O_CLOEXEC);
		if (fd >= 0 && has_power_key(fd)) {
			(void)fcntl(fd, F_SETOWN, getpid());
			(void)fcntl(fd, F_SETFL, O_NONBLOCK | O_ASYNC);
			place(fd, at++);
		} else if (fd >= 0)
			(void)close(fd);
	}
}

void inherit_open(void)
{
	open_store();
	open_orphans();
	open_power_buttons();
}
