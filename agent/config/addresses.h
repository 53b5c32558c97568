/* SPDX-License-Identifier: MIT */
/*
 * addresses - addresses of all kinds, as values of keys
 *
 * Each reads a scalar. False: it was none, and that has been reported.
 */
#ifndef TARE_CONFIG_ADDRESSES_H
#define TARE_CONFIG_ADDRESSES_H

#include <stdbool.h>
#include <stdint.h>

struct address;
struct node;
struct prefix;
struct reader;

/* An address of that family (AF_INET, AF_INET6), or of any: 0. */
bool address_read(struct reader *reader, const struct node *node, int family,
	struct address *out);

/* "ADDRESS/LENGTH", with nothing set behind the length. */
bool subnet_read(struct reader *reader, const struct node *node,
	struct prefix *out);

/* The same, or an address, which is a subnet of one. */
bool prefix_read(struct reader *reader, const struct node *node,
	struct prefix *out);

/* Six bytes, as 02:42:ac:11:00:02: one card, not a group, not all 0. */
bool mac_read(struct reader *reader, const struct node *node, uint8_t out[6]);

bool mac_is_set(const uint8_t mac[6]);

#endif
