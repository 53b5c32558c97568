/* SPDX-License-Identifier: MIT */
/*
 * net_dns - questions and answers for the tests of the name server
 *
 * Written by hand, without the code that they test.
 */
#ifndef TARE_TEST_NET_DNS_H
#define TARE_TEST_NET_DNS_H

#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>

#include "lib/address.h"
#include "lib/text.h"
#include "net/dns_message.h"

enum {
	TEST_EDNS = 1, /* with an OPT record of 4096 bytes */
	TEST_NO_RD = 2,
	TEST_DO = 4,
};

static inline size_t test_put_name(uint8_t *out, const char *name)
{
	size_t used = 0;

	while (*name) {
		size_t length = strcspn(name, ".");

		out[used++] = (uint8_t)length;
		memcpy(out + used, name, length);
		used += length;
		name += length + (name[length] == '.');
	}
	out[used++] = 0;
	return used;
}

/* A question in out, of at least 300 bytes; returns its size. */
static inline size_t test_query(uint8_t *out, uint16_t id, const char *name,
	uint16_t type, int flags)
{
	size_t used = 12;

	memset(out, 0, 12);
	dns_put16(out, id);
	dns_put16(out + 2, flags & TEST_NO_RD ? 0 : DNS_FLAG_RECURSE);
	dns_put16(out + 4, 1);
	used += test_put_name(out + used, name);
	dns_put16(out + used, type);
	dns_put16(out + used + 2, DNS_CLASS_IN);
	used += 4;
	if (flags & (TEST_EDNS | TEST_DO)) {
		memset(out + used, 0, 11);
		out[used + 2] = DNS_TYPE_OPT;
		dns_put16(out + used + 3, 4096);
		if (flags & TEST_DO)
			out[used + 7] = 0x80;
		out[11] = 1;
		used += 11;
	}
	return used;
}

/*
 * An answer as a line: "NXDOMAIN 0/1: " and the addresses and names in the
 * order of the message; "cut" when it is.
 */
static inline const char *test_print(const uint8_t *bytes, size_t size)
{
	static const char *const codes[] = { "OK", "FORMERR", "SERVFAIL",
		"NXDOMAIN", "NOTIMP", "REFUSED" };
	static char line[65536];
	size_t at = 12;
	struct text text;

	text_init(&text, line, sizeof(line));
	if (size < 12 || !(bytes[2] & 0x80) || (bytes[3] & 15) > 5)
		return "broken";
	text_add(&text, "%s%s %u/%u:", codes[bytes[3] & 15],
		bytes[2] & 2 ? " cut" : "", dns_get16(bytes + 6),
		dns_get16(bytes + 8));
	if (dns_get16(bytes + 4) == 1) {
		if (dns_name_read(bytes, size, &at, NULL) < 0)
			return "broken";
		at += 4;
	}
	for (unsigned int i = 0; i < dns_get16(bytes + 6); i++) {
		struct dns_record record;
		struct address address = { .family = 0 };
		char one[ADDRESS_TEXT_SIZE];

		if (dns_record_read(bytes, size, at, &record) < 0)
			return "broken";
		if (record.type == DNS_TYPE_A || record.type == DNS_TYPE_AAAA) {
			address.family =
				record.data_size == 4 ? AF_INET : AF_INET6;
			memcpy(address.bytes, bytes + record.data_at,
				address_size(&address));
		}
		text_add(&text, " %s", address_print(&address, one));
		if (record.type == DNS_TYPE_PTR)
			text_add(&text, "%.*s", bytes[record.data_at],
				(const char *)bytes + record.data_at + 1);
		at = record.end;
	}
	return line;
}

#endif
