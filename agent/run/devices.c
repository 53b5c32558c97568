// SPDX-License-Identifier: MIT
/* devices - which devices a container has, and which it may open */
#include "run/devices.h"

#include <errno.h>
#include <fcntl.h>
#include <stdbool.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>
#include <unistd.h>

#include "lib/error.h"
#include "lib/fd.h"

#define COUNT(array) (sizeof(array) / sizeof((array)[0]))
#define DEPTH_MAX    4

/* Major numbers of kernel Documentation/admin-guide/devices.txt. */
enum major {
	MAJOR_MEMORY = 1,
	MAJOR_TTY_AUX = 5,
};

const struct device_node devices_default[] = {
	{ "/dev/null", MAJOR_MEMORY, 3 },
	{ "/dev/zero", MAJOR_MEMORY, 5 },
	{ "/dev/full", MAJOR_MEMORY, 7 },
	{ "/dev/random", MAJOR_MEMORY, 8 },
	{ "/dev/urandom", MAJOR_MEMORY, 9 },
	{ "/dev/tty", MAJOR_TTY_AUX, 0 },
};
const size_t devices_default_count = COUNT(devices_default);

/* Folders of /dev that are file systems of their own or not for copying. */
static bool is_special(const char *name)
{
	static const char *const names[] = { ".", "..", "fd", "mqueue", "pts",
		"shm" };

	for (size_t i = 0; i < COUNT(names); i++) {
		if (strcmp(name, names[i]) == 0)
			return true;
	}
	return false;
}

static int copy_node(int dev_fd, const char *name, const struct stat *status,
	struct error *err)
{
	if (mknodat(dev_fd, name, status->st_mode, status->st_rdev) < 0)
		return errno == EEXIST ? 0
				       : error_errno(err, "make '%s'", name);
	if (fchownat(dev_fd, name, status->st_uid, status->st_gid,
		    AT_SYMLINK_NOFOLLOW) < 0)
		return error_errno(err, "give '%s' its owner", name);
	return 0;
}

static int copy_folder(int from_fd, int to_fd, unsigned int depth,
	struct error *err);

static int copy_subfolder(int from_fd, int to_fd, const char *name,
	unsigned int depth, struct error *err)
{
	auto_fd from = openat(from_fd, name,
		O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
	auto_fd to = -1;

	if (from < 0)
		return error_errno(err, "open '%s'", name);
	if (mkdirat(to_fd, name, 0755) < 0 && errno != EEXIST)
		return error_errno(err, "make folder '%s'", name);
	to = openat(to_fd, name,
		O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
	if (to < 0)
		return error_errno(err, "open '%s'", name);
	return copy_folder(from, to, depth + 1, err);
}

static int copy_folder(int from_fd, int to_fd, unsigned int depth,
	struct error *err)
{
	int copy_fd = openat(from_fd, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	auto_dir dir = copy_fd < 0 ? NULL : fdopendir(copy_fd);
	const struct dirent *entry;
	int result = 0;

	if (!dir) {
		result = error_errno(err, "list devices");
		fd_close(&copy_fd);
		return result;
	}
	while (result == 0 && (entry = readdir(dir))) {
		struct stat status;

		if (is_special(entry->d_name) ||
			fstatat(from_fd, entry->d_name, &status,
				AT_SYMLINK_NOFOLLOW) < 0)
			continue; /* it went away meanwhile */
		if (S_ISCHR(status.st_mode) || S_ISBLK(status.st_mode))
			result = copy_node(to_fd, entry->d_name, &status, err);
		else if (S_ISDIR(status.st_mode) && depth < DEPTH_MAX)
			result = copy_subfolder(from_fd, to_fd, entry->d_name,
				depth, err);
	}
	return result;
}

int devices_copy_all(int host_dev_fd, int dev_fd, struct error *err)
{
	return copy_folder(host_dev_fd, dev_fd, 0, err);
}
