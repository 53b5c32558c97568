// SPDX-License-Identifier: MIT
/*
 * net_dns_server_test - the whole name server in a network of its own
 *
 * Each test has a network namespace, a folder, the server as a child that gave
 * up its rights as on a machine, and servers to forward to that are in here:
 * slow, silent, lying, cutting. Addresses are of 127.0.0.0/8, all of which a
 * loopback interface has: 127.9.0.1 answers, 127.0.1.x ask, 127.53.0.x are asked.
 */
#include "net/dns_server.h"

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

static int64_t clock_ms(void)
{
	struct timespec now;

	(void)clock_gettime(CLOCK_MONOTONIC, &now);
	return now.tv_sec * INT64_C(1000) + now.tv_nsec / 1000000;
}

static bool write_file(const char *name, const char *text)
{
	struct error err;

	return fd_replace_file(folder_fd, name, text, strlen(text), 0644,
		       &err) == 0;
}

static int bound(int kind, const char *address, uint16_t port)
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

static bool wait_for(int fd, int64_t ms)
{
	struct pollfd one = { .fd = fd, .events = POLLIN };

	return poll(&one, 1, (int)ms) == 1;
}

static int client(int kind, const char *from)
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

static const char *hear_within(int fd, int64_t ms)
{
	ssize_t size;

	if (!wait_for(fd, ms))
		return "silence";
	size = recv(fd, received, sizeof(received), 0);
	return size < 0 ? "nobody" : test_print(received, (size_t)size);
}

static const char *hear(int fd)
{
	return hear_within(fd, DEADLINE_MS);
}

static int send_query(const char *from, const char *name, uint16_t type,
	int flags)
{
	uint8_t bytes[300];
	int fd = client(SOCK_DGRAM, from);
	size_t size = test_query(bytes, 0x1234, name, type, flags);

	if (send(fd, bytes, size, 0) < 0)
		fd_close(&fd);
	return fd;
}

static const char *ask(const char *from, const char *name, int flags)
{
	auto_fd fd = send_query(from, name, DNS_TYPE_A, flags);

	return hear(fd);
}

static const char *ask_stream(int fd, const char *name, int flags)
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
static bool is_closed(int fd)
{
	return wait_for(fd, DNS_STREAM_IDLE_MS / 2) &&
	       recv(fd, received, sizeof(received), 0) <= 0;
}

static bool enter_network(void)
{
	struct ifreq loopback = { .ifr_name = "lo", .ifr_flags = IFF_UP };
	auto_fd fd = -1;

	if (unshare(CLONE_NEWNET) < 0)
		return false;
	fd = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);
	return ioctl(fd, SIOCSIFFLAGS, &loopback) == 0;
}

/* As tare-dns does it. */
static _Noreturn void serve(bool is_confined)
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

static bool start(bool is_confined)
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

static void stop(void)
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

