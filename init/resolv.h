/* SPDX-License-Identifier: MIT */
/*
 * resolv - lease files, and the one resolv.conf made of all of them.
 *
 * A lease file is lines of "key value": address, route, server, search, mtu,
 * lease. resolv.conf takes the servers and the search list of the leases in the
 * order of their names, at most DHCP_SERVERS_MAX servers.
 */
#ifndef INIT_RESOLV_H
#define INIT_RESOLV_H

#include <stddef.h>

#define RESOLV_LEASE_MAX 4096

struct dhcp_lease;

/* the content of a lease file; returns its length */
size_t resolv_format_lease(const struct dhcp_lease *lease,
	char text[RESOLV_LEASE_MAX]);

/* Make <folder>/resolv.conf anew from the lease files there. Several programs
 * may do so at once: one waits for the other. Returns 0 or a negative errno. */
int resolv_update(const char *folder);

/* the same without the lease of one interface, whose file is removed */
int resolv_forget(const char *folder, const char *interface);

#endif
