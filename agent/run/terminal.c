// SPDX-License-Identifier: MIT
/* terminal - a pseudoterminal of the container's own devpts */
#include "run/terminal.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/magic.h>
#include <linux/openat2.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdio.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>
#include <sys/un.h>
#include <sys/vfs.h>
#include <unistd.h>

#include "lib/error.h"
#include "lib/fd.h"
#include "lib/text.h"
#include "run/kernel.h"
#include "run/oci.h"

#ifndef TIOCGPTPEER
#define TIOCGPTPEER _IO('T', 0x41) /* asm-generic/ioctls.h */
#endif

#define PTMX_MAJOR 5
#define PTMX_MINOR 2
#define NAME       "/dev/ptmx"
#define NAME_BYTES 4096

static int fail(struct error *err)
{
	return error_set(err, -errno, "%s", strerror(errno));
}

static bool is_devpts(int fd)
{
	struct statfs file_system;

	return fstatfs(fd, &file_system) == 0 &&
	       file_system.f_type == DEVPTS_SUPER_MAGIC;
}

static bool is_ptmx(int fd)
{
	struct stat status;

	return fstat(fd, &status) == 0 && S_ISCHR(status.st_mode) &&
	       status.st_rdev == makedev(PTMX_MAJOR, PTMX_MINOR);
}

/* In a devpts all names are the kernel's, so opening can do no harm. */
static int open_ptmx(int dev_fd, struct error *err)
{
	auto_fd pts_fd = kernel_openat2(dev_fd, "pts", O_PATH | O_DIRECTORY,
		RESOLVE_BENEATH | RESOLVE_NO_SYMLINKS);
	auto_fd fd = -1;

	if (pts_fd < 0 && errno != ENOENT && errno != ENOTDIR)
		return error_errno(err, "open '/dev/pts'");
	if (pts_fd < 0 || !is_devpts(pts_fd))
		return error_set(err, -ENODEV,
			"there is no file system of type devpts at "
			"'/dev/pts'");
	fd = kernel_openat2(pts_fd, "ptmx", O_RDWR | O_NOCTTY,
		RESOLVE_BENEATH | RESOLVE_NO_XDEV | RESOLVE_NO_SYMLINKS);
	if (fd < 0)
		return error_errno(err, "open '/dev/pts/ptmx'");
	if (!is_ptmx(fd) || !is_devpts(fd))
		return error_set(err, -EPERM,
			"'/dev/pts/ptmx' is not the kernel's");
	return fd_take(&fd);
}

static int set_size(int fd, const struct oci_process *process)
{
	const struct winsize size = {
		.ws_row = process->console_height,
		.ws_col = process->console_width,
	};

	if (size.ws_row == 0 && size.ws_col == 0)
		return 0;
	return ioctl(fd, TIOCSWINSZ, &size);
}

int terminal_open(int dev_fd, const struct oci_process *process,
	struct terminal *out, struct error *err)
{
	auto_fd master_fd = open_ptmx(dev_fd, err);
	auto_fd peer_fd = -1;
	int unlocked = 0;

	*out = TERMINAL_NONE;
	if (master_fd < 0)
		return master_fd;
	if (ioctl(master_fd, TIOCSPTLCK, &unlocked) < 0)
		return fail(err);
	peer_fd = ioctl(master_fd, TIOCGPTPEER, O_RDWR | O_NOCTTY | O_CLOEXEC);
	if (peer_fd < 0)
		return error_errno(err, "open the other end");
	if (set_size(master_fd, process) < 0)
		return error_errno(err, "set the size of the window");
	if (fchown(peer_fd, process->user.uid, (gid_t)-1) < 0)
		return error_errno(err, "give it to user %u",
			process->user.uid);
	*out = (struct terminal){ .master_fd = fd_take(&master_fd),
		.peer_fd = fd_take(&peer_fd) };
	return 0;
}

/* A link is -ELOOP; RESOLVE_NO_SYMLINKS is for the last name too. */
static int open_console(int dev_fd)
{
	int fd = kernel_openat2(dev_fd, "console", O_PATH,
		RESOLVE_BENEATH | RESOLVE_NO_SYMLINKS);

	return fd < 0 ? -errno : fd;
}

int terminal_bind_console(const struct terminal *terminal, int dev_fd,
	struct error *err)
{
	const struct mount_attr attributes = {
		.attr_set = MOUNT_ATTR_NOSUID | MOUNT_ATTR_NOEXEC,
		.propagation = MS_PRIVATE,
	};
	auto_fd target_fd = open_console(dev_fd);
	auto_fd mount_fd = -1;
	struct stat status;

