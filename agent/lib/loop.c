// SPDX-License-Identifier: MIT
/* loop - one thread that waits in one place */
#include "lib/loop.h"

#include <errno.h>
#include <stddef.h>
#include <sys/epoll.h>
#include <sys/timerfd.h>
#include <time.h>
#include <unistd.h>

#include "lib/error.h"
#include "lib/fd.h"

int loop_open(struct loop *loop, struct error *err)
{
	*loop = (struct loop){ .epoll_fd = epoll_create1(EPOLL_CLOEXEC) };
	if (loop->epoll_fd < 0)
		return error_errno(err, "create the event loop");
	return 0;
}

void loop_close(struct loop *loop)
{
	fd_close(&loop->epoll_fd);
}

int loop_add(struct loop *loop, struct watch *watch, uint32_t events,
	struct error *err)
{
	struct epoll_event event = { .events = events, .data.ptr = watch };

	if (epoll_ctl(loop->epoll_fd, EPOLL_CTL_ADD, watch->fd, &event) < 0)
		return error_errno(err, "watch descriptor %d", watch->fd);
	return 0;
}

void loop_remove(struct loop *loop, struct watch *watch)
{
	if (watch->fd < 0)
		return;
	/* a child may hold the same file description, so closing is not enough */
	(void)epoll_ctl(loop->epoll_fd, EPOLL_CTL_DEL, watch->fd, NULL);
	fd_close(&watch->fd);
}

static void on_timer(struct watch *watch, uint32_t events)
{
	struct timer *timer = container_of(watch, struct timer, watch);
	uint64_t expirations;

	(void)events;
	if (read(watch->fd, &expirations, sizeof(expirations)) < 0)
		return; /* disarmed between the event and here */
	timer->on_expire(timer);
}

int loop_add_timer(struct loop *loop, struct timer *timer,
	void (*on_expire)(struct timer *timer), struct error *err)
{
	int result;

	timer->on_expire = on_expire;
	timer->watch.on_ready = on_timer;
	timer->watch.fd =
		timerfd_create(CLOCK_BOOTTIME, TFD_CLOEXEC | TFD_NONBLOCK);
	if (timer->watch.fd < 0)
		return error_errno(err, "create a timer");
	result = loop_add(loop, &timer->watch, EPOLLIN, err);
	if (result < 0)
		fd_close(&timer->watch.fd);
	return result;
}

void loop_arm(struct timer *timer, uint64_t delay_ms)
{
	struct itimerspec when = { 0 };

	when.it_value.tv_sec = (time_t)(delay_ms / 1000);
	when.it_value.tv_nsec = (long)(delay_ms % 1000 * 1000000);
	if (delay_ms == 0)
		when.it_value.tv_nsec = 1; /* all zero would disarm */
	/* fails only for values that cannot arise here (timerfd_settime(2)) */
	(void)timerfd_settime(timer->watch.fd, 0, &when, NULL);
}

void loop_disarm(struct timer *timer)
{
	struct itimerspec never = { 0 };

	(void)timerfd_settime(timer->watch.fd, 0, &never, NULL);
}

int loop_run(struct loop *loop, struct error *err)
{
	loop->is_stopping = false;
	while (!loop->is_stopping) {
		struct epoll_event event;
		int count = epoll_wait(loop->epoll_fd, &event, 1, -1);

		if (count < 0 && errno != EINTR)
			return error_errno(err, "wait for events");
		if (count == 1) {
			struct watch *watch = event.data.ptr;

			watch->on_ready(watch, event.events);
		}
	}
	return 0;
}

void loop_stop(struct loop *loop)
{
	loop->is_stopping = true;
}

uint64_t loop_now_ms(void)
{
	struct timespec now;

	(void)clock_gettime(CLOCK_BOOTTIME, &now);
	return (uint64_t)now.tv_sec * 1000 + (uint64_t)now.tv_nsec / 1000000;
}
