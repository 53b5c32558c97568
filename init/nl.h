/* SPDX-License-Identifier: MIT */
/*
 * nl - messages to the kernel and its answers, by netlink(7).
 *
 * A request is built in a struct nl_request: nl_begin, then nl_add for each
 * attribute; one that does not fit is refused when it is sent (-EMSGSIZE).
 * All return 0 (or what they say) or a negative errno.
 */
#ifndef INIT_NL_H
#define INIT_NL_H

#include <linux/netlink.h>
#include <linux/rtnetlink.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define NL_REQUEST_MAX 4096

struct nl_request {
	union {
		struct nlmsghdr head;
		char bytes[NL_REQUEST_MAX];
	};
	bool is_too_long;
};

/* called for each message of an answer */
typedef void nl_visit(const struct nlmsghdr *message, void *context);

/* what follows the head of a message, and of an attribute */
static inline const void *nl_body(const struct nlmsghdr *message)
{
	return (const char *)message + NLMSG_HDRLEN;
}

static inline const void *nl_value(const struct rtattr *attribute)
{
	return (const char *)attribute + RTA_LENGTH(0);
}

/* a socket of a protocol (NETLINK_ROUTE ...) that also hears of the given
 * groups, a mask of (1 << (RTNLGRP_... - 1)) */
int nl_open(int protocol, uint32_t groups);

/* begin a request; returns its body of this size, all zeros */
void *nl_begin(struct nl_request *request, uint16_t kind, uint16_t flags,
	size_t body_size);
void nl_add(struct nl_request *request, uint16_t kind, const void *value,
	size_t size);

/* attributes within an attribute: between nl_nest and nl_nest_end, which takes
 * what nl_nest returned */
size_t nl_nest(struct nl_request *request, uint16_t kind);
void nl_nest_end(struct nl_request *request, size_t at);

/* send it and visit what answers; ends with the kernel's last word, so the
 * request wants NLM_F_ACK or NLM_F_DUMP; visit may be NULL */
int nl_transact(int fd, struct nl_request *request, nl_visit *visit,
	void *context);

/* ask for everything of a kind (RTM_GETLINK ...) and visit each message */
int nl_dump(int fd, uint16_t kind, uint8_t family, nl_visit *visit,
	void *context);

/* Visit the messages of one packet of length bytes that nobody asked for; true
 * when one of the visits said so. */
bool nl_read(const struct nlmsghdr *message, size_t length,
	bool (*visit)(const struct nlmsghdr *message));

/* the attribute of a kind within length bytes from first, or NULL */
const struct rtattr *nl_attribute(const void *first, size_t length,
	uint16_t kind);

/* the attribute of a kind of a message whose body has this size, or NULL; also
 * when the message is too short for its body */
const struct rtattr *nl_find(const struct nlmsghdr *message, size_t body_size,
	uint16_t kind);

/* a number in an attribute; 0 when that is NULL or too short */
uint32_t nl_u32(const struct rtattr *attribute);

/* a text in an attribute, at most size - 1 bytes of it; "" for NULL */
void nl_text(const struct rtattr *attribute, char *text, size_t size);

#endif
