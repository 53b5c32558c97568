// SPDX-License-Identifier: MIT
/*
 * tests of supervise/logs: JSON lines, long lines, floods, rotation, and agents
 * that are killed while they write
 */
#include "supervise/logs.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "check.h"
#include "lib/error.h"
#include "lib/fd.h"

#define TIME "2026-01-02T03:04:05.000000Z"

static struct log_file file;
static struct loop loop;
static int dir_fd;

/* The log of a workload, fed from pipes, or by feed() when there are none. */
static int spools[LOG_STREAMS];

static void attach(int stdout_fd, int stderr_fd)
{
	struct log_source source = { .outputs = { stdout_fd, stderr_fd } };
	struct error err;

	for (size_t i = 0; i < LOG_STREAMS; i++) {
		source.spools[i] = spool_create(&err);
		spools[i] = source.spools[i];
	}
	if (!CHECK(log_file_attach(&file, &source, &err) == 0))
		printf("# %s\n", err.text);
}

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
	attach(-1, -1);
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

static void feed_bytes(const char *bytes, size_t size)
{
	CHECK(spool_add(&file.streams[0].spool, bytes, size) == 0);
	log_write(&file.streams[0], TIME);
}

static void feed(const char *text)
{
	feed_bytes(text, strlen(text));
}

static bool log_ends(const char *expected)
{
	auto_free char *text = contents("web.log");
	size_t size = text ? strlen(text) : 0;
	size_t end = strlen(expected);

	return size >= end && memcmp(text + size - end, expected, end) == 0;
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
	feed_bytes(chunk, sizeof(chunk));

	auto_free char *text = contents("web.log");

	CHECK(text != NULL);
	for (char *at = text; at && (at = strchr(at, '\n')); at++)
		lines++;
	CHECK(lines == 3);
	CHECK(text && !strstr(text, "\\n"));
	CHECK(file.streams[0].spool.begin == file.streams[0].spool.end);
	end();
}

/* The worst that text can become: every byte six times as long. */
static void test_worst_bytes(void)
{
	static char chunk[2 * LOG_LINE_MAX];
	size_t escapes = 0;

	begin();
	memset(chunk, 0x01, sizeof(chunk));
	feed_bytes(chunk, sizeof(chunk));

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
	feed_bytes(chunk, sizeof(chunk));

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

	CHECK(pipe2(out, O_CLOEXEC | O_NONBLOCK) == 0);
	CHECK(pipe2(other, O_CLOEXEC | O_NONBLOCK) == 0);
	log_file_detach(&file);
	attach(out[0], other[0]);
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
	feed_bytes(chunk, sizeof(chunk));

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
	CHECK(write(write_fd, "more\nlines\n", 11) == 11);
	file.streams[0].watch.on_ready(&file.streams[0].watch, 0);

	auto_free char *text = contents("web.log");
	/* each where it came */
	const char *at = text ? strstr(text, "{\"log\":\"begun\",") : NULL;

	at = at ? strstr(at, "{\"log\":\"tare: dropped 32768 bytes") : NULL;
	at = at ? strstr(at, "{\"log\":\"more\\n\",") : NULL;
	CHECK(at && strstr(at, "{\"log\":\"lines\\n\","));
	fd_close(&write_fd);
	end();
}

