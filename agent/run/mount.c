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
#include "run/oci.h"
#include "run/plan.h"
#include "run/root.h"
#include "run/step.h"

#define LOG_LINE_MAX 200
#define OPTIONS_MAX  4096 /* as mount(2) has it */
#define PROC_ROOT    1    /* the inode of the root of procfs */

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
	unsigned int command = value ? FSCONFIG_SET_STRING : FSCONFIG_SET_FLAG;

	if (kernel_fsconfig(context_fd, command, key, value) < 0)
		return explain(context_fd, err);
	return 0;
}

int mount_begin(const char *type, const char *source, struct error *err)
{
	auto_left_fd fd = kernel_fsopen(type);
	int result;

	if (fd < 0 && errno == ENODEV)
		return error_set(err, -ENODEV,
			"the kernel does not have this file system");
	if (fd < 0)
		return error_set(err, -errno, "%s", strerror(errno));
	result = mount_set(fd, "source", source ? source : type, err);
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

/* The length of an option, where a comma between quotes is part of it. */
static size_t option_length(const char *text)
{
	bool is_quoted = false;
	size_t length = 0;

	for (; text[length] && (is_quoted || text[length] != ','); length++) {
		if (text[length] == '"')
			is_quoted = !is_quoted;
	}
	return length;
}

/* Takes the quotes around a value away, as mount(8) does. */
static char *unquote(char *value)
{
	size_t length = strlen(value);

	if (length < 2 || value[0] != '"' || value[length - 1] != '"')
		return value;
	value[length - 1] = '\0';
	return value + 1;
}

/* Sets options one by one: mode=755,noswap,context="a:b:s0:c1,c2" */
static int set_options(int context_fd, const char *options, struct error *err)
{
	char copy[OPTIONS_MAX];
	char *at = copy;
	int result = 0;

	if (!options)
		return 0;
	if (!text_copy(copy, sizeof(copy), options))
		return error_set(err, -ENAMETOOLONG,
			"options of more than %d characters", OPTIONS_MAX - 1);
	while (result == 0 && *at) {
		size_t length = option_length(at);
		char *next = at + length + (at[length] == ',');
		char *value;

		at[length] = '\0';
		value = strchr(at, '=');
		if (value)
			*value++ = '\0';
		if (*at)
			result = mount_set(context_fd, at,
				value ? unquote(value) : NULL, err);
		at = next;
	}
	return result;
}

int mount_open(const char *type, const char *options, uint64_t attributes,
	struct error *err)
{
	auto_left_fd context = mount_begin(type, NULL, err);
	int result;

	if (context < 0)
		return context;
	result = set_options(context, options, err);
	return result < 0 ? result : mount_finish(context, attributes, err);
}

int mount_is_on(int fd, long magic)
{
	struct statfs status;

	if (fstatfs(fd, &status) < 0)
		return -errno;
	return (long)status.f_type == magic;
}

/* A field of several bits must be cleared to be set (mount_setattr(2)). */
static uint64_t to_clear(uint64_t set, uint64_t clear)
{
	return set & MOUNT_ATTR__ATIME ? clear | MOUNT_ATTR__ATIME : clear;
}

/*
 * What is for all of a tree and what is for its top are two calls, unless the
 * first has nothing to say. Nobody else sees the mounts already.
 */
static int set_attributes(int mount_fd, const struct oci_mount *mount)
{
	uint64_t propagation =
		mount->propagation ? mount->propagation : MS_PRIVATE;
	struct mount_attr all = {
		.attr_set = mount->recursive,
		.attr_clr = to_clear(mount->recursive, mount->recursive_clear),
		.propagation = propagation,
	};
	struct mount_attr top = {
		.attr_set = mount->attributes,
		.attr_clr =
			to_clear(mount->attributes, mount->attributes_clear),
	};
	bool is_whole = mount->is_recursive || mount->recursive ||
			mount->recursive_clear;

	if (mount->is_remount)
		all.propagation = mount->propagation;
	else if (!is_whole)
		top.propagation = propagation;
	if (is_whole && kernel_mount_setattr(mount_fd, AT_RECURSIVE, &all) < 0)
		return -errno;
	if (is_whole && !top.attr_set && !top.attr_clr)
		return 0;
	return kernel_mount_setattr(mount_fd, 0, &top) < 0 ? -errno : 0;
}

static int clone_source(const struct oci_spec *spec,
	const struct oci_mount *mount)
{
	unsigned int flags = mount->is_recursive ? AT_RECURSIVE : 0;
	auto_left_fd bundle = -1;

	if (mount->source_fd > 0)
		return kernel_clone_mount(mount->source_fd, "", flags);
	if (mount->no_symlink)
		flags |= AT_SYMLINK_NOFOLLOW;
	if (mount->source[0] != '/' && spec->bundle) {
		bundle = openat(AT_FDCWD, spec->bundle,
			O_PATH | O_DIRECTORY | O_CLOEXEC);
		if (bundle < 0)
			return -1;
	}
	return kernel_clone_mount(bundle < 0 ? AT_FDCWD : bundle, mount->source,
		flags);
}

int mount_copy(const struct oci_spec *spec, const struct oci_mount *mount,
	struct error *err)
{
	auto_left_fd fd = clone_source(spec, mount);
	int result;

	if (fd < 0)
		return error_set(err, -errno, "%s", strerror(errno));
	result = set_attributes(fd, mount);
	if (result < 0)
		return error_set(err, result, "set its options: %s",
			strerror(-result));
	return fd_take(&fd);
}

/* A path that an image may lead elsewhere must not end where it matters. */
static int check_target(const struct stage *stage, int fd, struct error *err)
{
	struct stat root;
	struct stat target;
	int result;

	if (fstat(fd, &target) < 0 || fstat(stage->root_fd, &root) < 0)
		return -errno;
	if (target.st_dev == root.st_dev && target.st_ino == root.st_ino)
		return error_set(err, -EPERM, "this path leads to the root");
	result = mount_is_on(fd, PROC_SUPER_MAGIC);
	if (result > 0)
		return error_set(err, -EPERM, "this path leads to /proc");
	return result;
}

int mount_open_target(const struct stage *stage, const struct step *step,
	bool is_folder, struct error *err)
{
	enum inside_kind kind = is_folder ? INSIDE_FOLDER : INSIDE_FILE;
	bool allows_links = step->allows_links &&
			    !(step->mount && step->mount->no_symlink_target);
	auto_left_fd fd =
		inside_make(stage->root_fd, step->path, kind, allows_links);
	int result = 0;

	if (fd == -ELOOP && !allows_links)
		return error_set(err, -ELOOP,
			"the container root has a link in this path");
	if (fd == -EROFS)
		return error_set(err, -EROFS,
			"the container root cannot be written and has no "
			"such path");
	if (fd == -EISDIR || fd == -ENOTDIR)
		return error_set(err, fd,
			"the container root has %s in this path",
			is_folder ? "something else than a folder"
				  : "a folder or a file");
	if (fd < 0)
		return fd;
	if (step->allows_links)
		result = check_target(stage, fd, err);
	return result < 0 ? result : fd_take(&fd);
}

/*
 * Our own procfs stays open: /proc/self is written to by no other way. Takes
 * the descriptor.
 */
static int keep_proc(struct stage *stage, int mount_fd, struct error *err)
{
	stage->proc_fd = mount_fd;
	if (mount_is_on(stage->proc_fd, PROC_SUPER_MAGIC) != 1)
		return error_set(err, -EPERM, "it is not procfs");
	return 0;
}

static int make_file_system(const struct oci_mount *mount, struct error *err)
{
	bool is_cgroup = mount->kind == OCI_MOUNT_CGROUP;
	auto_left_fd context = mount_begin(is_cgroup ? "cgroup2" : mount->type,
		mount->source, err);
	int result;

	if (context < 0)
		return context;
	result = is_cgroup ? 0 : set_options(context, mount->data, err);
	if (result < 0)
		return result;
	return mount_finish(context, mount->attributes, err);
}

int mount_copy_host(const struct oci_mount *mount, struct error *err)
{
	const struct oci_mount copy = {
		.source = mount->kind == OCI_MOUNT_CGROUP ? "/sys/fs/cgroup"
							  : "/sys",
		.attributes = mount->attributes,
		.is_recursive = true,
		.recursive = MOUNT_ATTR_RDONLY | MOUNT_ATTR_NOSUID |
			     MOUNT_ATTR_NODEV | MOUNT_ATTR_NOEXEC,
	};

	return mount_copy(NULL, &copy, err);
}

static int make_mount(struct stage *stage, const struct step *step,
	struct error *err)
{
	const struct oci_mount *mount = step->mount;
	int result;

	if (stage->mount_fds[step->index] >= 0)
		return fd_take(&stage->mount_fds[step->index]);
	result = make_file_system(mount, err);
	/* the namespace that it would show belongs to others */
	if (result == -EPERM && (mount->kind == OCI_MOUNT_CGROUP ||
					text_equal(mount->type, "sysfs")))
		result = mount_copy_host(mount, err);
	return result;
}

/* What the image has there is the first content of a new file system. */
static int copy_up(const struct stage *stage, const struct step *step,
	int mount_fd, struct error *err)
{
	auto_left_fd fd =
		openat(mount_fd, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);

	return fd < 0 ? -errno
		      : root_copy_out(stage->root_fd, step->path, fd, err);
}

/* The name of a path right in the /dev that we have just made, or NULL. */
static const char *in_new_dev(const struct stage *stage, const char *path)
{
	const char *name = path + strlen("/dev/");

	if (stage->new_dev_fd < 0 || !text_starts_with(path, "/dev/") ||
		!name[0] || name[0] == '.' || strchr(name, '/'))
		return NULL;
	return name;
}

/* Where a new file system goes. */
struct place {
	int target_fd;    /* what it goes on, or -1 */
	const char *name; /* or the name of that in the new /dev */
};

static int open_place(const struct stage *stage, const struct step *step,
	struct place *out, struct error *err)
{
	*out = (struct place){ .target_fd = -1 };
	out->name = in_new_dev(stage, step->path);
	/* nobody else sees it, so a folder that we make there is one */
	if (out->name && mkdirat(stage->new_dev_fd, out->name, 0755) == 0)
		return 0;
	out->name = NULL;
	out->target_fd = mount_open_target(stage, step, true, err);
	return out->target_fd < 0 ? out->target_fd : 0;
}

static int attach(const struct stage *stage, const struct place *place,
	int mount_fd)
{
	int result = place->name
			     ? kernel_move_mount_at(mount_fd, stage->new_dev_fd,
				       place->name)
			     : kernel_move_mount(mount_fd, place->target_fd);

	return result < 0 ? -errno : 0;
}

static unsigned long to_flags(uint64_t attributes)
{
	static const struct {
		uint64_t attribute;
		unsigned long flag;
	} rows[] = {
		{ MOUNT_ATTR_RDONLY, MS_RDONLY },
		{ MOUNT_ATTR_NOSUID, MS_NOSUID },
		{ MOUNT_ATTR_NODEV, MS_NODEV },
		{ MOUNT_ATTR_NOEXEC, MS_NOEXEC },
		{ MOUNT_ATTR_NOATIME, MS_NOATIME },
		{ MOUNT_ATTR_STRICTATIME, MS_STRICTATIME },
		{ MOUNT_ATTR_NODIRATIME, MS_NODIRATIME },
		{ MOUNT_ATTR_NOSYMFOLLOW, MS_NOSYMFOLLOW },
	};
	unsigned long flags = 0;

	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		if (attributes & rows[i].attribute)
			flags |= rows[i].flag;
	}
	return flags;
}

