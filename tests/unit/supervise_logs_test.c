// SPDX-License-Identifier: MIT
/* tests of supervise/logs: JSON lines, long lines, floods, rotation */
#include "supervise/logs.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <unistd.h>

#include "check.h"
#include "lib/error.h"
#include "lib/fd.h"

#define TIME "2026-01-02T03:04:05.000000Z"

static struct log_file file;
static struct loop loop;
static int dir_fd;

static void begin(void)
{
	char path[] = "/tmp/tare-logs-XXXXXX";
	struct error err;

	memset(&file, 0, sizeof(file));
	CHECK(loop_open(&loop, &err) == 0);
	CHECK(mkdtemp(path) != NULL);
	dir_fd = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	CHECK(dir_fd >= 0);
	log_file_init(&file, &loop, dir_fd, "web");
}

static void end(void)
{
	char path[64];
	char target[256] = "";

	log_file_detach(&file);
	(void)unlinkat(dir_fd, "web.log", 0);
	(void)unlinkat(dir_fd, "web.log.1", 0);
	(void)snprintf(path, sizeof(path), "/proc/self/fd/%d", dir_fd);
	if (readlink(path, target, sizeof(target) - 1) > 0)
		(void)rmdir(target);
	fd_close(&dir_fd);
	loop_close(&loop);
}

static char *contents(const char *name)
{
	struct error err;
	char *text = NULL;

	(void)fd_read_file(dir_fd, name, 64 << 20, &text, NULL, &err);
	return text;
}

static void feed(const char *text)
{
	log_feed(&file.streams[0], text, strlen(text), TIME);
}

static bool log_is(const char *expected)
{
	auto_free char *text = contents("web.log");
	bool is_same = text && strcmp(text, expected) == 0;

	if (!is_same)
		printf("# got: %s", text ? text : "no file\n");
	return is_same;
}

#define LINE(text) \
	"{\"log\":\"" text "\",\"stream\":\"stdout\",\"time\":\"" TIME "\"}\n"

static void test_lines(void)
{
	begin();
	feed("one\ntwo\nthr");
	CHECK(log_is(LINE("one\\n") LINE("two\\n")));
	feed("ee\n\n\"q\"\t\x01\xff\xc3\xa9\n");
	CHECK(log_is(LINE("one\\n") LINE("two\\n") LINE("three\\n") LINE("\\n")
			LINE("\\\"q\\\"\\t\\u0001\\ufffd\xc3\xa9\\n")));
	end();
}

static void test_one_endless_line(void)
{
	static char chunk[3 * LOG_LINE_MAX];
	size_t lines = 0;

	begin();
	memset(chunk, 'x', sizeof(chunk));
	log_feed(&file.streams[0], chunk, sizeof(chunk), TIME);

	auto_free char *text = contents("web.log");

	CHECK(text != NULL);
	for (char *at = text; at && (at = strchr(at, '\n')); at++)
		lines++;
	CHECK(lines == 3);
	CHECK(text && !strstr(text, "\\n"));
	CHECK(file.streams[0].pending_size == 0);
	end();
}

/* The worst that text can become: every byte six times as long. */
static void test_worst_bytes(void)
{
	static char chunk[2 * LOG_LINE_MAX];
	size_t escapes = 0;

	begin();
	memset(chunk, 0x01, sizeof(chunk));
	log_feed(&file.streams[0], chunk, sizeof(chunk), TIME);

	auto_free char *text = contents("web.log");

	for (char *at = text; at && (at = strstr(at, "\\u0001")); at++)
		escapes++;
	CHECK(escapes == sizeof(chunk));
	end();
}

static void test_newlines_only(void)
{
	static char chunk[64 << 10];
	size_t lines = 0;

	begin();
	memset(chunk, '\n', sizeof(chunk));
	log_feed(&file.streams[0], chunk, sizeof(chunk), TIME);

	auto_free char *text = contents("web.log");

	for (char *at = text; at && (at = strchr(at, '\n')); at++)
		lines++;
	CHECK(lines == sizeof(chunk));
	end();
}

