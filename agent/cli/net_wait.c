// SPDX-License-Identifier: MIT
/* net_wait - waits for a descriptor, a deadline or Ctrl-C */
#include "cli/net_wait.h"

#include <errno.h>
#include <poll.h>
#include <signal.h>
#include <stddef.h>
#include <sys/signalfd.h>
#include <time.h>

#include "lib/error.h"
#include "lib/fd.h"

int net_wait_open(struct net_wait *wait, struct error *err)
{
	sigset_t set;

	wait->is_stopped = false;
	(void)sigemptyset(&set);
	(void)sigaddset(&set, SIGINT);
	(void)sigaddset(&set, SIGTERM);
	(void)sigprocmask(SIG_BLOCK, &set, NULL);
	wait->signal_fd = signalfd(-1, &set, SFD_CLOEXEC | SFD_NONBLOCK);
	return wait->signal_fd < 0 ? error_errno(err, "wait for signals") : 0;
}

void net_wait_close(struct net_wait *wait)
{
	fd_close(&wait->signal_fd);
}

int net_wait_for(struct net_wait *wait, int fd, short events,
	uint64_t deadline_ns)
{
	struct pollfd polled[] = {
		{ .fd = wait->signal_fd, .events = POLLIN },
		{ .fd = fd, .events = events },
	};
	uint64_t now_ns = net_wait_now();
	uint64_t left_ns = deadline_ns > now_ns ? deadline_ns - now_ns : 0;
	const struct timespec limit = {
		.tv_sec = (time_t)(left_ns / NET_WAIT_S),
		.tv_nsec = (long)(left_ns % NET_WAIT_S),
	};
	int result;

	if (wait->is_stopped)
		return -EINTR;
	do {
		result = ppoll(polled, 2, &limit, NULL);
	} while (result < 0 && errno == EINTR);
	if (result < 0)
		return -errno;
	if (polled[0].revents) {
		wait->is_stopped = true;
		return -EINTR;
	}
	return polled[1].revents ? 1 : 0;
}

uint64_t net_wait_now(void)
{
	struct timespec now;

	(void)clock_gettime(CLOCK_MONOTONIC, &now);
	return (uint64_t)now.tv_sec * NET_WAIT_S + (uint64_t)now.tv_nsec;
}
