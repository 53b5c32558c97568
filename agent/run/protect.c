// SPDX-License-Identifier: MIT
/* protect - paths of the kernel that a container must not read or write */
#include "run/protect.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <linux/magic.h>
#include <linux/openat2.h>
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
	auto_left_fd fd =
		openat(AT_FDCWD, "/dev/null", O_PATH | O_NOFOLLOW | O_CLOEXEC);
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
 * Below our own procfs, which was looked at when it was mounted, what is on no
 * other mount is on it; -EXDEV when it is elsewhere.
 */
static int open_in_proc(const struct stage *stage, const char *path)
{
	int fd;

	if (stage->proc_fd < 0 || !text_starts_with(path, "/proc/"))
		return -EXDEV;
	fd = kernel_openat2(stage->proc_fd, path + strlen("/proc/"), O_PATH,
		RESOLVE_BENEATH | RESOLVE_NO_XDEV | RESOLVE_NO_SYMLINKS |
			RESOLVE_NO_MAGICLINKS);
	return fd < 0 ? -errno : fd;
}

/*
 * Opens a path that the kernel made, to protect it; -ENOENT when this kernel
 * has no such thing. What lies below /proc and /sys must be of their file
 * systems, or the protection would protect something else.
 */
static int open_kernel_path(const struct stage *stage, const char *path,
	struct error *err)
{
	auto_left_fd fd = open_in_proc(stage, path);

	if (fd != -EXDEV)
		return fd == -ENOTDIR ? -ENOENT : fd_take(&fd);
	fd = inside_open_no_links(stage->root_fd, path, O_PATH);
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
	auto_left_fd target = open_kernel_path(stage, step->path, err);
	auto_left_fd mount = -1;

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
static int attach_mask(int mask_fd, bool *is_used, int target_fd)
{
	auto_left_fd copy = -1;

	if (*is_used) {
		copy = kernel_clone_mount(mask_fd, "", 0);
		mask_fd = copy;
	}
	if (mask_fd < 0 || kernel_move_mount(mask_fd, target_fd) < 0)
		return -errno;
	*is_used = true;
	return 0;
}

/* One empty file system serves all folders that are masked. */
static int open_empty(struct stage *stage, struct error *err)
{
	if (stage->empty_fd < 0)
		stage->empty_fd = mount_open("tmpfs", "mode=555",
			MOUNT_ATTR_RDONLY | MOUNT_ATTR_NOSUID |
				MOUNT_ATTR_NODEV | MOUNT_ATTR_NOEXEC,
			err);
	return stage->empty_fd < 0 ? stage->empty_fd : 0;
}

static int mask(struct stage *stage, const char *path, struct error *err)
{
	auto_left_fd target = open_kernel_path(stage, path, err);
	struct stat status;
	int result = 0;

	if (target < 0)
		return target == -ENOENT ? 0 : target;
	if (fstat(target, &status) < 0)
		return -errno;
	if (!S_ISDIR(status.st_mode))
		return attach_mask(stage->null_fd, &stage->has_used_null,
			target);
	result = open_empty(stage, err);
	return result < 0 ? result
			  : attach_mask(stage->empty_fd, &stage->has_used_empty,
				    target);
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

		auto_left_fd folder =
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
