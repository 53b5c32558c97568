/* SPDX-License-Identifier: MIT */
/* probe - is the data disk still answering? */
#include "probe.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>
#include <time.h>
#include <unistd.h>

#include "file.h"
#include "say.h"
#include "state.h"

#define EVERY_S    10
#define SAVE_EVERY 360 /* probes: an hour */
#define BLOCK      4096

/* the device under /data, asked of the kernel: this touches no disk */
static int open_device(void)
{
	char link[64], target[PATH_MAX], path[NAME_MAX + 8];
	struct stat data;

	if (stat(state_root, &data) < 0)
		return -errno;
	if (major(data.st_dev) == 0)
		return -ENODEV; /* a file system in memory */
	(void)snprintf(link, sizeof(link), "/sys/dev/block/%u:%u",
		major(data.st_dev), minor(data.st_dev));
	ssize_t length = readlink(link, target, sizeof(target) - 1);
	if (length < 0)
		return -errno;
	target[length] = '\0';
	const char *name = strrchr(target, '/');
	if (!name)
		return -EINVAL;
	(void)snprintf(path, sizeof(path), "/dev%s", name);
	int fd = open(path, O_RDONLY | O_DIRECT | O_CLOEXEC);
	return fd < 0 ? -errno : fd;
}

static int find_heartbeat(void)
{
	const char *text = getenv("TARE_INIT_FD");

	return text ? (int)strtol(text, NULL, 10) : -1;
}

int probe_run(void)
{
	static _Alignas(BLOCK) char block[BLOCK];
	const struct timespec pause_time = { .tv_sec = EVERY_S };
	const int heartbeat = find_heartbeat();
	sigset_t stop;

	auto_fd device = open_device();
	if (device == -ENODEV)
		return EXIT_SUCCESS;
	if (device < 0) {
		say("probe", "open the data disk: %s", strerror(-device));
		return EXIT_FAILURE;
	}
	(void)sigemptyset(&stop);
	(void)sigaddset(&stop, SIGTERM);
	(void)sigprocmask(SIG_BLOCK, &stop, NULL);

	for (unsigned count = 0;; count++) {
		if (pread(device, block, sizeof(block), 0) < 0)
			say("probe", "read the data disk: %m");
		else if (write(heartbeat, "", 1) < 0 && errno == EPIPE)
			return EXIT_FAILURE; /* process 1 gave up on us */
		if (count % SAVE_EVERY == 0)
			state_save_clock();
		if (sigtimedwait(&stop, NULL, &pause_time) == SIGTERM)
			break;
	}
	state_save_clock();
	return EXIT_SUCCESS;
}
