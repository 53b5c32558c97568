// SPDX-License-Identifier: MIT
/* lib_loop_test - events arrive, timers fire once, nothing is left open */
/* wrap: epoll_create1 epoll_ctl epoll_wait timerfd_create */
#include "lib/loop.h"

#include <fcntl.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/timerfd.h>
#include <unistd.h>

#include "check.h"
#include "fault.h"
#include "lib/error.h"

FAULT_WRAP(int, epoll_create1, (int flags), (flags))
FAULT_WRAP(int, epoll_ctl, (int fd, int op, int target, struct epoll_event *e),
	(fd, op, target, e))
FAULT_WRAP(int, epoll_wait, (int fd, struct epoll_event *e, int max, int wait),
	(fd, e, max, wait))
FAULT_WRAP(int, timerfd_create, (int clock, int flags), (clock, flags))

struct subject {
	struct loop loop;
	struct watch pipe, other;
	struct timer timer, deadline;
	unsigned int events, expirations;
	uint32_t last_events;
	bool is_late;
};

static void on_deadline(struct timer *timer)
{
	struct subject *s = container_of(timer, struct subject, deadline);

	s->is_late = true;
	loop_stop(&s->loop);
}

/* A loop that gives up after 5 s, so that a lost event is a failure. */
static bool open_subject(struct subject *s)
{
	struct error err;

	*s = (struct subject){ .pipe.fd = -1, .other.fd = -1 };
	s->timer.watch.fd = -1;
	if (!CHECK(loop_open(&s->loop, &err) == 0) ||
		!CHECK(loop_add_timer(&s->loop, &s->deadline, on_deadline,
			       &err) == 0))
		return false;
	loop_arm(&s->deadline, 5000);
	return true;
}

static void close_subject(struct subject *s)
{
	CHECK(!s->is_late);
	loop_remove(&s->loop, &s->pipe);
	loop_remove(&s->loop, &s->other);
	loop_remove(&s->loop, &s->timer.watch);
	loop_remove(&s->loop, &s->deadline.watch);
	loop_close(&s->loop);
}

static void on_pipe(struct watch *watch, uint32_t events)
{
	struct subject *s = container_of(watch, struct subject, pipe);
	char byte;

	s->events++;
	s->last_events = events;
	if (read(watch->fd, &byte, 1) == 0)
		loop_remove(&s->loop, watch);
	loop_stop(&s->loop);
}

static void test_event_reaches_its_owner(void)
{
	unsigned int before = fault_count_fds();
	struct subject s;
	struct error err;
	int ends[2];

	if (!open_subject(&s) || !CHECK(pipe2(ends, O_CLOEXEC) == 0))
		return;
	s.pipe = (struct watch){ .fd = ends[0], .on_ready = on_pipe };
	CHECK(loop_add(&s.loop, &s.pipe, EPOLLIN, &err) == 0);
	CHECK(write(ends[1], "x", 1) == 1);
	CHECK(loop_run(&s.loop, &err) == 0);
	CHECK(s.events == 1 && (s.last_events & EPOLLIN));
	(void)close(ends[1]);
	CHECK(loop_run(&s.loop, &err) == 0);
	CHECK(s.events == 2 && (s.last_events & EPOLLHUP));
	CHECK(s.pipe.fd == -1);
	close_subject(&s);
	CHECK(fault_count_fds() == before);
}

static void on_expire(struct timer *timer)
{
	struct subject *s = container_of(timer, struct subject, timer);

	if (++s->expirations == 1)
		loop_arm(timer, 1);
	else
		loop_stop(&s->loop);
}

static void test_timer_fires_once_per_arming(void)
{
	struct subject s;
	struct error err;

	if (!open_subject(&s))
		return;
	CHECK(loop_add_timer(&s.loop, &s.timer, on_expire, &err) == 0);
	loop_arm(&s.timer, 0);
	CHECK(loop_run(&s.loop, &err) == 0);
	CHECK(s.expirations == 2);
	close_subject(&s);
}

static void stop_late(struct timer *timer)
{
	struct subject *s = container_of(timer, struct subject, deadline);

	loop_stop(&s->loop);
}

static void test_disarmed_timer_is_silent(void)
{
	struct subject s;
	struct error err;

	if (!open_subject(&s))
		return;
	CHECK(loop_add_timer(&s.loop, &s.timer, on_expire, &err) == 0);
	loop_arm(&s.timer, 1);
	loop_disarm(&s.timer);
	s.deadline.on_expire = stop_late;
	loop_arm(&s.deadline, 20);
	CHECK(loop_run(&s.loop, &err) == 0);
	CHECK(s.expirations == 0);
	close_subject(&s);
}

static void test_timer_waits_as_long_as_told(void)
{
	struct subject s;
	struct error err;
	uint64_t start = loop_now_ms();

	if (!open_subject(&s))
		return;
	s.deadline.on_expire = stop_late;
	loop_arm(&s.deadline, 30);
	CHECK(loop_run(&s.loop, &err) == 0);
	CHECK(loop_now_ms() - start >= 30);
	close_subject(&s);
}

