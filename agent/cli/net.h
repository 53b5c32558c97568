/* SPDX-License-Identifier: MIT */
/*
 * net - `tare net`: what the networks are like, and tools to find out more
 *
 * For a machine without a shell: what ip, ping, traceroute, dig and tcpdump
 * would tell. tare.1 has the commands, their output and exit statuses.
 */
#ifndef TARE_CLI_NET_H
#define TARE_CLI_NET_H

/* Runs what stands behind "tare net"; returns the exit status. */
int net_run(int count, char **arguments);

#endif