static void attach_pipes(int *write_fd)
{
	int out[2] = { -1, -1 };
	int other[2] = { -1, -1 };
	struct error err;

	CHECK(pipe2(out, O_CLOEXEC | O_NONBLOCK) == 0);
	CHECK(pipe2(other, O_CLOEXEC | O_NONBLOCK) == 0);
	CHECK(log_file_attach(&file, out[0], other[0], &err) == 0);
	fd_close(&other[1]);
	*write_fd = out[1];
}

static void test_flood_is_dropped_and_counted(void)
{
	static char chunk[32 << 10];
	struct stat status;
	int write_fd;

	begin();
	attach_pipes(&write_fd);
	memset(chunk, 'y', sizeof(chunk));
	chunk[sizeof(chunk) - 1] = '\n';
	file.tokens = 0;
	file.filled_ms = loop_now_ms();
	CHECK(write(write_fd, chunk, sizeof(chunk)) == sizeof(chunk));
	file.streams[0].watch.on_ready(&file.streams[0].watch, 0);
	CHECK(file.dropped_bytes == sizeof(chunk));
	CHECK(fstatat(dir_fd, "web.log", &status, 0) < 0);
	file.tokens = LOG_BURST;
	CHECK(write(write_fd, "later\n", 6) == 6);
	file.streams[0].watch.on_ready(&file.streams[0].watch, 0);

	auto_free char *text = contents("web.log");

	CHECK(text && strstr(text, "dropped 32768 bytes"));
	CHECK(text && strstr(text, "\"later\\n\""));
	fd_close(&write_fd);
	end();
}

static void test_the_rest_is_written_at_the_end(void)
{
	int write_fd;

	begin();
	attach_pipes(&write_fd);
	CHECK(write(write_fd, "last words", 10) == 10);
	fd_close(&write_fd);
	log_file_detach(&file);

	auto_free char *text = contents("web.log");

	CHECK(text && strstr(text, "\"last words\""));
	end();
}

/* Reads and parts may end in the middle of a character: none is broken. */
static void test_characters_stay_whole(void)
{
	static char chunk[LOG_LINE_MAX + 4];

	begin();
	feed("caf\xc3");
	feed("\xa9 \xe2\x82");
	feed("\xac\n");
	CHECK(log_is(LINE("caf\xc3\xa9 \xe2\x82\xac\\n")));
	end();
	begin();
	memset(chunk, 'x', sizeof(chunk));
	memcpy(chunk + LOG_LINE_MAX - 1, "\xf0\x9f\x98\x80", 4);
	chunk[LOG_LINE_MAX + 3] = '\n';
	log_feed(&file.streams[0], chunk, sizeof(chunk), TIME);

	auto_free char *text = contents("web.log");

	CHECK(text && strstr(text, "\"\xf0\x9f\x98\x80\\n\""));
	CHECK(text && !strstr(text, "ufffd"));
	end();
}

/* An empty line is one byte for a workload and eighty for the disk. */
static void test_a_line_counts_with_all_that_it_weighs(void)
{
	static char chunk[32 << 10];
	struct stat status = { 0 };
	int write_fd;

	begin();
	attach_pipes(&write_fd);
	memset(chunk, '\n', sizeof(chunk));
	for (int i = 0; i < 64; i++) {
		CHECK(write(write_fd, chunk, sizeof(chunk)) == sizeof(chunk));
		file.streams[0].watch.on_ready(&file.streams[0].watch, 0);
	}
	CHECK(fstatat(dir_fd, "web.log", &status, 0) == 0);
	CHECK(status.st_size < LOG_BURST + LOG_FILE_MAX / 2);
	CHECK(file.dropped_bytes > 0);
	fd_close(&write_fd);
	end();
}

