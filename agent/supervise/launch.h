/* SPDX-License-Identifier: MIT */
/*
 * launch - from a service and its OCI image to a container that can start
 *
 * process.h says what runs; folders.h makes what must be on disk before it
 * does; here the two come together with the container root and its mounts.
 */
#ifndef TARE_SUPERVISE_LAUNCH_H
#define TARE_SUPERVISE_LAUNCH_H

#include <stddef.h>
#include <stdint.h>

#include "lib/arena.h"
#include "run/docker.h"
#include "run/oci.h"
#include "run/root.h"

struct error;
struct image;
struct places;
struct service;

enum launch_limit {
	LAUNCH_MOUNTS_MAX = 64 + DOCKER_MOUNT_COUNT,
	LAUNCH_NOFILE_SOFT = 1024,
	LAUNCH_NOFILE_HARD = 524288,
};

struct launch {
	struct arena arena;
	struct oci_spec spec;
	struct oci_mount mounts[LAUNCH_MOUNTS_MAX];
	struct oci_rlimit rlimits[1];
	struct root_user user;
	char cgroup[80];
};

/*
 * Makes ready what the container needs, in launch, which need not be
 * initialised. On error nothing is held. folders_are_made must be true.
 */
int launch_prepare(const struct places *places, const struct service *service,
	const struct image *image, struct launch *launch, struct error *err);

/* Closes and frees all that launch_prepare holds. */
void launch_clear(struct launch *launch);

#endif
