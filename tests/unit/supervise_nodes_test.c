// SPDX-License-Identifier: MIT
/* tests of supervise/nodes: which devices the names of a config mean */
#include "supervise/nodes.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>
#include <unistd.h>

#include "check.h"
#include "config/service.h"
#include "fault.h"
#include "lib/arena.h"
#include "lib/error.h"
#include "lib/fd.h"

static char folder[] = "/tmp/tare-nodes-XXXXXX";
static int dev_fd = -1;

/* A /dev of our own; false: devices cannot be made here. */
static bool make(void)
{
	if (!mkdtemp(folder))
		return false;
	dev_fd = open(folder, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (mknodat(dev_fd, "null", S_IFCHR | 0666, makedev(1, 3)) < 0)
		return false;
	CHECK(fchmodat(dev_fd, "null", 0640, 0) == 0);
	CHECK(fchownat(dev_fd, "null", 0, 6, 0) == 0);
	CHECK(mknodat(dev_fd, "disk", S_IFBLK | 0600, makedev(7, 9)) == 0);
	CHECK(mkdirat(dev_fd, "snd", 0755) == 0);
	CHECK(mkdirat(dev_fd, "snd/by", 0755) == 0);
	CHECK(mknodat(dev_fd, "snd/pcm", S_IFCHR | 0600, makedev(1, 5)) == 0);
	CHECK(mknodat(dev_fd, "snd/by/id", S_IFCHR | 0600, makedev(1, 7)) == 0);
	CHECK(mknodat(dev_fd, "snd/fifo", S_IFIFO | 0600, 0) == 0);
	CHECK(symlinkat("../null", dev_fd, "snd/link") == 0);
	CHECK(symlinkat("../../../../../dev/null", dev_fd, "out") == 0);
	CHECK(symlinkat("/dev/null", dev_fd, "absolute") == 0);
	CHECK(mknodat(dev_fd, "file", S_IFREG | 0600, 0) == 0);
	return true;
}

static bool is_made;

static void test_making(void)
{
	is_made = make();
	if (!is_made)
		check_skip("devices cannot be made here");
}

static struct service ask(struct device *device, const char *source)
{
	*device = (struct device){ source, "/dev/here", "rw", { 0, 0 } };
	return (struct service){ .devices = device, .device_count = 1 };
}

static void test_one(void)
{
	auto_arena arena = { 0 };
	struct device device;
	struct service service = ask(&device, "/dev/null");
	struct error err = { 0 };
	struct nodes nodes;

	CHECK(nodes_find(dev_fd, &service, &arena, &nodes, &err) == 0);
	if (!CHECK(nodes.count == 1))
		return;
	CHECK(strcmp(nodes.items[0].path, "/dev/here") == 0);
	CHECK(nodes.items[0].type == 'c' && nodes.items[0].major == 1 &&
		nodes.items[0].minor == 3);
	CHECK(nodes.items[0].mode == 0640 && nodes.items[0].uid == 0 &&
		nodes.items[0].gid == 6);
	CHECK(nodes.items[0].device == &device);
	/* a link to another name of /dev is fine */
	service = ask(&device, "/dev/snd/link");
	CHECK(nodes_find(dev_fd, &service, &arena, &nodes, &err) == 0);
	CHECK(nodes.count == 1 && nodes.items[0].minor == 3);
}

static bool has_node(const struct nodes *nodes, const char *path,
	uint32_t minor)
{
	for (size_t i = 0; i < nodes->count; i++) {
		if (strcmp(nodes->items[i].path, path) == 0)
			return nodes->items[i].minor == minor;
	}
	return false;
}

static void test_folder(void)
{
	auto_arena arena = { 0 };
	struct device device;
	struct service service = ask(&device, "/dev/snd");
	struct error err = { 0 };
	struct nodes nodes;

	CHECK(nodes_find(dev_fd, &service, &arena, &nodes, &err) == 0);
	CHECK(nodes.count == 2);
	CHECK(has_node(&nodes, "/dev/here/pcm", 5));
	CHECK(has_node(&nodes, "/dev/here/by/id", 7));
}

static void test_what_is_refused(void)
{
	static const struct {
		const char *source;
		int code;
		const char *text;
	} rows[] = {
		{ "/dev/gone", -ENODEV,
			"device '/dev/gone': this machine has none" },
		{ "/dev/null/x", -ENODEV, "this machine has none" },
		{ "/dev/file", -ENODEV, "'/dev/file': this is no device" },
		{ "/dev/snd/fifo", -ENODEV, "this is no device" },
		{ "/dev/out", -EXDEV, "device '/dev/out'" },
		{ "/dev/absolute", -EXDEV, "device '/dev/absolute'" },
	};
	unsigned int before = fault_count_fds();

	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		auto_arena arena = { 0 };
		struct device device;
		struct service service = ask(&device, rows[i].source);
		struct error err = { 0 };
		struct nodes nodes;

		check_row(rows[i].source);
		CHECK(nodes_find(dev_fd, &service, &arena, &nodes, &err) ==
			rows[i].code);
		if (!CHECK(strstr(err.text, rows[i].text) != NULL))
			printf("# %s\n", err.text);
	}
	CHECK(fault_count_fds() == before);
}

static void test_disks(void)
{
	struct block_limit limits[2] = {
		{ BLOCK_READ_BPS, "/dev/disk", 1 },
		{ BLOCK_READ_BPS, "/dev/null", 1 },
	};
	auto_arena arena = { 0 };
	struct service service = { .block_limits = limits,
		.block_limit_count = 1 };
	struct error err = { 0 };
	struct nodes nodes;

	CHECK(nodes_find(dev_fd, &service, &arena, &nodes, &err) == 0);
	CHECK(nodes.count == 0 && nodes.disks[0].major == 7 &&
		nodes.disks[0].minor == 9);
	service.block_limit_count = 2;
	CHECK(nodes_find(dev_fd, &service, &arena, &nodes, &err) == -ENOTBLK);
	CHECK(strstr(err.text, "'/dev/null': this is no disk"));
}

/* Nothing is looked up for a service that names nothing. */
static void test_nothing(void)
{
	auto_arena arena = { .limit_bytes = 1 };
	struct service service = { 0 };
	struct error err = { 0 };
	struct nodes nodes;

	CHECK(nodes_find(-1, &service, &arena, &nodes, &err) == 0);
	CHECK(nodes.count == 0);
}

int main(void)
{
	RUN(test_nothing);
	RUN(test_making);
	if (is_made) {
		RUN(test_one);
		RUN(test_folder);
		RUN(test_what_is_refused);
		RUN(test_disks);
	}
	CHECK(fd_remove_tree(AT_FDCWD, folder, NULL) == 0);
	fd_close(&dev_fd);
	return check_done();
}
