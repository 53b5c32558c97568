/* SPDX-License-Identifier: MIT */
/*
 * etc - files of /etc that are each container's own
 */
#ifndef TARE_SUPERVISE_ETC_H
#define TARE_SUPERVISE_ETC_H

#include <stddef.h>

#include "lib/address.h"

struct arena;
struct error;
struct service;

enum etc_limit {
	ETC_ADDRESSES_MAX = 16,
	ETC_SERVERS_MAX = 3, /* as resolv.conf(5) has it */
};

/* What a container's networks make of its files. */
struct etc_net {
	struct address addresses[ETC_ADDRESSES_MAX]; /* its own */
	size_t address_count;
	struct address servers[ETC_SERVERS_MAX]; /* 0: the machine's */
	size_t server_count;
	struct address host_gateway; /* family 0: the machine's loopback */
};

/*
 * Writes "hosts", "hostname" and, when net has name servers, "resolv.conf" into
 * the folder of a container. They are written anew at each start, so they need
 * not outlast the power.
 */
int etc_write(int dir_fd, const struct service *service,
	const struct etc_net *net, struct arena *arena, struct error *err);

/*
 * Writes them again for a container that runs, which sees that: they are the
 * same files, never empty. data_fd is the folder of all containers' folders.
 */
int etc_renew(int data_fd, const struct service *service,
	const struct etc_net *net, struct error *err);

#endif
