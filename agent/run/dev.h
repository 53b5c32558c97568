/* SPDX-License-Identifier: MIT */
/*
 * dev - the devices and links in a container's /dev
 *
 * The folder is opened below the container root without following a link, and
 * nothing in it is believed: what has the name of a device must be it. Where
 * mknod(2) is not allowed, as in a user namespace, the host's node of that name
 * and number is mounted on a file.
 */
#ifndef TARE_RUN_DEV_H
#define TARE_RUN_DEV_H

struct error;
struct oci_mount;
struct oci_spec;
struct stage;
struct step;

/*
 * A container's /dev as its maker makes it for a user namespace, in which
 * nobody may make devices: a detached mount whose nodes belong to the
 * container's users. -EPERM: the maker may not either.
 */
int dev_make_folder(const struct oci_spec *spec, const struct oci_mount *mount,
	struct error *err);

/* The steps of a plan for /dev. */
int dev_open(struct stage *stage, const struct step *step, struct error *err);
int dev_make_node(struct stage *stage, const struct step *step,
	struct error *err);
int dev_copy_host(struct stage *stage, const struct step *step,
	struct error *err);
int dev_make_link(struct stage *stage, const struct step *step,
	struct error *err);

/* A device of the spec, wherever it wants it. */
int dev_make_device(struct stage *stage, const struct step *step,
	struct error *err);

#endif
