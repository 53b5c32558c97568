// SPDX-License-Identifier: MIT
/*
 * fuzz target of the DHCPv6 client: a day of it, with whatever answers come
 *
 * The first byte says what it asks for (or, with 2, that the rest is a file of
 * a lease, which anybody may have written). Then come steps: a byte of what
 * happens, and what belongs to it. Time passes, messages are heard (most of
 * them with the transaction and the names that the client waits for, as nobody
 * would guess those), the carrier comes back, addresses are others'.
 *
 * What is believed has to be in its limits, is read again from its file the
 * same, and no answer makes the client talk without end.
 */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "dhcp6_machine.h"

#define TALK_MAX 3 /* messages that may follow from one event at once */

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static struct dhcp6_machine machine;
static struct dhcp6_now now;

static void require(bool is_true)
{
	if (!is_true)
		abort();
}

/* what is in a file is read from it the same */
static void check_file(const struct dhcp6_lease *lease)
{
	char text[DHCP6_LEASE_MAX], copy[DHCP6_LEASE_MAX];
	struct dhcp6_lease again;

	size_t length = dhcp6_lease_print(lease, text);
	memcpy(copy, text, length + 1);
	require(dhcp6_lease_parse(copy, &again) == 0);
	require(dhcp6_lease_print(&again, copy) == length);
	require(memcmp(copy, text, length) == 0);
	require(!strpbrk(lease->names.search, "\n\r\t/%$"));
	require(!strpbrk(lease->names.clocks, "\n\r\t/%$"));
}

static void check_lease(void)
{
	const struct dhcp6_lease *lease = &machine.lease;

	require(lease->count <= DHCP6_ADDRESSES_MAX);
	require(machine.state != DHCP6_BOUND || lease->count > 0);
	for (unsigned a = 0; a < lease->count; a++)
		require(dhcp6_lease_find(lease, &lease->addresses[a].ip) ==
			(int)a);
	check_file(lease);
}

static void try_file(const uint8_t *bytes, size_t size)
{
	struct dhcp6_lease lease;
	char text[DHCP6_LEASE_MAX];

	if (size >= sizeof(text))
		return;
	memcpy(text, bytes, size);
	text[size] = '\0';
	if (dhcp6_lease_parse(text, &lease) == 0)
		check_file(&lease);
}

/* do what is due, until nothing more is */
static void run(void)
{
	uint8_t bytes[DHCP6_QUESTION_MAX];
	unsigned talked = 0;

	for (int i = 0; dhcp6_machine_next(&machine) <= now.ms; i++) {
		size_t length = dhcp6_machine_run(&machine, &now, bytes);
		require(length <= sizeof(bytes));
		talked += length > 0;
		require(talked <= TALK_MAX && i < 20);
	}
	check_lease();
}

/* an answer to what was asked, as far as its own bytes are one */
static void hear(const uint8_t *bytes, size_t length, bool is_for_us)
{
	const struct ip from = { 10, { 0xfe, 0x80, [15] = 1 } };
	uint8_t *copy = malloc(length + 1);
	struct dhcp6_answer answer;

	if (!copy)
		return;
	memcpy(copy, bytes, length);
	if (dhcp6_message_read(copy, length, machine.iaid, &answer) == 0) {
		if (is_for_us) {
			answer.xid = machine.xid;
			answer.client = machine.id;
		}
		dhcp6_machine_hear(&machine, &now, &answer, &from);
	}
	free(copy);
}

/* what one byte says, and how many of those behind it belong to it */
static size_t step(uint8_t what, const uint8_t *bytes, size_t size)
{
	struct ip ip = { .family = 10 };
	size_t length;

	switch (what % 8) {
	case 0: /* up to a day */
		now.ms += size ? (int64_t)bytes[0] * bytes[0] * 1300 : 1;
		return size > 0;
	case 1:
		dhcp6_machine_carrier(&machine, &now);
		return 0;
	case 2:
		if (machine.lease.count)
			ip = machine.lease.addresses[0].ip;
		dhcp6_machine_duplicate(&machine, &now, &ip);
		return 0;
	case 3: /* to the moment when something is due */
		if (dhcp6_machine_next(&machine) != INT64_MAX &&
			dhcp6_machine_next(&machine) > now.ms)
			now.ms = dhcp6_machine_next(&machine);
		return 0;
	case 4:
		dhcp6_machine_unsent(&machine, &now);
		return 0;
	}
	if (size < 2)
		return size;
	length = (size_t)(bytes[0] << 8 | bytes[1]);
	if (length > size - 2)
		length = size - 2;
	hear(bytes + 2, length, what % 8 != 5);
	return 2 + length;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	if (size == 0)
		return 0;
	if (data[0] & 2) {
		try_file(data + 1, size - 1);
		return 0;
	}
	machine = (struct dhcp6_machine){
		.id = { 6, "CLIENT" },
		.iaid = 0x01020304,
		.is_stateless = data[0] & 1,
	};
	now = (struct dhcp6_now){ 5000, 0x01234567 };
	dhcp6_machine_begin(&machine, &now);
	run();
	for (size_t at = 1; at < size;) {
		now.random = now.random * 1664525 + 1013904223;
		const uint8_t what = data[at++];
		at += step(what, data + at, size - at);
		run();
	}
	return 0;
}
