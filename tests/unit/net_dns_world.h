/* SPDX-License-Identifier: MIT */
/*
 * net_dns_world - the whole name server in a network of its own, for tests
 *
 * Each test has a network namespace, a folder, the server as a child that gave
 * up its rights as on a machine, and servers to forward to that are in here.
 * Addresses are of 127.0.0.0/8, all of which a loopback interface has: 127.9.0.1
 * answers, 127.0.1.x ask, 127.53.0.x are asked.
 */
#ifndef TARE_TEST_NET_DNS_WORLD_H
#define TARE_TEST_NET_DNS_WORLD_H

#include <errno.h>
#include <fcntl.h>
#include <grp.h>
#include <net/if.h>
#include <netinet/in.h>
#include <poll.h>
#include <sched.h>
#include <signal.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "check.h"
#include "lib/error.h"
#include "lib/fd.h"
#include "net/dns_confine.h"
#include "net/dns_reply.h"
#include "net/dns_server.h"
#include "net/dns_socket.h"
#include "net_dns.h"

#define DEADLINE_MS 10000

#define HEAD                             \
	"version 1\n"                    \
	"listen 127.9.0.1\n"             \
	"client 127.0.1.2 web 3 out\n"   \
	"client 127.0.1.3 db 3 in\n"     \
	"client 127.0.1.4 other 4 out\n" \
	"via 127.0.1.4 127.53.0.4\n"     \
	"name 3 web 172.20.0.100\n"

static char folder[] = "/tmp/dns-test-XXXXXX";
static int folder_fd = -1;
static pid_t server;
static const char *skip_reason;

/* ---- the world */

static inline int64_t clock_ms(void)
{
	struct timespec now;

	(void)clock_gettime(CLOCK_MONOTONIC, &now);
	return now.tv_sec * INT64_C(1000) + now.tv_nsec / 1000000;
}

static inline bool write_file(const char *name, const char *text)
{
	struct error err;

	return fd_replace_file(folder_fd, name, text, strlen(text), 0644,
		       &err) == 0;
}

static inline int bound(int kind, const char *address, uint16_t port)
{
	struct sockaddr_storage name;
	struct address parsed = { .family = AF_INET };
	static const int yes = 1;
	socklen_t size;
	int fd;

	(void)address_parse(address, &parsed);
	size = dns_socket_name(&parsed, port, &name);
	fd = socket(parsed.family, kind | SOCK_CLOEXEC, 0);
	(void)setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &yes, sizeof(yes));
	if (bind(fd, (struct sockaddr *)&name, size) < 0)
		fd_close(&fd);
	if (kind == SOCK_STREAM && port)
		(void)listen(fd, 16);
	return fd;
}

static inline bool wait_for(int fd, int64_t ms)
{
	struct pollfd one = { .fd = fd, .events = POLLIN };

	return poll(&one, 1, (int)ms) == 1;
}

static inline int client(int kind, const char *from)
{
	struct sockaddr_storage name;
	struct address to;
	int fd = bound(kind, from, 0);

	(void)address_parse("127.9.0.1", &to);
	if (connect(fd, (struct sockaddr *)&name,
		    dns_socket_name(&to, 53, &name)) < 0)
		fd_close(&fd);
	return fd;
}

static uint8_t received[DNS_MESSAGE_MAX];

static inline const char *hear_within(int fd, int64_t ms)
{
	ssize_t size;

	if (!wait_for(fd, ms))
		return "silence";
	size = recv(fd, received, sizeof(received), 0);
	return size < 0 ? "nobody" : test_print(received, (size_t)size);
}

static inline const char *hear(int fd)
{
	return hear_within(fd, DEADLINE_MS);
}

static inline int send_query(const char *from, const char *name, uint16_t type,
	int flags)
{
	uint8_t bytes[300];
	int fd = client(SOCK_DGRAM, from);
	size_t size = test_query(bytes, 0x1234, name, type, flags);

	if (send(fd, bytes, size, 0) < 0)
		fd_close(&fd);
	return fd;
}

static inline const char *ask(const char *from, const char *name, int flags)
{
	auto_fd fd = send_query(from, name, DNS_TYPE_A, flags);

	return hear(fd);
}

static inline const char *ask_stream(int fd, const char *name, int flags)
{
	uint8_t bytes[300];
	size_t size = test_query(bytes + 2, 0x1234, name, DNS_TYPE_A, flags);
	size_t wanted;

	dns_put16(bytes, (uint16_t)size);
	if (send(fd, bytes, size + 2, MSG_NOSIGNAL) < 0)
		return "nobody";
	if (!wait_for(fd, DEADLINE_MS) || fd_read_full(fd, received, 2) != 2)
		return "silence";
	wanted = dns_get16(received);
	if (fd_read_full(fd, received, wanted) != (ssize_t)wanted)
		return "silence";
	return test_print(received, wanted);
}

