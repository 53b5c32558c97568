// SPDX-License-Identifier: MIT
/* net_dns_message_test - messages are read with every length checked */
#include "net/dns_message.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "check.h"
#include "net/dns_reply.h"
#include "net/dns_writer.h"
#include "net_dns.h"

/* A copy without a byte behind it, so that the sanitizer sees who reads on. */
static uint8_t *exact(const uint8_t *bytes, size_t size)
{
	uint8_t *copy = malloc(size ? size : 1);

	if (copy && size)
		memcpy(copy, bytes, size);
	return copy;
}

static void test_names_of_text(void)
{
	static const char long_label[] =
		"abcdefghijklmnopqrstuvwxyzabcdefghijklmnopqrstuvwxyz0123456789a";
	struct dns_name name, same;
	char text[400] = "";

	CHECK(dns_name_parse("Web.Example.", &name) == 0);
	CHECK(name.size == 13);
	CHECK(memcmp(name.bytes, "\3web\7example", 13) == 0);
	CHECK(dns_name_parse("web.example", &same) == 0);
	CHECK(dns_name_equal(&name, &same));
	CHECK(dns_name_labels(&name) == 2);
	CHECK(dns_name_parse("", &name) == -EINVAL);
	CHECK(dns_name_parse(".", &name) == -EINVAL);
	CHECK(dns_name_parse("a..b", &name) == -EINVAL);
	CHECK(dns_name_parse(long_label, &name) == 0);
	(void)snprintf(text, sizeof(text), "%sb", long_label);
	CHECK(dns_name_parse(text, &name) == -EINVAL);
	/* 3 * 64 + 62 + 1 = 255 */
	(void)snprintf(text, sizeof(text), "%s.%s.%s.%.61s", long_label,
		long_label, long_label, long_label);
	CHECK(dns_name_parse(text, &name) == 0 && name.size == 255);
	(void)snprintf(text, sizeof(text), "%s.%s.%s.%.62s", long_label,
		long_label, long_label, long_label);
	CHECK(dns_name_parse(text, &name) == -EINVAL);
}

static void test_below(void)
{
	struct dns_name name, parent, rest;

	(void)dns_name_parse("a.web.shop", &name);
	(void)dns_name_parse("shop", &parent);
	CHECK(dns_name_is_below(&name, &parent, &rest));
	CHECK(dns_name_labels(&rest) == 2 && rest.size == 7);
	CHECK(dns_name_is_below(&parent, &parent, &rest) && rest.size == 1);
	CHECK(!dns_name_is_below(&parent, &name, NULL));
	(void)dns_name_parse("workshop", &name); /* ends like it, is not */
	CHECK(!dns_name_is_below(&name, &parent, NULL));
	(void)dns_name_parse("work\004shop", &name); /* nor on the wire */
	CHECK(!dns_name_is_below(&name, &parent, NULL));
}

static void test_names_of_messages(void)
{
	/* at 12: "a" and the root; what is read stands at 15 */
	static const struct {
		const char *label;
		size_t size;
		uint8_t bytes[8];
		int result;
		size_t end;
	} rows[] = {
		{ "a pointer", 2, { 0xc0, 12 }, 0, 17 },
		{ "a label and a pointer", 4, { 1, 'B', 0xc0, 12 }, 0, 19 },
		{ "to itself", 2, { 0xc0, 15 }, -EBADMSG, 0 },
		{ "forward", 4, { 0xc0, 17, 0, 0 }, -EBADMSG, 0 },
		{ "into the header", 2, { 0xc0, 2 }, -EBADMSG, 0 },
		{ "half a pointer", 1, { 0xc0 }, -EBADMSG, 0 },
		{ "back into itself", 4, { 1, 'b', 0xc0, 15 }, -EBADMSG, 0 },
		{ "no end", 2, { 1, 'b' }, -EBADMSG, 0 },
		{ "cut", 3, { 5, 'b', 'c' }, -EBADMSG, 0 },
		{ "an unknown kind", 2, { 0x40, 0 }, -EBADMSG, 0 },
		{ "nothing", 0, { 0 }, -EBADMSG, 0 },
	};

	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		uint8_t bytes[32] = { [12] = 1, [13] = 'a' };
		size_t at = 15;
		struct dns_name name;
		uint8_t *copy;

		check_row(rows[i].label);
		memcpy(bytes + 15, rows[i].bytes, sizeof(rows[i].bytes));
		copy = exact(bytes, 15 + rows[i].size);
		CHECK(dns_name_read(copy, 15 + rows[i].size, &at, &name) ==
			rows[i].result);
		CHECK(rows[i].result < 0 || at == rows[i].end);
		CHECK(rows[i].result < 0 ||
			name.size == (rows[i].size == 2 ? 3 : 5));
		free(copy);
	}
}

