// SPDX-License-Identifier: MIT
/* attribute - what a process has besides its namespaces, limits and rights */
#include "run/attribute.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/ioprio.h>
#include <stdint.h>
#include <string.h>
#include <sys/personality.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "lib/error.h"
#include "lib/text.h"
#include "run/oci.h"
#include "run/procfs.h"

#define MASK_BYTES      1024 /* CONFIG_NR_CPUS is at most 8192 */
#define NODES_MAX       1024 /* MAX_NUMNODES of the kernel */
#define IO_PRIORITY_MAX 0xffff
#define PERSONALITY_ASK 0xffffffff /* changes nothing (personality(2)) */
#define LABEL_MAX       1024
#define MODE_MASK       0x1fff /* without MPOL_F_* */
#define MODE_DEFAULT    0      /* MPOL_DEFAULT, MPOL_LOCAL: without nodes */
#define MODE_LOCAL      4

/* struct sched_attr, version 1; libcs disagree on who declares it */
struct attributes {
	uint32_t size;
	uint32_t policy;
	uint64_t flags;
	int32_t nice;
	uint32_t priority;
	uint64_t runtime_ns;
	uint64_t deadline_ns;
	uint64_t period_ns;
	uint32_t clamp_min;
	uint32_t clamp_max;
};

static int fail(struct error *err)
{
	return error_set(err, -errno, "%s", strerror(errno));
}

/* A decimal number at *at, which moves behind it. */
static bool take_number(const char **at, size_t limit, size_t *out)
{
	size_t length = strspn(*at, "0123456789");
	size_t value = 0;

	if (length == 0 || length > 6)
		return false;
	for (size_t i = 0; i < length; i++)
		value = value * 10 + (size_t)((*at)[i] - '0');
	*at += length;
	*out = value;
	return value < limit;
}

bool attribute_parse_list(const char *list, unsigned char *mask, size_t size)
{
	memset(mask, 0, size);
	for (;;) {
		size_t first;
		size_t last;

		if (!take_number(&list, size * 8, &first))
			return false;
		last = first;
		if (*list == '-') {
			list++;
			if (!take_number(&list, size * 8, &last))
				return false;
		}
		if (last < first)
			return false;
		for (size_t i = first; i <= last; i++)
			mask[i / 8] |= (unsigned char)(1U << i % 8);
		if (*list == '\0')
			return true;
		if (*list++ != ',')
			return false;
	}
}

static int check_list(const char *field, const char *list, size_t max,
	struct error *err)
{
	unsigned char mask[MASK_BYTES];

	if (!list || attribute_parse_list(list, mask, max / 8))
		return 0;
	return error_set(err, -EINVAL,
		"%s: '%.60s' is not a list of numbers below %zu like '0-3,7'",
		field, list, max);
}

static int check_label(const char *field, const char *label, struct error *err)
{
	size_t length = label ? strlen(label) : 0;

	for (size_t i = 0; i < length; i++) {
		if ((unsigned char)label[i] < ' ' || label[i] == 0x7f)
			return error_set(err, -EINVAL,
				"%s: it has a control character", field);
	}
	if (length > LABEL_MAX)
		return error_set(err, -EINVAL,
			"%s: it is longer than %d characters", field,
			LABEL_MAX);
	return 0;
}

static bool needs_nodes(const struct oci_memory_policy *policy)
{
	uint32_t mode = policy->mode & MODE_MASK;

	return policy->is_set && mode != MODE_DEFAULT && mode != MODE_LOCAL;
}

static int check_numbers(const struct oci_spec *spec, struct error *err)
{
	const struct oci_number *priority = &spec->process.io_priority;
	const struct oci_number *personality = &spec->personality;

	if (priority->is_set &&
		(priority->value < 0 || priority->value > IO_PRIORITY_MAX))
		return error_set(err, -EINVAL,
			"process.ioPriority: %lld is not a priority",
			(long long)priority->value);
	if (personality->is_set &&
		(personality->value < 0 ||
			personality->value >= PERSONALITY_ASK))
		return error_set(err, -EINVAL,
			"linux.personality: %lld is not a personality",
			(long long)personality->value);
	if (needs_nodes(&spec->memory_policy) && !spec->memory_policy.nodes)
		return error_set(err, -EINVAL,
			"linux.memoryPolicy: its mode needs nodes");
	/* the data of the mounts has it, where there is somebody to read it */
	if (spec->mount_label && spec->mount_label[0] &&
		access("/sys/fs/selinux/status", F_OK) < 0)
		return error_set(err, -EOPNOTSUPP,
			"linux.mountLabel: the kernel does not run SELinux");
	return 0;
}

int attribute_check(const struct oci_spec *spec, struct error *err)
{
	const struct oci_process *process = &spec->process;
	int result = check_numbers(spec, err);

	if (result == 0)
		result = check_list("process.execCPUAffinity.initial",
			process->cpu_affinity_initial, MASK_BYTES * 8, err);
	if (result == 0)
		result = check_list("process.execCPUAffinity.final",
			process->cpu_affinity_final, MASK_BYTES * 8, err);
	if (result == 0)
		result = check_list("linux.memoryPolicy.nodes",
			spec->memory_policy.nodes, NODES_MAX, err);
	if (result == 0)
		result = check_label("process.apparmorProfile",
			process->apparmor_profile, err);
	if (result == 0)
		result = check_label("process.selinuxLabel",
			process->selinux_label, err);
	return result;
}

