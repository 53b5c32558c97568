// SPDX-License-Identifier: MIT
/* root - the container root: an overlay on shared read-only layers */
#include "run/root.h"

#include <errno.h>
#include <fcntl.h>
#include <stdbool.h>
#include <stddef.h>
#include <string.h>

#include "lib/error.h"
#include "lib/fd.h"
#include "run/kernel.h"
#include "run/mount.h"

/* Without an index and without metacopy an upper folder is what it shows. */
static int set_overlay(int context_fd, const char *const *layers,
	size_t layer_count, struct error *err)
{
	static const struct {
		const char *key;
		const char *value;
	} options[] = {
		{ "index", "off" },
		{ "metacopy", "off" },
	};
	int result = 0;

	for (size_t i = 0; result == 0 && i < layer_count; i++) {
		result = mount_set(context_fd, "lowerdir+", layers[i], err);
		if (result < 0)
			(void)error_prefix(err, "add layer '%s'", layers[i]);
	}
	for (size_t i = 0; i < sizeof(options) / sizeof(options[0]); i++) {
		if (result == 0)
			result = mount_set(context_fd, options[i].key,
				options[i].value, err);
	}
	return result;
}

static int set_upper(int context_fd, const char *upper, const char *work,
	struct error *err)
{
	int result = mount_set(context_fd, "upperdir", upper, err);

	if (result < 0) {
		(void)error_prefix(err, "write to '%s'", upper);
		return result;
	}
	result = mount_set(context_fd, "workdir", work, err);
	if (result < 0)
		(void)error_prefix(err, "work in '%s'", work);
	return result;
}

/* An overlay needs two folders; one alone is shown as it is. */
static int open_single(const char *layer, struct error *err)
{
	auto_fd folder = open(layer, O_PATH | O_DIRECTORY | O_CLOEXEC);
	auto_fd mount = -1;
	const struct mount_attr attr = {
		.attr_set = MOUNT_ATTR_RDONLY,
		.propagation = MS_PRIVATE,
	};

	if (folder < 0)
		return error_errno(err, "open layer '%s'", layer);
	mount = kernel_clone_mount(folder, "", 0);
	if (mount < 0 || kernel_mount_setattr(mount, 0, &attr) < 0)
		return error_errno(err, "show layer '%s'", layer);
	return fd_take(&mount);
}

static int open_overlay(const struct root_source *source, struct error *err)
{
	auto_fd context = mount_begin("overlay", NULL, err);
	int result;

	if (context < 0)
		return context;
	result = set_overlay(context, source->layers, source->layer_count, err);
	if (result == 0 && source->upper)
		result = set_upper(context, source->upper, source->work, err);
	if (result < 0)
		return result;
	return mount_finish(context, source->upper ? 0 : MOUNT_ATTR_RDONLY,
		err);
}

int root_open(const struct root_source *source, struct error *err)
{
	struct error own;
	int result;

	err = err ? err : &own;
	if (source->layer_count == 0 || !source->upper != !source->work)
		return error_set(err, -EINVAL,
			"mount the container root: it needs a layer, and both "
			"or none of upper and work");
	if (source->layer_count == 1 && !source->upper)
		return open_single(source->layers[0], err);
	result = open_overlay(source, err);
	if (result < 0)
		(void)error_prefix(err, "mount the container root");
	return result;
}
