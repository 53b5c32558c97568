/* SPDX-License-Identifier: MIT */
/*
 * process - what a workload's process is: arguments, variables, rights, limits
 *
 * Pure: a service of the config and what its OCI image says of itself go in.
 */
#ifndef TARE_SUPERVISE_PROCESS_H
#define TARE_SUPERVISE_PROCESS_H

#include <stdint.h>

#include "run/oci.h"

struct arena;
struct error;
struct image;
struct service;

enum process_default {
	PROCESS_PIDS = 1024, /* processes, when pids_limit is not declared */
};

/*
 * ENTRYPOINT and CMD as Docker combines them: a service's entrypoint drops the
 * image's command. NULL-terminated; -EINVAL when there is nothing to run.
 */
int process_arguments(const struct service *service, const struct image *image,
	struct arena *arena, const char *const **out, struct error *err);

/*
 * PATH, HOSTNAME and HOME, the image's variables, then the service's; of two
 * with one name the later counts. NULL-terminated; NULL: no memory.
 */
const char *const *process_environment(const struct service *service,
	const struct image *image, const char *home, struct arena *arena);

/* The set that the process and its children may have. */
uint64_t process_capabilities(const struct service *service);

/* Declared limits, and safe ones for what is not declared. */
struct oci_resources process_resources(const struct service *service,
	uint64_t machine_memory_bytes);

/* The number of "SIGQUIT", "QUIT" or "3"; 0 when it is none. */
int process_signal(const char *name);

/* "KILL" for 9; NULL for a number without a name. */
const char *process_signal_name(int number);

#endif
