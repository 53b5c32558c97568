/* SPDX-License-Identifier: MIT */
/*
 * setup - what a machine needs once, before anything else runs.
 *
 * init starts it first and waits for it. Every step is a row of a table, a row
 * that fails is noted with its reason, and only a missing required mount makes
 * it fail: all else leaves a machine that can be used.
 */
#include <errno.h>
#include <net/if.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "cgroups.h"
#include "file.h"
#include "mounts.h"
#include "say.h"
#include "sysctls.h"
#include "watchdog.h"

#define DEFAULT_HOSTNAME "tare"
#define FILES_MAX        524288 /* descriptors a program may ask for */
#define WATCHDOG         "/sys/class/watchdog/watchdog0"

/* files of the old convention that programs and containers look for */
static const struct etc_row {
	const char *path, *content, *link;
} etc_rows[] = {
	{ "/etc/resolv.conf", NULL, "/run/tare/net/resolv.conf" },
	{ "/etc/machine-id", NULL, "/data/state/machine-id" },
	{ "/etc/hosts", "127.0.0.1 localhost\n::1 localhost\n", NULL },
	{ "/etc/passwd", "root:x:0:0:root:/:/bin/sh\n", NULL },
	{ "/etc/group", "root:x:0:\n", NULL },
};

static int write_etc_row(const struct etc_row *row)
{
	if (row->link)
		return symlink(row->link, row->path) < 0 ? -errno : 0;

	FILE *file = fopen(row->path, "we");
	if (!file)
		return -errno;
	int result = fputs(row->content, file) < 0 ? -errno : 0;
	if (fclose(file) < 0 && result == 0)
		result = -errno;
	return result;
}

static void write_etc(void)
{
	for (size_t i = 0; i < sizeof(etc_rows) / sizeof(*etc_rows); i++) {
		int result = write_etc_row(&etc_rows[i]);
		if (result < 0)
			note("setup", "write '%s': %s", etc_rows[i].path,
				strerror(-result));
	}
}

/* A machine without a battery starts in 1970, and then no certificate is
 * valid. The root was built at a time that is certainly over. */
static void raise_clock(void)
{
	struct timespec now;
	struct stat root;

	if (stat("/sbin/init", &root) < 0 ||
		clock_gettime(CLOCK_REALTIME, &now) < 0)
		return;
	if (now.tv_sec >= root.st_mtim.tv_sec)
		return;
	note("clock", "the machine's clock is before the system was built, "
		      "set to that time");
	if (clock_settime(CLOCK_REALTIME, &root.st_mtim) < 0)
		note("clock", "set it: %m");
}

static void raise_loopback(void)
{
	struct ifreq request = { .ifr_name = "lo" };
	auto_fd fd = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);

	if (fd >= 0 && file_control(fd, SIOCGIFFLAGS, &request) == 0) {
		request.ifr_flags = (short)(request.ifr_flags | IFF_UP);
		if (file_control(fd, SIOCSIFFLAGS, &request) == 0)
			return;
	}
	note("setup", "raise the loopback interface: %m");
}

/* process 1 hands its limits on to all that it starts; programs get the old
 * usual one and may ask for more */
static void limit_files(void)
{
	const struct rlimit limit = { .rlim_cur = 1024, .rlim_max = FILES_MAX };

	if (prlimit(1, RLIMIT_NOFILE, &limit, NULL) < 0)
		note("setup", "limit the open files: %m");
}

/* init starts the watchdogs before there are notes, so it is looked up here
 * what became of that */
static void look_at_watchdog(void)
{
	char timeout[16];

	if (file_read(WATCHDOG "/timeout", timeout, sizeof(timeout)) < 0)
		note("watchdog", "none here: a hanging machine stays so");
	else if (strtol(timeout, NULL, 10) != WATCHDOG_TIMEOUT_S)
		note("watchdog",
			"restarts a hanging machine after %s s, not "
			"after %d s",
			timeout, WATCHDOG_TIMEOUT_S);
}

static void name_host(void)
{
	if (sethostname(DEFAULT_HOSTNAME, strlen(DEFAULT_HOSTNAME)) < 0)
		note("setup", "set the host name: %m");
}

int main(void)
{
	(void)umask(022);
	if (!mounts_make())
		return EXIT_FAILURE;
	raise_clock();
	sysctls_set();
	cgroups_make();
	limit_files();
	name_host();
	raise_loopback();
	write_etc();
	look_at_watchdog();
	return EXIT_SUCCESS;
}
