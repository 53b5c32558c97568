// SPDX-License-Identifier: MIT
/* netlink - messages to the kernel and back */
#include "lib/netlink.h"

#include <arpa/inet.h>
#include <endian.h>
#include <errno.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "lib/error.h"

#define ROOM_BYTES (4 << 20)             /* for a large batch on its way */
#define HEAD       sizeof(struct nlattr) /* of an attribute */

union packet {
	struct nlmsghdr head;
	unsigned char bytes[NETLINK_ANSWER_MAX];
};

void netlink_init(struct netlink_batch *batch, void *buffer, size_t size)
{
	*batch = (struct netlink_batch){ .data = buffer, .size = size };
}

/* Room for so many bytes, one at least, at an aligned end; those behind it, up
 * to the next one, are zero. NULL: there is none. */
static unsigned char *extend(struct netlink_batch *batch, size_t size)
{
	size_t at = NLMSG_ALIGN(batch->used);

	if (batch->is_cut || at > batch->size ||
		NLMSG_ALIGN(size) > batch->size - at) {
		batch->is_cut = true;
		return NULL;
	}
	batch->used = at + NLMSG_ALIGN(size);
	memset(batch->data + batch->used - NLMSG_ALIGNTO, 0, NLMSG_ALIGNTO);
	return batch->data + at;
}

static struct nlmsghdr *last(struct netlink_batch *batch)
{
	return (void *)(batch->data + batch->message);
}

void netlink_begin(struct netlink_batch *batch, unsigned int type,
	unsigned int flags, const void *body, size_t body_size)
{
	size_t at = NLMSG_ALIGN(batch->used);
	unsigned char *room = extend(batch, NLMSG_HDRLEN + body_size);

	if (!room)
		return;
	batch->message = at;
	*last(batch) = (struct nlmsghdr){
		.nlmsg_len = (uint32_t)(NLMSG_HDRLEN + NLMSG_ALIGN(body_size)),
		.nlmsg_type = (uint16_t)type,
		.nlmsg_flags = (uint16_t)(NLM_F_REQUEST | flags),
		.nlmsg_seq = (uint32_t)++batch->count,
	};
	if (body_size > 0)
		memcpy(room + NLMSG_HDRLEN, body, body_size);
}

static void grow(struct netlink_batch *batch)
{
	last(batch)->nlmsg_len = (uint32_t)(batch->used - batch->message);
}

void netlink_add(struct netlink_batch *batch, unsigned int kind,
	const void *data, size_t size)
{
	const struct nlattr head = {
		.nla_len = (uint16_t)(HEAD + size),
		.nla_type = (uint16_t)kind,
	};
	unsigned char *room;

	if (size > UINT16_MAX - HEAD) {
		batch->is_cut = true;
		return;
	}
	room = extend(batch, HEAD + size);
	if (!room)
		return;
	memcpy(room, &head, sizeof(head));
	if (size > 0)
		memcpy(room + HEAD, data, size);
	grow(batch);
}

void netlink_add_u8(struct netlink_batch *batch, unsigned int kind,
	uint8_t value)
{
	netlink_add(batch, kind, &value, sizeof(value));
}

void netlink_add_u16(struct netlink_batch *batch, unsigned int kind,
	uint16_t value)
{
	netlink_add(batch, kind, &value, sizeof(value));
}

void netlink_add_u32(struct netlink_batch *batch, unsigned int kind,
	uint32_t value)
{
	netlink_add(batch, kind, &value, sizeof(value));
}

void netlink_add_be32(struct netlink_batch *batch, unsigned int kind,
	uint32_t value)
{
	netlink_add_u32(batch, kind, htonl(value));
}

void netlink_add_be64(struct netlink_batch *batch, unsigned int kind,
	uint64_t value)
{
	uint64_t bytes = htobe64(value);

	netlink_add(batch, kind, &bytes, sizeof(bytes));
}

void netlink_add_string(struct netlink_batch *batch, unsigned int kind,
	const char *string)
{
	netlink_add(batch, kind, string, strlen(string) + 1);
}

size_t netlink_nest(struct netlink_batch *batch, unsigned int kind)
{
	size_t at = NLMSG_ALIGN(batch->used);

	netlink_add(batch, kind | NLA_F_NESTED, NULL, 0);
	return at;
}

