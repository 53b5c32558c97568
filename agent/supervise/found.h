/* SPDX-License-Identifier: MIT */
/*
 * found - processes of workloads as cgroupfs and /proc have them
 *
 * What the store (keep.h) has lost is found again: a cgroup "NAME@1" with
 * processes is a container of the service NAME. Its first process is the one
 * that is number 1 in the pid namespace made for it, else the oldest. Its output
 * is read again only if that is a pipe.
 */
#ifndef TARE_SUPERVISE_FOUND_H
#define TARE_SUPERVISE_FOUND_H

#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

struct error;

struct found {
	char service[80];
	char cgroup[256]; /* below the workloads' */
	pid_t pid;        /* 0: no process of it could be had */
	int pid_fd;
	uint64_t start_ticks;
	uint32_t first_id; /* what its id 0 is on the machine */
	int outputs[2];    /* read ends of its stdout and stderr, or -1 */
};

/* Called for each; takes the descriptors over. */
typedef void found_fn(void *context, struct found *found);

/* Whether a container's cgroup is known: it is not even opened then. */
typedef bool found_is_known_fn(void *context, const char *cgroup);

/* Visits all below workloads_fd that have processes and are not known. */
int found_search(int workloads_fd, found_is_known_fn *is_known, found_fn *visit,
	void *context, struct error *err);

/* Field 22 of /proc/PID/stat, 0 when there is no such process. */
uint64_t found_start_ticks(pid_t pid);

/* Whether the process runs another program than we do; false: it is gone. */
bool found_has_executed(pid_t pid);

/* The process of a pidfd; -1: it was reaped, 0: it is no pidfd. */
pid_t found_process(int pid_fd);

/*
 * The inode of a pidfd, which no other process has before the next boot (pidfs,
 * Linux 6.9); 0: it is no descriptor. To ask for it takes a twentieth of what
 * found_process does.
 */
uint64_t found_inode(int pid_fd);

#endif
