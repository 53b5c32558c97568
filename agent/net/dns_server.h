/* SPDX-License-Identifier: MIT */
/*
 * dns_server - the name server of the workloads, put together
 *
 * It reads the files `names` and `resolv.conf` of one folder (docs/
 * networking.md), again whenever they are replaced, and answers on port 53 of
 * the addresses that the first of them names. A change that was made before a
 * question was sent is known when that is answered.
 */
#ifndef TARE_NET_DNS_SERVER_H
#define TARE_NET_DNS_SERVER_H

#include <stdint.h>

#include "lib/loop.h"
#include "net/dns_batch.h"
#include "net/dns_forward.h"
#include "net/dns_names.h"
#include "net/dns_stream.h"

struct dns_server;

enum dns_server_limit {
	DNS_SERVER_RETRY_MS = 2000, /* an address that is taken, a folder */
};

/* The sockets of one address. */
struct dns_door {
	struct dns_server *server;
	struct address address; /* none: free */
	struct watch udp, tcp;
	uint32_t serial;
	bool has_complained;
};

/* Zeroed before it is opened; large, so not on a stack. */
struct dns_server {
	int folder_fd;
	uint16_t port;        /* on which it answers: 53 */
	uint16_t server_port; /* of the servers that it asks: 53 */
	struct loop loop;
	struct watch files; /* inotify(7) */
	struct timer retry;
	uint64_t random;
	uint32_t serial;
	struct dns_servers servers; /* of resolv.conf */
	struct dns_names names;
	struct dns_door doors[DNS_NAMES_LISTEN_MAX];
	struct dns_forward forward;
	struct dns_streams streams;
	struct dns_batch batch;
};

/*
 * Opens the folder and watches it; port and server_port are set before. What
 * follows needs no right but to bind to a port below 1024.
 */
int dns_server_open(struct dns_server *server, const char *folder,
	struct error *err);

/* Reads the files, and answers until loop_stop(&server->loop). */
int dns_server_run(struct dns_server *server, struct error *err);

void dns_server_close(struct dns_server *server);

#endif