void netlink_close(struct netlink_batch *batch, size_t at)
{
	size_t size = batch->used - at;

	if (batch->is_cut || size > UINT16_MAX) {
		batch->is_cut = true;
		return;
	}
	((struct nlattr *)(void *)(batch->data + at))->nla_len = (uint16_t)size;
}

int netlink_open(int protocol, struct error *err)
{
	const int room = ROOM_BYTES;
	const int yes = 1;
	int fd = socket(AF_NETLINK, SOCK_RAW | SOCK_CLOEXEC, protocol);

	if (fd < 0)
		return error_errno(err, "open a socket of the kernel");
	/* without, large batches fail, and refusals repeat the whole request */
	(void)setsockopt(fd, SOL_SOCKET, SO_SNDBUFFORCE, &room, sizeof(room));
	(void)setsockopt(fd, SOL_SOCKET, SO_RCVBUFFORCE, &room, sizeof(room));
	(void)setsockopt(fd, SOL_NETLINK, NETLINK_CAP_ACK, &yes, sizeof(yes));
	return fd;
}

static int send_batch(int fd, const struct netlink_batch *batch)
{
	const struct sockaddr_nl kernel = { .nl_family = AF_NETLINK };

	if (batch->is_cut)
		return -EMSGSIZE;
	if (sendto(fd, batch->data, batch->used, 0, (const void *)&kernel,
		    sizeof(kernel)) < 0)
		return -errno;
	return 0;
}

/* One packet of the kernel's; its size or -errno. */
static ssize_t receive(int fd, union packet *packet, int flags)
{
	for (;;) {
		struct sockaddr_nl from = { 0 };
		socklen_t length = sizeof(from);
		ssize_t size = recvfrom(fd, packet->bytes,
			sizeof(packet->bytes), flags | MSG_TRUNC,
			(struct sockaddr *)&from, &length);

		if (size < 0 && errno == EINTR)
			continue;
		if (size < 0)
			return -errno;
		if (from.nl_pid != 0)
			continue;
		return (size_t)size > sizeof(packet->bytes) ? -EMSGSIZE : size;
	}
}

/* The next whole message in *left bytes, or NULL; steps over it. */
static const struct nlmsghdr *take(const unsigned char **at, size_t *left)
{
	const struct nlmsghdr *message = (const void *)*at;
	size_t step;

	if (*left < sizeof(*message) || message->nlmsg_len < sizeof(*message) ||
		message->nlmsg_len > *left)
		return NULL;
	step = NLMSG_ALIGN(message->nlmsg_len);
	step = step > *left ? *left : step;
	*at += step;
	*left -= step;
	return message;
}

/* How a request ended: both kinds of a last message begin with it. */
static int status_of(const struct nlmsghdr *message)
{
	int status;

	if (message->nlmsg_len < NLMSG_LENGTH(sizeof(status)))
		return -EBADMSG;
	memcpy(&status, (const unsigned char *)message + NLMSG_HDRLEN,
		sizeof(status));
	return status < 0 ? status : 0;
}

/* The sequence number of the last message that is to be acknowledged, or 0. */
static uint32_t last_asked(const struct netlink_batch *batch)
{
	const unsigned char *at = batch->data;
	const struct nlmsghdr *message;
	size_t left = batch->used;
	uint32_t number = 0;

	while ((message = take(&at, &left))) {
		if (message->nlmsg_flags & NLM_F_ACK)
			number = message->nlmsg_seq;
	}
	return number;
}

/* What an earlier request was answered late is none of this one's. */
static void drain(int fd, union packet *packet)
{
	ssize_t size;

	do
		size = receive(fd, packet, MSG_DONTWAIT);
	while (size >= 0 || size == -ENOBUFS || size == -EMSGSIZE);
}

/* 1: there is more to come. */
static int judge_acks(const union packet *packet, size_t size, uint32_t end,
	size_t *failed)
{
	const unsigned char *at = packet->bytes;
	const struct nlmsghdr *message;

	while ((message = take(&at, &size))) {
		int status;

		if (message->nlmsg_type != NLMSG_ERROR)
			continue;
		status = status_of(message);
		if (status < 0 && failed)
			*failed = message->nlmsg_seq - 1;
		if (status < 0 || message->nlmsg_seq == end)
			return status;
	}
	return 1;
}

