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

#define NUMBERS_MAX 8192 /* CONFIG_NR_CPUS is at most that */

int protect_open_null(struct error *err)
{
	const struct mount_attr attr = {
		.attr_set = MOUNT_ATTR_RDONLY | MOUNT_ATTR_NOSUID |
			    MOUNT_ATTR_NOEXEC,
		/* nor may what it mounts over a mask come over the host's */
		.propagation = MS_PRIVATE,
	};
	auto_fd fd =
		kernel_clone_mount(AT_FDCWD, "/dev/null", AT_SYMLINK_NOFOLLOW);
	struct stat status;

	if (fd < 0 || fstat(fd, &status) < 0)
		return error_errno(err, "copy '/dev/null'");
	if (!S_ISCHR(status.st_mode) || status.st_rdev != makedev(1, 3))
		return error_set(err, -EPERM,
			"copy '/dev/null': it is not the null device");
	/* a container must not change the mode or owner that the host's has */
	if (kernel_mount_setattr(fd, 0, &attr) < 0)
		return error_errno(err, "copy '/dev/null'");
	return fd_take(&fd);
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

/*
 * The name of a path right in our own procfs, or NULL. The kernel has made all
 * that is there, so it needs no look before: a link is not followed.
 */
static const char *in_proc(const struct stage *stage, const char *path)
{
	const char *name = path + strlen("/proc/");

	if (stage->proc_fd < 0 || !text_starts_with(path, "/proc/") ||
		!name[0] || name[0] == '.' || strchr(name, '/'))
		return NULL;
	return name;
}

/* 0, or -errno: the longer way then says more. */
static int make_read_only_at(int dir_fd, const char *name)
{
	const struct mount_attr attr = { .attr_set = MOUNT_ATTR_RDONLY };
	auto_left_fd mount = kernel_clone_mount(dir_fd, name,
		AT_RECURSIVE | AT_SYMLINK_NOFOLLOW);

	if (mount < 0 || kernel_mount_setattr(mount, AT_RECURSIVE, &attr) < 0 ||
		kernel_move_mount_at(mount, dir_fd, name) < 0)
		return -errno;
	return 0;
}

int protect_read_only(struct stage *stage, const struct step *step,
	struct error *err)
{
	const struct mount_attr attr = { .attr_set = MOUNT_ATTR_RDONLY };
	const char *name = in_proc(stage, step->path);
	int result = name ? make_read_only_at(stage->proc_fd, name) : -EXDEV;

	if (result == 0 || result == -ENOENT)
		return 0;

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
 * Masks what name is in a folder, or with NULL what dir_fd itself is; an error
 * when that is a folder. The first mask is attached as it is, and from then on
 * it is in our mount namespace and can be copied.
 */
static int attach_null(struct stage *stage, int dir_fd, const char *name)
{
	int *mask_fd =
		stage->has_used_null ? &stage->null_copy_fd : &stage->null_fd;
	int result;

	if (*mask_fd < 0)
		*mask_fd = kernel_clone_mount(stage->null_fd, "", 0);
	if (*mask_fd < 0)
		return -errno;
	result = name ? kernel_move_mount_at(*mask_fd, dir_fd, name)
		      : kernel_move_mount(*mask_fd, dir_fd);
	if (result < 0)
		return -errno;
	if (stage->has_used_null)
		stage->null_copy_fd = -1; /* another one next time */
	stage->has_used_null = true;
	return 0;
}

/*
 * A folder of sysfs that exists to be mounted on: nothing is in it, and nobody
 * can make anything there (sysfs_create_mount_point). As a mask it costs a
 * mount; a file system of our own would cost 5 KiB of the kernel's memory.
 */
static int copy_empty_of_sysfs(const struct stage *stage)
{
	static const char *const paths[] = { "/sys/fs/bpf",
		"/sys/kernel/security", "/sys/kernel/debug" };
	const struct mount_attr attr = {
		.attr_set = MOUNT_ATTR_RDONLY | MOUNT_ATTR_NOSUID |
			    MOUNT_ATTR_NODEV | MOUNT_ATTR_NOEXEC,
	};

	for (size_t i = 0; i < sizeof(paths) / sizeof(paths[0]); i++) {
		auto_left_fd folder = open_kernel_path(stage, paths[i], NULL);
		auto_left_fd copy = -1;

		if (folder >= 0)
			copy = kernel_clone_mount(folder, "", 0);
		if (copy >= 0 && kernel_mount_setattr(copy, 0, &attr) == 0)
			return fd_take(&copy);
	}
	return -ENOENT;
}

/* One empty folder serves all that are masked. */
static int open_empty(const struct stage *stage, struct error *err)
{
	int fd = copy_empty_of_sysfs(stage);

	return fd >= 0 ? fd
		       : mount_open("tmpfs", "mode=555",
				 MOUNT_ATTR_RDONLY | MOUNT_ATTR_NOSUID |
					 MOUNT_ATTR_NODEV | MOUNT_ATTR_NOEXEC,
				 err);
}

static int attach_empty(struct stage *stage, int target_fd, struct error *err)
{
	auto_left_fd copy = -1;
	int mask_fd = stage->empty_fd;

	if (mask_fd < 0)
		mask_fd = stage->empty_fd = open_empty(stage, err);
	if (mask_fd < 0)
		return mask_fd;
	if (stage->has_used_empty)
		mask_fd = copy = kernel_clone_mount(stage->empty_fd, "", 0);
	if (mask_fd < 0 || kernel_move_mount(mask_fd, target_fd) < 0)
		return -errno;
	stage->has_used_empty = true;
	return 0;
}

static int mask(struct stage *stage, const char *path, struct error *err)
{
	const char *name = in_proc(stage, path);
	int result = name ? attach_null(stage, stage->proc_fd, name) : -EXDEV;
	struct stat status;

	if (result == 0 || result == -ENOENT)
		return 0;

	auto_left_fd target = open_kernel_path(stage, path, err);

	if (target < 0)
		return target == -ENOENT ? 0 : target;
	if (fstat(target, &status) < 0)
		return -errno;
	return S_ISDIR(status.st_mode) ? attach_empty(stage, target, err)
				       : attach_null(stage, target, NULL);
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
