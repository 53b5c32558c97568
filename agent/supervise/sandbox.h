/* SPDX-License-Identifier: MIT */
/*
 * sandbox - what surrounds a workload's process, as the OCI says it
 *
 * Pure: the keys of a service that isolate it become namespaces, id mappings,
 * Docker's standard mounts, devices, limits, rights. What is opened for it
 * (its root, volumes, profile) is the business of launch.h.
 */
#ifndef TARE_SUPERVISE_SANDBOX_H
#define TARE_SUPERVISE_SANDBOX_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

struct arena;
struct error;
struct nodes;
struct oci_mount;
struct oci_spec;
struct service;
struct volume_mount;

#define SANDBOX_SHM "/dev/shm"

struct sandbox_source {
	const struct service *service;
	const struct nodes *nodes;
	uint64_t machine_memory_bytes;
	/* its users are 65,536 host ids from here on; 0, or when the service
	 * says so: those of the machine */
	uint32_t first_id;
	pid_t pid_of; /* processes of those whose namespaces it shares, */
	pid_t ipc_of; /* 0 where it shares none */
	pid_t network_of;
	pid_t users_of;
};

/*
 * Fills out but for root, mounts, hooks, seccomp and who runs what. All is in
 * the arena or belongs to source.
 */
int sandbox_fill(const struct sandbox_source *source, struct arena *arena,
	struct oci_spec *out, struct error *err);

/*
 * Puts the standard mounts into mounts, which has room for DOCKER_MOUNT_COUNT;
 * one that a volume takes the place of gives way, and a shared /dev/shm is left
 * to who opens it.
 */
int sandbox_mounts(const struct service *service, struct arena *arena,
	struct oci_mount *mounts, size_t *count, struct error *err);

/* Whether its /dev/shm is one that several services have (shm.h). */
bool sandbox_shares_shm(const struct service *service);

/* A tmpfs that the service declares. -ENOMEM when the arena is full. */
int sandbox_tmpfs(const struct volume_mount *mount, struct arena *arena,
	struct oci_mount *out);

/* The end of the name of a container's cgroup; no service nor cgroup_parent has
 * such a name. A folder for each service above it would cost a memory cgroup
 * more, and the kernel keeps a list of all superblocks for each of those. */
#define SANDBOX_CGROUP_END "@1"

/* "web@1" or "parent/web@1": the cgroup below that of all workloads. */
void sandbox_cgroup(const struct service *service, char *out, size_t size);

#endif