int netlink_commit(int fd, const struct netlink_batch *batch, size_t *failed)
{
	union packet packet;
	uint32_t end;
	int result;

	drain(fd, &packet);
	result = send_batch(fd, batch);
	end = result == 0 ? last_asked(batch) : 0;
	result = result == 0 && end > 0 ? 1 : result;
	while (result > 0) {
		ssize_t size = receive(fd, &packet, 0);

		result = size < 0 ? (int)size
				  : judge_acks(&packet, (size_t)size, end,
					    failed);
	}
	return result;
}

static int visit_all(const union packet *packet, size_t size, netlink_fn *visit,
	void *context)
{
	const unsigned char *at = packet->bytes;
	const struct nlmsghdr *message;
	int result = 1;

	while (result > 0 && (message = take(&at, &size))) {
		if (message->nlmsg_type == NLMSG_ERROR ||
			message->nlmsg_type == NLMSG_DONE) {
			result = status_of(message);
			break;
		}
		visit(message, context);
		if (message->nlmsg_flags & NLM_F_DUMP_INTR)
			result = -EINTR;
		else if (!(message->nlmsg_flags & NLM_F_MULTI))
			result = 0;
	}
	return result > 0 && size > 0 ? -EBADMSG : result;
}

int netlink_ask(int fd, const struct netlink_batch *batch, netlink_fn *visit,
	void *context)
{
	union packet packet;
	int result;

	drain(fd, &packet);
	result = send_batch(fd, batch);
	result = result == 0 ? 1 : result;
	while (result > 0) {
		ssize_t size = receive(fd, &packet, 0);

		result = size < 0 ? (int)size
				  : visit_all(&packet, (size_t)size, visit,
					    context);
	}
	return result;
}

static void parse(const unsigned char *at, size_t size,
	const struct nlattr **table, size_t count)
{
	memset(table, 0, count * sizeof(const struct nlattr *));
	while (size >= HEAD) {
		const struct nlattr *attribute = (const void *)at;
		size_t kind = attribute->nla_type & (uint16_t)NLA_TYPE_MASK;
		size_t step = NLMSG_ALIGN(attribute->nla_len);

		if (attribute->nla_len < HEAD || attribute->nla_len > size)
			return;
		if (kind < count)
			table[kind] = attribute;
		step = step > size ? size : step;
		at += step;
		size -= step;
	}
}

void netlink_parse(const struct nlmsghdr *message, size_t body_size,
	const struct nlattr **table, size_t count)
{
	size_t head = NLMSG_HDRLEN + NLMSG_ALIGN(body_size);
	size_t size = message->nlmsg_len > head ? message->nlmsg_len - head : 0;

	parse((const unsigned char *)message + head, size, table, count);
}

void netlink_parse_nested(const struct nlattr *outer,
	const struct nlattr **table, size_t count)
{
	parse(netlink_data(outer), netlink_size(outer), table, count);
}

size_t netlink_size(const struct nlattr *attribute)
{
	return attribute ? attribute->nla_len - HEAD : 0;
}

const void *netlink_data(const struct nlattr *attribute)
{
	return attribute ? (const unsigned char *)attribute + HEAD : NULL;
}

static bool read_bytes(const struct nlattr *attribute, void *out, size_t size)
{
	if (netlink_size(attribute) < size)
		return false;
	memcpy(out, netlink_data(attribute), size);
	return true;
}

uint32_t netlink_u32(const struct nlattr *attribute)
{
	uint32_t value;

	return read_bytes(attribute, &value, sizeof(value)) ? value : 0;
}

uint32_t netlink_be32(const struct nlattr *attribute)
{
	return ntohl(netlink_u32(attribute));
}

uint16_t netlink_be16(const struct nlattr *attribute)
{
	uint16_t value;

	return read_bytes(attribute, &value, sizeof(value)) ? ntohs(value) : 0;
}

uint8_t netlink_u8(const struct nlattr *attribute)
{
	uint8_t value;

	return read_bytes(attribute, &value, sizeof(value)) ? value : 0;
}
