/* SPDX-License-Identifier: MIT */
/*
 * net_collect - fills a struct net_report: from the kernel, and from files
 */
#ifndef TARE_CLI_NET_COLLECT_H
#define TARE_CLI_NET_COLLECT_H

struct arena;
struct net_report;

#define NET_FOLDER "/run/tare/net"

/*
 * Fills report, for the network namespace of the caller and the files in
 * folder. What is not there or cannot be read is one of report->problems, the
 * rest is told. -ENOMEM when there is no memory for it.
 */
int net_collect(struct net_report *report, const char *folder,
	struct arena *arena);

#endif
