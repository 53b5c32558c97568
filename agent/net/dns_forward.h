/* SPDX-License-Identifier: MIT */
/*
 * dns_forward - asks other servers, for many at once
 *
 * A question that is under way is a flight; who asks the same meanwhile joins
 * it. A flight is a sequence of tries, one second after the other, each with a
 * socket, a port and an id of its own; an earlier try is still listened to. An
 * answer that was cut is asked for again over TCP, through a tube. All tables
 * are of a fixed size.
 */
#ifndef TARE_NET_DNS_FORWARD_H
#define TARE_NET_DNS_FORWARD_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "lib/address.h"
#include "lib/loop.h"
#include "net/dns_cache.h"
#include "net/dns_message.h"
#include "net/dns_names.h"
#include "net/dns_upstream.h"

struct dns_flight;
struct dns_forward;

enum dns_forward_limit {
	DNS_FLIGHTS_MAX = 256,
	DNS_WAITERS_MAX = 512,
	DNS_WAITERS_PER_CLIENT = 128,
	DNS_TUBES_MAX = 16,
	DNS_TRIES_MAX = 5,
	DNS_LIES_MAX = 16, /* wrong answers on one socket until TCP is used */
	DNS_TRY_MS = 1000,
	DNS_TUBE_MS = 2000,
	DNS_FLIGHT_MS = 5000,
};

/* Where an answer goes. */
struct dns_origin {
	struct address client;
	uint16_t port;
	uint16_t number; /* of the listening socket, or of the connection */
	uint32_t serial; /* which one that was when it asked */
	bool is_stream;
};

struct dns_waiter {
	struct dns_origin origin;
	struct dns_query query;
	uint16_t next; /* number + 1; 0: none */
};

struct dns_try {
	struct watch watch;
	struct dns_flight *flight;
	uint16_t id;
	uint8_t server; /* index */
	uint8_t lies;
};

struct dns_tube {
	struct watch watch;
	struct dns_flight *flight; /* NULL: free */
	uint16_t id;
	uint8_t server;
	bool has_asked;
	size_t used;
	uint8_t bytes[2 + DNS_MESSAGE_MAX];
};

struct dns_flight {
	struct dns_forward *forward; /* NULL: free */
	struct dns_cache_key key;
	struct dns_query query;
	struct dns_servers servers; /* in the order in which they are asked */
	struct dns_try tries[DNS_TRIES_MAX];
	size_t try_count;
	size_t next_server;           /* not yet reduced to their number */
	bool is_bad[DNS_SERVERS_MAX]; /* refused, or not there */
	struct dns_tube *tube;
	bool is_plain; /* without EDNS */
	uint64_t next_ms, give_up_ms;
	uint16_t first_waiter; /* number + 1 */
};

/* Takes an answer to its origin. */
typedef void dns_deliver_fn(void *context, const struct dns_origin *origin,
	const uint8_t *bytes, size_t size);

struct dns_forward {
	struct loop *loop;
	uint16_t server_port;
	dns_deliver_fn *deliver;
	void *context;
	struct timer timer;
	uint64_t armed_ms; /* 0: not */
	struct dns_upstream upstream;
	uint8_t random[256];
	size_t random_used;
	uint16_t free_waiter;  /* number + 1 */
	uint16_t used_waiters; /* those behind were never used: no memory yet */
	uint16_t waiting[256]; /* by a hash of the client's address */
	struct dns_flight flights[DNS_FLIGHTS_MAX];
	struct dns_waiter waiters[DNS_WAITERS_MAX];
	struct dns_tube tubes[DNS_TUBES_MAX];
	struct dns_cache cache;
	uint8_t message[DNS_MESSAGE_MAX]; /* that came, or is in the cache */
	uint8_t answer[DNS_MESSAGE_MAX];  /* that goes to one who waits */
};

/* forward is zeroed but for deliver and its context. server_port is 53 except
 * in tests. */
int dns_forward_open(struct dns_forward *forward, struct loop *loop,
	uint16_t server_port, struct error *err);
void dns_forward_close(struct dns_forward *forward);

/* Forgets all answers. */
void dns_forward_forget(struct dns_forward *forward);

/*
 * Answers query from what is known, or asks servers; deliver may be called
 * before this returns. 0, or -errno when there is no server to ask or too much
 * is under way: then nothing will be delivered.
 */
int dns_forward_ask(struct dns_forward *forward, const struct dns_query *query,
	const struct dns_origin *origin, const struct dns_servers *servers);

/* ---- between dns_forward.c and dns_tube.c */

/* 16 bits that nobody can guess. */
uint16_t dns_forward_id(struct dns_forward *forward);

/* A whole answer, in forward->message: true when it is one to the question. */
bool dns_forward_take(struct dns_flight *flight, size_t server, uint16_t id,
	size_t size);

/* A server does not answer well: on to the next one. */
void dns_forward_give_up(struct dns_flight *flight, size_t server);

/* Asks a server over TCP. 0 or -errno. */
int dns_tube_open(struct dns_flight *flight, size_t server);
void dns_tube_close(struct dns_tube *tube);

#endif
