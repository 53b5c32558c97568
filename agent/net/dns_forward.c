// SPDX-License-Identifier: MIT
/*
 * dns_forward - asks other servers, for many at once
 *
 *   ask --> flight --> try 1 ... try 5 --> answer --> cache, all who wait
 *                        |                   ^
 *                        +-- cut --> tube ---+
 *
 * A flight ends in finish() and nowhere else; after a call that may have come
 * to that, nothing of the flight is looked at.
 */
#include "net/dns_forward.h"

#include <errno.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/random.h>
#include <sys/socket.h>

#include "lib/hash.h"
#include "net/dns_reply.h"
#include "net/dns_socket.h"
#include "net/dns_writer.h"

enum {
	QUESTION_MAX = 300
};

static void advance(struct dns_flight *flight);

uint16_t dns_forward_id(struct dns_forward *forward)
{
	if (forward->random_used + 2 > sizeof(forward->random)) {
		/* up to 256 bytes are always given whole (getrandom(2)) */
		(void)!getrandom(forward->random, sizeof(forward->random), 0);
		forward->random_used = 0;
	}
	forward->random_used += 2;
	return dns_get16(forward->random + forward->random_used - 2);
}

/* ---- who waits */

static uint16_t *waiting_of(struct dns_forward *forward,
	const struct address *client)
{
	uint64_t hash =
		hash_bytes(HASH_START, client->bytes, address_size(client));

	return &forward->waiting[(hash ^ hash >> 32) & 0xff];
}

static struct dns_waiter *take_waiter(struct dns_forward *forward,
	const struct dns_query *query, const struct dns_origin *origin)
{
	uint16_t *waiting = waiting_of(forward, &origin->client);
	struct dns_waiter *waiter;

	if (*waiting >= DNS_WAITERS_PER_CLIENT)
		return NULL;
	if (forward->free_waiter != 0) {
		waiter = &forward->waiters[forward->free_waiter - 1];
		forward->free_waiter = waiter->next;
	} else if (forward->used_waiters < DNS_WAITERS_MAX) {
		waiter = &forward->waiters[forward->used_waiters++];
	} else {
		return NULL;
	}
	(*waiting)++;
	waiter->origin = *origin;
	waiter->query = *query;
	waiter->next = 0;
	return waiter;
}

static void free_waiter(struct dns_forward *forward, uint16_t number)
{
	struct dns_waiter *waiter = &forward->waiters[number - 1];

	(*waiting_of(forward, &waiter->origin.client))--;
	waiter->next = forward->free_waiter;
	forward->free_waiter = number;
}

static void deliver(struct dns_forward *forward, const struct dns_query *query,
	const struct dns_origin *origin, size_t size)
{
	size_t limit = origin->is_stream ? DNS_MESSAGE_MAX
					 : dns_writer_udp_size(query);

	size = dns_reply_fit(forward->message, size, query, forward->answer,
		limit);
	forward->deliver(forward->context, origin, forward->answer, size);
}

/* ---- flights */

static struct dns_flight *find_flight(struct dns_forward *forward,
	const struct dns_cache_key *key, const struct dns_query *query)
{
	for (size_t i = 0; i < DNS_FLIGHTS_MAX; i++) {
		struct dns_flight *flight = &forward->flights[i];

		if (flight->forward && dns_cache_key_equal(&flight->key, key) &&
			dns_name_equal(&flight->query.name, &query->name))
			return flight;
	}
	return NULL;
}

static struct dns_flight *take_flight(struct dns_forward *forward)
{
	for (size_t i = 0; i < DNS_FLIGHTS_MAX; i++) {
		struct dns_flight *flight = &forward->flights[i];

		if (!flight->forward) {
			flight->forward = forward;
			flight->try_count = 0;
			flight->next_server = 0;
			memset(flight->is_bad, 0, sizeof(flight->is_bad));
			flight->tube = NULL;
			flight->is_plain = false;
			flight->first_waiter = 0;
			return flight;
		}
	}
	return NULL;
}

static void close_sockets(struct dns_flight *flight)
{
	for (size_t i = 0; i < flight->try_count; i++)
		loop_remove(flight->forward->loop, &flight->tries[i].watch);
	if (flight->tube)
		dns_tube_close(flight->tube);
}

/* The answer is in forward->message. */
static void finish(struct dns_flight *flight, const struct dns_reply *reply)
{
	struct dns_forward *forward = flight->forward;
	uint16_t number = flight->first_waiter;

	close_sockets(flight);
	dns_cache_put(&forward->cache, &flight->key, forward->message, reply,
		loop_now_ms());
	flight->forward = NULL;
	while (number != 0) {
		const struct dns_waiter *waiter = &forward->waiters[number - 1];
		uint16_t next = waiter->next;

		deliver(forward, &waiter->query, &waiter->origin, reply->size);
		free_waiter(forward, number);
		number = next;
	}
}

