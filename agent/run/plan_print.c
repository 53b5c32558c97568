// SPDX-License-Identifier: MIT
/* plan_print - a plan as text, for people and for errors */
#include <linux/mount.h>
#include <stddef.h>
#include <stdint.h>

#include "lib/text.h"
#include "run/devices.h"
#include "run/oci.h"
#include "run/plan.h"

#define COUNT(array) (sizeof(array) / sizeof((array)[0]))

/* How a step is told; %1 is its name and %2 its path. */
static const char *const descriptions[] = {
	[STEP_ID_MAPS] = "map user and group ids",
	[STEP_IDMAP] = "map ids of the mount at '%2'",
	[STEP_RLIMIT] = "set a resource limit",
	[STEP_OOM_SCORE] = "set the out-of-memory score",
	[STEP_NET_DEVICES] = "move network devices",
	[STEP_CREATED] = "tell that it is created",
	[STEP_GO] = "let the process go",
	[STEP_AWAIT] = "wait for the maker",
	[STEP_PROCESS] = "prepare the process",
	[STEP_TIME_NAMESPACE] = "make a time namespace",
	[STEP_BECOME_ROOT] = "become root of the user namespace",
	[STEP_CGROUP_NAMESPACE] = "make a cgroup namespace",
	[STEP_PROPAGATION] = "make all mounts private",
	[STEP_ATTACH_ROOT] = "attach the container root",
	[STEP_MOUNT] = "mount '%1' at '%2'",
	[STEP_BIND] = "mount '%1' at '%2'",
	[STEP_REMOUNT] = "change options of the mount at '%2'",
	[STEP_DEVICES] = "open '%2'",
	[STEP_NODE] = "make device '%2'",
	[STEP_HOST_NODES] = "copy the host's devices to '%2'",
	[STEP_LINK] = "make link '%2' to '%1'",
	[STEP_DEVICE] = "make device '%2'",
	[STEP_TERMINAL] = "make a terminal",
	[STEP_CONSOLE] = "mount the terminal at '%2'",
	[STEP_HOOKS] = "run %1 hooks",
	[STEP_PIVOT] = "change to the container root",
	[STEP_OPEN_ROOT] = "open the container root",
	[STEP_READONLY_PATH] = "make '%2' read-only",
	[STEP_MASK] = "mask '%2'",
	[STEP_LOOPBACK] = "bring up the loopback device",
	[STEP_HOSTNAME] = "set host name '%1'",
	[STEP_DOMAINNAME] = "set domain name '%1'",
	[STEP_SYSCTL] = "set sysctl '%1'",
	[STEP_ROOT_PROPAGATION] = "set the propagation of '%2'",
	[STEP_PERSONALITY] = "set the personality",
	[STEP_MEMORY_POLICY] = "set the memory policy",
	[STEP_IO_PRIORITY] = "set the i/o priority",
	[STEP_SCHEDULER] = "set the scheduler",
	[STEP_AFFINITY] = "run on processors '%1'",
	[STEP_APPARMOR] = "set the AppArmor profile '%1'",
	[STEP_SELINUX] = "set the SELinux label '%1'",
	[STEP_KEYRING] = "make a session keyring",
	[STEP_CWD] = "change to folder '%2'",
	[STEP_READONLY_ROOT] = "make '%2' read-only",
	[STEP_HIDE] = "hide the process",
	[STEP_LOOK_UP] = "execute '%1'",
	[STEP_WAIT] = "wait to be started",
	[STEP_STDIO] = "connect standard input and output",
	[STEP_FILES] = "limit open files",
	[STEP_SECCOMP] = "install the system call filter",
	[STEP_BOUNDING_SET] = "drop capabilities from the bounding set",
	[STEP_USER] = "change the user",
	[STEP_CAPABILITIES] = "set capabilities",
	[STEP_NO_NEW_PRIVILEGES] = "forbid new privileges",
	[STEP_EXECUTE] = "execute '%1'",
};

