// SPDX-License-Identifier: MIT
/* node - what files of a layer have in common: times and overlayfs's marks */
#include "store/node.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>
#include <sys/xattr.h>

#include "lib/error.h"
#include "store/path.h"

#define OPAQUE_XATTR "trusted.overlay.opaque"

/* No O_NOFOLLOW: path_open refuses links, and by the name that says so. */
int node_open_folder(int dir_fd, const char *path)
{
	return path_open(dir_fd, path, O_RDONLY | O_DIRECTORY);
}

int node_open_error(int code, const char *path, struct error *err)
{
	if (code == -ELOOP)
		return error_set(err, code,
			"'%s' is or goes through a symbolic link",
			path_show(path).text);
	return error_set(err, code, "open '%s': %s", path_show(path).text,
		strerror(-code));
}

int node_set_time(int fd, struct timespec mtime, const char *path,
	struct error *err)
{
	const struct timespec times[2] = { mtime, mtime };

	if (futimens(fd, times) < 0)
		return error_errno(err, "set the time of '%s'",
			path_show(path).text);
	return 0;
}

bool node_is_whiteout(const struct stat *status)
{
	return S_ISCHR(status->st_mode) && status->st_rdev == makedev(0, 0);
}

int node_is_opaque(int fd, struct error *err)
{
	char value = 0;
	ssize_t size = fgetxattr(fd, OPAQUE_XATTR, &value, sizeof(value));

	if (size >= 0)
		return size == 1 && value == 'y';
	if (errno == ENODATA || errno == ERANGE || errno == ENOTSUP)
		return 0;
	return error_errno(err, "look for '" OPAQUE_XATTR "'");
}

int node_set_opaque(int fd, const char *path, struct error *err)
{
	if (fsetxattr(fd, OPAQUE_XATTR, "y", 1, 0) < 0)
		return error_errno(err, "mark '%s' as opaque",
			path_show(path).text);
	return 0;
}
