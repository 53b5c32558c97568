/* SPDX-License-Identifier: MIT */
/*
 * mount - file systems by the new mount API, and where they go
 *
 * fsopen(2), fsconfig(2), fsmount(2), open_tree(2), move_mount(2): a mount is
 * a descriptor until it is attached, and it is attached to a descriptor, not
 * to a path. Functions return a descriptor or 0, or -errno; err gets a reason
 * that says more than errno when the kernel told one.
 */
#ifndef TARE_RUN_MOUNT_H
#define TARE_RUN_MOUNT_H

#include <stdint.h>

struct error;
struct stage;
struct step;

/* Starts a file system; mount_set gives it options, mount_finish makes it. */
int mount_begin(const char *type, struct error *err);
int mount_set(int context_fd, const char *key, const char *value,
	struct error *err);
int mount_finish(int context_fd, uint64_t attributes, struct error *err);

/* The steps of a plan that mount or need what was mounted. */
int mount_make_private(struct stage *stage, const struct step *step,
	struct error *err);
int mount_attach_root(struct stage *stage, const struct step *step,
	struct error *err);
int mount_pivot(struct stage *stage, const struct step *step,
	struct error *err);
int mount_file_system(struct stage *stage, const struct step *step,
	struct error *err);
int mount_bind(struct stage *stage, const struct step *step, struct error *err);
int mount_protect_path(struct stage *stage, const struct step *step,
	struct error *err);
int mount_mask_path(struct stage *stage, const struct step *step,
	struct error *err);
int mount_protect_root(struct stage *stage, const struct step *step,
	struct error *err);

#endif
