/* SPDX-License-Identifier: MIT */
/*
 * network_parents - the interfaces that macvlan and ipvlan networks are on
 */
#ifndef TARE_CONFIG_NETWORK_PARENTS_H
#define TARE_CONFIG_NETWORK_PARENTS_H

struct draft;
struct reader;

/*
 * Reports parents that the kernel refuses, and what such a network has in
 * common with the interface that it is on: addresses of both. Networks and
 * services must have been wired.
 */
void network_parents_check(struct reader *reader, const struct draft *draft);

#endif
