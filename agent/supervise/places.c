// SPDX-License-Identifier: MIT
/* places - the folders that everything in the agent refers to */
#include "supervise/places.h"

#include <fcntl.h>
#include <sys/sysinfo.h>

#include "lib/error.h"
#include "lib/fd.h"

#define LOG_FOLDER "log"

/* Opens a folder and puts it at *fd; does nothing when result is an error. */
static int open_folder(int result, int dir_fd, const char *path, int *fd,
	struct error *err)
{
	if (result < 0)
		return result;
	*fd = openat(dir_fd, path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	return *fd < 0 ? error_errno(err, "open '%s'", path) : 0;
}

int places_open(const struct places_paths *paths, struct places *out,
	struct error *err)
{
	struct sysinfo info;
	int result;

	*out = PLACES_NONE;
	out->data_path = paths->data;
	if (sysinfo(&info) == 0)
		out->memory_bytes = (uint64_t)info.totalram * info.mem_unit;
	result = fd_make_dirs(AT_FDCWD, paths->run, 0755, err);
	result = open_folder(result, AT_FDCWD, paths->run, &out->run_fd, err);
	result = open_folder(result, AT_FDCWD, paths->data, &out->data_fd, err);
	result = open_folder(result, AT_FDCWD, paths->cgroup,
		&out->workloads_fd, err);
	if (result == 0)
		result = fd_make_dirs(out->data_fd, LOG_FOLDER, 0750, err);
	result = open_folder(result, out->data_fd, LOG_FOLDER, &out->log_fd,
		err);
	if (result < 0)
		places_close(out);
	return result;
}

void places_close(struct places *places)
{
	fd_close(&places->data_fd);
	fd_close(&places->config_fd);
	fd_close(&places->run_fd);
	fd_close(&places->log_fd);
	fd_close(&places->workloads_fd);
}
