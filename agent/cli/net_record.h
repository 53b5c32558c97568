/* SPDX-License-Identifier: MIT */
/*
 * net_record - records of the domain name system as text (RFC 1035, 5.1)
 *
 * Pure. Bytes of an answer may be anything: lengths are checked, and what is no
 * letter, digit or sign becomes "\DDD". Data of a type that is not known here is
 * "\# LENGTH HEX" (RFC 3597, 5).
 */
#ifndef TARE_CLI_NET_RECORD_H
#define TARE_CLI_NET_RECORD_H

#include <stddef.h>
#include <stdint.h>

struct dns_name;
struct dns_record;
struct net_reply;
struct text;

/* "A" of 1, "TYPE65" of what has no name here; in out, of at least 12 bytes. */
const char *net_record_type(uint16_t type, char out[12]);

/* 0 and the number of "a", "AAAA", "TYPE65"; -EINVAL, and in *nearest (NULL:
 * none) what may have been meant. */
int net_record_parse_type(const char *text, uint16_t *out,
	const char **nearest);

/* What a code of an answer means: "there is no such name". */
const char *net_record_code(unsigned int code);

/* "web.example." */
void net_record_add_name(struct text *text, const struct dns_name *name);

/* What the record says: "10 mail.example." */
void net_record_add_data(struct text *text, const struct net_reply *reply,
	const struct dns_record *record);

#endif
