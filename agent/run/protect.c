// SPDX-License-Identifier: MIT
/* protect - paths of the kernel that a container must not read or write */
#include "run/protect.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <linux/magic.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>
#include <unistd.h>

#include "lib/error.h"
#include "lib/fd.h"
#include "lib/text.h"
#include "run/inside.h"
#include "run/kernel.h"
#include "run/mount.h"
#include "run/plan.h"
#include "run/step.h"

#ifndef AT_RECURSIVE
#define AT_RECURSIVE 0x8000 /* asm-generic/fcntl.h */
#endif
#define NUMBERS_MAX 8192 /* CONFIG_NR_CPUS is at most that */

int protect_open_null(struct error *err)
{
	auto_fd fd = open("/dev/null", O_PATH | O_NOFOLLOW | O_CLOEXEC);
	struct stat status;
	int result;

	if (fd < 0 || fstat(fd, &status) < 0)
		return error_errno(err, "open '/dev/null'");
	if (!S_ISCHR(status.st_mode) || status.st_rdev != makedev(1, 3))
		return error_set(err, -EPERM,
			"open '/dev/null': it is not the null device");
	result = kernel_clone_mount(fd, "", 0);
	return result < 0 ? error_errno(err, "copy '/dev/null'") : result;
}

/*
 * Opens a path that the kernel made, to protect it; -ENOENT when this kernel
 * has no such thing. What lies below /proc and /sys must be of their file
 * systems, or the protection would protect something else.
 */
static int open_kernel_path(const struct stage *stage, const char *path,
	struct error *err)
{
	auto_fd fd = inside_open_no_links(stage->root_fd, path, O_PATH);

	if (fd == -ENOTDIR)
		return -ENOENT;
	if (fd < 0)
		return fd;
	if (text_starts_with(path, "/proc/") &&
		mount_is_on(fd, PROC_SUPER_MAGIC) != 1)
		return error_set(err, -EPERM, "it is not on procfs");
	if (text_starts_with(path, "/sys/") &&
		mount_is_on(fd, SYSFS_MAGIC) != 1)
		return error_set(err, -EPERM, "it is not on sysfs");
	return fd_take(&fd);
}

int protect_read_only(struct stage *stage, const struct step *step,
	struct error *err)
{
	const struct mount_attr attr = { .attr_set = MOUNT_ATTR_RDONLY };
	auto_fd target = open_kernel_path(stage, step->path, err);
	auto_fd mount = -1;

	if (target < 0)
		return target == -ENOENT ? 0 : target;
	mount = kernel_clone_mount(target, "", AT_RECURSIVE);
	if (mount < 0 || kernel_mount_setattr(mount, AT_RECURSIVE, &attr) < 0 ||
		kernel_move_mount(mount, target) < 0)
		return -errno;
	return 0;
}

/*
 * The first one is attached as it is, and from then on it is in our mount
 * namespace and can be copied.
 */
static int copy_mask(int *mask_fd, bool *is_used)
{
	if (*is_used)
		return kernel_clone_mount(*mask_fd, "", 0);
	*is_used = true;
	return fcntl(*mask_fd, F_DUPFD_CLOEXEC, 3);
}

/* One empty file system serves all folders that are masked. */
static int open_empty(struct stage *stage, struct error *err)
{
	if (stage->empty_fd < 0)
		stage->empty_fd = mount_open("tmpfs", "mode=555,size=4k",
			MOUNT_ATTR_RDONLY | MOUNT_ATTR_NOSUID |
				MOUNT_ATTR_NODEV | MOUNT_ATTR_NOEXEC,
			err);
	if (stage->empty_fd < 0)
		return stage->empty_fd;
	return copy_mask(&stage->empty_fd, &stage->has_used_empty);
}

static int mask(struct stage *stage, const char *path, struct error *err)
{
	auto_fd target = open_kernel_path(stage, path, err);
	auto_fd mount = -1;
	struct stat status;

	if (target < 0)
		return target == -ENOENT ? 0 : target;
	if (fstat(target, &status) < 0)
		return -errno;
	mount = S_ISDIR(status.st_mode)
			? open_empty(stage, err)
			: copy_mask(&stage->null_fd, &stage->has_used_null);
	if (mount < 0)
		return err->text[0] ? mount : -errno;
	return kernel_move_mount(mount, target) < 0 ? -errno : 0;
}

/* "/sys/cpu*" for 0, 1, 2 ... until there is no such folder. */
static int mask_each(struct stage *stage, const char *path, struct error *err)
{
	size_t length = strcspn(path, "*");

	for (unsigned int i = 0; i < NUMBERS_MAX; i++) {
		char full[PATH_MAX];
		int size = snprintf(full, sizeof(full), "%.*s%u", (int)length,
			path, i);
		int result;

		auto_fd folder =
			inside_open_no_links(stage->root_fd, full, O_PATH);

		if (folder < 0)
			return folder == -ENOENT ? 0 : folder;
		(void)snprintf(full + size, sizeof(full) - (size_t)size, "%s",
			path + length + 1);
		result = mask(stage, full, err);
		if (result < 0)
			return result;
	}
	return 0;
}

int protect_mask(struct stage *stage, const struct step *step,
	struct error *err)
{
	return strchr(step->path, '*') ? mask_each(stage, step->path, err)
				       : mask(stage, step->path, err);
}
