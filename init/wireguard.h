/* SPDX-License-Identifier: MIT */
/*
 * wireguard - the keys and peers of a WireGuard interface, by generic netlink
 * (linux/wireguard.h).
 *
 * The private key goes from a file to the kernel and nowhere else; the public
 * one is what the kernel made of it.
 */
#ifndef INIT_WIREGUARD_H
#define INIT_WIREGUARD_H

#include <stdint.h>

#include "key.h"
#include "wanted.h"

/* Make the interface that of the block; peers that the block does not have are
 * gone. Returns 0 or a negative errno. */
int wireguard_set(int index, const struct wanted *wanted, unsigned block,
	const uint8_t private_key[KEY_BYTES]);

/* give a peer that the interface has another endpoint, at the peer's port */
int wireguard_set_endpoint(int index, const struct wanted_peer *peer,
	const struct ip *endpoint);

/* the public key, as text; 0 or a negative errno */
int wireguard_public_key(int index, char text[KEY_TEXT_MAX]);

/* a number that is another when the block's port or peers are others */
uint64_t wireguard_digest(const struct wanted *wanted, unsigned block);

#endif
