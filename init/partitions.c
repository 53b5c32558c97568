/* SPDX-License-Identifier: MIT */
/* partitions - our partitions, found by their GPT labels in /sys */
#include "partitions.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <linux/netlink.h>
#include <poll.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "clock.h"
#include "file.h"

#define DISKS_MAX 16
#define SETTLE_MS 500 /* the kernel adds the partitions of a disk one by one */

const char *partitions_sysfs = "/sys/class/block";

/* a disk with at least one of our labels */
struct candidate {
	struct partitions names;
	int labels;
};

/* names longer than ours may be are never ours, so nothing is lost */
static void copy_name(char to[PARTITION_NAME_MAX], const char *name)
{
	(void)snprintf(to, PARTITION_NAME_MAX, "%.*s", PARTITION_NAME_MAX - 1,
		name);
}

/* the value of "KEY=" in the lines of a uevent file; false when it is absent
 * or too long to be one of ours */
static bool get_value(const char *text, const char *key, char *value,
	size_t size)
{
	const size_t key_length = strlen(key);

	for (const char *line = text; line; line = strchr(line, '\n')) {
		line += *line == '\n';
		if (strncmp(line, key, key_length) != 0 ||
			line[key_length] != '=')
			continue;
		const char *start = line + key_length + 1;
		size_t length = strcspn(start, "\n");
		if (length >= size)
			return false;
		memcpy(value, start, length);
		value[length] = '\0';
		return true;
	}
	return false;
}

/* the folder of a partition lies in the folder of its disk */
static bool get_disk(const char *name, char disk[PARTITION_NAME_MAX])
{
	char path[PATH_MAX], target[PATH_MAX];

	(void)snprintf(path, sizeof(path), "%s/%s", partitions_sysfs, name);
	ssize_t length = readlink(path, target, sizeof(target) - 1);
	if (length < 0)
		return false;
	target[length] = '\0';

	char *last = strrchr(target, '/');
	if (!last)
		return false;
	*last = '\0';
	const char *parent = strrchr(target, '/');
	if (!parent || strlen(parent + 1) >= PARTITION_NAME_MAX)
		return false;
	copy_name(disk, parent + 1);
	return true;
}

static struct candidate *find_candidate(struct candidate *candidates,
	size_t *count, const char *disk)
{
	for (size_t i = 0; i < *count; i++)
		if (strcmp(candidates[i].names.disk, disk) == 0)
			return &candidates[i];
	if (*count == DISKS_MAX)
		return NULL;

	struct candidate *added = &candidates[(*count)++];
	copy_name(added->names.disk, disk);
	return added;
}

static void read_partition(const char *name, struct candidate *candidates,
	size_t *count)
{
	char path[PATH_MAX], text[1024], label[40], disk[PARTITION_NAME_MAX];

	(void)snprintf(path, sizeof(path), "%s/%s/uevent", partitions_sysfs,
		name);
	if (file_read(path, text, sizeof(text)) <= 0 ||
		!get_value(text, "PARTNAME", label, sizeof(label)) ||
		strncmp(label, "tare-", 5) != 0 || !get_disk(name, disk))
		return;

	struct candidate *of = find_candidate(candidates, count, disk);
	if (!of)
		return;
	of->labels++;
	char *slot = strcmp(label, "tare-config") == 0 ? of->names.config
		     : strcmp(label, "tare-data") == 0 ? of->names.data
						       : NULL;
	/* of two with one label the first by name is meant */
	if (slot && (!*slot || partitions_name_precedes(name, slot)))
		copy_name(slot, name);
}

bool partitions_name_precedes(const char *name, const char *other)
{
	if (strlen(name) != strlen(other))
		return strlen(name) < strlen(other);
	return strcmp(name, other) < 0;
}

static bool precedes(const struct candidate *one, const struct candidate *other)
{
	if (one->labels != other->labels)
		return one->labels > other->labels;
	return partitions_name_precedes(one->names.disk, other->names.disk);
}

static bool look(struct partitions *found)
{
	struct candidate candidates[DISKS_MAX] = { 0 };
	size_t count = 0, best = 0;
	DIR *directory = opendir(partitions_sysfs);

	if (!directory)
		return false;
	for (const struct dirent *entry; (entry = readdir(directory));)
		if (entry->d_name[0] != '.' &&
			strlen(entry->d_name) < PARTITION_NAME_MAX)
			read_partition(entry->d_name, candidates, &count);
	(void)closedir(directory);
	if (count == 0)
		return false;

	for (size_t i = 1; i < count; i++)
		if (precedes(&candidates[i], &candidates[best]))
			best = i;
	*found = candidates[best].names;
	found->has_rivals = count > 1;
	return true;
}

static int open_announcements(void)
{
	const struct sockaddr_nl kernel = {
		.nl_family = AF_NETLINK,
		.nl_groups = 1,
	};
	int fd = socket(AF_NETLINK, SOCK_RAW | SOCK_CLOEXEC | SOCK_NONBLOCK,
		NETLINK_KOBJECT_UEVENT);

	if (fd >= 0 && bind(fd, (const struct sockaddr *)&kernel,
			       sizeof(kernel)) < 0) {
		(void)close(fd);
		return -1;
	}
	return fd;
}

bool partitions_find(struct partitions *found, int wait_ms)
{
	const int64_t start_ms = clock_ms();
	char announcement[4096];

	/* first listen, then look: nothing is missed between the two */
	auto_fd fd = open_announcements();
	struct pollfd wait = { .fd = fd, .events = POLLIN };
	memset(found, 0, sizeof(*found));
	for (;;) {
		bool has_some = look(found);
		int limit_ms =
			has_some && wait_ms > SETTLE_MS ? SETTLE_MS : wait_ms;
		int64_t left_ms = start_ms + limit_ms - clock_ms();
		if (*found->data || fd < 0 || left_ms <= 0 ||
			(poll(&wait, 1, (int)left_ms) < 0 && errno != EINTR))
			return has_some;
		while (recv(fd, announcement, sizeof(announcement), 0) > 0)
			; /* which disk it was is found out by looking */
	}
}

size_t partitions_disks(char names[][PARTITION_NAME_MAX], size_t max)
{
	char path[PATH_MAX], text[1024], type[16];
	size_t count = 0;
	DIR *directory = opendir(partitions_sysfs);

	if (!directory)
		return 0;
	for (const struct dirent *entry;
		count < max && (entry = readdir(directory));) {
		(void)snprintf(path, sizeof(path), "%s/%s/uevent",
			partitions_sysfs, entry->d_name);
		if (strlen(entry->d_name) < PARTITION_NAME_MAX &&
			file_read(path, text, sizeof(text)) > 0 &&
			get_value(text, "DEVTYPE", type, sizeof(type)) &&
			strcmp(type, "disk") == 0)
			copy_name(names[count++], entry->d_name);
	}
	(void)closedir(directory);
	return count;
}
