/* SPDX-License-Identifier: MIT */
/*
 * container - a process in namespaces, a cgroup and a root of its own
 *
 * container_start makes a plan from the spec (pure, plan.h), and a child made
 * by clone3(2) with all namespaces at once, straight in its cgroup, executes
 * the steps in one loop up to execve(2). The child's error reaches the caller
 * whole. container_clear undoes a container in any half-built state.
 */
#ifndef TARE_RUN_CONTAINER_H
#define TARE_RUN_CONTAINER_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

struct error;
struct oci_spec;

/* A zeroed struct with descriptors -1 (CONTAINER_NONE) is no container. */
struct container {
	pid_t pid; /* in our pid namespace; 0: none */
	int pid_fd;
	int stdout_fd; /* read ends, non-blocking */
	int stderr_fd;
	int cgroup_dir_fd; /* the container's own cgroup, or -1 */
	char cgroup[96];   /* its path below the workloads' cgroup */
};

#define CONTAINER_NONE               \
	((struct container){         \
		.pid_fd = -1,        \
		.stdout_fd = -1,     \
		.stderr_fd = -1,     \
		.cgroup_dir_fd = -1, \
	})

struct container_usage {
	uint64_t memory_bytes;
	uint64_t cpu_us;
	uint64_t pids;
	uint64_t oom_kills;
};

/*
 * Starts the process of spec. workloads_fd is the folder in cgroupfs below
 * which spec->cgroup is made; spec->root_fd is used up and may be closed. When
 * it returns 0 the program has been executed; it waits at most 10 s for that.
 * *out must be none before; on error it is none again and nothing is left. The
 * caller has descriptors 0 to 2 open, has one thread, and does not ignore
 * SIGCHLD.
 *
 * Errors name the step: "mount 'proc' at '/proc': ...", "execute
 * '/bin/nginx': No such file or directory". -ENOENT and -EACCES of execve are
 * passed on as such (Docker's 127 and 126).
 */
int container_start(const struct oci_spec *spec, int workloads_fd,
	struct container *out, struct error *err);

/* Sends a signal to the container's first process. */
int container_signal(const struct container *container, int signal,
	struct error *err);

/* Kills every process in the container's cgroup (cgroup.kill). */
int container_kill(const struct container *container, struct error *err);

/*
 * Reaps the first process once pid_fd is readable. Returns its exit code as a
 * shell counts it (128 + n for signal n), or -EAGAIN when it still runs.
 */
int container_reap(struct container *container, struct error *err);

/* Reads what the container uses now; what cannot be read is 0. */
void container_usage(const struct container *container,
	struct container_usage *out);

/*
 * Kills what is left, removes the cgroup and closes everything; accepts a
 * half-built or empty struct and leaves CONTAINER_NONE. It waits at most 1 s.
 * An error means that something still lives there; the struct keeps what is
 * needed to call again.
 */
int container_clear(struct container *container, int workloads_fd,
	struct error *err);

#endif
