// SPDX-License-Identifier: MIT
/* plan - what is to be done to turn a new process into a container */
#include "run/plan.h"

#include <assert.h>
#include <errno.h>
#include <inttypes.h>
#include <limits.h>
#include <linux/mount.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#include "lib/error.h"
#include "lib/text.h"
#include "run/devices.h"
#include "run/spec.h"

#define COUNT(array) (sizeof(array) / sizeof((array)[0]))
#define LOCKED       (MOUNT_ATTR_NOSUID | MOUNT_ATTR_NODEV | MOUNT_ATTR_NOEXEC)

enum mount_flag {
	MOUNT_READONLY = 1U << 0,    /* unless the container is privileged */
	MOUNT_REPLACEABLE = 1U << 1, /* a mount of the spec may be there */
};

/* Docker's mounts, in order; what lies in /dev comes after it. */
static const struct standard_mount {
	const char *type;
	const char *path;
	const char *options;
	uint64_t attributes;
	unsigned int flags;
} standard_mounts[] = {
	{ "proc", "/proc", "", LOCKED, 0 },
	{ "tmpfs", "/dev", "mode=755,size=65536k",
		MOUNT_ATTR_NOSUID | MOUNT_ATTR_STRICTATIME, 0 },
	{ "devpts", "/dev/pts", "mode=0620,ptmxmode=0666,gid=5",
		MOUNT_ATTR_NOSUID | MOUNT_ATTR_NOEXEC, 0 },
	{ "mqueue", "/dev/mqueue", "", LOCKED, MOUNT_REPLACEABLE },
	{ "tmpfs", "/dev/shm", "mode=1777,size=65536k", LOCKED,
		MOUNT_REPLACEABLE },
	{ "sysfs", "/sys", "", LOCKED, MOUNT_READONLY },
	{ "cgroup2", "/sys/fs/cgroup", "", LOCKED, MOUNT_READONLY },
};

static const struct {
	const char *path;
	const char *content;
} standard_links[] = {
	{ "/dev/fd", "/proc/self/fd" },
	{ "/dev/stdin", "/proc/self/fd/0" },
	{ "/dev/stdout", "/proc/self/fd/1" },
	{ "/dev/stderr", "/proc/self/fd/2" },
	{ "/dev/ptmx", "pts/ptmx" },
	{ "/dev/core", "/proc/kcore" },
};

static struct step *add(struct plan *plan, enum step_kind kind,
	const char *path)
{
	struct step *step = &plan->steps[plan->count++];

	/* the limits of a spec leave room for every step */
	assert(plan->count <= PLAN_STEPS_MAX);
	*step = (struct step){ .kind = kind, .path = path };
	return step;
}

static bool is_below(const char *path, const char *folder)
{
	size_t length = strlen(folder);

	return text_starts_with(path, folder) &&
	       (path[length] == '/' || path[length] == '\0');
}

static bool has_dots(const char *path)
{
	for (const char *at = path; *at; at += strspn(at, "/")) {
		size_t length = strcspn(at, "/");

		if (length == 2 && at[0] == '.' && at[1] == '.')
			return true;
		at += length;
	}
	return false;
}

static int check_mount(const struct oci_mount *mount, struct error *err)
{
	const char *path = mount->destination;
	const char *why = NULL;

	if (!path || path[0] != '/' || has_dots(path))
		why = "the path is not absolute and plain";
	else if (strspn(path, "/") == strlen(path))
		why = "a container's root cannot be replaced";
	else if (is_below(path, "/proc"))
		why = "nothing may hide what is in /proc";
	else if (text_equal(path, "/dev") || text_equal(path, "/sys"))
		why = "the container's own file system is there";
	else if (!text_equal(mount->type, "bind") &&
		 !text_equal(mount->type, "tmpfs"))
		why = "the type is neither bind nor tmpfs";
	if (why)
		return error_set(err, -EINVAL, "mount at '%s': %s",
			path ? path : "", why);
	return 0;
}

static int check_paths(const char *const *paths, struct error *err)
{
	size_t count = 0;

	for (; paths && paths[count]; count++) {
		if (count == SPEC_PATHS_MAX)
			return error_set(err, -E2BIG,
				"plan the container: more than %d masked or "
				"read-only paths",
				SPEC_PATHS_MAX);
		if (paths[count][0] != '/' ||
			strlen(paths[count]) > PATH_MAX / 2)
			return error_set(err, -EINVAL,
				"mask '%s': the path is not absolute or too long",
				paths[count]);
	}
	return 0;
}

