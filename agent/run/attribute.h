/* SPDX-License-Identifier: MIT */
/*
 * attribute - what a process has besides its namespaces, limits and rights
 *
 * Each function sets one field of the runtime-spec for the calling process,
 * which keeps it over execve(2). They return 0 or -errno; err gets the reason
 * alone, "the kernel has no NUMA policies". What is not set does nothing.
 */
#ifndef TARE_RUN_ATTRIBUTE_H
#define TARE_RUN_ATTRIBUTE_H

#include <stdbool.h>
#include <stddef.h>

struct error;
struct oci_memory_policy;
struct oci_number;
struct oci_scheduler;
struct oci_spec;

/*
 * Parses "0-3,7" (cpuset(7), list format) into bits, bit n of byte n / 8.
 * False: it is not one, or a number is above the last of size bytes.
 */
bool attribute_parse_list(const char *list, unsigned char *mask, size_t size);

/*
 * -EINVAL: a field below makes no sense: "process.execCPUAffinity: ...".
 * -EOPNOTSUPP: linux.mountLabel, which nobody sets.
 */
int attribute_check(const struct oci_spec *spec, struct error *err);

/* linux.personality: personality(2) */
int attribute_set_personality(const struct oci_number *personality,
	struct error *err);

/* linux.memoryPolicy: set_mempolicy(2) */
int attribute_set_memory_policy(const struct oci_memory_policy *policy,
	struct error *err);

/* process.ioPriority: ioprio_set(2) */
int attribute_set_io_priority(const struct oci_number *priority,
	struct error *err);

/* process.scheduler: sched_setattr(2) */
int attribute_set_scheduler(const struct oci_scheduler *scheduler,
	struct error *err);

/* process.execCPUAffinity: sched_setaffinity(2); cpus may be NULL. */
int attribute_set_affinity(const char *cpus, struct error *err);

/* domainname: setdomainname(2) */
int attribute_set_domainname(const char *name, struct error *err);

/*
 * process.apparmorProfile and process.selinuxLabel, from the next execve(2)
 * on. proc_fd is a procfs that shows the process (procfs.h). A kernel that
 * does not run the security module is an error.
 */
int attribute_set_apparmor(int proc_fd, const char *profile, struct error *err);
int attribute_set_selinux(int proc_fd, const char *label, struct error *err);

#endif
