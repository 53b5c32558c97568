// SPDX-License-Identifier: MIT
/* address - IPv4 and IPv6 addresses and prefixes as data */
#include "lib/address.h"

#include <arpa/inet.h>
#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>

#include "lib/text.h"

size_t address_size(const struct address *address)
{
	if (address->family == 0)
		return 0;
	return address->family == AF_INET ? 4 : 16;
}

int address_parse(const char *text, struct address *out)
{
	struct address result = { .family = AF_INET };

	if (inet_pton(AF_INET, text, result.bytes) != 1) {
		result.family = AF_INET6;
		if (inet_pton(AF_INET6, text, result.bytes) != 1)
			return -EINVAL;
	}
	*out = result;
	return 0;
}

const char *address_print(const struct address *address,
	char out[ADDRESS_TEXT_SIZE])
{
	*out = '\0';
	if (address->family)
		(void)inet_ntop(address->family, address->bytes, out,
			ADDRESS_TEXT_SIZE);
	return out;
}

int address_compare(const struct address *a, const struct address *b)
{
	size_t a_size = address_size(a);
	size_t b_size = address_size(b);

	if (a_size != b_size)
		return a_size < b_size ? -1 : 1;
	return memcmp(a->bytes, b->bytes, a_size);
}

bool address_is_loopback(const struct address *address)
{
	static const uint8_t own6[16] = { [15] = 1 };

	if (address->family == AF_INET)
		return address->bytes[0] == 127;
	return address->family == AF_INET6 &&
	       memcmp(address->bytes, own6, sizeof(own6)) == 0;
}

bool address_is_multicast(const struct address *address)
{
	if (address->family == AF_INET)
		return address->bytes[0] >> 4 == 0xe;
	return address->family == AF_INET6 && address->bytes[0] == 0xff;
}

int prefix_parse(const char *text, struct prefix *out)
{
	char own[ADDRESS_TEXT_SIZE];
	size_t length = strcspn(text, "/");
	struct prefix result;
	uint64_t bits;

	if (length >= sizeof(own))
		return -EINVAL;
	memcpy(own, text, length);
	own[length] = '\0';
	if (address_parse(own, &result.address) < 0)
		return -EINVAL;
	bits = 8 * address_size(&result.address);
	if (text[length] && text_parse_u64(text + length + 1, bits, &bits) < 0)
		return -EINVAL;
	result.length = (uint8_t)bits;
	*out = result;
	return 0;
}

const char *prefix_print(const struct prefix *prefix,
	char out[PREFIX_TEXT_SIZE])
{
	char own[ADDRESS_TEXT_SIZE];

	*out = '\0';
	if (prefix->address.family)
		(void)snprintf(out, PREFIX_TEXT_SIZE, "%s/%u",
			address_print(&prefix->address, own), prefix->length);
	return out;
}

/* Bits of byte `index` that belong to the first `length` bits. */
static uint8_t mask_of(size_t length, size_t index)
{
	if (length >= 8 * (index + 1))
		return 0xff;
	if (length <= 8 * index)
		return 0;
	return (uint8_t)(0xff << (8 * (index + 1) - length));
}

static bool has_same_start(const struct address *a, const struct address *b,
	size_t length)
{
	if (a->family == 0 || a->family != b->family)
		return false;
	for (size_t i = 0; i < address_size(a); i++) {
		if ((a->bytes[i] ^ b->bytes[i]) & mask_of(length, i))
			return false;
	}
	return true;
}

bool prefix_is_clean(const struct prefix *prefix)
{
	for (size_t i = 0; i < address_size(&prefix->address); i++) {
		if (prefix->address.bytes[i] & ~mask_of(prefix->length, i))
			return false;
	}
	return true;
}

bool prefix_contains(const struct prefix *prefix, const struct address *address)
{
	return has_same_start(&prefix->address, address, prefix->length);
}

bool prefix_overlaps(const struct prefix *a, const struct prefix *b)
{
	return has_same_start(&a->address, &b->address,
		a->length < b->length ? a->length : b->length);
}

bool prefix_nth(const struct prefix *prefix, uint64_t number,
	struct address *out)
{
	size_t size = address_size(&prefix->address);
	size_t free_bits = 8 * size - prefix->length;
	uint64_t rest = number;

	if (size == 0 || number == 0 ||
		(free_bits < 64 && number >= UINT64_C(1) << free_bits) ||
		(size == 4 && number == (UINT64_C(1) << free_bits) - 1))
		return false;
	*out = prefix->address;
	for (size_t i = size; i-- > 0;) {
		out->bytes[i] &= mask_of(prefix->length, i);
		out->bytes[i] |= (uint8_t)rest;
		rest >>= 8;
	}
	return true;
}
