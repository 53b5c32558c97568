/* SPDX-License-Identifier: MIT */
/*
 * alias_conflicts - names in a network that two services have
 */
#ifndef TARE_CONFIG_ALIAS_CONFLICTS_H
#define TARE_CONFIG_ALIAS_CONFLICTS_H

struct draft;
struct reader;

/*
 * Warns of aliases that are the name of another service in the same network:
 * they are answered with the addresses of both. All must have been wired.
 */
void alias_conflicts_check(struct reader *reader, const struct draft *draft);

#endif
