// SPDX-License-Identifier: MIT
/* job - something that takes long, in a child of its own */
#include "supervise/job.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <signal.h>
#include <stddef.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include "lib/fd.h"
#include "lib/text.h"

/* What the child writes; below PIPE_BUF, so that it arrives whole. */
struct message {
	bool is_end;
	uint64_t done;
	uint64_t total;
	struct error result;
};

void job_init(struct job *job, struct loop *loop)
{
	*job = (struct job){ .loop = loop, .watch.fd = -1 };
}

bool job_is_running(const struct job *job)
{
	return job->watch.fd >= 0;
}

static void send_progress(void *context, uint64_t done, uint64_t total)
{
	const int *fd = context;
	struct message message = { .done = done, .total = total };

	/* progress is a courtesy: the end is what counts */
	(void)fd_write_all(*fd, &message, sizeof(message));
}

/*
 * What is open for all workloads is none of a job's business, which may read
 * bytes from outside and may have few descriptors (store/sandbox.h).
 */
static void close_others(const struct job *job, const void *work, int pipe_fd)
{
	int kept[JOB_FDS_MAX + 1] = { pipe_fd };
	size_t count = 1 + job->list_fds(work, kept + 1);

	for (int first = STDERR_FILENO + 1;;) {
		int next = INT_MAX;

		for (size_t i = 0; i < count; i++) {
			if (kept[i] >= first && kept[i] < next)
				next = kept[i];
		}
		if (next > first)
			(void)syscall(SYS_close_range, first, next - 1, 0);
		if (next == INT_MAX)
			return;
		first = next + 1;
	}
}

static _Noreturn void run_child(const struct job *job, job_fn *run,
	const void *work, int pipe_fd, pid_t agent)
{
	struct message message = { .is_end = true };

	/* an agent that is gone will start this again */
	(void)prctl(PR_SET_PDEATHSIG, SIGKILL);
	if (getppid() != agent)
		_exit(1);
	if (job->list_fds)
		close_others(job, work, pipe_fd);
	/* the agent is shielded from the memory killer; this is not the agent */
	(void)fd_write_file(AT_FDCWD, "/proc/self/oom_score_adj", "500", NULL);
	(void)prctl(PR_SET_NAME, "tare-job");
	message.result.code =
		run(work, send_progress, &pipe_fd, &message.result);
	_exit(fd_write_all(pipe_fd, &message, sizeof(message)) < 0);
}

/* The child closed its pipe: it has ended, or is up to no good. */
static void finish(struct job *job)
{
	int status = 0;

	loop_remove(job->loop, &job->watch);
	(void)kill(job->pid, SIGKILL); /* nothing when it has ended */
	while (waitpid(job->pid, &status, 0) < 0 && errno == EINTR)
		;
	if (job->result.code > 0 && WIFSIGNALED(status))
		(void)error_set(&job->result, -EIO,
			"%s: its process was killed by signal %d", job->what,
			WTERMSIG(status));
	else if (job->result.code > 0)
		(void)error_set(&job->result, -EIO,
			"%s: its process ended without a word (status %d)",
			job->what, WEXITSTATUS(status));
	job->pid = 0;
	job->on_end(job);
}

static void on_message(struct watch *watch, uint32_t events)
{
	struct job *job = container_of(watch, struct job, watch);
	struct message message;
	ssize_t size = read(watch->fd, &message, sizeof(message));

	(void)events;
	if (size < 0 && (errno == EINTR || errno == EAGAIN))
		return;
	if (size != (ssize_t)sizeof(message)) {
		finish(job);
		return;
	}
	if (message.is_end) {
		job->result = message.result;
		job->result.text[sizeof(job->result.text) - 1] = '\0';
		return; /* the end of the pipe follows */
	}
	job->done = message.done;
	job->total = message.total;
	job->on_progress(job);
}

int job_start(struct job *job, const char *what, job_fn *run, const void *work,
	struct error *err)
{
	pid_t agent = getpid();
	int fds[2];
	int result;

	if (pipe2(fds, O_CLOEXEC) < 0)
		return error_errno(err, "make a pipe");
	job->pid = fork();
	if (job->pid < 0) {
		result = error_errno(err, "%s: start a process", what);
		(void)close(fds[0]);
		(void)close(fds[1]);
		return result;
	}
	if (job->pid == 0) {
		(void)close(fds[0]);
		run_child(job, run, work, fds[1], agent);
	}
	(void)close(fds[1]);
	(void)text_copy(job->what, sizeof(job->what), what);
	job->done = 0;
	job->total = 0;
	job->result = (struct error){ .code = 1 }; /* nothing heard yet */
	job->watch.fd = fds[0];
	job->watch.on_ready = on_message;
	result = loop_add(job->loop, &job->watch, EPOLLIN, err);
	if (result < 0)
		job_cancel(job);
	return result;
}

void job_kill(const struct job *job)
{
	if (job_is_running(job))
		(void)kill(job->pid, SIGKILL);
}

void job_cancel(struct job *job)
{
	if (!job_is_running(job))
		return;
	(void)kill(job->pid, SIGKILL);
	loop_remove(job->loop, &job->watch);
	while (waitpid(job->pid, NULL, 0) < 0 && errno == EINTR)
		;
	job->pid = 0;
}