/* A disk that takes half a line must not spoil the one after it. */
static void test_a_full_disk_leaves_no_half_line(void)
{
	static char newlines[64 << 10];
	const struct rlimit much = { RLIM_INFINITY, RLIM_INFINITY };
	struct rlimit little = much;

	begin();
	(void)signal(SIGXFSZ, SIG_IGN);
	/* the limit counts for the spool as well: so the log is the longer */
	memset(newlines, '\n', sizeof(newlines));
	feed_bytes(newlines, sizeof(newlines));
	feed("one\n");
	little.rlim_cur = file.size + 50;
	CHECK(setrlimit(RLIMIT_FSIZE, &little) == 0);
	feed("two, which is long enough to reach over the limit of the file\n");
	CHECK(file.is_failing);
	CHECK(setrlimit(RLIMIT_FSIZE, &much) == 0);
	feed("three\n");
	CHECK(log_ends(LINE("one\\n") LINE("three\\n")));
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
		feed_bytes(line, sizeof(line));
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

/* Agents that die. */

static void test_the_next_agent_goes_on(void)
{
	struct log_source source = { .outputs = { -1, -1 } };
	struct error err;
	off_t size;

	begin();
	feed("one\ntw");
	for (size_t i = 0; i < LOG_STREAMS; i++)
		source.spools[i] = fcntl(spools[i], F_DUPFD_CLOEXEC, 0);

	auto_fd log_fd = openat(dir_fd, "web.log", O_RDWR | O_APPEND);

	/* written by an agent that died before it committed */
	size = lseek(log_fd, 0, SEEK_END);
	CHECK(write(log_fd, "{\"log\":\"two", 11) == 11);
	fd_close(&file.fd);
	for (size_t i = 0; i < LOG_STREAMS; i++)
		spool_close(&file.streams[i].spool);

	memset(&file, 0, sizeof(file));
	log_file_init(&file, &loop, dir_fd, "web");
	CHECK(log_file_attach(&file, &source, &err) == 0);
	CHECK(lseek(log_fd, 0, SEEK_END) == size);
	feed("o\n");
	CHECK(log_is(LINE("one\\n") LINE("two\\n")));
	end();
}

static void test_no_spool(void)
{
	struct log_source source = { .outputs = { -1, -1 },
		.spools = { -1, -1 } };
	struct error err;

	begin();
	log_file_detach(&file);
	CHECK(log_file_attach(&file, &source, &err) == -EBADF);
	CHECK(strstr(err.text, "spool"));
	source.spools[0] = open("/dev/null", O_RDWR | O_CLOEXEC);
	source.spools[1] = spool_create(&err);
	CHECK(log_file_attach(&file, &source, &err) == -EBADF);
	end();
}

#define PRINTED 40000 /* lines of each stream */

static _Noreturn void be_printer(const int fds[LOG_STREAMS])
{
	char line[96];

	for (unsigned int i = 0; i < PRINTED; i++) {
		for (int at = 0; at < LOG_STREAMS; at++) {
			int size = snprintf(line, sizeof(line),
				"line %u %.*s\n", i, (int)(i % 60),
				"............................................................");

			if (fd_write_all(fds[at], line, (size_t)size) < 0)
				_exit(1);
		}
	}
	_exit(0);
}

static void on_both_ended(struct timer *timer)
{
	if (file.streams[0].watch.fd < 0 && file.streams[1].watch.fd < 0)
		loop_stop(&loop);
	loop_arm(timer, 1);
}

/* Reads until the printer has ended, or until it is killed. */
static _Noreturn void be_agent(const struct log_source *source)
{
	struct timer timer;
	struct error err;

	CHECK(loop_open(&loop, &err) == 0);
	memset(&file, 0, sizeof(file));
	log_file_init(&file, &loop, dir_fd, "web");
	if (loop_add_timer(&loop, &timer, on_both_ended, &err) < 0 ||
		log_file_attach(&file, source, &err) < 0)
		_exit(1);
	loop_arm(&timer, 1);
	if (loop_run(&loop, &err) < 0)
		_exit(1);
	log_file_detach(&file);
	_exit(0);
}

/* Kills agents until one comes to the end; how many there were. */
static unsigned int run_agents(const struct log_source *source)
{
	unsigned int seed = 1;
	unsigned int lives = 0;
	int status = -1;

	while (!WIFEXITED(status) && lives++ < 5000) {
		struct timespec until = { .tv_nsec = rand_r(&seed) % 3000000 };
		pid_t pid = fork();

		if (pid == 0)
			be_agent(source);
		(void)nanosleep(&until, NULL);
		(void)kill(pid, SIGKILL);
		(void)waitpid(pid, &status, 0);
	}
	CHECK(WIFEXITED(status) && WEXITSTATUS(status) == 0);
	return lives;
}

/* Each line of each stream once and in order. */
static void check_lines(const char *text, const char *stream,
	unsigned int *next)
{
	char name[32];

	(void)snprintf(name, sizeof(name), "\"stream\":\"%s\"", stream);
	for (const char *at = text; at && *at;) {
		const char *end = strchr(at, '\n');
		static const char begin_of_line[] = "{\"log\":\"line ";
		unsigned long number;

		if (!end || !CHECK(strncmp(at, begin_of_line,
					   sizeof(begin_of_line) - 1) == 0)) {
			printf("# %.100s\n", at);
			return;
		}
		number = strtoul(at + sizeof(begin_of_line) - 1, NULL, 10);
		if (memmem(at, (size_t)(end - at), name, strlen(name))) {
			if (!CHECK(number == *next)) {
				printf("# %lu after %u\n", number, *next);
				return;
			}
			(*next)++;
		}
		at = end + 1;
	}
}

static void test_killed_at_any_time(void)
{
	struct log_source source;
	unsigned int next[LOG_STREAMS] = { 0 };
	int writers[LOG_STREAMS];
	struct error err;
	unsigned int lives;
	pid_t printer;

	begin();
	for (size_t i = 0; i < LOG_STREAMS; i++) {
		int pipes[2];

		CHECK(pipe2(pipes, O_CLOEXEC) == 0);
		(void)fd_set_nonblocking(pipes[0], true);
		source.outputs[i] = pipes[0];
		writers[i] = pipes[1];
		source.spools[i] = spool_create(&err);
	}
	printer = fork();
	if (printer == 0)
		be_printer(writers);
	for (size_t i = 0; i < LOG_STREAMS; i++)
		fd_close(&writers[i]);
	(void)fflush(stdout);
	lives = run_agents(&source);
	(void)waitpid(printer, NULL, 0);
	printf("# %u lives\n", lives);
	CHECK(lives > 20);

	auto_free char *old = contents("web.log.1");
	auto_free char *text = contents("web.log");

	/* it was rotated on the way, however short the lives */
	CHECK(old && strlen(old) <= LOG_FILE_MAX);
	check_lines(old, "stdout", &next[0]);
	check_lines(text, "stdout", &next[0]);
	check_lines(old, "stderr", &next[1]);
	check_lines(text, "stderr", &next[1]);
	CHECK(next[0] == PRINTED && next[1] == PRINTED);
	for (size_t i = 0; i < LOG_STREAMS; i++) {
		(void)close(source.outputs[i]);
		(void)close(source.spools[i]);
	}
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
	RUN(test_the_next_agent_goes_on);
	RUN(test_no_spool);
	RUN(test_killed_at_any_time);
	return check_done();
}
