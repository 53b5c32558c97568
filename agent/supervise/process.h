/* SPDX-License-Identifier: MIT */
/*
 * process - what a workload's process is: arguments, variables, rights
 *
 * Pure: a service of the config and what its OCI image says of itself go in.
 */
#ifndef TARE_SUPERVISE_PROCESS_H
#define TARE_SUPERVISE_PROCESS_H

#include <stdint.h>

struct arena;
struct error;
struct image;
struct service;

#define PROCESS_REAPER "/sbin/reaper" /* in the container */

/*
 * ENTRYPOINT and CMD as Docker combines them: a service's entrypoint drops the
 * image's command, and 'init: true' puts our own program before all.
 * NULL-terminated; -EINVAL when there is nothing to run.
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

/* The number of "SIGQUIT", "QUIT" or "3"; 0 when it is none. */
int process_signal(const char *name);

/* "KILL" for 9; NULL for a number without a name. */
const char *process_signal_name(int number);

#endif
