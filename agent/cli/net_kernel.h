/* SPDX-License-Identifier: MIT */
/*
 * net_kernel - links, addresses and routes, asked of the kernel (rtnetlink(7))
 */
#ifndef TARE_CLI_NET_KERNEL_H
#define TARE_CLI_NET_KERNEL_H

struct error;
struct net_report;

/*
 * Adds all links, their addresses, and the routes of the main table. Left out
 * are routes to link-local and multicast addresses. 0 or a negative errno with
 * its reason; then some may be missing.
 */
int net_kernel_read(struct net_report *report, struct error *err);

#endif
