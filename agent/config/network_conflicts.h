/* SPDX-License-Identifier: MIT */
/*
 * network_conflicts - what needs a network that the service does not have
 */
#ifndef TARE_CONFIG_NETWORK_CONFLICTS_H
#define TARE_CONFIG_NETWORK_CONFLICTS_H

struct draft;
struct reader;

/*
 * Reports ports, links and addresses of services whose network is not their
 * own, as wiring_check has found it.
 */
void network_conflicts_check(struct reader *reader, const struct draft *draft);

#endif
