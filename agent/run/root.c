// SPDX-License-Identifier: MIT
/* root - the container root: an overlay on shared read-only layers */
#include "run/root.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <limits.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>
#include <sys/fsuid.h>
#include <unistd.h>

#include "lib/error.h"
#include "lib/fd.h"
#include "lib/text.h"
#include "run/idmap.h"
#include "run/kernel.h"
#include "run/mount.h"
#include "run/oci.h"

/*
 * The folders of a source as an overlay can name them. The kernel wants every
 * layer to be on a mount that is attached somewhere, so a copy of the whole
 * base with other ids is attached for the moment where nobody looks; the
 * overlay keeps copies of its own.
 */
struct view {
	const struct root_source *source;
	int mapped_fd; /* the copy, or -1: folders are named as they are */
};

/* Sets one folder as key. */
static int set_folder(const struct view *view, int context_fd, const char *key,
	const char *folder, struct error *err)
{
	const char *base = view->source->base;
	char path[PATH_MAX];
	struct text text;

	if (view->mapped_fd < 0)
		return mount_set(context_fd, key, folder, err);
	if (!text_starts_with(folder, base))
		return error_set(err, -EXDEV, "it is not below '%s'", base);
	text_init(&text, path, sizeof(path));
	text_add(&text, "/proc/self/fd/%d/%s", view->mapped_fd,
		folder + strlen(base));
	if (text.is_cut)
		return error_set(err, -ENAMETOOLONG, "the path is too long");
	return mount_set(context_fd, key, path, err);
}

/* Without an index and without metacopy an upper folder is what it shows. */
static int set_overlay(const struct view *view, int context_fd,
	struct error *err)
{
	const struct root_source *source = view->source;

	static const struct {
		const char *key;
		const char *value;
	} options[] = {
		{ "index", "off" },
		{ "metacopy", "off" },
	};
	int result = 0;

	for (size_t i = 0; result == 0 && i < source->layer_count; i++) {
		result = set_folder(view, context_fd, "lowerdir+",
			source->layers[i], err);
		if (result < 0)
			(void)error_prefix(err, "add layer '%s'",
				source->layers[i]);
	}
	for (size_t i = 0; i < sizeof(options) / sizeof(options[0]); i++) {
		if (result == 0)
			result = mount_set(context_fd, options[i].key,
				options[i].value, err);
	}
	return result;
}

static int set_upper(const struct view *view, int context_fd, struct error *err)
{
	const struct root_source *source = view->source;
	int result =
		set_folder(view, context_fd, "upperdir", source->upper, err);

	if (result < 0) {
		(void)error_prefix(err, "write to '%s'", source->upper);
		return result;
	}
	result = set_folder(view, context_fd, "workdir", source->work, err);
	if (result < 0)
		(void)error_prefix(err, "work in '%s'", source->work);
	return result;
}

/* An overlay needs two folders; one alone is shown as it is. */
static int open_single(const struct root_source *source, struct error *err)
{
	auto_fd mount = kernel_clone_mount(AT_FDCWD, source->layers[0], 0);
	const struct mount_attr attr = {
		.attr_set = MOUNT_ATTR_RDONLY,
		.propagation = MS_PRIVATE,
	};
	int result;

	if (mount < 0)
		return error_errno(err, "open layer '%s'", source->layers[0]);
	if (kernel_mount_setattr(mount, 0, &attr) < 0)
		return error_errno(err, "show layer '%s'", source->layers[0]);
	if (source->user_namespace_fd <= 0)
		return fd_take(&mount);
	result = idmap_apply(mount, source->user_namespace_fd, 0);
	if (result < 0)
		return error_set(err, result,
			"show layer '%s' with other owners: %s",
			source->layers[0], strerror(-result));
	return fd_take(&mount);
}

