/* SPDX-License-Identifier: MIT */
/*
 * dhcp6_id - who we are for a DHCPv6 server: the same at each boot.
 *
 * The machine is known by its DUID (RFC 8415, 11), each of its interfaces by
 * an IAID (12). Pure.
 */
#ifndef INIT_DHCP6_ID_H
#define INIT_DHCP6_ID_H

#include <stdbool.h>
#include <stdint.h>

#define DHCP6_DUID_MAX      130 /* two of the type, at most 128 more */
#define DHCP6_DUID_TEXT_MAX (2 * DHCP6_DUID_MAX + 1)

struct dhcp6_duid {
	uint8_t length; /* 0: none */
	uint8_t bytes[DHCP6_DUID_MAX];
};

/* A DUID-UUID (RFC 6355) made from the machine's identity, 32 hex digits, in a
 * way that nobody can go back; false when the text is none. */
bool dhcp6_id_of_machine(const char *machine_id, struct dhcp6_duid *duid);

/* a DUID-LL of an Ethernet address */
void dhcp6_id_of_mac(const uint8_t mac[6], struct dhcp6_duid *duid);

/* the IAID of a piece of hardware, by its address, or of an interface that was
 * made (mac is NULL), by its name */
uint32_t dhcp6_id_of_link(const uint8_t *mac, const char *name);

bool dhcp6_id_equal(const struct dhcp6_duid *a, const struct dhcp6_duid *b);

/* as hex digits; parse is false unless it has 3 to DHCP6_DUID_MAX bytes */
const char *dhcp6_id_print(const struct dhcp6_duid *duid,
	char text[DHCP6_DUID_TEXT_MAX]);
bool dhcp6_id_parse(const char *text, struct dhcp6_duid *duid);

#endif
