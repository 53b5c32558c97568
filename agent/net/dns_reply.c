// SPDX-License-Identifier: MIT
/* dns_reply - what a server answered: checked, aged, made fit for who asked */
#include "net/dns_reply.h"

#include <errno.h>
#include <string.h>

#include "net/dns_message.h"
#include "net/dns_writer.h"

/* What the records of a reply say, counted while walking over them. */
struct sum {
	uint32_t least_ttl_s;
	uint32_t absence_s; /* of the SOA record; UINT32_MAX: there is none */
	bool has_answer;    /* of the type that was asked for */
	unsigned int high_code;
};

static size_t count_records(const uint8_t *bytes)
{
	return (size_t)dns_get16(bytes + 6) + dns_get16(bytes + 8) +
	       dns_get16(bytes + 10);
}

static uint32_t least(uint32_t a, uint32_t b)
{
	return a < b ? a : b;
}

/* RFC 2181, 8: a TTL with the highest bit is 0. */
static uint32_t ttl_of(const struct dns_record *record)
{
	return record->ttl_s >> 31 ? 0 : record->ttl_s;
}

static void add_record(struct sum *sum, const uint8_t *bytes,
	const struct dns_record *record)
{
	sum->least_ttl_s = least(sum->least_ttl_s, ttl_of(record));
	if (record->type == DNS_TYPE_SOA && record->data_size >= 22)
		sum->absence_s = least(ttl_of(record),
			dns_get32(bytes + record->end - 4));
}

/*
 * Walks over all records. The OPT record and what is behind it are taken off:
 * additional ones, without which the answer is as true.
 */
static int walk(uint8_t *bytes, struct dns_reply *reply, size_t at,
	uint16_t type, struct sum *sum)
{
	size_t answers = dns_get16(bytes + 6);
	size_t before = answers + dns_get16(bytes + 8);
	size_t count = count_records(bytes);

	for (size_t i = 0; i < count; i++) {
		struct dns_record record;

		if (dns_record_read(bytes, reply->size, at, &record) < 0)
			return -EBADMSG;
		if (record.type == DNS_TYPE_OPT) {
			if (i < before)
				return -EBADMSG;
			sum->high_code = record.ttl_s >> 24;
			dns_put16(bytes + 10, (uint16_t)(i - before));
			break;
		}
		add_record(sum, bytes, &record);
		if (i < answers &&
			(record.type == type || type == DNS_TYPE_ANY))
			sum->has_answer = true;
		at = record.end;
	}
	reply->size = at;
	return 0;
}

static void judge(struct dns_reply *reply, const struct sum *sum)
{
	bool is_answer = reply->code == DNS_CODE_OK && sum->has_answer;

	reply->ttl_max_s =
		is_answer ? DNS_REPLY_TTL_MAX_S : DNS_REPLY_ABSENCE_MAX_S;
	if (is_answer)
		reply->ttl_s = sum->least_ttl_s;
	else if (reply->code != DNS_CODE_OK && reply->code != DNS_CODE_NO_NAME)
		reply->ttl_s = DNS_REPLY_FAILURE_MAX_S;
	else if (sum->absence_s != UINT32_MAX)
		reply->ttl_s = least(sum->least_ttl_s, sum->absence_s);
	reply->ttl_s = least(reply->ttl_s, reply->ttl_max_s);
}

/* A cut reply may end anywhere: nothing of it is used but that it is one. */
static void cut_to_question(uint8_t *bytes, struct dns_reply *reply, size_t end)
{
	memset(bytes + 6, 0, 6);
	reply->is_cut = true;
	reply->size = end;
}

int dns_reply_read(uint8_t *bytes, size_t size, uint16_t id,
	const struct dns_query *query, struct dns_reply *out)
{
	struct sum sum = { .least_ttl_s = UINT32_MAX, .absence_s = UINT32_MAX };
	size_t at = DNS_HEADER_SIZE;
	struct dns_name name;
	unsigned int flags;

	*out = (struct dns_reply){ .size = size };
	if (size < DNS_HEADER_SIZE || dns_get16(bytes) != id)
		return -EBADMSG;
	flags = dns_get16(bytes + 2);
	if (!(flags & DNS_FLAG_REPLY) || flags & DNS_FLAG_OPERATION ||
		dns_get16(bytes + 4) != 1 ||
		dns_name_read(bytes, size, &at, &name) < 0 || size - at < 4 ||
		!dns_name_equal(&name, &query->name) ||
		dns_get16(bytes + at) != query->type ||
		dns_get16(bytes + at + 2) != query->class)
		return -EBADMSG;
	memcpy(bytes + DNS_HEADER_SIZE, name.bytes, name.size);
	out->code = flags & DNS_FLAG_CODE;
	if (flags & DNS_FLAG_CUT) {
		cut_to_question(bytes, out, at + 4);
		return 0;
	}
	if (walk(bytes, out, at + 4, query->type, &sum) < 0)
		return -EBADMSG;
	out->code |= sum.high_code << 4;
	judge(out, &sum);
	return 0;
}

int dns_reply_age(uint8_t *bytes, size_t size, uint32_t age_s,
	uint32_t ttl_max_s)
{
	size_t at = DNS_HEADER_SIZE;
	size_t count = count_records(bytes);

	if (dns_name_read(bytes, size, &at, NULL) < 0)
		return -EBADMSG;
	at += 4;
	for (size_t i = 0; i < count; i++) {
		struct dns_record record;
		uint32_t ttl_s;

		if (at > size || dns_record_read(bytes, size, at, &record) < 0)
			return -EBADMSG;
		ttl_s = least(ttl_of(&record), ttl_max_s);
		dns_put32(bytes + record.ttl_at,
			ttl_s > age_s ? ttl_s - age_s : 0);
		at = record.end;
	}
	return 0;
}

size_t dns_reply_fit(const uint8_t *bytes, size_t size,
	const struct dns_query *query, uint8_t *out, size_t limit)
{
	size_t question = DNS_HEADER_SIZE + query->name.size + 4;
	size_t room = limit - (query->has_edns ? DNS_OPT_SIZE : 0);
	unsigned int flags = dns_get16(bytes + 2);
	bool is_cut = size > room || flags & DNS_FLAG_CUT;

	if (is_cut)
		size = question;
	memcpy(out, bytes, size);
	memcpy(out + DNS_HEADER_SIZE, query->spelling, query->name.size);
	flags &= query->wants_dnssec ? DNS_FLAG_CODE | DNS_FLAG_AUTHENTIC
				     : DNS_FLAG_CODE;
	flags |= DNS_FLAG_REPLY | DNS_FLAG_RECURSES;
	flags |= query->flags & (DNS_FLAG_RECURSE | DNS_FLAG_UNCHECKED);
	dns_put16(out, query->id);
	dns_put16(out + 2, (uint16_t)(flags | (is_cut ? DNS_FLAG_CUT : 0)));
	if (is_cut)
		memset(out + 6, 0, 6);
	if (query->has_edns) {
		dns_put16(out + 10, (uint16_t)(dns_get16(out + 10) + 1));
		dns_writer_put_opt(out + size, 0, query->wants_dnssec);
		size += DNS_OPT_SIZE;
	}
	return size;
}
