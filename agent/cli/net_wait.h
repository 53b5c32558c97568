/* SPDX-License-Identifier: MIT */
/*
 * net_wait - waits for a descriptor, a deadline or Ctrl-C
 *
 * SIGINT and SIGTERM are blocked while one is open, so that a command ends with
 * its summary. Times are nanoseconds of CLOCK_MONOTONIC.
 */
#ifndef TARE_CLI_NET_WAIT_H
#define TARE_CLI_NET_WAIT_H

#include <stdbool.h>
#include <stdint.h>

struct error;

#define NET_WAIT_S UINT64_C(1000000000)

struct net_wait {
	int signal_fd;
	bool is_stopped; /* somebody wants an end of it */
};

int net_wait_open(struct net_wait *wait, struct error *err);
void net_wait_close(struct net_wait *wait);

/*
 * Until fd (-1: none) has one of the events of poll(2). 1: it has; 0: the
 * deadline is over; -EINTR: stopped; another negative errno: it cannot wait.
 */
int net_wait_for(struct net_wait *wait, int fd, short events,
	uint64_t deadline_ns);

uint64_t net_wait_now(void);

#endif
