/* SPDX-License-Identifier: MIT */
/*
 * initramfs - the first stage: from the kernel's memory to the real root.
 *
 * The kernel starts this as /init in its built-in ramfs, where the root lies
 * as the file /root.erofs. It is mounted straight from there (no loop device),
 * given its /dev, moved over "/", and its /sbin/init goes on as process 1, with
 * what it holds all its life already open (inherit.h).
 */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/mount.h>
#include <sys/reboot.h>
#include <sys/stat.h>
#include <unistd.h>

#include "inherit.h"

#define REBOOT_AFTER_S 5

static _Noreturn void fail(const char *what)
{
	dprintf(STDERR_FILENO, "tare: boot: %s: %s, rebooting in %d s\n", what,
		strerror(errno), REBOOT_AFTER_S);
	(void)sleep(REBOOT_AFTER_S);
	(void)reboot(RB_AUTOBOOT);
	for (;;)
		(void)pause(); /* process 1 must not exit, the kernel panics */
}

/* the kernel gave us no console when the ramfs lacks the device node */
static void open_console(void)
{
	if (access("/dev/console", F_OK) == 0)
		return;
	(void)mkdir("/dev", 0755);
	(void)mount("dev", "/dev", "devtmpfs", MS_NOSUID | MS_NOEXEC, NULL);
	int fd = open("/dev/console", O_RDWR);
	for (int copy = 0; fd >= 0 && copy <= STDERR_FILENO; copy++)
		(void)dup2(fd, copy);
}

int main(void)
{
	open_console();
	(void)mkdir("/new", 0755); /* there already, or mount says why not */
	if (mount("/root.erofs", "/new", "erofs", MS_RDONLY, NULL) < 0)
		fail("mount '/root.erofs'");
	if (mount("dev", "/new/dev", "devtmpfs", MS_NOSUID | MS_NOEXEC, NULL))
		fail("mount '/dev'");
	if (chdir("/new") < 0)
		fail("enter '/new'");
	if (mount(".", "/", NULL, MS_MOVE, NULL) < 0)
		fail("move the root to '/'");
	if (chroot(".") < 0 || chdir("/") < 0)
		fail("change the root");
	inherit_open();
	(void)execle("/sbin/init", "init", NULL, (char *const[]){ NULL });
	fail("run '/sbin/init'");
}
