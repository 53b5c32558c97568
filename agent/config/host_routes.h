/* SPDX-License-Identifier: MIT */
/*
 * host_routes - where the machine's interfaces lead, besides their subnets
 */
#ifndef TARE_CONFIG_HOST_ROUTES_H
#define TARE_CONFIG_HOST_ROUTES_H

struct draft_host_link;
struct reader;

/*
 * Reports routers that the link does not reach, and warns of routes that are
 * there twice. The path is the link's, of which all has been read.
 */
void host_routes_check(struct reader *reader,
	const struct draft_host_link *draft);

#endif
