/* SPDX-License-Identifier: MIT */
/*
 * schema - every key of a config, one row each
 *
 * The reader walks the rows, and so does the test of the man page. Keys that
 * start with "x-" may stand in every map that has a table, and mean nothing.
 */
#ifndef TARE_CONFIG_SCHEMA_H
#define TARE_CONFIG_SCHEMA_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct node;
struct reader;

enum option_kind {
	KIND_TEXT,     /* const char *; min and max are its length */
	KIND_BOOL,     /* bool */
	KIND_COUNT,    /* uint64_t */
	KIND_BYTES,    /* uint64_t */
	KIND_DURATION, /* uint64_t, milliseconds */
	KIND_MILLI,    /* uint64_t, thousandths */
	KIND_MODE,     /* uint32_t, permission bits */
	KIND_SIGNAL,   /* int */
	KIND_MAP,      /* the keys of table, into the same struct */
	KIND_CUSTOM,   /* read does it */
	KIND_SILENT,   /* known, and has nothing to say here */
	KIND_IGNORED,  /* a warning: note says why */
	KIND_NOT_YET,  /* an error: note says what to write instead */
	KIND_NEVER,    /* an error: note says why and what to do */
};

struct schema_table;

struct option {
	const char *key;
	enum option_kind kind;
	size_t offset; /* of the field in the struct that the table fills */
	uint64_t min, max;
	bool zero_is_none;  /* 0, or an empty text, says nothing */
	const char *preset; /* the default, as a config would say it */
	const char *(*check)(const char *text); /* as in names.h */
	void (*read)(struct reader *reader, const struct node *node,
		void *base);
	const struct schema_table *table;
	const char *example;    /* of a map */
	const char *zero_means; /* as zero_is_none, with a warning: "30s" */
	const char *note;
};

struct schema_table {
	const char *path; /* "services.NAME" */
	const struct option *rows;
	size_t count;
};

extern const struct schema_table schema_top;
extern const struct schema_table schema_service;
extern const struct schema_table schema_volume;
extern const struct schema_table schema_network;
extern const struct schema_table schema_pool;
extern const struct schema_table schema_attachment;
extern const struct schema_table schema_host_link;
extern const struct schema_table schema_route;
extern const struct schema_table schema_peer;
extern const struct schema_table schema_rule;
extern const struct schema_table schema_port;
extern const struct schema_table schema_mount;
extern const struct schema_table schema_env_file;
extern const struct schema_table schema_dependency;
extern const struct schema_table schema_device;
extern const struct schema_table schema_block_weight;
extern const struct schema_table schema_block_bps;
extern const struct schema_table schema_block_iops;

/* All tables, nested ones too; NULL-terminated. */
extern const struct schema_table *const schema_tables[];

/* What schema_port, schema_mount ... fill. */
struct long_port {
	const char *target;
	const char *published;
	const char *protocol;
	const char *host_ip;
	const char *mode;
};

struct long_mount {
	const char *type;
	const char *source;
	const char *target;
	bool read_only;
	bool no_copy;
	uint64_t size_bytes;
	uint32_t mode;
};

struct long_env_file {
	const char *path;
	const char *format;
	bool required;
};

struct long_dependency {
	const char *condition;
	bool restart;
	bool required;
};

struct long_device {
	const char *source;
	const char *target;
	const char *permissions;
};

struct long_block {
	const char *path;
	uint64_t value;
};

struct volume_options {
	const char *driver;
	bool external;
};

#endif
