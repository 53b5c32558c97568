// SPDX-License-Identifier: MIT
/* docker - what Docker gives a container by default */
#include "run/docker.h"

#include <errno.h>
#include <linux/capability.h>
#include <linux/mount.h>
#include <stddef.h>
#include <string.h>
#include <strings.h>

#include "run/words.h"

#define COUNT(array) (sizeof(array) / sizeof((array)[0]))
#define PREFIX       "CAP_"
#define LOCKED       (MOUNT_ATTR_NOSUID | MOUNT_ATTR_NODEV | MOUNT_ATTR_NOEXEC)

const char *const docker_masked_paths[] = {
	"/proc/acpi",
	"/proc/asound",
	"/proc/interrupts",
	"/proc/kcore",
	"/proc/keys",
	"/proc/latency_stats",
	"/proc/sched_debug",
	"/proc/scsi",
	"/proc/timer_list",
	"/proc/timer_stats",
	"/sys/devices/system/cpu/cpu*/thermal_throttle",
	"/sys/devices/virtual/powercap",
	"/sys/firmware",
	NULL,
};

const char *const docker_readonly_paths[] = {
	"/proc/bus",
	"/proc/fs",
	"/proc/irq",
	"/proc/sys",
	"/proc/sysrq-trigger",
	NULL,
};

const struct oci_mount docker_mounts[DOCKER_MOUNT_COUNT] = {
	{ .destination = "/proc", .type = "proc", .attributes = LOCKED },
	{ .destination = "/dev",
		.type = "tmpfs",
		.data = "mode=755,size=65536k",
		.attributes = MOUNT_ATTR_NOSUID | MOUNT_ATTR_STRICTATIME },
	{ .destination = "/dev/pts",
		.type = "devpts",
		.data = "newinstance,mode=0620,ptmxmode=0666,gid=5",
		.attributes = MOUNT_ATTR_NOSUID | MOUNT_ATTR_NOEXEC },
	{ .destination = "/dev/mqueue",
		.type = "mqueue",
		.attributes = LOCKED },
	{ .destination = "/dev/shm",
		.type = "tmpfs",
		.source = "shm",
		.data = "mode=1777,size=65536k",
		.attributes = LOCKED },
	{ .destination = "/sys",
		.type = "sysfs",
		.attributes = LOCKED | MOUNT_ATTR_RDONLY },
	{ .kind = OCI_MOUNT_CGROUP,
		.destination = "/sys/fs/cgroup",
		.type = "cgroup2",
		.attributes = LOCKED | MOUNT_ATTR_RDONLY },
};

static const unsigned char default_capabilities[] = {
	CAP_CHOWN,
	CAP_DAC_OVERRIDE,
	CAP_FSETID,
	CAP_FOWNER,
	CAP_MKNOD,
	CAP_NET_RAW,
	CAP_SETGID,
	CAP_SETUID,
	CAP_SETFCAP,
	CAP_SETPCAP,
	CAP_NET_BIND_SERVICE,
	CAP_SYS_CHROOT,
	CAP_KILL,
	CAP_AUDIT_WRITE,
};

uint64_t docker_capabilities(void)
{
	uint64_t set = 0;

	for (size_t i = 0; i < COUNT(default_capabilities); i++)
		set |= UINT64_C(1) << default_capabilities[i];
	return set;
}

uint64_t docker_all_capabilities(void)
{
	uint64_t set = 0;

	for (size_t i = 0; i < words_capabilities.count; i++)
		set |= UINT64_C(1) << words_capabilities.items[i].value;
	return set;
}

int docker_capability_from_name(const char *name)
{
	if (strncasecmp(name, PREFIX, strlen(PREFIX)) == 0)
		name += strlen(PREFIX);
	for (size_t i = 0; i < words_capabilities.count; i++) {
		const struct word *word = &words_capabilities.items[i];

		if (strcasecmp(name, word->text + strlen(PREFIX)) == 0)
			return (int)word->value;
	}
	return -EINVAL;
}