/* A label that a pointer leads to does not go on behind that pointer. */
static void test_pointer_to_what_reaches_behind_it(void)
{
	uint8_t bytes[] = { [12] = 4, [15] = 0xc0, [16] = 12, [17] = 0 };
	size_t at = 15;
	struct dns_name name;

	CHECK(dns_name_read(bytes, sizeof(bytes), &at, &name) == -EBADMSG);
	bytes[12] = 1;
	bytes[14] = 0;
	at = 15;
	CHECK(dns_name_read(bytes, sizeof(bytes), &at, &name) == 0);
	CHECK(at == 17 && name.size == 3);
}

/* A long chain of pointers, each to the one before: read, and bounded. */
static void test_pointers_upon_pointers(void)
{
	uint8_t bytes[1024] = { 0 };
	size_t at = 1000;
	struct dns_name name;

	bytes[12] = 0;
	for (size_t i = 14; i <= 1000; i += 2)
		dns_put16(bytes + i,
			(uint16_t)(0xc000 | (i == 14 ? 12 : i - 2)));
	CHECK(dns_name_read(bytes, sizeof(bytes), &at, &name) == 0);
	CHECK(name.size == 1 && at == 1002);
	/* labels on the way that are over 255 bytes together */
	for (size_t i = 16; i <= 900; i += 66) {
		bytes[i] = 63;
		dns_put16(bytes + i + 64,
			(uint16_t)(0xc000 | (i == 16 ? 12 : i - 66)));
	}
	at = 16 + 66 * 2;
	CHECK(dns_name_read(bytes, sizeof(bytes), &at, &name) == 0);
	CHECK(name.size == 193);
	at = 16 + 66 * 4;
	CHECK(dns_name_read(bytes, sizeof(bytes), &at, &name) == -EBADMSG);
}

static void test_queries(void)
{
	uint8_t bytes[300];
	size_t size = test_query(bytes, 7, "Web.Shop", DNS_TYPE_AAAA, TEST_DO);
	struct dns_query query;

	CHECK(dns_query_read(bytes, size, &query) == 0);
	CHECK(query.fault == DNS_CODE_OK && query.id == 7);
	CHECK(query.type == DNS_TYPE_AAAA && query.class == DNS_CLASS_IN);
	CHECK(query.has_edns && query.wants_dnssec && query.udp_size == 4096);
	CHECK(memcmp(query.name.bytes, "\3web\4shop", 10) == 0);
	CHECK(memcmp(query.spelling, "\3Web\4Shop", 10) == 0);
	for (size_t cut = 0; cut < size; cut++) {
		uint8_t *copy = exact(bytes, cut);
		int result = dns_query_read(copy, cut, &query);

		CHECK(cut < 12 ? result == -EBADMSG
			       : query.fault == DNS_CODE_MALFORMED);
		free(copy);
	}
}

static void test_wrong_queries(void)
{
	static const struct {
		const char *label;
		size_t at;
		uint8_t value;
		enum dns_code fault;
	} rows[] = {
		{ "two questions", 5, 2, DNS_CODE_MALFORMED },
		{ "no question", 5, 0, DNS_CODE_MALFORMED },
		{ "an update", 2, 5 << 3, DNS_CODE_NOT_DONE },
		{ "a pointer in the question", 12, 0xc0, DNS_CODE_MALFORMED },
		{ "EDNS 1", 12 + 5 + 4 + 6, 1, DNS_CODE_BAD_VERSION },
		{ "an OPT record of a name", 12 + 5 + 4, 1,
			DNS_CODE_MALFORMED },
		{ "an OPT record as an answer", 7, 1, DNS_CODE_MALFORMED },
		{ "two additional, there is one", 11, 2, DNS_CODE_MALFORMED },
	};

	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		uint8_t bytes[300];
		size_t size =
			test_query(bytes, 7, "web", DNS_TYPE_A, TEST_EDNS);
		struct dns_query query;

		check_row(rows[i].label);
		bytes[rows[i].at] = rows[i].value;
		if (rows[i].at == 7)
			bytes[11] = 0;
		CHECK(dns_query_read(bytes, size, &query) == 0);
		CHECK(query.fault == rows[i].fault);
	}
	check_row("an answer is not a question");
	uint8_t bytes[300];
	struct dns_query query;
	size_t size = test_query(bytes, 7, "web", DNS_TYPE_A, 0);

	bytes[2] |= 0x80;
	CHECK(dns_query_read(bytes, size, &query) == -EBADMSG);
}

