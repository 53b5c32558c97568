/* SPDX-License-Identifier: MIT */
/*
 * limits - linux.resources as writes to files of a cgroup (v2)
 *
 * A plan is a list of writes, made from the resources alone, and carried out
 * when a container is created and when its limits change while it runs. The
 * devices are the business of device_filter.h.
 *
 * A number that the specification has but cgroup v2 has not (kernel memory,
 * swappiness, realtime) is an error that says so, unless it changes nothing. A
 * limit whose controller is missing, as on a host that has it on cgroup v1, is
 * an error that names both; one that says "no limit" is fine there.
 */
#ifndef TARE_RUN_LIMITS_H
#define TARE_RUN_LIMITS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct error;
struct oci_resources;
struct text;

enum limits_size {
	LIMITS_MAX = 128,
	LIMITS_FILE_SIZE = 64,
	LIMITS_TEXT_SIZE = 96,
};

struct limit {
	char file[LIMITS_FILE_SIZE];  /* "memory.max" */
	char field[LIMITS_TEXT_SIZE]; /* "linux.resources.memory.limit" */
	char text[LIMITS_TEXT_SIZE];
	const char *value;    /* NULL: text; else of the resources */
	bool is_optional;     /* fine when there is no such file */
	bool has_alternative; /* ... then the next row is written instead */
	bool may_follow;      /* when refused, after the next row */
	bool keeps_quota;     /* the first word is what the file has */
	bool is_above_usage;  /* refused below what memory.current says */
	bool forgets_devices; /* takes away what each device has there */
};

struct limits {
	struct limit items[LIMITS_MAX];
	size_t count;
};

/* What the resources ask for; values point into them. */
int limits_plan(const struct oci_resources *resources, struct limits *out,
	struct error *err);

/*
 * The same for a cgroup that may have other limits: what the resources do not
 * ask for goes back to the kernel's default. Only limits of huge pages, of
 * rdma devices and of "unified" stay as they are until they are set again.
 */
int limits_plan_whole(const struct oci_resources *resources, struct limits *out,
	struct error *err);

/*
 * Writes them. A controller that is missing in the cgroup is handed down from
 * above first. After an error the limits before the one that it names are set.
 */
int limits_apply(int cgroup_dir_fd, const struct limits *limits,
	struct error *err);

/* One line per write: "memory.max = 1048576 (linux.resources.memory.limit)" */
void limits_print(const struct limits *limits, struct text *out);

/*
 * cpu.weight of cpu.shares as runc 1.3.2, crun 1.23 and later have it, with
 * 1024 as 100: the integer above 10^((l^2 + 125 l) / 612 - 7 / 34) where l is
 * the binary logarithm (runc issue 4896, crun pull request 1767).
 */
unsigned int limits_cpu_weight(uint64_t shares);

#endif