	if (target_fd == -ENOENT) {
		if (mknodat(dev_fd, "console", S_IFREG | 0600, 0) < 0)
			return error_errno(err, "make '/dev/console'");
		target_fd = open_console(dev_fd);
	}
	if (target_fd < 0)
		return error_set(err, target_fd, "open '/dev/console': %s",
			strerror(-target_fd));
	if (fstat(target_fd, &status) < 0 || S_ISDIR(status.st_mode))
		return error_set(err, -EISDIR, "'/dev/console' is a folder");
	mount_fd = kernel_clone_mount(terminal->peer_fd, "", 0);
	if (mount_fd < 0 ||
		kernel_mount_setattr(mount_fd, 0, &attributes) < 0 ||
		kernel_move_mount(mount_fd, target_fd) < 0)
		return error_errno(err, "bind it on '/dev/console'");
	return 0;
}

int terminal_attach(struct terminal *terminal, struct error *err)
{
	if (ioctl(terminal->peer_fd, TIOCSCTTY, 0) < 0)
		return error_errno(err, "make it the controlling terminal");
	for (int fd = STDIN_FILENO; fd <= STDERR_FILENO; fd++) {
		if (dup2(terminal->peer_fd, fd) < 0)
			return fail(err);
	}
	fd_close(&terminal->peer_fd);
	return 0;
}

void terminal_clear(struct terminal *terminal)
{
	fd_close(&terminal->master_fd);
	fd_close(&terminal->peer_fd);
}

/* A socket is opened as a path only; the short name is that descriptor's. */
static int connect_to(int socket_fd, const char *path)
{
	struct sockaddr_un address = { .sun_family = AF_UNIX };
	auto_fd path_fd = -1;

	if (!text_copy(address.sun_path, sizeof(address.sun_path), path)) {
		path_fd = open(path, O_PATH | O_CLOEXEC);
		if (path_fd < 0)
			return -errno;
		(void)snprintf(address.sun_path, sizeof(address.sun_path),
			"/proc/self/fd/%d", path_fd);
	}
	if (connect(socket_fd, (const struct sockaddr *)&address,
		    sizeof(address)) < 0)
		return -errno;
	return 0;
}

int terminal_connect(const char *socket_path, struct error *err)
{
	auto_fd fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
	int result = fd < 0 ? -errno : connect_to(fd, socket_path);

	if (result < 0)
		return error_set(err, result,
			"connect to the console socket '%s': %s", socket_path,
			strerror(-result));
	return fd_take(&fd);
}

/* Room for one descriptor and no more. */
union control {
	struct cmsghdr header;
	unsigned char bytes[CMSG_SPACE(sizeof(int))];
};

int terminal_send(int socket_fd, int master_fd, struct error *err)
{
	char name[] = NAME;
	union control control = { .header = {
					  .cmsg_len = CMSG_LEN(sizeof(int)),
					  .cmsg_level = SOL_SOCKET,
					  .cmsg_type = SCM_RIGHTS,
				  } };
	struct iovec part = { .iov_base = name, .iov_len = strlen(name) };
	struct msghdr message = { .msg_iov = &part,
		.msg_iovlen = 1,
		.msg_control = &control,
		.msg_controllen = sizeof(control) };

	memcpy(CMSG_DATA(&control.header), &master_fd, sizeof(master_fd));
	while (sendmsg(socket_fd, &message, MSG_NOSIGNAL) < 0) {
		if (errno != EINTR)
			return error_errno(err, "send the terminal");
	}
	return 0;
}

int terminal_receive(int socket_fd, struct error *err)
{
	char name[NAME_BYTES];
	union control control = { .bytes = { 0 } };
	struct iovec part = { .iov_base = name, .iov_len = sizeof(name) };
	struct msghdr message = { .msg_iov = &part,
		.msg_iovlen = 1,
		.msg_control = &control,
		.msg_controllen = sizeof(control) };
	auto_fd fd = -1;
	ssize_t size;

	do {
		size = recvmsg(socket_fd, &message, MSG_CMSG_CLOEXEC);
	} while (size < 0 && errno == EINTR);
	if (size < 0)
		return error_errno(err, "receive the terminal");
	if (message.msg_controllen >= CMSG_LEN(sizeof(int)) &&
		control.header.cmsg_level == SOL_SOCKET &&
		control.header.cmsg_type == SCM_RIGHTS)
		memcpy(&fd, CMSG_DATA(&control.header), sizeof(fd));
	if (fd < 0 || !is_ptmx(fd))
		return error_set(err, -EPROTO,
			"receive the terminal: the message has none");
	return fd_take(&fd);
}
