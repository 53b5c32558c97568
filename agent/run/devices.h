/* SPDX-License-Identifier: MIT */
/*
 * devices - which devices a container has, and which it may open
 */
#ifndef TARE_RUN_DEVICES_H
#define TARE_RUN_DEVICES_H

#include <stddef.h>
#include <stdint.h>

struct error;

/* A character device in every container's /dev, mode 0666. */
struct device_node {
	const char *path;
	uint32_t major;
	uint32_t minor;
};

extern const struct device_node devices_default[];
extern const size_t devices_default_count;

/*
 * Fills the folder dev_fd with the block and character devices of host_dev_fd
 * and its subfolders, with owner and mode; names that are there stay.
 */
int devices_copy_all(int host_dev_fd, int dev_fd, struct error *err);

#endif
