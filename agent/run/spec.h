/* SPDX-License-Identifier: MIT */
/*
 * spec - a container to start, in the terms of the OCI runtime-spec
 *
 * The names are those of config.json (runtime-spec 1.3, config.md and
 * config-linux.md). Only what Tare uses is here; the rest joins with its use.
 * All memory belongs to the caller and is only read.
 */
#ifndef TARE_RUN_SPEC_H
#define TARE_RUN_SPEC_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum spec_limit {
	SPEC_GROUPS_MAX = 64,
	SPEC_MOUNTS_MAX = 64,
	SPEC_PATHS_MAX = 32, /* masked ones, and read-only ones */
	SPEC_RLIMITS_MAX = 16,
};

/*
 * linux.namespaces: a bit set means a new one; a container always has its own
 * for mounts. The network is the host's.
 */
enum oci_namespace {
	OCI_NAMESPACE_PID = 1U << 0,
	OCI_NAMESPACE_MOUNT = 1U << 1,
	OCI_NAMESPACE_UTS = 1U << 2,
	OCI_NAMESPACE_IPC = 1U << 3,
	OCI_NAMESPACE_CGROUP = 1U << 4,
};

struct oci_user {
	uint32_t uid;
	uint32_t gid;
	uint32_t additional_gids[SPEC_GROUPS_MAX];
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
	int type; /* RLIMIT_NOFILE ... as in getrlimit(2) */
	uint64_t soft;
	uint64_t hard;
};

struct oci_process {
	const char *const *args; /* NULL-terminated, at least one */
	const char *const *env;  /* NULL-terminated, "NAME=value" */
	const char *cwd;         /* absolute; made when it is not there */
	struct oci_user user;
	struct oci_capabilities capabilities;
	const struct oci_rlimit *rlimits;
	size_t rlimit_count;
	int oom_score_adj;
	bool no_new_privileges;
};

/* A mount besides the standard ones, in order. */
struct oci_mount {
	const char *destination; /* absolute path in the container */
	const char *type;        /* "bind" or "tmpfs" */
	int source_fd;           /* bind: O_PATH of the file or folder */
	bool read_only;
	bool no_exec;
	uint64_t size_bytes; /* tmpfs; 0: the kernel's default */
	uint32_t mode;       /* tmpfs; 0: 01777 */
};

/* linux.resources, in units of cgroup v2 */
struct oci_resources {
	uint64_t memory_max_bytes; /* 0: none */
	uint64_t cpu_quota_us;     /* 0: none */
	uint64_t cpu_period_us;
	uint64_t cpu_weight; /* 1 to 10,000; 0: the default */
	int64_t pids_max;    /* -1: none */
};

struct oci_spec {
	const char *hostname;
	int root_fd; /* a detached mount (fsmount(2)): the container root */
	bool root_readonly;
	struct oci_process process;
	const struct oci_mount *mounts;
	size_t mount_count;
	uint32_t namespaces; /* enum oci_namespace */
	struct oci_resources resources;
	const char *cgroup; /* below the workloads' cgroup: "web/1" */
	const char *const *masked_paths;   /* NULL-terminated, or NULL: none */
	const char *const *readonly_paths; /* NULL-terminated, or NULL: none */
	bool has_seccomp;                  /* Docker's default profile */
	bool is_privileged; /* all devices, /sys and cgroupfs writable */
};

/*
 * Docker's default masked and read-only paths (moby, oci/defaults.go). A '*'
 * in a masked path stands for the numbers from 0 on, as long as there are.
 */
extern const char *const spec_masked_paths[];
extern const char *const spec_readonly_paths[];

/* Docker's 14 default capabilities, as a set of bits. */
uint64_t spec_default_capabilities(void);

/* All capabilities that this version knows, for privileged containers. */
uint64_t spec_all_capabilities(void);

/*
 * The bit number of "NET_ADMIN" or "CAP_NET_ADMIN" in either case, or -EINVAL.
 */
int spec_capability_from_name(const char *name);

#endif
