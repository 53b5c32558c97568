/* SPDX-License-Identifier: MIT */
/* dhcp6_client - a DHCPv6 client whose time and chance are a test's */
#ifndef TARE_DHCP6_CLIENT_H
#define TARE_DHCP6_CLIENT_H

#include <string.h>
#include <sys/socket.h>

#include "check.h"
#include "dhcp6_machine.h"
#include "dhcp6_wire.h"

#define BEGIN_MS 1000000
#define FROM     ((struct ip){ AF_INET6, { 0xfe, 0x80, [15] = 1 } })

static struct dhcp6_machine machine;
static struct dhcp6_now now;
static uint8_t sent[DHCP6_QUESTION_MAX];
static size_t sent_length;
static struct wire wire;
static bool has_ia;
static size_t ia;

static struct ip ip_at(unsigned last)
{
	return (struct ip){ AF_INET6,
		{ 0x20, 1, 0x0d, 0xb8, [15] = (uint8_t)last } };
}

static inline void start(bool is_stateless)
{
	machine = (struct dhcp6_machine){
		.id = { 6, "CLIENT" },
		.iaid = WIRE_IAID,
		.is_stateless = is_stateless,
	};
	/* RAND of 0 but for a thousandth, no delay, other transactions */
	now = (struct dhcp6_now){ BEGIN_MS, 0x00800001 };
	dhcp6_machine_begin(&machine, &now);
}

/* The next message, or 0: none before limit_s from now. */
static inline unsigned next(int limit_s)
{
	const int64_t limit_ms = now.ms + limit_s * 1000LL;

	for (int i = 0; i < 100; i++) {
		const int64_t due_ms = dhcp6_machine_next(&machine);

		if (due_ms > limit_ms)
			break;
		if (due_ms > now.ms)
			now.ms = due_ms;
		now.random++;
		sent_length = dhcp6_machine_run(&machine, &now, sent);
		if (sent_length)
			return sent[0];
	}
	now.ms = limit_ms;
	return 0;
}

static inline uint32_t sent_xid(void)
{
	return (uint32_t)sent[1] << 16 | (uint32_t)sent[2] << 8 | sent[3];
}

static inline bool sent_has(const void *bytes, size_t length)
{
	for (size_t at = 0; at + length <= sent_length; at++)
		if (memcmp(sent + at, bytes, length) == 0)
			return true;
	return false;
}

static inline bool sent_address(unsigned last)
{
	const struct ip ip = ip_at(last);

	return sent_has(ip.bytes, 16);
}

/* an answer to what was said last, with an IA until hear() */
static inline void answer(unsigned kind, char server)
{
	wire_begin(&wire, kind, sent_xid(), server);
	ia = wire_ia(&wire, WIRE_IAID, 100, 160);
	has_ia = true;
}

static inline void end_ia(void)
{
	if (has_ia)
		wire_end(&wire, ia);
	has_ia = false;
}

static inline void hear(void)
{
	struct dhcp6_answer read;
	const struct ip from = FROM;

	end_ia();
	now.random++;
	if (CHECK(dhcp6_message_read(wire.bytes, wire.length, WIRE_IAID,
			  &read) == 0))
		dhcp6_machine_hear(&machine, &now, &read, &from);
}

/* 2001:db8::LAST for 200 s, preferred; valid for 300 s */
static inline void give(unsigned kind, char server, unsigned last)
{
	answer(kind, server);
	wire_address(&wire, last, 200, 300);
	hear();
}

static inline void bind_address(void)
{
	start(false);
	CHECK(next(2) == DHCP6_KIND_SOLICIT);
	answer(DHCP6_KIND_ADVERTISE, 'a');
	wire_address(&wire, 5, 200, 300);
	end_ia();
	wire_option(&wire, 7, "\xff", 1);
	hear();
	CHECK(next(0) == DHCP6_KIND_REQUEST);
	give(DHCP6_KIND_REPLY, 'a', 5);
	CHECK(machine.state == DHCP6_BOUND && machine.lease_is_new);
	machine.lease_is_new = false;
}

#endif
