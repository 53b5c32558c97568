// SPDX-License-Identifier: MIT
/* net_question - asks a name server, once or until it answers */
#include "cli/net_question.h"

#include <arpa/inet.h>
#include <errno.h>
#include <netinet/in.h>
#include <poll.h>
#include <string.h>
#include <sys/random.h>
#include <sys/socket.h>
#include <unistd.h>

#include "cli/net_socket.h"
#include "cli/net_wait.h"
#include "lib/error.h"
#include "lib/fd.h"
#include "net/dns_writer.h"

enum {
	ASK_BYTES = 512,
	PREFIX_BYTES = 2, /* the length before a message over TCP */
};

struct asking {
	const struct net_question *question;
	struct net_wait *wait;
	struct net_reply *reply;
	uint16_t id;
	bool is_plain;
	uint64_t begin_ns;
	uint64_t end_ns;
};

bool net_question_fits(const struct net_question *question, uint16_t id,
	const uint8_t *bytes, size_t size)
{
	struct dns_name name;
	size_t at = DNS_HEADER_SIZE;

	if (size < DNS_HEADER_SIZE || dns_get16(bytes) != id ||
		!(dns_get16(bytes + 2) & DNS_FLAG_REPLY))
		return false;
	/* one that understood nothing may leave the question out */
	if (dns_get16(bytes + 4) == 0)
		return (dns_get16(bytes + 2) & DNS_FLAG_CODE) != DNS_CODE_OK;
	return dns_get16(bytes + 4) == 1 &&
	       dns_name_read(bytes, size, &at, &name) == 0 && size - at >= 4 &&
	       dns_name_equal(&name, &question->name) &&
	       dns_get16(bytes + at) == question->type &&
	       dns_get16(bytes + at + 2) == DNS_CLASS_IN;
}

static size_t build(const struct asking *asking, uint8_t *buffer)
{
	struct dns_query query = {
		.type = asking->question->type,
		.class = DNS_CLASS_IN,
		.name = asking->question->name,
	};

	return dns_writer_ask(buffer, asking->id, &query, asking->is_plain);
}

static int open_socket(const struct asking *asking, int kind)
{
	const struct net_question *question = asking->question;
	struct net_peer peer;
	int fd = socket(question->server.family,
		kind | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);

	if (fd < 0)
		return -errno;
	net_peer_make(&peer, &question->server, question->port,
		question->scope);
	if (connect(fd, &peer.any, peer.size) < 0 && errno != EINPROGRESS) {
		int code = -errno;

		(void)close(fd);
		return code;
	}
	return fd;
}

/* ---- datagrams ----------------------------------------------------------- */

/* 1: the answer is there; 0: nobody answered in time. */
static int receive(struct asking *asking, int fd, uint64_t end_ns)
{
	struct net_reply *reply = asking->reply;

	for (;;) {
		int result = net_wait_for(asking->wait, fd, POLLIN, end_ns);
		ssize_t size;

		if (result <= 0)
			return result;
		size = recv(fd, reply->bytes, sizeof(reply->bytes), 0);
		if (size < 0 && errno != EAGAIN && errno != EINTR)
			return -errno;
		if (size < 0 || !net_question_fits(asking->question, asking->id,
					reply->bytes, (size_t)size))
			continue;
		reply->size = (size_t)size;
		return 1;
	}
}

static int ask_datagram(struct asking *asking)
{
	auto_fd fd = open_socket(asking, SOCK_DGRAM);
	uint8_t buffer[ASK_BYTES];
	size_t size = build(asking, buffer);
	int result = 0;

	if (fd < 0)
		return fd;
	for (unsigned int i = 1; i <= NET_QUESTION_TRIES && result == 0; i++) {
		uint64_t span_ns = asking->end_ns - asking->begin_ns;

		if (send(fd, buffer, size, 0) < 0)
			return -errno;
		result = receive(asking, fd,
			asking->begin_ns + span_ns * i / NET_QUESTION_TRIES);
	}
	return result;
}

/* ---- streams ------------------------------------------------------------- */

/* 1: all are there. */
static int transfer(struct asking *asking, int fd, bool is_read, uint8_t *bytes,
	size_t size)
{
	size_t done = 0;

	while (done < size) {
		int result = net_wait_for(asking->wait, fd,
			is_read ? POLLIN : POLLOUT, asking->end_ns);
		ssize_t moved;

		if (result <= 0)
			return result;
		moved = is_read ? recv(fd, bytes + done, size - done, 0)
				: send(fd, bytes + done, size - done,
					  MSG_NOSIGNAL);
		if (moved < 0 && errno != EAGAIN && errno != EINTR)
			return -errno;
		if (moved == 0)
			return -ECONNRESET;
		done += moved > 0 ? (size_t)moved : 0;
	}
	return 1;
}

static int ask_stream(struct asking *asking)
{
	struct net_reply *reply = asking->reply;
	auto_fd fd = open_socket(asking, SOCK_STREAM);
	uint8_t buffer[PREFIX_BYTES + ASK_BYTES];
	size_t size = build(asking, buffer + PREFIX_BYTES);
	int result;

	if (fd < 0)
		return fd;
	dns_put16(buffer, (uint16_t)size);
	result = transfer(asking, fd, false, buffer, PREFIX_BYTES + size);
	if (result == 1)
		result = transfer(asking, fd, true, buffer, PREFIX_BYTES);
	if (result == 1) {
		reply->size = dns_get16(buffer);
		result = transfer(asking, fd, true, reply->bytes, reply->size);
	}
	if (result == 1 && !net_question_fits(asking->question, asking->id,
				   reply->bytes, reply->size))
		return -EBADMSG;
	reply->is_stream = true;
	return result;
}

/* ---- both ---------------------------------------------------------------- */

static bool dislikes_edns(const struct net_reply *reply)
{
	unsigned int code = dns_get16(reply->bytes + 2) & DNS_FLAG_CODE;

	return code == DNS_CODE_MALFORMED || code == DNS_CODE_NOT_DONE;
}

static int ask(struct asking *asking)
{
	int result = ask_datagram(asking);

	if (result == 1 && dislikes_edns(asking->reply)) {
		asking->is_plain = true;
		result = ask_datagram(asking);
	}
	if (result == 1 && dns_get16(asking->reply->bytes + 2) & DNS_FLAG_CUT)
		result = ask_stream(asking);
	return result;
}

int net_question_ask(const struct net_question *question, struct net_wait *wait,
	struct net_reply *reply, struct error *err)
{
	struct asking asking = {
		.question = question,
		.wait = wait,
		.reply = reply,
		.begin_ns = net_wait_now(),
	};
	char own[ADDRESS_TEXT_SIZE];
	int result;

	reply->is_stream = false;
	asking.end_ns = asking.begin_ns + question->wait_s * NET_WAIT_S;
	if (getrandom(&asking.id, sizeof(asking.id), 0) != sizeof(asking.id))
		return error_errno(err, "get a random number");
	result = ask(&asking);
	reply->took_ns = net_wait_now() - asking.begin_ns;
	address_print(&question->server, own);
	if (result == 0)
		return error_set(err, -ETIMEDOUT,
			"ask %s: no answer within %u s", own,
			(unsigned int)question->wait_s);
	if (result == -EINTR)
		return error_set(err, result,
			"ask %s: stopped before it answered", own);
	if (result < 0)
		return error_set(err, result, "ask %s: %s", own,
			strerror(-result));
	return 0;
}
