/* SPDX-License-Identifier: MIT */
/*
 * oci - a container to start: the OCI runtime-spec as data
 *
 * One struct per object of config.json (runtime-spec 1.3, config.md and
 * config-linux.md), with its names. Who fills it, the parser of config.json or
 * the agent, keeps all memory in an arena of its own; the engine only reads.
 * Zero is "not there" everywhere: NULL, count 0, oci_number.is_set false.
 * Lists of strings are NULL-terminated; NULL is an empty list.
 */
#ifndef TARE_RUN_OCI_H
#define TARE_RUN_OCI_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct oci_number {
	int64_t value;
	bool is_set;
};

#define OCI_NUMBER(number) \
	((struct oci_number){ .value = (int64_t)(number), .is_set = true })

/* "key": "value", as in annotations, sysctl and unified. */
struct oci_pair {
	const char *key;
	const char *value;
};

/* linux.namespaces */

enum oci_namespace_kind { /* in the order in which they are joined */
	OCI_NAMESPACE_USER,
	OCI_NAMESPACE_PID,
	OCI_NAMESPACE_NETWORK,
	OCI_NAMESPACE_IPC,
	OCI_NAMESPACE_UTS,
	OCI_NAMESPACE_CGROUP,
	OCI_NAMESPACE_TIME,
	OCI_NAMESPACE_MOUNT,
	OCI_NAMESPACE_COUNT,
};

/* One that is not asked for is the caller's own. */
struct oci_namespace {
	bool is_asked;
	const char *path; /* to be joined; NULL: a new one */
};

struct oci_id_mapping {
	uint32_t container_id;
	uint32_t host_id;
	uint32_t size;
};

struct oci_id_mappings {
	const struct oci_id_mapping *items;
	size_t count;
};

/* linux.timeOffsets */
struct oci_time_offset {
	bool is_set;
	int64_t secs;
	uint32_t nanosecs;
};

/* process */

struct oci_user {
	uint32_t uid;
	uint32_t gid;
	struct oci_number umask;
	const uint32_t *additional_gids;
	size_t additional_gid_count;
};

/* One bit per capability, bit n is capability n of capabilities(7). */
struct oci_capabilities {
	uint64_t bounding;
	uint64_t effective;
	uint64_t permitted;
	uint64_t inheritable;
	uint64_t ambient;
};

struct oci_rlimit {
	int type; /* RLIMIT_NOFILE ... of getrlimit(2) */
	uint64_t soft;
	uint64_t hard;
};

/* sched_setattr(2) */
struct oci_scheduler {
	bool is_set;
	uint32_t policy; /* SCHED_* */
	int32_t nice;
	uint32_t priority;
	uint64_t flags; /* SCHED_FLAG_* */
	uint64_t runtime_ns, deadline_ns, period_ns;
};

struct oci_process {
	bool has_terminal;
	uint16_t console_height, console_width;
	const char *const *args; /* at least one */
	const char *const *env;  /* "NAME=value" */
	const char *cwd;         /* absolute; made when it is not there */
	struct oci_user user;
	bool has_capabilities; /* false: all that the caller can give */
	struct oci_capabilities capabilities;
	const char *const *unknown_capabilities; /* worth a warning */
	const struct oci_rlimit *rlimits;
	size_t rlimit_count;
	bool no_new_privileges;
	struct oci_number oom_score_adj;
	struct oci_number io_priority; /* IOPRIO_PRIO_VALUE of ioprio_set(2) */
	struct oci_scheduler scheduler;
	const char *cpu_affinity_initial; /* execCPUAffinity: "0-3,7" */
	const char *cpu_affinity_final;
	const char *apparmor_profile;
	const char *selinux_label;
};

/* mounts */

enum oci_mount_kind {
	OCI_MOUNT_FILE_SYSTEM, /* type, source, data */
	OCI_MOUNT_BIND,        /* source or source_fd */
	OCI_MOUNT_CGROUP,      /* type "cgroup" or "cgroup2" */
};