static void remove_both(struct subject *s)
{
	s->events++;
	loop_remove(&s->loop, &s->pipe);
	loop_remove(&s->loop, &s->other);
	loop_arm(&s->deadline, 20); /* a second event would come before this */
	s->deadline.on_expire = stop_late;
}

static void on_pipe_remove(struct watch *watch, uint32_t events)
{
	(void)events;
	remove_both(container_of(watch, struct subject, pipe));
}

static void on_other_remove(struct watch *watch, uint32_t events)
{
	(void)events;
	remove_both(container_of(watch, struct subject, other));
}

static void test_handler_may_remove_another_ready_watch(void)
{
	struct subject s;
	struct error err;
	int first[2], second[2];

	if (!open_subject(&s) || !CHECK(pipe2(first, O_CLOEXEC) == 0) ||
		!CHECK(pipe2(second, O_CLOEXEC) == 0))
		return;
	s.pipe = (struct watch){ .fd = first[0], .on_ready = on_pipe_remove };
	s.other =
		(struct watch){ .fd = second[0], .on_ready = on_other_remove };
	CHECK(loop_add(&s.loop, &s.pipe, EPOLLIN, &err) == 0);
	CHECK(loop_add(&s.loop, &s.other, EPOLLIN, &err) == 0);
	CHECK(write(first[1], "x", 1) == 1 && write(second[1], "x", 1) == 1);
	CHECK(loop_run(&s.loop, &err) == 0);
	CHECK(s.events == 1);
	close_subject(&s);
	(void)close(first[1]);
	(void)close(second[1]);
}

static void test_removed_watch_is_silent_though_a_copy_is_open(void)
{
	struct subject s;
	struct error err;
	int ends[2], copy;

	if (!open_subject(&s) || !CHECK(pipe2(ends, O_CLOEXEC) == 0))
		return;
	copy = fcntl(ends[0], F_DUPFD_CLOEXEC, 0);
	s.pipe = (struct watch){ .fd = ends[0], .on_ready = on_pipe };
	CHECK(loop_add(&s.loop, &s.pipe, EPOLLIN, &err) == 0);
	loop_remove(&s.loop, &s.pipe);
	CHECK(write(ends[1], "x", 1) == 1);
	s.deadline.on_expire = stop_late;
	loop_arm(&s.deadline, 20);
	CHECK(loop_run(&s.loop, &err) == 0);
	CHECK(s.events == 0);
	close_subject(&s);
	(void)close(copy);
	(void)close(ends[1]);
}

static void test_watching_what_cannot_be_watched(void)
{
	struct subject s;
	struct error err;

	if (!open_subject(&s))
		return;
	s.other.fd = 9999;
	CHECK(loop_add(&s.loop, &s.other, EPOLLIN, &err) == -EBADF);
	CHECK(strstr(err.text, "9999"));
	s.other.fd = -1;
	close_subject(&s);
}

static int open_loop_and_timer(struct error *err)
{
	struct loop loop;
	struct timer timer = { .watch.fd = -1 };
	int result = loop_open(&loop, err);

	if (result == 0)
		result = loop_add_timer(&loop, &timer, on_deadline, err);
	loop_remove(&loop, &timer.watch);
	loop_close(&loop);
	return result;
}

static void test_each_call_may_fail(void)
{
	unsigned int before = fault_count_fds();
	unsigned int nth = 0;
	bool fired;

	do {
		struct error err = { 0 };
		int result;

		fault_arm(++nth, EMFILE);
		result = open_loop_and_timer(&err);
		fired = fault_fired();
		/* the fourth call is the removal, which cannot fail usefully */
		CHECK(result == (nth <= 3 ? -EMFILE : 0));
		CHECK((nth <= 3) == (err.text[0] != '\0'));
		CHECK(fault_count_fds() == before);
	} while (fired);
	CHECK(nth == 5);
}

static void test_waiting_may_fail_or_be_interrupted(void)
{
	struct subject s;
	struct error err;

	if (!open_subject(&s))
		return;
	fault_arm(1, EBADF);
	CHECK(loop_run(&s.loop, &err) == -EBADF);
	CHECK(strstr(err.text, "wait for events"));
	s.deadline.on_expire = stop_late;
	loop_arm(&s.deadline, 0);
	fault_arm(1, EINTR);
	CHECK(loop_run(&s.loop, &err) == 0);
	CHECK(fault_fired());
	close_subject(&s);
}

int main(void)
{
	RUN(test_event_reaches_its_owner);
	RUN(test_timer_fires_once_per_arming);
	RUN(test_disarmed_timer_is_silent);
	RUN(test_timer_waits_as_long_as_told);
	RUN(test_handler_may_remove_another_ready_watch);
	RUN(test_removed_watch_is_silent_though_a_copy_is_open);
	RUN(test_watching_what_cannot_be_watched);
	RUN(test_each_call_may_fail);
	RUN(test_waiting_may_fail_or_be_interrupted);
	return check_done();
}
