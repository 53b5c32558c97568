/* SPDX-License-Identifier: MIT */
/*
 * data - the file system of the data partition: made, checked, mounted, grown.
 *
 * All functions report what went wrong themselves, as notes, and return 0 or
 * -1: what they could not do, the caller can only do without.
 */
#ifndef INIT_DATA_H
#define INIT_DATA_H

/* where it is mounted, and what else is used; tests have their own */
extern struct data_paths {
	const char *mount_point, *report, *mke2fs, *e2fsck;
} data_paths;

/* Look at the partition (a path below /dev), make a file system if it is
 * blank, check and repair it if it has one. Nothing else is ever written to.
 * 0 when it can be mounted; else it is left as it is. */
int data_ready(const char *device);

/* mount it, with project quotas where the kernel can */
int data_mount(const char *device);

/* let the mounted file system use all of a partition that grew */
int data_grow(const char *device);

/* use memory instead, at most half of it */
int data_mount_memory(void);

#endif
