// SPDX-License-Identifier: MIT
/* tests of cli/console on a pseudo terminal that answers, echoes and stalls */
#include "cli/console.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <termios.h>
#include <unistd.h>

#include "check.h"
#include "config/problem.h"
#include "lib/error.h"
#include "lib/fd.h"
#include "lib/log.h"
#include "supervise/status.h"

#define QUESTION "\033[6n"
#define LIMIT_MS 20000

static struct loop loop;
static struct console console;
static struct timer pause_timer;
static struct problems problems;
static int terminal_fd; /* the person's end */
static char seen[1 << 20];
static size_t seen_used;
static unsigned int fills;

static void fill(struct status *out)
{
	memset(out, 0, sizeof(*out));
	out->version = "0.1.0";
	out->problems = &problems;
	fills++;
}

static void on_pause(struct timer *timer)
{
	(void)timer;
	loop_stop(&loop);
}

/* What has come since, terminated. */
static const char *look(void)
{
	ssize_t count;

	while ((count = read(terminal_fd, seen + seen_used,
			sizeof(seen) - 1 - seen_used)) > 0)
		seen_used += (size_t)count;
	seen[seen_used] = '\0';
	return seen;
}

static void turn(unsigned int ms)
{
	loop_arm(&pause_timer, ms);
	CHECK(loop_run(&loop, NULL) == 0);
}

/* Turns the loop until text is on the terminal, or for LIMIT_MS. */
static bool comes(const char *text)
{
	uint64_t limit_ms = loop_now_ms() + LIMIT_MS;

	while (!strstr(look(), text) && loop_now_ms() < limit_ms)
		turn(20);
	return strstr(seen, text) != NULL;
}

static void forget(void)
{
	(void)look();
	seen_used = 0;
}

static void type(const char *bytes)
{
	CHECK(fd_write_all(terminal_fd, bytes, strlen(bytes)) == 0);
}

static unsigned int times(const char *text)
{
	unsigned int count = 0;

	for (const char *at = look(); (at = strstr(at, text)); at++)
		count++;
	return count;
}

static void begin(bool can_draw)
{
	struct error err = { 0 };

	memset(&console, 0, sizeof(console));
	seen_used = 0;
	fills = 0;
	terminal_fd =
		open("/dev/ptmx", O_RDWR | O_NOCTTY | O_NONBLOCK | O_CLOEXEC);
	CHECK(terminal_fd >= 0 && grantpt(terminal_fd) == 0 &&
		unlockpt(terminal_fd) == 0);
	CHECK(loop_open(&loop, &err) == 0);
	CHECK(loop_add_timer(&loop, &pause_timer, on_pause, &err) == 0);
	CHECK(console_open(&console, &loop, ptsname(terminal_fd), can_draw,
		      fill, &err) == 0);
}

static void end(void)
{
	log_set_sink(NULL);
	loop_remove(&loop, &console.input);
	loop_remove(&loop, &console.output);
	loop_remove(&loop, &console.redraw.watch);
	loop_remove(&loop, &pause_timer.watch);
	loop_close(&loop);
	fd_close(&terminal_fd);
}

static void test_plain_lines_until_it_answers(void)
{
	begin(true);
	CHECK(comes(QUESTION));
	log_info("web: running (pid 7)");
	CHECK(comes("tare: web: running (pid 7)\r"));
	CHECK(!console.is_screen && fills == 0);
	forget();
	type("\033[24;80R");
	CHECK(comes("Tare 0.1.0"));
	CHECK(console.screen.rows == 24 && console.screen.columns == 80);
	log_info("web: stopped");
	CHECK(comes("web: stopped"));
	CHECK(!strstr(seen, "tare: web: stopped"));
	forget();
	console_leave(&console);
	log_info("goodbye");
	CHECK(comes("tare: goodbye\r"));
	end();
}

/* A serial line brings an answer in pieces, with keys before it. */
static void test_an_answer_in_pieces(void)
{
	static const char *const pieces[] = { "x", "\033", "[2", "4;8", "0",
		"R" };

	begin(true);
	CHECK(comes(QUESTION));
	for (size_t i = 0; i < sizeof(pieces) / sizeof(pieces[0]); i++) {
		CHECK(!console.is_screen);
		type(pieces[i]);
		turn(20);
	}
	CHECK(comes("Tare 0.1.0"));
	end();
}

/* A line that sends back what it gets must not keep the two busy. */
static void test_a_line_that_echoes(void)
{
	begin(true);
	CHECK(comes(QUESTION));
	for (int i = 0; i < 20; i++) {
		type("\0337\033[999;999H\033[6n\0338");
		turn(10);
	}
	CHECK(times(QUESTION) <= 2);
	CHECK(!console.is_screen);
	end();
}

static void test_a_key_asks_again(void)
{
	begin(true);
	CHECK(comes(QUESTION));
	type("\033[24;80R");
	CHECK(comes("Tare 0.1.0"));
	forget();
	turn(CONSOLE_ASK_MS + 100);
	type("k");
	CHECK(comes(QUESTION));
	type("\033[50;132R");
	CHECK(comes("\033[2J"));
	CHECK(console.screen.rows == 50 && console.screen.columns == 132);
	end();
}

/* Others write on the console too: each update draws all of it. */
static void test_an_update_draws_all(void)
{
	begin(true);
	type("\033[24;80R");
	CHECK(comes("Tare 0.1.0"));
	turn(2 * CONSOLE_REDRAW_MS);
	forget();
	console_update(&console);
	CHECK(comes("Tare 0.1.0"));
	end();
}

/* A terminal that does not read: no wait, no pile of old frames. */
static void test_a_terminal_that_stalls(void)
{
	uint64_t began_ms;

	begin(true);
	type("\033[24;80R");
	CHECK(comes("Tare 0.1.0"));
	CHECK(tcflow(terminal_fd, TCOOFF) == 0 || errno == EINVAL);
	began_ms = loop_now_ms();
	for (int i = 0; i < 40; i++) {
		console.is_armed = false;
		console_update(&console);
		console.redraw.on_expire(&console.redraw);
		log_info("a line that nobody reads");
	}
	CHECK(loop_now_ms() - began_ms < 5000);
	(void)tcflow(terminal_fd, TCOON);
	forget();
	console_update(&console);
	CHECK(comes("a line that nobody reads"));
	end();
}

/* In a debug image a shell reads the console: nothing is asked. */
static void test_a_shell_is_there(void)
{
	begin(false);
	log_info("hello");
	CHECK(comes("tare: hello\r"));
	CHECK(!strstr(seen, QUESTION));
	type("\033[24;80R");
	turn(50);
	CHECK(!console.is_screen);
	end();
}

static void test_control_characters_in_plain_lines(void)
{
	begin(false);
	log_info("\033]0;evil\007 name");
	CHECK(comes("tare: ?]0;evil? name\r"));
	end();
}

int main(void)
{
	RUN(test_plain_lines_until_it_answers);
	RUN(test_an_answer_in_pieces);
	RUN(test_a_line_that_echoes);
	RUN(test_a_key_asks_again);
	RUN(test_an_update_draws_all);
	RUN(test_a_terminal_that_stalls);
	RUN(test_a_shell_is_there);
	RUN(test_control_characters_in_plain_lines);
	return check_done();
}
