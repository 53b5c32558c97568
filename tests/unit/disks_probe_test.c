// SPDX-License-Identifier: MIT
/*
 * disks_probe_test - the watch over the data disk, on a disk and with a clock
 * that exist only here
 */
/* wrap: stat readlink open pread write sigtimedwait file_replace */
#include "probe.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>
#include <unistd.h>

#include "check.h"
#include "state.h"

#define HEARTBEAT_FD 77

static unsigned disk_major, reads, beats, saves, rounds, rounds_max;
static unsigned bad_from, bad_to; /* reads that fail: from, up to before */
static const char *link_target;
static int read_flags, write_errno;
static bool is_aligned;

int __wrap_stat(const char *path, struct stat *out);
int __wrap_stat(const char *path, struct stat *out)
{
	CHECK(strcmp(path, state_root) == 0);
	memset(out, 0, sizeof(*out));
	out->st_dev = makedev(disk_major, 4);
	return 0;
}

ssize_t __wrap_readlink(const char *path, char *target, size_t size);
ssize_t __wrap_readlink(const char *path, char *target, size_t size)
{
	CHECK(strcmp(path, "/sys/dev/block/254:4") == 0);
	if (!link_target) {
		errno = ENOENT;
		return -1;
	}
	CHECK(size > strlen(link_target));
	memcpy(target, link_target, strlen(link_target));
	return (ssize_t)strlen(link_target);
}

int __real_open(const char *path, int flags, ...);
int __wrap_open(const char *path, int flags, mode_t mode);
int __wrap_open(const char *path, int flags, mode_t mode)
{
	(void)mode;
	if (strcmp(path, "/dev/vda4") != 0) {
		errno = ENXIO;
		return -1;
	}
	read_flags = flags;
	return __real_open("/dev/null", O_RDONLY | O_CLOEXEC);
}

ssize_t __wrap_pread(int fd, void *bytes, size_t length, off_t at);
ssize_t __wrap_pread(int fd, void *bytes, size_t length, off_t at)
{
	(void)fd;
	is_aligned =
		(uintptr_t)bytes % 4096 == 0 && length % 4096 == 0 && at == 0;
	reads++;
	errno = EIO;
	return reads > bad_from && reads <= bad_to ? -1 : (ssize_t)length;
}

ssize_t __wrap_write(int fd, const void *bytes, size_t length);
ssize_t __wrap_write(int fd, const void *bytes, size_t length)
{
	(void)bytes;
	if (fd != HEARTBEAT_FD)
		return (ssize_t)length; /* what is said */
	beats++;
	errno = write_errno;
	return write_errno ? -1 : (ssize_t)length;
}

int __wrap_sigtimedwait(const sigset_t *set, siginfo_t *info,
	const struct timespec *limit);
int __wrap_sigtimedwait(const sigset_t *set, siginfo_t *info,
	const struct timespec *limit)
{
	(void)info;
	CHECK(sigismember(set, SIGTERM) == 1);
	CHECK(limit->tv_sec == 10);
	errno = EAGAIN;
	return ++rounds >= rounds_max ? SIGTERM : -1;
}

int __wrap_file_replace(const char *path, const void *bytes, size_t length,
	mode_t mode);
int __wrap_file_replace(const char *path, const void *bytes, size_t length,
	mode_t mode)
{
	(void)bytes;
	(void)length;
	(void)mode;
	CHECK(strcmp(path, "/data/state/clock") == 0);
	saves++;
	return 0;
}

static int run(unsigned rounds_wanted)
{
	reads = beats = saves = rounds = 0;
	rounds_max = rounds_wanted;
	return probe_run();
}

static void test_beats_while_the_disk_answers(void)
{
	CHECK(run(360) == EXIT_SUCCESS);
	CHECK(reads == 360 && beats == 360);
	CHECK(saves == 2); /* at the start and at the end */
	CHECK(read_flags & O_DIRECT && is_aligned);
	CHECK(run(361) == EXIT_SUCCESS);
	CHECK(saves == 3); /* an hour has passed */
}

/* silence, and only that, tells process 1 */
static void test_silent_while_it_does_not(void)
{
	bad_from = 2;
	bad_to = 5;
	CHECK(run(10) == EXIT_SUCCESS);
	CHECK(reads == 10 && beats == 7);
	bad_from = bad_to = 0;
}

static void test_full_pipe_is_no_matter(void)
{
	write_errno = EAGAIN;
	CHECK(run(5) == EXIT_SUCCESS);
	CHECK(reads == 5);
	write_errno = 0;
}

static void test_not_needed_in_memory(void)
{
	disk_major = 0;
	CHECK(run(1) == EXIT_SUCCESS);
	CHECK(reads == 0 && saves == 0);
	disk_major = 254;
}

static void test_no_disk(void)
{
	static const char *const targets[] = { NULL, "", "no-slash",
		"../../block/vdb/vdb1" };

	for (size_t i = 0; i < sizeof(targets) / sizeof(*targets); i++) {
		check_row(targets[i] ? targets[i] : "none");
		link_target = targets[i];
		CHECK(run(1) == EXIT_FAILURE);
		CHECK(reads == 0 && beats == 0);
	}
}

int main(void)
{
	char text[8];

	(void)snprintf(text, sizeof(text), "%d", HEARTBEAT_FD);
	(void)setenv("TARE_INIT_FD", text, 1);
	disk_major = 254;
	link_target = "../../devices/pci0000:00/virtio0/block/vda/vda4";
	RUN(test_beats_while_the_disk_answers);
	RUN(test_silent_while_it_does_not);
	RUN(test_full_pipe_is_no_matter);
	RUN(test_not_needed_in_memory);
	RUN(test_no_disk);
	return check_done();
}
