/* SPDX-License-Identifier: MIT */
/*
 * apply - makes the kernel's interfaces, addresses and routes what they shall
 * be.
 *
 * What fails is a note, once for each reason, and is tried again whenever
 * something changes. Both return how many things they changed: then host->links
 * or host->inet is not what is there any more.
 */
#ifndef INIT_APPLY_H
#define INIT_APPLY_H

#include "host.h"

/* bonds, bridges, VLANs, WireGuard interfaces, and who is in them */
unsigned apply_links(struct host *host);

/* addresses, routes, MTU, SLAAC and WireGuard's peers of all ports */
unsigned apply_ports(struct host *host);

#endif