enum oci_idmap {
	OCI_IDMAP_NONE,
	OCI_IDMAP,
	OCI_IDMAP_RECURSIVE,
};

struct oci_mount {
	enum oci_mount_kind kind;
	const char *destination; /* absolute path in the container */
	const char *type;        /* "tmpfs"; for /proc/mounts only with bind */
	const char *source;      /* absolute or relative to the bundle */
	int source_fd;           /* bind: an O_PATH descriptor instead, or 0 */
	const char *data;        /* "mode=755,size=64k", or NULL */
	bool is_recursive;       /* rbind */
	bool copies_up;          /* tmpcopyup */
	bool is_remount;         /* changes what is mounted there */
	bool no_symlink;         /* src-nofollow: the link itself */
	bool no_symlink_target;  /* dest-nofollow: a link is an error */
	uint64_t attributes;     /* MOUNT_ATTR_* to set */
	uint64_t attributes_clear; /* ... and to clear */
	uint64_t recursive;        /* the same for "rro" and its like */
	uint64_t recursive_clear;
	uint64_t propagation;      /* MS_SHARED ... of mount(2); 0: private */
	bool propagates_recursive; /* "rshared" and its like */
	enum oci_idmap idmap;
	struct oci_id_mappings uid_mappings; /* empty: the container's */
	struct oci_id_mappings gid_mappings;
};

/* hooks */

enum oci_hook_kind {
	OCI_HOOK_PRESTART,
	OCI_HOOK_CREATE_RUNTIME,
	OCI_HOOK_CREATE_CONTAINER,
	OCI_HOOK_START_CONTAINER,
	OCI_HOOK_POSTSTART,
	OCI_HOOK_POSTSTOP,
	OCI_HOOK_COUNT,
};

struct oci_hook {
	const char *path;
	const char *const *args; /* NULL: only path */
	const char *const *env;
	uint32_t timeout_s; /* 0: none */
};

struct oci_hooks {
	const struct oci_hook *items;
	size_t count;
};

/* linux.devices */
struct oci_device {
	char type; /* 'c' 'b' 'p'; 'u' is 'c' */
	const char *path;
	uint32_t major, minor;
	struct oci_number mode; /* permission bits; else 0666 */
	uint32_t uid, gid;
};

/* linux.resources */

struct oci_device_rule {
	bool is_allowed;
	char type;            /* 'a' 'b' 'c'; 0: 'a' */
	int64_t major, minor; /* -1: any */
	const char *access;   /* of "rwm"; NULL: all */
};

struct oci_memory {
	struct oci_number limit, reservation, swap; /* bytes; -1: no limit */
	struct oci_number kernel, kernel_tcp, swappiness; /* cgroup v1 only */
	struct oci_number disable_oom_killer;             /* cgroup v1 only */
	struct oci_number check_before_update;
};

struct oci_cpu {
	struct oci_number shares;               /* 2 to 262144 */
	struct oci_number quota, burst, period; /* microseconds; -1: no limit */
	struct oci_number realtime_runtime, realtime_period; /* v1 only */
	struct oci_number idle;
	const char *cpus, *mems; /* "0-3,7" */
};

struct oci_block_device {
	uint32_t major, minor;
	uint64_t value; /* weight, bytes or operations a second */
};

struct oci_block_devices {
	const struct oci_block_device *items;
	size_t count;
};

struct oci_block_io {
	struct oci_number weight, leaf_weight; /* 10 to 1000 */
	struct oci_block_devices weights;
	struct oci_block_devices read_bps, write_bps, read_iops, write_iops;
};

struct oci_huge_page_limit {
	const char *page_size; /* "2MB" */
	uint64_t limit;        /* bytes */
};

struct oci_rdma_limit {
	const char *device;
	struct oci_number handles, objects;
};

