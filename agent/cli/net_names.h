/* SPDX-License-Identifier: MIT */
/*
 * net_names - where a name of a workload is known, and who answers it there
 *
 * tare-dns answers on the gateways of networks, and the machine itself when it
 * asks from there (docs/networking.md, "names").
 */
#ifndef TARE_CLI_NET_NAMES_H
#define TARE_CLI_NET_NAMES_H

#include <stddef.h>

#include "lib/address.h"

struct error;

enum net_names_limit {
	NET_NAMES_PLACES_MAX = 512, /* networks */
	NET_NAMES_NAME_MAX = 256,
};

struct net_names_place {
	char network[NET_NAMES_NAME_MAX];
	struct address server; /* family 0: nobody answers there */
};

struct net_names {
	struct net_names_place places[NET_NAMES_PLACES_MAX];
	size_t count;
	char nearest[NET_NAMES_NAME_MAX]; /* a name like it, or "" */
};

/*
 * Pure: fills out with the networks where word, a name or an address, is known;
 * with network, not NULL: with that one, whether it is known or not. names and
 * ports are the terminated texts of the files, which are changed. 0 or -ENOENT:
 * there is no such network, "did you mean ...".
 */
int net_names_parse(char *names, char *ports, const char *word,
	const char *network, struct net_names *out, struct error *err);

/* The same of the machine's files. Without them nothing is known. */
int net_names_find(const char *word, const char *network, struct net_names *out,
	struct error *err);

#endif
