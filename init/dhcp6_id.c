/* SPDX-License-Identifier: MIT */
/* dhcp6_id - who we are for a DHCPv6 server */
#include "dhcp6_id.h"

#include <stdio.h>
#include <string.h>

#define TYPE_LL   3
#define TYPE_UUID 4
#define ETHERNET  1 /* of RFC 826's hardware types */
#define ID_BYTES  16

static int digit(char c)
{
	if (c >= '0' && c <= '9')
		return c - '0';
	return c >= 'a' && c <= 'f' ? c - 'a' + 10 : -1;
}

/* how many bytes of hex digits the text is; -1 when it is none or too long */
static int read_hex(const char *text, uint8_t *bytes, int max)
{
	int count = 0;

	for (; *text; text += 2, count++) {
		int high = digit(text[0]);
		int low = high < 0 ? -1 : digit(text[1]);
		if (low < 0 || count == max)
			return -1;
		bytes[count] = (uint8_t)(high << 4 | low);
	}
	return count;
}

static uint64_t rotate(uint64_t value, unsigned bits)
{
	return value << bits | value >> (64 - bits);
}

static void sip_rounds(uint64_t v[4], int count)
{
	while (count--) {
		v[0] += v[1];
		v[2] += v[3];
		v[1] = rotate(v[1], 13) ^ v[0];
		v[3] = rotate(v[3], 16) ^ v[2];
		v[0] = rotate(v[0], 32) + v[3];
		v[2] += v[1];
		v[1] = rotate(v[1], 17) ^ v[2];
		v[3] = rotate(v[3], 21) ^ v[0];
		v[2] = rotate(v[2], 32);
	}
}

/* SipHash-2-4 of one word: who does not know the key cannot tell it */
static uint64_t sip_hash(const uint64_t key[2], uint64_t word)
{
	const uint64_t last = UINT64_C(8) << 56; /* the length */
	uint64_t v[4] = { key[0] ^ UINT64_C(0x736f6d6570736575),
		key[1] ^ UINT64_C(0x646f72616e646f6d),
		key[0] ^ UINT64_C(0x6c7967656e657261),
		key[1] ^ UINT64_C(0x7465646279746573) };

	v[3] ^= word;
	sip_rounds(v, 2);
	v[0] ^= word;
	v[3] ^= last;
	sip_rounds(v, 2);
	v[0] ^= last;
	v[2] ^= 0xff;
	sip_rounds(v, 4);
	return v[0] ^ v[1] ^ v[2] ^ v[3];
}

bool dhcp6_id_of_machine(const char *machine_id, struct dhcp6_duid *duid)
{
	uint8_t id[ID_BYTES];
	uint64_t key[2] = { 0 };

	if (read_hex(machine_id, id, ID_BYTES) != ID_BYTES)
		return false;
	for (unsigned i = 0; i < ID_BYTES; i++)
		key[i / 8] |= (uint64_t)id[i] << 8 * (i % 8);
	*duid = (struct dhcp6_duid){
		.length = 2 + ID_BYTES,
		.bytes = { 0, TYPE_UUID },
	};
	uint8_t *uuid = duid->bytes + 2;
	for (unsigned i = 0; i < ID_BYTES; i++)
		uuid[i] = (uint8_t)(sip_hash(key, i / 8) >> 8 * (i % 8));
	uuid[6] = (uint8_t)((uuid[6] & 0x0f) | 0x80); /* RFC 9562, version 8 */
	uuid[8] = (uint8_t)((uuid[8] & 0x3f) | 0x80);
	return true;
}

void dhcp6_id_of_mac(const uint8_t mac[6], struct dhcp6_duid *duid)
{
	*duid = (struct dhcp6_duid){
		.length = 10,
		.bytes = { 0, TYPE_LL, 0, ETHERNET },
	};
	memcpy(duid->bytes + 4, mac, 6);
}

uint32_t dhcp6_id_of_link(const uint8_t *mac, const char *name)
{
	const uint8_t *bytes = mac ? mac : (const uint8_t *)name;
	const size_t length = mac ? 6 : strlen(name);
	uint32_t hash = 2166136261; /* FNV-1a */

	for (size_t i = 0; i < length; i++)
		hash = (hash ^ bytes[i]) * 16777619;
	return hash;
}

bool dhcp6_id_equal(const struct dhcp6_duid *a, const struct dhcp6_duid *b)
{
	return a->length == b->length &&
	       memcmp(a->bytes, b->bytes, a->length) == 0;
}

const char *dhcp6_id_print(const struct dhcp6_duid *duid,
	char text[DHCP6_DUID_TEXT_MAX])
{
	for (unsigned i = 0; i < duid->length; i++)
		(void)snprintf(text + 2 * i, 3, "%02x", duid->bytes[i]);
	text[2 * duid->length] = '\0';
	return text;
}

bool dhcp6_id_parse(const char *text, struct dhcp6_duid *duid)
{
	int length = read_hex(text, duid->bytes, DHCP6_DUID_MAX);

	duid->length = length < 3 ? 0 : (uint8_t)length;
	return duid->length > 0;
}
