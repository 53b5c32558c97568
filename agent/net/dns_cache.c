// SPDX-License-Identifier: MIT
/* dns_cache - answers that were given, for as long as they are true */
#include "net/dns_cache.h"

#include <string.h>

#include "lib/hash.h"
#include "net/dns_message.h"
#include "net/dns_names.h"
#include "net/dns_reply.h"

#define NONE UINT16_MAX

void dns_cache_init(struct dns_cache *cache, uint64_t seed)
{
	cache->seed = seed;
	cache->oldest = cache->newest = NONE;
	cache->free_entry = cache->free_block = NONE;
	cache->fresh_entry = cache->fresh_block = 0;
	cache->used_blocks = 0;
	memset(cache->buckets, 0xff, sizeof(cache->buckets));
}

struct dns_cache_key dns_cache_key(const struct dns_cache *cache,
	const struct dns_query *query, const struct dns_servers *servers)
{
	uint64_t start =
		hash_bytes(HASH_START, &cache->seed, sizeof(cache->seed));
	struct dns_cache_key key = {
		.servers = start,
		.type = query->type,
		.wants_dnssec = query->wants_dnssec,
		.is_unchecked = query->flags & DNS_FLAG_UNCHECKED,
	};

	for (size_t i = 0; i < servers->count; i++)
		key.servers = hash_bytes(key.servers, servers->list[i].bytes,
			address_size(&servers->list[i]));
	start = hash_bytes(start, query->name.bytes, query->name.size);
	key.hash = hash_bytes(start, &key.type, sizeof(key.type));
	return key;
}

bool dns_cache_key_equal(const struct dns_cache_key *a,
	const struct dns_cache_key *b)
{
	return a->hash == b->hash && a->servers == b->servers &&
	       a->type == b->type && a->wants_dnssec == b->wants_dnssec &&
	       a->is_unchecked == b->is_unchecked;
}

static uint16_t *bucket_of(struct dns_cache *cache, uint64_t hash)
{
	return &cache->buckets[hash % DNS_CACHE_BUCKETS];
}

/* ---- from the oldest to the newest */

static void unlink_entry(struct dns_cache *cache, uint16_t number)
{
	const struct dns_cache_entry *entry = &cache->entries[number];

	if (entry->older == NONE)
		cache->oldest = entry->newer;
	else
		cache->entries[entry->older].newer = entry->newer;
	if (entry->newer == NONE)
		cache->newest = entry->older;
	else
		cache->entries[entry->newer].older = entry->older;
}

static void link_newest(struct dns_cache *cache, uint16_t number)
{
	struct dns_cache_entry *entry = &cache->entries[number];

	entry->older = cache->newest;
	entry->newer = NONE;
	if (cache->newest == NONE)
		cache->oldest = number;
	else
		cache->entries[cache->newest].newer = number;
	cache->newest = number;
}

/* ---- chains of blocks */

static size_t blocks_for(size_t size)
{
	return (size + DNS_CACHE_BLOCK_SIZE - 1) / DNS_CACHE_BLOCK_SIZE;
}

static void free_blocks(struct dns_cache *cache, uint16_t block, size_t count)
{
	cache->used_blocks -= count;
	while (count-- > 0) {
		uint16_t next = cache->next_block[block];

		cache->next_block[block] = cache->free_block;
		cache->free_block = block;
		block = next;
	}
}

/* There is one. Memory that was never needed is never touched. */
static uint16_t take_block(struct dns_cache *cache)
{
	uint16_t block = cache->free_block;

	if (block == NONE)
		return cache->fresh_block++;
	cache->free_block = cache->next_block[block];
	return block;
}

/* There are enough free ones. Returns the first of the chain. */
static uint16_t write_blocks(struct dns_cache *cache, const uint8_t *bytes,
	size_t size)
{
	uint16_t first = NONE;
	uint16_t *link = &first;

	for (size_t at = 0; at < size; at += DNS_CACHE_BLOCK_SIZE) {
		size_t part = size - at < DNS_CACHE_BLOCK_SIZE
				      ? size - at
				      : DNS_CACHE_BLOCK_SIZE;

		*link = take_block(cache);
		memcpy(cache->blocks[*link], bytes + at, part);
		link = &cache->next_block[*link];
	}
	*link = NONE;
	cache->used_blocks += blocks_for(size);
	return first;
}