/* What fsmount(2) and mount(2) have no word for: "rro", "shared". */
static bool has_more_attributes(const struct oci_mount *mount)
{
	return mount->recursive || mount->recursive_clear ||
	       (mount->propagation && mount->propagation != MS_PRIVATE);
}

/*
 * One mount(2) does what takes six and more of the new calls. They come after
 * it when it fails, as they can do more and say why. It wants a path, and the
 * one to a descriptor would leave entries of the host's procfs in memory, so
 * the process goes there.
 */
static bool is_mounted_at_once(const struct stage *stage,
	const struct step *step, const struct place *place)
{
	const struct oci_mount *mount = step->mount;
	bool is_cgroup = mount->kind == OCI_MOUNT_CGROUP;
	const char *type = is_cgroup ? "cgroup2" : mount->type;
	int folder_fd = place->name ? stage->new_dev_fd : place->target_fd;

	if (mount->copies_up || has_more_attributes(mount) ||
		!stage->may_leave_folder || stage->mount_fds[step->index] >= 0)
		return false;
	/* mount(2) cuts them without a word */
	if (mount->data && strlen(mount->data) >= OPTIONS_MAX)
		return false;
	return fchdir(folder_fd) == 0 &&
	       kernel_mount(type, mount->source ? mount->source : type,
		       place->name ? place->name : ".",
		       to_flags(mount->attributes),
		       is_cgroup ? NULL : mount->data) == 0;
}