int attribute_set_personality(const struct oci_number *wanted,
	struct error *err)
{
	if (!wanted->is_set)
		return 0;
	if (personality((unsigned long)wanted->value) < 0)
		return fail(err);
	return 0;
}

/* The kernel looks at one bit less than it is told (set_mempolicy(2)). */
int attribute_set_memory_policy(const struct oci_memory_policy *policy,
	struct error *err)
{
	union {
		unsigned char bytes[NODES_MAX / 8];
		unsigned long align;
	} mask;
	bool has_nodes = policy->nodes && policy->nodes[0];

	if (!policy->is_set)
		return 0;
	if (has_nodes && !attribute_parse_list(policy->nodes, mask.bytes,
				 sizeof(mask.bytes)))
		return error_set(err, -EINVAL,
			"'%.60s' is not a list of nodes like '0-3,7'",
			policy->nodes);
	if (syscall(SYS_set_mempolicy, (int)policy->mode,
		    has_nodes ? &mask : NULL,
		    has_nodes ? NODES_MAX + 1UL : 0UL) == 0)
		return 0;
	if (errno == ENOSYS)
		return error_set(err, -ENOSYS,
			"the kernel has no NUMA policies");
	if (errno == EINVAL)
		return error_set(err, -EINVAL,
			"the kernel does not know the mode, or the machine has "
			"no such node that may be used");
	return fail(err);
}

int attribute_set_io_priority(const struct oci_number *priority,
	struct error *err)
{
	if (!priority->is_set)
		return 0;
	if (syscall(SYS_ioprio_set, IOPRIO_WHO_PROCESS, 0,
		    (int)priority->value) < 0)
		return fail(err);
	return 0;
}

int attribute_set_scheduler(const struct oci_scheduler *scheduler,
	struct error *err)
{
	const struct attributes wanted = {
		.size = sizeof(wanted),
		.policy = scheduler->policy,
		.flags = scheduler->flags,
		.nice = scheduler->nice,
		.priority = scheduler->priority,
		.runtime_ns = scheduler->runtime_ns,
		.deadline_ns = scheduler->deadline_ns,
		.period_ns = scheduler->period_ns,
	};

	if (!scheduler->is_set)
		return 0;
	if (syscall(SYS_sched_setattr, 0, &wanted, 0U) < 0)
		return fail(err);
	return 0;
}

int attribute_set_affinity(const char *cpus, struct error *err)
{
	unsigned char mask[MASK_BYTES] __attribute__((aligned(8)));

	if (!cpus || !cpus[0])
		return 0;
	if (!attribute_parse_list(cpus, mask, sizeof(mask)))
		return error_set(err, -EINVAL,
			"'%.60s' is not a list of processors like '0-3,7'",
			cpus);
	if (syscall(SYS_sched_setaffinity, 0, sizeof(mask), mask) == 0)
		return 0;
	if (errno == EINVAL)
		return error_set(err, -EINVAL,
			"none of the processors '%.60s' may be used here",
			cpus);
	return fail(err);
}

int attribute_set_domainname(const char *name, struct error *err)
{
	if (setdomainname(name, strlen(name)) < 0)
		return fail(err);
	return 0;
}

/* EINVAL is what the kernel says without the module, or of a wrong label. */
static int tell_label(int result, const char *module, struct error *err)
{
	if (result == -EINVAL)
		return error_set(err, -ENOTSUP,
			"the kernel does not run %s, or does not take this",
			module);
	if (result == -ENOENT)
		return error_set(err, result, "%s has not loaded it", module);
	return error_set(err, result, "%s", strerror(-result));
}

int attribute_set_apparmor(int proc_fd, const char *profile, struct error *err)
{
	char buffer[LABEL_MAX + sizeof("exec ")];
	struct text text;
	int result;

	if (!profile || !profile[0])
		return 0;
	text_init(&text, buffer, sizeof(buffer));
	text_add(&text, "exec %s", profile);
	if (text.is_cut)
		return error_set(err, -ENAMETOOLONG, "the name is too long");
	/* before Linux 5.8 all modules shared one file */
	result = procfs_open_self(proc_fd, "attr/apparmor", O_PATH);
	if (result >= 0)
		(void)close(result);
	result = procfs_write_self(proc_fd,
		result >= 0 ? "attr/apparmor/exec" : "attr/exec", buffer);
	return result < 0 ? tell_label(result, "AppArmor", err) : 0;
}

int attribute_set_selinux(int proc_fd, const char *label, struct error *err)
{
	int result;

	if (!label || !label[0])
		return 0;
	result = procfs_write_self(proc_fd, "attr/exec", label);
	return result < 0 ? tell_label(result, "SELinux", err) : 0;
}
