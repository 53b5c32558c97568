/* SPDX-License-Identifier: MIT */
/*
 * arp - does another host have an address? A probe of RFC 5227 and what
 * answers it. All return 0 or a negative errno if not said otherwise.
 */
#ifndef INIT_ARP_H
#define INIT_ARP_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define ARP_BYTES 28 /* of a packet for Ethernet and IPv4 */

/* a socket that hears ARP on an interface, and does not block */
int arp_open(int index);

/* ask who has ip (network byte order); mac is the interface's own */
int arp_ask(int fd, int index, const uint8_t mac[6], uint32_t ip);

/* does a packet without its Ethernet head say that another than mac has ip, or
 * wants to have it? */
bool arp_claims(const uint8_t *packet, size_t length, uint32_t ip,
	const uint8_t mac[6]);

/* read what came; true when one of it claims ip */
bool arp_hears(int fd, uint32_t ip, const uint8_t mac[6]);

#endif
