// SPDX-License-Identifier: MIT
/* dns_writer - builds messages: our answers, and what we ask ourselves */
#include "net/dns_writer.h"

#include <string.h>
#include <sys/socket.h>

#include "lib/address.h"
#include "net/dns_message.h"

#define QUESTION_NAME 0xc00c /* a pointer to the name of the question */
#define EDNS_DNSSEC   0x8000

void dns_writer_begin(struct dns_writer *writer, uint8_t *buffer, size_t size,
	const struct dns_query *query)
{
	size_t name_size = query->name.size;

	*writer = (struct dns_writer){
		.bytes = buffer,
		.size = size - (query->has_edns ? DNS_OPT_SIZE : 0),
		.used = DNS_HEADER_SIZE,
		.query = query,
	};
	memset(buffer, 0, DNS_HEADER_SIZE);
	if (name_size == 0)
		return;
	memcpy(buffer + DNS_HEADER_SIZE, query->spelling, name_size);
	dns_put16(buffer + DNS_HEADER_SIZE + name_size, query->type);
	dns_put16(buffer + DNS_HEADER_SIZE + name_size + 2, query->class);
	writer->used += name_size + 4;
}

/* The head of a record, and room for its data; NULL when it does not fit. */
static uint8_t *add(struct dns_writer *writer, uint16_t type, uint32_t ttl_s,
	size_t data_size)
{
	uint8_t *at = writer->bytes + writer->used;

	if (writer->is_cut || writer->size - writer->used < 12 + data_size) {
		writer->is_cut = true;
		return NULL;
	}
	dns_put16(at, QUESTION_NAME);
	dns_put16(at + 2, type);
	dns_put16(at + 4, DNS_CLASS_IN);
	dns_put32(at + 6, ttl_s);
	dns_put16(at + 10, (uint16_t)data_size);
	writer->used += 12 + data_size;
	writer->answers++;
	return at + 12;
}

bool dns_writer_add_address(struct dns_writer *writer,
	const struct address *address, uint32_t ttl_s)
{
	bool is_4 = address->family == AF_INET;
	uint8_t *data = add(writer, is_4 ? DNS_TYPE_A : DNS_TYPE_AAAA, ttl_s,
		address_size(address));

	if (data)
		memcpy(data, address->bytes, address_size(address));
	return data != NULL;
}

bool dns_writer_add_pointer(struct dns_writer *writer,
	const struct dns_name *name, uint32_t ttl_s)
{
	uint8_t *data = add(writer, DNS_TYPE_PTR, ttl_s, name->size);

	if (data)
		memcpy(data, name->bytes, name->size);
	return data != NULL;
}

void dns_writer_add_absence(struct dns_writer *writer, uint32_t ttl_s)
{
	/* owner, mname and rname are the root; then serial, refresh, retry and
	 * expire, which concern nobody, and the minimum */
	static const size_t size = 11 + 2 + 5 * 4;
	uint8_t *at = writer->bytes + writer->used;

	if (writer->size - writer->used < size)
		return; /* 512 bytes have room for it behind any question */
	memset(at, 0, size);
	dns_put16(at + 1, DNS_TYPE_SOA);
	dns_put16(at + 3, DNS_CLASS_IN);
	dns_put32(at + 5, ttl_s);
	dns_put16(at + 9, (uint16_t)(size - 11));
	dns_put32(at + 13, 1);
	dns_put32(at + size - 4, ttl_s);
	writer->used += size;
	writer->authorities++;
}

void dns_writer_put_opt(uint8_t *bytes, unsigned int code, bool wants_dnssec)
{
	memset(bytes, 0, DNS_OPT_SIZE);
	dns_put16(bytes + 1, DNS_TYPE_OPT);
	dns_put16(bytes + 3, DNS_UDP_SIZE);
	bytes[5] = (uint8_t)(code >> 4);
	dns_put16(bytes + 7, wants_dnssec ? EDNS_DNSSEC : 0);
}

size_t dns_writer_end(struct dns_writer *writer, unsigned int flags,
	unsigned int code)
{
	const struct dns_query *query = writer->query;
	uint8_t *bytes = writer->bytes;

	flags |= DNS_FLAG_REPLY | DNS_FLAG_RECURSES | (code & DNS_FLAG_CODE);
	flags |= query->flags &
		 (DNS_FLAG_OPERATION | DNS_FLAG_RECURSE | DNS_FLAG_UNCHECKED);
	if (writer->is_cut)
		flags |= DNS_FLAG_CUT;
	dns_put16(bytes, query->id);
	dns_put16(bytes + 2, (uint16_t)flags);
	dns_put16(bytes + 4, query->name.size > 0);
	dns_put16(bytes + 6, writer->answers);
	dns_put16(bytes + 8, writer->authorities);
	dns_put16(bytes + 10, query->has_edns);
	if (query->has_edns) {
		dns_writer_put_opt(bytes + writer->used, code,
			query->wants_dnssec);
		writer->used += DNS_OPT_SIZE;
	}
	return writer->used;
}

size_t dns_writer_udp_size(const struct dns_query *query)
{
	return query->udp_size < DNS_UDP_SIZE ? query->udp_size : DNS_UDP_SIZE;
}

size_t dns_writer_ask(uint8_t *buffer, uint16_t id,
	const struct dns_query *query, bool is_plain)
{
	size_t used = DNS_HEADER_SIZE;

	memset(buffer, 0, DNS_HEADER_SIZE);
	dns_put16(buffer, id);
	dns_put16(buffer + 2, (uint16_t)(DNS_FLAG_RECURSE |
					 (query->flags & DNS_FLAG_UNCHECKED)));
	dns_put16(buffer + 4, 1);
	memcpy(buffer + used, query->name.bytes, query->name.size);
	used += query->name.size;
	dns_put16(buffer + used, query->type);
	dns_put16(buffer + used + 2, query->class);
	used += 4;
	if (!is_plain) {
		dns_put16(buffer + 10, 1);
		dns_writer_put_opt(buffer + used, 0, query->wants_dnssec);
		used += DNS_OPT_SIZE;
	}
	return used;
}
