// SPDX-License-Identifier: MIT
/* channel - what a new process and its maker tell each other */
#include "run/channel.h"

#include <errno.h>
#include <poll.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

#include "lib/error.h"
#include "lib/fd.h"

#define NO_TIMEOUT (-1)

/* Room for one descriptor, aligned as CMSG_FIRSTHDR wants it. */
union control {
	struct cmsghdr header;
	char room[CMSG_SPACE(sizeof(int))];
};

int channel_open(int fds[2], struct error *err)
{
	if (socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, fds) < 0)
		return error_errno(err, "make a pair of sockets");
	return 0;
}

static void attach_fd(struct msghdr *message, union control *control, int fd)
{
	struct cmsghdr *header;

	memset(control, 0, sizeof(*control));
	message->msg_control = control;
	message->msg_controllen = sizeof(*control);
	header = CMSG_FIRSTHDR(message);
	header->cmsg_level = SOL_SOCKET;
	header->cmsg_type = SCM_RIGHTS;
	header->cmsg_len = CMSG_LEN(sizeof(int));
	memcpy(CMSG_DATA(header), &fd, sizeof(fd));
}

int channel_send(int channel_fd, enum report_kind kind, const struct error *err,
	int fd)
{
	struct report report = { .kind = kind };
	struct iovec data = { .iov_base = &report, .iov_len = sizeof(report) };
	struct msghdr message = { .msg_iov = &data, .msg_iovlen = 1 };
	union control control;

	if (err)
		report.error = *err;
	if (fd >= 0)
		attach_fd(&message, &control, fd);
	return sendmsg(channel_fd, &message, MSG_NOSIGNAL) < 0 ? -errno : 0;
}

int channel_go(int channel_fd, const char *text, size_t size)
{
	ssize_t count = send(channel_fd, size > 0 ? text : "",
		size > 0 ? size : 1, MSG_NOSIGNAL);

	return count < 0 ? -errno : 0;
}

/* recv(2) that goes on after a signal. */
static ssize_t receive_bytes(int channel_fd, void *buffer, size_t size,
	int flags)
{
	ssize_t count;

	do
		count = recv(channel_fd, buffer, size, flags);
	while (count < 0 && errno == EINTR);
	return count < 0 ? -errno : count;
}

int channel_wait(int channel_fd, char **text)
{
	char byte;
	ssize_t count;

	if (!text) {
		count = receive_bytes(channel_fd, &byte, 1, 0);
		return count > 0 ? 0 : count < 0 ? (int)count : -EPIPE;
	}
	count = receive_bytes(channel_fd, &byte, 1, MSG_PEEK | MSG_TRUNC);
	if (count <= 0)
		return count < 0 ? (int)count : -EPIPE;
	*text = malloc((size_t)count);
	if (!*text)
		return -ENOMEM;
	count = receive_bytes(channel_fd, *text, (size_t)count, 0);
	return count < 0 ? (int)count : 0;
}

static int64_t now_ms(void)
{
	struct timespec now;

	(void)clock_gettime(CLOCK_MONOTONIC, &now);
	return (int64_t)now.tv_sec * 1000 + now.tv_nsec / 1000000;
}

int channel_wait_readable(int fd, int timeout_ms)
{
	int64_t deadline_ms = now_ms() + timeout_ms;

	for (;;) {
		struct pollfd wait = { .fd = fd, .events = POLLIN };
		int64_t left_ms = deadline_ms - now_ms();
		int count;

		if (timeout_ms == NO_TIMEOUT)
			left_ms = NO_TIMEOUT;
		else if (left_ms < 0)
			left_ms = 0;
		count = poll(&wait, 1, (int)left_ms);
		if (count > 0)
			return 0;
		if (count < 0 && errno != EINTR)
			return -errno;
		if (count == 0 && left_ms == 0)
			return -ETIMEDOUT;
	}
}

/* 1, or 0 at the end, or -errno; *fd is the descriptor that came, or -1. */
static int receive(int channel_fd, struct report *report, int *fd)
{
	struct iovec data = { .iov_base = report, .iov_len = sizeof(*report) };
	union control control;
	struct msghdr message = {
		.msg_iov = &data,
		.msg_iovlen = 1,
		.msg_control = &control,
		.msg_controllen = sizeof(control),
	};
	struct cmsghdr *header;
	ssize_t count;

	*fd = -1;
	/*
	 * A process that fails before it takes our word to go on leaves that
	 * unread: the kernel tells so first, once, and then what it has said.
	 */
	do
		count = recvmsg(channel_fd, &message, MSG_CMSG_CLOEXEC);
	while (count < 0 && (errno == EINTR || errno == ECONNRESET));
	if (count <= 0)
		return count < 0 ? -errno : 0;
	header = CMSG_FIRSTHDR(&message);
	if (header && header->cmsg_type == SCM_RIGHTS &&
		header->cmsg_len == CMSG_LEN(sizeof(int)))
		memcpy(fd, CMSG_DATA(header), sizeof(*fd));
	return count == sizeof(*report) ? 1 : -EPROTO;
}

static void keep(int *place, int *fd)
{
	fd_close(place);
	*place = fd_take(fd);
}

/* Takes one report: 1 to go on, 0 when all is said, or an error. */
static int take(const struct report *report, int *fd, struct channel_news *news,
	struct error *err)
{
	switch ((enum report_kind)report->kind) {
	case REPORT_READY:
		return 1;
	case REPORT_TERMINAL:
		keep(&news->terminal_fd, fd);
		return 1;
	case REPORT_LISTENER:
		keep(&news->listener_fd, fd);
		return 1;
	case REPORT_WAITS:
		news->waits = true;
		return 0;
	case REPORT_FAILED:
		*err = report->error;
		err->text[sizeof(err->text) - 1] = '\0';
		return err->code < 0 ? err->code : -EPROTO;
	}
	return error_set(err, -EPROTO, "the container's process said nonsense");
}

int channel_listen(int channel_fd, int timeout_ms, struct channel_news *news,
	struct error *err)
{
	bool is_ready = false;

	for (;;) {
		struct report report;
		auto_fd fd = -1;
		int result = channel_wait_readable(channel_fd, timeout_ms);

		if (result == -ETIMEDOUT)
			return error_set(err, result,
				"start the container: its process did not get "
				"to its program within %d s; mounting and "
				"copying count too",
				timeout_ms / 1000);
		if (result == 0)
			result = receive(channel_fd, &report, &fd);
		if (result < 0)
			return error_set(err, result,
				"wait for the container's process: %s",
				strerror(-result));
		if (result == 0 && is_ready)
			return 0;
		if (result == 0)
			return error_set(err, -ECHILD,
				"start the container: its process died before "
				"it could execute the program");
		is_ready |= report.kind == REPORT_READY;
		result = take(&report, &fd, news, err);
		if (result <= 0)
			return result;
	}
}
