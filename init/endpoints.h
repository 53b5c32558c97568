/* SPDX-License-Identifier: MIT */
/*
 * endpoints - names of WireGuard's peers, looked up beside netd.
 *
 * A child with CAP_NET_ADMIN and no other right asks the name servers and tells
 * the kernel. It is tried again until all names of the interface are known.
 */
#ifndef INIT_ENDPOINTS_H
#define INIT_ENDPOINTS_H

#include <stdbool.h>
#include <stdint.h>

#include "host.h"

/* does a peer of the block have a name? */
bool endpoints_any(const struct wanted *wanted, unsigned block);

/* start what is due on a port; *next_ms is lowered to when this is to be
 * called again */
void endpoints_run(const struct host *host, struct port *port, int64_t now_ms,
	int64_t *next_ms);

/* a child was reaped: true when it was a port's, which is done at status 0 */
bool endpoints_reaped(struct port *port, int pid, int status);

#endif
