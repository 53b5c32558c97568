/* SPDX-License-Identifier: MIT */
/*
 * cgroup - a container's folder in cgroupfs v2
 *
 * Kernel Documentation/admin-guide/cgroup-v2.rst. Paths are relative to the
 * folder of all workloads: "web/1". Folders in between only carry controllers.
 */
#ifndef TARE_RUN_CGROUP_H
#define TARE_RUN_CGROUP_H

#include <stdint.h>

struct error;
struct oci_resources;

/*
 * Makes the cgroup with its limits and returns a descriptor of its folder.
 * One of that name which is empty is replaced; one with processes is -EBUSY.
 * A limit whose controller the kernel does not offer here is -EOPNOTSUPP.
 * When it fails nothing stays behind.
 */
int cgroup_create(int workloads_fd, const char *path,
	const struct oci_resources *resources, struct error *err);

/*
 * Removes the cgroup with those that the container made in it, and the folder
 * above it when nothing else is there. -EBUSY while a process is left; one
 * that is not there is fine.
 */
int cgroup_remove(int workloads_fd, const char *path, struct error *err);

/* Kills every process in it and below (cgroup.kill). */
int cgroup_kill(int dir_fd, struct error *err);

/* Waits until no process is left; -ETIMEDOUT after timeout_ms. */
int cgroup_wait_empty(int dir_fd, unsigned int timeout_ms);

/*
 * Reads a number from file: the first one, or the one after key when key is
 * not NULL (memory.events, cpu.stat). 0 when that cannot be read.
 */
uint64_t cgroup_read(int dir_fd, const char *file, const char *key);

#endif