static bool take(int fd, struct asked *out)
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
static size_t make_answer(const struct asked *asked, unsigned int count,
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

static void reply(int fd, const struct asked *asked, const uint8_t *bytes,
	size_t size)
{
	CHECK(sendto(fd, bytes, size, 0, (const struct sockaddr *)&asked->from,
		      asked->from_size) == (ssize_t)size);
}

static void answer(int fd, const struct asked *asked, uint8_t last)
{
	uint8_t bytes[600];

	reply(fd, asked, bytes, make_answer(asked, 1, last, bytes));
}

static void answer_code(int fd, const struct asked *asked, unsigned int code)
{
	uint8_t bytes[600];
	size_t size = make_answer(asked, 0, 0, bytes);

	bytes[3] = (uint8_t)(0x80 | code);
	reply(fd, asked, bytes, size);
}

/* ---- tests */

static void names_change(void)
{
	int64_t deadline_ms = clock_ms() + DEADLINE_MS;
	auto_fd fd = -1;

	/* written before it is asked: known, whatever the loop is at */
	for (int i = 1; i < 100; i++) {
		char text[512], wanted[64];

		(void)snprintf(text, sizeof(text),
			HEAD "name 3 changing 10.0.0.%d\nend\n", i);
		(void)snprintf(wanted, sizeof(wanted), "OK 1/0: 10.0.0.%d", i);
		CHECK(write_file("names", text));
		CHECK(text_equal(ask("127.0.1.2", "changing", 0), wanted));
	}
	/* a broken one changes nothing */
	CHECK(write_file("names", "version 1\n"));
	CHECK(text_equal(ask("127.0.1.2", "changing", 0), "OK 1/0: 10.0.0.99"));
	/* who is no longer in it is refused; the address goes, one comes */
	CHECK(write_file("names",
		"version 1\nlisten 127.9.0.1\nlisten ::1\nend\n"));
	CHECK(text_equal(ask("127.0.1.2", "changing", 0), "REFUSED 0/0:"));
	CHECK(write_file("names", "version 1\nlisten 127.9.0.2\nend\n"));
	while (!text_equal(ask("127.0.1.2", "web", 0), "nobody") &&
		clock_ms() < deadline_ms)
		;
	CHECK(clock_ms() < deadline_ms);
	CHECK(write_file("names", HEAD "end\n"));
	do {
		fd_close(&fd);
		fd = send_query("127.0.1.2", "web", DNS_TYPE_A, 0);
	} while (!text_equal(hear(fd), "OK 1/0: 172.20.0.100") &&
		 clock_ms() < deadline_ms);
	CHECK(clock_ms() < deadline_ms);
}

/* The server does not run while a question comes, then a new file, then another
 * question: it meets them in that order, and the last must know the file. */
static void names_change_in_between(void)
{
	auto_fd first = -1, second = -1;
	int status;

	CHECK(kill(server, SIGSTOP) == 0);
	CHECK(waitpid(server, &status, WUNTRACED) == server);
	first = send_query("127.0.1.2", "web", DNS_TYPE_A, 0);
	CHECK(write_file("names", HEAD "name 3 fresh 10.0.0.7\nend\n"));
	second = send_query("127.0.1.2", "fresh", DNS_TYPE_A, 0);
	CHECK(kill(server, SIGCONT) == 0);
	CHECK(text_equal(hear(first), "OK 1/0: 172.20.0.100"));
	CHECK(text_equal(hear(second), "OK 1/0: 10.0.0.7"));
}

static void by_stream(void)
{
	uint8_t bytes[700];
	auto_fd fd = client(SOCK_STREAM, "127.0.1.2");
	auto_fd stranger = client(SOCK_STREAM, "127.0.1.99");
	size_t size = test_query(bytes + 2, 1, "web", DNS_TYPE_A, 0);

	dns_put16(bytes, (uint16_t)size);
	for (int i = 0; i < 3; i++)
		CHECK(text_equal(ask_stream(fd, "web", 0),
			"OK 1/0: 172.20.0.100"));
	/* byte by byte, and then three at once */
	for (size_t i = 0; i < size + 2; i++)
		CHECK(send(fd, bytes + i, 1, 0) == 1);
	CHECK(fd_read_full(fd, received, 2 + size + 16) == (ssize_t)size + 18);
	memcpy(bytes + size + 2, bytes, size + 2);
	memcpy(bytes + 2 * (size + 2), bytes, size + 2);
	CHECK(send(fd, bytes, 3 * (size + 2), 0) == (ssize_t)(3 * (size + 2)));
	CHECK(fd_read_full(fd, received, 3 * (size + 18)) ==
		(ssize_t)(3 * (size + 18)));
	/* a length that cannot be */
	CHECK(send(fd, "\0\1x", 3, 0) == 3);
	CHECK(is_closed(fd));
	CHECK(is_closed(stranger));
}

static void streams_are_limited(void)
{
	int fds[DNS_STREAMS_PER_CLIENT + 1];
	auto_fd other = -1;

	for (int i = 0; i <= DNS_STREAMS_PER_CLIENT; i++)
		fds[i] = client(SOCK_STREAM, "127.0.1.2");
	for (int i = 0; i < DNS_STREAMS_PER_CLIENT; i++)
		CHECK(text_equal(ask_stream(fds[i], "web", 0),
			"OK 1/0: 172.20.0.100"));
	CHECK(is_closed(fds[DNS_STREAMS_PER_CLIENT]));
	other = client(SOCK_STREAM, "127.0.1.3");
	CHECK(text_equal(ask_stream(other, "web", 0), "OK 1/0: 172.20.0.100"));
	for (int i = 0; i <= DNS_STREAMS_PER_CLIENT; i++)
		fd_close(&fds[i]);
}

static void forwards_and_keeps(void)
{
	auto_fd up = bound(SOCK_DGRAM, "127.53.0.1", 53);
	auto_fd own = bound(SOCK_DGRAM, "127.53.0.4", 53);
	auto_fd first = -1, second = -1;
	struct asked asked;

	/* the second of the two is our own address, and is not asked */
	CHECK(write_file("resolv.conf",
		"nameserver 127.53.0.1\nnameserver 127.9.0.1\n"));
	first = send_query("127.0.1.2", "a.Example", DNS_TYPE_A, TEST_EDNS);
	CHECK(take(up, &asked));
	CHECK(memcmp(asked.bytes + 12, "\1a\7example", 11) == 0);
	CHECK(asked.bytes[2] == 1 && asked.bytes[11] == 1);
	/* the same question meanwhile waits for the same answer */
	second = send_query("127.0.1.2", "A.example", DNS_TYPE_A, 0);
	CHECK(text_equal(ask("127.0.1.2", "web", 0), "OK 1/0: 172.20.0.100"));
	answer(up, &asked, 7);
	CHECK(text_equal(hear(first), "OK 1/0: 192.0.2.7"));
	CHECK(memcmp(received + 12, "\1a\7Example", 11) == 0);
	CHECK(dns_get16(received) == 0x1234 && received[11] == 1);
	CHECK(text_equal(hear(second), "OK 1/0: 192.0.2.7"));
	CHECK(memcmp(received + 12, "\1A\7example", 11) == 0);
	/* kept */
	CHECK(text_equal(ask("127.0.1.2", "a.example", 0),
		"OK 1/0: 192.0.2.7"));
	CHECK(!wait_for(up, 0));
	/* for others it is another question; some may not ask at all */
	fd_close(&first);
	first = send_query("127.0.1.4", "a.example", DNS_TYPE_A, 0);
	CHECK(take(own, &asked));
	answer(own, &asked, 8);
	CHECK(text_equal(hear(first), "OK 1/0: 192.0.2.8"));
	CHECK(text_equal(ask("127.0.1.3", "a.example", 0), "NXDOMAIN 0/1:"));
	/* other servers may say otherwise */
	CHECK(write_file("resolv.conf", "nameserver 127.53.0.4\n"));
	fd_close(&second);
	second = send_query("127.0.1.2", "a.example", DNS_TYPE_A, 0);
	CHECK(take(own, &asked));
	answer(own, &asked, 9);
	CHECK(text_equal(hear(second), "OK 1/0: 192.0.2.9"));
	CHECK(!wait_for(up, 0));
}

/* Each of these comes from where it should, or is what it should be, but not
 * both; the true answer comes after all of them. */
static void lies(void)
{
	auto_fd up = bound(SOCK_DGRAM, "127.53.0.1", 53);
	auto_fd port = bound(SOCK_DGRAM, "127.53.0.1", 5353);
	auto_fd address = bound(SOCK_DGRAM, "127.53.0.2", 53);
	auto_fd fd = -1;
	uint8_t bytes[600];
	struct asked asked;
	size_t size;

	CHECK(write_file("resolv.conf", "nameserver 127.53.0.1\n"));
	fd = send_query("127.0.1.2", "a.example", DNS_TYPE_A, 0);
	CHECK(take(up, &asked));
	answer(port, &asked, 66);
	answer(address, &asked, 66);
	size = make_answer(&asked, 1, 66, bytes);
	bytes[0] ^= 1; /* id */
	reply(up, &asked, bytes, size);
	bytes[0] ^= 1;
	bytes[13] ^= 1; /* name */
	reply(up, &asked, bytes, size);
	bytes[13] ^= 1;
	bytes[size - 17] ^= 3; /* class */
	reply(up, &asked, bytes, size);
	bytes[size - 17] ^= 3;
	bytes[2] &= 0x7f; /* a question */
	reply(up, &asked, bytes, size);
	bytes[2] |= 0x80;
	reply(up, &asked, bytes, size - 1);
	reply(up, &asked, bytes, 5);
	reply(up, &asked, bytes, 0);
	CHECK(text_equal(hear_within(fd, 50), "silence"));
	answer(up, &asked, 7);
	CHECK(text_equal(hear(fd), "OK 1/0: 192.0.2.7"));
}

/* One who guesses ids from the right port does not get many of them. */
static void many_lies(void)
{
	auto_fd up = bound(SOCK_DGRAM, "127.53.0.1", 53);
	auto_fd tcp = bound(SOCK_STREAM, "127.53.0.1", 53);
	auto_fd fd = -1;
	struct asked asked;

	CHECK(write_file("resolv.conf", "nameserver 127.53.0.1\n"));
	fd = send_query("127.0.1.2", "a.example", DNS_TYPE_A, 0);
	CHECK(take(up, &asked));
	for (int i = 0; i < DNS_LIES_MAX; i++) {
		asked.bytes[1]++;
		answer(up, &asked, 66);
	}
	CHECK(wait_for(tcp, DEADLINE_MS)); /* it asks where nobody can guess */
}

static void slow_and_silent(void)
{
	auto_fd silent = bound(SOCK_DGRAM, "127.53.0.1", 53);
	auto_fd slow = bound(SOCK_DGRAM, "127.53.0.2", 53);
	auto_fd fd = -1, late = -1;
	struct asked asked, again;
	int64_t start_ms = clock_ms();

	CHECK(write_file("resolv.conf",
		"nameserver 127.53.0.1\nnameserver 127.53.0.2\n"));
	fd = send_query("127.0.1.2", "a.example", DNS_TYPE_A, 0);
	CHECK(take(silent, &asked));
	CHECK(take(slow, &again));
	CHECK(clock_ms() - start_ms >= DNS_TRY_MS - 50);
	/* another port, another id */
	CHECK(memcmp(asked.bytes, again.bytes, 2) != 0);
	answer(slow, &again, 7);
	CHECK(text_equal(hear(fd), "OK 1/0: 192.0.2.7"));
	/* now the silent one is asked last, and may still answer then */
	late = send_query("127.0.1.2", "b.example", DNS_TYPE_A, 0);
	CHECK(take(slow, &again));
	CHECK(!wait_for(silent, 0));
	CHECK(take(silent, &asked));
	answer(slow, &again, 8); /* after more than its second */
	CHECK(text_equal(hear(late), "OK 1/0: 192.0.2.8"));
}

static void nobody_answers(void)
{
	auto_fd up = bound(SOCK_DGRAM, "127.53.0.1", 53);
	auto_fd fd = -1;
	int64_t start_ms = clock_ms();

	/* no server; one where nobody listens; one that is silent */
	CHECK(text_equal(ask("127.0.1.2", "a.example", 0), "SERVFAIL 0/0:"));
	CHECK(write_file("resolv.conf", "nameserver 127.53.0.3\n"));
	CHECK(text_equal(ask("127.0.1.2", "b.example", 0), "SERVFAIL 0/0:"));
	CHECK(clock_ms() - start_ms < DNS_TRY_MS);
	CHECK(write_file("resolv.conf", "nameserver 127.53.0.1\n"));
	start_ms = clock_ms();
	fd = send_query("127.0.1.2", "c.example", DNS_TYPE_A, 0);
	CHECK(text_equal(hear(fd), "SERVFAIL 0/0:"));
	CHECK(clock_ms() - start_ms >= DNS_FLIGHT_MS - 50);
	for (int i = 0; i < DNS_TRIES_MAX; i++) {
		struct asked asked;

		CHECK(take(up, &asked));
	}
	CHECK(!wait_for(up, 0));
}

static void servers_fail(void)
{
	auto_fd bad = bound(SOCK_DGRAM, "127.53.0.1", 53);
	auto_fd good = bound(SOCK_DGRAM, "127.53.0.2", 53);
	auto_fd fd = -1, both = -1, old = -1;
	struct asked asked;

	CHECK(write_file("resolv.conf",
		"nameserver 127.53.0.1\nnameserver 127.53.0.2\n"));
	fd = send_query("127.0.1.2", "a.example", DNS_TYPE_A, 0);
	CHECK(take(bad, &asked));
	answer_code(bad, &asked, DNS_CODE_REFUSED);
	CHECK(take(good, &asked));
	answer(good, &asked, 7);
	CHECK(text_equal(hear(fd), "OK 1/0: 192.0.2.7"));
	both = send_query("127.0.1.2", "b.example", DNS_TYPE_A, 0);
	CHECK(take(bad, &asked));
	answer_code(bad, &asked, DNS_CODE_FAILED);
	CHECK(take(good, &asked));
	answer_code(good, &asked, DNS_CODE_FAILED);
	CHECK(text_equal(hear(both), "SERVFAIL 0/0:"));
	/* one that has never heard of EDNS */
	old = send_query("127.0.1.2", "c.example", DNS_TYPE_A, TEST_EDNS);
	CHECK(take(bad, &asked));
	answer_code(bad, &asked, DNS_CODE_MALFORMED);
	CHECK(take(bad, &asked));
	CHECK(asked.bytes[11] == 0);
	answer(bad, &asked, 8);
	CHECK(text_equal(hear(old), "OK 1/0: 192.0.2.8"));
	/* a name that does not exist is an answer */
	fd_close(&fd);
	fd = send_query("127.0.1.2", "d.example", DNS_TYPE_A, 0);
	CHECK(take(bad, &asked));
	answer_code(bad, &asked, DNS_CODE_NO_NAME);
	CHECK(text_equal(hear(fd), "NXDOMAIN 0/0:"));
	CHECK(!wait_for(good, 0));
}

/* Takes the one question on a connection. */
static int take_stream(int listener, struct asked *asked)
{
	int fd = wait_for(listener, DEADLINE_MS)
			 ? accept4(listener, NULL, NULL, SOCK_CLOEXEC)
			 : -1;
	uint8_t length[2] = { 0, 0 };

	CHECK(fd_read_full(fd, length, 2) == 2);
	asked->size = dns_get16(length);
	CHECK(fd_read_full(fd, asked->bytes, asked->size) ==
		(ssize_t)asked->size);
	return fd;
}

static void cut_answers(void)
{
	static uint8_t bytes[DNS_MESSAGE_MAX + 2];
	auto_fd up = bound(SOCK_DGRAM, "127.53.0.1", 53);
	auto_fd tcp = bound(SOCK_STREAM, "127.53.0.1", 53);
	auto_fd fd = -1, stream = -1, connection = -1;
	struct asked asked;
	size_t size;

	CHECK(write_file("resolv.conf", "nameserver 127.53.0.1\n"));
	fd = send_query("127.0.1.2", "a.example", DNS_TYPE_A, TEST_EDNS);
	CHECK(take(up, &asked));
	size = make_answer(&asked, 0, 0, bytes);
	bytes[2] |= 2;
	reply(up, &asked, bytes, size);
	connection = take_stream(tcp, &asked);
	size = make_answer(&asked, 500, 9, bytes + 2);
	dns_put16(bytes, (uint16_t)size);
	/* in two parts */
	CHECK(send(connection, bytes, 1, 0) == 1);
	CHECK(text_equal(ask("127.0.1.2", "web", 0), "OK 1/0: 172.20.0.100"));
	CHECK(fd_write_all(connection, bytes + 1, size + 1) == 0);
	/* it is larger than what UDP carries */
	CHECK(text_equal(hear(fd), "OK cut 0/0:"));
	stream = client(SOCK_STREAM, "127.0.1.2");
	CHECK(text_starts_with(ask_stream(stream, "a.example", 0),
		"OK 500/0: 192.0.2.9"));
	CHECK(!wait_for(up, 0) && !wait_for(tcp, 0)); /* it was kept */
}

/* A server that is cutting and does not do TCP. */
static void cut_and_no_more(void)
{
	auto_fd up = bound(SOCK_DGRAM, "127.53.0.1", 53);
	auto_fd fd = -1;
	uint8_t bytes[600];
	struct asked asked;
	size_t size;

	CHECK(write_file("resolv.conf", "nameserver 127.53.0.1\n"));
	fd = send_query("127.0.1.2", "a.example", DNS_TYPE_A, 0);
	CHECK(take(up, &asked));
	size = make_answer(&asked, 0, 0, bytes);
	bytes[2] |= 2;
	reply(up, &asked, bytes, size);
	CHECK(text_equal(hear(fd), "SERVFAIL 0/0:"));
}

/* The tables are full: who comes then is told at once; all is given back. */
static void too_many(void)
{
	auto_fd up = bound(SOCK_DGRAM, "127.53.0.1", 53);
	auto_fd fd = client(SOCK_DGRAM, "127.0.1.2");
	unsigned int refused = 0;
	uint8_t bytes[300];
	char name[64];

	CHECK(write_file("resolv.conf", "nameserver 127.53.0.1\n"));
	for (int round = 0; round < 3; round++) {
		unsigned int answers = 0;

		for (int i = 0; i < DNS_WAITERS_PER_CLIENT + 10; i++) {
			size_t size;

			(void)snprintf(name, sizeof(name), "n%d-%d.example",
				round, i);
			size = test_query(bytes, 1, name, DNS_TYPE_A, 0);
			CHECK(send(fd, bytes, size, 0) == (ssize_t)size);
		}
		for (int i = 0; i < 10; i++)
			refused += text_equal(hear(fd), "SERVFAIL 0/0:");
		for (int i = 0; i < DNS_WAITERS_PER_CLIENT; i++) {
			struct asked asked;

			CHECK(take(up, &asked));
			answer(up, &asked, 7);
			answers += text_equal(hear(fd), "OK 1/0: 192.0.2.7");
		}
		CHECK(answers == DNS_WAITERS_PER_CLIENT);
	}
	CHECK(refused == 30);
}

/* What the server is left with, as the kernel sees it. */
static void rights(void)
{
	char path[64];
	char text[4096] = "";
	auto_fd fd = -1;

	if (geteuid() != 0) {
		skip_reason = "it needs root";
		return;
	}
	(void)snprintf(path, sizeof(path), "/proc/%d/status", (int)server);
	fd = open(path, O_RDONLY | O_CLOEXEC);
	CHECK(fd_read_full(fd, text, sizeof(text) - 1) > 0);
	CHECK(strstr(text, "\nUid:\t61053\t61053\t61053\t61053\n"));
	CHECK(strstr(text, "\nGid:\t61053\t61053\t61053\t61053\n"));
	CHECK(strstr(text, "\nCapPrm:\t0000000000000400\n"));
	CHECK(strstr(text, "\nCapEff:\t0000000000000400\n"));
	CHECK(strstr(text, "\nCapInh:\t0000000000000000\n"));
	CHECK(strstr(text, "\nNoNewPrivs:\t1\n"));
	CHECK(strstr(text, "\nSeccomp:\t2\n"));
	CHECK(strstr(text, "\nGroups:\t \n"));
}

/* ---- a server and a client of others */

static bool has_tools(void)
{
	return access("/usr/sbin/unbound", X_OK) == 0 &&
	       access("/usr/bin/dig", X_OK) == 0;
}

static pid_t start_unbound(void)
{
	static const char conf[] =
		"server:\n interface: 127.53.0.1\n do-daemonize: no\n"
		" access-control: 127.0.0.0/8 allow\n chroot: \"\"\n"
		" username: \"\"\n pidfile: \"\"\n use-syslog: no\n"
		" do-not-query-localhost: no\n num-threads: 1\n"
		" local-zone: \"example.\" static\n"
		" local-data: \"example. 60 SOA a. b. 1 2 3 4 5\"\n"
		" local-data: \"one.example. 60 A 192.0.2.7\"\n"
		" local-data: \"text.example. 60 TXT 'some text'\"\n"
		"remote-control:\n control-enable: no\n";
	char path[64];
	pid_t pid;

	CHECK(write_file("unbound.conf", conf));
	(void)snprintf(path, sizeof(path), "%s/unbound.conf", folder);
	pid = fork();
	if (pid == 0) {
		int null = open("/dev/null", O_RDWR | O_CLOEXEC);

		(void)dup2(null, STDERR_FILENO);
		(void)prctl(PR_SET_PDEATHSIG, SIGKILL);
		(void)execl("/usr/sbin/unbound", "unbound", "-d", "-c", path,
			(char *)NULL);
		_exit(127);
	}
	return pid;
}

/* What dig prints, its lines after each other. */
static const char *dig(const char *name, const char *type, const char *how)
{
	static char text[4096];
	int pipes[2];
	ssize_t size;
	pid_t pid;

	CHECK(pipe2(pipes, O_CLOEXEC) == 0);
	pid = fork();
	if (pid == 0) {
		(void)dup2(pipes[1], STDOUT_FILENO);
		(void)execl("/usr/bin/dig", "dig", "-b", "127.0.1.2",
			"@127.9.0.1", "+noall", "+comments", "+answer", how,
			name, type, (char *)NULL);
		_exit(127);
	}
	(void)close(pipes[1]);
	size = fd_read_full(pipes[0], text, sizeof(text) - 1);
	text[size > 0 ? size : 0] = '\0';
	(void)close(pipes[0]);
	(void)waitpid(pid, NULL, 0);
	return text;
}

static void unbound_and_dig(void)
{
	int64_t deadline_ms = clock_ms() + DEADLINE_MS;
	pid_t unbound;

	if (!has_tools()) {
		skip_reason = "unbound or dig is not installed";
		return;
	}
	unbound = start_unbound();
	CHECK(write_file("resolv.conf", "nameserver 127.53.0.1\n"));
	while (!strstr(dig("one.example", "A", "+notcp"), "192.0.2.7") &&
		clock_ms() < deadline_ms)
		;
	CHECK(strstr(dig("one.example", "A", "+tcp"), "192.0.2.7"));
	CHECK(strstr(dig("one.example", "A", "+noedns"), "status: NOERROR"));
	CHECK(strstr(dig("text.example", "TXT", "+dnssec"), "some text"));
	CHECK(strstr(dig("text.example", "TXT", "+dnssec"), "flags: do"));
	CHECK(strstr(dig("none.example", "A", "+notcp"), "status: NXDOMAIN"));
	CHECK(strstr(dig("one.example", "AAAA", "+notcp"), "status: NOERROR"));
	CHECK(strstr(dig("web", "A", "+notcp"), "172.20.0.100"));
	CHECK(strstr(dig("web", "A", "+edns=1"), "172.20.0.100"));
	CHECK(!strstr(dig("web", "A", "+notcp"), "WARNING"));
	CHECK(!strstr(dig("web", "MX", "+tcp"), "WARNING"));
	(void)kill(unbound, SIGKILL);
	(void)waitpid(unbound, NULL, 0);
}

/* ---- */

static void run(void (*body)(void), bool is_confined)
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

TEST(names_change)
TEST(names_change_in_between)
TEST(by_stream)
TEST(streams_are_limited)
TEST(forwards_and_keeps)
TEST(lies)
TEST(many_lies)
TEST(slow_and_silent)
TEST(nobody_answers)
TEST(servers_fail)
TEST(cut_answers)
TEST(cut_and_no_more)
TEST(too_many)
TEST(rights)
TEST(unbound_and_dig)

int main(void)
{
	RUN(test_names_change);
	RUN(test_names_change_in_between);
	RUN(test_by_stream);
	RUN(test_streams_are_limited);
	RUN(test_forwards_and_keeps);
	RUN(test_lies);
	RUN(test_many_lies);
	RUN(test_slow_and_silent);
	RUN(test_nobody_answers);
	RUN(test_servers_fail);
	RUN(test_cut_answers);
	RUN(test_cut_and_no_more);
	RUN(test_too_many);
	RUN(test_rights);
	RUN(test_unbound_and_dig);
	return check_done();
}
