// SPDX-License-Identifier: MIT
/* dev - the devices and links in a container's /dev */
#include "run/dev.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdbool.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>
#include <unistd.h>

#include "lib/error.h"
#include "lib/fd.h"
#include "lib/text.h"
#include "run/devices.h"
#include "run/idmap.h"
#include "run/inside.h"
#include "run/kernel.h"
#include "run/mount.h"
#include "run/oci.h"
#include "run/plan.h"
#include "run/step.h"

#define MODE_DEFAULT 0666

/* One to be made, as mknod(2) has it, and where the host has it. */
struct node {
	int dir_fd;
	const char *name;
	const char *host_path;
	mode_t mode; /* with its type */
	dev_t device;
};

int dev_open(struct stage *stage, const struct step *step, struct error *err)
{
	stage->dev_fd = mount_open_target(stage, step, true, err);
	return stage->dev_fd < 0 ? stage->dev_fd : 0;
}

static bool is_node(const struct stat *status, const struct node *node)
{
	return (status->st_mode & S_IFMT) == (node->mode & S_IFMT) &&
	       (S_ISFIFO(node->mode) || status->st_rdev == node->device);
}

/* What an image has there may be a link to anything. */
static int check_existing(const struct node *node, struct error *err)
{
	struct stat status;

	if (fstatat(node->dir_fd, node->name, &status, AT_SYMLINK_NOFOLLOW) < 0)
		return -errno;
	if (!is_node(&status, node))
		return error_set(err, -EEXIST,
			"something else than this device is there");
	return 0;
}

/* The old root is still "/", so this is the host's. */
static int bind_host_node(const struct node *node, struct error *err)
{
	const struct mount_attr attr = {
		.attr_set = MOUNT_ATTR_RDONLY | MOUNT_ATTR_NOSUID |
			    MOUNT_ATTR_NOEXEC,
	};
	auto_fd mount = kernel_clone_mount(AT_FDCWD, node->host_path, 0);
	auto_fd target = -1;
	struct stat status;

	if (mount < 0)
		return error_set(err, -errno,
			"it may not be made here, and the host's cannot be "
			"used: %s",
			strerror(errno));
	if (fstat(mount, &status) < 0)
		return -errno;
	if (!is_node(&status, node))
		return error_set(err, -EPERM,
			"it may not be made here, and the host has something "
			"else there");
	/* its mode and owner are the host's */
	if (kernel_mount_setattr(mount, 0, &attr) < 0)
		return -errno;
	if (mknodat(node->dir_fd, node->name, S_IFREG | 0644, 0) < 0)
		return errno == EEXIST ? check_existing(node, err) : -errno;
	target = openat(node->dir_fd, node->name,
		O_PATH | O_NOFOLLOW | O_CLOEXEC);
	if (target < 0 || kernel_move_mount(mount, target) < 0)
		return -errno;
	return 0;
}

static int make(const struct node *node, struct error *err)
{
	if (mknodat(node->dir_fd, node->name, node->mode, node->device) == 0)
		return 0;
	if (errno == EEXIST)
		return check_existing(node, err);
	if (errno != EPERM || S_ISFIFO(node->mode))
		return -errno;
	return bind_host_node(node, err);
}

int dev_make_node(struct stage *stage, const struct step *step,
	struct error *err)
{
	const struct device_node *device = &devices_default[step->index];
	const struct node node = {
		.dir_fd = stage->dev_fd,
		.name = device->path + strlen("/dev/"),
		.host_path = device->path,
		.mode = S_IFCHR | MODE_DEFAULT,
		.device = makedev(device->major, device->minor),
	};

	return make(&node, err);
}

int dev_copy_host(struct stage *stage, const struct step *step,
	struct error *err)
{
	(void)step;
	return devices_copy_all(stage->host_dev_fd, stage->dev_fd, err);
}

int dev_make_link(struct stage *stage, const struct step *step,
	struct error *err)
{
	const char *name = step->path + strlen("/dev/");

	(void)err;
	if (symlinkat(step->name, stage->dev_fd, name) < 0 && errno != EEXIST)
		return -errno;
	return 0;
}