/* ---- replies */

/* An answer of count addresses, valid for ttl_s, to a question of test_query;
 * returns the size. */
static size_t add_answers(uint8_t *bytes, size_t size, unsigned int count,
	uint32_t ttl_s)
{
	dns_put16(bytes + 2, DNS_FLAG_REPLY | DNS_FLAG_RECURSE |
				     DNS_FLAG_RECURSES | DNS_FLAG_AUTHENTIC);
	dns_put16(bytes + 6, (uint16_t)count);
	for (unsigned int i = 0; i < count; i++) {
		static const uint8_t record[16] = { 0xc0, 12, 0, 1, 0, 1, 0, 0,
			0, 0, 0, 4, 192, 0, 2, 1 };

		memcpy(bytes + size, record, sizeof(record));
		dns_put32(bytes + size + 6, ttl_s + i);
		size += sizeof(record);
	}
	return size;
}

static size_t add_opt(uint8_t *bytes, size_t size)
{
	dns_writer_put_opt(bytes + size, 0, false);
	bytes[11]++;
	return size + DNS_OPT_SIZE;
}

static size_t add_soa(uint8_t *bytes, size_t size, uint32_t ttl_s,
	uint32_t minimum_s)
{
	memset(bytes + size, 0, 33);
	bytes[size + 2] = DNS_TYPE_SOA;
	bytes[size + 4] = DNS_CLASS_IN;
	dns_put32(bytes + size + 5, ttl_s);
	bytes[size + 10] = 22;
	dns_put32(bytes + size + 29, minimum_s);
	bytes[9] = 1;
	return size + 33;
}

static void test_replies(void)
{
	uint8_t bytes[1024], asked[300], out[1024];
	size_t asked_size = test_query(asked, 9, "a.Example", DNS_TYPE_A, 0);
	size_t size = test_query(bytes, 5, "A.example", DNS_TYPE_A, 0);
	size_t question = size;
	struct dns_query query;
	struct dns_reply reply;

	CHECK(dns_query_read(asked, asked_size, &query) == 0);
	size = add_opt(bytes, add_answers(bytes, size, 2, 300));
	CHECK(dns_reply_read(bytes, size, 5, &query, &reply) == 0);
	CHECK(reply.code == DNS_CODE_OK && !reply.is_cut);
	CHECK(reply.ttl_s == 300 && reply.size == question + 32);
	CHECK(dns_reply_age(bytes, reply.size, 100, 250) == 0);
	CHECK(dns_get32(bytes + question + 6) == 150);
	CHECK(dns_get32(bytes + question + 22) == 150);
	CHECK(dns_reply_age(bytes, reply.size, 1000, 250) == 0);
	CHECK(dns_get32(bytes + question + 6) == 0);

	size = dns_reply_fit(bytes, reply.size, &query, out, 512);
	CHECK(text_equal(test_print(out, size), "OK 2/0: 192.0.2.1 192.0.2.1"));
	CHECK(memcmp(out + 12, "\1a\7Example", 11) == 0); /* as it was asked */
	CHECK(dns_get16(out) == 9 && size == reply.size);
	CHECK(!(out[3] & DNS_FLAG_AUTHENTIC)); /* nobody asked for DNSSEC */
	query.has_edns = query.wants_dnssec = true;
	size = dns_reply_fit(bytes, reply.size, &query, out, 512);
	CHECK(size == reply.size + DNS_OPT_SIZE && out[11] == 1);
	CHECK(out[3] & DNS_FLAG_AUTHENTIC);
}

/* A name that begins at the last byte of a TTL is none when that has aged. */
static void test_name_across_a_ttl(void)
{
	uint8_t bytes[1024], asked[300];
	size_t asked_size = test_query(asked, 5, "a.example", DNS_TYPE_A, 0);
	size_t question = test_query(bytes, 5, "a.example", DNS_TYPE_A, 0);
	size_t size = add_answers(bytes, question, 2, 256);
	struct dns_query query;
	struct dns_reply reply;

	CHECK(dns_query_read(asked, asked_size, &query) == 0);
	dns_put16(bytes + question + 16, (uint16_t)(0xc000 | (question + 9)));
	CHECK(dns_reply_read(bytes, size, 5, &query, &reply) == 0);
	CHECK(dns_reply_age(bytes, reply.size, 100, 250) == -EBADMSG);
}

