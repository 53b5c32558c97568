/* SPDX-License-Identifier: MIT */
/*
 * config - compose.yaml as data
 *
 * Loading is pure: text in, struct config and problems out; the only files
 * read are those the text names (env_file), through a folder descriptor. All
 * problems are collected, none stops the reading. Names and meanings follow
 * the Compose Specification (https://github.com/compose-spec/compose-spec).
 * Everything lives in the arena that the caller gives.
 */
#ifndef TARE_CONFIG_CONFIG_H
#define TARE_CONFIG_CONFIG_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct arena;
struct error;
struct problems;

enum config_limit {
	CONFIG_SERVICES_MAX = 256,
	CONFIG_TEXT_MAX = 1 << 20, /* bytes of compose.yaml */
};

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
	struct mark mark;
};

struct port {
	uint16_t published;
	uint16_t target;
	const char *protocol; /* "tcp", "udp" or "sctp" */
	const char *host_ip;  /* or NULL */
	struct mark mark;
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
	bool privileged;
	bool no_new_privileges;
	uint64_t mem_limit_bytes; /* 0: not declared */
	uint64_t cpus_milli;      /* thousandths of a CPU; 0: not declared */
	int64_t pids_limit;       /* 0: not declared, -1: none */
	struct strings cap_add;   /* upper case without CAP_; "ALL" */
	struct strings cap_drop;
	int stop_signal;           /* 0: the image's, else SIGTERM */
	uint64_t stop_grace_ms;    /* 10,000 when not declared */
	struct strings depends_on; /* names of services */
	struct strings labels;     /* "key=value" */
	struct mark mark;          /* of its name */
};

struct config {
	const char *name;               /* project name, or NULL */
	const struct service *services; /* in start order: dependencies first */
	size_t service_count;
	struct strings volumes; /* top-level names */
	const char *host_name;  /* NULL: not declared */
};

struct config_source {
	const char *name; /* as it stands in messages: "compose.yaml" */
	const char *text;
	size_t size;
	int folder_fd; /* for env_file and .env; -1: there is none */
};

/*
 * Reads a config. Returns 0 when no problem is an error (out is filled then;
 * warnings may be there), -EINVAL when at least one is, -ENOMEM when the
 * arena's limit was reached. Empty text is an empty config.
 */
int config_load(const struct config_source *source, struct arena *arena,
	struct config *out, struct problems *problems);

#endif
