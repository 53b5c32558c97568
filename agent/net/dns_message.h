/* SPDX-License-Identifier: MIT */
/*
 * dns_message - messages of the domain name system as they are on the wire
 *
 * RFC 1035, 4; EDNS(0) is RFC 6891. Reading is pure and trusts no byte: every
 * length is checked, a name has at most 255 bytes, and a compression pointer
 * leads strictly backwards, so that none can loop.
 */
#ifndef TARE_NET_DNS_MESSAGE_H
#define TARE_NET_DNS_MESSAGE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum dns_limit {
	DNS_NAME_MAX = 255, /* bytes, with the empty label at the end */
	DNS_LABEL_MAX = 63,
	DNS_HEADER_SIZE = 12,
	DNS_OPT_SIZE = 11,        /* an OPT record without options */
	DNS_UDP_SIZE_LEAST = 512, /* without EDNS */
	DNS_UDP_SIZE = 1232,      /* no fragments, whatever is in between */
	DNS_MESSAGE_MAX = 65535,
};

enum dns_type {
	DNS_TYPE_A = 1,
	DNS_TYPE_NS = 2,
	DNS_TYPE_SOA = 6,
	DNS_TYPE_PTR = 12,
	DNS_TYPE_AAAA = 28,
	DNS_TYPE_OPT = 41,
	DNS_TYPE_DS = 43,
	DNS_TYPE_DNSKEY = 48,
	DNS_TYPE_IXFR = 251,
	DNS_TYPE_AXFR = 252,
	DNS_TYPE_ANY = 255,
};

enum dns_class {
	DNS_CLASS_IN = 1,
};

enum dns_code {
	DNS_CODE_OK = 0,
	DNS_CODE_MALFORMED = 1,
	DNS_CODE_FAILED = 2,
	DNS_CODE_NO_NAME = 3,
	DNS_CODE_NOT_DONE = 4,
	DNS_CODE_REFUSED = 5,
	DNS_CODE_BAD_VERSION = 16, /* its high bits go into an OPT record */
};

/* The second word of a header. */
enum dns_flag {
	DNS_FLAG_REPLY = 0x8000,
	DNS_FLAG_OPERATION = 0x7800,
	DNS_FLAG_AUTHORITY = 0x0400,
	DNS_FLAG_CUT = 0x0200,
	DNS_FLAG_RECURSE = 0x0100,
	DNS_FLAG_RECURSES = 0x0080,
	DNS_FLAG_AUTHENTIC = 0x0020,
	DNS_FLAG_UNCHECKED = 0x0010,
	DNS_FLAG_CODE = 0x000f,
};

/* As on the wire, without compression. */
struct dns_name {
	uint8_t size;                /* with the empty label; 0: none */
	uint8_t bytes[DNS_NAME_MAX]; /* lower case */
};

struct dns_query {
	uint16_t id;
	uint16_t flags;
	uint16_t type;
	uint16_t class;
	uint16_t udp_size; /* bytes that the asker takes: 512 and more */
	bool has_edns;
	bool wants_dnssec;    /* the DO bit */
	enum dns_code fault;  /* not OK: answer with this and nothing else */
	struct dns_name name; /* none when it could not be read */
	uint8_t spelling[DNS_NAME_MAX]; /* the name as it was asked */
};

/* One record of a message; offsets are from the start of the message. */
struct dns_record {
	uint16_t type;
	uint16_t class;
	uint32_t ttl_s;
	size_t ttl_at;
	size_t data_at;
	size_t data_size;
	size_t end;
};

/* Numbers in network order at bytes. */
uint16_t dns_get16(const uint8_t *bytes);
uint32_t dns_get32(const uint8_t *bytes);
void dns_put16(uint8_t *bytes, uint16_t value);
void dns_put32(uint8_t *bytes, uint32_t value);

/*
 * Reads a text like "Web.example." as a name. 0, or -EINVAL when no name is
 * like that: empty, a label of none or over 63 bytes, or over 255 in all.
 */
int dns_name_parse(const char *text, struct dns_name *out);

bool dns_name_equal(const struct dns_name *a, const struct dns_name *b);

/* How many labels, the empty one not counted. */
size_t dns_name_labels(const struct dns_name *name);

/* Whether name is below or the same as parent; *rest (may be NULL) becomes what
 * stands before parent, as a name of its own. */
bool dns_name_is_below(const struct dns_name *name,
	const struct dns_name *parent, struct dns_name *rest);

/*
 * Reads the name at *at, following pointers, and moves *at behind it. out may
 * be NULL. 0, or -EBADMSG.
 */
int dns_name_read(const uint8_t *bytes, size_t size, size_t *at,
	struct dns_name *out);

/* Reads the record at `at`. 0, or -EBADMSG. */
int dns_record_read(const uint8_t *bytes, size_t size, size_t at,
	struct dns_record *out);

/*
 * Reads what somebody asks. -EBADMSG when it deserves no answer: it has no
 * header or is an answer itself. What is wrong otherwise is out->fault.
 */
int dns_query_read(const uint8_t *bytes, size_t size, struct dns_query *out);

#endif
