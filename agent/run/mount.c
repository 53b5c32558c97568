// SPDX-License-Identifier: MIT
/* mount - file systems by the new mount API, and where they go */
#include "run/mount.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <linux/magic.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>
#include <sys/vfs.h>
#include <unistd.h>

#include "lib/error.h"
#include "lib/fd.h"
#include "lib/text.h"
#include "run/inside.h"
#include "run/kernel.h"
#include "run/plan.h"
#include "run/step.h"

#ifndef AT_RECURSIVE
#define AT_RECURSIVE 0x8000 /* asm-generic/fcntl.h */
#endif
#define LOG_LINE_MAX 200
#define NUMBERS_MAX  8192 /* CONFIG_NR_CPUS is at most that */

/*
 * Takes what the kernel says of a context that failed, "e tmpfs: Bad value for
 * 'mode'", as the reason; without one, errno's text.
 */
static int explain(int context_fd, struct error *err)
{
	int code = errno;
	char line[LOG_LINE_MAX];
	ssize_t size = read(context_fd, line, sizeof(line) - 1);

	if (size <= 2 || line[0] != 'e')
		return error_set(err, -code, "%s", strerror(code));
	line[size] = '\0';
	line[strcspn(line, "\n")] = '\0';
	return error_set(err, -code, "%s (%s)", line + 2, strerror(code));
}

int mount_set(int context_fd, const char *key, const char *value,
	struct error *err)
{
	if (kernel_fsconfig(context_fd, FSCONFIG_SET_STRING, key, value) < 0)
		return explain(context_fd, err);
	return 0;
}

/* The source is what /proc/mounts and df(1) show first. */
int mount_begin(const char *type, struct error *err)
{
	auto_fd fd = kernel_fsopen(type);
	int result;

	if (fd < 0 && errno == ENODEV)
		return error_set(err, -ENODEV,
			"the kernel does not have this file system");
	if (fd < 0)
		return error_set(err, -errno, "%s", strerror(errno));
	result = mount_set(fd, "source", type, err);
	return result < 0 ? result : fd_take(&fd);
}

int mount_finish(int context_fd, uint64_t attributes, struct error *err)
{
	int fd;

	if (kernel_fsconfig(context_fd, FSCONFIG_CMD_CREATE, NULL, NULL) < 0)
		return explain(context_fd, err);
	fd = kernel_fsmount(context_fd, attributes);
	return fd < 0 ? explain(context_fd, err) : fd;
}

/* Sets the options of a step, "mode=755,size=1m". */
static int set_options(int context_fd, const char *options, struct error *err)
{
	char copy[PLAN_OPTIONS_MAX];
	char *at = copy;
	int result = 0;

	if (!text_copy(copy, sizeof(copy), options))
		return -ENAMETOOLONG;
	while (result == 0 && *at) {
		size_t length = strcspn(at, ",");
		char *next = at + length + (at[length] == ',');
		char *value;

		at[length] = '\0';
		value = strchr(at, '=');
		if (!value)
			return -EINVAL;
		*value = '\0';
		result = mount_set(context_fd, at, value + 1, err);
		at = next;
	}
	return result;
}

static int open_file_system(const char *type, const char *options,
	uint64_t attributes, struct error *err)
{
	auto_fd context = mount_begin(type, err);
	int result;

	if (context < 0)
		return context;
	result = set_options(context, options, err);
	if (result < 0)
		return result;
	return mount_finish(context, attributes, err);
}

/* 1 or 0, or -errno: a check that cannot be made is not passed. */
static int is_on(int fd, long magic)
{
	struct statfs status;

	if (fstatfs(fd, &status) < 0)
		return -errno;
	return (long)status.f_type == magic;
}

static int is_same(int a, int b)
{
	struct stat first;
	struct stat second;

	if (fstat(a, &first) < 0 || fstat(b, &second) < 0)
		return -errno;
	return first.st_dev == second.st_dev && first.st_ino == second.st_ino;
}

/* Opens, or makes, what a mount goes on. */
static int open_target(const struct stage *stage, const struct step *step,
	enum inside_kind kind, struct error *err)
{
	int root_fd = stage->spec->root_fd;
	auto_fd fd = inside_make(root_fd, step->path, kind, step->allows_links);
	int result;

	if (fd == -ELOOP && !step->allows_links)
		return error_set(err, -ELOOP,
			"the container root has a link in this path");
	if (fd == -EROFS)
		return error_set(err, -EROFS,
			"the container root cannot be written and has no "
			"such path");
	if (fd == -EISDIR || fd == -ENOTDIR)
		return error_set(err, fd,
			"the container root has %s in this path",
			kind == INSIDE_FOLDER ? "something else than a folder"
					      : "a folder or a file");
	if (fd < 0)
		return fd;
	result = is_same(fd, root_fd);
	if (result > 0)
		return error_set(err, -EPERM, "this path leads to the root");
	if (result == 0 && step->allows_links)
		result = is_on(fd, PROC_SUPER_MAGIC);
	if (result > 0)
		return error_set(err, -EPERM, "this path leads to /proc");
	if (result < 0)
		return result;
	return fd_take(&fd);
}

/* "/dev" is opened by no path again, and "/dev/null" is what it says. */
static int keep(struct stage *stage, const struct step *step, int mount_fd,
	struct error *err)
{
	int *place = NULL;

