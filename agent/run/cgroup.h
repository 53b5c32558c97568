/* SPDX-License-Identifier: MIT */
/*
 * cgroup - a container's folder in cgroupfs v2
 *
 * Kernel Documentation/admin-guide/cgroup-v2.rst. Paths are relative to a
 * folder that root_fd is open on: "web/1". Folders in between have no process
 * and hand controllers down; what limits there are is the business of limits.h.
 */
#ifndef TARE_RUN_CGROUP_H
#define TARE_RUN_CGROUP_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

#define CGROUP_PATH_SIZE 256 /* with the terminator */

struct error;

/*
 * Makes the cgroup and returns a descriptor of its folder. One of that name
 * which is empty is replaced, so that counters start at 0; one with processes
 * is -EBUSY. Parents that are missing are made, with all the controllers that
 * there are for their children.
 */
int cgroup_make(int root_fd, const char *path, struct error *err);

/* A descriptor of the folder of one that is there. */
int cgroup_open(int root_fd, const char *path, struct error *err);

/*
 * Removes the cgroup with those that the container made in it. -EBUSY while a
 * process is left; one that is not there is fine.
 */
int cgroup_remove(int root_fd, const char *path, struct error *err);

/* Removes the folders above it up to the first in which something is. */
int cgroup_prune(int root_fd, const char *path, struct error *err);

/*
 * Lets dir_fd's children have a controller ("memory"), from as far above as it
 * takes. -EOPNOTSUPP when the kernel does not offer it in this hierarchy.
 */
int cgroup_hand_down(int dir_fd, const char *controller, struct error *err);

/* Kills every process in it and below (cgroup.kill). */
int cgroup_kill(int dir_fd, struct error *err);

/*
 * Freezes or thaws every process in it and below and waits until that is so;
 * -ETIMEDOUT after timeout_ms (a process in a system call that cannot be
 * interrupted), then it is thawed again.
 */
int cgroup_freeze(int dir_fd, bool freeze, unsigned int timeout_ms,
	struct error *err);

/* Waits until no process is left; -ETIMEDOUT after timeout_ms. */
int cgroup_wait_empty(int dir_fd, unsigned int timeout_ms);

/*
 * Fills out with the processes in it and below, as our pid namespace numbers
 * them. Returns how many there are, which may be more than max.
 */
int cgroup_processes(int dir_fd, pid_t *out, size_t max, struct error *err);

/*
 * A descriptor of the cgroup in which a process is, which is this one or below
 * it: where controllers were handed on, the one above takes no process more.
 */
int cgroup_open_process(int dir_fd, pid_t pid, struct error *err);

/*
 * Reads a number from file: the first one, or the one after key when key is
 * not NULL (memory.events, cpu.stat). 0 when that cannot be read.
 */
uint64_t cgroup_read(int dir_fd, const char *file, const char *key);

/*
 * A descriptor of "memory.events" or "cgroup.events" that polls POLLPRI when
 * a number in the file has changed since it was last read, or -errno.
 */
int cgroup_watch(int dir_fd, const char *file);

/* The number after key in a file from cgroup_watch; 0 when it has none. */
uint64_t cgroup_watch_read(int fd, const char *key);

#endif
