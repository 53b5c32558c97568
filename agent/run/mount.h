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

#include <stdbool.h>
#include <stdint.h>

struct error;
struct oci_mount;
struct oci_spec;
struct stage;
struct step;

/*
 * Starts a file system; mount_set gives it options (value NULL: a flag),
 * mount_finish makes it. source is what /proc/mounts shows; NULL: the type.
 */
int mount_begin(const char *type, const char *source, struct error *err);
int mount_set(int context_fd, const char *key, const char *value,
	struct error *err);
int mount_finish(int context_fd, uint64_t attributes, struct error *err);

/* All three, with options "mode=755,size=1m" or NULL. */
int mount_open(const char *type, const char *options, uint64_t attributes,
	struct error *err);

/*
 * A detached copy of what a bind mount of the spec shows, with its attributes,
 * seen by nobody else; err gets the reason alone.
 */
int mount_copy(const struct oci_spec *spec, const struct oci_mount *mount,
	struct error *err);

/*
 * Instead of a sysfs or a cgroupfs that a user namespace may not have: a copy
 * of the host's, which nobody may write to.
 */
int mount_copy_host(const struct oci_mount *mount, struct error *err);

/*
 * Opens, or makes, what the step's path is in the container root. A path that
 * leads to the root itself or into /proc is refused, and a link unless the step
 * allows it.
 */
int mount_open_target(const struct stage *stage, const struct step *step,
	bool is_folder, struct error *err);

/* 1 or 0, or -errno: a check that cannot be made is not passed. */
int mount_is_on(int fd, long magic);

/* The steps of a plan that mount. */
int mount_make(struct stage *stage, const struct step *step, struct error *err);
int mount_change(struct stage *stage, const struct step *step,
	struct error *err);
int mount_bind(struct stage *stage, const struct step *step, struct error *err);

#endif
