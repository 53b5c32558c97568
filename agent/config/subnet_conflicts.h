/* SPDX-License-Identifier: MIT */
/*
 * subnet_conflicts - where interfaces of the machine and networks lead to
 *
 * A static address is in a subnet, a route and a peer of WireGuard lead to one,
 * and a bridged network of services is one inside of the machine. Two that
 * overlap hide each other.
 */
#ifndef TARE_CONFIG_SUBNET_CONFLICTS_H
#define TARE_CONFIG_SUBNET_CONFLICTS_H

struct draft;
struct reader;

/*
 * Reports what overlaps: an error where workloads could not be reached, a
 * warning where it is a part of the world.
 */
void subnet_conflicts_check(struct reader *reader, const struct draft *draft);

#endif
