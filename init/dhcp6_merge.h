/* SPDX-License-Identifier: MIT */
/*
 * dhcp6_merge - a lease becomes what a server's answer says (RFC 8415,
 * 18.2.10.1): addresses that it does not name stay for as long as they were
 * given, those with a valid time of 0 go. Pure.
 */
#ifndef INIT_DHCP6_MERGE_H
#define INIT_DHCP6_MERGE_H

#include <stdbool.h>
#include <stdint.h>

#include "dhcp6_message.h"

/* The lease's times count from now_s on. T1 and T2 that the server did not say
 * are half and four fifths of the shortest preferred time (14.2). */
void dhcp6_merge(struct dhcp6_lease *lease, const struct dhcp6_answer *answer,
	const struct ip *from, int64_t now_s);

/* is there an address to be had of it? */
bool dhcp6_merge_gives(const struct dhcp6_answer *answer);

#endif
