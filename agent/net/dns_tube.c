// SPDX-License-Identifier: MIT
/* dns_tube - one question to a server over TCP (RFC 7766) */
#include <errno.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/socket.h>

#include "lib/error.h"
#include "net/dns_forward.h"
#include "net/dns_socket.h"
#include "net/dns_writer.h"

enum {
	QUESTION_MAX = 300
};

void dns_tube_close(struct dns_tube *tube)
{
	loop_remove(tube->flight->forward->loop, &tube->watch);
	tube->flight->tube = NULL;
	tube->flight = NULL;
}

/* It is small: it goes at once, or the connection is no good. */
static bool ask(struct dns_tube *tube)
{
	uint8_t bytes[2 + QUESTION_MAX];
	size_t size = dns_writer_ask(bytes + 2, tube->id, &tube->flight->query,
		tube->flight->is_plain);
	ssize_t sent;

	dns_put16(bytes, (uint16_t)size);
	sent = send(tube->watch.fd, bytes, size + 2, MSG_NOSIGNAL);
	tube->has_asked = true;
	return sent == (ssize_t)size + 2;
}

/* Returns false when no answer will come. */
static bool hear(struct dns_tube *tube)
{
	size_t wanted = 2;
	ssize_t count;

	if (tube->used >= 2)
		wanted += dns_get16(tube->bytes);
	count = recv(tube->watch.fd, tube->bytes + tube->used,
		wanted - tube->used, 0);
	if (count <= 0)
		return count < 0 && (errno == EAGAIN || errno == EINTR);
	tube->used += (size_t)count;
	return true;
}

static void on_tube(struct watch *watch, uint32_t events)
{
	struct dns_tube *tube = container_of(watch, struct dns_tube, watch);
	struct dns_flight *flight = tube->flight;
	size_t server = tube->server;
	size_t size;
	bool is_well;

	if (!tube->has_asked) {
		struct epoll_event event = {
			.events = EPOLLIN,
			.data.ptr = watch,
		};

		is_well = !(events & (EPOLLERR | EPOLLHUP)) && ask(tube) &&
			  epoll_ctl(flight->forward->loop->epoll_fd,
				  EPOLL_CTL_MOD, watch->fd, &event) == 0;
	} else {
		is_well = hear(tube);
	}
	if (!is_well) {
		dns_tube_close(tube);
		dns_forward_give_up(flight, server);
		return;
	}
	size = tube->used < 2 ? 0 : dns_get16(tube->bytes);
	if (tube->used < 2 || tube->used < size + 2)
		return;
	memcpy(flight->forward->message, tube->bytes + 2, size);
	if (!dns_forward_take(flight, server, tube->id, size)) {
		dns_tube_close(tube);
		dns_forward_give_up(flight, server);
	}
}

static struct dns_tube *find_free(struct dns_forward *forward)
{
	for (size_t i = 0; i < DNS_TUBES_MAX; i++) {
		if (!forward->tubes[i].flight)
			return &forward->tubes[i];
	}
	return NULL;
}

int dns_tube_open(struct dns_flight *flight, size_t server)
{
	struct dns_forward *forward = flight->forward;
	struct dns_tube *tube = find_free(forward);
	int fd;

	if (!tube)
		return -EBUSY;
	fd = dns_socket_connect(DNS_SOCKET_TCP, &flight->servers.list[server],
		forward->server_port);
	if (fd < 0)
		return fd;
	tube->watch = (struct watch){ .fd = fd, .on_ready = on_tube };
	tube->flight = flight;
	tube->server = (uint8_t)server;
	tube->id = dns_forward_id(forward);
	tube->has_asked = false;
	tube->used = 0;
	flight->tube = tube;
	fd = loop_add(forward->loop, &tube->watch, EPOLLOUT, NULL);
	if (fd < 0)
		dns_tube_close(tube);
	return fd;
}