static int check_process(const struct oci_process *process, struct error *err)
{
	if (!process->args || !process->args[0] || !process->args[0][0])
		return error_set(err, -EINVAL,
			"plan the container: there is no program to execute");
	if (!process->env)
		return error_set(err, -EINVAL,
			"plan the container: there is no environment");
	if (!process->cwd || process->cwd[0] != '/')
		return error_set(err, -EINVAL,
			"change to folder '%s': the path is not absolute",
			process->cwd ? process->cwd : "");
	if (process->rlimit_count > SPEC_RLIMITS_MAX)
		return error_set(err, -E2BIG,
			"plan the container: more than %d limits",
			SPEC_RLIMITS_MAX);
	return 0;
}

static int check_spec(const struct oci_spec *spec, struct error *err)
{
	int result = check_process(&spec->process, err);

	if (result == 0 && !(spec->namespaces & OCI_NAMESPACE_MOUNT))
		result = error_set(err, -EINVAL,
			"plan the container: it has no mount namespace");
	if (result == 0 && spec->mount_count > SPEC_MOUNTS_MAX)
		result = error_set(err, -E2BIG,
			"plan the container: more than %d mounts",
			SPEC_MOUNTS_MAX);
	for (size_t i = 0; result == 0 && i < spec->mount_count; i++)
		result = check_mount(&spec->mounts[i], err);
	if (result == 0)
		result = check_paths(spec->masked_paths, err);
	if (result == 0)
		result = check_paths(spec->readonly_paths, err);
	return result;
}

static bool has_mount_at(const struct oci_spec *spec, const char *path)
{
	for (size_t i = 0; i < spec->mount_count; i++) {
		if (text_equal(spec->mounts[i].destination, path))
			return true;
	}
	return false;
}

static void add_mount(struct plan *plan, const struct standard_mount *mount,
	bool is_privileged)
{
	struct step *step = add(plan, STEP_MOUNT, mount->path);

	step->name = mount->type;
	step->attributes = mount->attributes;
	if (mount->flags & MOUNT_READONLY && !is_privileged)
		step->attributes |= MOUNT_ATTR_RDONLY;
	(void)text_copy(step->options, sizeof(step->options), mount->options);
}

static void add_devices(struct plan *plan, bool is_privileged)
{
	for (size_t i = 0; i < devices_default_count; i++) {
		const struct device_node *node = &devices_default[i];
		struct step *step = add(plan, STEP_NODE, node->path);

		step->mode = 0666;
		step->major = node->major;
		step->minor = node->minor;
	}
	for (size_t i = 0; i < COUNT(standard_links); i++)
		add(plan, STEP_LINK, standard_links[i].path)->name =
			standard_links[i].content;
	if (is_privileged)
		add(plan, STEP_HOST_NODES, "/dev");
}

static void add_standard_mounts(struct plan *plan, const struct oci_spec *spec)
{
	for (size_t i = 0; i < COUNT(standard_mounts); i++) {
		const struct standard_mount *mount = &standard_mounts[i];

		if (mount->flags & MOUNT_REPLACEABLE &&
			has_mount_at(spec, mount->path))
			continue;
		add_mount(plan, mount, spec->is_privileged);
		if (text_equal(mount->path, "/dev"))
			add_devices(plan, spec->is_privileged);
	}
}

static void add_tmpfs(struct plan *plan, const struct oci_mount *mount)
{
	struct step *step = add(plan, STEP_MOUNT, mount->destination);
	struct text options;

	step->name = "tmpfs";
	step->allows_links = true;
	step->attributes = MOUNT_ATTR_NOSUID | MOUNT_ATTR_NODEV;
	text_init(&options, step->options, sizeof(step->options));
	text_add(&options, "mode=%o",
		mount->mode ? (unsigned int)mount->mode : 01777U);
	if (mount->size_bytes)
		text_add(&options, ",size=%" PRIu64, mount->size_bytes);
	if (mount->no_exec)
		step->attributes |= MOUNT_ATTR_NOEXEC;
	if (mount->read_only)
		step->attributes |= MOUNT_ATTR_RDONLY;
}

static void add_bind(struct plan *plan, const struct oci_mount *mount,
	size_t index)
{
	struct step *step = add(plan, STEP_BIND, mount->destination);

	step->index = index;
	step->allows_links = true;
	if (mount->no_exec)
		step->attributes |= MOUNT_ATTR_NOEXEC;
	if (mount->read_only)
		step->attributes |= MOUNT_ATTR_RDONLY;
}

static void add_file_systems(struct plan *plan, const struct oci_spec *spec)
{
	add_standard_mounts(plan, spec);
	for (size_t i = 0; i < spec->mount_count; i++) {
		if (text_equal(spec->mounts[i].type, "tmpfs"))
			add_tmpfs(plan, &spec->mounts[i]);
		else
			add_bind(plan, &spec->mounts[i], i);
	}
	for (size_t i = 0; spec->readonly_paths && spec->readonly_paths[i]; i++)
		add(plan, STEP_READONLY_PATH, spec->readonly_paths[i]);
	for (size_t i = 0; spec->masked_paths && spec->masked_paths[i]; i++)
		add(plan, STEP_MASK, spec->masked_paths[i]);
}

