/* SPDX-License-Identifier: MIT */
/*
 * folders - what a workload has on disk: its container's folder, its volumes
 *
 * Below the data folder: containers/<service>/ with upper, work and the note
 * "image" that says which OCI image the upper layer belongs to, and
 * volumes/<name>/. To make them may take long: a new volume is filled from the
 * image, the upper layer of another image is removed. So that happens in a
 * child, and a look tells whether it must.
 */
#ifndef TARE_SUPERVISE_FOLDERS_H
#define TARE_SUPERVISE_FOLDERS_H

#include <stdbool.h>

struct error;
struct image;
struct places;
struct service;

#define FOLDERS_CONTAINERS "containers"
#define FOLDERS_VOLUMES    "volumes"

/* Whether all is there, for this image. Quick. */
bool folders_are_made(const struct places *places,
	const struct service *service, const struct image *image);

/*
 * Makes what is missing. A volume gets its name only when it is filled and
 * synced; an upper layer of another image is gone before the note changes.
 */
int folders_make(const struct places *places, const struct service *service,
	const struct image *image, struct error *err);

#endif
