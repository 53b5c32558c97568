// SPDX-License-Identifier: MIT
/* dns_stream - those who ask over TCP */
#include "net/dns_stream.h"

#include <errno.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <sys/uio.h>
#include <unistd.h>

#include "net/dns_message.h"

static void hang_up(struct dns_stream *stream)
{
	loop_remove(stream->streams->loop, &stream->watch);
	stream->streams->count--;
	stream->streams = NULL;
}

/* Every whole message in the buffer. */
static void hand_out(struct dns_stream *stream)
{
	struct dns_streams *streams = stream->streams;
	uint32_t serial = stream->origin.serial;

	while (stream->used >= 2) {
		size_t size = dns_get16(stream->bytes);

		if (size < DNS_HEADER_SIZE || size > DNS_STREAM_QUERY_MAX) {
			hang_up(stream);
			return;
		}
		if (stream->used < size + 2)
			return;
		streams->on_message(streams->context, &stream->origin,
			stream->bytes + 2, size);
		if (!stream->streams || stream->origin.serial != serial)
			return; /* it did not take the answer */
		stream->used -= size + 2;
		memmove(stream->bytes, stream->bytes + size + 2, stream->used);
	}
}

static void on_stream(struct watch *watch, uint32_t events)
{
	struct dns_stream *stream =
		container_of(watch, struct dns_stream, watch);
	ssize_t count = recv(watch->fd, stream->bytes + stream->used,
		sizeof(stream->bytes) - stream->used, 0);

	(void)events;
	if (count < 0 && (errno == EAGAIN || errno == EINTR))
		return;
	if (count <= 0) {
		hang_up(stream);
		return;
	}
	stream->used += (size_t)count;
	stream->idle_ms = loop_now_ms() + DNS_STREAM_IDLE_MS;
	hand_out(stream);
}

static void on_timer(struct timer *timer)
{
	struct dns_streams *streams =
		container_of(timer, struct dns_streams, timer);
	uint64_t now_ms = loop_now_ms();

	for (size_t i = 0; i < DNS_STREAMS_MAX; i++) {
		if (streams->list[i].streams &&
			streams->list[i].idle_ms <= now_ms)
			hang_up(&streams->list[i]);
	}
	if (streams->count > 0)
		loop_arm(timer, DNS_STREAM_IDLE_MS / 10);
}

int dns_streams_open(struct dns_streams *streams, struct loop *loop,
	struct error *err)
{
	streams->loop = loop;
	return loop_add_timer(loop, &streams->timer, on_timer, err);
}

void dns_streams_close(struct dns_streams *streams)
{
	for (size_t i = 0; i < DNS_STREAMS_MAX; i++) {
		if (streams->list[i].streams)
			hang_up(&streams->list[i]);
	}
	loop_remove(streams->loop, &streams->timer.watch);
}

static struct dns_stream *find_free(struct dns_streams *streams,
	const struct address *client)
{
	struct dns_stream *found = NULL;
	size_t count = 0;

	for (size_t i = 0; i < DNS_STREAMS_MAX; i++) {
		struct dns_stream *stream = &streams->list[i];

		if (!stream->streams)
			found = stream;
		else if (address_compare(&stream->origin.client, client) == 0)
			count++;
	}
	return count < DNS_STREAMS_PER_CLIENT ? found : NULL;
}

void dns_streams_add(struct dns_streams *streams, int fd,
	const struct address *client)
{
	struct dns_stream *stream = find_free(streams, client);

	if (!stream) {
		(void)close(fd);
		return;
	}
	stream->watch = (struct watch){ .fd = fd, .on_ready = on_stream };
	stream->streams = streams;
	stream->origin = (struct dns_origin){
		.client = *client,
		.number = (uint16_t)(stream - streams->list),
		.serial = ++streams->serial,
		.is_stream = true,
	};
	stream->idle_ms = loop_now_ms() + DNS_STREAM_IDLE_MS;
	stream->used = 0;
	if (streams->count++ == 0)
		loop_arm(&streams->timer, DNS_STREAM_IDLE_MS / 10);
	if (loop_add(streams->loop, &stream->watch, EPOLLIN, NULL) < 0)
		hang_up(stream);
}

/* The buffer of the socket is larger than any answer: what does not fit into it
 * is behind others that nobody reads. */
void dns_streams_send(struct dns_streams *streams,
	const struct dns_origin *origin, const uint8_t *bytes, size_t size)
{
	struct dns_stream *stream = &streams->list[origin->number];
	uint8_t length[2];
	struct iovec pieces[] = {
		{ length, sizeof(length) },
		{ (void *)(uintptr_t)bytes, size },
	};
	struct msghdr message = { .msg_iov = pieces, .msg_iovlen = 2 };

	if (!stream->streams || stream->origin.serial != origin->serial)
		return;
	dns_put16(length, (uint16_t)size);
	if (sendmsg(stream->watch.fd, &message, MSG_NOSIGNAL) !=
		(ssize_t)size + 2) {
		hang_up(stream);
		return;
	}
	stream->idle_ms = loop_now_ms() + DNS_STREAM_IDLE_MS;
}
