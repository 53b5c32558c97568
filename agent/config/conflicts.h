/* SPDX-License-Identifier: MIT */
/*
 * conflicts - what the keys of a service say against each other
 */
#ifndef TARE_CONFIG_CONFLICTS_H
#define TARE_CONFIG_CONFLICTS_H

struct draft_service;
struct reader;

/*
 * Checks a service that has been read, with its path pushed, and fills what
 * one key says through another: limits of 'deploy:', dependencies on the
 * services whose namespaces it shares, whose users it has.
 */
void conflicts_check(struct reader *reader, struct draft_service *draft);

#endif
