/* SPDX-License-Identifier: MIT */
/*
 * net_probe - echo requests, and what comes back for them
 *
 * ICMP (RFC 792) and ICMPv6 (RFC 4443) by raw sockets (raw(7)), which take
 * CAP_NET_RAW. Reading is pure and checks every length.
 */
#ifndef TARE_CLI_NET_PROBE_H
#define TARE_CLI_NET_PROBE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "lib/address.h"

struct error;
struct net_host;

enum net_probe_limit {
	NET_PROBE_DATA = 56, /* bytes behind the head of 8 */
	NET_PROBE_SIZE = 8 + NET_PROBE_DATA,
	NET_PACKET_MAX = 2048,
};

enum net_answer_kind {
	NET_ANSWER_NONE, /* about something else */
	NET_ANSWER_ECHO,
	NET_ANSWER_EXCEEDED,    /* hops were used up on the way */
	NET_ANSWER_UNREACHABLE, /* it goes no further */
};

struct net_answer {
	enum net_answer_kind kind;
	struct address from;
	uint16_t sequence;
	uint8_t ttl; /* hops left, of an echo; 0: not known */
	uint8_t code;
	bool is_too_big;
	uint32_t mtu; /* of what is too big */
};

struct net_probe {
	int fds[2]; /* of IPv4 and IPv6; -1: there is none */
	int fd;     /* that of the two which is used */
	struct address to;
	uint32_t scope;
	uint16_t id;
};

/* Opens sockets of both families, when the host is not known yet; one may not
 * be there. */
int net_probe_open(struct net_probe *probe, struct error *err);
void net_probe_close(struct net_probe *probe);

/* Says whom the probes are for. 0, or a negative errno with its reason. */
int net_probe_aim(struct net_probe *probe, const struct net_host *host,
	struct error *err);

/* Sends one that passes at most so many routers (0: what is usual). 0 or
 * -errno. */
int net_probe_send(struct net_probe *probe, uint16_t sequence,
	unsigned int ttl);

/* Takes what has come in, when poll(2) says so: 1, or 0: it is not ours; or
 * -errno. */
int net_probe_receive(struct net_probe *probe, struct net_answer *out);

/* Pure: an echo request in out; its size. */
size_t net_probe_build(uint8_t out[NET_PROBE_SIZE], uint8_t family, uint16_t id,
	uint16_t sequence);

/*
 * Pure: reads a packet as the socket gives it: of IPv4 with the IP header, of
 * IPv6 without. Fills all but from and, of IPv6, ttl.
 */
void net_probe_parse(const struct net_probe *probe, const uint8_t *bytes,
	size_t size, struct net_answer *out);

/* Why it goes no further: "no route to the network". */
const char *net_probe_reason(const struct net_answer *answer);

#endif
