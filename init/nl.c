/* SPDX-License-Identifier: MIT */
/* nl - messages to the kernel and its answers, by netlink(7) */
#include "nl.h"

#include <errno.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

/* the kernel's longest message of the kinds we ask for fits several times */
union buffer {
	struct nlmsghdr head;
	char bytes[32768];
};

/* of the last request: what is left of an answer that was given up is none to
 * the next */
static uint32_t sequence;

void *nl_begin(struct nl_request *request, uint16_t kind, uint16_t flags,
	size_t body_size)
{
	memset(request->bytes, 0, NLMSG_SPACE(body_size));
	request->is_too_long = false;
	request->head.nlmsg_type = kind;
	request->head.nlmsg_flags = (uint16_t)(NLM_F_REQUEST | flags);
	request->head.nlmsg_len = (uint32_t)NLMSG_LENGTH(body_size);
	request->head.nlmsg_seq = ++sequence;
	return request->bytes + NLMSG_HDRLEN;
}

void nl_add(struct nl_request *request, uint16_t kind, const void *value,
	size_t size)
{
	size_t at = NLMSG_ALIGN(request->head.nlmsg_len);
	const struct rtattr head = {
		.rta_type = kind,
		.rta_len = (uint16_t)RTA_LENGTH(size),
	};

	if (size > NL_REQUEST_MAX || at + RTA_SPACE(size) > NL_REQUEST_MAX) {
		request->is_too_long = true;
		return;
	}
	memset(request->bytes + at, 0, RTA_SPACE(size));
	memcpy(request->bytes + at, &head, sizeof(head));
	if (size)
		memcpy(request->bytes + at + RTA_LENGTH(0), value, size);
	request->head.nlmsg_len = (uint32_t)(at + RTA_SPACE(size));
}

size_t nl_nest(struct nl_request *request, uint16_t kind)
{
	size_t at = NLMSG_ALIGN(request->head.nlmsg_len);

	nl_add(request, kind | NLA_F_NESTED, NULL, 0);
	return at;
}

void nl_nest_end(struct nl_request *request, size_t at)
{
	uint16_t length = (uint16_t)(request->head.nlmsg_len - at);

	if (!request->is_too_long)
		memcpy(request->bytes + at, &length, sizeof(length));
}

/* one packet of the kernel's; those of other senders are dropped */
static ssize_t receive(int fd, union buffer *answer)
{
	for (;;) {
		struct sockaddr_nl from = { 0 };
		socklen_t size = sizeof(from);
		ssize_t got = recvfrom(fd, answer->bytes, sizeof(answer->bytes),
			0, (struct sockaddr *)&from, &size);

		if (got < 0 && errno != EINTR)
			return -errno;
		if (got >= 0 && from.nl_pid == 0)
			return got;
	}
}

/* how an answer ended, which both kinds of a last message begin with */
static int read_status(const struct nlmsghdr *message)
{
	int status;

	if (message->nlmsg_len < NLMSG_LENGTH(sizeof(status)))
		return -EBADMSG;
	memcpy(&status, nl_body(message), sizeof(status));
	return status < 0 ? status : 0;
}

/* Visit the messages of one packet that answer our request; 1 when more
 * packets follow, else how the whole answer ended. */
static int read_packet(const struct nlmsghdr *message, size_t left,
	nl_visit *visit, void *context)
{
	while (left >= sizeof(*message) &&
		message->nlmsg_len >= sizeof(*message) &&
		message->nlmsg_len <= left) {
		bool is_ours = message->nlmsg_seq == sequence;
		if (is_ours && (message->nlmsg_type == NLMSG_DONE ||
				       message->nlmsg_type == NLMSG_ERROR))
			return read_status(message);
		if (is_ours && visit)
			visit(message, context);
		size_t step = NLMSG_ALIGN(message->nlmsg_len);
		if (step > left)
			break;
		left -= step;
		message = (const void *)((const char *)message + step);
	}
	return 1;
}

bool nl_read(const struct nlmsghdr *message, size_t length,
	bool (*visit)(const struct nlmsghdr *message))
{
	bool is_any = false;

	while (length >= sizeof(*message) &&
		message->nlmsg_len >= sizeof(*message) &&
		message->nlmsg_len <= length) {
		is_any |= visit(message);
		size_t step = NLMSG_ALIGN(message->nlmsg_len);
		if (step > length)
			break;
		length -= step;
		message = (const void *)((const char *)message + step);
	}
	return is_any;
}

static int read_answer(int fd, nl_visit *visit, void *context)
{
	static union buffer answer;

	for (;;) {
		ssize_t length = receive(fd, &answer);
		if (length < 0)
			return (int)length;
		int result = read_packet(&answer.head, (size_t)length, visit,
			context);
		if (result <= 0)
			return result;
	}
}

int nl_transact(int fd, struct nl_request *request, nl_visit *visit,
	void *context)
{
	if (request->is_too_long)
		return -EMSGSIZE;
	if (send(fd, request->bytes, request->head.nlmsg_len, 0) < 0)
		return -errno;
	return read_answer(fd, visit, context);
}

int nl_open(int protocol, uint32_t groups)
{
	const struct sockaddr_nl address = {
		.nl_family = AF_NETLINK,
		.nl_groups = groups,
	};
	int fd = socket(AF_NETLINK, SOCK_RAW | SOCK_CLOEXEC, protocol);
	if (fd < 0)
		return -errno;
	if (bind(fd, (const struct sockaddr *)&address, sizeof(address)) < 0) {
		int result = -errno;
		(void)close(fd);
		return result;
	}
	return fd;
}

int nl_dump(int fd, uint16_t kind, uint8_t family, nl_visit *visit,
	void *context)
{
	struct nl_request request;
	/* every body begins with the family; this is the longest of them */
	struct ifinfomsg *body =
		nl_begin(&request, kind, NLM_F_DUMP, sizeof(*body));

	body->ifi_family = family;
	return nl_transact(fd, &request, visit, context);
}

const struct rtattr *nl_attribute(const void *first, size_t length,
	uint16_t kind)
{
	const char *at = first;

	while (length >= sizeof(struct rtattr)) {
		const struct rtattr *attribute = (const void *)at;
		if (attribute->rta_len < sizeof(*attribute) ||
			attribute->rta_len > length)
			break;
		if ((attribute->rta_type & NLA_TYPE_MASK) == kind)
			return attribute;
		size_t step = RTA_ALIGN(attribute->rta_len);
		if (step > length)
			break;
		at += step;
		length -= step;
	}
	return NULL;
}

const struct rtattr *nl_find(const struct nlmsghdr *message, size_t body_size,
	uint16_t kind)
{
	size_t head = NLMSG_SPACE(body_size);

	if (message->nlmsg_len < head)
		return NULL;
	return nl_attribute((const char *)message + head,
		message->nlmsg_len - head, kind);
}

uint32_t nl_u32(const struct rtattr *attribute)
{
	uint32_t value = 0;

	if (attribute && RTA_PAYLOAD(attribute) >= sizeof(value))
		memcpy(&value, nl_value(attribute), sizeof(value));
	return value;
}

void nl_text(const struct rtattr *attribute, char *text, size_t size)
{
	size_t length = 0;

	if (attribute)
		length = strnlen(nl_value(attribute), RTA_PAYLOAD(attribute));
	if (length >= size)
		length = size - 1;
	if (length)
		memcpy(text, nl_value(attribute), length);
	text[length] = '\0';
}
