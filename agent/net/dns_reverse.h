/* SPDX-License-Identifier: MIT */
/*
 * dns_reverse - names that stand for addresses: in-addr.arpa and ip6.arpa
 *
 * RFC 1035, 3.5 and RFC 3596, 2.5.
 */
#ifndef TARE_NET_DNS_REVERSE_H
#define TARE_NET_DNS_REVERSE_H

#include <stdbool.h>

struct dns_name;
struct prefix;

/* The addresses that name is about: of full length for one. False: none. */
bool dns_reverse_parse(const struct dns_name *name, struct prefix *out);

/*
 * Whether what is in a prefix means something on this network only, so that no
 * server elsewhere should be asked (RFC 6303, 4, and RFC 7793).
 */
bool dns_reverse_is_private(const struct prefix *prefix);

#endif
