/* SPDX-License-Identifier: MIT */
/* ip - addresses and prefixes of both families, as text and as the kernel has
 * them: in network byte order. */
#ifndef INIT_IP_H
#define INIT_IP_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define IP_TEXT_MAX 64 /* "address/length" */

struct ip {
	uint8_t family; /* AF_INET, AF_INET6; 0: none */
	uint8_t bytes[16];
};

struct ip_prefix {
	struct ip ip;
	uint8_t length;
};

/* bytes of an address of the family */
size_t ip_size(uint8_t family);

/* an IPv4 address in network byte order */
struct ip ip_of4(uint32_t address);

/* "192.0.2.1" or "2001:db8::1"; false, and *ip is none, when it is neither */
bool ip_parse(const char *text, struct ip *ip);

/* "192.0.2.1/24"; the address keeps its host bits */
bool ip_parse_prefix(const char *text, struct ip_prefix *prefix);

/* into text, which is returned; "-" for none */
const char *ip_print(const struct ip *ip, char text[IP_TEXT_MAX]);
const char *ip_print_prefix(const struct ip_prefix *prefix,
	char text[IP_TEXT_MAX]);

bool ip_equal(const struct ip *a, const struct ip *b);
bool ip_prefix_equal(const struct ip_prefix *a, const struct ip_prefix *b);

/* one that a host or a router can have: not loopback, multicast or "this" */
bool ip_is_host(const struct ip *ip);

/* fe80::/10 */
bool ip_is_link_local(const struct ip *ip);

/* the host bits made zeros */
struct ip_prefix ip_network(struct ip_prefix prefix);

#endif
