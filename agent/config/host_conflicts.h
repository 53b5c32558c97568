/* SPDX-License-Identifier: MIT */
/*
 * host_conflicts - what the interfaces of the machine say against each other
 */
#ifndef TARE_CONFIG_HOST_CONFLICTS_H
#define TARE_CONFIG_HOST_CONFLICTS_H

struct draft;
struct reader;

/*
 * Reports interfaces that are in two others or in a circle, what is there
 * twice, subnets that overlap, and a way out without name servers. Fills
 * config.host_links.
 */
void host_conflicts_check(struct reader *reader, struct draft *draft);

#endif
