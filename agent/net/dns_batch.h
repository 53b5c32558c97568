/* SPDX-License-Identifier: MIT */
/*
 * dns_batch - many packets in and out by one system call each
 *
 * recvmmsg(2), sendmmsg(2). The answer to a packet is built in the place that
 * belongs to it.
 */
#ifndef TARE_NET_DNS_BATCH_H
#define TARE_NET_DNS_BATCH_H

#include <stddef.h>
#include <stdint.h>
#include <sys/socket.h>

#include "net/dns_message.h"

enum dns_batch_limit {
	DNS_BATCH_SIZE = 32,
};

struct dns_batch {
	struct mmsghdr headers[DNS_BATCH_SIZE];
	struct iovec pieces[DNS_BATCH_SIZE];
	struct sockaddr_storage names[DNS_BATCH_SIZE]; /* who sent it */
	uint8_t questions[DNS_BATCH_SIZE][DNS_UDP_SIZE];
	uint8_t answers[DNS_BATCH_SIZE][DNS_UDP_SIZE];
	size_t sizes[DNS_BATCH_SIZE];        /* of the questions */
	size_t answer_sizes[DNS_BATCH_SIZE]; /* 0: there is none */
};

/* Takes what has arrived; returns how many, 0 when there is nothing. A packet
 * that is too long has size 0. */
size_t dns_batch_receive(struct dns_batch *batch, int fd);

/* Sends the answers to the first count packets; one that cannot be sent is as
 * good as lost. */
void dns_batch_send(struct dns_batch *batch, int fd, size_t count);

#endif
