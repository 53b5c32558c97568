/* SPDX-License-Identifier: MIT */
/*
 * container - a process in namespaces, a cgroup and a root of its own
 *
 * container_create makes a plan from the spec (pure, plan.h); a child made by
 * clone3(2) with all namespaces at once, straight in its cgroup, waits until
 * its parent has mapped its ids and set its limits, and then executes the
 * steps in one loop up to execve(2). The child's error reaches the caller
 * whole. container_clear undoes a container in any half-built state.
 */
#ifndef TARE_RUN_CONTAINER_H
#define TARE_RUN_CONTAINER_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

struct error;
struct oci_process;
struct oci_spec;

/*
 * A zeroed struct with descriptors -1 (CONTAINER_NONE) is no container. Who
 * finds a container that another process made fills pid, pid_fd, cgroup and
 * cgroup_dir_fd (each may be missing) and uses the functions below.
 */
struct container {
	pid_t pid; /* in our pid namespace; 0: none, or reaped */
	int pid_fd;
	int stdin_fd;  /* write end, or -1 */
	int stdout_fd; /* read ends, non-blocking, or -1 */
	int stderr_fd;
	int terminal_fd; /* the pty's master when it has a terminal, or -1 */
	int listener_fd; /* seccomp's, when the filter has one, or -1 */
	int cgroup_dir_fd;
	char cgroup[256];    /* path below cgroup_root_fd; "": none */
	bool prunes_cgroups; /* empty ones above it go with it */
};

#define CONTAINER_NONE               \
	((struct container){         \
		.pid_fd = -1,        \
		.stdin_fd = -1,      \
		.stdout_fd = -1,     \
		.stderr_fd = -1,     \
		.terminal_fd = -1,   \
		.listener_fd = -1,   \
		.cgroup_dir_fd = -1, \
	})

/* Where 0, 1 and 2 of a process without a terminal go. */
enum container_io {
	CONTAINER_IO_PIPES,   /* /dev/null (or a pipe), and two pipes */
	CONTAINER_IO_INHERIT, /* to what the caller has there */
};

struct container_request {
	const struct oci_spec *spec;
	int cgroup_root_fd;  /* -1: no cgroup is made or joined */
	const char *cgroup;  /* path below it: "web@1" */
	bool prunes_cgroups; /* above it, when they are empty */
	int filter_cache_fd; /* seccomp_cache_open; 0 or -1: none */
	enum container_io io;
	bool keeps_stdin_open;     /* CONTAINER_IO_PIPES: 0 is a pipe as well */
	unsigned int preserve_fds; /* so many from 3 on stay open */
	bool no_pivot;
	bool no_new_keyring;
	/*
	 * A detached mount of a file that is not needed any more once the
	 * process executes its program, or 0. It goes with the old root:
	 * closing it would wait for the kernel.
	 */
	int spent_mount_fd;
	/*
	 * A listening AF_UNIX SOCK_SEQPACKET socket: the process waits there
	 * for container_start, before its startContainer hooks and before it
	 * gives up its rights. 0 or -1: it goes on at once.
	 */
	int start_fd;
	/*
	 * May be NULL. Called when the process and its namespaces are there,
	 * with maps, limits and out-of-memory score, and before its root is
	 * its own: to keep descriptors, write states, run prestart and
	 * createRuntime hooks. An error ends the container and is passed on.
	 */
	int (*on_created)(void *context, const struct container *container,
		struct error *err);
	/*
	 * The container's state as JSON, in memory that the engine frees, for
	 * the hooks that the process runs itself (createContainer,
	 * startContainer). Called after on_created; NULL without such hooks.
	 */
	char *(*describe)(void *context, bool is_created);
	void *context;
};

/*
 * Makes the container of spec. spec->root_fd is used up and may be closed. When
 * it returns 0 the program has been executed, or waits for container_start; it
 * waits at most 10 s for that (besides on_created and hooks). *out must be none
 * before; on error it is none again and nothing is left. The caller has
 * descriptors 0 to 2 open, has one thread, and does not ignore SIGCHLD.
 *
 * Errors name the step: "mount 'proc' at '/proc': ...", "execute
 * '/bin/nginx': No such file or directory". -ENOENT and -EACCES of execve are
 * passed on as such (Docker's 127 and 126).
 */
int container_create(const struct container_request *request,
	struct container *out, struct error *err);

/*
 * The other side of start_fd, from any process: socket_fd is connected to it.
 * 0 when the program was executed; else what the process said. *listener_fd
 * (may be NULL) gets the descriptor of the seccomp listener, or -1.
 */
int container_start(int socket_fd, int *listener_fd, struct error *err);

/* One more process in a container that runs. */
struct container_exec_request {
	const struct container *container; /* pid and pid_fd of its first
					      process, cgroup_dir_fd or -1 */
	const struct oci_spec *spec;       /* of the container */
	const struct oci_process *process; /* has_capabilities false: the
					      container's */
	int cgroup_fd;       /* below the container's; 0 or -1: that itself */
	int filter_cache_fd; /* as above */
	enum container_io io;
	bool keeps_stdin_open;
	unsigned int preserve_fds;
};

/*
 * *out gets the new process; it has no cgroup of its own, so container_clear
 * ends only this process: who wants to end what it starts, too, makes one for
 * it. Returns as container_create does.
 */
int container_exec(const struct container_exec_request *request,
	struct container *out, struct error *err);

struct container_usage {
	uint64_t memory_bytes;
	uint64_t cpu_us;
	uint64_t pids;
	uint64_t oom_kills;
};

/* Sends a signal to the container's first process. */
int container_signal(const struct container *container, int signal,
	struct error *err);

/* Kills every process in the container's cgroup (cgroup.kill). */
int container_kill(const struct container *container, struct error *err);

/* Stops or continues every process in the container's cgroup, and waits. */
int container_freeze(const struct container *container, bool is_frozen,
	struct error *err);

/*
 * Reaps the first process once pid_fd is readable. Returns its exit code as a
 * shell counts it (128 + n for signal n), or -EAGAIN when it still runs;
 * -ECHILD when it is not a child of the caller.
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
int container_clear(struct container *container, int cgroup_root_fd,
	struct error *err);

#endif