static void read_blocks(const struct dns_cache *cache, uint16_t block,
	uint8_t *out, size_t size)
{
	for (size_t at = 0; at < size; at += DNS_CACHE_BLOCK_SIZE) {
		size_t part = size - at < DNS_CACHE_BLOCK_SIZE
				      ? size - at
				      : DNS_CACHE_BLOCK_SIZE;

		memcpy(out + at, cache->blocks[block], part);
		block = cache->next_block[block];
	}
}

/* ---- entries */

static void drop(struct dns_cache *cache, uint16_t number)
{
	struct dns_cache_entry *entry = &cache->entries[number];
	uint16_t *at = bucket_of(cache, entry->key.hash);

	while (*at != number)
		at = &cache->entries[*at].next;
	*at = entry->next;
	unlink_entry(cache, number);
	free_blocks(cache, entry->block, blocks_for(entry->size));
	entry->next = cache->free_entry;
	cache->free_entry = number;
}

static uint16_t find(struct dns_cache *cache, const struct dns_cache_key *key)
{
	uint16_t number = *bucket_of(cache, key->hash);

	while (number != NONE &&
		!dns_cache_key_equal(&cache->entries[number].key, key))
		number = cache->entries[number].next;
	return number;
}

static uint16_t take_entry(struct dns_cache *cache)
{
	uint16_t number = cache->free_entry;

	if (number == NONE)
		return cache->fresh_entry++;
	cache->free_entry = cache->entries[number].next;
	return number;
}

void dns_cache_put(struct dns_cache *cache, const struct dns_cache_key *key,
	const uint8_t *bytes, const struct dns_reply *reply, uint64_t now_ms)
{
	size_t wanted = blocks_for(reply->size);
	uint16_t *bucket = bucket_of(cache, key->hash);
	struct dns_cache_entry *entry;
	uint16_t number;

	if (reply->ttl_s == 0 || reply->size > DNS_CACHE_MESSAGE_MAX)
		return;
	number = find(cache, key);
	if (number != NONE)
		drop(cache, number);
	while ((cache->free_entry == NONE &&
		       cache->fresh_entry == DNS_CACHE_ENTRIES) ||
		DNS_CACHE_BLOCKS - cache->used_blocks < wanted)
		drop(cache, cache->oldest);
	number = take_entry(cache);
	entry = &cache->entries[number];
	*entry = (struct dns_cache_entry){
		.key = *key,
		.stored_ms = now_ms,
		.expires_ms = now_ms + reply->ttl_s * UINT64_C(1000),
		.ttl_max_s = reply->ttl_max_s,
		.size = (uint16_t)reply->size,
		.block = write_blocks(cache, bytes, reply->size),
		.next = *bucket,
	};
	*bucket = number;
	link_newest(cache, number);
}

size_t dns_cache_get(struct dns_cache *cache, const struct dns_cache_key *key,
	const struct dns_query *query, uint64_t now_ms, uint8_t *out)
{
	uint16_t number = find(cache, key);
	struct dns_cache_entry *entry;

	if (number == NONE)
		return 0;
	entry = &cache->entries[number];
	if (entry->expires_ms <= now_ms) {
		drop(cache, number);
		return 0;
	}
	read_blocks(cache, entry->block, out, entry->size);
	/* the key has only a hash of the name */
	if (memcmp(out + DNS_HEADER_SIZE, query->name.bytes,
		    query->name.size) != 0)
		return 0;
	if (dns_reply_age(out, entry->size,
		    (uint32_t)((now_ms - entry->stored_ms) / 1000),
		    entry->ttl_max_s) < 0) {
		drop(cache, number);
		return 0;
	}
	unlink_entry(cache, number);
	link_newest(cache, number);
	return entry->size;
}