static void finish_failed(struct dns_flight *flight)
{
	uint8_t *message = flight->forward->message;
	struct dns_reply reply = {
		.code = DNS_CODE_FAILED,
		.ttl_s = DNS_REPLY_FAILURE_MAX_S,
		.ttl_max_s = DNS_REPLY_FAILURE_MAX_S,
	};

	reply.size = dns_writer_ask(message, 0, &flight->query, true);
	dns_put16(message + 2, DNS_FLAG_REPLY | DNS_CODE_FAILED);
	finish(flight, &reply);
}

static void arm(struct dns_forward *forward, uint64_t when_ms, uint64_t now_ms)
{
	if (forward->armed_ms != 0 && forward->armed_ms <= when_ms)
		return;
	forward->armed_ms = when_ms;
	loop_arm(&forward->timer, when_ms > now_ms ? when_ms - now_ms : 0);
}

static void wait_for(struct dns_flight *flight, uint64_t wait_ms)
{
	uint64_t now_ms = loop_now_ms();

	flight->next_ms = now_ms + wait_ms;
	if (flight->next_ms > flight->give_up_ms)
		flight->next_ms = flight->give_up_ms;
	arm(flight->forward, flight->next_ms, now_ms);
}

static bool is_pending(const struct dns_flight *flight)
{
	for (size_t i = 0; i < flight->try_count; i++) {
		if (flight->tries[i].watch.fd >= 0)
			return true;
	}
	return flight->tube != NULL;
}

void dns_forward_give_up(struct dns_flight *flight, size_t server)
{
	flight->is_bad[server] = true;
	advance(flight);
}

/* ---- tries */

static void use_tube(struct dns_flight *flight, size_t server)
{
	if (dns_tube_open(flight, server) < 0)
		dns_forward_give_up(flight, server);
	else
		wait_for(flight, DNS_TUBE_MS);
}

static int start_try(struct dns_flight *flight, size_t server);

/* Some old servers do not know EDNS. */
static void ask_plainly(struct dns_flight *flight, size_t server)
{
	flight->is_plain = true;
	if (flight->try_count == DNS_TRIES_MAX || start_try(flight, server) < 0)
		dns_forward_give_up(flight, server);
	else
		wait_for(flight, DNS_TRY_MS);
}

bool dns_forward_take(struct dns_flight *flight, size_t server, uint16_t id,
	size_t size)
{
	struct dns_forward *forward = flight->forward;
	struct dns_reply reply;

	if (dns_reply_read(forward->message, size, id, &flight->query, &reply) <
		0)
		return false;
	dns_upstream_set_heard(&forward->upstream,
		&flight->servers.list[server]);
	if (reply.is_cut) {
		if (!flight->tube)
			use_tube(flight, server);
		return true;
	}
	if (reply.code == DNS_CODE_OK || reply.code == DNS_CODE_NO_NAME) {
		finish(flight, &reply);
		return true;
	}
	if (flight->tube)
		dns_tube_close(flight->tube);
	if ((reply.code == DNS_CODE_MALFORMED ||
		    reply.code == DNS_CODE_NOT_DONE) &&
		!flight->is_plain)
		ask_plainly(flight, server);
	else
		dns_forward_give_up(flight, server);
	return true;
}

static void on_try(struct watch *watch, uint32_t events)
{
	struct dns_try *try = container_of(watch, struct dns_try, watch);
	struct dns_flight *flight = try->flight;
	struct dns_forward *forward = flight->forward;
	size_t server = try->server;
	ssize_t size;

	(void)events;
	size = recv(watch->fd, forward->message, sizeof(forward->message), 0);
	if (size < 0 && (errno == EAGAIN || errno == EINTR))
		return;
	if (size < 0) { /* nobody listens there, as ICMP says */
		loop_remove(forward->loop, watch);
		dns_forward_give_up(flight, server);
		return;
	}
	/* from that server's port, but not the answer: a forgery that missed, or
	 * a late one that is not ours; the right one may still come */
	if (size < DNS_HEADER_SIZE || dns_get16(forward->message) != try->id) {
		if (++try->lies < DNS_LIES_MAX || flight->tube)
			return;
		loop_remove(forward->loop, watch);
		use_tube(flight, server);
		return;
	}
	if (!dns_forward_take(flight, server, try->id, (size_t)size))
		try->lies++;
}

static int start_try(struct dns_flight *flight, size_t server)
{
	struct dns_forward *forward = flight->forward;
	struct dns_try *try = &flight->tries[flight->try_count];
	uint8_t bytes[QUESTION_MAX];
	size_t size;
	int fd = dns_socket_connect(DNS_SOCKET_UDP,
		&flight->servers.list[server], forward->server_port);

	flight->try_count++;
	*try = (struct dns_try){
		.watch = { .fd = fd, .on_ready = on_try },
		.flight = flight,
		.id = dns_forward_id(forward),
		.server = (uint8_t)server,
	};
	if (fd < 0)
		return fd;
	size = dns_writer_ask(bytes, try->id, &flight->query, flight->is_plain);
	if (send(fd, bytes, size, MSG_NOSIGNAL) < 0 ||
		loop_add(forward->loop, &try->watch, EPOLLIN, NULL) < 0) {
		loop_remove(forward->loop, &try->watch);
		return -EIO;
	}
	return 0;
}

