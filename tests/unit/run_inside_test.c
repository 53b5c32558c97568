// SPDX-License-Identifier: MIT
/* run_inside_test - no path inside a root leads out of it */
#include "run/inside.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "check.h"
#include "run_fixture.h"

static char base[64]; /* root/ is the root, out/ must never be seen */
static int root_fd = -1;

static void shell(const char *command)
{
	char text[2048];

	(void)snprintf(text, sizeof(text), "cd \"$1\"; %s", command);
	fixture_shell(text, base);
}

static void begin(const char *command)
{
	(void)snprintf(base, sizeof(base), "/tmp/tare-inside-XXXXXX");
	if (!mkdtemp(base))
		abort();
	shell("mkdir root out; echo secret >out/file");
	shell(command);
	root_fd = -1;

	char path[80];

	(void)snprintf(path, sizeof(path), "%s/root", base);
	root_fd = open(path, O_PATH | O_DIRECTORY | O_CLOEXEC);
	if (root_fd < 0)
		abort();
}

static void end(void)
{
	fd_close(&root_fd);
	shell("test \"$(ls out)\" = file; rm -rf \"$PWD\"");
}

static bool is_there(const char *name)
{
	return faccessat(root_fd, name, F_OK, AT_SYMLINK_NOFOLLOW) == 0;
}

static void test_makes_folders_and_files(void)
{
	auto_fd folder = -1;
	auto_fd file = -1;
	auto_fd again = -1;
	struct stat status;

	begin("mkdir root/a");
	folder = inside_make(root_fd, "/a/b//c/./d/", INSIDE_FOLDER, true);
	CHECK(folder >= 0 && is_there("a/b/c/d"));
	file = inside_make(root_fd, "/x/y/file", INSIDE_FILE, true);
	CHECK(file >= 0 && fstat(file, &status) == 0 &&
		S_ISREG(status.st_mode) && (status.st_mode & 0777) == 0644);
	again = inside_make(root_fd, "/x/y/file", INSIDE_FILE, false);
	CHECK(again >= 0);
	CHECK(inside_make(root_fd, "/x/y/file", INSIDE_FOLDER, true) ==
		-ENOTDIR);
	CHECK(inside_make(root_fd, "/x/y/file/z", INSIDE_FOLDER, true) ==
		-ENOTDIR);
	end();
}

static void test_links_stay_inside(void)
{
	static const struct {
		const char *path;
		const char *made; /* in the root */
	} rows[] = {
		{ "/abs/one", "tmp/one" },
		{ "/up/two", "two" },
		{ "/chain/three", "tmp/three" },
		{ "/dangling", "run/gone" },
		{ "/dir/relative", "dir/sub/target" },
		{ "/../../../four", "four" },
		{ "/tmp/../../five", "five" },
	};

	begin("cd root; mkdir tmp dir; ln -s /tmp abs; "
	      "ln -s ../../../../.. up; ln -s abs chain; "
	      "ln -s ../../run/gone dangling; "
	      "ln -s sub/target dir/relative");
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		auto_fd fd =
			inside_make(root_fd, rows[i].path, INSIDE_FILE, true);

		check_row(rows[i].path);
		CHECK(fd >= 0);
		CHECK(is_there(rows[i].made));
	}
	check_row(NULL);
	end();
}

static void test_links_are_refused_where_they_must_not_be(void)
{
	begin("cd root; mkdir tmp; ln -s tmp link; ln -s loop loop; "
	      "ln -s b a; ln -s a b; ln -s gone gone-link");
	CHECK(inside_make(root_fd, "/link", INSIDE_FOLDER, false) == -ELOOP);
	CHECK(inside_make(root_fd, "/link/x", INSIDE_FOLDER, false) == -ELOOP);
	CHECK(!is_there("tmp/x"));
	CHECK(inside_make(root_fd, "/gone-link", INSIDE_FOLDER, false) ==
		-ELOOP);
	CHECK(!is_there("gone"));
	CHECK(inside_make(root_fd, "/loop", INSIDE_FOLDER, true) == -ELOOP);
	CHECK(inside_make(root_fd, "/loop/x", INSIDE_FOLDER, true) == -ELOOP);
	CHECK(inside_make(root_fd, "/a", INSIDE_FILE, true) == -ELOOP);
	CHECK(inside_open(root_fd, "/loop", O_PATH) == -ELOOP);
	CHECK(inside_open_no_links(root_fd, "/link", O_PATH) == -ELOOP);
	end();
}

static void test_long_names_are_errors(void)
{
	char name[5000];

	begin(":");
	memset(name, 'n', sizeof(name));
	name[0] = '/';
	name[300] = '\0';
	CHECK(inside_make(root_fd, name, INSIDE_FILE, true) == -ENAMETOOLONG);
	for (size_t i = 0; i < sizeof(name); i += 2)
		name[i] = '/';
	name[sizeof(name) - 1] = '\0';
	CHECK(inside_make(root_fd, name, INSIDE_FILE, true) == -ENAMETOOLONG);
	end();
}

static void test_reads_regular_files_only(void)
{
	static const struct {
		const char *path;
		int result;
	} rows[] = {
		{ "/fifo", -EINVAL },
		{ "/folder", -EINVAL },
		{ "/device", -EINVAL },
		{ "/to-fifo", -EINVAL },
		{ "/huge", -EFBIG },
		{ "/gone", -ENOENT },
		{ "/outside", -ENOENT },
		{ "/file/x", -ENOTDIR },
	};
	auto_free char *text = NULL;

	begin("cd root; mkfifo fifo; mkdir folder; ln -s fifo to-fifo; "
	      "truncate -s 1G huge; echo hello >file; ln -s /file link; "
	      "ln -s ../out/file outside; "
	      "mknod device c 1 5 2>/dev/null || mkfifo device");
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		char *content = NULL;

		check_row(rows[i].path);
		CHECK(inside_read(root_fd, rows[i].path, 4096, &content) ==
			rows[i].result);
		CHECK(!content);
	}
	check_row(NULL);
	CHECK(inside_read(root_fd, "/link", 4096, &text) == 0);
	CHECK(text && strcmp(text, "hello\n") == 0);
	end();
}

static void test_links_of_procfs_are_not_followed(void)
{
	auto_fd slash = open("/", O_PATH | O_DIRECTORY | O_CLOEXEC);

	CHECK(slash >= 0);
	CHECK(inside_open(slash, "/proc/self/root/etc", O_PATH) == -ELOOP);
	CHECK(inside_open(slash, "/proc/self/cwd", O_PATH | O_DIRECTORY) ==
		-ELOOP);
	CHECK(inside_make(slash, "/proc/self/cwd", INSIDE_FOLDER, true) ==
		-ELOOP);
	CHECK(inside_make(slash, "/proc/self/fd/0/x", INSIDE_FOLDER, true) ==
		-ELOOP);
}

int main(void)
{
	RUN(test_makes_folders_and_files);
	RUN(test_links_stay_inside);
	RUN(test_links_are_refused_where_they_must_not_be);
	RUN(test_long_names_are_errors);
	RUN(test_reads_regular_files_only);
	RUN(test_links_of_procfs_are_not_followed);
	return check_done();
}
