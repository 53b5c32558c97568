/* SPDX-License-Identifier: MIT */
/*
 * net_files - what netd and the agent tell of the networks, in files
 *
 * Pure. Each takes the terminated text of a file of docs/networking.md, which
 * it changes and which must live as long as the report. Lines that are not as
 * they should be are passed over. -EBADMSG when the file is not whole.
 */
#ifndef TARE_CLI_NET_FILES_H
#define TARE_CLI_NET_FILES_H

struct error;
struct net_report;

/* "state": leases, servers, keys, notes; origins of addresses that are there,
 * so the kernel is asked before. */
int net_files_read_state(struct net_report *report, char *text,
	struct error *err);

/* "ports": networks and published ports. */
int net_files_read_ports(struct net_report *report, char *text,
	struct error *err);

/* "names": containers and their addresses; networks are read before. */
int net_files_read_names(struct net_report *report, char *text,
	struct error *err);

#endif