/* The server whose turn it is, SIZE_MAX when none is any good. */
static size_t choose_server(struct dns_flight *flight)
{
	for (size_t i = 0; i < flight->servers.count; i++) {
		size_t server = flight->next_server++ % flight->servers.count;

		if (!flight->is_bad[server])
			return server;
	}
	return SIZE_MAX;
}

/* The next try, when there is one left; else the open ones may still answer. */
static void advance(struct dns_flight *flight)
{
	while (flight->try_count < DNS_TRIES_MAX) {
		size_t server = choose_server(flight);

		if (server == SIZE_MAX)
			break;
		if (start_try(flight, server) == 0) {
			wait_for(flight, DNS_TRY_MS);
			return;
		}
		flight->is_bad[server] = true;
	}
	if (is_pending(flight))
		wait_for(flight, DNS_FLIGHT_MS);
	else
		finish_failed(flight);
}

/* The server that was asked last has had its time. */
static void time_out(struct dns_flight *flight, uint64_t now_ms)
{
	struct dns_forward *forward = flight->forward;
	size_t server = flight->tries[flight->try_count - 1].server;

	if (flight->tube) {
		server = flight->tube->server;
		dns_tube_close(flight->tube);
	}
	dns_upstream_set_silent(&forward->upstream,
		&flight->servers.list[server], now_ms);
	if (now_ms >= flight->give_up_ms)
		finish_failed(flight);
	else
		advance(flight);
}

static void on_timer(struct timer *timer)
{
	struct dns_forward *forward =
		container_of(timer, struct dns_forward, timer);
	uint64_t now_ms = loop_now_ms();
	uint64_t next_ms = UINT64_MAX;

	for (size_t i = 0; i < DNS_FLIGHTS_MAX; i++) {
		struct dns_flight *flight = &forward->flights[i];

		if (flight->forward && flight->next_ms <= now_ms)
			time_out(flight, now_ms);
		if (flight->forward && flight->next_ms < next_ms)
			next_ms = flight->next_ms;
	}
	forward->armed_ms = 0;
	if (next_ms != UINT64_MAX)
		arm(forward, next_ms, now_ms);
}

/* ---- from outside */

int dns_forward_open(struct dns_forward *forward, struct loop *loop,
	uint16_t server_port, struct error *err)
{
	uint64_t seed = 0;

	forward->loop = loop;
	forward->server_port = server_port;
	forward->random_used = sizeof(forward->random);
	for (int i = 0; i < 4; i++)
		seed = seed << 16 | dns_forward_id(forward);
	dns_cache_init(&forward->cache, seed);
	return loop_add_timer(loop, &forward->timer, on_timer, err);
}

void dns_forward_close(struct dns_forward *forward)
{
	for (size_t i = 0; i < DNS_FLIGHTS_MAX; i++) {
		if (forward->flights[i].forward)
			close_sockets(&forward->flights[i]);
		forward->flights[i].forward = NULL;
	}
	loop_remove(forward->loop, &forward->timer.watch);
}

void dns_forward_forget(struct dns_forward *forward)
{
	dns_cache_init(&forward->cache, forward->cache.seed);
}

int dns_forward_ask(struct dns_forward *forward, const struct dns_query *query,
	const struct dns_origin *origin, const struct dns_servers *servers)
{
	struct dns_cache_key key =
		dns_cache_key(&forward->cache, query, servers);
	uint64_t now_ms = loop_now_ms();
	size_t size = dns_cache_get(&forward->cache, &key, query, now_ms,
		forward->message);
	struct dns_flight *flight;
	struct dns_waiter *waiter;

	if (size > 0) {
		deliver(forward, query, origin, size);
		return 0;
	}
	if (servers->count == 0)
		return -ENOENT;
	flight = find_flight(forward, &key, query);
	waiter = take_waiter(forward, query, origin);
	if (!waiter)
		return -EBUSY;
	if (flight) {
		waiter->next = flight->first_waiter;
		flight->first_waiter =
			(uint16_t)(waiter - forward->waiters) + 1;
		return 0;
	}
	flight = take_flight(forward);
	if (!flight) {
		free_waiter(forward,
			(uint16_t)((waiter - forward->waiters) + 1));
		return -EBUSY;
	}
	flight->key = key;
	flight->query = *query;
	flight->first_waiter = (uint16_t)((waiter - forward->waiters) + 1);
	flight->give_up_ms = now_ms + DNS_FLIGHT_MS;
	dns_upstream_order(&forward->upstream, servers, now_ms,
		&flight->servers);
	advance(flight);
	return 0;
}
