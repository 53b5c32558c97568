/* SPDX-License-Identifier: MIT */
/*
 * state - what is known about a container that exists
 *
 * state.json has the members that runtime-spec's "State" has, and a few of
 * ours: rootfs, created, cgroup, pidStartTime. Its status is not written down
 * but found out: a process id together with the time at which that process
 * started names one process for as long as the machine is up, so that an id
 * used again is never taken for the container.
 */
#ifndef TARE_OCI_STATE_H
#define TARE_OCI_STATE_H

#include <stdbool.h>
#include <sys/types.h>

struct error;
struct json_t;
struct oci_spec;

enum state_status {
	STATE_CREATING,
	STATE_CREATED,
	STATE_RUNNING,
	STATE_PAUSED,
	STATE_STOPPED,
};

struct state {
	struct json_t *json; /* all strings here belong to it */
	const char *id;
	const char *bundle;
	const char *created;             /* RFC 3339 */
	const char *cgroup;              /* below the cgroup2 mount; "": none */
	unsigned long long cgroup_inode; /* 0: not known */
	pid_t pid;
	unsigned long long start_time;
};

/* A state with all members; the process exists. */
int state_create(struct state *state, const char *id, pid_t pid,
	const struct oci_spec *spec, const char *cgroup, struct error *err);

/* Another cgroup may have the same path later: this tells them apart. */
int state_note_cgroup(struct state *state, int cgroup_fd, struct error *err);
bool state_has_cgroup(const struct state *state, int cgroup_fd);

/* Writes state.json. */
int state_save(const struct state *state, int dir_fd, struct error *err);

/*
 * Reads state.json into a zeroed struct. -EINPROGRESS when the container is still
 * being created; damage is -EBADMSG and says how to get rid of it.
 */
int state_load(struct state *state, int dir_fd, struct error *err);

void state_clear(struct state *state);
#define auto_state __attribute__((cleanup(state_clear))) struct state

/* Is that very process there? A zombie is not; what cannot be told is. */
bool state_is_alive(const struct state *state);

/*
 * A descriptor of its process (pidfd_open(2)); -ESRCH when it ended, with the
 * words by which callers of a runtime know: "container not running".
 */
int state_open_process(const struct state *state, struct error *err);

enum state_status state_find_status(const struct state *state, int dir_fd);
const char *state_status_name(enum state_status status);

/*
 * The state as JSON for the caller to free, or NULL without memory: for hooks
 * exactly what the specification says, else also rootfs, created and owner.
 */
char *state_print(const struct state *state, enum state_status status,
	const char *owner);

#endif