void plan_describe_step(const struct step *step, struct text *out)
{
	for (const char *at = descriptions[step->kind]; *at; at++) {
		if (at[0] != '%') {
			text_add_bytes(out, at, 1);
			continue;
		}
		at++;
		text_add(out, "%s", at[0] == '1' ? step->name : step->path);
	}
}

static void print_attributes(uint64_t attributes, const char *prefix,
	struct text *out)
{
	static const struct {
		uint64_t mask;
		uint64_t bits;
		const char *name;
	} names[] = {
		{ MOUNT_ATTR_RDONLY, MOUNT_ATTR_RDONLY, "ro" },
		{ MOUNT_ATTR_NOSUID, MOUNT_ATTR_NOSUID, "nosuid" },
		{ MOUNT_ATTR_NODEV, MOUNT_ATTR_NODEV, "nodev" },
		{ MOUNT_ATTR_NOEXEC, MOUNT_ATTR_NOEXEC, "noexec" },
		{ MOUNT_ATTR__ATIME, MOUNT_ATTR_NOATIME, "noatime" },
		{ MOUNT_ATTR__ATIME, MOUNT_ATTR_STRICTATIME, "strictatime" },
		{ MOUNT_ATTR_NODIRATIME, MOUNT_ATTR_NODIRATIME, "nodiratime" },
		{ MOUNT_ATTR_NOSYMFOLLOW, MOUNT_ATTR_NOSYMFOLLOW,
			"nosymfollow" },
	};

	for (size_t i = 0; i < COUNT(names); i++) {
		if ((attributes & names[i].mask) == names[i].bits)
			text_add(out, " %s%s", prefix, names[i].name);
	}
}

static void print_propagation(uint64_t flags, struct text *out)
{
	static const struct {
		uint64_t bit;
		const char *name;
	} names[] = {
		{ MS_SHARED, "shared" },
		{ MS_SLAVE, "slave" },
		{ MS_PRIVATE, "private" },
		{ MS_UNBINDABLE, "unbindable" },
	};

	for (size_t i = 0; i < COUNT(names); i++) {
		if (flags & names[i].bit)
			text_add(out, " %s%s", flags & MS_REC ? "all " : "",
				names[i].name);
	}
}

static void print_mount(const struct oci_mount *mount, struct text *out)
{
	if (mount->is_recursive)
		text_add(out, " recursive");
	print_attributes(mount->attributes, "", out);
	print_attributes(mount->attributes_clear, "not ", out);
	print_attributes(mount->recursive, "all ", out);
	print_attributes(mount->recursive_clear, "all not ", out);
	print_propagation(mount->propagation |
				  (mount->propagates_recursive ? MS_REC : 0),
		out);
	if (mount->idmap != OCI_IDMAP_NONE)
		text_add(out, " idmap");
	if (mount->copies_up)
		text_add(out, " copy-up");
	if (mount->data && mount->data[0])
		text_add(out, " %s", mount->data);
}

void plan_print_step(const struct step *step, struct text *out)
{
	plan_describe_step(step, out);
	if (step->mount && step->kind != STEP_IDMAP)
		print_mount(step->mount, out);
	if (step->kind == STEP_ROOT_PROPAGATION)
		print_propagation(step->flags, out);
	if (step->kind == STEP_NODE)
		text_add(out, " %u:%u mode 666",
			devices_default[step->index].major,
			devices_default[step->index].minor);
	if (step->kind == STEP_LOOK_UP)
		text_add(out, ": look it up");
	if (step->device)
		text_add(out, " %c %u:%u", step->device->type,
			step->device->major, step->device->minor);
	if (step->kind == STEP_RLIMIT || step->kind == STEP_FILES ||
		step->kind == STEP_BIND)
		text_add(out, " number %zu", step->index);
}

void plan_print(const struct plan *plan, struct text *out)
{
	for (size_t i = 0; i < plan->count; i++) {
		plan_print_step(&plan->steps[i], out);
		text_add(out, "\n");
	}
}
