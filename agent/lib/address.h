/* SPDX-License-Identifier: MIT */
/*
 * address - IPv4 and IPv6 addresses and prefixes as data
 *
 * Bytes are in network order; an IPv4 address has the first four. Texts are
 * those of inet_pton(3) and RFC 5952; a prefix is "ADDRESS/LENGTH" (RFC 4632,
 * 3.1, and RFC 4291, 2.3). A zeroed struct is "none".
 */
#ifndef TARE_LIB_ADDRESS_H
#define TARE_LIB_ADDRESS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct address {
	uint8_t family; /* AF_INET, AF_INET6; 0: none */
	uint8_t bytes[16];
};

struct prefix {
	struct address
		address; /* as given: bits behind the length may be set */
	uint8_t length;
};

enum address_limit {
	ADDRESS_TEXT_SIZE = 46, /* with the terminator */
	PREFIX_TEXT_SIZE = 50,
};

/* 4 or 16; 0 of none. */
size_t address_size(const struct address *address);

/* 0, or -EINVAL when text is not an address of either family. */
int address_parse(const char *text, struct address *out);

/* Writes the text, "" of none; returns out. */
const char *address_print(const struct address *address,
	char out[ADDRESS_TEXT_SIZE]);

/* <0, 0, >0: none before IPv4 before IPv6, then by bytes. */
int address_compare(const struct address *a, const struct address *b);

bool address_is_loopback(const struct address *address);
bool address_is_multicast(const struct address *address);

/* 0, or -EINVAL; "ADDRESS" alone is a prefix of full length. */
int prefix_parse(const char *text, struct prefix *out);
const char *prefix_print(const struct prefix *prefix,
	char out[PREFIX_TEXT_SIZE]);

/* Whether nothing is set behind the length. */
bool prefix_is_clean(const struct prefix *prefix);

bool prefix_contains(const struct prefix *prefix,
	const struct address *address);
bool prefix_overlaps(const struct prefix *a, const struct prefix *b);

/*
 * The address that is `number` after the first of the prefix. False when it is
 * not in it, or is its network address (0) or an IPv4 broadcast address.
 */
bool prefix_nth(const struct prefix *prefix, uint64_t number,
	struct address *out);

#endif
