/* SPDX-License-Identifier: MIT */
/*
 * join - a process in namespaces that are there already
 *
 * A program that joins a namespace itself cannot always come back, so a
 * process made for it does: it shares our memory and our descriptors, enters
 * one namespace after the other (setns(2)), makes the wanted process with
 * clone3(2) as our child (CLONE_PARENT) and ends, while we wait (CLONE_VFORK).
 * It costs no copy of our memory; only a time namespace does, which the kernel
 * lets no process enter that shares its memory (time_namespaces(7)). The cgroup
 * namespace is joined by the new process itself: one that is in it may not be
 * put into a cgroup from outside (nsdelegate, cgroups(7)).
 *
 * Nothing in a joined namespace may look into the new process, which still has
 * a copy of our memory and our descriptors (CVE-2016-9962): it is born not
 * dumpable (PR_SET_DUMPABLE), which only execve(2) ends.
 */
#ifndef TARE_RUN_JOIN_H
#define TARE_RUN_JOIN_H

#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

#include "run/oci.h"

struct clone_args;
struct error;

struct join {
	int fds[OCI_NAMESPACE_COUNT]; /* of nsfs; -1: not joined */
	int pid_fd;                   /* and flags of this process; not owned */
	uint64_t flags; /* CLONE_NEW*, but the cgroup namespace is in fds */
};

#define JOIN_NONE                                                  \
	((struct join){ .fds = { -1, -1, -1, -1, -1, -1, -1, -1 }, \
		.pid_fd = -1 })

/*
 * Opens the namespaces of spec that have a path (config-linux.md, namespaces).
 * One that we are in already is left out. -EINVAL: what is there is not a
 * namespace of that kind. On error *out is JOIN_NONE again.
 */
int join_open(const struct oci_spec *spec, struct join *out, struct error *err);

/*
 * For a process more in a container: all namespaces of the process pid that
 * are not ours. pid_fd, which stays the caller's, is that process, so that
 * another one with the same number is not taken for it. -ESRCH: it ended.
 */
int join_open_process(int pid_fd, pid_t pid, struct join *out,
	struct error *err);

/* True when path is the namespace of this kind that we are in ourselves. */
bool join_is_ours(enum oci_namespace_kind kind, const char *path);

/* True when there is nothing to join: clone3(2) itself does. */
bool join_is_empty(const struct join *join);

/*
 * Makes a process in the joined namespaces, as clone3(args) would: args->flags
 * may have new namespaces, CLONE_PIDFD, CLONE_INTO_CGROUP and
 * CLONE_CLEAR_SIGHAND; the exit signal is SIGCHLD. Returns its pid; it is a
 * child of the caller. The new process has a copy of the caller's memory and
 * the caller's signal mask, and runs run(context), which does not return. In a
 * joined user namespace it has all capabilities, and the uid of the caller
 * until it takes another. The caller has one thread.
 *
 * Errors: "join the network namespace: Operation not permitted", "make the
 * container's process: ...".
 */
pid_t join_clone(const struct join *join, struct clone_args *args,
	void (*run)(void *context), void *context, struct error *err);

void join_clear(struct join *join);

/*
 * Runs work(context) in the namespace at fd, of the kind that flag says
 * (CLONE_NEWNET ...), in a process that shares our memory and our descriptors:
 * what it opens, we have. Returns what it returned, or -errno.
 */
int join_visit(int fd, int flag, int (*work)(void *context), void *context);

/*
 * Moves the calling process, which shares its memory with nobody, into a new
 * time namespace whose clocks are ahead by these offsets (linux.timeOffsets).
 * proc_fd is a procfs that shows the process. In a new user namespace, call it
 * before setresuid(2): then the process's files there are no longer its own.
 */
int join_new_time(int proc_fd, const struct oci_time_offset *monotonic,
	const struct oci_time_offset *boottime, struct error *err);

#endif