/* One bit of what was asked is otherwise: it is not the answer. */
static void test_lies(void)
{
	uint8_t bytes[1024];
	size_t size = test_query(bytes, 5, "a.example", DNS_TYPE_A, 0);
	size_t question = size;
	struct dns_query query;
	struct dns_reply reply;

	CHECK(dns_query_read(bytes, size, &query) == 0);
	size = add_answers(bytes, size, 1, 300);
	CHECK(dns_reply_read(bytes, size, 5, &query, &reply) == 0);
	for (size_t at = 0; at < question; at++) {
		if (at == 2 || at == 3 || (at >= 6 && at < 12))
			continue; /* flags and counts */
		bytes[at] ^= 1;
		CHECK(dns_reply_read(bytes, size, 5, &query, &reply) < 0);
		bytes[at] ^= 1;
	}
	bytes[2] ^= 0x80; /* a question */
	CHECK(dns_reply_read(bytes, size, 5, &query, &reply) < 0);
	bytes[2] ^= 0x80;
	for (size_t cut = 0; cut < size; cut++) {
		uint8_t *copy = exact(bytes, cut);

		CHECK(dns_reply_read(copy, cut, 5, &query, &reply) < 0);
		free(copy);
	}
}

static void test_how_long(void)
{
	static const struct {
		const char *label;
		unsigned int code, answers;
		uint32_t ttl_s;
		bool has_soa;
		uint32_t soa_ttl_s, minimum_s, kept_s;
	} rows[] = {
		{ "an answer", 0, 1, 300, false, 0, 0, 300 },
		{ "for ever", 0, 1, 0x7fffffff, false, 0, 0, 3600 },
		{ "a negative TTL", 0, 1, 0x80000001, false, 0, 0, 0 },
		{ "none, for the minimum", 3, 0, 0, true, 900, 30, 30 },
		{ "none, for the TTL", 3, 0, 0, true, 20, 900, 20 },
		{ "none, for a minute", 3, 0, 0, true, 900, 900, 60 },
		{ "no data", 0, 0, 0, true, 900, 40, 40 },
		{ "none, nobody says how long", 3, 0, 0, false, 0, 0, 0 },
		{ "a failure", 2, 0, 0, true, 900, 900, 1 },
	};

	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		uint8_t bytes[1024];
		size_t size = test_query(bytes, 5, "a.example", DNS_TYPE_A, 0);
		struct dns_query query;
		struct dns_reply reply;

		check_row(rows[i].label);
		CHECK(dns_query_read(bytes, size, &query) == 0);
		size = add_answers(bytes, size, rows[i].answers, rows[i].ttl_s);
		if (rows[i].has_soa)
			size = add_soa(bytes, size, rows[i].soa_ttl_s,
				rows[i].minimum_s);
		bytes[3] = (uint8_t)((bytes[3] & 0xf0) | rows[i].code);
		CHECK(dns_reply_read(bytes, size, 5, &query, &reply) == 0);
		CHECK(reply.ttl_s == rows[i].kept_s);
	}
}

static void test_cut(void)
{
	uint8_t bytes[2048], out[2048];
	size_t size = test_query(bytes, 5, "a.example", DNS_TYPE_A, 0);
	size_t question = size;
	struct dns_query query;
	struct dns_reply reply;

	CHECK(dns_query_read(bytes, size, &query) == 0);
	size = add_answers(bytes, size, 60, 300);
	CHECK(dns_reply_read(bytes, size, 5, &query, &reply) == 0);
	CHECK(dns_reply_fit(bytes, reply.size, &query, out, 512) == question);
	CHECK(text_equal(test_print(out, question), "OK cut 0/0:"));
	CHECK(dns_reply_fit(bytes, reply.size, &query, out, reply.size) ==
		reply.size);
	/* cut by the server, in the midst of a record */
	bytes[2] |= DNS_FLAG_CUT >> 8;
	CHECK(dns_reply_read(bytes, size - 5, 5, &query, &reply) == 0);
	CHECK(reply.is_cut && reply.size == question && reply.ttl_s == 0);
	CHECK(dns_reply_fit(bytes, reply.size, &query, out, 512) == question);
	CHECK(text_equal(test_print(out, question), "OK cut 0/0:"));
}

int main(void)
{
	RUN(test_names_of_text);
	RUN(test_below);
	RUN(test_names_of_messages);
	RUN(test_pointer_to_what_reaches_behind_it);
	RUN(test_pointers_upon_pointers);
	RUN(test_queries);
	RUN(test_wrong_queries);
	RUN(test_replies);
	RUN(test_name_across_a_ttl);
	RUN(test_lies);
	RUN(test_how_long);
	RUN(test_cut);
	return check_done();
}
