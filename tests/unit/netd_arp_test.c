// SPDX-License-Identifier: MIT
/* netd_arp_test - which packets say that another host has our address */
#include "arp.h"

#include <arpa/inet.h>
#include <stdlib.h>
#include <string.h>

#include "check.h"

static const uint8_t ours[6] = { 2, 0, 0, 0, 0, 1 };
static const uint8_t theirs[6] = { 2, 0, 0, 0, 0, 2 };

static void make(uint8_t packet[ARP_BYTES], uint8_t operation,
	const uint8_t mac[6], const char *sender, const char *target)
{
	static const uint8_t head[] = { 0, 1, 8, 0, 6, 4, 0 };
	uint32_t ip = inet_addr(sender);

	memset(packet, 0, ARP_BYTES);
	memcpy(packet, head, sizeof(head));
	packet[7] = operation;
	memcpy(packet + 8, mac, 6);
	memcpy(packet + 14, &ip, 4);
	ip = inet_addr(target);
	memcpy(packet + 24, &ip, 4);
}

static void test_claims(void)
{
	static const struct {
		const char *name;
		uint8_t operation;
		const uint8_t *mac;
		const char *sender, *target;
		bool is_claim;
	} rows[] = {
		{ "an answer", 2, theirs, "192.0.2.9", "192.0.2.1", true },
		{ "a question of it", 1, theirs, "192.0.2.9", "192.0.2.1",
			true },
		{ "its announcement", 1, theirs, "192.0.2.9", "192.0.2.9",
			true },
		{ "its probe", 1, theirs, "0.0.0.0", "192.0.2.9", true },
		{ "our probe", 1, ours, "0.0.0.0", "192.0.2.9", false },
		{ "our answer", 2, ours, "192.0.2.9", "192.0.2.1", false },
		{ "who has it", 1, theirs, "192.0.2.1", "192.0.2.9", false },
		{ "another", 2, theirs, "192.0.2.8", "192.0.2.9", false },
		{ "an answer of nobody", 2, theirs, "0.0.0.0", "192.0.2.9",
			false },
	};
	const uint32_t ip = inet_addr("192.0.2.9");
	uint8_t packet[ARP_BYTES];

	for (size_t i = 0; i < sizeof(rows) / sizeof(*rows); i++) {
		check_row(rows[i].name);
		make(packet, rows[i].operation, rows[i].mac, rows[i].sender,
			rows[i].target);
		CHECK(arp_claims(packet, sizeof(packet), ip, ours) ==
			rows[i].is_claim);
	}
}

/* cut off anywhere, or of other sizes and protocols */
static void test_hostile(void)
{
	const uint32_t ip = inet_addr("192.0.2.9");
	uint8_t packet[ARP_BYTES];

	make(packet, 2, theirs, "192.0.2.9", "192.0.2.1");
	for (size_t length = 0; length < ARP_BYTES; length++) {
		uint8_t *copy = malloc(length ? length : 1);
		memcpy(copy, packet, length);
		CHECK(!arp_claims(copy, length, ip, ours));
		free(copy);
	}
	for (size_t at = 0; at < 7; at++) {
		packet[at] ^= 0x10;
		CHECK(!arp_claims(packet, sizeof(packet), ip, ours));
		packet[at] ^= 0x10;
	}
	CHECK(arp_claims(packet, sizeof(packet), ip, ours));
}

int main(void)
{
	RUN(test_claims);
	RUN(test_hostile);
	return check_done();
}
