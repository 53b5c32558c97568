/* SPDX-License-Identifier: MIT */
/*
 * health - how it is found out whether a service works
 */
#ifndef TARE_CONFIG_HEALTH_H
#define TARE_CONFIG_HEALTH_H

struct draft_service;
struct reader;

/* What the keys of `healthcheck:` say against each other; the path is the
 * service's. */
void health_check(struct reader *reader, struct draft_service *draft);

#endif
