/* SPDX-License-Identifier: MIT */
/*
 * dns_reply - what a server answered: checked, aged, made fit for who asked
 *
 * A reply that was read is kept without its OPT record, which is between two
 * neighbours only (RFC 6891, 6.2.6), and with the name in lower case.
 */
#ifndef TARE_NET_DNS_REPLY_H
#define TARE_NET_DNS_REPLY_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct dns_query;

enum dns_reply_limit {
	DNS_REPLY_TTL_MAX_S = 3600,
	DNS_REPLY_ABSENCE_MAX_S = 60, /* "there is none" is kept so long */
	DNS_REPLY_FAILURE_MAX_S = 1,
};

struct dns_reply {
	size_t size;        /* bytes that are left */
	unsigned int code;  /* enum dns_code, or one that has no name here */
	uint32_t ttl_s;     /* how long it may be kept */
	uint32_t ttl_max_s; /* none of its records may say more */
	bool is_cut;        /* only the header and the question are left */
};

/*
 * Reads and tidies the reply in place. 0, or -EBADMSG when it is not the answer
 * to the question of query with that id (RFC 5452, 9.1) or is not whole.
 */
int dns_reply_read(uint8_t *bytes, size_t size, uint16_t id,
	const struct dns_query *query, struct dns_reply *out);

/*
 * Takes age_s from the TTL of every record, which is ttl_max_s at most. 0, or
 * -EBADMSG: a name of it lay across a TTL, so it is no reply any more.
 */
int dns_reply_age(uint8_t *bytes, size_t size, uint32_t age_s,
	uint32_t ttl_max_s);

/*
 * Writes a reply that was read as the answer to query, of at most limit bytes
 * (>= 512): cut to the question when it is longer. Returns the size.
 */
size_t dns_reply_fit(const uint8_t *bytes, size_t size,
	const struct dns_query *query, uint8_t *out, size_t limit);

#endif