static void test_what_was_dropped_is_a_line_of_its_own(void)
{
	static char chunk[32 << 10];
	int write_fd;

	begin();
	attach_pipes(&write_fd);
	CHECK(write(write_fd, "begun", 5) == 5);
	file.streams[0].watch.on_ready(&file.streams[0].watch, 0);
	file.tokens = 0;
	file.filled_ms = loop_now_ms();
	CHECK(write(write_fd, chunk, sizeof(chunk)) == sizeof(chunk));
	file.streams[0].watch.on_ready(&file.streams[0].watch, 0);
	file.tokens = LOG_BURST;
	CHECK(write(write_fd, "more\n", 5) == 5);
	file.streams[0].watch.on_ready(&file.streams[0].watch, 0);

	auto_free char *text = contents("web.log");

	CHECK(text && strstr(text, "{\"log\":\"begun\","));
	CHECK(text && strstr(text, "{\"log\":\"tare: dropped 32768 bytes"));
	CHECK(text && strstr(text, "{\"log\":\"more\\n\","));
	fd_close(&write_fd);
	end();
}

/* A disk that takes half a line must not spoil the one after it. */
static void test_a_full_disk_leaves_no_half_line(void)
{
	const struct rlimit little = { 150, RLIM_INFINITY };
	const struct rlimit much = { RLIM_INFINITY, RLIM_INFINITY };

	begin();
	(void)signal(SIGXFSZ, SIG_IGN);
	feed("one\n");
	CHECK(setrlimit(RLIMIT_FSIZE, &little) == 0);
	feed("two, which is long enough to reach over the limit of the file\n");
	CHECK(file.is_failing);
	CHECK(setrlimit(RLIMIT_FSIZE, &much) == 0);
	feed("three\n");
	CHECK(log_is(LINE("one\\n") LINE("three\\n")));
	end();
}

/* The power went in the midst of a line: the next one is one of its own. */
static void test_goes_on_after_half_a_line(void)
{
	begin();

	auto_fd half_fd =
		openat(dir_fd, "web.log", O_WRONLY | O_CREAT | O_CLOEXEC, 0600);

	CHECK(fd_write_all(half_fd, "{\"log\":\"ha", 10) == 0);
	feed("whole\n");
	CHECK(log_is("{\"log\":\"ha\n" LINE("whole\\n")));
	end();
}

static void test_rotation(void)
{
	static char line[LOG_LINE_MAX];
	struct stat now = { 0 };
	struct stat old = { 0 };

	begin();
	memset(line, 'z', sizeof(line));
	line[sizeof(line) - 1] = '\n';
	for (int i = 0; i < LOG_FILE_MAX / LOG_LINE_MAX + 4; i++)
		log_feed(&file.streams[0], line, sizeof(line), TIME);
	CHECK(fstatat(dir_fd, "web.log", &now, 0) == 0);
	CHECK(fstatat(dir_fd, "web.log.1", &old, 0) == 0);
	CHECK(old.st_size <= LOG_FILE_MAX && old.st_size > LOG_FILE_MAX / 2);
	CHECK(now.st_size > 0 && now.st_size < LOG_FILE_MAX / 2);
	end();
}

/* A folder that is gone: nothing is written, nothing breaks. */
static void test_no_folder(void)
{
	begin();
	file.dir_fd = -1;
	feed("lost\n");
	CHECK(file.is_failing);
	file.dir_fd = dir_fd;
	feed("found\n");
	CHECK(!file.is_failing);
	CHECK(log_is(LINE("found\\n")));
	end();
}

int main(void)
{
	RUN(test_lines);
	RUN(test_one_endless_line);
	RUN(test_worst_bytes);
	RUN(test_newlines_only);
	RUN(test_flood_is_dropped_and_counted);
	RUN(test_the_rest_is_written_at_the_end);
	RUN(test_characters_stay_whole);
	RUN(test_a_line_counts_with_all_that_it_weighs);
	RUN(test_what_was_dropped_is_a_line_of_its_own);
	RUN(test_a_full_disk_leaves_no_half_line);
	RUN(test_goes_on_after_half_a_line);
	RUN(test_rotation);
	RUN(test_no_folder);
	return check_done();
}
