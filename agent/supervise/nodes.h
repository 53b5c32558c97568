/* SPDX-License-Identifier: MIT */
/*
 * nodes - the devices that a service names, as the machine has them now
 *
 * A name is looked up below /dev alone: a link may lead to another name there,
 * never out of it nor into another file system. Numbers are what counts from
 * then on.
 */
#ifndef TARE_SUPERVISE_NODES_H
#define TARE_SUPERVISE_NODES_H

#include <stddef.h>
#include <stdint.h>

struct arena;
struct device;
struct error;
struct service;

enum nodes_limit {
	NODES_MAX = 256, /* of one service, those in folders included */
};

struct node {
	const char *path; /* in the container */
	char type;        /* 'b' or 'c' */
	uint32_t major, minor;
	uint32_t mode; /* permission bits */
	uint32_t uid, gid;
	const struct device *device; /* that asks for it */
};

struct nodes {
	const struct node *items; /* of 'devices:' */
	size_t count;
	const struct node *disks; /* one for each of block_limits, in order */
};

/*
 * Looks up all devices of a service; dev_fd is /dev. A folder stands for the
 * devices in it. What is not there, or is no device, is an error that names it.
 */
int nodes_find(int dev_fd, const struct service *service, struct arena *arena,
	struct nodes *out, struct error *err);

#endif
