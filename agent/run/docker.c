// SPDX-License-Identifier: MIT
/* docker - what Docker gives a container by default */
#include "run/docker.h"

#include <errno.h>
#include <linux/capability.h>
#include <linux/mount.h>
#include <stddef.h>
#include <strings.h>

#define COUNT(array) (sizeof(array) / sizeof((array)[0]))
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

/* The place in the table is the number of the capability. */
static const char *const capability_names[] = {
	[CAP_CHOWN] = "CHOWN",
	[CAP_DAC_OVERRIDE] = "DAC_OVERRIDE",
	[CAP_DAC_READ_SEARCH] = "DAC_READ_SEARCH",
	[CAP_FOWNER] = "FOWNER",
	[CAP_FSETID] = "FSETID",
	[CAP_KILL] = "KILL",
	[CAP_SETGID] = "SETGID",
	[CAP_SETUID] = "SETUID",
	[CAP_SETPCAP] = "SETPCAP",
	[CAP_LINUX_IMMUTABLE] = "LINUX_IMMUTABLE",
	[CAP_NET_BIND_SERVICE] = "NET_BIND_SERVICE",
	[CAP_NET_BROADCAST] = "NET_BROADCAST",
	[CAP_NET_ADMIN] = "NET_ADMIN",
	[CAP_NET_RAW] = "NET_RAW",
	[CAP_IPC_LOCK] = "IPC_LOCK",
	[CAP_IPC_OWNER] = "IPC_OWNER",
	[CAP_SYS_MODULE] = "SYS_MODULE",
	[CAP_SYS_RAWIO] = "SYS_RAWIO",
	[CAP_SYS_CHROOT] = "SYS_CHROOT",
	[CAP_SYS_PTRACE] = "SYS_PTRACE",
	[CAP_SYS_PACCT] = "SYS_PACCT",
	[CAP_SYS_ADMIN] = "SYS_ADMIN",
	[CAP_SYS_BOOT] = "SYS_BOOT",
	[CAP_SYS_NICE] = "SYS_NICE",
	[CAP_SYS_RESOURCE] = "SYS_RESOURCE",
	[CAP_SYS_TIME] = "SYS_TIME",
	[CAP_SYS_TTY_CONFIG] = "SYS_TTY_CONFIG",
	[CAP_MKNOD] = "MKNOD",
	[CAP_LEASE] = "LEASE",
	[CAP_AUDIT_WRITE] = "AUDIT_WRITE",
	[CAP_AUDIT_CONTROL] = "AUDIT_CONTROL",
	[CAP_SETFCAP] = "SETFCAP",
	[CAP_MAC_OVERRIDE] = "MAC_OVERRIDE",
	[CAP_MAC_ADMIN] = "MAC_ADMIN",
	[CAP_SYSLOG] = "SYSLOG",
	[CAP_WAKE_ALARM] = "WAKE_ALARM",
	[CAP_BLOCK_SUSPEND] = "BLOCK_SUSPEND",
	[CAP_AUDIT_READ] = "AUDIT_READ",
	[CAP_PERFMON] = "PERFMON",
	[CAP_BPF] = "BPF",
	[CAP_CHECKPOINT_RESTORE] = "CHECKPOINT_RESTORE",
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
	return (UINT64_C(1) << COUNT(capability_names)) - 1;
}

int docker_capability_from_name(const char *name)
{
	if (strncasecmp(name, "CAP_", 4) == 0)
		name += 4;
	for (size_t i = 0; i < COUNT(capability_names); i++) {
		if (strcasecmp(name, capability_names[i]) == 0)
			return (int)i;
	}
	return -EINVAL;
}

const char *docker_capability_name(unsigned int number)
{
	return number < COUNT(capability_names) ? capability_names[number]
						: NULL;
}
