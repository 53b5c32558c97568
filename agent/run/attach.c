// SPDX-License-Identifier: MIT
/* attach - the container root becomes "/" */
#include "run/attach.h"

#include <errno.h>
#include <fcntl.h>
#include <unistd.h>

#include "lib/error.h"
#include "lib/fd.h"
#include "run/kernel.h"
#include "run/plan.h"
#include "run/step.h"

int attach_propagation(struct stage *stage, const struct step *step,
	struct error *err)
{
	(void)stage;
	(void)err;
	return kernel_set_propagation("/", step->flags) < 0 ? -errno : 0;
}

/*
 * Over its own folder, where hooks expect it; else over "/", where there is
 * always room. root_fd goes on naming the mount, wherever it is.
 */
int attach_root(struct stage *stage, const struct step *step, struct error *err)
{
	auto_fd fd = open(step->path ? step->path : "/",
		O_PATH | O_DIRECTORY | O_CLOEXEC);

	(void)err;
	if (fd < 0 || kernel_move_mount(stage->root_fd, fd) < 0)
		return -errno;
	return 0;
}

int attach_pivot(struct stage *stage, const struct step *step,
	struct error *err)
{
	(void)step;
	(void)err;
	if (fchdir(stage->root_fd) < 0 || kernel_pivot_root_here() < 0 ||
		chdir("/") < 0)
		return -errno;
	return 0;
}

int attach_read_only(struct stage *stage, const struct step *step,
	struct error *err)
{
	const struct mount_attr attr = { .attr_set = MOUNT_ATTR_RDONLY };

	(void)step;
	(void)err;
	return kernel_mount_setattr(stage->root_fd, 0, &attr) < 0 ? -errno : 0;
}
