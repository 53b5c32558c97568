// SPDX-License-Identifier: MIT
/* netd_key_test - WireGuard's keys: as text, and kept in a file */
/* wrap: open fsync rename write getrandom */
#include "key.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/random.h>
#include <sys/stat.h>
#include <unistd.h>

#include "check.h"
#include "fault.h"

int __real_open(const char *path, int flags, ...);
int __wrap_open(const char *path, int flags, mode_t mode);
int __wrap_open(const char *path, int flags, mode_t mode)
{
	return fault_strikes() ? -1 : __real_open(path, flags, mode);
}
FAULT_WRAP(int, fsync, (int fd), (fd))
FAULT_WRAP(int, rename, (const char *from, const char *to), (from, to))
FAULT_WRAP(ssize_t, write, (int fd, const void *bytes, size_t length),
	(fd, bytes, length))
FAULT_WRAP(ssize_t, getrandom, (void *bytes, size_t length, unsigned flags),
	(bytes, length, flags))

static char folder[] = "/tmp/tare-key-XXXXXX", path[64];

static void test_text(void)
{
	static const char *const wrong[] = { "",
		"xTIBA5rboUvnH4htodjb6e697QjLERt1NAB4mZqp8Dg",
		"xTIBA5rboUvnH4htodjb6e697QjLERt1NAB4mZqp8Dgx",
		"xTIBA5rboUvnH4htodjb6e697QjLERt1NAB4mZqp8Dh=",
		"xTIBA5rboUvnH4htodjb6e697QjLERt1NAB4mZqp8 g=",
		"xTIBA5rboUvnH4htodjb6e697QjLERt1NAB4mZqp8Dg==" };
	static const char good[] =
		"xTIBA5rboUvnH4htodjb6e697QjLERt1NAB4mZqp8Dg=";
	uint8_t key[KEY_BYTES];
	char text[KEY_TEXT_MAX];

	CHECK(key_parse(good, key) && key[0] == 0xc5 && key[31] == 0x38);
	key_print(key, text);
	CHECK(strcmp(text, good) == 0);
	for (size_t i = 0; i < sizeof(wrong) / sizeof(*wrong); i++) {
		check_row(wrong[i]);
		CHECK(!key_parse(wrong[i], key));
	}
}

static void test_made_once(void)
{
	uint8_t first[KEY_BYTES], second[KEY_BYTES];
	struct stat file;

	CHECK(key_load(path, first) == 0);
	CHECK(stat(path, &file) == 0 && (file.st_mode & 0777) == 0600);
	CHECK((first[0] & 7) == 0 && (first[31] & 0xc0) == 0x40);
	CHECK(key_load(path, second) == 0);
	CHECK(memcmp(first, second, KEY_BYTES) == 0);
	(void)unlink(path);
	CHECK(key_load(path, second) == 0);
	CHECK(memcmp(first, second, KEY_BYTES) != 0);
}

/* somebody's file is never overwritten */
static void test_no_key_in_it(void)
{
	uint8_t key[KEY_BYTES];
	struct stat file;
	int fd = __real_open(path, O_WRONLY | O_TRUNC);

	CHECK(write(fd, "hello\n", 6) == 6);
	(void)close(fd);
	CHECK(key_load(path, key) == -EBADMSG);
	CHECK(stat(path, &file) == 0 && file.st_size == 6);
}

static void test_faults(void)
{
	unsigned int fds = fault_count_fds();
	uint8_t key[KEY_BYTES];

	for (unsigned int nth = 1;; nth++) {
		(void)unlink(path);
		fault_arm(nth, EIO);
		int result = key_load(path, key);
		if (!fault_fired()) {
			CHECK(result == 0 && nth > 6);
			break;
		}
		CHECK(result == -EIO);
	}
	CHECK(fault_count_fds() == fds);
}

int main(void)
{
	if (!mkdtemp(folder))
		return 1;
	(void)snprintf(path, sizeof(path), "%s/wg0.key", folder);
	RUN(test_text);
	RUN(test_made_once);
	RUN(test_no_key_in_it);
	RUN(test_faults);
	(void)unlink(path);
	(void)rmdir(folder);
	return check_done();
}
