// SPDX-License-Identifier: MIT
/* terminal_proxy - a container's terminal in the foreground, on ours */
#include "run/terminal_proxy.h"

#include <errno.h>
#include <poll.h>
#include <signal.h>
#include <stdbool.h>
#include <stddef.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/signalfd.h>
#include <termios.h>
#include <unistd.h>

#include "lib/error.h"
#include "lib/fd.h"
#include "run/kernel.h"

#define BUFFER_BYTES 4096
/* output of a process that ended is on its way in the kernel for a moment */
#define REST_TIMEOUT_MS 100
/* and more than the kernel keeps is of somebody else who still writes */
#define REST_BYTES_MAX (1024 * 1024)

enum source {
	SOURCE_IN,
	SOURCE_MASTER,
	SOURCE_OUT,
	SOURCE_SIGNALS,
	SOURCE_PROCESS,
	SOURCE_COUNT,
};

/* Bytes on their way from one descriptor to another. */
struct lane {
	char bytes[BUFFER_BYTES];
	size_t start;
	size_t used;
};

struct state {
	const struct terminal_proxy *proxy;
	struct lane to_master;
	struct lane to_out;
	bool in_ended;
	bool master_ended; /* nobody has the other end open */
	bool process_ended;
	size_t rest; /* bytes that came after the process ended */
};

static void fill_signals(sigset_t *set)
{
	static const int taken[] = { SIGWINCH, SIGHUP, SIGINT, SIGQUIT, SIGTERM,
		SIGUSR1, SIGUSR2 };

	(void)sigemptyset(set);
	for (size_t i = 0; i < sizeof(taken) / sizeof(taken[0]); i++)
		(void)sigaddset(set, taken[i]);
}

void terminal_block_signals(void)
{
	sigset_t set;

	fill_signals(&set);
	(void)sigaddset(&set, SIGPIPE);
	(void)sigprocmask(SIG_BLOCK, &set, NULL);
}

/* 0: end of file, which a master without another end reports as EIO. */
static ssize_t lane_read(struct lane *lane, int fd)
{
	ssize_t size = read(fd, lane->bytes, sizeof(lane->bytes));

	if (size < 0 && errno == EIO)
		size = 0;
	if (size < 0)
		return errno == EINTR ? -EAGAIN : -errno;
	lane->start = 0;
	lane->used = (size_t)size;
	return size;
}

static int lane_write(struct lane *lane, int fd)
{
	ssize_t size =
		write(fd, lane->bytes + lane->start, lane->used - lane->start);

	if (size < 0)
		return errno == EINTR || errno == EAGAIN ? 0 : -errno;
	lane->start += (size_t)size;
	if (lane->start == lane->used)
		lane->start = lane->used = 0;
	return 0;
}

static void copy_size(const struct terminal_proxy *proxy)
{
	struct winsize size;

	/* without a terminal there is no size to pass on */
	if (ioctl(proxy->in_fd, TIOCGWINSZ, &size) == 0)
		(void)ioctl(proxy->master_fd, TIOCSWINSZ, &size);
}

/* A process that has just ended gets no signal, and needs none. */
static int handle_signal(const struct state *state, int signals_fd)
{
	struct signalfd_siginfo info;

	if (read(signals_fd, &info, sizeof(info)) != (ssize_t)sizeof(info))
		return errno == EINTR || errno == EAGAIN ? 0 : -errno;
	if (info.ssi_signo == SIGWINCH)
		copy_size(state->proxy);
	else
		(void)kernel_pidfd_send_signal(state->proxy->pid_fd,
			(int)info.ssi_signo);
	return 0;
}

static int read_master(struct state *state)
{
	ssize_t size = lane_read(&state->to_out, state->proxy->master_fd);

	if (size == 0)
		state->master_ended = true;
	if (size > 0 && state->process_ended)
		state->rest += (size_t)size;
	return size < 0 && size != -EAGAIN ? (int)size : 0;
}

static int read_in(struct state *state)
{
	ssize_t size = lane_read(&state->to_master, state->proxy->in_fd);

	if (size == 0)
		state->in_ended = true;
	return size < 0 && size != -EAGAIN ? (int)size : 0;
}

/* Input for a terminal that nobody has open any more is dropped. */
static int write_master(struct state *state)
{
	int result = lane_write(&state->to_master, state->proxy->master_fd);

	if (result == -EIO)
		state->to_master.used = 0;
	return result == -EIO ? 0 : result;
}

