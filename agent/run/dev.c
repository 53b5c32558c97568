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
#define KCORE        "/proc/kcore" /* not every kernel has it */

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
	/* the one that we have mounted and nobody has seen since */
	stage->dev_fd = stage->new_dev_fd;
	if (stage->dev_fd < 0)
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
		.propagation = MS_PRIVATE,
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
	/* as runc does: the old root is still "/", so this is the host's */
	if (text_equal(step->name, KCORE) && access(KCORE, F_OK) < 0)
		return 0;
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
	/* in /dev a link would be the image's, and lead to a volume */
	struct step step = { .path = folder,
		.allows_links = !plan_is_below(path, "/dev") };

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
	/* a node of the host's, which is read-only here, keeps its owner */
	if (fchownat(dir_fd, node.name, device->uid, device->gid,
		    AT_SYMLINK_NOFOLLOW) < 0 &&
		errno != EPERM && errno != EROFS)
		return -errno;
	return 0;
}

/* Whose it is, as the host counts. */
struct owner {
	uint32_t uid;
	uint32_t gid;
};

static bool find_owner(const struct oci_spec *spec, uint32_t uid, uint32_t gid,
	struct owner *out)
{
	return idmap_to_host(&spec->uid_mappings, uid, &out->uid) &&
	       idmap_to_host(&spec->gid_mappings, gid, &out->gid);
}

/*
 * Opens the folder below dir_fd that *name is in, made when it is not there;
 * leaves the last part in *name. There is no link yet, and nobody sees it.
 */
static int open_folder_for(int dir_fd, const char **name,
	const struct owner *root)
{
	auto_fd at_fd = fcntl(dir_fd, F_DUPFD_CLOEXEC, 3);
	const char *slash;

	while (at_fd >= 0 && (slash = strchr(*name, '/'))) {
		char folder[NAME_MAX + 1];
		auto_fd above_fd = fd_take(&at_fd);
		struct text text;

		text_init(&text, folder, sizeof(folder));
		text_add_bytes(&text, *name, (size_t)(slash - *name));
		if (text.is_cut)
			return -ENAMETOOLONG;
		if (mkdirat(above_fd, folder, 0755) == 0) {
			if (fchownat(above_fd, folder, root->uid, root->gid,
				    AT_SYMLINK_NOFOLLOW) < 0)
				return -errno;
		} else if (errno != EEXIST) {
			return -errno;
		}
		at_fd = openat(above_fd, folder,
			O_PATH | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
		*name = slash + 1;
	}
	return at_fd < 0 ? -errno : fd_take(&at_fd);
}

static int make_node_for(int dir_fd, const char *name,
	const struct oci_device *device, const struct owner *owner)
{
	mode_t mode = device->mode.is_set ? (mode_t)device->mode.value & 07777
					  : MODE_DEFAULT;

	if (mknodat(dir_fd, name, type_of(device) | mode,
		    makedev(device->major, device->minor)) < 0 ||
		fchmodat(dir_fd, name, mode, 0) < 0 ||
		fchownat(dir_fd, name, owner->uid, owner->gid,
			AT_SYMLINK_NOFOLLOW) < 0)
		return -errno;
	return 0;
}

/* One below /dev; others are made by the process, if it can. */
static int make_for(const struct oci_spec *spec, int dir_fd,
	const struct oci_device *device, struct error *err)
{
	const char *name = device->path + strlen("/dev/");
	struct owner owner;
	struct owner root;
	int result;

	if (!text_starts_with(device->path, "/dev/"))
		return 0;
	if (!find_owner(spec, device->uid, device->gid, &owner) ||
		!find_owner(spec, 0, 0, &root))
		return error_set(err, -EINVAL,
			"make device '%s': the host has no id for its owner",
			device->path);

	auto_fd below_fd = -1;

	if (strchr(name, '/'))
		below_fd = dir_fd = open_folder_for(dir_fd, &name, &root);
	result = dir_fd < 0 ? dir_fd
			    : make_node_for(dir_fd, name, device, &owner);
	if (result < 0)
		return error_set(err, result, "make device '%s': %s",
			device->path, strerror(-result));
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
	struct owner root;
	int result;

	/* whose would it be? */
	if (spec->uid_mappings.count == 0 || spec->gid_mappings.count == 0 ||
		!find_owner(spec, 0, 0, &root))
		return -EPERM;
	fd = mount_open(mount->type, mount->data, mount->attributes, err);
	if (fd < 0)
		return fd;
	if (fchownat(fd, ".", root.uid, root.gid, AT_SYMLINK_NOFOLLOW) < 0)
		return error_errno(err, "give '/dev' to its root");
	result = make_all_for(spec, fd, err);
	return result < 0 ? result : fd_take(&fd);
}
