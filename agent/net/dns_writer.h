/* SPDX-License-Identifier: MIT */
/*
 * dns_writer - builds messages: our answers, and what we ask ourselves
 *
 * What does not fit is left out, and the answer says that it is cut (the TC
 * bit, RFC 2181, 9). Every record is about the name of the question.
 */
#ifndef TARE_NET_DNS_WRITER_H
#define TARE_NET_DNS_WRITER_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct address;
struct dns_name;
struct dns_query;

struct dns_writer {
	uint8_t *bytes;
	size_t size; /* what may be used */
	size_t used;
	const struct dns_query *query;
	uint16_t answers;
	uint16_t authorities;
	bool is_cut;
};

/* Begins an answer to query in buffer, of at least 512 bytes. */
void dns_writer_begin(struct dns_writer *writer, uint8_t *buffer, size_t size,
	const struct dns_query *query);

/* A record A or AAAA, as the address is; false when it did not fit. */
bool dns_writer_add_address(struct dns_writer *writer,
	const struct address *address, uint32_t ttl_s);

/* A record PTR. */
bool dns_writer_add_pointer(struct dns_writer *writer,
	const struct dns_name *name, uint32_t ttl_s);

/* The SOA record of the root, by which "there is none" may be kept for ttl_s
 * (RFC 2308). Goes behind the answers. */
void dns_writer_add_absence(struct dns_writer *writer, uint32_t ttl_s);

/*
 * Completes the answer. flags besides REPLY and what the query had; code is an
 * enum dns_code. Returns the size.
 */
size_t dns_writer_end(struct dns_writer *writer, unsigned int flags,
	unsigned int code);

/* Bytes that an answer to query may have over UDP. */
size_t dns_writer_udp_size(const struct dns_query *query);

/* An OPT record of ours at bytes (RFC 6891, 6.1), DNS_OPT_SIZE of them. */
void dns_writer_put_opt(uint8_t *bytes, unsigned int code, bool wants_dnssec);

/*
 * A question to a server, in buffer of at least 300 bytes: that of query in
 * lower case, with id, and with EDNS unless is_plain. Returns the size.
 */
size_t dns_writer_ask(uint8_t *buffer, uint16_t id,
	const struct dns_query *query, bool is_plain);

#endif
