/* SPDX-License-Identifier: MIT */
/*
 * dns_upstream - which server is asked next
 *
 * Pure. A server that was silent is asked after the others for a while; the
 * order is that of the list otherwise, as resolv.conf(5) has it.
 */
#ifndef TARE_NET_DNS_UPSTREAM_H
#define TARE_NET_DNS_UPSTREAM_H

#include <stddef.h>
#include <stdint.h>

#include "lib/address.h"

struct dns_names;
struct dns_servers;

enum dns_upstream_limit {
	DNS_UPSTREAM_SILENT_MAX = 32, /* servers that are remembered */
	DNS_UPSTREAM_SILENT_MS = 30000,
};

/* The silent ones; a zeroed struct knows of none. */
struct dns_upstream {
	struct {
		struct address server;
		uint64_t until_ms;
	} silent[DNS_UPSTREAM_SILENT_MAX];
};

/* Remembers that server did not answer, or forgets it. */
void dns_upstream_set_silent(struct dns_upstream *upstream,
	const struct address *server, uint64_t now_ms);
void dns_upstream_set_heard(struct dns_upstream *upstream,
	const struct address *server);

/* Puts the servers in the order in which they are to be asked. */
void dns_upstream_order(const struct dns_upstream *upstream,
	const struct dns_servers *servers, uint64_t now_ms,
	struct dns_servers *out);

/*
 * The servers of a resolv.conf, which is changed, without our own addresses: we
 * would ask ourselves.
 */
void dns_upstream_parse(char *text, const struct dns_names *names,
	struct dns_servers *out);

#endif
