/* SPDX-License-Identifier: MIT */
/* state - what a machine keeps in /data from boot to boot */
#include "state.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <linux/random.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/random.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "file.h"
#include "say.h"

#define SEED_BYTES 512
#define ID_BYTES   16

const char *state_root = "/data";

/* parents first; only the agent and root have business in here */
static const struct folder {
	const char *path;
	mode_t mode;
} folders[] = {
	/* clang-format off */
	{ "images",         0755 },
	{ "store",          0700 },
	{ "store/incoming", 0700 },
	{ "store/layers",   0700 },
	{ "store/images",   0700 },
	{ "store/refs",     0700 },
	{ "volumes",        0700 },
	{ "containers",     0700 },
	{ "log",            0700 },
	{ "config",         0700 },
	{ "config/good",    0700 },
	{ "state",          0755 },
	/* clang-format on */
};

static const char *at_root(char path[PATH_MAX], const char *name)
{
	(void)snprintf(path, PATH_MAX, "%s/%s", state_root, name);
	return path;
}

static void make_folders(void)
{
	char path[PATH_MAX];

	for (size_t i = 0; i < sizeof(folders) / sizeof(*folders); i++)
		if (mkdir(at_root(path, folders[i].path), folders[i].mode) <
				0 &&
			errno != EEXIST)
			note("disks", "make the folder '%s': %m", path);
}

/* 128 random bits, marked as such (RFC 9562, version 4) */
static void make_identity(void)
{
	char path[PATH_MAX], text[2 * ID_BYTES + 2];
	uint8_t id[ID_BYTES];

	if (access(at_root(path, "state/machine-id"), F_OK) == 0)
		return;
	if (getrandom(id, sizeof(id), 0) != (ssize_t)sizeof(id)) {
		note("disks", "make the machine's identity: %m");
		return;
	}
	id[6] = (uint8_t)((id[6] & 0x0f) | 0x40);
	id[8] = (uint8_t)((id[8] & 0x3f) | 0x80);
	for (size_t i = 0; i < ID_BYTES; i++)
		(void)snprintf(text + 2 * i, 3, "%02x", id[i]);
	text[sizeof(text) - 2] = '\n';
	int result = file_replace(path, text, sizeof(text) - 1, 0444);
	if (result < 0)
		note("disks", "write '%s': %s", path, strerror(-result));
}

/* The old seed counts as randomness only when its successor is safely on the
 * disk: used twice, it would make two boots alike. */
static void renew_seed(void)
{
	struct {
		int credit_bits, bytes_count; /* as struct rand_pool_info */
		uint8_t bytes[SEED_BYTES];
	} old = { 0 };
	uint8_t next[SEED_BYTES];
	char path[PATH_MAX];

	auto_fd pool = open("/dev/urandom", O_RDWR | O_CLOEXEC);
	auto_fd fd = open(at_root(path, "state/seed"), O_RDONLY | O_CLOEXEC);
	ssize_t got = fd < 0 ? 0 : read(fd, old.bytes, sizeof(old.bytes));
	if (got > 0) /* stirred in first, so that the next one depends on it */
		(void)file_write_all(pool, old.bytes, (size_t)got);

	ssize_t made = getrandom(next, sizeof(next), GRND_INSECURE);
	if (made != (ssize_t)sizeof(next))
		return;
	int result = file_replace(path, next, sizeof(next), 0400);
	if (result < 0) {
		note("disks", "write '%s': %s", path, strerror(-result));
		return;
	}
	if (got != (ssize_t)sizeof(old.bytes))
		return;
	old.credit_bits = 256;
	old.bytes_count = SEED_BYTES;
	if (file_control(pool, RNDADDENTROPY, &old) < 0)
		note("disks", "feed the random seed: %m");
}

static void raise_clock(void)
{
	char path[PATH_MAX], text[32], *end;

	if (file_read(at_root(path, "state/clock"), text, sizeof(text)) <= 0)
		return;
	errno = 0;
	long long saved_s = strtoll(text, &end, 10);
	if (errno || *end || saved_s <= time(NULL))
		return;
	const struct timespec saved = { .tv_sec = (time_t)saved_s };
	note("clock", "the machine's clock is before the last shutdown, "
		      "set to that time");
	if (clock_settime(CLOCK_REALTIME, &saved) < 0)
		note("clock", "set it: %m");
}

void state_prepare(void)
{
	make_folders();
	renew_seed(); /* the identity is random, too */
	make_identity();
	raise_clock();
}

void state_save_clock(void)
{
	char path[PATH_MAX], text[32];
	int length =
		snprintf(text, sizeof(text), "%lld\n", (long long)time(NULL));
	int result = file_replace(at_root(path, "state/clock"), text,
		(size_t)length, 0644);

	if (result < 0)
		say("disks", "write '%s': %s", path, strerror(-result));
}
