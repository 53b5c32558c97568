/* SPDX-License-Identifier: MIT */
/*
 * launch - from a service and its OCI image to a container that can start
 *
 * sandbox.h says what surrounds the process, process.h what runs; folders.h
 * makes what must be on disk before it does; here all comes together with the
 * container root and its mounts.
 */
#ifndef TARE_SUPERVISE_LAUNCH_H
#define TARE_SUPERVISE_LAUNCH_H

#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

#include "lib/arena.h"
#include "run/docker.h"
#include "run/oci.h"
#include "run/root.h"
#include "supervise/etc.h"

struct error;
struct image;
struct places;
struct service;

enum launch_limit {
	/* Docker's, a service's own, /etc files, the reaper */
	LAUNCH_MOUNTS_MAX = DOCKER_MOUNT_COUNT + 128 + 4,
};

struct launch_request {
	const struct places *places;
	const struct service *service;
	const struct image *image;
	/*
	 * The first of the 65,536 host ids (range.h) that its users are: its
	 * own, or those of the service that service->users_of names. 0, or
	 * when has_host_users: the machine's.
	 */
	uint32_t first_id;
	/* The first process of another service, or 0: it does not run. */
	pid_t (*find_pid)(void *context, const char *service);
	void *context;
	struct etc_net net; /* what its networks make of its files */
	const char *reaper; /* NULL: the machine's */
};

struct launch {
	struct arena arena;
	struct oci_spec spec;
	struct oci_mount mounts[LAUNCH_MOUNTS_MAX];
	struct root_user user;
	int users_fd; /* a user namespace with its ids, or -1 */
	char cgroup[200];
};

/*
 * Makes ready what the container needs, in launch, which need not be
 * initialised. On error nothing is held. folders_are_made must be true.
 */
int launch_prepare(const struct launch_request *request, struct launch *launch,
	struct error *err);

/*
 * Makes ready what one more process of a container needs that runs, and whose
 * first process is pid: as its user, with its variables, folder, rights and
 * filter. process.args is the container's, for the caller to replace. Else as
 * above, but reads files of the container root, which may take time.
 */
int launch_prepare_exec(const struct launch_request *request, pid_t pid,
	struct launch *launch, struct error *err);

/* Closes and frees all that they hold. */
void launch_clear(struct launch *launch);

#endif
