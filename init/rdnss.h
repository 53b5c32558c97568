/* SPDX-License-Identifier: MIT */
/*
 * rdnss - name servers and domains of router advertisements (RFC 8106), which
 * the kernel hands on in RTM_NEWNDUSEROPT messages.
 *
 * They come from whoever is on the wire: each length is checked, and a server
 * or a domain that no host can have is left out.
 */
#ifndef INIT_RDNSS_H
#define INIT_RDNSS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "ip.h"
#include "labels.h"

#define RDNSS_SERVERS_MAX 3
#define RDNSS_SEARCH_MAX  LABELS_TEXT_MAX

struct nlmsghdr;

struct rdnss {
	struct rdnss_server {
		struct ip ip;
		int64_t until_s;
	} servers[RDNSS_SERVERS_MAX];
	unsigned count;
	char search[RDNSS_SEARCH_MAX];
	int64_t search_until_s;
};

/* Take over an option of type 25 or 31, whole, as it came from the wire; true
 * when something changed but times. now_s is any clock that goes on. */
bool rdnss_hear(struct rdnss *rdnss, const uint8_t *option, size_t length,
	int64_t now_s);

/* Forget what is over; true when something was. *next_s is made the time of
 * the next end when that is earlier. */
bool rdnss_expire(struct rdnss *rdnss, int64_t now_s, int64_t *next_s);

/* The option in a message of the kernel's and the interface that it came by;
 * NULL when there is none. */
const uint8_t *rdnss_option(const struct nlmsghdr *message, int *index,
	size_t *length);

#endif
