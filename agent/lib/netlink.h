/* SPDX-License-Identifier: MIT */
/*
 * netlink - messages to the kernel and back (netlink(7), RFC 3549)
 *
 * A batch is a buffer of somebody else's in which messages are built one after
 * the other; what does not fit is remembered, and then nothing is sent. Answers
 * of others than the kernel are passed over, and lengths are checked here.
 */
#ifndef TARE_LIB_NETLINK_H
#define TARE_LIB_NETLINK_H

#include <linux/netlink.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct error;

enum netlink_limit {
	NETLINK_ANSWER_MAX = 32768, /* bytes of one packet of the kernel's */
};

struct netlink_batch {
	unsigned char *data;
	size_t size;
	size_t used;
	size_t message; /* where the last one begins */
	size_t count;   /* messages */
	bool is_cut;    /* something did not fit */
};

/* Starts an empty batch in buffer, which is aligned for a uint64_t. */
void netlink_init(struct netlink_batch *batch, void *buffer, size_t size);

/*
 * Begins a message: type of nlmsg_type, flags besides NLM_F_REQUEST, and the
 * struct that follows the head (struct ifinfomsg ...).
 */
void netlink_begin(struct netlink_batch *batch, unsigned int type,
	unsigned int flags, const void *body, size_t body_size);

/* Add an attribute to the last message; numbers in the machine's order, _be in
 * network order, a string with its end. */
void netlink_add(struct netlink_batch *batch, unsigned int kind,
	const void *data, size_t size);
void netlink_add_u8(struct netlink_batch *batch, unsigned int kind,
	uint8_t value);
void netlink_add_u16(struct netlink_batch *batch, unsigned int kind,
	uint16_t value);
void netlink_add_u32(struct netlink_batch *batch, unsigned int kind,
	uint32_t value);
void netlink_add_be32(struct netlink_batch *batch, unsigned int kind,
	uint32_t value);
void netlink_add_be64(struct netlink_batch *batch, unsigned int kind,
	uint64_t value);
void netlink_add_string(struct netlink_batch *batch, unsigned int kind,
	const char *string);

/* Opens an attribute that holds attributes (NLA_F_NESTED is set); close gets
 * what nest returned. */
size_t netlink_nest(struct netlink_batch *batch, unsigned int kind);
void netlink_close(struct netlink_batch *batch, size_t at);

/* A socket of NETLINK_ROUTE, NETLINK_NETFILTER ...; hears of no group. */
int netlink_open(int protocol, struct error *err);

/*
 * Sends the batch and waits until the kernel has acknowledged its last message
 * with NLM_F_ACK, or refused one. Returns 0 or that refusal, a negative errno;
 * *failed (may be NULL) is the number of the message from 0. -EMSGSIZE when
 * the batch is cut.
 */
int netlink_commit(int fd, const struct netlink_batch *batch, size_t *failed);

/* Called with each message of an answer. */
typedef void netlink_fn(const struct nlmsghdr *message, void *context);

/*
 * Sends a batch of one request (NLM_F_DUMP or one object) and visits the
 * answer. 0 or a negative errno: the kernel's, or -EINTR when what was dumped
 * changed meanwhile, -EBADMSG when the answer is broken.
 */
int netlink_ask(int fd, const struct netlink_batch *batch, netlink_fn *visit,
	void *context);

/*
 * Points table[kind] at the last attribute of each kind below count; NULL:
 * none. What is not whole is passed over. They are those of a message, behind
 * its head and its struct of body_size bytes.
 */
void netlink_parse(const struct nlmsghdr *message, size_t body_size,
	const struct nlattr **table, size_t count);

/* The same of what is within a nested attribute, which may be NULL. */
void netlink_parse_nested(const struct nlattr *outer,
	const struct nlattr **table, size_t count);

/* Of an attribute: its bytes; a number (0 when it is none or too short). */
size_t netlink_size(const struct nlattr *attribute);
const void *netlink_data(const struct nlattr *attribute);
uint32_t netlink_u32(const struct nlattr *attribute);
uint32_t netlink_be32(const struct nlattr *attribute);
uint16_t netlink_be16(const struct nlattr *attribute);
uint8_t netlink_u8(const struct nlattr *attribute);

#endif
