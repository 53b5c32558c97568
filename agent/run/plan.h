/* SPDX-License-Identifier: MIT */
/*
 * plan - what is to be done to turn a new process into a container
 *
 * Deciding is here and pure: a spec becomes a list of steps that can be
 * printed. Doing is in step.h. The order is the order of safety: first the
 * container root becomes "/", so that no path can name anything of the host;
 * the process gives up its rights last.
 */
#ifndef TARE_RUN_PLAN_H
#define TARE_RUN_PLAN_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct error;
struct oci_spec;
struct text;

enum plan_limit {
	PLAN_STEPS_MAX = 224,
	PLAN_OPTIONS_MAX = 64,
};

enum step_kind {
	STEP_PROCESS,          /* session, signals, descriptors */
	STEP_PRIVATE_MOUNTS,   /* nothing mounted here is seen elsewhere */
	STEP_ATTACH_ROOT,      /* over the old "/" */
	STEP_PIVOT,            /* the old "/" goes away */
	STEP_CGROUP_NAMESPACE, /* not in clone3: it would show the parent's */
	STEP_MOUNT,            /* a new file system of type name */
	STEP_NODE,             /* a character device */
	STEP_HOST_NODES,       /* all devices of the host */
	STEP_LINK,             /* path is a link to name */
	STEP_BIND,             /* mount number index of the spec */
	STEP_READONLY_PATH,
	STEP_MASK,
	STEP_READONLY_ROOT,
	STEP_HOSTNAME,
	STEP_OOM_SCORE,
	STEP_RLIMIT, /* number index of the spec */
	STEP_KEYRING,
	STEP_CWD,
	STEP_STDIO,
	STEP_SECCOMP,
	STEP_BOUNDING_SET,
	STEP_USER,
	STEP_CAPABILITIES,
	STEP_NO_NEW_PRIVILEGES,
	STEP_EXECUTE,
};

/* What a kind does not need is 0. Texts belong to the spec or are constant. */
struct step {
	enum step_kind kind;
	uint32_t mode;
	bool allows_links; /* of the image, in path */
	const char *path;
	const char *name;
	uint64_t attributes; /* MOUNT_ATTR_* of mount_setattr(2) */
	uint32_t major;
	uint32_t minor;
	size_t index;
	char options[PLAN_OPTIONS_MAX]; /* of the file system: "a=b,c=d" */
};

struct plan {
	struct step steps[PLAN_STEPS_MAX];
	size_t count;
};

/* -EINVAL: the spec asks for something that makes no sense or is unsafe. */
int plan_make(const struct oci_spec *spec, struct plan *plan,
	struct error *err);

/* Says what the step does, as an error begins: "mount 'proc' at '/proc'". */
void plan_describe_step(const struct step *step, struct text *out);

/* All steps, one a line, with all that they will do. */
void plan_print(const struct plan *plan, struct text *out);

#endif
