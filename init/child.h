/* SPDX-License-Identifier: MIT */
/*
 * child - programs that netd runs beside it: clients of DHCP, and of time.
 *
 * One that ends is started again after 500 ms, twice as long each time, at
 * most 30 s. They end with netd.
 */
#ifndef INIT_CHILD_H
#define INIT_CHILD_H

#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

struct child {
	pid_t pid; /* 0: it does not run */
	int wait_ms;
	int64_t started_ms, due_ms; /* of clock_ms() */
};

/* fork; 0 in the child, which has /dev/null as its descriptors and is to
 * exec. -1 when it cannot be: it is tried again after a back-off. */
pid_t child_start(struct child *child, const char *cgroup);

/* In the child: a user of its own, with one right (CAP_...) and no other, kept
 * over exec. 0, or -1 and errno. */
#define CHILD_USER 65532 /* nobody else's on this machine */
int child_drop_rights(unsigned right);

/* is it to be started now? Else *next_ms is lowered to when it is. */
bool child_is_due(const struct child *child, int64_t now_ms, int64_t *next_ms);

/* it was reaped: true when it was this one, which starts again later */
bool child_reaped(struct child *child, pid_t pid);

/* end it; it may be started again at once */
void child_stop(struct child *child);

#endif
