/* SPDX-License-Identifier: MIT */
/* data - the file system of the data partition */
#include "data.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/fs.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <unistd.h>

#include "content.h"
#include "file.h"
#include "program.h"
#include "say.h"

#define MAKE_S  300
#define CHECK_S 1500

#define GROW_MIN_BLOCKS 256 /* 1 MiB: less is not worth a write */

/* linux/ext4.h is not exported: _IOW('f', 16, __u64) */
#define EXT4_IOC_RESIZE_FS _IOW('f', 16, uint64_t)

/* exit status of e2fsck, a sum (e2fsck(8)) */
#define FSCK_CORRECTED 1 /* 2 wants a restart if it was mounted: it was not */
#define FSCK_LEFT      4 /* errors left, or 8: no superblock where it looked */
#define FSCK_NOT_RUN   16

/* Set-uid files and devices have no business here: containers see layers by
 * overlays and volumes by mounts of their own, which have their own flags. */
#define DATA_FLAGS (MS_NOSUID | MS_NODEV | MS_NOATIME)

struct data_paths data_paths = {
	.mount_point = "/data",
	.report = "/run/tare/e2fsck.log",
	.mke2fs = "/sbin/mke2fs",
	.e2fsck = "/sbin/e2fsck",
};

static uint64_t device_bytes(int fd)
{
	uint64_t bytes = 0;
	struct stat file;

	if (file_control(fd, BLKGETSIZE64, &bytes) == 0)
		return bytes;
	return fstat(fd, &file) == 0 && S_ISREG(file.st_mode)
		       ? (uint64_t)file.st_size
		       : 0;
}

static const char *failure(int result, char text[64])
{
	if (result == -ETIMEDOUT)
		return "it took too long";
	if (result == -EINTR)
		return "it was ended by a signal";
	if (result < 0)
		return strerror(-result);
	(void)snprintf(text, 64, "exit status %d", result);
	return text;
}

/* Between the two marks a power cut only means that we start anew. Fixed
 * options: the root has no mke2fs.conf. */
static int make(const char *device, int fd, uint64_t bytes)
{
	char blocks[24], text[64];
	const char *const argv[] = { data_paths.mke2fs, "-q", "-F", "-t",
		"ext4", "-b", "4096", "-I", "256", "-m", "1", "-L", "tare-data",
		"-O", "quota,project,metadata_csum,64bit", "-E",
		"nodiscard,lazy_itable_init=1,quotatype=prjquota", device,
		blocks, NULL };

	(void)snprintf(blocks, sizeof(blocks), "%llu",
		(unsigned long long)content_usable_blocks(bytes));
	int result = content_mark(fd, bytes, true);
	if (result < 0) {
		note("disks", "mark '%s': %s", device, strerror(-result));
		return -1;
	}
	result = program_run(argv, MAKE_S, data_paths.report);
	if (result != 0) {
		note("disks", "make a file system on '%s': %s", device,
			failure(result, text));
		return -1;
	}
	if (fsync(fd) == 0)
		result = content_mark(fd, bytes, false);
	else
		result = -errno;
	if (result < 0)
		note("disks", "finish the file system on '%s': %s", device,
			strerror(-result));
	return result < 0 ? -1 : 0;
}

static int run_e2fsck(const char *device, const char *how)
{
	const char *const argv[] = { data_paths.e2fsck, how, device, NULL };

	return program_run(argv, CHECK_S, data_paths.report);
}

/* First what is surely safe, then once whatever it takes; what that gives up
 * on stays as it is, for somebody with better tools. */
static int check(const char *device)
{
	char text[64];
	int result = run_e2fsck(device, "-p");

	if (result < 0 || result >= FSCK_NOT_RUN) {
		/* could not be checked, which says nothing of what is there */
		note("disks",
			"check '%s': %s; left as it is, not used this time",
			device, failure(result, text));
		return -1;
	}
	if (result >= FSCK_LEFT) {
		result = run_e2fsck(device, "-y");
		if (result < 0 || result >= FSCK_LEFT) {
			note("disks",
				"'%s' is damaged and could not be repaired "
				"(%s); left as it is, see '%s'",
				device, failure(result, text),
				data_paths.report);
			return -1;
		}
		note("disks",
			"'%s' was damaged and is repaired; what lost its name "
			"is in '/data/lost+found', see '%s'",
			device, data_paths.report);
	} else if (result & FSCK_CORRECTED)
		say("disks", "'%s' had small errors, corrected", device);
	return 0;
}

int data_ready(const char *device)
{
	auto_fd fd = open(device, O_RDWR | O_CLOEXEC);
	if (fd < 0) {
		note("disks", "open '%s': %m", device);
		return -1;
	}
	uint64_t bytes = device_bytes(fd);
	int content = content_of(fd, bytes);
	if (content < 0) {
		note("disks", "read '%s': %s", device, strerror(-content));
		return -1;
	}

	if (content == CONTENT_EXT4)
		return check(device);
	if (content == CONTENT_FOREIGN) {
		note("disks",
			"'%s' holds something that is not ours; left as it is. "
			"To give it to this machine, blank its first and last "
			"MiB",
			device);
		return -1;
	}
	say("disks", "making a file system on '%s'%s", device,
		content == CONTENT_UNFINISHED ? " anew" : "");
	return make(device, fd, bytes);
}

int data_mount(const char *device)
{
	const char *target = data_paths.mount_point;

	if (mount(device, target, "ext4", DATA_FLAGS,
		    "errors=remount-ro,prjquota") == 0)
		return 0;
	int first_errno = errno;
	if (mount(device, target, "ext4", DATA_FLAGS, "errors=remount-ro") ==
		0) {
		note("disks",
			"mount '%s' with project quotas: %s; "
			"mounted without",
			device, strerror(first_errno));
		return 0;
	}
	note("disks", "mount '%s' on '%s': %m", device, target);
	return -1;
}

/* The kernel grows a mounted ext4 in transactions of its journal, so that a
 * power cut leaves the old size or the new one. The program resize2fs does the
 * same call, and without a mount does it in a way that must not be cut. */
int data_grow(const char *device)
{
	auto_fd fd = open(device, O_RDONLY | O_CLOEXEC);
	auto_fd root = open(data_paths.mount_point,
		O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	uint64_t bytes = fd < 0 ? 0 : device_bytes(fd);
	uint64_t have = fd < 0 ? 0 : content_ext4_bytes(fd);

	if (root < 0 || !have || bytes <= CONTENT_TAIL_BYTES) {
		note("disks", "tell the size of '%s'", device);
		return -1;
	}
	uint64_t blocks = content_usable_blocks(bytes);
	if (blocks < have / CONTENT_BLOCK_BYTES + GROW_MIN_BLOCKS)
		return 0;
	say("disks", "growing the file system on '%s' to %llu MiB", device,
		(unsigned long long)(blocks >> 8));
	if (file_control(root, EXT4_IOC_RESIZE_FS, &blocks) == 0)
		return 0;
	note("disks", "grow the file system on '%s': %m", device);
	return -1;
}

int data_mount_memory(void)
{
	if (mount("data", data_paths.mount_point, "tmpfs", DATA_FLAGS,
		    "mode=755,size=50%") == 0)
		return 0;
	note("disks", "mount memory on '%s': %m", data_paths.mount_point);
	return -1;
}
