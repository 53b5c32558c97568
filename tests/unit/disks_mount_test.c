// SPDX-License-Identifier: MIT
/*
 * disks_mount_test - mounting and growing /data, with a kernel that does as it
 * is told
 */
/* wrap: mount syscall */
#include "data.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/fs.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mount.h>
#include <unistd.h>

#include "check.h"
#include "content.h"
#include "file.h"
#include "say.h"

#define MIB (1024ULL * 1024)

static char folder[] = "/tmp/tare-mount-test-XXXXXX";
static char image[64], notes[64], calls[512];
static const char *failing; /* mounts whose options have this fail */
static uint64_t grown_to;
static int grow_errno;

int __wrap_mount(const char *source, const char *target, const char *type,
	unsigned long flags, const void *options);
int __wrap_mount(const char *source, const char *target, const char *type,
	unsigned long flags, const void *options)
{
	size_t used = strlen(calls);

	CHECK(strcmp(target, folder) == 0);
	CHECK(flags & MS_NOSUID && flags & MS_NODEV);
	(void)snprintf(calls + used, sizeof(calls) - used, "%s %s %s;", source,
		type, (const char *)options);
	errno = EINVAL;
	return failing && strstr(calls + used, failing) ? -1 : 0;
}

/* ioctl(2): a file has no size of a block device; an ext4 grows */
long __wrap_syscall(long number, long fd, unsigned long request,
	void *argument);
long __wrap_syscall(long number, long fd, unsigned long request, void *argument)
{
	(void)number;
	(void)fd;
	if (request == BLKGETSIZE64) {
		errno = ENOTTY;
		return -1;
	}
	memcpy(&grown_to, argument, sizeof(grown_to));
	errno = grow_errno;
	return grow_errno ? -1 : 0;
}

static bool has_noted(const char *sentence)
{
	char text[4096];

	return file_read(notes, text, sizeof(text)) > 0 &&
	       strstr(text, sentence);
}

static void start_anew(const char *fault)
{
	calls[0] = '\0';
	failing = fault;
	grown_to = 0;
	grow_errno = 0;
	(void)unlink(notes);
}

static void test_mount(void)
{
	start_anew(NULL);
	CHECK(data_mount("/dev/vda4") == 0);
	CHECK(strcmp(calls, "/dev/vda4 ext4 errors=remount-ro,prjquota;") == 0);
	CHECK(access(notes, F_OK) < 0);
}

static void test_without_quotas(void)
{
	start_anew("prjquota");
	CHECK(data_mount("/dev/vda4") == 0);
	CHECK(strstr(calls, ";/dev/vda4 ext4 errors=remount-ro;"));
	CHECK(has_noted("with project quotas: Invalid argument"));
}

static void test_not_at_all(void)
{
	start_anew("ext4");
	CHECK(data_mount("/dev/vda4") < 0);
	CHECK(has_noted("mount '/dev/vda4' on"));
}

static void test_memory(void)
{
	start_anew(NULL);
	CHECK(data_mount_memory() == 0);
	CHECK(strstr(calls, "tmpfs mode=755,size=50%"));
	start_anew("tmpfs");
	CHECK(data_mount_memory() < 0);
	CHECK(has_noted("mount memory on"));
}

/* an ext4 of so many 4 KiB blocks on a partition of so many bytes */
static void make_image(uint32_t blocks, uint64_t bytes)
{
	uint8_t superblock[1024] = { 0 };
	auto_fd fd = open(image, O_RDWR | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);

	memcpy(superblock + 4, &blocks, sizeof(blocks));
	superblock[0x18] = 2;
	superblock[0x38] = 0x53;
	superblock[0x39] = 0xef;
	CHECK(pwrite(fd, superblock, sizeof(superblock), 1024) == 1024);
	CHECK(ftruncate(fd, (off_t)bytes) == 0);
}

static void test_grows(void)
{
	const uint64_t usable = content_usable_blocks(100 * MIB);

	start_anew(NULL);
	make_image(64 * 256 - 16, 100 * MIB);
	CHECK(data_grow(image) == 0);
	CHECK(grown_to == usable);

	start_anew(NULL);
	grow_errno = EPERM;
	CHECK(data_grow(image) < 0);
	CHECK(has_noted("grow the file system on"));
}

/* as large as it can be, nearly so, or larger than the partition is */
static void test_does_not_grow(void)
{
	static const uint32_t blocks[] = { 100 * 256 - 16, 99 * 256, 200 * 256,
		UINT32_MAX };

	for (size_t i = 0; i < sizeof(blocks) / sizeof(*blocks); i++) {
		start_anew(NULL);
		make_image(blocks[i], 100 * MIB);
		CHECK(data_grow(image) == 0);
		CHECK(grown_to == 0);
	}
}

static void test_no_size(void)
{
	start_anew(NULL);
	CHECK(data_grow("/nowhere/image") < 0);
	make_image(0, 100 * MIB);
	CHECK(data_grow(image) < 0);
	make_image(256, 4096);
	CHECK(data_grow(image) < 0);
	CHECK(has_noted("tell the size of"));
}

int main(void)
{
	if (!mkdtemp(folder))
		return 1;
	(void)snprintf(image, sizeof(image), "%s/image", folder);
	(void)snprintf(notes, sizeof(notes), "%s/notes", folder);
	say_notes_path = notes;
	data_paths.mount_point = folder;
	RUN(test_mount);
	RUN(test_without_quotas);
	RUN(test_not_at_all);
	RUN(test_memory);
	RUN(test_grows);
	RUN(test_does_not_grow);
	RUN(test_no_size);
	(void)unlink(image);
	(void)unlink(notes);
	(void)rmdir(folder);
	return check_done();
}
