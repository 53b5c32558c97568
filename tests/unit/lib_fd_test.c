// SPDX-License-Identifier: MIT
/* lib_fd_test - whole reads and writes, files replaced whole, no descriptor lost */
/* wrap: openat write read fstat fsync renameat mkdirat realloc */
#include "lib/fd.h"

#include <fcntl.h>
#include <limits.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "check.h"
#include "fault.h"
#include "lib/error.h"

static size_t short_write; /* when set, write(2) takes no more than this */

FAULT_WRAP(ssize_t, read, (int fd, void *data, size_t size), (fd, data, size))
FAULT_WRAP(int, fstat, (int fd, struct stat *status), (fd, status))
FAULT_WRAP(int, fsync, (int fd), (fd))
FAULT_WRAP(int, renameat, (int from, const char *a, int to, const char *b),
	(from, a, to, b))
FAULT_WRAP(int, mkdirat, (int fd, const char *name, mode_t mode),
	(fd, name, mode))
FAULT_WRAP_POINTER(void *, realloc, (void *old, size_t size), (old, size))

int __real_openat(int fd, const char *name, int flags, ...);
int __wrap_openat(int fd, const char *name, int flags, mode_t mode);
int __wrap_openat(int fd, const char *name, int flags, mode_t mode)
{
	return fault_strikes() ? -1 : __real_openat(fd, name, flags, mode);
}

ssize_t __real_write(int fd, const void *data, size_t size);
ssize_t __wrap_write(int fd, const void *data, size_t size);
ssize_t __wrap_write(int fd, const void *data, size_t size)
{
	if (fault_strikes())
		return -1;
	if (short_write > 0 && size > short_write)
		size = short_write;
	return __real_write(fd, data, size);
}

static char folder[] = "/tmp/tare-fd-test-XXXXXX";
static int folder_fd = -1;

static bool exists(const char *name)
{
	struct stat status;

	return fstatat(folder_fd, name, &status, AT_SYMLINK_NOFOLLOW) == 0;
}

static bool holds(const char *name, const char *wanted)
{
	auto_free char *text = NULL;
	struct error err;

	return fd_read_file(folder_fd, name, 100000, &text, NULL, &err) == 0 &&
	       strcmp(text, wanted) == 0;
}

static void test_take_and_close(void)
{
	unsigned int before = fault_count_fds();
	int fd = open("/dev/null", O_RDONLY | O_CLOEXEC);
	int taken = fd_take(&fd);

	CHECK(fd == -1 && taken >= 0);
	errno = ENOENT;
	fd_close(&taken);
	fd_close(&taken);
	CHECK(taken == -1 && errno == ENOENT);
	{
		auto_fd scoped = open("/dev/null", O_RDONLY | O_CLOEXEC);

		CHECK(scoped >= 0);
	}
	CHECK(fault_count_fds() == before);
}

static void test_short_and_interrupted_writes_go_on(void)
{
	struct error err;

	short_write = 3;
	CHECK(fd_replace_file(folder_fd, "short", "0123456789", 10, 0600,
		      &err) == 0);
	short_write = 0;
	CHECK(holds("short", "0123456789"));
	{
		auto_fd fd = openat(folder_fd, "short",
			O_WRONLY | O_TRUNC | O_CLOEXEC, 0);

		fault_arm(1, EINTR);
		CHECK(fd_write_all(fd, "again", 5) == 0);
		CHECK(fault_fired());
	}
	CHECK(holds("short", "again"));
}

static void test_read_full(void)
{
	int ends[2];
	char buffer[8];

	if (!CHECK(pipe2(ends, O_CLOEXEC) == 0))
		return;
	CHECK(__real_write(ends[1], "abc", 3) == 3);
	CHECK(__real_write(ends[1], "def", 3) == 3);
	CHECK(fd_read_full(ends[0], buffer, 4) == 4);
	CHECK(memcmp(buffer, "abcd", 4) == 0);
	fd_close(&ends[1]);
	fault_arm(1, EINTR);
	CHECK(fd_read_full(ends[0], buffer, sizeof(buffer)) == 2);
	CHECK(fault_fired());
	fault_arm(1, EIO);
	CHECK(fd_read_full(ends[0], buffer, sizeof(buffer)) == -EIO);
	fd_close(&ends[0]);
}

