// SPDX-License-Identifier: MIT
/* dns_message - messages of the domain name system as they are on the wire */
#include "net/dns_message.h"

#include <errno.h>
#include <string.h>

#define POINTER_MASK  0xc0
#define EDNS_DNSSEC   0x8000 /* the DO bit in the TTL of an OPT record */
#define EDNS_VERSION  0xff0000
#define RECORD_FIXED  10 /* type, class, TTL, length of data */
#define QUESTION_TAIL 4  /* type, class */

uint16_t dns_get16(const uint8_t *bytes)
{
	return (uint16_t)(bytes[0] << 8 | bytes[1]);
}

uint32_t dns_get32(const uint8_t *bytes)
{
	return (uint32_t)dns_get16(bytes) << 16 | dns_get16(bytes + 2);
}

void dns_put16(uint8_t *bytes, uint16_t value)
{
	bytes[0] = (uint8_t)(value >> 8);
	bytes[1] = (uint8_t)value;
}

void dns_put32(uint8_t *bytes, uint32_t value)
{
	dns_put16(bytes, (uint16_t)(value >> 16));
	dns_put16(bytes + 2, (uint16_t)value);
}

/* RFC 4343: of ASCII only, and whatever the locale. */
static uint8_t lower(uint8_t byte)
{
	return byte >= 'A' && byte <= 'Z' ? (uint8_t)(byte + 32) : byte;
}

int dns_name_parse(const char *text, struct dns_name *out)
{
	size_t used = 0;

	while (*text) {
		size_t length = strcspn(text, ".");

		if (length == 0 || length > DNS_LABEL_MAX ||
			used + length + 2 > DNS_NAME_MAX)
			return -EINVAL;
		out->bytes[used++] = (uint8_t)length;
		for (size_t i = 0; i < length; i++)
			out->bytes[used++] = lower((uint8_t)text[i]);
		text += length;
		text += *text == '.';
	}
	if (used == 0)
		return -EINVAL;
	out->bytes[used++] = 0;
	out->size = (uint8_t)used;
	return 0;
}

bool dns_name_equal(const struct dns_name *a, const struct dns_name *b)
{
	return a->size == b->size && memcmp(a->bytes, b->bytes, a->size) == 0;
}

size_t dns_name_labels(const struct dns_name *name)
{
	size_t count = 0;

	for (size_t at = 0; at < name->size && name->bytes[at] > 0; count++)
		at += (size_t)name->bytes[at] + 1;
	return count;
}

bool dns_name_is_below(const struct dns_name *name,
	const struct dns_name *parent, struct dns_name *rest)
{
	size_t at = 0;

	if (parent->size == 0)
		return false;
	while (at + parent->size < name->size)
		at += (size_t)name->bytes[at] + 1;
	if (at + parent->size != name->size ||
		memcmp(name->bytes + at, parent->bytes, parent->size) != 0)
		return false;
	if (rest) {
		memcpy(rest->bytes, name->bytes, at);
		rest->bytes[at] = 0;
		rest->size = (uint8_t)(at + 1);
	}
	return true;
}

/*
 * Each stretch of labels is in front of the one that led to it, so that at most
 * so many are followed as there are bytes in front, and none reaches into what
 * is behind the name.
 */
int dns_name_read(const uint8_t *bytes, size_t size, size_t *at,
	struct dns_name *out)
{
	size_t here = *at;
	size_t start = *at;
	size_t end = size;
	size_t used = 0;
	bool has_jumped = false;

