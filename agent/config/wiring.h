/* SPDX-License-Identifier: MIT */
/*
 * wiring - services and networks, when all of both have been read
 */
#ifndef TARE_CONFIG_WIRING_H
#define TARE_CONFIG_WIRING_H

struct draft;
struct reader;

/*
 * Says of each service whose network it has and, when it is its own, which
 * ones it is attached to, in order. Reports networks that are not declared,
 * and addresses and names that cannot be there.
 */
void wiring_check(struct reader *reader, struct draft *draft);

#endif
