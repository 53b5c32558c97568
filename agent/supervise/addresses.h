/* SPDX-License-Identifier: MIT */
/*
 * addresses - the machine's addresses, and a watch on their changes
 */
#ifndef TARE_SUPERVISE_ADDRESSES_H
#define TARE_SUPERVISE_ADDRESSES_H

#include <stddef.h>

struct error;

/*
 * Lists the global addresses as "eth0 10.0.2.15/24, fec0::2/64; eth1 ...";
 * "" when there are none. Cut when it does not fit.
 */
void addresses_list(char *out, size_t size);

/*
 * A non-blocking rtnetlink socket (rtnetlink(7)) that becomes readable when an
 * address comes, changes or goes, and not by links of workloads that come and
 * go; the caller owns it. Or negative errno.
 */
int addresses_open(struct error *err);

/* Throws the waiting messages away; addresses_list tells the new state. */
void addresses_drain(int fd);

#endif
