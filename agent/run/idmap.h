/* SPDX-License-Identifier: MIT */
/*
 * idmap - ids of a user namespace and those of the host
 *
 * user_namespaces(7), and mount_setattr(2) for mounts that show files with
 * other owners than they have on disk.
 */
#ifndef TARE_RUN_IDMAP_H
#define TARE_RUN_IDMAP_H

#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

struct error;
struct oci_id_mappings;

/* The host's id of a container's; false: it has none. No mapping: the same. */
bool idmap_to_host(const struct oci_id_mappings *mappings, uint32_t id,
	uint32_t *out);

/*
 * Gives the new user namespace of process pid its mappings. Who has no right
 * to map more than himself gives up setgroups(2) for it, as the kernel wants.
 */
int idmap_write(pid_t pid, const struct oci_id_mappings *uids,
	const struct oci_id_mappings *gids, struct error *err);

/*
 * A descriptor of a user namespace with these mappings, for mounts. It takes a
 * process that lives for a moment, and may be kept as long as one likes.
 */
int idmap_open(const struct oci_id_mappings *uids,
	const struct oci_id_mappings *gids, struct error *err);

/* The user namespace of process pid. */
int idmap_open_process(pid_t pid, struct error *err);

/*
 * A detached mount (open_tree(2)) shows its files with the ids that they have
 * in a user namespace: what is 0 on disk belongs to its root. flags:
 * AT_RECURSIVE. -EINVAL: the file system cannot do that.
 */
int idmap_apply(int mount_fd, int user_namespace_fd, unsigned int flags);

#endif
