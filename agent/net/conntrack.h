/* SPDX-License-Identifier: MIT */
/*
 * conntrack - the connections that the kernel keeps account of, listed and
 * forgotten (linux/netfilter/nfnetlink_conntrack.h)
 */
#ifndef TARE_NET_CONNTRACK_H
#define TARE_NET_CONNTRACK_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "lib/address.h"

struct error;

/* One direction, as packets look when they come in. */
struct conntrack_tuple {
	struct address source, destination;
	uint16_t source_port, destination_port; /* ICMP: id; type and code */
};

struct conntrack {
	struct conntrack_tuple original, reply;
	uint8_t protocol;  /* as in IP headers */
	const char *state; /* of TCP and SCTP: "established"; or "" */
	bool is_answered;  /* packets came in both directions */
	bool is_assured;   /* stays when the table is full */
	bool is_offloaded; /* in a flow table: past the rules */
	bool has_dnat;     /* was led elsewhere: to reply.source */
	bool has_snat;
	uint32_t mark;
	uint32_t timeout_s; /* until it is forgotten, without packets */
	/* 0 unless net.netfilter.nf_conntrack_acct is on */
	uint64_t original_packets, original_bytes;
	uint64_t reply_packets, reply_bytes;
};

typedef void conntrack_fn(const struct conntrack *connection, void *context);

/*
 * Calls visit for every connection of the caller's network namespace, in no
 * order. What begins or ends meanwhile may be missing or be there twice. 0 or
 * a negative errno with its reason.
 */
int conntrack_list(conntrack_fn *visit, void *context, struct error *err);

/*
 * Forgets the connections that DNAT leads to this address (reply.source), of
 * one protocol (17: UDP) or of every (0): the next packet of a UDP flow is
 * balanced anew. TCP connections that are forgotten break. Returns how many
 * there were, or a negative errno.
 */
int conntrack_forget(const struct address *address, uint8_t protocol,
	struct error *err);

#endif
