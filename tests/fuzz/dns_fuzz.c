// SPDX-License-Identifier: MIT
/*
 * fuzz target of net: any bytes as what arrives at a name server
 *
 * The first byte says from whom: an even one, that they are a question of a
 * client's; an odd one, that they are a server's answer to the question that
 * the first of them are, which is kept, aged and cut for that client.
 */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>

#include "lib/address.h"
#include "net/dns_answer.h"
#include "net/dns_cache.h"
#include "net/dns_message.h"
#include "net/dns_names.h"
#include "net/dns_reply.h"
#include "net/dns_writer.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static struct dns_names names;
static struct dns_cache cache;

static void require(bool is_true)
{
	if (!is_true)
		abort();
}

static void make_names(void)
{
	char text[] = "version 1\nclient 172.20.0.2 web 3 out\n"
		      "name 3 web 172.20.0.100 fd00::100 172.20.0.101\n"
		      "name 3 tasks.web 172.20.0.2\ndomain 3 shop\n"
		      "alias 172.20.0.2 database web\n"
		      "pointer 172.20.0.2 web\nend\n";

	require(dns_names_parse(&names, text, NULL) == 0);
	dns_cache_init(&cache, 1);
}

/* Whatever we send has a question that is the asker's, and whole records. */
static void check_answer(uint8_t *bytes, size_t size, size_t limit,
	const struct dns_query *query)
{
	struct dns_reply reply;

	require(size >= DNS_HEADER_SIZE && size <= limit);
	require(dns_get16(bytes) == query->id);
	if (query->name.size == 0)
		return;
	if (query->flags & DNS_FLAG_OPERATION)
		return;
	require(memcmp(bytes + DNS_HEADER_SIZE, query->spelling,
			query->name.size) == 0);
	require(dns_reply_read(bytes, size, query->id, query, &reply) == 0);
}

static void try_question(const uint8_t *data, size_t size)
{
	static const struct address from = { AF_INET, { 172, 20, 0, 2 } };
	static uint64_t random = 1;
	uint8_t out[DNS_UDP_SIZE], asked[300];
	struct dns_query query;
	struct dns_answer answer;
	size_t limit;

	if (dns_query_read(data, size, &query) < 0)
		return;
	limit = dns_writer_udp_size(&query);
	answer = dns_answer_query(&names, &from, &query, &random, out, limit);
	if (answer.size > 0)
		check_answer(out, answer.size, limit, &query);
	if (answer.size == 0)
		require(dns_writer_ask(asked, 1, &query, false) <=
			sizeof(asked));
}

static void try_answer(uint8_t *data, size_t size)
{
	static uint8_t out[DNS_MESSAGE_MAX];
	static const struct dns_servers servers = { .count = 0 };
	uint8_t asked[DNS_HEADER_SIZE + DNS_NAME_MAX + 4 + DNS_OPT_SIZE];
	size_t part = size < sizeof(asked) ? size : sizeof(asked);
	struct dns_query query;
	struct dns_reply reply;
	struct dns_cache_key key;

	if (size < DNS_HEADER_SIZE)
		return;
	memcpy(asked, data, part);
	memset(asked + 2, 0, DNS_HEADER_SIZE - 2);
	asked[5] = 1;
	if (dns_query_read(asked, part, &query) < 0 || query.fault)
		return;
	query.has_edns = data[0] & 1;
	query.wants_dnssec = data[0] & 2;
	if (dns_reply_read(data, size, query.id, &query, &reply) < 0)
		return;
	require(reply.size <= size && reply.ttl_s <= DNS_REPLY_TTL_MAX_S);
	key = dns_cache_key(&cache, &query, &servers);
	dns_cache_put(&cache, &key, data, &reply, 1000);
	size = dns_reply_fit(data, reply.size, &query, out, 512);
	check_answer(out, size, 512, &query);
	if (reply.ttl_s == 0 || reply.size > DNS_CACHE_MESSAGE_MAX)
		return; /* not kept: an older answer may be there */
	size = dns_cache_get(&cache, &key, &query, 1000 + reply.ttl_s * 500,
		out);
	require(size == 0 || size == reply.size);
	require(size == 0 ||
		dns_reply_read(out, size, dns_get16(out), &query, &reply) == 0);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	uint8_t *copy;

	if (!names.arena.blocks)
		make_names();
	if (size < 1 || size > DNS_MESSAGE_MAX)
		return 0;
	copy = malloc(size); /* of this size, for the sanitizer to see */
	require(copy != NULL);
	memcpy(copy, data + 1, size - 1);
	if (data[0] % 2 == 0)
		try_question(copy, size - 1);
	else
		try_answer(copy, size - 1);
	free(copy);
	return 0;
}
