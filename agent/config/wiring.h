/* SPDX-License-Identifier: MIT */
/*
 * wiring - services and networks, when all of both have been read
 */
#ifndef TARE_CONFIG_WIRING_H
#define TARE_CONFIG_WIRING_H

#include <stdbool.h>

struct draft;
struct draft_service;
struct reader;

/*
 * Says of each service whose network it has and, when it is its own, which
 * ones it is attached to, in order. Reports networks that are not declared,
 * and addresses and names that cannot be there.
 */
void wiring_check(struct reader *reader, struct draft *draft);

/* Is the service in that network? */
bool wiring_is_attached(const struct draft_service *service, const char *name);

#endif
