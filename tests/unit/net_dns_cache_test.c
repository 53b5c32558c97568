// SPDX-License-Identifier: MIT
/* net_dns_cache_test - answers are kept for as long as they are true */
#include "net/dns_cache.h"

#include <stdio.h>
#include <string.h>

#include "check.h"
#include "net/dns_names.h"
#include "net/dns_reply.h"
#include "net_dns.h"

static struct dns_cache cache;
static const struct dns_servers servers = { { { AF_INET, { 192, 0, 2, 1 } } },
	1 };

/* An answer with one record, and `padding` bytes more of data in it. */
static size_t make(const char *name, uint32_t ttl_s, size_t padding,
	uint8_t *bytes, struct dns_query *query)
{
	size_t size = test_query(bytes, 0, name, DNS_TYPE_A, 0);

	(void)dns_query_read(bytes, size, query);
	bytes[2] = 0x81;
	bytes[7] = 1;
	memset(bytes + size, 0, 12 + padding);
	bytes[size] = 0xc0;
	bytes[size + 1] = 12;
	bytes[size + 3] = 1;
	bytes[size + 5] = 1;
	dns_put32(bytes + size + 6, ttl_s);
	dns_put16(bytes + size + 10, (uint16_t)padding);
	return size + 12 + padding;
}

static void put(const char *name, uint32_t ttl_s, size_t padding,
	uint64_t now_ms)
{
	static uint8_t bytes[20000];
	struct dns_query query;
	struct dns_reply reply = { .ttl_s = ttl_s, .ttl_max_s = 3600 };
	struct dns_cache_key key;

	reply.size = make(name, ttl_s, padding, bytes, &query);
	key = dns_cache_key(&cache, &query, &servers);
	dns_cache_put(&cache, &key, bytes, &reply, now_ms);
}

/* The TTL that is left, -1 when it is not there. */
static long get(const char *name, size_t padding, uint64_t now_ms)
{
	static uint8_t out[DNS_CACHE_MESSAGE_MAX], bytes[20000];
	struct dns_query query;
	size_t wanted = make(name, 0, padding, bytes, &query);
	struct dns_cache_key key = dns_cache_key(&cache, &query, &servers);
	size_t size = dns_cache_get(&cache, &key, &query, now_ms, out);
	struct dns_record record;

	if (size == 0)
		return -1;
	CHECK(size == wanted);
	CHECK(dns_record_read(out, size, size - padding - 12, &record) == 0);
	return (long)record.ttl_s;
}

static void test_counts_down(void)
{
	dns_cache_init(&cache, 1);
	put("a.example", 300, 4, 1000);
	CHECK(get("a.example", 4, 1000) == 300);
	CHECK(get("a.example", 4, 1999) == 300);
	CHECK(get("a.example", 4, 11000) == 290);
	CHECK(get("a.example", 4, 300999) == 1);
	CHECK(get("a.example", 4, 301000) == -1);
	CHECK(get("b.example", 4, 1000) == -1);
	CHECK(cache.used_blocks == 0);
	put("never.example", 0, 4, 1000);
	CHECK(get("never.example", 4, 1000) == -1);
}

/* The name of its second record lies across the TTL of the first, and is none
 * any more when that has aged: it is dropped, not given. */
static void test_aged_to_nothing(void)
{
	static uint8_t bytes[512], out[DNS_CACHE_MESSAGE_MAX];
	struct dns_query query;
	struct dns_reply reply = { .ttl_s = 300, .ttl_max_s = 3600 };
	size_t size = make("a.example", 300, 50, bytes, &query);
	/* 300 ends in the byte 44, a label of that length; 200 in 200 */
	uint16_t name_at = (uint16_t)(size - 50 - 12 + 9);
	struct dns_cache_key key;

	bytes[7] = 2;
	(void)make("a.example", 300, 4, out, &query);
	memcpy(bytes + size, out + size - 50 - 12, 16);
	dns_put16(bytes + size, 0xc000 | name_at);
	reply.size = size + 16;
	dns_cache_init(&cache, 1);
	key = dns_cache_key(&cache, &query, &servers);
	dns_cache_put(&cache, &key, bytes, &reply, 1000);
	CHECK(dns_cache_get(&cache, &key, &query, 1000, out) == size + 16);
	CHECK(dns_cache_get(&cache, &key, &query, 101000, out) == 0);
	CHECK(cache.used_blocks == 0);
	CHECK(dns_cache_get(&cache, &key, &query, 1000, out) == 0);
}

