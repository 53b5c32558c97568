/* SPDX-License-Identifier: MIT */
/*
 * dhcp6_machine - what a DHCPv6 client says when (RFC 8415, 15 and 18).
 *
 *   SOLICIT -> REQUEST -> BOUND -> RENEW -> REBIND -> SOLICIT
 *   BOUND, RENEW, REBIND -> CONFIRM, when the carrier came back, -> BOUND
 *   any -> DECLINE, when another host has the address, -> SOLICIT or BOUND
 *   INFORM <-> INFORMED, when only names are wanted
 *
 * Pure: the time and random bits are given in, messages come in and go out as
 * bytes. Who calls looks after each call at dhcp6_machine_next and lease_is_new.
 */
#ifndef INIT_DHCP6_MACHINE_H
#define INIT_DHCP6_MACHINE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "dhcp6_message.h"

enum dhcp6_state {
	DHCP6_SOLICIT,
	DHCP6_REQUEST,
	DHCP6_CONFIRM,
	DHCP6_BOUND,
	DHCP6_RENEW,
	DHCP6_REBIND,
	DHCP6_DECLINE,
	DHCP6_INFORM,
	DHCP6_INFORMED,
	DHCP6_STATES,
};

struct dhcp6_now {
	int64_t ms;      /* of a clock that counts while suspended */
	uint32_t random; /* others at each call */
};

/* an Advertise that may become a Request */
struct dhcp6_offer {
	struct dhcp6_duid server; /* length 0: there is none */
	uint8_t preference;
	struct dhcp6_address addresses[DHCP6_ADDRESSES_MAX];
	unsigned count;
};

struct dhcp6_machine {
	/* given; hints are addresses that it would like to have */
	struct dhcp6_duid id;
	uint32_t iaid;
	bool is_stateless; /* names alone: no addresses */
	struct dhcp6_address hints[DHCP6_ADDRESSES_MAX];
	unsigned hints_count;
	struct dhcp6_lease lease; /* of before, to go on with */

	/* its own */
	bool lease_is_new; /* to be written; set back by who wrote it */
	enum dhcp6_state state;
	uint32_t xid;
	int64_t began_ms;       /* when the first message of this state went */
	int64_t due_ms;         /* the next one, or the end of a wait */
	int64_t end_ms;         /* until when the state may last at most */
	int64_t wait_ms;        /* RT of RFC 8415, 15 */
	int64_t wait_before_ms; /* the one before; -1: nothing was said */
	unsigned sent, unsent;
	unsigned failures; /* since something went well: slows it down */
	uint32_t solicit_max_s, information_max_s;
	struct dhcp6_offer offer;
	struct dhcp6_address declined[DHCP6_ADDRESSES_MAX];
	unsigned declined_count;
};

/* Begin, with what is given filled in and all else 0: with a lease that is
 * valid it is confirmed, else it asks for one. */
void dhcp6_machine_begin(struct dhcp6_machine *machine,
	const struct dhcp6_now *now);

/* Do what is due. Returns the length of a message that is to go to all servers
 * of the link, 0 for none. */
size_t dhcp6_machine_run(struct dhcp6_machine *machine,
	const struct dhcp6_now *now, uint8_t bytes[DHCP6_QUESTION_MAX]);

/* when to call that again, in ms of its clock; INT64_MAX: never by itself */
int64_t dhcp6_machine_next(const struct dhcp6_machine *machine);

/* the message could not go: the same again, a little later */
void dhcp6_machine_unsent(struct dhcp6_machine *machine,
	const struct dhcp6_now *now);

/* a message came from a link-local address; what is not for us is ignored */
void dhcp6_machine_hear(struct dhcp6_machine *machine,
	const struct dhcp6_now *now, const struct dhcp6_answer *answer,
	const struct ip *from);

/* the carrier came back, perhaps to another network */
void dhcp6_machine_carrier(struct dhcp6_machine *machine,
	const struct dhcp6_now *now);

/* another host has the address */
void dhcp6_machine_duplicate(struct dhcp6_machine *machine,
	const struct dhcp6_now *now, const struct ip *ip);

#endif
