/* SPDX-License-Identifier: MIT */
/*
 * addresses - addresses of all kinds, as values of keys
 *
 * Each *_read reads a scalar. False: it was none, and that has been reported.
 */
#ifndef TARE_CONFIG_ADDRESSES_H
#define TARE_CONFIG_ADDRESSES_H

#include <stdbool.h>
#include <stdint.h>

#include "lib/address.h"

struct node;
struct reader;

/* An address of that family (AF_INET, AF_INET6), or of any: 0. */
bool address_read(struct reader *reader, const struct node *node, int family,
	struct address *out);

/* The same, of a name server, which somebody can have. */
bool server_read(struct reader *reader, const struct node *node,
	struct address *out);

/* "ADDRESS/LENGTH", with nothing set behind the length. */
bool subnet_read(struct reader *reader, const struct node *node,
	struct prefix *out);

/* The same, or an address, which is a subnet of one. */
bool prefix_read(struct reader *reader, const struct node *node,
	struct prefix *out);

/* The subnet that an address with a length is in. */
struct prefix subnet_of(const struct prefix *prefix);

/*
 * Is it the first address of its subnet, or in IPv4 the last? Those are of no
 * host (RFC 1122, 3.2.1.3, and RFC 4291, 2.6.1).
 */
bool address_is_end(const struct prefix *prefix);

/* 0.0.0.0 or :: */
bool address_is_any(const struct address *address);

/* fe80::/10, which every link has for itself (RFC 4291, 2.5.6). */
bool address_is_of_link(const struct address *address);

/* Six bytes, as 02:42:ac:11:00:02: one card, not a group, not all 0. */
bool mac_read(struct reader *reader, const struct node *node, uint8_t out[6]);

bool mac_is_set(const uint8_t mac[6]);

#endif
