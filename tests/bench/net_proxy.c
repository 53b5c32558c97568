// SPDX-License-Identifier: MIT
/*
 * net_proxy - a published port as a process: what our rules do without
 *
 *	net_proxy PORT ADDRESS ADDRESS-PORT copy|splice
 *
 * Accepts, connects, and carries bytes in both directions, each by a thread of
 * its own: through a buffer of 32 KiB, or through a pipe by splice(2). Says
 * "ready" when it listens.
 */
#include <arpa/inet.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <pthread.h>
#include <signal.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#define PIPE_SIZE (1 << 20)

struct way {
	int from, to;
};

static bool is_splice;

static void fail(const char *what)
{
	perror(what);
	exit(1);
}

static bool copy_some(const struct way *way)
{
	char buffer[32768];
	ssize_t size = recv(way->from, buffer, sizeof(buffer), 0);

	for (ssize_t sent = 0, now; sent < size; sent += now) {
		now = send(way->to, buffer + sent, (size_t)(size - sent),
			MSG_NOSIGNAL);
		if (now < 0)
			return false;
	}
	return size > 0;
}

static bool splice_some(const struct way *way, const int *pipe)
{
	const unsigned int flags = SPLICE_F_MOVE;
	ssize_t size = splice(way->from, NULL, pipe[1], NULL, PIPE_SIZE, flags);

	for (ssize_t sent = 0, now; sent < size; sent += now) {
		now = splice(pipe[0], NULL, way->to, NULL,
			(size_t)(size - sent), flags);
		if (now <= 0)
			return false;
	}
	return size > 0;
}

/* What is left open at the end of a connection goes with the process. */
static void *carry(void *data)
{
	struct way *way = data;
	int pipe[2];

	if (pipe2(pipe, O_CLOEXEC) < 0)
		fail("pipe2");
	(void)fcntl(pipe[0], F_SETPIPE_SZ, PIPE_SIZE); /* or a smaller one */
	while (is_splice ? splice_some(way, pipe) : copy_some(way)) {
	}
	(void)shutdown(way->to, SHUT_WR);
	(void)close(pipe[0]);
	(void)close(pipe[1]);
	free(way);
	return NULL;
}

static void start(int from, int to)
{
	struct way *way = malloc(sizeof(*way));
	pthread_t thread;

	if (!way)
		fail("malloc");
	*way = (struct way){ from, to };
	if (pthread_create(&thread, NULL, carry, way) != 0)
		fail("pthread_create");
	(void)pthread_detach(thread); /* nobody waits for it */
}

static int open_socket(const struct sockaddr_in *at, bool listens)
{
	const int yes = 1;
	int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);

	if (fd < 0)
		fail("socket");
	(void)setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &yes, sizeof(yes));
	if (listens ? bind(fd, (const void *)at, sizeof(*at)) < 0 ||
				listen(fd, SOMAXCONN) < 0
		    : connect(fd, (const void *)at, sizeof(*at)) < 0)
		fail(listens ? "listen" : "connect");
	return fd;
}

int main(int argc, char **argv)
{
	struct sockaddr_in own = { .sin_family = AF_INET };
	struct sockaddr_in other = { .sin_family = AF_INET };
	int listener;

	if (argc != 5 || inet_pton(AF_INET, argv[2], &other.sin_addr) != 1)
		return 2;
	own.sin_port = htons((uint16_t)strtoul(argv[1], NULL, 10));
	other.sin_port = htons((uint16_t)strtoul(argv[3], NULL, 10));
	is_splice = strcmp(argv[4], "splice") == 0;
	(void)signal(SIGPIPE, SIG_IGN); /* splice has no flag for it */
	listener = open_socket(&own, true);
	if (puts("ready") < 0 || fflush(stdout) != 0)
		fail("ready");
	for (;;) {
		int client = accept4(listener, NULL, NULL, SOCK_CLOEXEC);
		int server;

		if (client < 0)
			fail("accept");
		server = open_socket(&other, false);
		start(client, server);
		start(server, client);
	}
}
