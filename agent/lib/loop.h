/* SPDX-License-Identifier: MIT */
/*
 * loop - one thread that waits in one place
 *
 * A struct watch is embedded in its owner; the loop keeps no list and no heap.
 * One event is taken per wait, so a handler may remove any other watch, its
 * own included. Signals, timers and children are descriptors (signalfd(2),
 * timerfd_create(2), pidfd_open(2)).
 */
#ifndef TARE_LIB_LOOP_H
#define TARE_LIB_LOOP_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct error;
struct watch;

/* events: EPOLLIN, EPOLLHUP ... as epoll_ctl(2) names them. */
typedef void watch_fn(struct watch *watch, uint32_t events);

struct watch {
	int fd; /* -1: not watched; owned by the loop while added */
	watch_fn *on_ready;
};

/* A watch on a timer; on_ready is called once per loop_arm. */
struct timer {
	struct watch watch;
	void (*on_expire)(struct timer *timer);
};

struct loop {
	int epoll_fd;
	bool is_stopping;
};

/* The struct of type that has member at pointer. */
#define container_of(pointer, type, member) \
	((type *)(void *)((char *)(pointer)-offsetof(type, member)))

int loop_open(struct loop *loop, struct error *err);
void loop_close(struct loop *loop);

/* Watches watch->fd, which the caller has set, for events. */
int loop_add(struct loop *loop, struct watch *watch, uint32_t events,
	struct error *err);

/* Stops watching and closes watch->fd; fine when it is -1. */
void loop_remove(struct loop *loop, struct watch *watch);

/* Prepares a timer (CLOCK_BOOTTIME) that is not armed. */
int loop_add_timer(struct loop *loop, struct timer *timer,
	void (*on_expire)(struct timer *timer), struct error *err);

/* Fires once after delay_ms (0: at once). Arming again replaces. */
void loop_arm(struct timer *timer, uint64_t delay_ms);
void loop_disarm(struct timer *timer);

/* Handles events until loop_stop. 0, or -errno when waiting fails. */
int loop_run(struct loop *loop, struct error *err);
void loop_stop(struct loop *loop);

/* Milliseconds of CLOCK_BOOTTIME. */
uint64_t loop_now_ms(void);

#endif