/* The longer way; what it mounts stays open. */
static int mount_by_parts(struct stage *stage, const struct step *step,
	const struct place *place, struct error *err)
{
	auto_left_fd fd = make_mount(stage, step, err);
	int result = fd < 0 ? fd : 0;

	if (result == 0 && step->mount->copies_up)
		result = copy_up(stage, step, fd, err);
	if (result == 0 && has_more_attributes(step->mount))
		result = set_attributes(fd, step->mount);
	if (result == 0)
		result = attach(stage, place, fd);
	return result;
}

/*
 * Our own procfs and our own /dev stay open. What was mounted just now may also
 * be or cover that /dev.
 */
static int keep(struct stage *stage, const struct step *step, struct error *err)
{
	bool is_proc = text_equal(step->path, "/proc");
	int fd = -1;

	if (is_proc || text_equal(step->path, "/dev")) {
		fd = inside_open_no_links(stage->root_fd, step->path,
			O_PATH | O_DIRECTORY);
		if (fd < 0)
			return fd;
	}
	if (is_proc)
		return keep_proc(stage, fd, err);
	if (fd >= 0 || step->allows_links)
		stage->new_dev_fd = fd;
	return 0;
}

int mount_make(struct stage *stage, const struct step *step, struct error *err)
{
	struct place place;
	int result = open_place(stage, step, &place, err);

	if (result == 0 && !is_mounted_at_once(stage, step, &place))
		result = mount_by_parts(stage, step, &place, err);
	if (result == 0)
		result = keep(stage, step, err);
	fd_cleanup_left(&place.target_fd);
	return result;
}

