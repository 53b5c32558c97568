// SPDX-License-Identifier: MIT
/* tests of supervise/generation and tree: which config counts */
#include "supervise/generation.h"

#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "check.h"
#include "config/config.h"
#include "config/problem.h"
#include "lib/arena.h"
#include "lib/error.h"
#include "lib/fd.h"
#include "lib/text.h"
#include "supervise/tree.h"

#define GOOD_ONE "services:\n  one:\n    image: busybox\n"
#define GOOD_TWO "services:\n  two:\n    image: busybox\n"
#define BAD      "services:\n  two:\n    imagee: busybox\n"

static struct problems problems;
static struct config config;
static struct generation generation;
static struct arena arena;
static char base[32];
static int base_fd, partition_fd, data_fd;

static int make_folder(const char *name)
{
	CHECK(mkdirat(base_fd, name, 0755) == 0);
	return openat(base_fd, name, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
}

static void begin(void)
{
	(void)snprintf(base, sizeof(base), "/tmp/tare-gen-XXXXXX");
	CHECK(mkdtemp(base) != NULL);
	base_fd = open(base, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	partition_fd = make_folder("partition");
	data_fd = make_folder("data");
	memset(&generation, 0, sizeof(generation));
	generation.folder_fd = -1;
}

static void end(void)
{
	struct error err;

	fd_close(&generation.folder_fd);
	arena_clear(&arena);
	fd_close(&partition_fd);
	fd_close(&data_fd);
	CHECK(fd_remove_tree(base_fd, "partition", &err) == 0);
	CHECK(fd_remove_tree(base_fd, "data", &err) == 0);
	fd_close(&base_fd);
	CHECK(rmdir(base) == 0);
}

static void put(int dir_fd, const char *path, const char *text)
{
	auto_fd fd = openat(dir_fd, path,
		O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0644);

	CHECK(fd >= 0 && fd_write_all(fd, text, strlen(text)) == 0);
}

static void load(int from_fd)
{
	fd_close(&generation.folder_fd);
	arena_clear(&arena);
	generation_load(from_fd, data_fd, &arena, &generation, &config,
		&problems);
}

static bool runs(const char *name)
{
	return config.service_count == 1 &&
	       strcmp(config.services[0].name, name) == 0;
}

static void test_a_good_one_is_kept(void)
{
	struct stat status;

	begin();
	put(partition_fd, "compose.yaml", GOOD_ONE);
	put(partition_fd, "site.conf", "x");
	CHECK(mkdirat(partition_fd, "images", 0755) == 0);
	load(partition_fd);
	CHECK(generation.origin == GENERATION_PARTITION);
	CHECK(!generation.is_partition_bad);
	CHECK(runs("one"));
	CHECK(fstatat(data_fd, "config/good/site.conf", &status, 0) == 0);
	CHECK(fstatat(data_fd, "config/good/images", &status, 0) < 0);
	CHECK(fstatat(data_fd, "config/incoming", &status, 0) < 0);
	/* relative paths mean the copy */
	CHECK(fstatat(generation.folder_fd, "site.conf", &status, 0) == 0);
	end();
}

static void test_an_unchanged_one_is_not_written_again(void)
{
	struct stat before = { 0 };
	struct stat after = { 0 };

	begin();
	put(partition_fd, "compose.yaml", GOOD_ONE);
	CHECK(mkdirat(partition_fd, "sub", 0755) == 0);
	put(partition_fd, "sub/file", "y");
	load(partition_fd);
	CHECK(fstatat(data_fd, "config/good", &before, 0) == 0);
	load(partition_fd);
	CHECK(fstatat(data_fd, "config/good", &after, 0) == 0);
	CHECK(before.st_ino == after.st_ino);
	put(partition_fd, "sub/file", "z");
	load(partition_fd);
	CHECK(fstatat(data_fd, "config/good", &after, 0) == 0);
	CHECK(before.st_ino != after.st_ino);
	end();
}

static void test_a_bad_one_falls_back(void)
{
	begin();
	put(partition_fd, "compose.yaml", GOOD_ONE);
	load(partition_fd);
	put(partition_fd, "compose.yaml", BAD);
	load(partition_fd);
	CHECK(generation.origin == GENERATION_LAST_GOOD);
	CHECK(generation.is_partition_bad);
	CHECK(problems.error_count > 0);
	CHECK(runs("one"));
	put(partition_fd, "compose.yaml", GOOD_TWO);
	load(partition_fd);
	CHECK(generation.origin == GENERATION_PARTITION);
	CHECK(problems.error_count == 0);
	CHECK(runs("two"));
	end();
}

static void test_no_partition(void)
{
	begin();
	load(-1);
	CHECK(generation.origin == GENERATION_NONE);
	CHECK(config.service_count == 0);
	CHECK(strstr(generation.note, "no config partition"));
	load(partition_fd);
	CHECK(strstr(generation.note, "no compose.yaml"));
	put(partition_fd, "compose.yaml", GOOD_ONE);
	load(partition_fd);
	load(-1);
	CHECK(generation.origin == GENERATION_LAST_GOOD);
	CHECK(runs("one"));
	end();
}

static void test_a_bad_first_one(void)
{
	begin();
	put(partition_fd, "compose.yaml", BAD);
	load(partition_fd);
	CHECK(generation.origin == GENERATION_NONE);
	CHECK(generation.is_partition_bad);
	CHECK(config.service_count == 0);
	end();
}

/* What a power cut may leave must not be taken for a config. */
static void test_half_a_copy(void)
{
	begin();
	put(partition_fd, "compose.yaml", GOOD_ONE);
	load(partition_fd);
	CHECK(mkdirat(data_fd, "config/incoming", 0755) == 0);
	put(data_fd, "config/incoming/compose.yaml", GOOD_TWO);
	load(-1);
	CHECK(runs("one"));
	put(partition_fd, "compose.yaml", GOOD_TWO);
	load(partition_fd);
	CHECK(runs("two"));
	end();
}

static void test_too_deep(void)
{
	char path[64];
	struct text text;
	struct error err;

	begin();
	text_init(&text, path, sizeof(path));
	text_add(&text, "d");
	for (int i = 0; i < TREE_DEPTH_MAX + 1; i++) {
		CHECK(mkdirat(partition_fd, path, 0755) == 0);
		text_add(&text, "/d");
	}
	CHECK(tree_copy(partition_fd, data_fd, NULL, &err) < 0);
	CHECK(strstr(err.text, "levels"));
	end();
}

int main(void)
{
	RUN(test_a_good_one_is_kept);
	RUN(test_an_unchanged_one_is_not_written_again);
	RUN(test_a_bad_one_falls_back);
	RUN(test_no_partition);
	RUN(test_a_bad_first_one);
	RUN(test_half_a_copy);
	RUN(test_too_deep);
	return check_done();
}
