/* SPDX-License-Identifier: MIT */
/*
 * dhcp6_wire - answers of a DHCPv6 server, made byte by byte for tests
 *
 * wire_begin, then an option each; those in an IA_NA between wire_ia and
 * wire_end. Nothing here checks anything: what is malformed is made as well.
 */
#ifndef TARE_DHCP6_WIRE_H
#define TARE_DHCP6_WIRE_H

#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#define WIRE_IAID 0x01020304

struct wire {
	uint8_t bytes[4096];
	size_t length;
};

static inline void wire_u8(struct wire *wire, unsigned value)
{
	wire->bytes[wire->length++] = (uint8_t)value;
}

static inline void wire_u16(struct wire *wire, unsigned value)
{
	wire_u8(wire, value >> 8);
	wire_u8(wire, value);
}

static inline void wire_u32(struct wire *wire, uint32_t value)
{
	wire_u16(wire, value >> 16);
	wire_u16(wire, value & 0xffff);
}

static inline void wire_put(struct wire *wire, const void *bytes, size_t length)
{
	memcpy(wire->bytes + wire->length, bytes, length);
	wire->length += length;
}

static inline void wire_option(struct wire *wire, unsigned code,
	const void *bytes, size_t length)
{
	wire_u16(wire, code);
	wire_u16(wire, (unsigned)length);
	wire_put(wire, bytes, length);
}

static inline void wire_option_u32(struct wire *wire, unsigned code,
	uint32_t value)
{
	wire_u16(wire, code);
	wire_u16(wire, 4);
	wire_u32(wire, value);
}

/* of a server "SRVx", for the client "CLIENT" */
static inline void wire_begin(struct wire *wire, unsigned kind, uint32_t xid,
	char server)
{
	const char id[4] = { 'S', 'R', 'V', server };

	wire->length = 0;
	wire_u32(wire, kind << 24 | (xid & 0xffffff));
	wire_option(wire, 1, "CLIENT", 6);
	wire_option(wire, 2, id, sizeof(id));
}

/* returns where its length is to be filled in, for wire_end */
static inline size_t wire_ia(struct wire *wire, uint32_t iaid, uint32_t t1_s,
	uint32_t t2_s)
{
	wire_u16(wire, 3);
	wire_u16(wire, 0);
	const size_t at = wire->length;
	wire_u32(wire, iaid);
	wire_u32(wire, t1_s);
	wire_u32(wire, t2_s);
	return at;
}

static inline void wire_end(struct wire *wire, size_t at)
{
	const size_t length = wire->length - at;

	wire->bytes[at - 2] = (uint8_t)(length >> 8);
	wire->bytes[at - 1] = (uint8_t)length;
}

/* 2001:db8::LAST */
static inline void wire_address(struct wire *wire, unsigned last,
	uint32_t preferred_s, uint32_t valid_s)
{
	uint8_t ip[16] = { 0x20, 1, 0x0d, 0xb8, [15] = (uint8_t)last };

	wire_u16(wire, 5);
	wire_u16(wire, 24);
	wire_put(wire, ip, sizeof(ip));
	wire_u32(wire, preferred_s);
	wire_u32(wire, valid_s);
}

static inline void wire_status(struct wire *wire, unsigned status)
{
	wire_u16(wire, 13);
	wire_u16(wire, 4);
	wire_u16(wire, status);
	wire_put(wire, "no", 2);
}

#endif
