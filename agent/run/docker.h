/* SPDX-License-Identifier: MIT */
/*
 * docker - what Docker gives a container by default
 *
 * The facts are those of moby's oci/defaults.go. Capabilities are sets of
 * bits; bit n is capability n of capabilities(7).
 */
#ifndef TARE_RUN_DOCKER_H
#define TARE_RUN_DOCKER_H

#include <stddef.h>
#include <stdint.h>

#include "run/oci.h"

enum docker_limit {
	DOCKER_MOUNT_COUNT = 7,
};

/*
 * Paths that are hidden, and those that are read-only. A '*' stands for the
 * numbers from 0 on, as long as there are.
 */
extern const char *const docker_masked_paths[];
extern const char *const docker_readonly_paths[];

/* In order: /proc, /dev and what is in it, /sys, /sys/fs/cgroup. */
extern const struct oci_mount docker_mounts[DOCKER_MOUNT_COUNT];

/* The 14 that a container has. */
uint64_t docker_capabilities(void);

/* All that this version knows, for privileged containers. */
uint64_t docker_all_capabilities(void);

/*
 * The bit number of "NET_ADMIN" or "CAP_NET_ADMIN" in either case, or -EINVAL.
 */
int docker_capability_from_name(const char *name);

#endif