/* A descriptor of -1 is not waited for. */
static void prepare(const struct state *state, int signals_fd,
	struct pollfd *waits)
{
	const struct terminal_proxy *proxy = state->proxy;
	bool has_input = state->to_master.used > 0;
	bool has_output = state->to_out.used > 0;
	int in_fd = state->in_ended || has_input ? -1 : proxy->in_fd;
	int master_fd = state->master_ended ? -1 : proxy->master_fd;
	short master_events =
		(short)((has_output ? 0 : POLLIN) | (has_input ? POLLOUT : 0));

	/* its end is reported even when nothing is asked for */
	if (master_events == 0)
		master_fd = -1;
	waits[SOURCE_IN] = (struct pollfd){ in_fd, POLLIN, 0 };
	waits[SOURCE_MASTER] = (struct pollfd){ master_fd, master_events, 0 };
	waits[SOURCE_OUT] =
		(struct pollfd){ has_output ? proxy->out_fd : -1, POLLOUT, 0 };
	waits[SOURCE_SIGNALS] = (struct pollfd){ signals_fd, POLLIN, 0 };
	waits[SOURCE_PROCESS] =
		(struct pollfd){ state->process_ended ? -1 : proxy->pid_fd,
			POLLIN, 0 };
}

static int handle(struct state *state, int signals_fd,
	const struct pollfd *waits)
{
	const struct terminal_proxy *proxy = state->proxy;
	short master = waits[SOURCE_MASTER].revents;
	int result = 0;

	/* there is nobody who could read it */
	if (master & (POLLHUP | POLLERR))
		state->to_master.used = 0;
	if (waits[SOURCE_SIGNALS].revents)
		result = handle_signal(state, signals_fd);
	if (result == 0 && waits[SOURCE_OUT].revents)
		result = lane_write(&state->to_out, proxy->out_fd);
	if (result == 0 && (master & POLLOUT) && state->to_master.used > 0)
		result = write_master(state);
	if (result == 0 && (master & (POLLIN | POLLHUP | POLLERR)) &&
		state->to_out.used == 0)
		result = read_master(state);
	if (result == 0 && waits[SOURCE_IN].revents)
		result = read_in(state);
	if (waits[SOURCE_PROCESS].revents)
		state->process_ended = true;
	return result;
}

/* Until the process has ended and what it wrote is out. */
static int carry(struct state *state, int signals_fd)
{
	for (;;) {
		struct pollfd waits[SOURCE_COUNT];
		bool is_over = state->process_ended && state->to_out.used == 0;
		int count;
		int result;

		if (is_over &&
			(state->master_ended || state->rest > REST_BYTES_MAX))
			return 0;
		prepare(state, signals_fd, waits);
		count = poll(waits, SOURCE_COUNT,
			is_over ? REST_TIMEOUT_MS : -1);
		if (count == 0)
			return 0; /* somebody else has the terminal open */
		if (count < 0 && errno != EINTR)
			return -errno;
		result = count > 0 ? handle(state, signals_fd, waits) : 0;
		if (result < 0)
			return result;
	}
}

static int make_raw(int fd, struct termios settings)
{
	cfmakeraw(&settings);
	return tcsetattr(fd, TCSANOW, &settings) < 0 ? -errno : 0;
}

int terminal_proxy(const struct terminal_proxy *proxy, struct error *err)
{
	struct state state = { .proxy = proxy };
	struct termios before;
	sigset_t set;
	bool is_terminal = tcgetattr(proxy->in_fd, &before) == 0;
	auto_fd signals_fd = -1;
	int result;

	fill_signals(&set);
	terminal_block_signals();
	signals_fd = signalfd(-1, &set, SFD_CLOEXEC | SFD_NONBLOCK);
	result = signals_fd < 0 ? -errno
				: fd_set_nonblocking(proxy->master_fd, true);
	if (result == 0 && is_terminal)
		result = make_raw(proxy->in_fd, before);
	if (result == 0) {
		copy_size(proxy);
		result = carry(&state, signals_fd);
	}
	if (is_terminal)
		(void)tcsetattr(proxy->in_fd, TCSANOW, &before);
	if (result < 0)
		return error_set(err, result, "pass on the terminal: %s",
			strerror(-result));
	return 0;
}
