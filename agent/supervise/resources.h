/* SPDX-License-Identifier: MIT */
/*
 * resources - what a service may use, as linux.resources of the OCI
 *
 * Pure. What is declared, and safe limits for what is not: three quarters of
 * the machine's memory, 1,024 processes, Docker's devices.
 */
#ifndef TARE_SUPERVISE_RESOURCES_H
#define TARE_SUPERVISE_RESOURCES_H

#include <stddef.h>
#include <stdint.h>

struct arena;
struct error;
struct nodes;
struct oci_process;
struct oci_resources;
struct service;

enum resources_default {
	RESOURCES_PIDS = 1024,
	RESOURCES_NOFILE_SOFT = 1024,
	RESOURCES_NOFILE_HARD = 524288,
};

/* nodes: what the service's devices are, from nodes_find. */
int resources_fill(const struct service *service, const struct nodes *nodes,
	uint64_t machine_memory_bytes, struct arena *arena,
	struct oci_resources *out);

/* Limits of each process: rlimits and the out-of-memory score. */
int resources_fill_process(const struct service *service, struct arena *arena,
	struct oci_process *out);

#endif
