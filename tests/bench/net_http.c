// SPDX-License-Identifier: MIT
/*
 * net_http - the least that answers HTTP requests (RFC 9112): with its name
 *
 *	net_http PORT NAME
 *
 * One process, one core. Connections stay open until the client closes them;
 * a request is what ends in an empty line, and they come one by one. Says
 * "ready" when it listens.
 */
#include <errno.h>
#include <netinet/in.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <unistd.h>

#define EVENTS 64

static char answer[256];
static size_t answer_size;

static void fail(const char *what)
{
	perror(what);
	exit(1);
}

static int listen_at(uint16_t port)
{
	const struct sockaddr_in at = { .sin_family = AF_INET,
		.sin_port = htons(port) };
	const int yes = 1;
	int fd = socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);

	if (fd < 0 ||
		setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &yes, sizeof(yes)) <
			0 ||
		bind(fd, (const void *)&at, sizeof(at)) < 0 ||
		listen(fd, SOMAXCONN) < 0)
		fail("listen");
	return fd;
}

static void watch(int poller, int fd)
{
	struct epoll_event event = { .events = EPOLLIN, .data.fd = fd };

	if (epoll_ctl(poller, EPOLL_CTL_ADD, fd, &event) < 0)
		fail("epoll_ctl");
}

static void take_all(int poller, int listener)
{
	int fd;

	while ((fd = accept4(listener, NULL, NULL, SOCK_CLOEXEC)) >= 0)
		watch(poller, fd);
}

static void serve(int fd)
{
	char request[4096];
	ssize_t size = recv(fd, request, sizeof(request), MSG_DONTWAIT);

	if (size < 0 && errno == EAGAIN)
		return;
	if (size <= 0) {
		(void)close(fd); /* and epoll forgets it */
		return;
	}
	/* the client sees by itself what could not be sent */
	if (size >= 4 && memcmp(request + size - 4, "\r\n\r\n", 4) == 0)
		(void)send(fd, answer, answer_size, MSG_NOSIGNAL);
}

int main(int argc, char **argv)
{
	struct epoll_event events[EVENTS];
	int poller = epoll_create1(EPOLL_CLOEXEC);
	int listener;

	if (argc != 3)
		return 2;
	answer_size = (size_t)snprintf(answer, sizeof(answer),
		"HTTP/1.1 200 OK\r\nContent-Length: %zu\r\n\r\n%s",
		strlen(argv[2]), argv[2]);
	listener = listen_at((uint16_t)strtoul(argv[1], NULL, 10));
	watch(poller, listener);
	if (puts("ready") < 0 || fflush(stdout) != 0)
		fail("ready");
	for (;;) {
		int count = epoll_wait(poller, events, EVENTS, -1);

		for (int i = 0; i < count; i++) {
			if (events[i].data.fd == listener)
				take_all(poller, listener);
			else
				serve(events[i].data.fd);
		}
	}
}