static void test_read_file_holds_its_limit(void)
{
	char *text = NULL;
	size_t size = 0;
	struct error err;

	CHECK(fd_replace_file(folder_fd, "ten", "0123456789", 10, 0600, &err) ==
		0);
	CHECK(fd_read_file(folder_fd, "ten", 9, &text, &size, &err) == -EFBIG);
	CHECK(text == NULL && strstr(err.text, "'ten'"));
	CHECK(fd_read_file(folder_fd, "ten", 10, &text, &size, &err) == 0);
	CHECK(text && size == 10 && strcmp(text, "0123456789") == 0);
	free(text);
}

static void test_read_file_of_procfs_says_zero_bytes(void)
{
	char *text = NULL;
	size_t size = 0;
	struct error err;

	CHECK(fd_read_file(AT_FDCWD, "/proc/self/maps", 1 << 20, &text, &size,
		      &err) == 0);
	CHECK(text && size > 4096 && strlen(text) == size);
	free(text);
	text = NULL;
	CHECK(fd_read_file(AT_FDCWD, "/proc/self/maps", 500, &text, NULL,
		      &err) == -EFBIG);
	CHECK(text == NULL && strstr(err.text, "500"));
}

static void test_read_file_refuses_what_is_no_file(void)
{
	static const char *const names[] = { "fifo", "folder", "missing" };
	static const int results[] = { -EINVAL, -EINVAL, -ENOENT };
	char *text = NULL;
	struct error err;

	CHECK(mkfifoat(folder_fd, "fifo", 0600) == 0);
	CHECK(mkdirat(folder_fd, "folder", 0700) == 0);
	for (size_t i = 0; i < 3; i++) {
		check_row(names[i]);
		CHECK(fd_read_file(folder_fd, names[i], 10, &text, NULL,
			      &err) == results[i]);
		CHECK(strstr(err.text, names[i]) && text == NULL);
	}
}

static void test_write_file_names_what_failed(void)
{
	struct error err;

	CHECK(fd_write_file(folder_fd, "missing", "1", &err) == -ENOENT);
	CHECK(strstr(err.text, "open 'missing'"));
	CHECK(fd_write_file(AT_FDCWD, "/dev/full", "17", &err) == -ENOSPC);
	CHECK(strstr(err.text, "write '17' to '/dev/full': No space"));
}

static void test_replace_is_all_or_nothing(void)
{
	unsigned int before = fault_count_fds();
	unsigned int nth = 0;
	struct error err;
	bool fired;

	CHECK(fd_replace_file(folder_fd, "file", "old", 3, 0600, &err) == 0);
	do {
		int result;

		fault_arm(++nth, EIO);
		result = fd_replace_file(folder_fd, "file", "new", 3, 0600,
			&err);
		fired = fault_fired();
		CHECK(fired ? result == -EIO : result == 0);
		CHECK(!fired || strstr(err.text, "file"));
		/* the fifth call syncs the folder, after the rename */
		CHECK(holds("file", nth < 5 ? "old" : "new"));
		CHECK(!exists(".new-file"));
		CHECK(fault_count_fds() == before);
	} while (fired);
	CHECK(nth == 6);
}

static void test_replace_does_not_follow_a_planted_link(void)
{
	struct error err;

	CHECK(fd_replace_file(folder_fd, "victim", "safe", 4, 0600, &err) == 0);
	CHECK(symlinkat("victim", folder_fd, ".new-target") == 0);
	CHECK(fd_replace_file(folder_fd, "target", "evil", 4, 0600, &err) < 0);
	CHECK(holds("victim", "safe"));
	CHECK(unlinkat(folder_fd, ".new-target", 0) == 0 || errno == ENOENT);
}

