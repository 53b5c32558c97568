// SPDX-License-Identifier: MIT
/* shm - a /dev/shm that services share: those that use one IPC namespace */
#include "supervise/shm.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdio.h>
#include <sys/mount.h>
#include <unistd.h>

#include "config/service.h"
#include "lib/error.h"
#include "lib/fd.h"

#define FOLDER       "shm"
#define SIZE_DEFAULT (UINT64_C(64) << 20)

static int make(int run_fd, const char *name, uint64_t size_bytes,
	struct error *err)
{
	char path[160]; /* mount(2) knows no descriptors */
	char options[64];
	int result = fd_make_dirs(run_fd, FOLDER, 0711, err);

	if (result == 0) {
		auto_fd fd = openat(run_fd, FOLDER,
			O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);

		result = fd < 0 ? error_errno(err, "open '" FOLDER "'")
				: fd_make_dirs(fd, name, 0711, err);
	}
	if (result < 0)
		return result;
	(void)snprintf(path, sizeof(path), "/proc/self/fd/%d/" FOLDER "/%s",
		run_fd, name);
	(void)snprintf(options, sizeof(options), "mode=1777,size=%" PRIu64,
		size_bytes);
	/* that of an earlier start; who still has it keeps it */
	while (umount2(path, MNT_DETACH | UMOUNT_NOFOLLOW) == 0)
		;
	if (mount("shm", path, "tmpfs", MS_NOSUID | MS_NODEV | MS_NOEXEC,
		    options) < 0)
		return error_errno(err, "mount the shared memory of '%s'",
			name);
	return 0;
}

int shm_open_shared(int run_fd, const struct service *service,
	struct error *err)
{
	const char *name =
		service->ipc.service ? service->ipc.service : service->name;
	char path[80];
	int result = 0;
	int fd;

	if (!service->ipc.service)
		result = make(run_fd, name,
			service->shm_size_bytes > 0 ? service->shm_size_bytes
						    : SIZE_DEFAULT,
			err);
	if (result < 0)
		return result;
	(void)snprintf(path, sizeof(path), FOLDER "/%s", name);
	fd = openat(run_fd, path,
		O_PATH | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
	return fd < 0 ? error_errno(err, "open the shared memory of '%s'", name)
		      : fd;
}
