// SPDX-License-Identifier: MIT
/* plan_check - what no container may ask for */
#include <errno.h>
#include <limits.h>
#include <linux/seccomp.h>
#include <stdbool.h>
#include <stddef.h>
#include <string.h>

#include "lib/error.h"
#include "lib/text.h"
#include "run/attribute.h"
#include "run/netdevice.h"
#include "run/oci.h"
#include "run/plan.h"
#include "run/sysctl.h"

/*
 * Files below /proc that something may be mounted on, as lxcfs does; all else
 * there would let a container lie to us or to its own programs.
 */
static const char *const proc_files[] = {
	"/proc/cpuinfo",
	"/proc/crypto",
	"/proc/diskstats",
	"/proc/loadavg",
	"/proc/meminfo",
	"/proc/net/dev",
	"/proc/slabinfo",
	"/proc/stat",
	"/proc/swaps",
	"/proc/sys/crypto/fips_enabled",
	"/proc/sys/kernel/ns_last_pid",
	"/proc/uptime",
	NULL,
};

bool plan_is_below(const char *path, const char *folder)
{
	size_t length = strlen(folder);

	return text_starts_with(path, folder) &&
	       (path[length] == '/' || path[length] == '\0');
}

/* Is there a part that is "..", or one that is nothing or "."? */
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

/* "/proc//x" and "/./proc" are /proc for the kernel. */
static bool is_plain(const char *path)
{
	return path[0] == '/' && !strstr(path, "//") && !strstr(path, "/./") &&
	       !has_dots(path);
}

static bool may_cover(const struct oci_mount *mount)
{
	if (text_equal(mount->destination, "/proc"))
		return mount->kind == OCI_MOUNT_BIND || /* checked when made */
		       (mount->kind == OCI_MOUNT_FILE_SYSTEM &&
			       text_equal(mount->type, "proc"));
	if (mount->kind != OCI_MOUNT_BIND)
		return false;
	for (const char *const *file = proc_files; *file; file++) {
		if (text_equal(*file, mount->destination))
			return true;
	}
	return false;
}

static int check_mount(const struct oci_spec *spec,
	const struct oci_mount *mount, struct error *err)
{
	const char *path = mount->destination;
	const char *why = NULL;

	if (!path || !is_plain(path))
		why = "the path is not absolute and plain";
	else if (strspn(path, "/") == strlen(path))
		why = "a container's root cannot be replaced";
	else if (plan_is_below(path, "/proc") && !may_cover(mount))
		why = "nothing may hide what is in /proc";
	else if (mount->kind != OCI_MOUNT_BIND && !mount->type &&
		 !mount->is_remount)
		why = "it has no type";
	else if (mount->kind == OCI_MOUNT_BIND && !mount->source &&
		 mount->source_fd <= 0 && !mount->is_remount)
		why = "it has no source";
	else if (mount->idmap != OCI_IDMAP_NONE &&
		 mount->uid_mappings.count == 0 &&
		 !spec->namespaces[OCI_NAMESPACE_USER].is_asked)
		why = "there is no user namespace to take ids from";
	if (why)
		return error_set(err, -EINVAL, "mount at '%s': %s",
			path ? path : "", why);
	return 0;
}

static int check_paths(const char *const *paths, struct error *err)
{
	for (; paths && *paths; paths++) {
		if ((*paths)[0] != '/' || strlen(*paths) > PATH_MAX / 2)
			return error_set(err, -EINVAL,
				"mask '%s': the path is not absolute or too long",
				*paths);
	}
	return 0;
}

int plan_check_process(const struct oci_process *process, struct error *err)
{
	if (!process->args || !process->args[0] || !process->args[0][0])
		return error_set(err, -EINVAL,
			"plan the container: there is no program to execute");
	if (!process->cwd || process->cwd[0] != '/')
		return error_set(err, -EINVAL,
			"change to folder '%s': the path is not absolute",
			process->cwd ? process->cwd : "");
	return 0;
}

static int check_namespaces(const struct oci_spec *spec, struct error *err)
{
	const struct oci_namespace *namespaces = spec->namespaces;
	bool has_mappings =
		spec->uid_mappings.count > 0 && spec->gid_mappings.count > 0;

	if (!namespaces[OCI_NAMESPACE_MOUNT].is_asked)
		return error_set(err, -EINVAL,
			"plan the container: it has no mount namespace");
	if (namespaces[OCI_NAMESPACE_MOUNT].path)
		return error_set(err, -EINVAL,
			"join the mount namespace '%s': a container has one of "
			"its own",
			namespaces[OCI_NAMESPACE_MOUNT].path);
	if (namespaces[OCI_NAMESPACE_USER].is_asked &&
		!namespaces[OCI_NAMESPACE_USER].path && !has_mappings)
		return error_set(err, -EINVAL,
			"make a user namespace: it has no uidMappings or "
			"gidMappings");
	return 0;
}

static bool has_word(const char *const *words, const char *word)
{
	for (; words && *words; words++) {
		if (text_equal(*words, word))
			return true;
	}
	return false;
}

/*
 * The process itself hands the listener over by sendmsg(2), which must not wait
 * for somebody who has no listener yet.
 */
static int check_filter(const struct oci_seccomp *filter, struct error *err)
{
	bool waits = filter && filter->default_action == SECCOMP_RET_USER_NOTIF;

	for (size_t i = 0; filter && i < filter->rule_count; i++) {
		if (has_word(filter->rules[i].names, "sendmsg"))
			waits = filter->rules[i].action ==
				SECCOMP_RET_USER_NOTIF;
	}
	if (waits)
		return error_set(err, -EINVAL,
			"linux.seccomp: SCMP_ACT_NOTIFY cannot be used for "
			"sendmsg, which the runtime itself needs");
	return 0;
}

int plan_check(const struct oci_spec *spec, struct error *err)
{
	int result = plan_check_process(&spec->process, err);

	if (result == 0)
		result = check_namespaces(spec, err);
	for (size_t i = 0; result == 0 && i < spec->mount_count; i++)
		result = check_mount(spec, &spec->mounts[i], err);
	if (result == 0)
		result = check_paths(spec->masked_paths, err);
	if (result == 0)
		result = check_paths(spec->readonly_paths, err);
	if (result == 0)
		result = check_filter(spec->seccomp, err);
	if (result == 0)
		result = attribute_check(spec, err);
	if (result == 0)
		result = sysctl_check(spec, err);
	if (result == 0)
		result = netdevice_check(spec, err);
	if (result == 0 && spec->has_intel_rdt)
		result = error_set(err, -EOPNOTSUPP,
			"linux.intelRdt: it is not supported");
	return result;
}
