/* SPDX-License-Identifier: MIT */
/*
 * services - the programs process 1 starts, watches and starts again.
 *
 *               start            exit: once, or not needed
 *   WAITING --------------> RUNNING ----------------------> FINISHED
 *      ^                       |
 *      +-----------------------+  exit: again after a back-off
 *
 * Rows are started from the first to the last; a "once" row holds back those
 * below it until it has finished. All times are those of clock_ms().
 */
#ifndef INIT_SERVICES_H
#define INIT_SERVICES_H

#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

#define SERVICES_LOOK_MS 10000 /* between two looks at the heartbeats */

/* start what is due, end what is silent or too slow; returns how long nothing
 * will be due, at most SERVICES_LOOK_MS */
int64_t services_tick(int64_t now_ms);

/* a child of ours was reaped; one that is no service is an orphan, and how it
 * ended goes into its pipe (inherit.h) */
void services_reaped(pid_t pid, int status, int64_t now_ms);

/* false, and said why, when only a restart of the machine can help */
bool services_healthy(int64_t now_ms);

/* the process of a service, 0 when it does not run */
pid_t services_pid(const char *name);

#endif
