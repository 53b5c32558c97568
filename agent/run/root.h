/* SPDX-License-Identifier: MIT */
/*
 * root - the container root: an overlay on shared read-only layers
 */
#ifndef TARE_RUN_ROOT_H
#define TARE_RUN_ROOT_H

#include <stdbool.h>
#include <stddef.h>

struct error;
struct oci_user;

/*
 * Mounts an overlay (kernel Documentation/filesystems/overlayfs.rst) without
 * attaching it anywhere: fsopen(2), fsconfig(2), fsmount(2). layers are
 * absolute folders, topmost first, at least one. upper and work are absolute
 * folders on one file system; both NULL: the root cannot be written, and every
 * path that something is mounted on must be there. Returns a descriptor of the
 * detached mount, which the caller closes, or -errno. A mount serves one
 * container_start.
 */
int root_open(const char *const *layers, size_t layer_count, const char *upper,
	const char *work, struct error *err);

/*
 * Finds the ids of "", "user", "user:group", "uid" or "uid:gid" by the root's
 * own /etc/passwd and /etc/group (as the OCI image-spec says of User), with
 * the group and, when none is asked for, the groups that name the user as
 * supplementary ones. "" is user 0. An id needs no line in a file, a name does.
 * Files are opened inside the root only, must be regular and at most 1 MiB.
 * -EINVAL: not of that form; -ERANGE: an id over 2147483647; -ENOENT: no such
 * name; errors say what was looked up.
 */
int root_find_user(int root_fd, const char *user, struct oci_user *out,
	struct error *err);

/* The home folder of uid in the root's /etc/passwd, "/" when not found. */
void root_find_home(int root_fd, unsigned int uid, char *out, size_t size);

/*
 * Fills an empty volume folder with what the root has at path (contents, ids,
 * modes, xattrs, links), as Compose does for new named volumes. A path that
 * is not there or not a folder is fine. Nothing outside the root is read.
 */
int root_copy_out(int root_fd, const char *path, int volume_fd,
	struct error *err);

#endif