static int open_overlay(const struct view *view, struct error *err)
{
	bool has_upper = view->source->upper;
	auto_fd context = mount_begin("overlay", NULL, err);
	int result;

	if (context < 0)
		return context;
	result = set_overlay(view, context, err);
	if (result == 0 && has_upper)
		result = set_upper(view, context, err);
	if (result < 0)
		return result;
	return mount_finish(context, has_upper ? 0 : MOUNT_ATTR_RDONLY, err);
}

/* Both calls return the id that was, even when they fail (setfsuid(2)). */
static int become_root(const struct root_source *source)
{
	(void)setfsgid(source->root_gid);
	(void)setfsuid(source->root_uid);
	if ((uint32_t)setfsgid(UINT32_MAX) != source->root_gid ||
		(uint32_t)setfsuid(UINT32_MAX) != source->root_uid)
		return -EINVAL;
	return 0;
}

/*
 * What the overlay does itself, it does as whoever mounts it: that must be
 * somebody whom the mapping knows, with all rights (setfsuid(2) takes some).
 */
static int open_overlay_as(const struct view *view, struct error *err)
{
	uint64_t ours;
	int result;

	if (kernel_capget(&ours) < 0)
		return error_errno(err, "read capabilities");
	if (become_root(view->source) < 0)
		result = error_set(err, -EINVAL,
			"user %" PRIu32 ", group %" PRIu32
			": this user namespace does not know them",
			view->source->root_uid, view->source->root_gid);
	else if (kernel_capset(ours, ours, 0) < 0)
		result = error_errno(err, "keep capabilities");
	else
		result = open_overlay(view, err);
	(void)setfsuid(geteuid());
	(void)setfsgid(getegid());
	if (kernel_capset(ours, ours, 0) < 0 && result >= 0) {
		(void)close(result);
		return error_errno(err, "keep capabilities");
	}
	return result;
}

void root_uncover(int dir_fd, const char *name)
{
	bool was_covered = true;

	while (was_covered) {
		auto_fd fd = openat(dir_fd, name,
			O_PATH | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);

		/* EINVAL: nothing is mounted there any more */
		was_covered = fd >= 0 && kernel_detach(fd) == 0;
	}
}

static int open_mapped(const struct root_source *source, struct error *err)
{
	const struct mount_attr attr = { .propagation = MS_PRIVATE };
	/* a folder that only this root uses, or one that nobody writes to */
	const char *place = source->work ? source->work : source->layers[0];
	auto_fd mount = kernel_clone_mount(AT_FDCWD, source->base, 0);
	auto_fd target = -1;
	const struct view view = { source, mount };
	int result;

	if (mount < 0 || kernel_mount_setattr(mount, 0, &attr) < 0)
		return error_errno(err, "copy the mount of '%s'", source->base);
	if (!text_equal(place, source->base))
		root_uncover(AT_FDCWD, place);
	target = open(place, O_PATH | O_DIRECTORY | O_CLOEXEC);
	if (target < 0)
		return error_errno(err, "open '%s'", place);
	result = idmap_apply(mount, source->user_namespace_fd, 0);
	if (result < 0)
		return error_set(err, result, "show '%s' with other owners: %s",
			source->base, strerror(-result));
	if (kernel_move_mount(mount, target) < 0)
		return error_errno(err, "attach a copy of '%s'", source->base);
	result = open_overlay_as(&view, err);
	if (kernel_detach(mount) < 0 && result >= 0) {
		(void)close(result);
		return error_errno(err, "detach a copy of '%s'", source->base);
	}
	return result;
}

int root_open(const struct root_source *source, struct error *err)
{
	const struct view plain = { source, -1 };
	struct error own;
	int result;

	err = err ? err : &own;
	if (source->layer_count == 0 || !source->upper != !source->work)
		return error_set(err, -EINVAL,
			"mount the container root: it needs a layer, and both "
			"or none of upper and work");
	if (source->layer_count == 1 && !source->upper)
		return open_single(source, err);
	result = source->user_namespace_fd > 0 ? open_mapped(source, err)
					       : open_overlay(&plain, err);
	if (result < 0)
		(void)error_prefix(err, "mount the container root");
	return result;
}
