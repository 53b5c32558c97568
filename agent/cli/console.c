// SPDX-License-Identifier: MIT
/* console - what stands on the machine's console */
#include "cli/console.h"

#include <errno.h>
#include <fcntl.h>
#include <stddef.h>
#include <stdio.h>
#include <string.h>
#include <sys/epoll.h>
#include <termios.h>
#include <unistd.h>

#include "lib/error.h"
#include "lib/fd.h"
#include "lib/log.h"
#include "lib/text.h"
#include "supervise/status.h"

/* to the far corner, where am I, and back */
#define ASK_SIZE   "\0337\033[999;999H\033[6n\0338"
#define SCREEN_ON  "\033[2J\033[?25l"
#define SCREEN_OFF "\033[?25h\r\n"

static struct console *active; /* where log lines go */

/* Writes what the terminal takes now and keeps the rest. */
static void flush(struct console *console)
{
	ssize_t written;

	if (console->queue_used == 0)
		return;
	written =
		write(console->output.fd, console->queue, console->queue_used);
	if (written > 0) {
		console->queue_used -= (size_t)written;
		memmove(console->queue, console->queue + written,
			console->queue_used);
	} else if (written < 0 && errno != EAGAIN && errno != EINTR) {
		console->queue_used = 0; /* nobody is there any more */
	}
}

/* All of it or, when the terminal does not keep up, nothing. */
static bool put(struct console *console, const char *bytes, size_t size)
{
	struct epoll_event event = {
		.events = EPOLLOUT | EPOLLONESHOT,
		.data.ptr = &console->output,
	};

	flush(console);
	if (size > CONSOLE_QUEUE_BYTES - console->queue_used)
		return false;
	memcpy(console->queue + console->queue_used, bytes, size);
	console->queue_used += size;
	flush(console);
	if (console->queue_used > 0)
		/* a terminal that cannot be polled is retried by the next put */
		(void)epoll_ctl(console->loop->epoll_fd, EPOLL_CTL_MOD,
			console->output.fd, &event);
	return true;
}

static void on_output_ready(struct watch *watch, uint32_t events)
{
	struct console *console = container_of(watch, struct console, output);

	(void)events;
	(void)put(console, "", 0);
	if (console->queue_used == 0 && console->is_stale)
		console_update(console);
}

static void draw(struct console *console)
{
	static struct status status; /* large */
	static char frame[CONSOLE_QUEUE_BYTES];
	struct text text;

	(void)put(console, "", 0);
	console->is_stale = console->queue_used > 0;
	if (console->is_stale)
		return;
	console->fill(&status);
	text_init(&text, frame, sizeof(frame));
	text_add(&text, "\033[H");
	screen_render(&console->screen, &status, &text);
	text_add(&text, "\033[J"); /* there is room: see screen_render */
	(void)put(console, frame, text.used);
}

static void on_redraw(struct timer *timer)
{
	struct console *console = container_of(timer, struct console, redraw);

	console->is_armed = false;
	if (console->is_screen)
		draw(console);
}

void console_update(struct console *console)
{
	if (!console->is_screen || console->is_armed)
		return;
	console->is_armed = true;
	loop_arm(&console->redraw, CONSOLE_REDRAW_MS);
}

static void on_log_line(enum log_level level, const char *text)
{
	char line[SCREEN_LINE_MAX * 3];
	struct text out;

	(void)level;
	if (active->is_screen) {
		screen_add_recent(&active->screen, text);
		console_update(active);
		return;
	}
	text_init(&out, line, sizeof(line) - 2);
	text_add(&out, "tare: %s", text);
	for (size_t i = 0; i < out.used; i++) {
		if ((unsigned char)line[i] < 0x20 || line[i] == 0x7f)
			line[i] = '?';
	}
	memcpy(line + out.used, "\r\n", 2);
	(void)put(active, line, out.used + 2);
}

bool console_parse_size(const char *bytes, size_t size, unsigned int *rows,
	unsigned int *columns)
{
	const char *end = bytes + size;

	for (const char *at = bytes; at + 5 < end; at++) {
		unsigned int numbers[2] = { 0, 0 };
		size_t which = 0;
		const char *c = at + 2;

		if (at[0] != '\033' || at[1] != '[')
			continue;
		for (; c < end && which < 2; c++) {
			if (*c == ';')
				which++;
			else if (*c >= '0' && *c <= '9' && numbers[which] < 999)
				numbers[which] = numbers[which] * 10 +
						 (unsigned int)(*c - '0');
			else
				break;
		}
		if (c == end || *c != 'R' || which != 1 || numbers[0] < 5 ||
			numbers[1] < 20 || numbers[0] > 500 || numbers[1] > 500)
			continue;
		*rows = numbers[0];
		*columns = numbers[1];
		return true;
	}
	return false;
}

