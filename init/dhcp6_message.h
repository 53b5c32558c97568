/* SPDX-License-Identifier: MIT */
/*
 * dhcp6_message - messages of DHCPv6 (RFC 8415, 8 and 21).
 *
 * What comes was sent by anybody on the wire: a message whose options do not
 * fill it to the byte is none at all. A value that makes no sense is left out
 * where it is only a gift (name servers, times), and refuses the message where
 * it says whom it is for. Server unicast and Reconfigure are not known here.
 * Pure.
 */
#ifndef INIT_DHCP6_MESSAGE_H
#define INIT_DHCP6_MESSAGE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "dhcp6_lease.h"

#define DHCP6_MESSAGE_MAX  4096 /* bytes of one that comes */
#define DHCP6_QUESTION_MAX 768  /* of one of ours, all options counted */

enum dhcp6_kind {
	DHCP6_KIND_SOLICIT = 1,
	DHCP6_KIND_ADVERTISE = 2,
	DHCP6_KIND_REQUEST = 3,
	DHCP6_KIND_CONFIRM = 4,
	DHCP6_KIND_RENEW = 5,
	DHCP6_KIND_REBIND = 6,
	DHCP6_KIND_REPLY = 7,
	DHCP6_KIND_DECLINE = 9,
	DHCP6_KIND_INFORMATION = 11,
};

enum dhcp6_status {
	DHCP6_STATUS_SUCCESS = 0,
	DHCP6_STATUS_FAILURE = 1,
	DHCP6_STATUS_NO_ADDRESSES = 2,
	DHCP6_STATUS_NO_BINDING = 3,
	DHCP6_STATUS_NOT_ON_LINK = 4,
};

/* what a server said; times are 0 where it said none */
struct dhcp6_answer {
	uint8_t kind; /* DHCP6_KIND_ADVERTISE or _REPLY */
	uint32_t xid;
	struct dhcp6_duid client, server;
	uint8_t preference;
	bool is_rapid;
	uint16_t status;
	bool has_ia; /* the one that was asked about */
	uint16_t ia_status;
	uint32_t t1_s, t2_s;
	/* with a valid time of 0: is given no more */
	struct dhcp6_address addresses[DHCP6_ADDRESSES_MAX];
	unsigned count;
	struct dhcp6_names names;
	uint32_t solicit_max_s, information_max_s, refresh_s;
};

/* Returns 0, or -EBADMSG: then nothing of *answer counts. */
int dhcp6_message_read(const uint8_t *bytes, size_t length, uint32_t iaid,
	struct dhcp6_answer *answer);

/* what we ask */
struct dhcp6_question {
	uint8_t kind;
	uint32_t xid;
	const struct dhcp6_duid *client;
	const struct dhcp6_duid *server; /* NULL: anybody */
	uint16_t elapsed_cs;             /* hundredths of a second */
	bool has_ia;
	uint32_t iaid;
	const struct dhcp6_address *addresses; /* in it; their times are not */
	unsigned count;
};

/* Returns the length; there is always room for all. */
size_t dhcp6_message_write(const struct dhcp6_question *question,
	uint8_t bytes[DHCP6_QUESTION_MAX]);

#endif
