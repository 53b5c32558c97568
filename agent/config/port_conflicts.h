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
 * the machine itself listens on. One that says no port of the machine gives way
 * to others with a warning, and is no longer among those of its service then.
 */
void port_conflicts_check(struct reader *reader, struct draft *draft);

#endif
