/* SPDX-License-Identifier: MIT */
/*
 * plan - what is to be done to turn a new process into a container
 *
 * Deciding is here and pure: a spec becomes a list of steps that can be
 * printed. Doing is in step.h. The order is the order of safety: file systems
 * are made while the old root is visible, as the kernel wants in a user
 * namespace, but only below the descriptor of the container root; then that
 * becomes "/", so that no path can name anything of the host; the process
 * gives up its rights last.
 */
#ifndef TARE_RUN_PLAN_H
#define TARE_RUN_PLAN_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct error;
struct oci_device;
struct oci_mount;
struct oci_process;
struct oci_spec;
struct text;

enum plan_limit {
	PLAN_STEPS_MAX = 1024,
};

enum step_kind {
	/* of the maker, while the new process waits */
	STEP_ID_MAPS,
	STEP_IDMAP,  /* of bind mount number index */
	STEP_RLIMIT, /* number index of the spec */
	STEP_OOM_SCORE,
	STEP_NET_DEVICES,
	STEP_CREATED, /* the caller is told */

	STEP_GO,      /* all that follow are the new process's */
	STEP_AWAIT,   /* that word */
	STEP_PROCESS, /* session, signals, descriptors */
	STEP_TIME_NAMESPACE,
	STEP_BECOME_ROOT,      /* in a user namespace */
	STEP_CGROUP_NAMESPACE, /* not in clone3: it would show the parent's */

	/* the old root is "/" */
	STEP_PROPAGATION, /* nothing mounted here is seen elsewhere */
	STEP_ATTACH_ROOT, /* over path, or over the old "/" */
	STEP_MOUNT,       /* a new file system, or one made ready */
	STEP_BIND,        /* mount number index of the spec */
	STEP_REMOUNT,     /* other attributes for what is there */
	STEP_DEVICES,     /* opens the folder of the next four */
	STEP_NODE,        /* one of the devices every container has */
	STEP_HOST_NODES,  /* all devices of the host */
	STEP_LINK,        /* path is a link to name */
	STEP_DEVICE,      /* one of the spec's own */
	STEP_TERMINAL,
	STEP_CONSOLE, /* the terminal at path */
	STEP_HOOKS,   /* of kind index, as the spec names them */
	STEP_PIVOT,   /* the old "/" goes away */

	/* the container root is "/" */
	STEP_OPEN_ROOT, /* of a container that runs already */
	STEP_LOOPBACK,
	STEP_HOSTNAME,
	STEP_DOMAINNAME,
	STEP_SYSCTL, /* number index of the spec */
	STEP_READONLY_PATH,
	STEP_MASK,
	STEP_CWD,
	STEP_READONLY_ROOT,
	STEP_ROOT_PROPAGATION,
	STEP_KEYRING,
	STEP_PERSONALITY,
	STEP_MEMORY_POLICY,
	STEP_IO_PRIORITY,
	STEP_SCHEDULER,
	STEP_AFFINITY, /* the processors in name */
	STEP_HIDE,     /* from processes with the same rights */
	STEP_LOOK_UP,  /* the program, while the maker still listens */
	STEP_WAIT,     /* for container_start */
	STEP_STDIO,
	STEP_FILES, /* how many may be open; number index of the spec */
	STEP_APPARMOR,
	STEP_SELINUX,
	STEP_SECCOMP,
	STEP_BOUNDING_SET,
	STEP_USER,
	STEP_CAPABILITIES,
	STEP_NO_NEW_PRIVILEGES,
	STEP_EXECUTE,
};

/* What a kind does not need is 0. Everything pointed to is the spec's. */
struct step {
	enum step_kind kind;
	const char *path;
	const char *name;
	bool allows_links; /* of the image, in path */
	size_t index;
	uint64_t flags; /* MS_* of propagation */
	const struct oci_mount *mount;
	const struct oci_device *device;
};

struct plan {
	struct step steps[PLAN_STEPS_MAX];
	size_t count;
	bool is_full; /* something did not fit */
};

/* How a container is started, besides its spec. */
struct plan_options {
	bool no_pivot;
	bool no_new_keyring;
	bool waits; /* for container_start */
};

/* -EINVAL: the spec asks for something that makes no sense or is unsafe. */
int plan_make(const struct oci_spec *spec, const struct plan_options *options,
	struct plan *plan, struct error *err);

/*
 * For a process more in a container that runs; spec is the container's. Nothing
 * is mounted.
 */
int plan_make_exec(const struct oci_spec *spec,
	const struct oci_process *process, struct plan *plan,
	struct error *err);

/* The checks of plan_make; -EINVAL with the reason. */
int plan_check(const struct oci_spec *spec, struct error *err);

int plan_check_process(const struct oci_process *process, struct error *err);

/*
 * True when what the spec mounts there must come ready from the maker: in a
 * user namespace the kernel would not make it, or not as it is wanted.
 */
bool plan_needs_maker(const struct oci_spec *spec,
	const struct oci_mount *mount);

/* Is path that folder, or below it? By its text. */
bool plan_is_below(const char *path, const char *folder);

/* Says what the step does, as an error begins: "mount 'proc' at '/proc'". */
void plan_describe_step(const struct step *step, struct text *out);

/* One step in a line, with all that it will do. */
void plan_print_step(const struct step *step, struct text *out);

/* All steps. */
void plan_print(const struct plan *plan, struct text *out);

#endif
