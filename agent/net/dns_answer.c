// SPDX-License-Identifier: MIT
/* dns_answer - what becomes of a question: an answer of ours, or a way out */
#include "net/dns_answer.h"

#include <stdbool.h>
#include <sys/socket.h>

#include "lib/address.h"
#include "net/dns_message.h"
#include "net/dns_names.h"
#include "net/dns_reverse.h"
#include "net/dns_writer.h"

enum {
	ENTRIES_MAX = 32,    /* lines of one name in all networks of a client */
	ADDRESSES_MAX = 1024 /* of one answer */
};

struct job {
	const struct dns_names *names;
	const struct dns_client *client;
	const struct dns_query *query;
	uint64_t *random;
	struct dns_writer writer;
};

static const struct dns_name localhost = { 11, "\11localhost" };

/* Below these there is nothing that another server may be asked for. */
static const struct dns_name nowhere[] = {
	{ 9, "\7invalid" },
	{ 7, "\5onion" },
	{ 15, "\10resolver\4arpa" },
};

uint64_t dns_answer_random(uint64_t *state)
{
	uint64_t x = *state;

	x ^= x >> 12;
	x ^= x << 25;
	x ^= x >> 27;
	*state = x;
	return x * UINT64_C(0x2545f4914f6cdd1d);
}

size_t dns_answer_code(const struct dns_query *query, unsigned int code,
	uint8_t *buffer, size_t size)
{
	struct dns_writer writer;

	dns_writer_begin(&writer, buffer, size, query);
	return dns_writer_end(&writer, 0, code);
}

/* There is none, which may be remembered for a moment. */
static size_t say_none(struct job *job, unsigned int code)
{
	dns_writer_add_absence(&job->writer, DNS_OWN_TTL_S);
	return dns_writer_end(&job->writer, DNS_FLAG_AUTHORITY, code);
}

static int family_of(const struct dns_query *query)
{
	switch (query->type) {
	case DNS_TYPE_A:
		return AF_INET;
	case DNS_TYPE_AAAA:
		return AF_INET6;
	default:
		return 0;
	}
}

/*
 * All addresses of the family in an order of chance (Fisher and Yates), as many
 * as fit.
 */
static size_t say_addresses(struct job *job, const struct dns_entry *entries,
	size_t entry_count)
{
	const struct address *list[ADDRESSES_MAX];
	int family = family_of(job->query);
	size_t count = 0;

	for (size_t i = 0; i < entry_count; i++) {
		for (size_t k = 0; k < entries[i].count; k++) {
			const struct address *one = &entries[i].addresses[k];

			if (one->family == family && count < ADDRESSES_MAX)
				list[count++] = one;
		}
	}
	if (count == 0)
		return say_none(job, DNS_CODE_OK);
	for (; count > 0; count--) {
		uint64_t chosen =
			(dns_answer_random(job->random) >> 32) * count >> 32;

		if (!dns_writer_add_address(&job->writer, list[chosen],
			    DNS_OWN_TTL_S))
			break;
		list[chosen] = list[count - 1];
	}
	return dns_writer_end(&job->writer, DNS_FLAG_AUTHORITY, DNS_CODE_OK);
}

static size_t say_localhost(struct job *job)
{
	static const struct address loopback[] = {
		{ .family = AF_INET, .bytes = { 127, 0, 0, 1 } },
		{ .family = AF_INET6, .bytes = { [15] = 1 } },
	};
	static const struct dns_entry entry = { loopback, 2 };

	return say_addresses(job, &entry, 1);
}

static size_t say_name(struct job *job, const struct dns_name *name)
{
	if (job->query->type != DNS_TYPE_PTR)
		return say_none(job, DNS_CODE_OK);
	(void)dns_writer_add_pointer(&job->writer, name, DNS_OWN_TTL_S);
	return dns_writer_end(&job->writer, DNS_FLAG_AUTHORITY, DNS_CODE_OK);
}

/* 0: not a name in reverse, or one that somebody else may know. */
static size_t answer_reverse(struct job *job)
{
	const struct dns_name *name = NULL;
	struct prefix prefix;

	if (!dns_reverse_parse(&job->query->name, &prefix))
		return 0;
	if (prefix.length == 8 * address_size(&prefix.address)) {
		name = address_is_loopback(&prefix.address)
			       ? &localhost
			       : dns_names_pointer(job->names, job->client,
					 &prefix.address);
	}
	if (name)
		return say_name(job, name);
	/* ours, but in a network that the client is not in: nobody's business */
	if (dns_names_client(job->names, &prefix.address) ||
		(dns_reverse_is_private(&prefix) && !job->client->servers))
		return say_none(job, DNS_CODE_NO_NAME);
	return 0;
}

static bool is_nowhere(const struct dns_name *name)
{
	for (size_t i = 0; i < sizeof(nowhere) / sizeof(nowhere[0]); i++) {
		if (dns_name_is_below(name, &nowhere[i], NULL))
			return true;
	}
	return false;
}

/* What a validating or iterating resolver wants to know of a top-level zone. */
static bool is_zone_type(uint16_t type)
{
	return type == DNS_TYPE_NS || type == DNS_TYPE_SOA ||
	       type == DNS_TYPE_DS || type == DNS_TYPE_DNSKEY;
}

static size_t answer(struct job *job)
{
	const struct dns_query *query = job->query;
	struct dns_entry entries[ENTRIES_MAX];
	size_t count = dns_names_find(job->names, job->client, &query->name,
		entries, ENTRIES_MAX);
	size_t size;

	if (count > 0)
		return say_addresses(job, entries, count);
	if (dns_name_is_below(&query->name, &localhost, NULL))
		return say_localhost(job);
	if (is_nowhere(&query->name))
		return say_none(job, DNS_CODE_NO_NAME);
	size = answer_reverse(job);
	if (size > 0)
		return size;
	if (dns_name_labels(&query->name) == 1 && !is_zone_type(query->type))
		return say_none(job, DNS_CODE_NO_NAME);
	if (!(query->flags & DNS_FLAG_RECURSE))
		return dns_writer_end(&job->writer, 0, DNS_CODE_REFUSED);
	if (!job->client->may_ask_outside)
		return say_none(job, DNS_CODE_NO_NAME);
	return 0;
}

static unsigned int fault_of(const struct dns_query *query,
	const struct dns_client *client)
{
	if (!client)
		return DNS_CODE_REFUSED;
	if (query->fault != DNS_CODE_OK)
		return query->fault;
	if (query->class != DNS_CLASS_IN || query->type == DNS_TYPE_AXFR ||
		query->type == DNS_TYPE_IXFR)
		return DNS_CODE_REFUSED;
	return DNS_CODE_OK;
}

struct dns_answer dns_answer_query(const struct dns_names *names,
	const struct address *from, const struct dns_query *query,
	uint64_t *random, uint8_t *buffer, size_t size)
{
	struct dns_answer out = { .client = dns_names_client(names, from) };
	struct job job = {
		.names = names,
		.client = out.client,
		.query = query,
		.random = random,
	};
	unsigned int fault = fault_of(query, out.client);

	if (fault != DNS_CODE_OK) {
		out.size = dns_answer_code(query, fault, buffer, size);
		return out;
	}
	dns_writer_begin(&job.writer, buffer, size, query);
	out.size = answer(&job);
	return out;
}
