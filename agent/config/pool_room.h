/* SPDX-License-Identifier: MIT */
/*
 * pool_room - is there an address for each container of a network?
 */
#ifndef TARE_CONFIG_POOL_ROOM_H
#define TARE_CONFIG_POOL_ROOM_H

struct draft;
struct reader;

/*
 * Reports declared subnets and ranges that are too small for the services in
 * them: each replica has an address, and a service with a virtual one, one
 * more. Networks and services must have been wired.
 */
void pool_room_check(struct reader *reader, const struct draft *draft);

#endif
