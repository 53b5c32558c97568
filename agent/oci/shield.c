// SPDX-License-Identifier: MIT
/* shield - this program's file, out of a container's reach */
#include "oci/shield.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/magic.h>
#include <linux/mount.h>
#include <stdlib.h>
#include <string.h>
#include <sys/auxv.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/sendfile.h>
#include <sys/stat.h>
#include <sys/statvfs.h>
#include <sys/syscall.h>
#include <sys/vfs.h>
#include <unistd.h>

#include "lib/error.h"
#include "lib/fd.h"

#define SELF     "/proc/self/exe"
#define EXECUTED "/dev/fd/"
#ifndef MFD_EXEC
#define MFD_EXEC 0x0010U
#endif

#define SEALS (F_SEAL_SEAL | F_SEAL_SHRINK | F_SEAL_GROW | F_SEAL_WRITE)

extern char **environ;

/*
 * The mount stays open across execve: closing it would wait for the kernel.
 * It is found again by the name under which execveat(2) executes a descriptor.
 */
static int mount_fd = -1;

int shield_mount_fd(void)
{
	return mount_fd;
}

static void find_mount(void)
{
	const char *name = (const char *)getauxval(AT_EXECFN);
	const char *digits = name ? name + strlen(EXECUTED) : NULL;

	if (!digits || strncmp(name, EXECUTED, strlen(EXECUTED)) != 0 ||
		strspn(digits, "0123456789") != strlen(digits))
		return;
	mount_fd = (int)strtol(digits, NULL, 10);
	if (fcntl(mount_fd, F_SETFD, FD_CLOEXEC) < 0)
		mount_fd = -1;
}

static int open_read_only(void)
{
	struct mount_attr attributes = { .attr_set = MOUNT_ATTR_RDONLY };
	int fd = (int)syscall(SYS_open_tree, AT_FDCWD, SELF, OPEN_TREE_CLONE);

	if (fd < 0)
		return -1;
	if (syscall(SYS_mount_setattr, fd, "", AT_EMPTY_PATH, &attributes,
		    sizeof(attributes)) < 0) {
		fd_close(&fd);
		return -1;
	}
	return fd;
}

/* sysctl vm.memfd_noexec wants a word; kernels before 6.3 do not know it. */
static int open_memory(unsigned int flag)
{
	int fd = memfd_create("tare-oci",
		MFD_ALLOW_SEALING | MFD_CLOEXEC | flag);

	return fd < 0 && errno == EINVAL && flag ? open_memory(0) : fd;
}

static int open_sealed_copy(void)
{
	auto_fd from_fd = openat(AT_FDCWD, SELF, O_RDONLY | O_CLOEXEC);
	auto_fd fd = open_memory(MFD_EXEC);
	struct stat status;
	off_t left;

	if (from_fd < 0 || fd < 0 || fstat(from_fd, &status) < 0)
		return -1;
	for (left = status.st_size; left > 0;) {
		ssize_t size = sendfile(fd, from_fd, NULL, (size_t)left);

		if (size <= 0)
			return -1;
		left -= size;
	}
	if (fchmod(fd, 0500) < 0 || fcntl(fd, F_ADD_SEALS, SEALS) < 0)
		return -1;
	return fd_take(&fd);
}

/* From a read-only mount, or a file in memory that is sealed. */
static bool is_raised(void)
{
	struct statfs status;
	auto_fd fd = -1;
	int seals;

	if (statfs(SELF, &status) < 0)
		return false;
	if (status.f_flags & ST_RDONLY) {
		find_mount();
		return true;
	}
	if (status.f_type != TMPFS_MAGIC)
		return false;
	fd = openat(AT_FDCWD, SELF, O_RDONLY | O_CLOEXEC);
	seals = fd < 0 ? -1 : fcntl(fd, F_GET_SEALS);
	return seals >= 0 && (seals & F_SEAL_WRITE);
}

int shield_raise(char **argv, struct error *err)
{
	int fd;

	if (is_raised()) {
		/* without a path it would be called "3" before Linux 6.14 */
		(void)prctl(PR_SET_NAME, "tare-oci");
		return 0;
	}
	fd = open_read_only();
	if (fd < 0)
		fd = open_sealed_copy();
	if (fd < 0)
		return error_errno(err, "protect the file of this program");
	(void)syscall(SYS_execveat, fd, "", argv, environ, AT_EMPTY_PATH);
	return error_errno(err, "execute this program again");
}
