/* SPDX-License-Identifier: MIT */
/*
 * disks - from whatever disks a machine has to /config and /data.
 *
 * Runs once at every boot, and as "disks --probe" stays to watch the data
 * disk. It always ends with a /data that can be written: where there is no
 * usable partition, in memory. Every deviation is a note.
 */
#include <errno.h>
#include <fcntl.h>
#include <linux/blkpg.h>
#include <linux/fs.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/mount.h>
#include <sys/stat.h>

#include "data.h"
#include "file.h"
#include "gpt.h"
#include "partitions.h"
#include "probe.h"
#include "say.h"
#include "state.h"

#define WAIT_MS     3000 /* for a disk to appear, if there is none yet */
#define DISKS_MAX   16
#define DEVICE_MAX  (PARTITION_NAME_MAX + sizeof("/dev/"))
#define MODE_PATH   "/run/tare/data-mode"
#define DATA_LABEL  "tare-data"
#define CONFIG_PATH "/config"

static const char *device_of(char path[DEVICE_MAX], const char *name)
{
	(void)snprintf(path, DEVICE_MAX, "/dev/%.*s", PARTITION_NAME_MAX, name);
	return path;
}

/* the sizes of a whole disk; false when it has none, as an empty drive */
static bool measure(struct gpt_disk *disk)
{
	uint64_t bytes = 0;
	int sector_bytes = 0;

	if (file_control(disk->fd, BLKGETSIZE64, &bytes) < 0 ||
		file_control(disk->fd, BLKSSZGET, &sector_bytes) < 0 ||
		(sector_bytes != 512 && sector_bytes != 4096) || bytes == 0)
		return false;
	disk->sector_bytes = (uint32_t)sector_bytes;
	disk->sectors = bytes / disk->sector_bytes;
	return true;
}

static int tell_kernel(const struct gpt_disk *disk, const struct gpt_span *span)
{
	struct blkpg_partition partition = {
		.start = (long long)(span->first * disk->sector_bytes),
		.length = (long long)(span->sectors * disk->sector_bytes),
		.pno = (int)span->number,
	};
	struct blkpg_ioctl_arg request = {
		.op = BLKPG_RESIZE_PARTITION,
		.datalen = sizeof(partition),
		.data = &partition,
	};
	return file_control(disk->fd, BLKPG, &request);
}

/* the disk may have become larger since its table was written */
static void grow_partition(const char *name)
{
	char path[DEVICE_MAX];
	const char *reason = "";
	struct gpt_span span;
	auto_fd fd = open(device_of(path, name), O_RDWR | O_CLOEXEC);
	struct gpt_disk disk = { .fd = fd };

	if (fd < 0 || !measure(&disk)) {
		note("disks", "open '%s': %m", path);
		return;
	}
	int result = gpt_grow(&disk, DATA_LABEL, &span, &reason);
	if (result == 0 || result == -ENOENT)
		return;
	if (result < 0)
		note("disks", "grow the data partition on '%s': %s", path,
			reason);
	else if (tell_kernel(&disk, &span) < 0)
		note("disks",
			"tell the kernel of the grown partition on '%s': %m; "
			"it is used from the next boot on",
			path);
	else
		say("disks", "'%s' grew, and the data partition with it", path);
}

/* A power cut while a table was written leaves a good one at the end of the
 * disk, which the kernel does not look at by itself. */
static bool restore_tables(void)
{
	char names[DISKS_MAX][PARTITION_NAME_MAX], path[DEVICE_MAX];
	size_t count = partitions_disks(names, DISKS_MAX);
	bool has_restored = false;

	for (size_t i = 0; i < count; i++) {
		auto_fd fd =
			open(device_of(path, names[i]), O_RDWR | O_CLOEXEC);
		struct gpt_disk disk = { .fd = fd };

		if (fd < 0 || !measure(&disk) ||
			gpt_restore(&disk, DATA_LABEL) != 1)
			continue;
		note("disks",
			"the partition table of '%s' was damaged and is "
			"restored from its copy",
			path);
		if (file_control(fd, BLKRRPART, NULL) < 0)
			note("disks", "read it again: %m");
		has_restored = true;
	}
	return has_restored;
}

static void find(struct partitions *found)
{
	if (!partitions_find(found, WAIT_MS) && restore_tables())
		(void)partitions_find(found, WAIT_MS);
	if (found->has_rivals)
		note("disks", "several disks carry our partitions, using '%s'",
			found->disk);
}

static void mount_config(const char *name)
{
	char path[DEVICE_MAX];

	if (!*name) {
		note("disks", "there is no partition 'tare-config'");
		return;
	}
	if (mount(device_of(path, name), CONFIG_PATH, "vfat",
		    MS_RDONLY | MS_NOSUID | MS_NODEV | MS_NOEXEC,
		    "utf8=1,umask=022") < 0)
		note("disks", "mount '%s' on '%s': %m", path, CONFIG_PATH);
}

/* false: /data has to be in memory, and it was said why */
static bool mount_data(const char *name)
{
	char path[DEVICE_MAX];

	if (!*name) {
		note("disks", "there is no partition '" DATA_LABEL "'");
		return false;
	}
	if (data_ready(device_of(path, name)) < 0 || data_mount(path) < 0)
		return false;
	(void)data_grow(path); /* else it stays as large as it was */
	return true;
}

static void write_mode(const char *mode)
{
	auto_fd fd =
		open(MODE_PATH, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0644);

	if (fd < 0 || file_write_all(fd, mode, strlen(mode)) < 0)
		note("disks", "write '" MODE_PATH "': %m");
}

int main(int argc, char **argv)
{
	struct partitions found;

	(void)umask(0022);
	if (argc > 1 && strcmp(argv[1], "--probe") == 0)
		return probe_run();

	find(&found);
	if (*found.disk && *found.data)
		grow_partition(found.disk);
	mount_config(found.config);
	if (mount_data(found.data)) {
		write_mode("disk\n");
	} else {
		note("disks", "working from memory: what is stored now is lost "
			      "when the machine stops");
		write_mode("memory\n");
		if (data_mount_memory() < 0)
			return EXIT_FAILURE;
	}
	state_prepare();
	return EXIT_SUCCESS;
}
