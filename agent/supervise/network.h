/* SPDX-License-Identifier: MIT */
/*
 * network - what changes in the machine's network while workloads run
 *
 * Follows the addresses, and keeps the resolv.conf that containers have
 * mounted as the machine's own.
 */
#ifndef TARE_SUPERVISE_NETWORK_H
#define TARE_SUPERVISE_NETWORK_H

#include "lib/loop.h"

struct error;

struct network_watch {
	struct loop *loop;
	int run_fd; /* not ours */
	struct watch address_watch;
	struct watch resolv_watch;
	char addresses[256]; /* as addresses.h lists them */
	void (*on_change)(struct network_watch *network);
};

/* A struct that network_close accepts. */
#define NETWORK_NONE                                     \
	((struct network_watch){ .address_watch.fd = -1, \
		.resolv_watch.fd = -1 })

/* Starts to follow, for a NETWORK_NONE with on_change set. */
int network_open(struct network_watch *network, struct loop *loop, int run_fd,
	struct error *err);

void network_close(struct network_watch *network);

#endif
