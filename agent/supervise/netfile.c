// SPDX-License-Identifier: MIT
/* netfile - files in the folder "net" of /data and of /run/tare */
#include "supervise/netfile.h"

#include <fcntl.h>
#include <string.h>

#include "lib/error.h"
#include "lib/fd.h"

#define FOLDER "net"

static int open_folder(const struct netfile *file, struct error *err)
{
	int fd = openat(file->dir_fd, FOLDER,
		O_RDONLY | O_DIRECTORY | O_CLOEXEC | O_NOFOLLOW);

	return fd < 0 ? error_errno(err, "open '%s'", FOLDER) : fd;
}

static bool has_already(int folder_fd, const char *name, const char *text,
	size_t size)
{
	auto_free char *before = NULL;
	size_t before_size = 0;

	return fd_read_file(folder_fd, name, size, &before, &before_size,
		       NULL) == 0 &&
	       before_size == size && memcmp(before, text, size) == 0;
}

int netfile_write(const struct netfile *file, const char *text, size_t size,
	struct error *err)
{
	/* netd writes there, too, so anybody may look into it */
	int result = fd_make_dirs(file->dir_fd, FOLDER, 0755, err);
	auto_fd fd = result < 0 ? -1 : open_folder(file, err);

	if (result < 0 || fd < 0)
		return result < 0 ? result : fd;
	if (has_already(fd, file->name, text, size))
		return 0;
	return fd_replace_file(fd, file->name, text, size, file->mode, err);
}

int netfile_read(const struct netfile *file, size_t limit, char **out,
	size_t *size, struct error *err)
{
	auto_fd fd = open_folder(file, err);

	return fd < 0 ? fd
		      : fd_read_file(fd, file->name, limit, out, size, err);
}
