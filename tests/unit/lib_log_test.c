// SPDX-License-Identifier: MIT
/* lib_log_test - one line per event, the threshold holds, errno is kept */
#include "lib/log.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <unistd.h>

#include "check.h"

static char last_text[600];
static enum log_level last_level;
static unsigned int lines;

static void remember(enum log_level level, const char *text)
{
	last_level = level;
	(void)snprintf(last_text, sizeof(last_text), "%s", text);
	lines++;
	errno = EIO;
}

static void test_levels_reach_the_sink(void)
{
	log_set_sink(remember);
	log_set_threshold(LOG_LEVEL_DEBUG);
	log_error("a %d", 1);
	CHECK(last_level == LOG_LEVEL_ERROR && strcmp(last_text, "a 1") == 0);
	log_warn("b");
	CHECK(last_level == LOG_LEVEL_WARN && strcmp(last_text, "b") == 0);
	log_info("c");
	CHECK(last_level == LOG_LEVEL_INFO && strcmp(last_text, "c") == 0);
	log_debug("d");
	CHECK(last_level == LOG_LEVEL_DEBUG && strcmp(last_text, "d") == 0);
}

static void test_threshold_drops(void)
{
	log_set_sink(remember);
	log_set_threshold(LOG_LEVEL_WARN);
	lines = 0;
	log_info("no");
	log_debug("no");
	CHECK(lines == 0);
	log_warn("yes");
	log_error("yes");
	CHECK(lines == 2);
}

static void test_errno_is_kept(void)
{
	log_set_sink(remember);
	log_set_threshold(LOG_LEVEL_INFO);
	errno = ENOENT;
	log_error("the sink sets errno");
	CHECK(errno == ENOENT);
}

static void test_long_lines_are_cut(void)
{
	char text[2000];

	memset(text, 'x', sizeof(text) - 1);
	text[sizeof(text) - 1] = '\0';
	log_set_sink(remember);
	log_error("%s", text);
	CHECK(strlen(last_text) == 511);
}

/* Runs one log call with standard error in a pipe; returns what came out. */
static void capture(void (*log_it)(void), char *out, size_t size)
{
	int ends[2];
	int saved = dup(STDERR_FILENO);
	ssize_t count;

	if (!CHECK(pipe2(ends, O_CLOEXEC) == 0))
		return;
	(void)dup2(ends[1], STDERR_FILENO);
	log_it();
	(void)dup2(saved, STDERR_FILENO);
	(void)close(saved);
	(void)close(ends[1]);
	count = read(ends[0], out, size - 1);
	(void)close(ends[0]);
	out[count > 0 ? count : 0] = '\0';
}

static void log_two_kinds(void)
{
	log_error("web: exited with status %d, restarting in 2 s", 1);
	log_info("ready");
}

static void test_lines_carry_the_level_of_syslog(void)
{
	char out[200];

	log_set_sink(NULL);
	log_set_threshold(LOG_LEVEL_INFO);
	capture(log_two_kinds, out, sizeof(out));
	CHECK(strcmp(out,
		      "<3>tare: web: exited with status 1, restarting in 2 s\n"
		      "<6>tare: ready\n") == 0);
}

int main(void)
{
	RUN(test_levels_reach_the_sink);
	RUN(test_threshold_drops);
	RUN(test_errno_is_kept);
	RUN(test_long_lines_are_cut);
	RUN(test_lines_carry_the_level_of_syslog);
	return check_done();
}