	for (;;) {
		if (here >= end)
			return -EBADMSG;

		size_t length = bytes[here];

		if ((length & POINTER_MASK) == POINTER_MASK) {
			if (here + 1 >= end)
				return -EBADMSG;
			if (!has_jumped)
				*at = here + 2;
			has_jumped = true;
			here = dns_get16(bytes + here) & 0x3fff;
			if (here >= start || here < DNS_HEADER_SIZE)
				return -EBADMSG;
			end = start;
			start = here;
			continue;
		}
		/* also of the two kinds of labels that nobody uses */
		if (length > DNS_LABEL_MAX || length + 1 > end - here ||
			used + length + 1 > DNS_NAME_MAX)
			return -EBADMSG;
		for (size_t i = 0; i <= length && out; i++)
			out->bytes[used + i] =
				i == 0 ? bytes[here] : lower(bytes[here + i]);
		used += length + 1;
		here += length + 1;
		if (length == 0)
			break;
	}
	if (out)
		out->size = (uint8_t)used;
	if (!has_jumped)
		*at = here;
	return 0;
}

int dns_record_read(const uint8_t *bytes, size_t size, size_t at,
	struct dns_record *out)
{
	if (dns_name_read(bytes, size, &at, NULL) < 0 ||
		size - at < RECORD_FIXED)
		return -EBADMSG;
	*out = (struct dns_record){
		.type = dns_get16(bytes + at),
		.class = dns_get16(bytes + at + 2),
		.ttl_s = dns_get32(bytes + at + 4),
		.ttl_at = at + 4,
		.data_at = at + RECORD_FIXED,
		.data_size = dns_get16(bytes + at + 8),
	};
	if (out->data_size > size - out->data_at)
		return -EBADMSG;
	out->end = out->data_at + out->data_size;
	return 0;
}

static void read_edns(const struct dns_record *record, struct dns_query *out)
{
	out->has_edns = true;
	out->wants_dnssec = record->ttl_s & EDNS_DNSSEC;
	if (record->class > DNS_UDP_SIZE_LEAST)
		out->udp_size = record->class;
	if (record->ttl_s & EDNS_VERSION)
		out->fault = DNS_CODE_BAD_VERSION;
}

/* What follows the question: only an OPT record means something here. */
static enum dns_code read_rest(const uint8_t *bytes, size_t size, size_t at,
	struct dns_query *out)
{
	size_t before = (size_t)dns_get16(bytes + 6) + dns_get16(bytes + 8);
	size_t count = before + dns_get16(bytes + 10);

	for (size_t i = 0; i < count; i++) {
		struct dns_record record;

		if (dns_record_read(bytes, size, at, &record) < 0)
			return DNS_CODE_MALFORMED;
		if (record.type == DNS_TYPE_OPT) {
			/* one, among the additional ones, of the root */
			if (out->has_edns || i < before || bytes[at] != 0)
				return DNS_CODE_MALFORMED;
			read_edns(&record, out);
		}
		at = record.end;
	}
	return out->fault;
}

int dns_query_read(const uint8_t *bytes, size_t size, struct dns_query *out)
{
	size_t at = DNS_HEADER_SIZE;

	if (size < DNS_HEADER_SIZE || dns_get16(bytes + 2) & DNS_FLAG_REPLY)
		return -EBADMSG;
	out->id = dns_get16(bytes);
	out->flags = dns_get16(bytes + 2);
	out->type = out->class = 0;
	out->udp_size = DNS_UDP_SIZE_LEAST;
	out->has_edns = out->wants_dnssec = false;
	out->fault = DNS_CODE_OK;
	out->name.size = 0;
	if (out->flags & DNS_FLAG_OPERATION) {
		out->fault = DNS_CODE_NOT_DONE;
		return 0;
	}
	/* there is nothing that a pointer in the first name could lead to */
	if (dns_get16(bytes + 4) != 1 ||
		dns_name_read(bytes, size, &at, &out->name) < 0 ||
		size - at < QUESTION_TAIL) {
		out->name.size = 0;
		out->fault = DNS_CODE_MALFORMED;
		return 0;
	}
	memcpy(out->spelling, bytes + DNS_HEADER_SIZE, out->name.size);
	out->type = dns_get16(bytes + at);
	out->class = dns_get16(bytes + at + 2);
	out->fault = read_rest(bytes, size, at + QUESTION_TAIL, out);
	return 0;
}
