// SPDX-License-Identifier: MIT
/* dns_reverse - names that stand for addresses: in-addr.arpa and ip6.arpa */
#include "net/dns_reverse.h"

#include <stddef.h>
#include <stdint.h>
#include <string.h>
#include <sys/socket.h>

#include "lib/address.h"
#include "net/dns_message.h"

#define V4(a, b, c, d)                                     \
	{                                                  \
		.family = AF_INET, .bytes = { a, b, c, d } \
	}

static const struct dns_name zone4 = { 14, "\7in-addr\4arpa" };
static const struct dns_name zone6 = { 10, "\3ip6\4arpa" };

static const struct prefix private_prefixes[] = {
	/* clang-format off */
	{ V4(0, 0, 0, 0), 8 },
	{ V4(10, 0, 0, 0), 8 },
	{ V4(100, 64, 0, 0), 10 },
	{ V4(127, 0, 0, 0), 8 },
	{ V4(169, 254, 0, 0), 16 },
	{ V4(172, 16, 0, 0), 12 },
	{ V4(192, 0, 2, 0), 24 },
	{ V4(192, 168, 0, 0), 16 },
	{ V4(198, 51, 100, 0), 24 },
	{ V4(203, 0, 113, 0), 24 },
	{ V4(255, 255, 255, 255), 32 },
	{ { .family = AF_INET6 }, 128 },
	{ { .family = AF_INET6, .bytes = { [15] = 1 } }, 128 },
	{ { .family = AF_INET6, .bytes = { 0xfc } }, 7 },
	{ { .family = AF_INET6, .bytes = { 0xfe, 0x80 } }, 10 },
	{ { .family = AF_INET6, .bytes = { 0x20, 1, 0xd, 0xb8 } }, 32 },
	/* clang-format on */
};

/* A label as a decimal number up to 255, or -1. */
static int read_octet(const uint8_t *label, size_t size)
{
	int value = 0;

	if (size == 0 || size > 3 || (size > 1 && label[0] == '0'))
		return -1;
	for (size_t i = 0; i < size; i++) {
		if (label[i] < '0' || label[i] > '9')
			return -1;
		value = value * 10 + (label[i] - '0');
	}
	return value > 255 ? -1 : value;
}

/* A label as one hexadecimal digit, or -1. */
static int read_nibble(const uint8_t *label, size_t size)
{
	static const char digits[] = "0123456789abcdef";
	const char *found =
		size == 1 && label[0] != 0 ? strchr(digits, label[0]) : NULL;

	return found ? (int)(found - digits) : -1;
}

/* Puts a label in front of which `bits` are known; false when it is wrong. */
static bool put_label(struct prefix *prefix, const uint8_t *label, size_t size)
{
	bool is_4 = prefix->address.family == AF_INET;
	int value = is_4 ? read_octet(label, size) : read_nibble(label, size);
	uint8_t *byte = &prefix->address.bytes[prefix->length / 8];

	if (value < 0 || prefix->length >= 8 * address_size(&prefix->address))
		return false;
	if (is_4) {
		*byte = (uint8_t)value;
		prefix->length = (uint8_t)(prefix->length + 8);
	} else {
		*byte |= (uint8_t)(prefix->length % 8 ? value : value << 4);
		prefix->length = (uint8_t)(prefix->length + 4);
	}
	return true;
}

bool dns_reverse_parse(const struct dns_name *name, struct prefix *out)
{
	uint8_t starts[DNS_NAME_MAX / 2 + 1];
	size_t count = 0;
	struct dns_name rest;

	*out = (struct prefix){ .length = 0 };
	if (dns_name_is_below(name, &zone4, &rest))
		out->address.family = AF_INET;
	else if (dns_name_is_below(name, &zone6, &rest))
		out->address.family = AF_INET6;
	else
		return false;
	for (size_t at = 0; rest.bytes[at] != 0; at += rest.bytes[at] + 1U)
		starts[count++] = (uint8_t)at;
	/* the label before the zone has the first bits */
	while (count-- > 0) {
		const uint8_t *label = rest.bytes + starts[count];

		if (!put_label(out, label + 1, label[0]))
			return false;
	}
	return true;
}

bool dns_reverse_is_private(const struct prefix *prefix)
{
	size_t count = sizeof(private_prefixes) / sizeof(private_prefixes[0]);

	for (size_t i = 0; i < count; i++) {
		const struct prefix *own = &private_prefixes[i];

		if (prefix->length >= own->length &&
			prefix_contains(own, &prefix->address))
			return true;
	}
	return false;
}
