// SPDX-License-Identifier: MIT
/* nodes - the devices that a service names, as the machine has them now */
#include "supervise/nodes.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <linux/openat2.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/sysmacros.h>
#include <unistd.h>

#include "config/service.h"
#include "lib/arena.h"
#include "lib/error.h"
#include "lib/fd.h"

#define DEV       "/dev/"
#define DEPTH_MAX 4
#define NOT_FOUND                                                                 \
	"device '%s': this machine has none of that name; connect it, or remove " \
	"it from the config"

struct search {
	struct arena *arena;
	struct node *items;
	size_t count;
	struct error *err;
};

static int open_below(int dir_fd, const char *name, int flags)
{
	struct open_how how = {
		.flags = (unsigned int)(flags | O_CLOEXEC),
		.resolve = RESOLVE_BENEATH | RESOLVE_NO_MAGICLINKS |
			   RESOLVE_NO_XDEV,
	};

	return (int)syscall(SYS_openat2, dir_fd, name, &how, sizeof(how));
}

/* The path of the config, "/dev/x", below an open /dev. */
static int open_device(int dev_fd, const char *path, struct stat *status,
	struct error *err)
{
	int fd = open_below(dev_fd, path + strlen(DEV), O_PATH);
	int result;

	*status = (struct stat){ .st_mode = 0 };
	if (fd >= 0 && fstat(fd, status) == 0)
		return fd;
	result = errno == ENOENT || errno == ENOTDIR
			 ? error_set(err, -ENODEV, NOT_FOUND, path)
			 : error_errno(err, "device '%s'", path);
	fd_close(&fd);
	return result;
}

static void fill(const struct stat *status, struct node *out)
{
	out->type = S_ISBLK(status->st_mode) ? 'b' : 'c';
	out->major = major(status->st_rdev);
	out->minor = minor(status->st_rdev);
	out->mode = status->st_mode & 0777;
	out->uid = status->st_uid;
	out->gid = status->st_gid;
}

static int add(struct search *search, const struct device *device,
	const char *path, const struct stat *status)
{
	struct node *node;

	if (!S_ISBLK(status->st_mode) && !S_ISCHR(status->st_mode))
		return error_set(search->err, -ENODEV,
			"device '%s': this is no device; write the path of one",
			device->source);
	if (search->count == NODES_MAX)
		return error_set(search->err, -E2BIG,
			"device '%s': more than %d devices", device->source,
			NODES_MAX);
	if (!path)
		return error_set(search->err, -ENOMEM, "start: no memory");
	node = &search->items[search->count++];
	*node = (struct node){ .path = path, .device = device };
	fill(status, node);
	return 0;
}

/* All devices in a folder and below; links and other files are left out. */
static int add_folder(struct search *search, const struct device *device,
	int parent_fd, const char *target, int depth)
{
	int list_fd =
		openat(parent_fd, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	auto_dir dir = list_fd < 0 ? NULL : fdopendir(list_fd);
	const struct dirent *entry;
	int result = 0;

	if (!dir) {
		fd_close(&list_fd);
		return error_errno(search->err, "device '%s'", device->source);
	}
	while (result == 0 && (entry = readdir(dir))) {
		struct stat status;
		const char *path;

		if (entry->d_name[0] == '.')
			continue;

		auto_fd fd =
			open_below(list_fd, entry->d_name, O_PATH | O_NOFOLLOW);

		if (fd < 0 || fstat(fd, &status) < 0)
			continue; /* it has just gone, or is a mount */
		path = arena_format(search->arena, "%s/%s", target,
			entry->d_name);
		if (!path)
			return error_set(search->err, -ENOMEM,
				"start: no memory");
		if (S_ISDIR(status.st_mode) && depth < DEPTH_MAX)
			result =
				add_folder(search, device, fd, path, depth + 1);
		else if (S_ISBLK(status.st_mode) || S_ISCHR(status.st_mode))
			result = add(search, device, path, &status);
	}
	return result;
}

static int add_device(struct search *search, int dev_fd,
	const struct device *device)
{
	struct stat status;
	auto_fd fd = open_device(dev_fd, device->source, &status, search->err);

	if (fd < 0)
		return fd;
	if (S_ISDIR(status.st_mode))
		return add_folder(search, device, fd, device->target, 0);
	return add(search, device, device->target, &status);
}

static int find_disk(int dev_fd, const struct block_limit *limit,
	struct node *out, struct error *err)
{
	struct stat status;
	auto_fd fd = open_device(dev_fd, limit->path, &status, err);

	if (fd < 0)
		return fd;
	if (!S_ISBLK(status.st_mode))
		return error_set(err, -ENOTBLK,
			"device '%s': this is no disk; 'blkio_config:' is for disks",
			limit->path);
	fill(&status, out);
	return 0;
}

int nodes_find(int dev_fd, const struct service *service, struct arena *arena,
	struct nodes *out, struct error *err)
{
	struct search search = { .arena = arena, .err = err };
	struct node *disks;
	int result = 0;

	*out = (struct nodes){ 0 };
	if (service->device_count == 0 && service->block_limit_count == 0)
		return 0;
	search.items = arena_array(arena, NODES_MAX, sizeof(*search.items));
	disks = arena_array(arena, service->block_limit_count + 1,
		sizeof(*disks));
	if (!search.items || !disks)
		return error_set(err, -ENOMEM, "start: no memory");
	for (size_t i = 0; result == 0 && i < service->device_count; i++)
		result = add_device(&search, dev_fd, &service->devices[i]);
	for (size_t i = 0; result == 0 && i < service->block_limit_count; i++)
		result = find_disk(dev_fd, &service->block_limits[i], &disks[i],
			err);
	*out = (struct nodes){ search.items, search.count, disks };
	return result;
}
