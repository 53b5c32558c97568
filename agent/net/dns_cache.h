/* SPDX-License-Identifier: MIT */
/*
 * dns_cache - answers that were given, for as long as they are true
 *
 * Memory of a fixed size: messages lie in chains of blocks, and the one that
 * was not asked for the longest goes first.
 */
#ifndef TARE_NET_DNS_CACHE_H
#define TARE_NET_DNS_CACHE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct dns_query;
struct dns_reply;
struct dns_servers;

enum dns_cache_limit {
	DNS_CACHE_BLOCK_SIZE = 128,
	DNS_CACHE_BLOCKS = 4096, /* 512 KiB */
	DNS_CACHE_ENTRIES = 2048,
	DNS_CACHE_BUCKETS = 2048,
	DNS_CACHE_MESSAGE_MAX = 16384,
};

/* What makes two questions the same: the name, the type and these. */
struct dns_cache_key {
	uint64_t hash;
	uint64_t servers; /* others may say otherwise */
	uint16_t type;
	bool wants_dnssec;
	bool is_unchecked;
};

struct dns_cache_entry {
	struct dns_cache_key key;
	uint64_t stored_ms, expires_ms;
	uint32_t ttl_max_s;
	uint16_t size;
	uint16_t block;        /* the first */
	uint16_t older, newer; /* numbers of entries; NONE at the ends */
	uint16_t next;         /* of the same bucket, or free */
};

struct dns_cache {
	uint64_t seed;
	uint16_t oldest, newest;
	uint16_t free_entry, free_block;
	uint16_t fresh_entry, fresh_block; /* from here on none was ever used */
	size_t used_blocks;
	uint16_t buckets[DNS_CACHE_BUCKETS];
	uint16_t next_block[DNS_CACHE_BLOCKS];
	struct dns_cache_entry entries[DNS_CACHE_ENTRIES];
	uint8_t blocks[DNS_CACHE_BLOCKS][DNS_CACHE_BLOCK_SIZE];
};

/* Empties it. seed is not known to those who ask. */
void dns_cache_init(struct dns_cache *cache, uint64_t seed);

struct dns_cache_key dns_cache_key(const struct dns_cache *cache,
	const struct dns_query *query, const struct dns_servers *servers);

bool dns_cache_key_equal(const struct dns_cache_key *a,
	const struct dns_cache_key *b);

/* Keeps a reply that was read; not when it is too long or for no time. */
void dns_cache_put(struct dns_cache *cache, const struct dns_cache_key *key,
	const uint8_t *bytes, const struct dns_reply *reply, uint64_t now_ms);

/*
 * Copies the answer to query to out, of DNS_CACHE_MESSAGE_MAX bytes, with TTLs
 * that are counted down. Returns the size; 0: there is none.
 */
size_t dns_cache_get(struct dns_cache *cache, const struct dns_cache_key *key,
	const struct dns_query *query, uint64_t now_ms, uint8_t *out);

#endif
