/* SPDX-License-Identifier: MIT */
/*
 * dns_answer - what becomes of a question: an answer of ours, or a way out
 *
 * Pure. In this order:
 *
 *   nobody's address, another class, a transfer   REFUSED
 *   a name of the client's networks or links      its addresses, for 1 s
 *   localhost and below (RFC 6761)                the loopback addresses
 *   invalid, onion, resolver.arpa and below       NXDOMAIN (RFC 6761, 7686, 9462)
 *   an address in reverse, private and not ours   NXDOMAIN (RFC 6303), unless the
 *                                                 client has servers of its own
 *   one label that is not ours                    NXDOMAIN, but for the types that
 *                                                 a resolver asks of a zone
 *   asked without recursion                       REFUSED
 *   a client that may not ask outside             NXDOMAIN: musl waits when it is
 *                                                 refused, and glibc asks on
 *   everything else                               is forwarded
 */
#ifndef TARE_NET_DNS_ANSWER_H
#define TARE_NET_DNS_ANSWER_H

#include <stddef.h>
#include <stdint.h>

struct address;
struct dns_client;
struct dns_names;
struct dns_query;

enum dns_answer_limit {
	DNS_OWN_TTL_S = 1, /* containers come and go */
};

struct dns_answer {
	size_t size; /* of the answer in the buffer; 0: to be forwarded */
	const struct dns_client *client; /* who asks, when it is known */
};

/* Random numbers for shuffling (xorshift64*); *state is not 0. */
uint64_t dns_answer_random(uint64_t *state);

/*
 * Decides about query from an address. buffer has size bytes, 512 at least and
 * as many as the asker takes.
 */
struct dns_answer dns_answer_query(const struct dns_names *names,
	const struct address *from, const struct dns_query *query,
	uint64_t *random, uint8_t *buffer, size_t size);

/* Only says code, an enum dns_code. Returns the size. */
size_t dns_answer_code(const struct dns_query *query, unsigned int code,
	uint8_t *buffer, size_t size);

#endif