struct oci_resources {
	const struct oci_device_rule *devices; /* in order, the last wins */
	size_t device_count;
	bool allows_all_devices; /* privileged: no program at all */
	struct oci_memory memory;
	struct oci_cpu cpu;
	struct oci_number pids_limit; /* -1: no limit */
	struct oci_block_io block_io;
	const struct oci_huge_page_limit *huge_pages;
	size_t huge_page_count;
	const struct oci_rdma_limit *rdma;
	size_t rdma_count;
	const struct oci_pair
		*unified; /* file and value, written as they are */
	size_t unified_count;
	bool has_network; /* cgroup v1 only */
	bool kills_group; /* out of memory, all die: memory.oom.group (ours) */
};

/* linux.seccomp */

enum oci_seccomp_compare {
	OCI_COMPARE_NE,
	OCI_COMPARE_LT,
	OCI_COMPARE_LE,
	OCI_COMPARE_EQ,
	OCI_COMPARE_GE,
	OCI_COMPARE_GT,
	OCI_COMPARE_MASKED_EQ,
};

struct oci_seccomp_arg {
	uint32_t index;
	enum oci_seccomp_compare compare;
	uint64_t value;
	uint64_t value_two;
};

/* action is SECCOMP_RET_* of seccomp(2) without its data */
struct oci_seccomp_rule {
	const char *const *names;
	uint32_t action;
	struct oci_number errno_ret;
	const struct oci_seccomp_arg *args;
	size_t arg_count;
};

struct oci_seccomp {
	uint32_t default_action;
	struct oci_number default_errno;
	const char *const *architectures; /* "SCMP_ARCH_X86_64"; NULL: native */
	uint32_t flags;                   /* SECCOMP_FILTER_FLAG_* */
	const char *listener_path;
	const char *listener_metadata;
	const struct oci_seccomp_rule *rules;
	size_t rule_count;
};

/* linux.memoryPolicy: set_mempolicy(2) */
struct oci_memory_policy {
	bool is_set;
	uint32_t mode;     /* MPOL_* with its flags */
	const char *nodes; /* "0-1" */
};

/* linux.netDevices */
struct oci_net_device {
	const char *name;     /* in the caller's network namespace */
	const char *new_name; /* or NULL */
};

struct oci_spec {
	const char *version; /* "1.3.0" */
	const char *bundle;  /* absolute; NULL: there is none */
	const char *root_path;
	int root_fd; /* a detached mount (fsmount(2)) instead, or 0 */
	bool root_readonly;
	const char *hostname;
	const char *domainname;
	bool has_process; /* create may do without, start not */
	struct oci_process process;
	const struct oci_mount *mounts; /* in order */
	size_t mount_count;
	struct oci_hooks hooks[OCI_HOOK_COUNT];
	const struct oci_pair *annotations;
	size_t annotation_count;

	struct oci_namespace namespaces[OCI_NAMESPACE_COUNT];
	struct oci_id_mappings uid_mappings;
	struct oci_id_mappings gid_mappings;
	struct oci_time_offset monotonic, boottime;
	const struct oci_device *devices; /* besides the default ones */
	size_t device_count;
	bool copies_host_devices; /* privileged: all of the host's /dev (ours) */
	const char *cgroups_path; /* NULL: the caller chooses */
	struct oci_resources resources;
	const char *mount_label; /* SELinux; the data of mounts has it, too */
	uint64_t rootfs_propagation; /* MS_* with or without MS_REC; 0: none */
	const struct oci_seccomp *seccomp; /* NULL: no filter */
	const struct oci_pair *sysctls;
	size_t sysctl_count;
	const char *const
		*masked_paths; /* a '*' is all numbers from 0 (ours) */
	const char *const *readonly_paths;
	struct oci_number personality; /* personality(2) */
	struct oci_memory_policy memory_policy;
	const struct oci_net_device *net_devices;
	size_t net_device_count;
	bool has_intel_rdt;
};

#endif
