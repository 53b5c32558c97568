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

#include "lib/address.h"

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
	/* of the machine; family 0: each; 0.0.0.0 or ::, each of that family */
	struct address host;
	bool is_unsaid; /* no published one is said: it is the target */
	struct mark mark;
};

enum network_mode {
	NETWORK_MODE_OWN, /* its own, attached to networks */
	NETWORK_MODE_NONE,
	NETWORK_MODE_HOST,    /* the machine's */
	NETWORK_MODE_SERVICE, /* that of another service */
};

/* services.NAME.networks.NAME */
struct attachment {
	const char *network; /* a name in config.networks */
	struct strings aliases;
	struct address ipv4_address;
	struct address ipv6_address;
	uint8_t mac[6];      /* all 0: not declared */
	int64_t priority;    /* higher is connected first: eth0 */
	int64_t gw_priority; /* higher is the default route */
	const char *interface_name;
	struct mark mark;
};

/* services.NAME.extra_hosts */
struct extra_host {
	const char *name;
	struct address address; /* family 0: host-gateway */
};

/* services.NAME.links: "SERVICE:ALIAS" */
struct service_link {
	const char *service; /* its base, see struct service */
	const char *alias;
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

/*
 * A service with replicas is as many of these: the first has its name, the
 * others "NAME-2", "NAME-3" ... Only what is marked here differs in them.
 */
struct service {
	const char *name; /* differs */
	const char *base; /* the name in the config: that of the first */
	uint32_t replica; /* from 1 on; differs */
	uint32_t replica_count;
	bool has_virtual_address; /* one for all replicas, in each network */
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
	bool has_init; /* process 1 is ours, the command its child */
	bool has_terminal;
	bool keeps_stdin_open;
	struct strings group_add; /* names or ids of the image's groups */
	struct healthcheck healthcheck;

	/* network */
	enum network_mode network_mode;
	const char *network_of; /* NETWORK_MODE_SERVICE: whose own it is */
	const struct attachment *attachments; /* eth0, eth1 ... in this order */
	size_t attachment_count;              /* > 0 with NETWORK_MODE_OWN */
	const struct address *dns;
	size_t dns_count;
	struct strings dns_search;
	struct strings dns_opt;
	const struct extra_host *extra_hosts;
	size_t extra_host_count;
	const struct service_link *links;
	size_t link_count;
	struct strings expose;    /* "80", "8000-8010", "53/udp" */
	struct mark network_mark; /* of `network_mode:` or `networks:` */

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
