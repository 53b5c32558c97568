/* SPDX-License-Identifier: MIT */
/*
 * service - what a config says of one service
 *
 * The names are those of the Compose Specification, with units. Zero is "not
 * declared" unless a comment says otherwise.
 */
#ifndef TARE_CONFIG_SERVICE_H
#define TARE_CONFIG_SERVICE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum restart_policy {
	RESTART_NO,
	RESTART_ON_FAILURE,
	RESTART_ALWAYS,
	RESTART_UNLESS_STOPPED,
};

enum volume_kind {
	VOLUME_NAMED, /* a folder below /data/volumes */
	VOLUME_FILE,  /* a file or folder of the config partition, read-only */
	VOLUME_TMPFS,
};

/* What a service waits for in one that it depends on. */
enum dependency_condition {
	DEPENDS_STARTED,
	DEPENDS_HEALTHY,   /* it runs, and no check says that it is not well */
	DEPENDS_COMPLETED, /* it has finished with status 0 */
};

/* Where something stands in the file; both count from 1. */
struct mark {
	uint32_t line;
	uint32_t column;
};

struct strings {
	const char **items;
	size_t count;
	bool is_set; /* the key was there, perhaps with an empty list */
};

struct volume_mount {
	enum volume_kind kind;
	const char *source; /* volume name, or path below the config folder */
	const char *target; /* absolute path in the container */
	bool read_only;
	bool no_copy;              /* do not fill a new volume from the image */
	uint64_t tmpfs_size_bytes; /* 0: the default */
	uint32_t tmpfs_mode;       /* permission bits, 0: the default */
	uint32_t tmpfs_uid, tmpfs_gid;
	bool tmpfs_exec; /* programs may be run from it */
	struct mark mark;
};

struct port {
	uint16_t published;
	uint16_t target;
	const char *protocol; /* "tcp", "udp" or "sctp" */
	const char *host_ip;  /* or NULL */
	struct mark mark;
};

/* Whose namespace of some kind a service lives in. */
enum share_mode {
	SHARE_NOTHING, /* its own */
	SHARE_HOST,    /* the machine's */
	SHARE_SERVICE, /* that of another service */
	SHARE_NO_SHM,  /* ipc: its own, and no /dev/shm */
};

struct share {
	enum share_mode mode;
	const char *service; /* SHARE_SERVICE: whose own it is */
	struct mark mark;
};

struct device {
	const char *source; /* below /dev of the machine: a node or a folder */
	const char *target; /* absolute path in the container */
	const char *access; /* of "rwm" */
	struct mark mark;
};

struct device_rule {
	char type;            /* 'a' 'b' 'c' */
	int64_t major, minor; /* -1: any */
	const char *access;   /* of "rwm" */
};

struct sysctl {
	const char *name; /* "kernel.msgmax" */
	const char *value;
};

#define ULIMIT_UNLIMITED UINT64_MAX

struct ulimit {
	int resource; /* RLIMIT_NOFILE ... of getrlimit(2) */
	uint64_t soft, hard;
};

enum block_limit_kind {
	BLOCK_WEIGHT,
	BLOCK_READ_BPS,
	BLOCK_READ_IOPS,
	BLOCK_WRITE_BPS,
	BLOCK_WRITE_IOPS,
};

struct block_limit {
	enum block_limit_kind kind;
	const char *path; /* of the device, below /dev */
	uint64_t value;   /* 10 to 1000, bytes or operations a second */
};

/* services.NAME.healthcheck, merged with nothing of the image yet */
struct healthcheck {
	bool is_disabled;     /* disable: true, or test: ["NONE"] */
	bool is_shell;        /* CMD-SHELL: test has one item, for /bin/sh -c */
	struct strings test;  /* without CMD, CMD-SHELL; is_set: declared */
	uint64_t interval_ms; /* 0: the image's, else 30 s */
	uint64_t timeout_ms;
	uint64_t start_period_ms;
	uint64_t start_interval_ms;
	uint64_t retries;
};

struct service {
	const char *name;
	const char *image;
	struct strings entrypoint;  /* overrides the image's when set */
	struct strings command;     /* overrides the image's when set */
	struct strings environment; /* "NAME=value"; env_file merged below it */
	const char *working_dir;    /* NULL: the image's */
	const char *user;           /* NULL: the image's */
	const char *hostname;       /* NULL: the service's name */
	enum restart_policy restart;
	uint32_t restart_max;               /* on-failure:n; 0: without end */
	const struct volume_mount *volumes; /* `tmpfs:` entries included */
	size_t volume_count;
	const struct port *ports;
	size_t port_count;
	bool read_only;
	struct healthcheck healthcheck;
	bool has_init; /* process 1 is ours, the command its child */
	bool has_terminal;
	bool keeps_stdin_open;
	struct strings group_add; /* names or ids of the image's groups */

	/* isolation */
	bool privileged;
	bool has_host_users;  /* the machine's user namespace */
	const char *users_of; /* the service whose one it shares, or NULL */
	struct share pid;
	struct share ipc;
	bool is_shm_shared; /* another service joins its ipc */
	bool has_host_uts;
	bool has_host_cgroup;
	const char *cgroup_parent; /* or NULL */
	bool no_new_privileges;
	bool shows_system_paths; /* nothing is masked or read-only */
	bool is_seccomp_off;
	const char *seccomp_file; /* below the config folder; NULL: Docker's */
	struct strings cap_add;   /* upper case without CAP_; "ALL" */
	struct strings cap_drop;
	const struct device *devices;
	size_t device_count;
	const struct device_rule *device_rules;
	size_t device_rule_count;
	const struct sysctl *sysctls;
	size_t sysctl_count;

	/* limits; 0: not declared */
	uint64_t mem_limit_bytes;
	uint64_t mem_reservation_bytes;
	int64_t memswap_limit_bytes; /* -1: none */
	uint64_t shm_size_bytes;
	uint64_t cpus_milli;  /* thousandths of a CPU */
	uint64_t cpu_shares;  /* 2 to 262144 */
	int64_t cpu_quota_us; /* -1: none */
	uint64_t cpu_period_us;
	const char *cpuset;    /* "0-3,7" */
	int64_t pids_limit;    /* -1: none */
	uint64_t block_weight; /* 10 to 1000 */
	const struct block_limit *block_limits;
	size_t block_limit_count;
	const struct ulimit *ulimits;
	size_t ulimit_count;
	int oom_score_adj;

	int stop_signal;           /* 0: the image's, else SIGTERM */
	uint64_t stop_grace_ms;    /* 10,000 when not declared */
	struct strings depends_on; /* names of services */
	/* one for each of them; NULL: all DEPENDS_STARTED */
	const enum dependency_condition *depends_conditions;
	struct strings labels; /* "key=value" */
	struct mark mark;      /* of its name */
};

#endif
