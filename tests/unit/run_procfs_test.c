// SPDX-License-Identifier: MIT
/* run_procfs_test - a file of procfs is one, whatever is put in its way */
#include "run/procfs.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/sched.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "check.h"
#include "lib/fd.h"
#include "run/kernel.h"

static int proc = -1;

static int open_folder(const char *path)
{
	int fd = open(path, O_PATH | O_DIRECTORY | O_CLOEXEC);

	if (fd < 0)
		abort();
	return fd;
}

static void shell(const char *command)
{
	pid_t pid = fork();
	int status;

	if (pid == 0) {
		(void)execl("/bin/sh", "sh", "-ec", command, (char *)NULL);
		_exit(127);
	}
	if (waitpid(pid, &status, 0) != pid || status != 0)
		abort();
}

static void test_knows_a_procfs(void)
{
	auto_fd folder = open_folder("/proc/self");
	auto_fd other = open_folder("/tmp");
	auto_fd file = open("/proc/version", O_RDONLY | O_CLOEXEC);

	CHECK(procfs_check(proc) == 0);
	CHECK(procfs_check(folder) == -EPERM);
	CHECK(procfs_check(other) == -EPERM);
	CHECK(procfs_check(file) == -EPERM);
	CHECK(procfs_check(-1) == -EBADF);
	CHECK(procfs_open(folder, "status", O_RDONLY) == -EPERM);
	CHECK(procfs_open(other, "x", O_WRONLY) == -EPERM);
	CHECK(procfs_open_self(folder, "status", O_RDONLY) == -EPERM);
}

static void test_opens_our_own_files(void)
{
	char text[64] = "";
	auto_fd fd = procfs_open_self(proc, "comm", O_RDONLY);

	CHECK(fd_read_full(fd, text, sizeof(text) - 1) > 0);
	CHECK(strncmp(text, "run_procfs_test", 15) == 0);
	CHECK(procfs_write_self(proc, "comm", "renamed") == 0);
	CHECK(lseek(fd, 0, SEEK_SET) == 0);
	CHECK(fd_read_full(fd, text, sizeof(text) - 1) > 0);
	CHECK(strncmp(text, "renamed\n", 8) == 0);
	CHECK(procfs_open_self(proc, "not-there", O_RDONLY) == -ENOENT);
	CHECK(procfs_open_self(proc, "../1/comm", O_RDONLY) != -EPERM);
}

static void test_follows_no_link(void)
{
	CHECK(procfs_open(proc, "self/comm", O_RDONLY) == -ELOOP);
	CHECK(procfs_open(proc, "mounts", O_RDONLY) == -ELOOP);
	CHECK(procfs_open_self(proc, "root/etc/passwd", O_RDONLY) == -ELOOP);
	CHECK(procfs_open_self(proc, "exe", O_RDONLY) == -ELOOP);
	CHECK(procfs_open(proc, "../etc/passwd", O_RDONLY) == -EXDEV);
	CHECK(procfs_open(proc, "/etc/passwd", O_RDONLY) == -EXDEV);
}

/* In a mount namespace of our own: files are mounted over others. */
static void test_crosses_no_mount(void)
{
	if (geteuid() != 0 || kernel_unshare(CLONE_NEWNS | CLONE_NEWUTS) < 0) {
		check_skip("needs root");
		return;
	}
	shell("mount --make-rprivate /; "
	      "mount --bind /dev/null /proc/sys/kernel/hostname; "
	      "mount -t tmpfs none /proc/sys/net");

	auto_fd proc_fd = open_folder("/proc"); /* as it is mounted here */
	auto_fd good = procfs_open(proc_fd, "sys/kernel/ostype", O_RDONLY);

	CHECK(good >= 0);
	CHECK(procfs_open(proc_fd, "sys/kernel/hostname", O_RDONLY) == -EXDEV);
	CHECK(procfs_open(proc_fd, "sys/kernel/hostname", O_WRONLY) == -EXDEV);
	CHECK(procfs_open(proc_fd, "sys/net/x", O_RDONLY) == -EXDEV);
}

int main(void)
{
	proc = open_folder("/proc");
	RUN(test_knows_a_procfs);
	RUN(test_opens_our_own_files);
	RUN(test_follows_no_link);
	RUN(test_crosses_no_mount);
	return check_done();
}
