/* SPDX-License-Identifier: MIT */
/*
 * host_addresses - addresses, gateways and name servers of the machine
 */
#ifndef TARE_CONFIG_HOST_ADDRESSES_H
#define TARE_CONFIG_HOST_ADDRESSES_H

struct draft_host_link;
struct reader;

/* What the keys of one link say against each other; the path is the link's. */
void host_addresses_check(struct reader *reader,
	const struct draft_host_link *draft);

#endif
