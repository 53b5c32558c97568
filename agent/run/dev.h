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
struct stage;
struct step;

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
