// SPDX-License-Identifier: MIT
/* attach - the container root becomes "/" */
#include "run/attach.h"

#include <errno.h>
#include <fcntl.h>
#include <sys/resource.h>
#include <unistd.h>

#include "lib/error.h"
#include "lib/fd.h"
#include "run/container.h"
#include "run/kernel.h"
#include "run/oci.h"
#include "run/plan.h"
#include "run/protect.h"
#include "run/step.h"

#define LEFT_OPEN_MAX 128

int attach_propagation(struct stage *stage, const struct step *step,
	struct error *err)
{
	(void)stage;
	(void)err;
	return kernel_set_propagation("/", step->flags) < 0 ? -errno : 0;
}

/* What the maker had no right to copy. */
static int copy_here(struct stage *stage, struct error *err)
{
	const struct mount_attr attr = { .propagation = MS_PRIVATE };

	if (stage->root_fd < 0) {
		stage->root_fd = kernel_clone_mount(AT_FDCWD,
			stage->spec->root_path, AT_RECURSIVE);
		if (stage->root_fd < 0 || kernel_mount_setattr(stage->root_fd,
						  AT_RECURSIVE, &attr) < 0)
			return error_errno(err, "copy '%s'",
				stage->spec->root_path);
	}
	if (stage->null_fd < 0 && stage->spec->masked_paths)
		stage->null_fd = protect_open_null(err);
	return stage->null_fd < 0 && stage->spec->masked_paths ? stage->null_fd
							       : 0;
}

/* From here on nothing that is opened names the host any more. */
static void leave_open(void)
{
	struct rlimit limit;

	if (getrlimit(RLIMIT_NOFILE, &limit) == 0 &&
		limit.rlim_cur >= 2 * LEFT_OPEN_MAX)
		fd_leave_below(LEFT_OPEN_MAX);
}

/*
 * Over its own folder, where hooks expect it; else over "/", where there is
 * always room. root_fd goes on naming the mount, wherever it is.
 */
int attach_root(struct stage *stage, const struct step *step, struct error *err)
{
	auto_fd fd = openat(AT_FDCWD, step->path ? step->path : "/",
		O_PATH | O_DIRECTORY | O_CLOEXEC);
	int result = fd < 0 ? -errno : copy_here(stage, err);

	if (result < 0)
		return result;
	if (kernel_move_mount(stage->root_fd, fd) < 0)
		return -errno;
	fd_close(&fd);
	leave_open();
	return 0;
}

/* Without pivot_root(2) the old root stays below and is only out of reach. */
static int cover_root(struct stage *stage)
{
	auto_fd fd = open("/", O_PATH | O_DIRECTORY | O_CLOEXEC);

	if (fd < 0)
		return -1;
	if (stage->spec->root_path && kernel_move_mount(stage->root_fd, fd) < 0)
		return -1;
	return chroot(".");
}

/*
 * On any file of the old root, which is private by now and goes away next.
 * Without it the mount only ends later, when it is closed.
 */
static void bury(const struct stage *stage)
{
	int fd = stage->request->spent_mount_fd;

	if (fd > 0 && !stage->request->no_pivot)
		(void)kernel_move_mount_at(fd, AT_FDCWD, "/dev/null");
}

int attach_pivot(struct stage *stage, const struct step *step,
	struct error *err)
{
	int result;

	(void)step;
	(void)err;
	bury(stage);
	if (fchdir(stage->root_fd) < 0)
		return -errno;
	result = stage->request->no_pivot ? cover_root(stage)
					  : kernel_pivot_root_here();
	return result < 0 || chdir("/") < 0 ? -errno : 0;
}

int attach_open(struct stage *stage, const struct step *step, struct error *err)
{
	(void)step;
	(void)err;
	stage->root_fd = open("/", O_PATH | O_DIRECTORY | O_CLOEXEC);
	return stage->root_fd < 0 ? -errno : 0;
}

int attach_read_only(struct stage *stage, const struct step *step,
	struct error *err)
{
	const struct mount_attr attr = { .attr_set = MOUNT_ATTR_RDONLY };

	(void)step;
	(void)err;
	return kernel_mount_setattr(stage->root_fd, 0, &attr) < 0 ? -errno : 0;
}
