/* SPDX-License-Identifier: MIT */
/*
 * resolv - resolv.conf(5): the servers and domains that the interfaces know.
 *
 * Who is added first is asked first. No more servers than a resolver asks, and
 * none twice; domains are those of the first that has some.
 */
#ifndef INIT_RESOLV_H
#define INIT_RESOLV_H

#include <net/if.h>
#include <stddef.h>

#include "ip.h"

#define RESOLV_SERVERS_MAX 3
#define RESOLV_SEARCH_MAX  256
#define RESOLV_TEXT_MAX    1024

struct resolv {
	struct resolv_server {
		struct ip ip;
		char zone[IF_NAMESIZE]; /* of a link-local one, else "" */
	} servers[RESOLV_SERVERS_MAX];
	unsigned servers_count;
	char search[RESOLV_SEARCH_MAX];
};

/* interface is where the server was learnt; what does not fit is left out */
void resolv_add_server(struct resolv *resolv, const struct ip *ip,
	const char *interface);

/* domains, divided by single spaces; "" for none */
void resolv_add_search(struct resolv *resolv, const char *domains);

/* the content of the file; returns its length */
size_t resolv_print(const struct resolv *resolv, char text[RESOLV_TEXT_MAX]);

#endif
