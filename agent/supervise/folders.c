// SPDX-License-Identifier: MIT
/* folders - what a workload has on disk: its container's folder, its volumes */
#include "supervise/folders.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "config/config.h"
#include "lib/error.h"
#include "lib/fd.h"
#include "lib/text.h"
#include "run/root.h"
#include "store/store.h"
#include "supervise/places.h"

#define IMAGE_NOTE "image"

static int open_folder(int dir_fd, const char *path, struct error *err)
{
	int fd = openat(dir_fd, path,
		O_RDONLY | O_DIRECTORY | O_CLOEXEC | O_NOFOLLOW);

	return fd < 0 ? error_errno(err, "open '%s'", path) : fd;
}

static void name_container(const struct service *service, char *out,
	size_t size)
{
	(void)snprintf(out, size, FOLDERS_CONTAINERS "/%s", service->name);
}

/* Whether the upper layer on disk was made on this image. */
static bool has_upper_of(int dir_fd, const char *digest)
{
	auto_free char *note = NULL;

	return fd_read_file(dir_fd, IMAGE_NOTE, 128, &note, NULL, NULL) == 0 &&
	       text_equal(note, digest);
}

static bool has_volume(const struct places *places, const char *name)
{
	char path[300];
	struct stat status;

	(void)snprintf(path, sizeof(path), FOLDERS_VOLUMES "/%s", name);
	return fstatat(places->data_fd, path, &status, AT_SYMLINK_NOFOLLOW) ==
	       0;
}

bool folders_are_made(const struct places *places,
	const struct service *service, const struct image *image)
{
	char path[128];

	name_container(service, path, sizeof(path));

	auto_fd dir_fd = open_folder(places->data_fd, path, NULL);

	if (dir_fd < 0 || !has_upper_of(dir_fd, image->digest))
		return false;
	for (size_t i = 0; i < service->volume_count; i++) {
		const struct volume_mount *mount = &service->volumes[i];

		if (mount->kind == VOLUME_NAMED &&
			!has_volume(places, mount->source))
			return false;
	}
	return true;
}

static int make_container(const struct places *places,
	const struct service *service, const struct image *image,
	struct error *err)
{
	char path[128];
	int result;

	name_container(service, path, sizeof(path));
	result = fd_make_dirs(places->data_fd, path, 0700, err);
	if (result < 0)
		return result;

	auto_fd dir_fd = open_folder(places->data_fd, path, err);

	if (dir_fd < 0)
		return dir_fd;
	if (has_upper_of(dir_fd, image->digest))
		return 0;
	root_uncover(dir_fd, "work");
	result = fd_remove_tree(dir_fd, "upper", err);
	if (result == 0)
		result = fd_remove_tree(dir_fd, "work", err);
	if (result == 0)
		result = fd_replace_file(dir_fd, IMAGE_NOTE, image->digest,
			strlen(image->digest), 0600, err);
	return result;
}

/* What the image itself has there; no upper layer has a say. */
static int fill_volume(const struct image *image,
	const struct volume_mount *mount, int volume_fd, struct error *err)
{
	const struct root_source source = {
		.layers = (const char *const *)image->layers,
		.layer_count = image->layer_count,
	};
	auto_fd root_fd = root_open(&source, err);

	return root_fd < 0
		       ? root_fd
		       : root_copy_out(root_fd, mount->target, volume_fd, err);
}

/* A new volume gets its name only when it is filled. */
static int make_volume(int volumes_fd, const struct image *image,
	const struct volume_mount *mount, struct error *err)
{
	const char *name = mount->source;
	char fresh[300];
	int result;

	if (snprintf(fresh, sizeof(fresh), ".new-%s", name) >=
		(int)sizeof(fresh))
		return error_set(err, -ENAMETOOLONG,
			"make volume '%s': name too long", name);
	result = fd_remove_tree(volumes_fd, fresh, err);
	if (result < 0)
		return result;
	if (mkdirat(volumes_fd, fresh, 0755) < 0)
		return error_errno(err, "make volume '%s'", name);

	auto_fd fd = open_folder(volumes_fd, fresh, err);

	if (fd < 0)
		return fd;
	if (!mount->no_copy) {
		result = fill_volume(image, mount, fd, err);
		if (result < 0)
			return error_prefix(err, "fill volume '%s'", name);
	}
	if (syncfs(fd) < 0)
		return error_errno(err, "sync volume '%s'", name);
	if (renameat(volumes_fd, fresh, volumes_fd, name) < 0)
		return error_errno(err, "make volume '%s'", name);
	return 0;
}

static int make_volumes(const struct places *places,
	const struct service *service, const struct image *image,
	struct error *err)
{
	int result = fd_make_dirs(places->data_fd, FOLDERS_VOLUMES, 0711, err);

	if (result < 0)
		return result;

	auto_fd fd = open_folder(places->data_fd, FOLDERS_VOLUMES, err);

	if (fd < 0)
		return fd;
	for (size_t i = 0; i < service->volume_count && result == 0; i++) {
		const struct volume_mount *mount = &service->volumes[i];

		if (mount->kind == VOLUME_NAMED &&
			!has_volume(places, mount->source))
			result = make_volume(fd, image, mount, err);
	}
	return result;
}

int folders_make(const struct places *places, const struct service *service,
	const struct image *image, struct error *err)
{
	int result = make_container(places, service, image, err);

	return result < 0 ? result : make_volumes(places, service, image, err);
}
