/* SPDX-License-Identifier: MIT */
/*
 * net_filter - which packets are wanted, as a program for the kernel
 *
 * Pure: a classic BPF program (linux/filter.h; Documentation/networking/
 * filter.rst of the kernel) that returns how many bytes of a packet are kept, 0
 * for one that is not wanted.
 */
#ifndef TARE_CLI_NET_FILTER_H
#define TARE_CLI_NET_FILTER_H

#include <linux/filter.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "lib/address.h"

enum net_filter_limit {
	NET_FILTER_MAX = 64, /* instructions, and more than are ever needed */
};

struct net_filter {
	struct address host; /* from or to; family 0: every */
	uint16_t port;       /* TCP, UDP or SCTP, from or to; 0: every */
	uint32_t length;     /* bytes kept of a packet */
	bool is_raw;         /* packets begin with IP, not with Ethernet */
};

/*
 * Fills out; returns the number of instructions. With a host, ARP about it is
 * wanted, too, unless a port is given. Of fragments, the first have ports.
 */
size_t net_filter_make(const struct net_filter *filter,
	struct sock_filter out[NET_FILTER_MAX]);

#endif
