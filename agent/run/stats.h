/* SPDX-License-Identifier: MIT */
/*
 * stats - what the processes of a cgroup use and have used
 *
 * Kernel Documentation/admin-guide/cgroup-v2.rst has the files and their
 * words, Documentation/accounting/psi.rst the pressure. What a kernel does not
 * tell, as its controller is missing, is 0.
 */
#ifndef TARE_RUN_STATS_H
#define TARE_RUN_STATS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define STATS_NO_LIMIT UINT64_MAX

struct error;

enum stats_size {
	STATS_NAME_SIZE = 32,
	STATS_MEMORY_MAX = 96,
	STATS_DEVICES_MAX = 32,
	STATS_PAGES_MAX = 8,
};

struct stats_amount {
	bool is_there;
	uint64_t current, peak;
	uint64_t limit; /* or STATS_NO_LIMIT */
};

/* Shares of time that some or all processes waited, in hundredths of 1 %. */
struct stats_waiting {
	uint32_t avg10, avg60, avg300;
	uint64_t total_us;
};

struct stats_pressure {
	bool is_there;
	struct stats_waiting some, full;
};

struct stats_memory {
	struct stats_amount memory, swap;             /* bytes */
	uint64_t low_events, high_events, max_events; /* memory.events */
	uint64_t oom_events, oom_kills, oom_group_kills;
	struct stats_number {
		char name[STATS_NAME_SIZE];
		uint64_t value;
	} details[STATS_MEMORY_MAX]; /* memory.stat as it is */
	size_t detail_count;
	struct stats_pressure pressure;
};

struct stats_cpu {
	uint64_t usage_us, user_us, system_us;
	uint64_t periods, throttled_periods, throttled_us;
	uint64_t bursts, burst_us;
	struct stats_pressure pressure;
};

struct stats_device {
	uint32_t major, minor;
	uint64_t read_bytes, write_bytes, discard_bytes;
	uint64_t reads, writes, discards;
};

struct stats_io {
	struct stats_device devices[STATS_DEVICES_MAX];
	size_t device_count;
	struct stats_pressure pressure;
};

struct stats_pages {
	char size[STATS_NAME_SIZE]; /* "2MB" */
	struct stats_amount amount; /* bytes */
	uint64_t failures;
};

struct stats {
	struct stats_memory memory;
	struct stats_cpu cpu;
	struct stats_amount pids;
	struct stats_io io;
	struct stats_pages pages[STATS_PAGES_MAX];
	size_t page_count;
};

/* Reads all of it; an error means that the cgroup is gone. */
int stats_read(int cgroup_dir_fd, struct stats *out, struct error *err);

#endif
