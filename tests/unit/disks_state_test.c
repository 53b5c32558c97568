// SPDX-License-Identifier: MIT
/* disks_state_test - what a machine keeps of itself, with every call failing */
/* wrap: open fsync rename write mkdir clock_settime getrandom syscall */
#include "state.h"

#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "check.h"
#include "fault.h"
#include "file.h"
#include "say.h"

int __real_open(const char *path, int flags, ...);
int __wrap_open(const char *path, int flags, mode_t mode);
int __wrap_open(const char *path, int flags, mode_t mode)
{
	return fault_strikes() ? -1 : __real_open(path, flags, mode);
}
FAULT_WRAP(int, fsync, (int fd), (fd))
FAULT_WRAP(int, rename, (const char *from, const char *to), (from, to))
FAULT_WRAP(int, mkdir, (const char *path, mode_t mode), (path, mode))
FAULT_WRAP(ssize_t, write, (int fd, const void *bytes, size_t length),
	(fd, bytes, length))
FAULT_WRAP(ssize_t, getrandom, (void *bytes, size_t length, unsigned flags),
	(bytes, length, flags))

/* nobody turns this machine's clock, or credits its randomness */
static time_t clock_set_to;
int __wrap_clock_settime(clockid_t clock, const struct timespec *time);
int __wrap_clock_settime(clockid_t clock, const struct timespec *time)
{
	(void)clock;
	clock_set_to = time->tv_sec;
	return 0;
}

static int credits;
long __wrap_syscall(long number, ...);
long __wrap_syscall(long number, ...)
{
	(void)number;
	credits++;
	return 0;
}

static char folder[] = "/tmp/tare-state-test-XXXXXX";
static char notes[] = "/tmp/tare-state-notes-XXXXXX";

static ssize_t read_state(const char *name, char *text, size_t size)
{
	char path[96];

	(void)snprintf(path, sizeof(path), "%s/state/%s", folder, name);
	return file_read(path, text, size);
}

static void remove_all(void)
{
	pid_t pid = fork();

	if (pid == 0) {
		(void)execlp("rm", "rm", "-rf", folder, NULL);
		_exit(1);
	}
	(void)waitpid(pid, NULL, 0);
}

static void start_anew(void)
{
	remove_all();
	(void)__real_mkdir(folder, 0755);
	clock_set_to = 0;
	credits = 0;
}

static void test_first_and_second_boot(void)
{
	char id[64], again[64], seed[1024], next[1024];

	start_anew();
	state_prepare();
	CHECK(read_state("machine-id", id, sizeof(id)) == 32);
	CHECK(strspn(id, "0123456789abcdef") == 32 && id[12] == '4');
	CHECK(read_state("seed", seed, sizeof(seed)) >= 511);
	CHECK(credits == 0); /* nothing was there to count on */
	state_prepare();
	CHECK(read_state("machine-id", again, sizeof(again)) == 32);
	CHECK(strcmp(id, again) == 0);
	CHECK(read_state("seed", next, sizeof(next)) >= 511);
	CHECK(memcmp(seed, next, 511) != 0); /* never used twice */
	CHECK(credits == 1);
}

static void test_clock(void)
{
	static const struct {
		const char *text;
		time_t set_to;
	} rows[] = {
		{ "4102444800\n", 4102444800 },
		{ "1000\n", 0 },
		{ "", 0 },
		{ "4102444800x\n", 0 },
		{ "99999999999999999999\n", 0 },
		{ "-5\n", 0 },
	};
	char path[96], text[32];

	start_anew();
	state_prepare();
	(void)snprintf(path, sizeof(path), "%s/state/clock", folder);
	for (size_t i = 0; i < sizeof(rows) / sizeof(*rows); i++) {
		check_row(rows[i].text);
		clock_set_to = 0;
		CHECK(file_replace(path, rows[i].text, strlen(rows[i].text),
			      0644) == 0);
		state_prepare();
		CHECK(clock_set_to == rows[i].set_to);
	}
	state_save_clock();
	CHECK(read_state("clock", text, sizeof(text)) > 0);
	CHECK(labs(strtol(text, NULL, 10) - time(NULL)) <= 1);
}

/* one failing call loses one thing and says so; the next boot mends it, and a
 * seed is only counted on when its successor is safe */
static void test_faults(void)
{
	unsigned int fds = fault_count_fds();

	for (unsigned int nth = 1;; nth++) {
		char id[64], seed[1024], next[1024];

		start_anew();
		state_prepare();
		CHECK(read_state("seed", seed, sizeof(seed)) >= 511);
		credits = 0;
		fault_arm(nth, EIO);
		state_prepare();
		if (!fault_fired()) {
			CHECK(nth > 10);
			break;
		}
		CHECK(read_state("seed", next, sizeof(next)) >= 511);
		CHECK(credits == 0 || memcmp(seed, next, 511) != 0);
		CHECK(read_state("machine-id", id, sizeof(id)) == 32);
	}
	CHECK(fault_count_fds() == fds);
}

int main(void)
{
	if (!mkdtemp(folder))
		return 1;
	int fd = mkstemp(notes);
	say_notes_path = notes;
	state_root = folder;
	RUN(test_first_and_second_boot);
	RUN(test_clock);
	RUN(test_faults);
	remove_all();
	(void)close(fd);
	(void)unlink(notes);
	return check_done();
}
