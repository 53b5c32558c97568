/* SPDX-License-Identifier: MIT */
/*
 * port_conflicts - ports of the machine that two want
 */
#ifndef TARE_CONFIG_PORT_CONFLICTS_H
#define TARE_CONFIG_PORT_CONFLICTS_H

struct draft;
struct reader;

/*
 * Reports ports that are published twice, also by one service, and those that
 * the machine itself listens on.
 */
void port_conflicts_check(struct reader *reader, const struct draft *draft);

#endif
