/* SPDX-License-Identifier: MIT */
/*
 * place - which cgroup is a container's
 *
 * A path here is relative to the mount of cgroup2: /sys/fs/cgroup, or on a host
 * with controllers of both kinds /sys/fs/cgroup/unified.
 *
 *   linux.cgroupsPath     root                an ordinary user
 *   absent                tare-oci/ID         OWN/tare-oci/ID
 *   "/a/b"                a/b                 a/b
 *   "a/b"                 tare-oci/a/b        OWN/tare-oci/a/b
 *
 * OWN is the cgroup of the caller. Where none can be made, a container goes
 * without, unless it asks for limits.
 */
#ifndef TARE_OCI_PLACE_H
#define TARE_OCI_PLACE_H

#include <stdbool.h>
#include <stddef.h>

struct error;
struct oci_spec;

enum place_limit {
	PLACE_MAX = 256, /* as struct container has it */
};

struct place {
	int root_fd; /* the mount of cgroup2, or -1: no cgroup */
	char path[PLACE_MAX];
};

#define PLACE_NONE ((struct place){ .root_fd = -1 })

/*
 * Pure: the path by the table above; own is NULL for root. What is meant for
 * systemd ("slice:prefix:name") and what leads out (..) is an error.
 */
int place_choose(const char *cgroups_path, const char *id, const char *own,
	struct place *out, struct error *err);

/* The place of a new container; is_disabled: none is wanted. */
int place_open(const struct oci_spec *spec, const char *id, bool is_disabled,
	struct place *out, struct error *err);

/* The mount of cgroup2, or -errno. */
int place_open_root(void);

/* The folder of a cgroup that is there, or -errno. */
int place_open_path(const char *path);

/* Are all its processes frozen? */
bool place_is_frozen(const char *path);

void place_close(struct place *place);

#endif