/* What differs in one thing only is another question. */
static void test_keys(void)
{
	uint8_t bytes[300];
	struct dns_query query;
	struct dns_servers others = servers;
	struct dns_cache_key key, other;

	(void)make("a.example", 1, 4, bytes, &query);
	key = dns_cache_key(&cache, &query, &servers);
	others.list[0].bytes[3] = 2;
	other = dns_cache_key(&cache, &query, &others);
	CHECK(!dns_cache_key_equal(&key, &other));
	query.type = DNS_TYPE_AAAA;
	other = dns_cache_key(&cache, &query, &servers);
	CHECK(!dns_cache_key_equal(&key, &other));
	query.type = DNS_TYPE_A;
	query.wants_dnssec = true;
	other = dns_cache_key(&cache, &query, &servers);
	CHECK(!dns_cache_key_equal(&key, &other));
	query.wants_dnssec = false;
	query.flags |= DNS_FLAG_UNCHECKED;
	other = dns_cache_key(&cache, &query, &servers);
	CHECK(!dns_cache_key_equal(&key, &other));
}

static void test_same_again(void)
{
	dns_cache_init(&cache, 1);
	put("a.example", 300, 1000, 1000);
	put("a.example", 200, 4, 1000);
	CHECK(get("a.example", 4, 1000) == 200);
	CHECK(cache.used_blocks == 1);
	put("large.example", 300, 16384, 1000);
	CHECK(get("large.example", 16384, 1000) == -1);
	put("large.example", 300, 16000, 1000);
	CHECK(get("large.example", 16000, 1000) == 300);
}

/* However much comes, what is used stays, and memory is all accounted for. */
static void test_the_oldest_goes(void)
{
	char name[32];
	size_t kept = 0;

	dns_cache_init(&cache, 1);
	put("used.example", 3000, 4, 1000);
	for (unsigned int i = 0; i < 20000; i++) {
		(void)snprintf(name, sizeof(name), "n%u.example", i);
		put(name, 3000, i * 37 % 700, 1000);
		CHECK(get(name, i * 37 % 700, 1000) == 3000);
		if (i % 50 == 0)
			CHECK(get("used.example", 4, 1000) == 3000);
		CHECK(cache.used_blocks <= DNS_CACHE_BLOCKS);
	}
	for (unsigned int i = 0; i < 20000; i++) {
		(void)snprintf(name, sizeof(name), "n%u.example", i);
		kept += get(name, i * 37 % 700, 1000) == 3000;
	}
	CHECK(kept > 800 && kept < DNS_CACHE_ENTRIES);
	CHECK(get("n19999.example", 19999 * 37 % 700, 1000) == 3000);
	CHECK(get("n0.example", 0, 1000) == -1);
	CHECK(get("used.example", 4, 1000) == 3000);
	/* all at once too old */
	for (unsigned int i = 0; i < 20000; i++) {
		(void)snprintf(name, sizeof(name), "n%u.example", i);
		CHECK(get(name, i * 37 % 700, 10000000) == -1);
	}
	CHECK(get("used.example", 4, 10000000) == -1);
	CHECK(cache.used_blocks == 0);
}

/* More small ones than there are entries. */
static void test_many_small(void)
{
	char name[32];

	dns_cache_init(&cache, 1);
	for (unsigned int i = 0; i < 10000; i++) {
		(void)snprintf(name, sizeof(name), "n%u.example", i);
		put(name, 3000, 4, 1000);
	}
	CHECK(cache.used_blocks == DNS_CACHE_ENTRIES);
	CHECK(get("n9999.example", 4, 1000) == 3000);
	CHECK(get("n7952.example", 4, 1000) == 3000);
	CHECK(get("n7951.example", 4, 1000) == -1);
}

int main(void)
{
	RUN(test_counts_down);
	RUN(test_aged_to_nothing);
	RUN(test_keys);
	RUN(test_same_again);
	RUN(test_the_oldest_goes);
	RUN(test_many_small);
	return check_done();
}
