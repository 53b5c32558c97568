// SPDX-License-Identifier: MIT
/* path - names out of archives: made safe to use, and safe to print */
#include "store/path.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/openat2.h>
#include <stdbool.h>
#include <stdint.h>
#include <string.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "lib/error.h"

static bool is_dots(const char *part, size_t length)
{
	return length == 2 && part[0] == '.' && part[1] == '.';
}

int path_clean(const char *name, char out[PATH_BYTES], struct error *err)
{
	size_t used = 0;
	size_t depth = 0;
	const char *part = name;

	if (*name == '/' && name[strspn(name, "/")] != '\0')
		return error_set(err, -EINVAL, "the path is absolute");
	while (*part) {
		size_t length = strcspn(part, "/");

		if (is_dots(part, length))
			return error_set(err, -EINVAL, "the path has a '..'");
		if (length > PATH_PART_MAX || used + length + 2 > PATH_BYTES ||
			depth >= PATH_DEPTH_MAX)
			return error_set(err, -ENAMETOOLONG,
				"the path is too long or too deep");
		if (length > 0 && !(length == 1 && *part == '.')) {
			if (used)
				out[used++] = '/';
			memcpy(out + used, part, length);
			used += length;
			depth++;
		}
		part += length + (part[length] == '/');
	}
	out[used] = '\0';
	return 0;
}

static int open_how(int dir_fd, const char *path, int flags, uint64_t resolve)
{
	struct open_how how = {
		.flags = (uint64_t)(unsigned int)flags | O_CLOEXEC,
		.resolve = resolve,
	};
	long fd;

	do {
		fd = syscall(SYS_openat2, dir_fd, *path ? path : ".", &how,
			sizeof(how));
	} while (fd < 0 && errno == EINTR);
	return fd < 0 ? -errno : (int)fd;
}

int path_open(int dir_fd, const char *path, int flags)
{
	return open_how(dir_fd, path, flags,
		RESOLVE_BENEATH | RESOLVE_NO_SYMLINKS | RESOLVE_NO_MAGICLINKS |
			RESOLVE_NO_XDEV);
}

int path_open_in_root(int dir_fd, const char *path, int flags)
{
	int fd;
	int tries = 0;

	/* a rename anywhere on the machine can make ".." unsafe to follow */
	do {
		fd = open_how(dir_fd, path, flags,
			RESOLVE_IN_ROOT | RESOLVE_NO_MAGICLINKS);
	} while (fd == -EAGAIN && ++tries < 16);
	return fd;
}

struct path_text path_show(const char *name)
{
	struct path_text shown;
	size_t used = 0;

	while (name[used] && used < PATH_SHOWN) {
		unsigned char c = (unsigned char)name[used];

		shown.text[used++] = c < 0x20 || c > 0x7e ? '?' : (char)c;
	}
	memcpy(shown.text + used, name[used] ? "..." : "", name[used] ? 4 : 1);
	return shown;
}
