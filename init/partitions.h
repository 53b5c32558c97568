/* SPDX-License-Identifier: MIT */
/*
 * partitions - our partitions, found by their GPT labels in /sys.
 *
 * All of them come from one disk. If several disks carry our labels, the one
 * with most of them wins, then the first by name: vda, vdb, ..., vdaa.
 */
#ifndef INIT_PARTITIONS_H
#define INIT_PARTITIONS_H

#include <stdbool.h>
#include <stddef.h>

#define PARTITION_NAME_MAX 32

/* the kernel's names, "vda" and "vda4"; empty when there is none */
struct partitions {
	char disk[PARTITION_NAME_MAX];
	char config[PARTITION_NAME_MAX];
	char data[PARTITION_NAME_MAX];
	bool has_rivals; /* more than one disk carries our labels */
};

/* where the kernel lists block devices; tests have their own */
extern const char *partitions_sysfs;

/* look for them; while there are none, wait for the kernel to announce a disk,
 * at most wait_ms, and while only the data partition lacks, half a second at
 * most; false when none came */
bool partitions_find(struct partitions *found, int wait_ms);

/* the names of whole disks, for a search of another kind; at most max of them,
 * returns how many */
size_t partitions_disks(char names[][PARTITION_NAME_MAX], size_t max);

/* true if name comes before other: shorter first, then by letters */
bool partitions_name_precedes(const char *name, const char *other);

#endif
