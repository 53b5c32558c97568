// SPDX-License-Identifier: MIT
/* lib_fd_tree_test - removing trees that a container made to be hard */
/* wrap: unlinkat openat fdopendir */
#include "lib/fd.h"

#include <fcntl.h>
#include <sched.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mount.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <unistd.h>

#include "check.h"
#include "fault.h"
#include "lib/error.h"

#define DEEP 400

FAULT_WRAP(int, unlinkat, (int fd, const char *name, int flags),
	(fd, name, flags))
FAULT_WRAP_POINTER(DIR *, fdopendir, (int fd), (fd))

int __real_openat(int fd, const char *name, int flags, ...);
int __wrap_openat(int fd, const char *name, int flags, mode_t mode);
int __wrap_openat(int fd, const char *name, int flags, mode_t mode)
{
	return fault_strikes() ? -1 : __real_openat(fd, name, flags, mode);
}

static char folder[] = "/tmp/tare-tree-test-XXXXXX";
static int folder_fd = -1;
static bool can_mount;

static void touch(const char *name)
{
	auto_fd fd =
		openat(folder_fd, name, O_WRONLY | O_CREAT | O_CLOEXEC, 0600);

	CHECK(fd >= 0);
}

static bool exists(const char *name)
{
	struct stat status;

	return fstatat(folder_fd, name, &status, AT_SYMLINK_NOFOLLOW) == 0;
}

/* Folders named name, one within the other, below dir_fd/top. */
static void make_chain(const char *top, const char *name, unsigned int depth)
{
	auto_fd at = -1;

	(void)mkdirat(folder_fd, top, 0700);
	at = openat(folder_fd, top, O_RDONLY | O_DIRECTORY | O_CLOEXEC, 0);
	for (unsigned int i = 0; i < depth; i++) {
		int next;

		(void)mkdirat(at, name, 0700);
		next = openat(at, name, O_RDONLY | O_DIRECTORY | O_CLOEXEC, 0);
		if (!CHECK(next >= 0))
			return;
		fd_close(&at);
		at = next;
	}
}

static void test_small_cases(void)
{
	struct error err;

	CHECK(fd_remove_tree(folder_fd, "missing", &err) == 0);
	touch("file");
	CHECK(fd_remove_tree(folder_fd, "file", &err) == 0);
	CHECK(!exists("file"));
	CHECK(mkdirat(folder_fd, "empty", 0) == 0);
	CHECK(fd_remove_tree(folder_fd, "empty", &err) == 0 || geteuid() != 0);
	CHECK(!exists("empty") || geteuid() != 0);
}

static void test_links_are_removed_not_followed(void)
{
	struct error err;

	CHECK(mkdirat(folder_fd, "kept", 0700) == 0);
	touch("kept/file");
	CHECK(mkdirat(folder_fd, "tree", 0700) == 0);
	CHECK(symlinkat("../kept", folder_fd, "tree/link") == 0);
	CHECK(symlinkat("kept", folder_fd, "link") == 0);
	CHECK(fd_remove_tree(folder_fd, "tree", &err) == 0);
	CHECK(fd_remove_tree(folder_fd, "link", &err) == 0);
	CHECK(!exists("tree") && !exists("link") && exists("kept/file"));
}

static void test_deeper_than_the_descriptor_limit(void)
{
	struct rlimit old, few;
	struct error err = { 0 };

	make_chain("deep", "d", DEEP);
	CHECK(getrlimit(RLIMIT_NOFILE, &old) == 0);
	few = old;
	few.rlim_cur = 16;
	CHECK(setrlimit(RLIMIT_NOFILE, &few) == 0);
	CHECK(fd_remove_tree(folder_fd, "deep", &err) == 0);
	CHECK(setrlimit(RLIMIT_NOFILE, &old) == 0);
	CHECK(!exists("deep") && err.text[0] == '\0');
}

static void test_names_that_collide_with_ours(void)
{
	static const char *const names[] = { "0", "1", "2", "3" };
	struct error err;

	for (unsigned int i = 0; i < 4; i++)
		make_chain("clash", names[i], 40);
	make_chain("clash/0/0/0", "1", 40);
	touch("clash/0/0/4");
	CHECK(fd_remove_tree(folder_fd, "clash", &err) == 0);
	CHECK(!exists("clash"));
}

static void test_wide_and_deep(void)
{
	char name[64];
	struct error err;

	CHECK(mkdirat(folder_fd, "wide", 0700) == 0);
	for (unsigned int i = 0; i < 300; i++) {
		(void)snprintf(name, sizeof(name), "wide/d%u", i);
		make_chain(name, "sub", 5);
		(void)snprintf(name, sizeof(name), "wide/d%u/sub/f", i);
		touch(name);
	}
	CHECK(fd_remove_tree(folder_fd, "wide", &err) == 0);
	CHECK(!exists("wide"));
}

static void test_mounts_are_not_crossed(void)
{
	static const char *const places[] = { "mounted", "mounted/m",
		"mounted/m/m" };

	if (!can_mount) {
		check_skip("needs CAP_SYS_ADMIN");
		return;
	}
	for (unsigned int i = 0; i < 3; i++) {
		struct error err = { 0 };

		check_row(places[i]);
		make_chain("mounted", "m", 3);
		/* a bind mount of the same file system: st_dev cannot tell */
		CHECK(mount("kept", places[i], NULL, MS_BIND, NULL) == 0);
		CHECK(fd_remove_tree(folder_fd, "mounted", &err) == -EBUSY);
		CHECK(strstr(err.text, "busy") && exists("kept/file"));
		CHECK(umount(places[i]) == 0);
		CHECK(fd_remove_tree(folder_fd, "mounted", &err) == 0);
		CHECK(!exists("mounted") && exists("kept/file"));
	}
}

static void test_each_call_may_fail(void)
{
	unsigned int before = fault_count_fds();
	unsigned int nth = 0;
	bool fired;

	do {
		struct error err = { 0 };
		int result;

		make_chain("faulty", "x", 3);
		touch("faulty/x/file");
		fault_arm(++nth, EIO);
		result = fd_remove_tree(folder_fd, "faulty", &err);
		fired = fault_fired();
		CHECK(fired ? result == -EIO : result == 0);
		CHECK(fired == (err.text[0] != '\0'));
		CHECK(fired == exists("faulty"));
		CHECK(fault_count_fds() == before);
		CHECK(fd_remove_tree(folder_fd, "faulty", NULL) == 0);
	} while (fired);
	CHECK(nth > 12);
}

int main(void)
{
	struct error err;

	if (!mkdtemp(folder))
		return 1;
	/* before the folder is opened: a descriptor belongs to its namespace */
	can_mount = unshare(CLONE_NEWNS) == 0 &&
		    mount(NULL, "/", NULL, MS_REC | MS_PRIVATE, NULL) == 0;
	folder_fd = open(folder, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (folder_fd < 0 || fchdir(folder_fd) < 0)
		return 1;
	RUN(test_small_cases);
	RUN(test_links_are_removed_not_followed);
	RUN(test_deeper_than_the_descriptor_limit);
	RUN(test_names_that_collide_with_ours);
	RUN(test_wide_and_deep);
	RUN(test_mounts_are_not_crossed);
	RUN(test_each_call_may_fail);
	fd_close(&folder_fd);
	CHECK(fd_remove_tree(AT_FDCWD, folder, &err) == 0);
	return check_done();
}
