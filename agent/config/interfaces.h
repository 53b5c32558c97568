/* SPDX-License-Identifier: MIT */
/*
 * interfaces - interfaces of the machine by the names that keys give them
 */
#ifndef TARE_CONFIG_INTERFACES_H
#define TARE_CONFIG_INTERFACES_H

#include <stdint.h>

struct draft;
struct draft_host_link;
struct mark;
struct reader;

/*
 * The number behind the dot of "eth0.20", as VLANs are called; 0: it is no such
 * name, or no number from 1 to 4094.
 */
uint32_t interface_vlan(const char *name);

/* The interface of host.network with that name, or NULL. Reports nothing. */
const struct draft_host_link *interface_named(const struct draft *draft,
	const char *name);

/*
 * The same, or NULL. Reports about the
 * current path: a pattern, one that is found by `match:`, and a warning of a
 * name that is declared nowhere and is not that of a device, which may still
 * come. `own` is the interface that asks, which is not meant, or NULL.
 */
const struct draft_host_link *interface_find(struct reader *reader,
	const struct draft *draft, const char *name, struct mark mark,
	const struct draft_host_link *own);

#endif