/*
 * A line that echoes sends the question back as if it were keys; so there is
 * a pause between two questions.
 */
static void ask_size(struct console *console)
{
	uint64_t now_ms = loop_now_ms();

	if (console->asked_ms > 0 &&
		now_ms - console->asked_ms < CONSOLE_ASK_MS)
		return;
	console->asked_ms = now_ms;
	(void)put(console, ASK_SIZE, strlen(ASK_SIZE));
}

/* An answer comes in as many pieces as the line likes; keeps the last bytes. */
static bool add_answer(struct console *console, const char *bytes, size_t size)
{
	size_t over;

	over = console->answer_used + size > CONSOLE_ANSWER_MAX
		       ? console->answer_used + size - CONSOLE_ANSWER_MAX
		       : 0;
	console->answer_used -= over;
	memmove(console->answer, console->answer + over, console->answer_used);
	memcpy(console->answer + console->answer_used, bytes, size);
	console->answer_used += size;
	if (!console_parse_size(console->answer, console->answer_used,
		    &console->screen.rows, &console->screen.columns))
		return false;
	console->answer_used = 0;
	return true;
}

static void on_input(struct watch *watch, uint32_t events)
{
	struct console *console = container_of(watch, struct console, input);
	char bytes[CONSOLE_ANSWER_MAX / 2];
	ssize_t size = read(watch->fd, bytes, sizeof(bytes));

	(void)events;
	if (size <= 0) {
		if (size == 0 || (errno != EAGAIN && errno != EINTR))
			loop_remove(console->loop, watch);
		return;
	}
	if (!add_answer(console, bytes, (size_t)size)) {
		ask_size(console);
		return;
	}
	console->is_screen = true;
	(void)put(console, SCREEN_ON, strlen(SCREEN_ON));
	console_update(console);
}

/*
 * Keys arrive at once and are not echoed; output stays as it is, but no Ctrl-S
 * stops it for init and us.
 */
static void make_raw(int fd)
{
	struct termios mode;

	if (tcgetattr(fd, &mode) < 0)
		return; /* not a terminal: it will not answer either */
	mode.c_lflag &= ~(tcflag_t)(ICANON | ECHO);
	mode.c_iflag &= ~(tcflag_t)IXON;
	mode.c_cc[VMIN] = 1;
	mode.c_cc[VTIME] = 0;
	(void)tcsetattr(fd, TCSANOW, &mode);
}

static int open_input(struct console *console, const char *path,
	struct error *err)
{
	console->input.on_ready = on_input;
	console->input.fd =
		open(path, O_RDONLY | O_NOCTTY | O_NONBLOCK | O_CLOEXEC);
	if (console->input.fd < 0)
		return error_errno(err, "open '%s'", path);
	make_raw(console->input.fd);
	ask_size(console);
	return loop_add(console->loop, &console->input, EPOLLIN, err);
}

int console_open(struct console *console, struct loop *loop, const char *path,
	bool can_draw, void (*fill)(struct status *out), struct error *err)
{
	int result;

	console->loop = loop;
	console->fill = fill;
	console->screen.has_colour = true;
	console->input.fd = -1;
	console->output.on_ready = on_output_ready;
	console->output.fd =
		open(path, O_WRONLY | O_NOCTTY | O_NONBLOCK | O_CLOEXEC);
	if (console->output.fd < 0)
		return error_errno(err, "open '%s'", path);
	result = loop_add_timer(loop, &console->redraw, on_redraw, err);
	if (result == 0)
		result = loop_add(loop, &console->output,
			EPOLLONESHOT | EPOLLOUT, err);
	if (result == -EPERM)
		result = 0; /* a file, which is always ready */
	if (result < 0)
		return result;
	active = console;
	log_set_sink(on_log_line);
	return can_draw ? open_input(console, path, err) : 0;
}

void console_leave(struct console *console)
{
	if (!console->is_screen)
		return;
	draw(console);
	console->is_screen = false;
	loop_remove(console->loop, &console->input);
	(void)put(console, SCREEN_OFF, strlen(SCREEN_OFF));
}
