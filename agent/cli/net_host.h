/* SPDX-License-Identifier: MIT */
/*
 * net_host - who is meant: an address, a workload, or a name of the world
 */
#ifndef TARE_CLI_NET_HOST_H
#define TARE_CLI_NET_HOST_H

#include <stddef.h>
#include <stdint.h>

#include "lib/address.h"

struct error;
struct net_wait;

#define NET_HOST_SERVERS "/etc/resolv.conf"

enum net_host_limit {
	NET_HOST_SERVERS_MAX = 6,
	NET_HOST_WAIT_S = 3, /* for each server */
};

struct net_host {
	struct address address;
	uint32_t scope; /* link of a link-local address, or 0 */
};

/* Pure: the servers of a text like resolv.conf(5); returns how many. */
size_t net_host_parse_servers(const char *text,
	struct net_host out[NET_HOST_SERVERS_MAX]);

/* The machine's name servers. 0, or a negative errno: there are none. */
int net_host_servers(struct net_host out[NET_HOST_SERVERS_MAX], size_t *count,
	struct error *err);

/* "192.0.2.1", "fe80::1%eth0". 0, or -EINVAL: it is no address; -ENODEV: there
 * is no such link. */
int net_host_parse(const char *text, struct net_host *out);

/*
 * Pure: the first address that a workload or container of that name has, in the
 * terminated text of the file "names", which is changed. 0 or -ENOENT.
 */
int net_host_find_workload(char *text, const char *name, struct net_host *out);

/*
 * All of it: an address, else a workload, else what the name servers say (A,
 * else AAAA). 0 or a negative errno: "'wbe' is no address, no workload, and ...".
 */
int net_host_find(const char *text, struct net_wait *wait, struct net_host *out,
	struct error *err);

#endif