/* Only attributes: what is mounted there, others may have too. */
int mount_change(struct stage *stage, const struct step *step,
	struct error *err)
{
	auto_left_fd fd =
		inside_open_no_links(stage->root_fd, step->path, O_PATH);

	if (fd == -ELOOP)
		return error_set(err, fd,
			"the container root has a link in this path");
	return fd < 0 ? fd : set_attributes(fd, step->mount);
}

/* A whole procfs may be shown at /proc, and nothing else. */
static int check_bound_proc(struct stage *stage, int mount_fd,
	const struct stat *status, struct error *err)
{
	if (mount_is_on(mount_fd, PROC_SUPER_MAGIC) != 1 ||
		status->st_ino != PROC_ROOT)
		return error_set(err, -EPERM,
			"nothing but procfs may be at /proc");
	mount_fd = fcntl(mount_fd, F_DUPFD_CLOEXEC, 3);
	return mount_fd < 0 ? error_errno(err, "keep it open")
			    : keep_proc(stage, mount_fd, err);
}

int mount_bind(struct stage *stage, const struct step *step, struct error *err)
{
	int mount_fd = stage->mount_fds[step->index];
	struct stat status;

	if (mount_fd < 0) /* the maker had no right to make a copy */
		mount_fd = mount_copy(stage->spec, step->mount, err);
	if (mount_fd < 0)
		return mount_fd;
	if (fstat(mount_fd, &status) < 0)
		return -errno;

	auto_left_fd target =
		mount_open_target(stage, step, S_ISDIR(status.st_mode), err);

	if (target < 0)
		return target;
	if (kernel_move_mount(mount_fd, target) < 0)
		return -errno;
	if (text_equal(step->path, "/dev") || step->allows_links)
		stage->new_dev_fd = -1;
	return text_equal(step->path, "/proc")
		       ? check_bound_proc(stage, mount_fd, &status, err)
		       : 0;
}
