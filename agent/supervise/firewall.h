/* SPDX-License-Identifier: MIT */
/*
 * firewall - what may come in besides published ports
 */
#ifndef TARE_SUPERVISE_FIREWALL_H
#define TARE_SUPERVISE_FIREWALL_H

#include "net/topology.h"

struct arena;
struct config;

/* The number of "tcp", "udp" or "sctp". */
enum topology_protocol firewall_protocol(const char *name);

/*
 * Fills the rules of out: what host.firewall says, and the ports of WireGuard,
 * which guards itself. 0 or -ENOMEM.
 */
int firewall_make(const struct config *config, struct arena *arena,
	struct topology *out);

#endif