static void test_replace_refuses_a_long_name(void)
{
	char name[301];
	struct error err;

	memset(name, 'n', sizeof(name) - 1);
	name[sizeof(name) - 1] = '\0';
	CHECK(fd_replace_file(folder_fd, name, "", 0, 0600, &err) ==
		-ENAMETOOLONG);
}

static void test_read_file_each_call_may_fail(void)
{
	unsigned int before = fault_count_fds();
	unsigned int nth = 0;
	struct error err;
	bool fired;

	CHECK(fd_replace_file(folder_fd, "small", "x", 1, 0600, &err) == 0);
	do {
		auto_free char *text = NULL;
		int result;

		fault_arm(++nth, ENOMEM);
		result =
			fd_read_file(folder_fd, "small", 10, &text, NULL, &err);
		fired = fault_fired();
		CHECK(fired ? result == -ENOMEM : result == 0);
		CHECK(fired == (text == NULL));
		CHECK(!fired || strstr(err.text, "'small'"));
		CHECK(fault_count_fds() == before);
	} while (fired);
	CHECK(nth == 6); /* openat fstat realloc read read */
}

static void test_make_dirs(void)
{
	static const struct {
		const char *path;
		int result;
	} rows[] = {
		{ "a/b/c", 0 },
		{ "a/b/c", 0 },
		{ "a//b/./d/", 0 },
		{ "small/x", -ENOTDIR },
		{ "small", -ENOTDIR },
		{ "", -ENAMETOOLONG },
	};
	char path[600];
	struct error err;

	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		check_row(rows[i].path);
		CHECK(fd_make_dirs(folder_fd, rows[i].path, 0755, &err) ==
			rows[i].result);
	}
	check_row(NULL);
	CHECK(exists("a/b/c") && exists("a/b/d"));
	memset(path, 'p', sizeof(path) - 1);
	path[sizeof(path) - 1] = '\0';
	CHECK(fd_make_dirs(folder_fd, path, 0755, &err) == -ENAMETOOLONG);
	fault_arm(1, EROFS);
	CHECK(fd_make_dirs(folder_fd, "ro/x", 0755, &err) == -EROFS);
	CHECK(strstr(err.text, "'ro'"));
}

static void test_nonblocking(void)
{
	int ends[2];
	char byte;

	if (!CHECK(pipe2(ends, O_CLOEXEC) == 0))
		return;
	CHECK(fd_set_nonblocking(ends[0], true) == 0);
	CHECK(read(ends[0], &byte, 1) == -1 && errno == EAGAIN);
	CHECK(fd_set_nonblocking(ends[0], false) == 0);
	CHECK((fcntl(ends[0], F_GETFL) & O_NONBLOCK) == 0);
	fd_close(&ends[0]);
	fd_close(&ends[1]);
	CHECK(fd_set_nonblocking(-1, true) == -EBADF);
}

int main(void)
{
	unsigned int before = fault_count_fds();
	struct error err;

	if (!mkdtemp(folder))
		return 1;
	folder_fd = open(folder, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	RUN(test_take_and_close);
	RUN(test_short_and_interrupted_writes_go_on);
	RUN(test_read_full);
	RUN(test_read_file_holds_its_limit);
	RUN(test_read_file_of_procfs_says_zero_bytes);
	RUN(test_read_file_refuses_what_is_no_file);
	RUN(test_write_file_names_what_failed);
	RUN(test_replace_is_all_or_nothing);
	RUN(test_replace_does_not_follow_a_planted_link);
	RUN(test_replace_refuses_a_long_name);
	RUN(test_read_file_each_call_may_fail);
	RUN(test_make_dirs);
	RUN(test_nonblocking);
	fd_close(&folder_fd);
	CHECK(fd_remove_tree(AT_FDCWD, folder, &err) == 0);
	CHECK(fault_count_fds() == before);
	return check_done();
}
