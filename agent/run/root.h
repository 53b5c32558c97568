/* SPDX-License-Identifier: MIT */
/*
 * root - the container root: an overlay on shared read-only layers
 */
#ifndef TARE_RUN_ROOT_H
#define TARE_RUN_ROOT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct error;

enum root_limit {
	ROOT_GROUPS_MAX = 64,
};

/* What a container root is made of; folders are absolute. */
struct root_source {
	const char *const *layers; /* topmost first, at least one */
	size_t layer_count;
	/*
	 * On one file system. Both NULL: the root cannot be written, and every
	 * path that something is mounted on must be there.
	 */
	const char *upper;
	const char *work;
	/*
	 * A user namespace (idmap.h) whose ids the files get: what is uid 0 on
	 * disk belongs to its root, who is root_uid here. All folders are then
	 * on the mount at base. 0 or -1: none.
	 */
	int user_namespace_fd;
	uint32_t root_uid;
	uint32_t root_gid;
	const char *base;
};

/*
 * Mounts an overlay (kernel Documentation/filesystems/overlayfs.rst) without
 * attaching it anywhere: fsopen(2), fsconfig(2), fsmount(2). Returns a
 * descriptor of the detached mount, which the caller closes, or -errno. A mount
 * serves one container_create.
 */
int root_open(const struct root_source *source, struct error *err);

/*
 * Detaches what a root_open that was killed has left mounted on a folder, its
 * work or its topmost layer. root_open does so itself; who removes the folder
 * has to.
 */
void root_uncover(int dir_fd, const char *name);

struct root_user {
	uint32_t uid;
	uint32_t gid;
	uint32_t groups[ROOT_GROUPS_MAX]; /* supplementary ones */
	size_t group_count;
};

/*
 * Finds the ids of "", "user", "user:group", "uid" or "uid:gid" by the root's
 * own /etc/passwd and /etc/group (as the OCI image-spec says of User), with
 * the group and, when none is asked for, the groups that name the user as
 * supplementary ones. "" is user 0. An id needs no line in a file, a name does.
 * Files are opened inside the root only, must be regular and at most 1 MiB.
 * -EINVAL: not of that form; -ERANGE: an id over 2147483647; -ENOENT: no such
 * name; errors say what was looked up.
 */
int root_find_user(int root_fd, const char *user, struct root_user *out,
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