	if (step->allows_links)
		return 0; /* one of the spec */
	if (text_equal(step->path, "/proc"))
		place = &stage->proc_fd;
	else if (text_equal(step->path, "/dev"))
		place = &stage->dev_fd;
	if (!place)
		return 0;
	*place = fcntl(mount_fd, F_DUPFD_CLOEXEC, 3);
	if (*place < 0)
		return error_errno(err, "keep it open");
	if (place == &stage->proc_fd && is_on(*place, PROC_SUPER_MAGIC) != 1)
		return error_set(err, -EPERM, "it is not procfs");
	return 0;
}

int mount_make_private(struct stage *stage, const struct step *step,
	struct error *err)
{
	auto_fd fd = open("/", O_PATH | O_DIRECTORY | O_CLOEXEC);

	(void)stage;
	(void)step;
	(void)err;
	if (fd < 0 || kernel_mount_setattr(fd, AT_RECURSIVE, 0) < 0)
		return -errno;
	return 0;
}

/*
 * Over "/" there is always room, while a folder to mount on would have to be
 * found. root_fd goes on naming the mount, wherever it is.
 */
int mount_attach_root(struct stage *stage, const struct step *step,
	struct error *err)
{
	auto_fd fd = open("/", O_PATH | O_DIRECTORY | O_CLOEXEC);

	(void)step;
	(void)err;
	if (fd < 0 || kernel_mount_setattr(stage->spec->root_fd, 0, 0) < 0 ||
		kernel_move_mount(stage->spec->root_fd, fd) < 0)
		return -errno;
	return 0;
}

int mount_pivot(struct stage *stage, const struct step *step, struct error *err)
{
	(void)step;
	(void)err;
	if (fchdir(stage->spec->root_fd) < 0 || kernel_pivot_root_here() < 0 ||
		chdir("/") < 0)
		return -errno;
	return 0;
}

int mount_file_system(struct stage *stage, const struct step *step,
	struct error *err)
{
	auto_fd target = open_target(stage, step, INSIDE_FOLDER, err);
	auto_fd mount = -1;

	if (target < 0)
		return target;
	mount = open_file_system(step->name, step->options, step->attributes,
		err);
	if (mount < 0)
		return mount;
	if (kernel_move_mount(mount, target) < 0)
		return -errno;
	return keep(stage, step, mount, err);
}

int mount_bind(struct stage *stage, const struct step *step, struct error *err)
{
	int mount_fd = stage->mount_fds[step->index];
	struct stat status;

	if (fstat(mount_fd, &status) < 0)
		return -errno;

	auto_fd target = open_target(stage, step,
		S_ISDIR(status.st_mode) ? INSIDE_FOLDER : INSIDE_FILE, err);

	if (target < 0)
		return target;
	if (kernel_mount_setattr(mount_fd, 0, step->attributes) < 0 ||
		kernel_move_mount(mount_fd, target) < 0)
		return -errno;
	return 0;
}

/*
 * Opens a path that the kernel made, to protect it; -ENOENT when this kernel
 * has no such thing. What lies below /proc and /sys must be of their file
 * systems, or the protection would protect something else.
 */
static int open_kernel_path(const struct stage *stage, const char *path,
	struct error *err)
{
	auto_fd fd = inside_open_no_links(stage->spec->root_fd, path, O_PATH);

	if (fd == -ENOTDIR)
		return -ENOENT;
	if (fd < 0)
		return fd;
	if (text_starts_with(path, "/proc/") &&
		is_on(fd, PROC_SUPER_MAGIC) != 1)
		return error_set(err, -EPERM, "it is not on procfs");
	if (text_starts_with(path, "/sys/") && is_on(fd, SYSFS_MAGIC) != 1)
		return error_set(err, -EPERM, "it is not on sysfs");
	return fd_take(&fd);
}

int mount_protect_path(struct stage *stage, const struct step *step,
	struct error *err)
{
	auto_fd target = open_kernel_path(stage, step->path, err);
	auto_fd mount = -1;

	if (target < 0)
		return target == -ENOENT ? 0 : target;
	mount = kernel_clone_mount(target, AT_RECURSIVE);
	if (mount < 0 ||
		kernel_mount_setattr(mount, AT_RECURSIVE, MOUNT_ATTR_RDONLY) <
			0 ||
		kernel_move_mount(mount, target) < 0)
		return -errno;
	return 0;
}

/* One empty file system serves all folders that are masked. */
static int open_empty(struct stage *stage, struct error *err)
{
	if (stage->empty_fd >= 0)
		return kernel_clone_mount(stage->empty_fd, 0);
	stage->empty_fd = open_file_system("tmpfs", "mode=555,size=4k",
		MOUNT_ATTR_RDONLY | MOUNT_ATTR_NOSUID | MOUNT_ATTR_NODEV |
			MOUNT_ATTR_NOEXEC,
		err);
	if (stage->empty_fd < 0)
		return stage->empty_fd;
	return fcntl(stage->empty_fd, F_DUPFD_CLOEXEC, 3);
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
	mount = S_ISDIR(status.st_mode) ? open_empty(stage, err)
					: kernel_clone_mount(stage->null_fd, 0);
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

		auto_fd folder = inside_open_no_links(stage->spec->root_fd,
			full, O_PATH);

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

int mount_mask_path(struct stage *stage, const struct step *step,
	struct error *err)
{
	return strchr(step->path, '*') ? mask_each(stage, step->path, err)
				       : mask(stage, step->path, err);
}

int mount_protect_root(struct stage *stage, const struct step *step,
	struct error *err)
{
	(void)step;
	(void)err;
	if (kernel_mount_setattr(stage->spec->root_fd, 0, MOUNT_ATTR_RDONLY) <
		0)
		return -errno;
	return 0;
}
