/* SPDX-License-Identifier: MIT */
/*
 * net_question - asks a name server, once or until it answers
 *
 * Over UDP with EDNS(0); over TCP when the answer was cut (RFC 7766), and
 * without EDNS when the server does not understand that (RFC 6891, 7).
 */
#ifndef TARE_CLI_NET_QUESTION_H
#define TARE_CLI_NET_QUESTION_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "lib/address.h"
#include "net/dns_message.h"

struct error;
struct net_wait;

enum net_question_limit {
	NET_QUESTION_PORT = 53,
	NET_QUESTION_TRIES = 3, /* datagrams within the time */
};

struct net_question {
	struct address server;
	uint32_t scope; /* index of a link, of a link-local server */
	uint16_t port;
	uint64_t wait_s;
	struct dns_name name;
	uint16_t type;
};

struct net_reply {
	size_t size;
	uint64_t took_ns;
	bool is_stream; /* came over TCP */
	uint8_t bytes[DNS_MESSAGE_MAX];
};

/*
 * Pure: whether bytes answer what was asked, with that id; the rest may be
 * broken.
 */
bool net_question_fits(const struct net_question *question, uint16_t id,
	const uint8_t *bytes, size_t size);

/*
 * Asks until wait_s are over. 0, -ETIMEDOUT when nobody answered, -EINTR when
 * stopped, or another negative errno: "ask 192.0.2.1: Connection refused".
 */
int net_question_ask(const struct net_question *question, struct net_wait *wait,
	struct net_reply *reply, struct error *err);

#endif
