// SPDX-License-Identifier: MIT
/* tests of supervise/job: children that work, die, lie and stay */
/* wrap: kill */
#include "supervise/job.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "check.h"
#include "fault.h"
#include "lib/error.h"
#include "lib/fd.h"
#include "lib/loop.h"

#define LIMIT_MS 20000

static struct loop loop;
static struct job job;
static struct timer limit;
static unsigned int progresses, ends;
static unsigned int before;
static bool is_immune; /* the kernel does not let go of the child */

int __real_kill(pid_t pid, int signal);
int __wrap_kill(pid_t pid, int signal);

int __wrap_kill(pid_t pid, int signal)
{
	return is_immune ? 0 : __real_kill(pid, signal);
}

static void on_progress(struct job *which)
{
	CHECK(which == &job);
	progresses++;
}

static void on_end(struct job *which)
{
	CHECK(which == &job);
	ends++;
	loop_stop(&loop);
}

static void on_limit(struct timer *timer)
{
	(void)timer;
	CHECK(false && "the time is up");
	loop_stop(&loop);
}

static void begin(void)
{
	before = fault_count_fds();
	CHECK(loop_open(&loop, NULL) == 0);
	CHECK(loop_add_timer(&loop, &limit, on_limit, NULL) == 0);
	loop_arm(&limit, LIMIT_MS);
	job_init(&job, &loop);
	job.on_progress = on_progress;
	job.on_end = on_end;
	progresses = ends = 0;
	is_immune = false;
}

static void run(job_fn *work, const void *context)
{
	CHECK(job_start(&job, "unpack 'nginx'", work, context, NULL) == 0);
	CHECK(job_is_running(&job));
	CHECK(loop_run(&loop, NULL) == 0);
	CHECK(!job_is_running(&job));
	CHECK(ends == 1);
}

static void end(void)
{
	loop_remove(&loop, &limit.watch);
	loop_close(&loop);
	CHECK(waitpid(-1, NULL, WNOHANG) < 0 && errno == ECHILD);
	CHECK(fault_count_fds() == before);
}

static int succeed(const void *work, job_progress_fn *progress, void *context,
	struct error *err)
{
	(void)err;
	progress(context, 1, 2);
	progress(context, 2, 2);
	return strcmp(work, "work") == 0 ? 0 : -EINVAL;
}

static int fail(const void *work, job_progress_fn *progress, void *context,
	struct error *err)
{
	(void)work;
	(void)progress;
	(void)context;
	return error_set(err, -ENOSPC, "write 'layer': disk full");
}

static int die(const void *work, job_progress_fn *progress, void *context,
	struct error *err)
{
	(void)work;
	(void)progress;
	(void)context;
	(void)err;
	return raise(SIGKILL);
}

static int leave(const void *work, job_progress_fn *progress, void *context,
	struct error *err)
{
	(void)work;
	(void)progress;
	(void)context;
	(void)err;
	_exit(7);
}

/* As a child would that an archive has taken over. */
static int lie(const void *work, job_progress_fn *progress, void *context,
	struct error *err)
{
	(void)work;
	progress(context, UINT64_MAX, 1);
	memset(err->text, 'x', sizeof(err->text));
	return -EIO;
}

static int close_and_stay(const void *work, job_progress_fn *progress,
	void *context, struct error *err)
{
	(void)work;
	(void)progress;
	(void)err;
	if (context)
		(void)close(*(int *)context);
	while (pause() < 0)
		;
	return 0;
}

static int wait_for_pipe(const void *work, job_progress_fn *progress,
	void *context, struct error *err)
{
	const int *fds = work;
	char byte;

	(void)progress;
	(void)context;
	(void)err;
	(void)close(fds[1]);
	return (int)read(fds[0], &byte, 1);
}

static void test_ends(void)
{
	static const struct {
		const char *label;
		job_fn *work;
		int code;
		unsigned int progresses;
		const char *says;
	} rows[] = {
		{ "succeeds", succeed, 0, 2, "" },
		{ "fails", fail, -ENOSPC, 0, "write 'layer': disk full" },
		{ "dies", die, -EIO, 0,
			"unpack 'nginx': its process was killed by signal 9" },
		{ "leaves", leave, -EIO, 0,
			"unpack 'nginx': its process ended without a word" },
		{ "lies", lie, -EIO, 1, "xxx" },
		{ "closes and stays", close_and_stay, -EIO, 0,
			"killed by signal 9" },
	};

	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		begin();
		check_row(rows[i].label);
		run(rows[i].work, "work");
		CHECK(job.result.code == rows[i].code);
		CHECK(progresses == rows[i].progresses);
		CHECK(memchr(job.result.text, 0, sizeof(job.result.text)));
		CHECK(strstr(job.result.text, rows[i].says));
		end();
	}
}

/* A child that writes to a slow disk cannot die yet: nobody waits for it. */
static void test_kill_does_not_wait(void)
{
	int fds[2];

	begin();
	CHECK(pipe2(fds, O_CLOEXEC) == 0);
	CHECK(job_start(&job, "wait", wait_for_pipe, fds, NULL) == 0);
	is_immune = true;
	job_kill(&job);
	CHECK(job_is_running(&job) && ends == 0);
	fd_close(&fds[1]); /* now it can */
	CHECK(loop_run(&loop, NULL) == 0);
	CHECK(ends == 1 && !job_is_running(&job));
	fd_close(&fds[0]);
	end();
}

static void test_cancel_reaps(void)
{
	begin();
	CHECK(job_start(&job, "wait", close_and_stay, NULL, NULL) == 0);
	job_cancel(&job);
	job_cancel(&job);
	CHECK(!job_is_running(&job) && ends == 0);
	end();
}

static size_t list_two(const void *work, int *out)
{
	const int *fds = work;

	out[0] = -1;
	out[1] = fds[1];
	return 2;
}

/* The exit code tells which of two descriptors the child still has. */
static int count_open(const void *work, job_progress_fn *progress,
	void *context, struct error *err)
{
	const int *fds = work;
	int open_ones = 0;

	(void)progress;
	(void)context;
	for (int i = 0; i < 2; i++)
		open_ones |= (fcntl(fds[i], F_GETFD) >= 0) << i;
	return error_set(err, -EIO, "open: %d, of more: %d", open_ones,
		fcntl(loop.epoll_fd, F_GETFD) >= 0);
}

static void test_other_descriptors_are_closed(void)
{
	int fds[2];

	begin();
	CHECK(pipe2(fds, O_CLOEXEC) == 0);
	job.list_fds = list_two;
	CHECK(job_start(&job, "count", count_open, fds, NULL) == 0);
	CHECK(loop_run(&loop, NULL) == 0);
	CHECK(strcmp(job.result.text, "open: 2, of more: 0") == 0);
	(void)close(fds[0]);
	(void)close(fds[1]);
	end();
}

int main(void)
{
	RUN(test_ends);
	RUN(test_kill_does_not_wait);
	RUN(test_cancel_reaps);
	RUN(test_other_descriptors_are_closed);
	return check_done();
}
