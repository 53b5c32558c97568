/* SPDX-License-Identifier: MIT */
/*
 * dns_stream - those who ask over TCP
 *
 * Each message has its length in front (RFC 1035, 4.2.2); several may follow
 * each other, and answers come in whatever order (RFC 7766, 6.2.1.1). Who does
 * not read what it asked for, or is idle for too long, is hung up on.
 */
#ifndef TARE_NET_DNS_STREAM_H
#define TARE_NET_DNS_STREAM_H

#include <stddef.h>
#include <stdint.h>

#include "lib/loop.h"
#include "net/dns_forward.h"

enum dns_stream_limit {
	DNS_STREAMS_MAX = 64,
	DNS_STREAMS_PER_CLIENT = 8,
	DNS_STREAM_QUERY_MAX = 1024,
	DNS_STREAM_IDLE_MS = 10000,
};

struct dns_streams;

struct dns_stream {
	struct watch watch;
	struct dns_streams *streams; /* NULL: free */
	struct dns_origin origin;
	uint64_t idle_ms; /* when it will have been idle for too long */
	size_t used;
	uint8_t bytes[2 + DNS_STREAM_QUERY_MAX];
};

/* Called with each message; the stream may be closed when it returns. */
typedef void dns_stream_fn(void *context, const struct dns_origin *origin,
	const uint8_t *bytes, size_t size);

struct dns_streams {
	struct loop *loop;
	dns_stream_fn *on_message;
	void *context;
	struct timer timer;
	uint32_t serial;
	size_t count;
	struct dns_stream list[DNS_STREAMS_MAX];
};

int dns_streams_open(struct dns_streams *streams, struct loop *loop,
	struct error *err);
void dns_streams_close(struct dns_streams *streams);

/* Takes over fd, a new connection of a client; closes it at the limit. */
void dns_streams_add(struct dns_streams *streams, int fd,
	const struct address *client);

/* Sends an answer to the stream of origin, when that is still there. */
void dns_streams_send(struct dns_streams *streams,
	const struct dns_origin *origin, const uint8_t *bytes, size_t size);

#endif