/*
 * A filter may be installed with CAP_SYS_ADMIN or with no_new_privs, so it
 * comes while the first is there or after the second.
 */
static void add_rights(struct plan *plan, const struct oci_spec *spec)
{
	bool is_locked = spec->process.no_new_privileges;

	if (spec->has_seccomp && !is_locked)
		add(plan, STEP_SECCOMP, NULL);
	add(plan, STEP_BOUNDING_SET, NULL);
	add(plan, STEP_USER, NULL);
	add(plan, STEP_CAPABILITIES, NULL);
	if (is_locked)
		add(plan, STEP_NO_NEW_PRIVILEGES, NULL);
	if (spec->has_seccomp && is_locked)
		add(plan, STEP_SECCOMP, NULL);
}

int plan_make(const struct oci_spec *spec, struct plan *plan, struct error *err)
{
	int result = check_spec(spec, err);

	plan->count = 0;
	if (result < 0)
		return result;
	add(plan, STEP_PROCESS, NULL);
	add(plan, STEP_PRIVATE_MOUNTS, NULL);
	add(plan, STEP_ATTACH_ROOT, NULL);
	add(plan, STEP_PIVOT, NULL);
	if (spec->namespaces & OCI_NAMESPACE_CGROUP)
		add(plan, STEP_CGROUP_NAMESPACE, NULL);
	add_file_systems(plan, spec);
	if (spec->hostname && spec->namespaces & OCI_NAMESPACE_UTS)
		add(plan, STEP_HOSTNAME, NULL)->name = spec->hostname;
	add(plan, STEP_OOM_SCORE, NULL);
	for (size_t i = 0; i < spec->process.rlimit_count; i++)
		add(plan, STEP_RLIMIT, NULL)->index = i;
	add(plan, STEP_KEYRING, NULL);
	add(plan, STEP_CWD, spec->process.cwd); /* made when missing */
	if (spec->root_readonly)
		add(plan, STEP_READONLY_ROOT, "/");
	add(plan, STEP_STDIO, NULL);
	add_rights(plan, spec);
	add(plan, STEP_EXECUTE, NULL)->name = spec->process.args[0];
	return 0;
}

/* How a step is told; %1 is its name and %2 its path. */
static const char *const descriptions[] = {
	[STEP_PROCESS] = "prepare the process",
	[STEP_PRIVATE_MOUNTS] = "make all mounts private",
	[STEP_ATTACH_ROOT] = "attach the container root",
	[STEP_PIVOT] = "change to the container root",
	[STEP_CGROUP_NAMESPACE] = "make a cgroup namespace",
	[STEP_MOUNT] = "mount '%1' at '%2'",
	[STEP_NODE] = "make device '%2'",
	[STEP_HOST_NODES] = "copy the host's devices to '%2'",
	[STEP_LINK] = "make link '%2' to '%1'",
	[STEP_BIND] = "mount volume at '%2'",
	[STEP_READONLY_PATH] = "make '%2' read-only",
	[STEP_MASK] = "mask '%2'",
	[STEP_READONLY_ROOT] = "make '%2' read-only",
	[STEP_HOSTNAME] = "set host name '%1'",
	[STEP_OOM_SCORE] = "set the out-of-memory score",
	[STEP_RLIMIT] = "set a resource limit",
	[STEP_KEYRING] = "make a session keyring",
	[STEP_CWD] = "change to folder '%2'",
	[STEP_STDIO] = "connect standard input and output",
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

static void print_details(const struct step *step, struct text *out)
{
	static const struct {
		uint64_t bit;
		const char *name;
	} names[] = {
		{ MOUNT_ATTR_RDONLY, "ro" },
		{ MOUNT_ATTR_NOSUID, "nosuid" },
		{ MOUNT_ATTR_NODEV, "nodev" },
		{ MOUNT_ATTR_NOEXEC, "noexec" },
		{ MOUNT_ATTR_STRICTATIME, "strictatime" },
	};

	for (size_t i = 0; i < COUNT(names); i++) {
		if (step->attributes & names[i].bit)
			text_add(out, " %s", names[i].name);
	}
	if (step->options[0])
		text_add(out, " %s", step->options);
	if (step->kind == STEP_NODE)
		text_add(out, " %u:%u mode %o", step->major, step->minor,
			step->mode);
	if (step->kind == STEP_RLIMIT || step->kind == STEP_BIND)
		text_add(out, " number %zu", step->index);
}

void plan_print(const struct plan *plan, struct text *out)
{
	for (size_t i = 0; i < plan->count; i++) {
		plan_describe_step(&plan->steps[i], out);
		print_details(&plan->steps[i], out);
		text_add(out, "\n");
	}
}