/* Opens the folder of path, made when it is not there; name is its last. */
static int open_parent(const struct stage *stage, const char *path,
	const char **name, struct error *err)
{
	char folder[PATH_MAX];
	char *slash;
	struct step step = { .path = folder, .allows_links = true };

	if (!text_copy(folder, sizeof(folder), path))
		return -ENAMETOOLONG;
	slash = strrchr(folder, '/');
	*name = path + (slash - folder) + 1;
	if (slash == folder)
		return fcntl(stage->root_fd, F_DUPFD_CLOEXEC, 3);
	*slash = '\0';
	return mount_open_target(stage, &step, true, err);
}

static mode_t type_of(const struct oci_device *device)
{
	if (device->type == 'p')
		return S_IFIFO;
	return device->type == 'b' ? S_IFBLK : S_IFCHR;
}

int dev_make_device(struct stage *stage, const struct step *step,
	struct error *err)
{
	const struct oci_device *device = step->device;
	struct node node = {
		.host_path = step->path,
		.mode = type_of(device),
		.device = makedev(device->major, device->minor),
	};
	auto_fd dir_fd = open_parent(stage, step->path, &node.name, err);
	int result;

	if (dir_fd < 0)
		return dir_fd;
	node.dir_fd = dir_fd;
	node.mode |= device->mode.is_set ? (mode_t)device->mode.value & 07777
					 : MODE_DEFAULT;
	result = make(&node, err);
	if (result < 0 || (device->uid == 0 && device->gid == 0))
		return result;
	/* a node of the host's keeps its owner */
	if (fchownat(dir_fd, node.name, device->uid, device->gid,
		    AT_SYMLINK_NOFOLLOW) < 0 &&
		errno != EPERM)
		return -errno;
	return 0;
}

/* One in the folder itself; others are made by the process, if it can. */
static int make_for(const struct oci_spec *spec, int dir_fd,
	const struct oci_device *device, struct error *err)
{
	const char *name = device->path + strlen("/dev/");
	mode_t mode = device->mode.is_set ? (mode_t)device->mode.value & 07777
					  : MODE_DEFAULT;
	uint32_t uid;
	uint32_t gid;

	if (!text_starts_with(device->path, "/dev/") || strchr(name, '/'))
		return 0;
	if (!idmap_to_host(&spec->uid_mappings, device->uid, &uid) ||
		!idmap_to_host(&spec->gid_mappings, device->gid, &gid))
		return error_set(err, -EINVAL,
			"make device '%s': the host has no id for its owner",
			device->path);
	if (mknodat(dir_fd, name, type_of(device) | mode,
		    makedev(device->major, device->minor)) < 0 ||
		fchmodat(dir_fd, name, mode, 0) < 0 ||
		fchownat(dir_fd, name, uid, gid, AT_SYMLINK_NOFOLLOW) < 0)
		return error_errno(err, "make device '%s'", device->path);
	return 0;
}

static int make_all_for(const struct oci_spec *spec, int dir_fd,
	struct error *err)
{
	int result = 0;

	for (size_t i = 0; result == 0 && i < devices_default_count; i++) {
		const struct oci_device device = {
			.type = 'c',
			.path = devices_default[i].path,
			.major = devices_default[i].major,
			.minor = devices_default[i].minor,
		};

		result = make_for(spec, dir_fd, &device, err);
	}
	for (size_t i = 0; result == 0 && i < spec->device_count; i++)
		result = make_for(spec, dir_fd, &spec->devices[i], err);
	return result;
}

int dev_make_folder(const struct oci_spec *spec, const struct oci_mount *mount,
	struct error *err)
{
	auto_fd fd = -1;
	uint32_t uid;
	uint32_t gid;
	int result;

	/* whose would it be? */
	if (spec->uid_mappings.count == 0 || spec->gid_mappings.count == 0 ||
		!idmap_to_host(&spec->uid_mappings, 0, &uid) ||
		!idmap_to_host(&spec->gid_mappings, 0, &gid))
		return -EPERM;
	fd = mount_open(mount->type, mount->data, mount->attributes, err);
	if (fd < 0)
		return fd;
	if (fchownat(fd, ".", uid, gid, AT_SYMLINK_NOFOLLOW) < 0)
		return error_errno(err, "give '/dev' to its root");
	result = make_all_for(spec, fd, err);
	return result < 0 ? result : fd_take(&fd);
}
