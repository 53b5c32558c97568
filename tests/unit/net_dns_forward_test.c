// SPDX-License-Identifier: MIT
/* net_dns_forward_test - servers that are slow, silent, lying and cutting */
#include <string.h>
#include <sys/socket.h>

#include "check.h"
#include "net_dns_world.h"

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

TEST(forwards_and_keeps)
TEST(lies)
TEST(many_lies)
TEST(slow_and_silent)
TEST(nobody_answers)
TEST(servers_fail)
TEST(cut_answers)
TEST(cut_and_no_more)
TEST(too_many)

int main(void)
{
	RUN(test_forwards_and_keeps);
	RUN(test_lies);
	RUN(test_many_lies);
	RUN(test_slow_and_silent);
	RUN(test_nobody_answers);
	RUN(test_servers_fail);
	RUN(test_cut_answers);
	RUN(test_cut_and_no_more);
	RUN(test_too_many);
	return check_done();
}