/* Hung up on, and not because it was idle. */
static inline bool is_closed(int fd)
{
	return wait_for(fd, DNS_STREAM_IDLE_MS / 2) &&
	       recv(fd, received, sizeof(received), 0) <= 0;
}

static inline bool enter_network(void)
{
	struct ifreq loopback = { .ifr_name = "lo", .ifr_flags = IFF_UP };
	auto_fd fd = -1;

	if (unshare(CLONE_NEWNET) < 0)
		return false;
	fd = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);
	return ioctl(fd, SIOCSIFFLAGS, &loopback) == 0;
}

/* As tare-dns does it. */
static inline _Noreturn void serve(bool is_confined)
{
	static struct dns_server self;
	static const gid_t group = 7; /* to be given up */
	struct error err = { .code = 0 };

	(void)setgroups(1, &group); /* without root it has those that it has */
	(void)prctl(PR_SET_PDEATHSIG, SIGKILL);
	self.port = self.server_port = 53;
	if (dns_server_open(&self, folder, &err) == 0) {
		if (is_confined)
			dns_confine(folder);
		(void)dns_server_run(&self, &err);
	}
	fprintf(stderr, "%s\n", err.text);
	_exit(1);
}

static inline bool start(bool is_confined)
{
	int64_t deadline_ms = clock_ms() + DEADLINE_MS;

	if (!mkdtemp(folder) || chmod(folder, 0755) < 0)
		return false;
	folder_fd = open(folder, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (!write_file("names", HEAD "end\n"))
		return false;
	server = fork();
	if (server == 0)
		serve(is_confined);
	while (!text_equal(ask("127.0.1.2", "web", 0),
		"OK 1/0: 172.20.0.100")) {
		if (clock_ms() > deadline_ms)
			return false;
	}
	return true;
}

static inline void stop(void)
{
	struct error err;
	int status = 0;

	(void)kill(server, SIGKILL);
	(void)waitpid(server, &status, 0);
	CHECK(WIFSIGNALED(status) && WTERMSIG(status) == SIGKILL);
	fd_close(&folder_fd);
	CHECK(fd_remove_tree(AT_FDCWD, folder, &err) == 0);
	memset(folder + sizeof(folder) - 7, 'X', 6);
}

/* ---- servers to forward to */

/* A question that came to one of ours, and where from. */
struct asked {
	uint8_t bytes[512];
	size_t size;
	struct sockaddr_storage from;
	socklen_t from_size;
};

static inline bool take(int fd, struct asked *out)
{
	ssize_t size;

	out->from_size = sizeof(out->from);
	if (!wait_for(fd, DEADLINE_MS))
		return false;
	size = recvfrom(fd, out->bytes, sizeof(out->bytes), 0,
		(struct sockaddr *)&out->from, &out->from_size);
	out->size = size > 0 ? (size_t)size : 0;
	return size > 12;
}

/* Turns a question into an answer of count addresses; returns its size. */
static inline size_t make_answer(const struct asked *asked, unsigned int count,
	uint8_t last, uint8_t *out)
{
	size_t used = asked->size - (asked->bytes[11] ? DNS_OPT_SIZE : 0);

	if (asked->size < DNS_HEADER_SIZE + DNS_OPT_SIZE)
		return 0; /* nobody asked, as was said */
	memcpy(out, asked->bytes, used);
	out[2] = 0x81;
	out[3] = 0x80;
	dns_put16(out + 6, (uint16_t)count);
	out[11] = 0;
	for (unsigned int i = 0; i < count; i++) {
		const uint8_t record[16] = { 0xc0, 12, 0, 1, 0, 1, 0, 0, 0, 60,
			0, 4, 192, 0, 2, last };

		memcpy(out + used, record, sizeof(record));
		used += sizeof(record);
	}
	return used;
}

static inline void reply(int fd, const struct asked *asked,
	const uint8_t *bytes, size_t size)
{
	CHECK(sendto(fd, bytes, size, 0, (const struct sockaddr *)&asked->from,
		      asked->from_size) == (ssize_t)size);
}

static inline void answer(int fd, const struct asked *asked, uint8_t last)
{
	uint8_t bytes[600];

	reply(fd, asked, bytes, make_answer(asked, 1, last, bytes));
}

static inline void answer_code(int fd, const struct asked *asked,
	unsigned int code)
{
	uint8_t bytes[600];
	size_t size = make_answer(asked, 0, 0, bytes);

	bytes[3] = (uint8_t)(0x80 | code);
	reply(fd, asked, bytes, size);
}

static inline void run(void (*body)(void), bool is_confined)
{
	skip_reason = NULL;
	if (!enter_network()) {
		check_skip("network namespaces need root");
		return;
	}
	if (CHECK(start(is_confined)))
		body();
	stop();
	if (skip_reason)
		check_skip(skip_reason);
}

#define TEST(name)                    \
	static void test_##name(void) \
	{                             \
		run(name, true);      \
	}

#endif
